#!/bin/sh
# SPDX-License-Identifier: MIT
# Loading: openssl list, pkey, storeutl and pkeyutl -decrypt, the forms of a
# URI, and what a wrong one says.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"

check "list -providers" openssl list -providers -verbose -provider mhsm
output_has "  name" 'name: .*Managed HSM|name: .*mhsm'
for list in key-managers signature-algorithms asymcipher-algorithms \
    random-generators store-loaders decoders encoders; do
    check "list -$list" openssl list "-$list" -verbose -provider mhsm
    output_has "  has ours" '@ mhsm'
done
# Whatever there is to list is listed, beside the default provider's.
lists=$(command openssl list -help 2>&1 |
    sed -nE 's/^ -([a-z-]+-(algorithms|managers|generators|commands)) .*/\1/p')
equal "there is much to list" "$([ "$(echo "$lists" | wc -l)" -ge 10 ] && echo yes)" yes
for list in $lists; do
    # shellcheck disable=SC2086 # flags
    check "list -$list with all" openssl list "-$list" -verbose $p
    output_has "  has something" .
done

check "create an RSA key" mhsm key create --name rsa --kty RSA --size 2048
check "create an EC key" mhsm key create --name ec --kty EC --curve P-256
version=$(mhsm key show --name ec -o json | jq -r '.key.kid | split("/")[-1]')
host=${MHSM_ENDPOINT#https://}

for uri in mhsm:ec "mhsm:ec/$version" "mhsm:ec?version=$version" \
    "mhsm://$host/keys/ec" "mhsm://$host/keys/ec/$version"; do
    # shellcheck disable=SC2086 # flags
    check "pkey -pubout of $uri" openssl pkey $p -in "$uri" -pubout
    output_has "  a public key" 'BEGIN PUBLIC KEY'
done
# shellcheck disable=SC2086 # flags
check "pkey -text_pub" openssl pkey $p -in mhsm:ec -noout -text_pub
output_has "  the curve" 'prime256v1|P-256'
# shellcheck disable=SC2086 # flags
check "pkey -check" openssl pkey $p -in mhsm:ec -noout -pubcheck
# shellcheck disable=SC2086 # flags
check "storeutl -keys" openssl storeutl $p -keys mhsm:rsa
output_has "  one object" 'Total found: 1'
# shellcheck disable=SC2086 # flags
check "pkey writes a reference" openssl pkey $p -in mhsm:rsa \
    -out "$work/private.pem"
equal "  and no private key" "$(head -n 1 "$work/private.pem")" \
    "-----BEGIN MHSM KEY REFERENCE-----"

# A wrong URI says what is wrong, and asks nobody.
control reset >/dev/null
wrong() {
    # shellcheck disable=SC2086 # flags
    expect_exit 1 "refused: $1" openssl pkey $p -in "$1" -pubout
    errors_have "  naming the fault" "$2"
}
wrong 'mhsm:no_such!' 'name'
wrong 'mhsm:a/b/c' 'URI|version'
wrong 'mhsm:ec/xyz' 'version'
wrong 'mhsm://evil.example/keys/ec' 'evil\.example'
wrong 'mhsm://user@localhost/keys/ec' 'user|URI'
wrong 'mhsm://managedhsm.azure.net.evil.example/keys/ec' 'evil\.example'
equal "no request was made" "$(control stats | jq .requests)" 0
# shellcheck disable=SC2086 # flags
expect_exit 1 "a key that is not there" openssl pkey $p -in mhsm:none -pubout
errors_have "  says so" 'HTTP 404'
errors_have "  with the request id" 'request id [0-9a-f-]{36}'

# Both halves by the same URI.
# shellcheck disable=SC2086 # flags
{
    check "pkey -pubin" openssl pkey $p -pubin -in mhsm:ec -out "$work/pub.pem"
    check "  and from the private key" openssl pkey $p -in mhsm:ec -pubout \
        -out "$work/pub2.pem"
    check "  the same" cmp "$work/pub.pem" "$work/pub2.pem"
    check "pkey -text of the private key" openssl pkey $p -in mhsm:ec -noout \
        -text
    output_has "  names it" "^Key-URI: mhsm://$host/keys/ec/$version\$"
    echo text >"$work/text"
    check "dgst -sign" openssl dgst $p -sha256 -sign mhsm:ec \
        -out "$work/signature" "$work/text"
    check "dgst -prverify" openssl dgst $p -sha256 -prverify mhsm:ec \
        -signature "$work/signature" "$work/text"
    check "dgst -verify" openssl dgst $p -sha256 -verify mhsm:ec \
        -signature "$work/signature" "$work/text"
}

# Decryption: encrypted offline, decrypted in the HSM.
# shellcheck disable=SC2086 # flags
check "the RSA key's public part" openssl pkey $p -in mhsm:rsa -pubout \
    -out "$work/rsa.pem"
command openssl rand -out "$work/dek" 32
for md in sha1 sha256; do
    check "encrypt with OAEP $md" command openssl pkeyutl -encrypt -pubin \
        -inkey "$work/rsa.pem" -pkeyopt rsa_padding_mode:oaep \
        -pkeyopt "rsa_oaep_md:$md" -in "$work/dek" -out "$work/wrapped"
    # shellcheck disable=SC2086 # flags
    check "decrypt in the HSM" openssl pkeyutl $p -decrypt -inkey mhsm:rsa \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$md" \
        -in "$work/wrapped" -out "$work/again"
    check "  the same octets" cmp "$work/dek" "$work/again"
done
check "encrypt with PKCS#1 v1.5" command openssl pkeyutl -encrypt -pubin \
    -inkey "$work/rsa.pem" -in "$work/dek" -out "$work/wrapped"
# shellcheck disable=SC2086 # flags
expect_exit 1 "PKCS#1 v1.5 decryption is off" openssl pkeyutl $p -decrypt \
    -inkey mhsm:rsa -in "$work/wrapped" -out "$work/none"
errors_have "  and the error names the option" 'pkcs1-decryption'
export MHSM_PKCS1_DECRYPTION=yes
# shellcheck disable=SC2086 # flags
check "and on when configured" openssl pkeyutl $p -decrypt \
    -inkey mhsm:rsa -in "$work/wrapped" -out "$work/again"
check "  the same octets" cmp "$work/dek" "$work/again"

finish
