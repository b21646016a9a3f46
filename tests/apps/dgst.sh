#!/bin/sh
# SPDX-License-Identifier: MIT
# openssl dgst and pkeyutl: every key with every digest and padding, verified
# by the default provider with the public key alone.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
printf 'an order\n' >"$work/msg"

# sign_and_verify KEY DIGEST [-sigopt OPTION...]
sign_and_verify() {
    key=$1
    digest=$2
    shift 2
    rm -f "$work/sig"
    # shellcheck disable=SC2086 # flags
    check "dgst -sign $key $digest $*" openssl dgst $p "-$digest" "$@" \
        -sign "mhsm:$key" -out "$work/sig" "$work/msg"
    check "  the default provider verifies it" command openssl dgst \
        "-$digest" "$@" -verify "$work/$key.pem" -signature "$work/sig" \
        "$work/msg"
}

make_key() {
    name=$1
    shift
    check "create $name" mhsm key create --name "$name" "$@"
    # shellcheck disable=SC2086 # flags
    check "  pkey -pubout" openssl pkey $p -in "mhsm:$name" -pubout \
        -out "$work/$name.pem"
}

for bits in 2048 3072 4096; do
    make_key "rsa$bits" --kty RSA --size "$bits"
done
make_key p256 --kty EC --curve P-256
make_key p384 --kty EC --curve P-384
make_key p521 --kty EC --curve P-521
make_key p256k --kty EC --curve P-256K

for digest in sha256 sha384 sha512; do
    for bits in 2048 3072 4096; do
        sign_and_verify "rsa$bits" "$digest"
        sign_and_verify "rsa$bits" "$digest" \
            -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
    done
done
sign_and_verify p256 sha256
sign_and_verify p256k sha256
sign_and_verify p384 sha384
sign_and_verify p521 sha512

# Two files in one command re-use the context and its key.
printf 'another\n' >"$work/msg2"
# shellcheck disable=SC2086 # flags
check "dgst -verify by the key in the HSM is local" openssl dgst $p -sha512 \
    -verify "mhsm:p521" -signature "$work/sig" "$work/msg"
# shellcheck disable=SC2086 # flags
expect_exit 1 "  and refuses another message" openssl dgst $p -sha512 \
    -verify "mhsm:p521" -signature "$work/sig" "$work/msg2"

# pkeyutl: a bare digest, and a message.
command openssl dgst -sha256 -binary -out "$work/md" "$work/msg"
for key in rsa2048 p256 p256k; do
    # shellcheck disable=SC2086 # flags
    check "pkeyutl -sign of a digest with $key" openssl pkeyutl $p -sign \
        -inkey "mhsm:$key" -in "$work/md" -pkeyopt digest:sha256 \
        -out "$work/sig"
    check "  verified" command openssl pkeyutl -verify -pubin \
        -inkey "$work/$key.pem" -in "$work/md" -pkeyopt digest:sha256 \
        -sigfile "$work/sig"
    # shellcheck disable=SC2086 # flags
    check "pkeyutl -sign -rawin with $key" openssl pkeyutl $p -sign -rawin \
        -digest sha256 -inkey "mhsm:$key" -in "$work/msg" -out "$work/sig"
    check "  verified" command openssl pkeyutl -verify -pubin -rawin \
        -digest sha256 -inkey "$work/$key.pem" -in "$work/msg" \
        -sigfile "$work/sig"
done

# What the service does not offer fails with one clear error of ours.
# shellcheck disable=SC2086 # flags
expect_exit 1 "SHA-1 is refused" openssl dgst $p -sha1 -sign mhsm:rsa2048 \
    -out "$work/none" "$work/msg"
errors_have "  by name" 'mhsm.*SHA'
# shellcheck disable=SC2086 # flags
expect_exit 1 "a digest that is not the curve's is refused" openssl dgst $p \
    -sha512 -sign mhsm:p256 -out "$work/none" "$work/msg"
errors_have "  naming the curve" '32 octets with this curve'
# shellcheck disable=SC2086 # flags
expect_exit 1 "a salt that is not the digest's length is refused" openssl dgst \
    $p -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20 \
    -sign mhsm:rsa2048 -out "$work/none" "$work/msg"
errors_have "  naming the salt" 'salt'

finish
