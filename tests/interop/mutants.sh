#!/bin/bash
# SPDX-License-Identifier: MIT
# Whether the walks can fail: the emulator is built with one wrong answer at a
# time, and each time a client must see it, in the step that is about it.
# shellcheck disable=SC2034 # for interop.bash
client=mutants
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
cd "$work"
source=$TEST_SOURCE/tests/emulator
objects=tests/emulator/CMakeFiles/mhsm-emulator.dir

# The command that makes a file of the build, with another input and output.
again() { # TARGET FROM TO FROM TO...
    local command
    command=$(ninja -C "$TEST_BUILD" -t commands "$1" | tail -n 1)
    shift
    while [ $# -ne 0 ]; do
        command=${command//"$1"/"$2"}
        shift 2
    done
    (cd "$TEST_BUILD" && sh -c "$command")
}

# build FILE FROM TO: the emulator with that text of the file replaced.
build() {
    local text
    text=$(cat "$source/$1")
    case $text in
    *"$2"*) ;;
    *)
        echo "$1 has no longer: $2" >&2
        return 1
        ;;
    esac
    printf '%s\n' "${text//"$2"/"$3"}" >"$work/$1"
    # Headers are found beside the original.
    again "$objects/$1.o" "$objects/$1.o" "$work/mutant.o" \
        "$source/$1" "$work/$1 -I$source"
    again tests/emulator/mhsm-emulator "$objects/$1.o" "$work/mutant.o" \
        "-o tests/emulator/mhsm-emulator" "-o $work/mutant"
}

# walked CLIENT STEP: the client's walk fails, and at that step.
walked() {
    local code=0
    TEST_CLIENTS=$clients TEST_BUILD=$work TEST_EMULATOR=$work/mutant \
        "$here/$1.sh" >walk.out 2>&1 || code=$?
    grep -P "^FAIL\t$1\t$2\t" walk.out || {
        cat walk.out
        return 1
    }
    [ $code -ne 0 ]
}

# mutant NAME FILE FROM TO CLIENT STEP
mutant() {
    check "$1" build "$2" "$3" "$4"
    check "  $5 sees it: $6" walked "$5" "$6"
    sed 's/^/  | /' "$work/out" | cut -c -160
}

mutant "PSS is PKCS#1" crypto.c '"PS256", "SHA256", PSS' '"PS256", "SHA256", PKCS1' \
    python "rsa sign, verify"
mutant "purge answers 200" keys_deleted.c 'emu_reply_empty(r, 204)' 'emu_reply_empty(r, 200)' \
    javascript "ec purge"
mutant "lists end after a page" keys_list.c '"nextLink"' '"nextlink"' \
    javascript "list keys"
mutant "a new version has the old key" rotation.c \
    'emu_material_generate(v->kty, v->bits, v->crv, &v->material)' 'v->material.len != 0' \
    python "rsa rotate"
mutant "a role holds everywhere" rbac.c 'strcmp(assigned, scope) == 0)' \
    'len != 0)' python "role assignment create"
mutant "expiry is lost" keybundle.c '"exp", v->exp' '"exp ", v->exp' javascript "oct update"
mutant "role definitions answer 200" definitions.c 'emu_reply_json(r, 201' 'emu_reply_json(r, 200' \
    python "role definition create"
finish
