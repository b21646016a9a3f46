#!/bin/sh
# SPDX-License-Identifier: MIT
# Key references: `mhsm key pem`, and every openssl command that takes a
# private key as a file.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"

check "create an RSA key" mhsm key create --name rsa --kty RSA --size 2048
check "create an EC key" mhsm key create --name ec --kty EC --curve P-256
version=$(mhsm key show --name ec -o json | jq -r '.key.kid | split("/")[-1]')
host=${MHSM_ENDPOINT#https://}

# The command.
for key in rsa ec; do
    check "key pem --name $key" mhsm key pem --name $key --out "$work/$key.pem"
    check "the public key of $key" mhsm key download --name $key \
        --out "$work/$key.pub"
done
check "key pem --id, on standard output" mhsm key pem --id "mhsm:ec/$version"
cp "$work/out" "$work/ec.out"
check "  is the same" cmp "$work/ec.out" "$work/ec.pem"
equal "  begins with our label" "$(head -n 1 "$work/ec.pem")" \
    "-----BEGIN MHSM KEY REFERENCE-----"
check "  and is no secret" find "$work/ec.pem" -perm 644
output_has "  by its mode" 'ec\.pem'
check "asn1parse" command openssl asn1parse -in "$work/ec.pem"
output_has "  tells the format" 'VISIBLESTRING *:mhsm key reference v1'
output_has "  and the exact URI" \
    "UTF8STRING *:mhsm://$host/keys/ec/$version$"
output_has "  and the type" 'UTF8STRING *:EC-HSM'
expect_exit 3 "a key that is not there" mhsm key pem --name none \
    --out "$work/none.pem"
errors_have "  says so" 'none.*not found|404'
expect_exit 1 "  and leaves no file" test -e "$work/none.pem"
check "a key with no public part" mhsm key create --name oct --kty oct
check "  has a reference" mhsm key pem --name oct

# Loading makes no request.
control reset >/dev/null
for key in rsa ec; do
    # shellcheck disable=SC2086 # flags
    check "pkey -pubout of $key" openssl pkey $p -in "$work/$key.pem" -pubout \
        -out "$work/again.pub"
    check "  is the same" cmp "$work/again.pub" "$work/$key.pub"
    command openssl asn1parse -in "$work/$key.pem" -out "$work/$key.der" -noout
    # shellcheck disable=SC2086 # flags
    check "pkey -inform DER" openssl pkey $p -inform DER -in "$work/$key.der" \
        -pubout -out "$work/again.pub"
    check "  is the same" cmp "$work/again.pub" "$work/$key.pub"
    # shellcheck disable=SC2086 # flags
    check "storeutl -keys" openssl storeutl $p -keys "$work/$key.pem"
    output_has "  one object" 'Total found: 1'
done
equal "no request was made" "$(control stats | jq .requests)" 0

finish
