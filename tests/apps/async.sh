#!/bin/sh
# SPDX-License-Identifier: MIT
# openssl s_server -async: handshakes are paused while the HSM signs, and go on.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
cd "$work"
for key in "rsa --kty RSA --size 2048" "ec --kty EC"; do
    name=${key%% *}
    # shellcheck disable=SC2086 # flags
    {
        check "create $name" mhsm key create --name $key
        check "  its certificate" openssl req $p -x509 -new \
            -key "mhsm:$name" -subj /CN=localhost -days 7 \
            -addext subjectAltName=DNS:localhost -out "$name.pem"
    }
    rm -f server.log
    # shellcheck disable=SC2086 # flags
    env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
        openssl s_server $p -async -accept 127.0.0.1:0 -cert "$name.pem" \
        -key "mhsm:$name" -www >server.log 2>&1 </dev/null &
    server=$!
    started "$server"
    port=$(accept_port server.log)
    control latency '{"ms":100}' >/dev/null
    for version in 1_2 1_3; do
        check "TLS $version with $name" sh -c "command openssl s_client \
            -tls$version -connect 127.0.0.1:$port -CAfile $name.pem \
            -servername localhost -verify_return_error </dev/null"
        output_has "  verified" 'Verify return code: 0'
    done
    control reset >/dev/null
    stop "$server"
done
finish
