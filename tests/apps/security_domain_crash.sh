#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 before each call of download and upload that a file or the HSM can
# notice: the file is whole or not there, and the same command again, or what it
# has left behind, leads to the end.
. "${0%/*}/../lib.sh"

cd "$work"
# shellcheck disable=SC2034 # for lib.sh: an HSM that is new
activated=

sd() {
    mhsm security-domain "$@"
}

# Two HSMs in the state that each try begins with: new, and waiting for an
# upload. Making an exchange key takes seconds, and is done once.
new_hsm() {
    rm -rf "$work/try"
    cp -a "$work/$1" "$work/try"
    state=$work/try
    emulator_start
}
keep_hsm() {
    stop "$emulator_pid"
    rm -f "$state/env"
}
state=$work/new
emulator_start
check "keys of holders" sd keygen --holder a --holder b --holder c --size 2048 --unencrypted --out keys
certs="--wrapping-cert keys/a.cer --wrapping-cert keys/b.cer --wrapping-cert keys/c.cer"
keys="--key keys/a.key --key keys/b.key"
keep_hsm
cp -a new waiting
state=$work/waiting
emulator_start
check "an exchange key" sd init-recovery --out exchange.pem
keep_hsm

"$TEST_CC" -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -shared -fPIC -o kill_at.so "$TEST_SOURCE/tests/client/kill_at.c" -ldl
# killed STEP WORD...: 137 when the step came, else as the command ends. The
# sanitizer's run-time has to be first, and its leak check would be a step.
killed() {
    _step=$1
    shift
    _code=0
    env KILL_AT="$_step" LD_PRELOAD="${TEST_PRELOAD:+$TEST_PRELOAD:}$work/kill_at.so" \
        "$TEST_COMMAND" security-domain "$@" >out 2>err || _code=$?
    [ "$_code" -eq 137 ] || [ "$_code" -eq 0 ] || fail "step $_step ends with $_code" out err
    [ "$_code" -eq 137 ]
}

# What a try leaves when it does not go well ends in one line here.
broken() {
    fail "$@" out err
}

# The file under its name is whole from its first moment on; when it is not
# there, the same command gets one, which a killed one did not keep from being
# written.
finish_download() {
    if [ -e sd.json ]; then
        kept=$((kept + 1))
        sd verify sd.json $keys >out 2>err || broken "step $step: the file is not whole"
        sd wait --operation download >out 2>err || broken "step $step: the HSM cannot be waited for"
    else
        sd download $certs --quorum 2 --out sd.json >out 2>err || broken "step $step: the same again"
        sd verify sd.json $keys >out 2>err || broken "step $step: what it got"
    fi
    equal "download, killed at step $step: the HSM is active" "$(sd status -o json | jq -r '.[0].status')" Success
    rm -f sd.json .mhsm-*
}

step=0
kept=0
while [ "$step" -lt 200 ]; do
    step=$((step + 1))
    new_hsm new
    # shellcheck disable=SC2086 # lists of words, here and below
    killed "$step" download $certs --quorum 2 --out sd.json || break
    finish_download
    stop "$emulator_pid"
done
equal "the last download was not killed" "$(sd verify sd.json --key keys/a.key --key keys/c.key >/dev/null && echo opens)" opens
check "there were steps enough" test "$step" -gt 20
check "  with the file written, and not yet" test "$kept" -gt 3 -a "$kept" -lt "$((step - 3))"
stop "$emulator_pid"

# An upload: what it needs stays as it is. The HSM tells whether it has come, and
# when it has not, the same command again is right.
cksum sd.json exchange.pem keys/* >sums
step=0
arrived=0
while [ "$step" -lt 200 ]; do
    step=$((step + 1))
    new_hsm waiting
    # shellcheck disable=SC2086
    killed "$step" upload sd.json $keys --exchange-key exchange.pem || break
    if sd wait >out 2>err; then
        arrived=$((arrived + 1))
    else
        # shellcheck disable=SC2086
        sd upload sd.json $keys --exchange-key exchange.pem >out 2>err || broken "step $step: the same again"
    fi
    equal "upload, killed at step $step: the HSM is restored" "$(sd status -o json | jq -r '.[1].status')" Success
    cksum sd.json exchange.pem keys/* | cmp -s - sums || broken "step $step: a file was changed"
    stop "$emulator_pid"
done
equal "the last upload was not killed" "$(sd status -o json | jq -r '.[1].status')" Success
check "there were steps enough" test "$step" -gt 10
check "  with the upload there, and not yet" test "$arrived" -gt 1 -a "$arrived" -lt "$((step - 3))"
equal "no file is left over" "$(ls -d .mhsm* 2>/dev/null)" ""

finish
