#!/bin/sh
# SPDX-License-Identifier: MIT
# A TLS server whose key is in the HSM: openssl s_server, asked by curl and by
# s_client over TLS 1.2 and 1.3, with RSA and ECDSA.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
cd "$work"

for key in "rsa --kty RSA --size 2048" "p256 --kty EC --curve P-256" \
    "p384 --kty EC --curve P-384" "p521 --kty EC --curve P-521"; do
    name=${key%% *}
    # shellcheck disable=SC2086 # flags
    {
        check "create $name" mhsm key create --name $key
        check "  its certificate" openssl req $p -x509 -new \
            -key "mhsm:$name" -subj /CN=localhost -days 7 \
            -addext subjectAltName=DNS:localhost -out "$name.pem"
    }
done

serve() {
    rm -f server.log
    # Not by the function openssl: what is started must be the server itself,
    # not a shell around it.
    # shellcheck disable=SC2086 # flags
    env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
        openssl s_server $p -accept 127.0.0.1:0 -cert "$1.pem" -key "mhsm:$1" \
        -www >"server.log" 2>&1 </dev/null &
    server=$!
    started "$server"
    port=$(accept_port server.log)
}

for name in rsa p256 p384 p521; do
    serve "$name"
    for version in 1.2 1.3; do
        check "curl: TLS $version with $name" curl -sS --cacert "$name.pem" \
            --tlsv$version --tls-max $version -o page \
            --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/"
        check "  answered" grep -q "TLSv$version" page
    done
    check "s_client -verify_return_error with $name" sh -c "command openssl \
        s_client -connect 127.0.0.1:$port -servername localhost \
        -verify_return_error -CAfile $name.pem </dev/null"
    output_has "  verified" 'Verify return code: 0'
    stop "$server"
    expect_exit 7 "  and the server has ended" curl -sS -o page \
        --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/"
done

# RSA-PSS by TLS 1.3 and by TLS 1.2 with each digest.
serve rsa
for sigalg in rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512 \
    rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512; do
    check "TLS 1.2, $sigalg" sh -c "command openssl s_client -tls1_2 \
        -connect 127.0.0.1:$port -CAfile rsa.pem -verify_return_error \
        -cipher ECDHE-RSA-AES128-GCM-SHA256 -sigalgs $sigalg </dev/null"
done
stop "$server"

finish
