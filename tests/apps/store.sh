#!/bin/sh
# SPDX-License-Identifier: MIT
# The HSM as a store, by openssl storeutl: listing, searching, what is expected
# of it, and the exact words of each failure.
. "${0%/*}/../lib.sh"

emulator_start --memory
p="-provider default -provider mhsm"
host=${MHSM_ENDPOINT#https://}
for name in one two three; do
    check "create the key $name" mhsm key create --name $name --kty EC
done
check "create an RSA key" mhsm key create --name rsa --kty RSA

# The error is one line of ours among those of OpenSSL itself.
says() {
    equal "  with one error of ours" "$(grep -c ':mhsm:' "$work/err")" 1
    if grep -Fq -e "$2" "$work/err"; then pass "$1"; else fail "$1" "$work/err"; fi
}

# Not every version of OpenSSL counts to zero.
nothing() {
    equal "$1" "$(grep -c '^[0-9]*: ' "$work/out" || :)" 0
}

control reset >/dev/null
# shellcheck disable=SC2086 # flags
{
    check "storeutl mhsm: lists the names" openssl storeutl $p -noout mhsm:
    for name in one two three rsa; do
        output_has "  $name" "^[0-9]: Name: mhsm://$host/keys/$name\$"
    done
    output_has "  and no more" '^Total found: 4$'
    equal "  by one request for the page, after the challenge" \
        "$(control stats | jq '.routes["GET /keys"]')" 2
    check "storeutl -r opens each" openssl storeutl $p -noout -r mhsm:
    equal "  four keys" "$(grep -c '  0: Pkey' "$work/out")" 4
    check "storeutl of the whole URI of the HSM" openssl storeutl $p -noout \
        "mhsm://$host"
    output_has "  the same" '^Total found: 4$'
    check "storeutl -certs mhsm:" openssl storeutl $p -noout -certs mhsm:
    nothing "  finds none"

    check "storeutl -keys -text" openssl storeutl $p -keys -text -noout mhsm:one
    output_has "  the type" '^Private-Key: in Azure Managed HSM \(EC-HSM P-256, 256 bit\)$'
    output_has "  the URI" "^Key-URI: mhsm://$host/keys/one/[0-9a-f]{32}\$"
    output_has "  the version" '^Key-Version: [0-9a-f]{32}$'
    output_has "  the operations" '^Key-Operations: sign,verify$'
    output_has "  the curve, as OpenSSL prints it" '^NIST CURVE: P-256$'
    check "storeutl -keys -text of RSA" openssl storeutl $p -keys -text -noout \
        mhsm:rsa
    output_has "  the modulus, as OpenSSL prints it" '^Modulus:$'
    check "storeutl -keys writes a reference" openssl storeutl $p -keys mhsm:one
    output_has "  of our label" '^-----BEGIN MHSM KEY REFERENCE-----$'

    check "storeutl -alias" openssl storeutl $p -noout -alias two mhsm:
    output_has "  finds the key" '^0: Pkey$'
    check "storeutl -alias of nothing" openssl storeutl $p -noout -alias four \
        mhsm:
    nothing "  finds nothing"
    check "storeutl -alias of another key" openssl storeutl $p -noout \
        -alias two mhsm:one
    nothing "  finds nothing"
    expect_exit 1 "storeutl -alias of no name" openssl storeutl $p -noout \
        -alias 'two!' mhsm:
    says "  says so" '"two!" is no key name: 1 to 127 letters, digits and hyphens'
    expect_exit 1 "storeutl -subject" openssl storeutl $p -noout \
        -subject /CN=one mhsm:one
    errors_have "  is not supported" "doesn't support the given search"
}

# Failures, word by word.
failing() {
    # shellcheck disable=SC2086 # flags
    expect_exit 1 "refused: $1" openssl storeutl $p -noout "$1"
    says "  with its reason" "$2"
}
control reset >/dev/null
failing 'mhsm:a/b' 'malformed key URI "mhsm:a/b": a name is 1 to 127 letters, digits and hyphens, a version 32 hexadecimal digits; write mhsm://HOST/keys/NAME[/VERSION] or mhsm:NAME[/VERSION]'
failing 'mhsm:o ne' 'malformed key URI "mhsm:o ne": it is too long or has a character that key URIs never have'
failing 'mhsm:one?v=1' 'malformed key URI "mhsm:one?v=1": the only parameter is version, 32 hexadecimal digits'
failing "mhsm://$host/secrets/one" 'the path is not /keys/NAME[/VERSION]'
failing 'managedhsm:one' 'malformed key URI "managedhsm:one": it is not managedhsm:HSM:NAME[:VERSION]'
failing 'mhsm://other.example/keys/one' 'https://other.example is not allowed: it is neither in a known domain of Azure nor the configured endpoint; a token would be sent there; if that is meant, name the host in allowed-hosts'
equal "none of them made a request" "$(control stats | jq .requests)" 0
failing 'mhsm:none' 'cannot get key none: '
errors_have "  of the service" '\(HTTP 404 KeyNotFound, request id [0-9a-f-]{36}\); check name and version'
failing "mhsm:one/0123456789abcdef0123456789abcdef" 'HTTP 404'
# shellcheck disable=SC2086 # flags
expect_exit 1 "another scheme is not ours" openssl storeutl $p -noout mhsmx:one
equal "  nor its error" "$(grep -c ':mhsm:' "$work/err" || :)" 0
errors_have "  but OpenSSL's" 'Couldn.t open file or uri mhsmx:one'
# Another HSM: asked for there, through a proxy that is not there.
export MHSM_RETRIES=0 MHSM_PROXY=http://127.0.0.1:9 MHSM_NO_PROXY=localhost
failing 'mhsm://other-hsm.managedhsm.azure.net/keys/one' \
    'cannot get key one: cannot connect to the proxy for other-hsm.managedhsm.azure.net'
failing 'managedhsm:other-hsm:one' \
    'cannot get key one: cannot connect to the proxy for other-hsm.managedhsm.azure.net'
unset MHSM_RETRIES MHSM_PROXY MHSM_NO_PROXY
unset MHSM_ENDPOINT
failing 'mhsm:one' 'no HSM is named: the option endpoint is not set; set MHSM_ENDPOINT or `endpoint` to the'

finish
