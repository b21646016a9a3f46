#!/bin/sh
# SPDX-License-Identifier: MIT
# curl with a client certificate whose key is in the HSM, as a file of its own and
# in one file with the certificate; the server is openssl's, with a key of its own.
. "${0%/*}/../server.sh"

server_files
check "a server's own key" command openssl req -newkey ec -noenc \
    -pkeyopt ec_paramgen_curve:P-256 -keyout own.key -subj /CN=own -out own.csr
check "  its certificate" command openssl x509 -req -in own.csr -CA ca.pem \
    -CAkey ca.key -CAcreateserial -days 7 -extfile ext -out own.crt
command openssl s_server -accept 127.0.0.1:0 -cert own.crt -key own.key \
    -CAfile ca.pem -Verify 2 -verify_return_error -www >own.log 2>&1 </dev/null &
started "$!"
await grep -q '^ACCEPT ' own.log
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' own.log)

# page [OPTION...]
page() {
    program curl -sS -m 20 --cacert ca.pem \
        --resolve "localhost:$port:127.0.0.1" "$@" "https://localhost:$port/"
}

for key in rsa ec; do
    for version in 1.2 1.3; do
        check "curl with $key, TLS $version" page --tlsv$version \
            --tls-max $version --cert $key.crt --key $key.key
        output_has "  by that version" "TLSv$version"
        output_has "  is known" "Subject: CN *= *$key\$"
    done
    cat $key.crt $key.key >$key.pem
    chmod 600 $key.pem
    own $key.pem
    check "  both in one file" page --cert $key.pem
    output_has "  is known" "Subject: CN *= *$key\$"
done
fails "curl without a certificate" page
fails "curl with another's key" page --cert rsa.crt --key ec.key

control reset >/dev/null
check "two pages at once" page --no-sessionid --cert ec.crt --key ec.key \
    "https://localhost:$port/"
equal "  are, after the challenge, a signature each on one connection" \
    "$(control stats | jq -c '[.connections, .routes["POST /keys/{name}/{version}/sign"]]')" \
    '[1,3]'

hsm_down
fails "curl without an HSM" page --cert rsa.crt --key rsa.key
errors_have "  says what is wrong" 'curl: .*no connection'
hsm_up
kill -STOP "$emulator_pid"
fails "curl with an HSM that hangs" page --cert rsa.crt --key rsa.key
kill -CONT "$emulator_pid"
check "and is there again with the HSM" page --cert rsa.crt --key rsa.key

# Since 8.12 curl takes URIs, by a library context of its own that reads no
# openssl.cnf: there the options come from the environment.
by_uri() {
    program env OPENSSL_MODULES="$work" MHSM_ENDPOINT="$MHSM_ENDPOINT" \
        MHSM_CA_FILE="$work/hsm-ca.pem" MHSM_VERIFY_CHALLENGE_RESOURCE=no \
        MHSM_AUTHORITY_CA_FILE="$work/hsm-ca.pem" \
        MHSM_AUTHORITY_HOST="$AZURE_AUTHORITY_HOST" \
        MHSM_TENANT_ID="$AZURE_TENANT_ID" MHSM_CLIENT_ID="$AZURE_CLIENT_ID" \
        MHSM_CLIENT_SECRET="file:$work/secret" \
        curl -sS -m 20 --cacert ca.pem \
        --resolve "localhost:$port:127.0.0.1" --engine mhsm --cert "$1.crt" \
        --key-type PROV --key "mhsm:$1" "https://localhost:$port/"
}
version=$(command curl -V | sed -n '1s/^curl \([0-9]*\)\.\([0-9]*\).*/\1\2/p')
if [ "$version" -ge 812 ]; then
    for key in rsa ec; do
        check "curl with mhsm:$key" by_uri $key
        output_has "  is known" "Subject: CN *= *$key\$"
    done
fi

finish_servers
