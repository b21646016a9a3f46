#!/bin/sh
# SPDX-License-Identifier: MIT
# A TLS server whose key is in the HSM: openssl s_server, asked by curl and by
# s_client over TLS 1.2 and 1.3, with RSA and ECDSA; and s_client as a client with
# a certificate.
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
for sigalg in rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512; do
    check "TLS 1.3, $sigalg" sh -c "command openssl s_client -tls1_3 \
        -connect 127.0.0.1:$port -CAfile rsa.pem -verify_return_error \
        -sigalgs $sigalg </dev/null"
done
for sigalg in rsa_pkcs1_sha256 ecdsa_secp256r1_sha256; do
    expect_exit 1 "TLS 1.3 never by $sigalg" sh -c "command openssl s_client \
        -tls1_3 -connect 127.0.0.1:$port -CAfile rsa.pem \
        -sigalgs $sigalg </dev/null"
done
stop "$server"

# ECDSA: TLS 1.3 ties the digest to the curve, and so does the HSM. A client of
# TLS 1.2 may insist on another digest: then there is no handshake.
for pair in p256:ecdsa_secp256r1_sha256 p384:ecdsa_secp384r1_sha384 \
    p521:ecdsa_secp521r1_sha512; do
    name=${pair%:*}
    serve "$name"
    for version in 2 3; do
        check "TLS 1.$version, ${pair#*:}" sh -c "command openssl s_client \
            -tls1_$version -connect 127.0.0.1:$port -CAfile $name.pem \
            -verify_return_error -sigalgs ${pair#*:} </dev/null"
    done
    expect_exit 1 "  not TLS 1.2, ECDSA+SHA224" sh -c "command openssl \
        s_client -tls1_2 -connect 127.0.0.1:$port -CAfile $name.pem \
        -sigalgs ECDSA+SHA224 </dev/null"
    errors_have "    by an alert" 'alert handshake failure'
    stop "$server"
done

# A client's certificate, by s_client; the server has a key of its own.
check "a server's own key" command openssl req -x509 -newkey rsa:2048 -noenc \
    -keyout own.key -subj /CN=own -days 7 -out own.pem
cat rsa.pem p256.pem p384.pem >clients.pem
for version in 2 3; do
    rm -f own.log
    command openssl s_server -accept 127.0.0.1:0 -cert own.pem -key own.key \
        -Verify 1 -verify_return_error -CAfile clients.pem "-tls1_$version" -www \
        >own.log 2>&1 </dev/null &
    server=$!
    started "$server"
    port=$(accept_port own.log)
    for name in rsa p256 p384; do
        # shellcheck disable=SC2086 # flags
        check "client $name, TLS 1.$version" sh -c "printf 'GET / HTTP/1.0\r\n\r\n' |
            LD_PRELOAD=$TEST_PRELOAD OPENSSL_MODULES=$TEST_MODULES \
            openssl s_client $p -connect 127.0.0.1:$port \
            -quiet -CAfile own.pem -verify_return_error -cert $name.pem \
            -key mhsm:$name"
        output_has "  is known" 'Subject: CN *= *localhost'
    done
    stop "$server"
done

finish
