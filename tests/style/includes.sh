#!/bin/sh
# SPDX-License-Identifier: MIT
# The rooms of the house and the arrows between them: each may include its own
# headers, the public ones, and those of the rooms named here.
set -eu
cd "$TEST_SOURCE"

allowed() {
    case $1 in
    base) echo "" ;;
    http | jose) echo "base" ;;
    auth) echo "base http" ;;
    keys | backup | access | resource) echo "base http auth" ;;
    domain) echo "base http auth jose" ;;
    dek) echo "base http auth keys jose" ;;
    recovery) echo "base http auth keys" ;;
    doctor) echo "base http auth" ;;
    cli) echo "base doctor" ;;
    *) return 1 ;;
    esac
}

bad=0
seen=0
for file in client/*/*.[ch]; do
    room=${file#client/}
    room=${room%%/*}
    rooms=$(allowed "$room") || {
        echo "$file: a room that tests/style/includes.sh does not know"
        bad=1
        continue
    }
    for include in $(sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file"); do
        seen=$((seen + 1))
        case $include in
        mhsm/*) continue ;;
        */*) target=${include%%/*} ;;
        *) target=$room ;; # beside the file
        esac
        case " $room $rooms " in
        *" $target "*) ;;
        *)
            echo "$file: $room may not include $include"
            bad=1
            ;;
        esac
    done
done

# The public headers stand alone; the provider sees them and OpenSSL.
for file in client/include/mhsm/*.h*; do
    for include in $(sed -n 's/^ *# *include *[<"]\([^>"]*\)[>"].*/\1/p' "$file"); do
        seen=$((seen + 1))
        case $include in
        mhsm/* | stddef.h | stdint.h) ;;
        *)
            echo "$file: a public header may not include $include"
            bad=1
            ;;
        esac
    done
done
for file in provider/*.[ch]; do
    for include in $(sed -n 's/^ *# *include *[<"]\([^>"]*\)[>"].*/\1/p' "$file"); do
        seen=$((seen + 1))
        case $include in
        openssl/* | mhsm/*) ;;
        */* | curl* | json*)
            echo "$file: the provider may not include $include"
            bad=1
            ;;
        *.h) # its own headers, and those of the C library and POSIX
            ;;
        esac
    done
done
# The emulator shares no code with what it tests.
for file in tests/emulator/*.[ch]; do
    for include in $(sed -n 's/^ *# *include *[<"]\([^>"]*\)[>"].*/\1/p' "$file"); do
        seen=$((seen + 1))
        case $include in
        mhsm/* | base/* | http/* | jose/* | auth/* | keys/* | domain/* | provider/*)
            echo "$file: the emulator may not include $include"
            bad=1
            ;;
        esac
    done
done
echo "$seen includes read"
[ "$seen" -gt 100 ] && [ "$bad" -eq 0 ]
