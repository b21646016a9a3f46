#!/bin/sh
# SPDX-License-Identifier: MIT
# The completions, in the shells themselves: somebody types, presses TAB and
# RETURN, and mhsm, here a function, tells what came of it. Needs no HSM.
. "${0%/*}/../lib.sh"

cd "$work"
export HOME="$work"
check "mhsm completion bash" mhsm completion bash
cp out mhsm.bash
check "mhsm completion zsh" mhsm completion zsh
cp out _mhsm
check "the built one for bash is it" cmp mhsm.bash "${TEST_COMMAND%/*}/mhsm.bash"
check "the built one for zsh is it" cmp _mhsm "${TEST_COMMAND%/*}/mhsm.zsh"
expect_exit 2 "no shell" mhsm completion
errors_have "  is told" 'bash or zsh'
expect_exit 2 "another shell" mhsm completion fish
check "it passes the shell checker" shellcheck -s bash -e SC2034 mhsm.bash

: >some-file.pem
cat >type.py <<'TEXT'
import os, pty, select, sys, time

shell, lines = sys.argv[1], sys.argv[2:]
child, fd = pty.fork()
if child == 0:
    os.environ.update(TERM="dumb", PS1="> ", COLUMNS="400")
    arguments = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}
    os.execvp(shell, [shell] + arguments[shell])

def read_until(mark, limit=20):
    seen, end = b"", time.monotonic() + limit
    while mark not in seen and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                seen += os.read(fd, 65536)
            except OSError:
                break
    return seen

# What is printed differs from what is echoed.
os.write(fd, b"mhsm() { printf 'RAN%s <%s>END%s\\n' '' \"$*\" ''; }; "
             b"printf 'REA%s\\n' DY\n")
read_until(b"READY")
setup = {"bash": b"source ./mhsm.bash",
         "zsh": b"unsetopt auto_menu; fpath=($PWD $fpath); autoload -Uz "
                b"compinit && compinit -u -D"}[shell]
os.write(fd, setup + b"; printf 'REA%s\\n' DY\n")
read_until(b"READY")
for line in lines:
    os.write(fd, line.encode() + b"\t")
    time.sleep(0.4)
    os.write(fd, b"\n")
    seen = read_until(b">END")
    at = seen.rfind(b"RAN <")
    print(seen[at + 5:seen.rfind(b">END")].decode().strip() if at >= 0 else "nothing")
os.write(fd, b"exit\n")
os.waitpid(child, 0)
TEXT

# typed SHELL, then pairs of lines: what is typed, what it becomes.
cat >lines <<'TEXT'
mhsm doct|doctor
mhsm sett|setting
mhsm key creat|key create
mhsm key rot|key rotat
mhsm key rotation-p|key rotation-policy
mhsm key rotation-policy rem|key rotation-policy remove
mhsm role assignment cre|role assignment create
mhsm key update --enab|key update --enabled
mhsm key update --enabled n|key update --enabled no
mhsm sign --format base64u|sign --format base64url
mhsm encrypt --format ra|encrypt --format raw
mhsm key list -o js|key list -o json
mhsm key list --output ts|key list --output tsv
mhsm key list --log-level deb|key list --log-level debug
mhsm key pem --pss sha3|key pem --pss sha384
mhsm key import some-f|key import some-file.pem
mhsm key import --byok some-f|key import --byok some-file.pem
mhsm sign --name k some-f|sign --name k some-file.pem
mhsm key show --name some-f|key show --name some-f
mhsm completion z|completion zsh
mhsm help key purg|help key purge
TEXT
for shell in bash zsh; do
    set --
    while IFS='|' read -r line expected; do
        set -- "$@" "$line"
    done <lines
    check "$shell completes" python3 type.py "$shell" "$@"
    cut -d '|' -f 2 lines >expected
    # The equals sign stands behind what takes a value; either is right.
    sed 's/=$//; s/ *$//' out >seen
    paste -d '|' lines seen >both
    while IFS='|' read -r line expected seen; do
        equal "  $line" "$seen" "$expected"
    done <both
done

finish
