#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that OpenSSL's configuration gives the module and that use none of
# its keys: no thread, no socket, no library but the module's own two, no file
# but these, and nothing on the wire.
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
# LeakSanitizer does not work under strace.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"

cat >options <<TEXT
endpoint = $MHSM_ENDPOINT
ca-file = $MHSM_CA_FILE
TEXT
configure without.cnf default <options
configure last.cnf "default mhsm" <options
configure first.cnf "mhsm default" <options
configure preferred.cnf "default mhsm" "?provider=mhsm" <options

# What a program does to the world: threads and processes, sockets, and the
# files that it opens for more than a look.
watch() {
    _cnf=$1
    shift
    strace -f -qq -o trace -E LD_PRELOAD="$TEST_PRELOAD" \
        -E OPENSSL_CONF="$PWD/$_cnf" \
        -e trace=clone,clone3,fork,vfork,socket,openat,open,eventfd2,connect \
        "$@" >watched.out 2>watched.err </dev/null
}

# The number of calls of one kind in the last trace.
calls() {
    grep -cE "^[0-9]+ +$1\(" trace || :
}

# Files opened that the program without us does not open.
files() {
    sed -nE 's/^[0-9]+ +open(at)?\((AT_FDCWD, )?"([^"]+)".* = [0-9]+$/\3/p' \
        trace | grep -vE '^/(proc|sys|dev)/' | sort -u
}

control reset >/dev/null
requests_before=$(control stats | jq .requests)
# One kept handshake partner that is not the HSM: the HSM's own port would
# count.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
    -keyout peer.key -out peer.crt -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>peer.log
env openssl s_server -accept 127.0.0.1:0 -cert peer.crt -key peer.key -www \
    >peer.log 2>&1 </dev/null &
started "$!"
await grep -q '^ACCEPT ' peer.log
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' peer.log)
echo text >file

look() {
    name=$1
    shift
    check "$name alone" watch without.cnf "$@"
    files >files.without
    threads=$(calls 'clone3?|v?fork')
    sockets=$(calls 'socket|connect|eventfd2')
    for order in last first preferred; do
        check "$name, module $order" watch "$order.cnf" "$@"
        equal "  threads and processes" "$(calls 'clone3?|v?fork')" "$threads"
        equal "  sockets" "$(calls 'socket|connect|eventfd2')" "$sockets"
        # The module, what it links beside libcrypto, and its configuration;
        # and a sanitizer's run-time, if it was built with one.
        files | grep -vxFf files.without |
            grep -vE "/(mhsm|libjson-c)\.so|/$order\.cnf$" |
            grep -vE '/(libubsan|libstdc\+\+|libgcc_s|libm|libclang_rt)[.-]' \
                >files.more || :
        equal "  files" "$(tr '\n' ' ' <files.more)" ""
    done
}

look "openssl dgst" openssl dgst -sha256 file
look "openssl genpkey" openssl genpkey -algorithm EC -pkeyopt group:P-256
look "openssl x509" openssl x509 -in peer.crt -noout -text
look "openssl s_client" openssl s_client -connect "127.0.0.1:$port" \
    -servername localhost -CAfile peer.crt -verify_return_error
# The address sanitizer's run-time stops curl before its main function; builds
# without it have this row.
[ -n "$TEST_PRELOAD" ] || look "curl" curl -sS --cacert peer.crt --resolve "localhost:$port:127.0.0.1" \
    -o page "https://localhost:$port/"
look "python3" python3 -c 'import ssl; ssl.create_default_context()'
equal "the HSM heard nothing" "$(control stats | jq .requests)" \
    "$requests_before"
finish
