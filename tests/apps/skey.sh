#!/bin/sh
# SPDX-License-Identifier: MIT
# AES keys of the HSM in the openssl command of 3.5: `skeyutl` makes them, and
# `enc` takes them by name with -skeymgmt and -skeyopt, in CBC and key wrap, and
# gives the octets that it gives for the same key on its command line. It has no
# GCM (it refuses every AEAD), no -skeyuri, and hands over a text in pieces of
# 4096 octets, of which the HSM takes one. Older ones have none of this.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
p="-provider default -provider mhsm"

if ! command openssl skeyutl -help >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # flags
    expect_exit 1 "no such cipher for $(command openssl version)" \
        openssl enc $p -MHSM-AES-256-CBC -K 00 -iv 00 -in /dev/null
    expect_exit 1 "and no option for such keys" openssl enc -skeymgmt MHSM-AES
    finish
    exit
fi

head -c 4064 /dev/urandom >text
iv=00112233445566778899aabbccddeeff
for bits in 128 192 256; do
    head -c $((bits / 8)) /dev/urandom >octets
    hex=$(od -An -v -tx1 octets | tr -d ' \n')
    check "a key of $bits bits" import_aes "k$bits" octets \
        '"encrypt","decrypt","wrapKey","unwrapKey"'
    by_key="$p -skeymgmt MHSM-AES -skeyopt mhsm-uri:mhsm:k$bits"
    # shellcheck disable=SC2086 # flags
    for flags in "" -nopad -a; do
        check "enc CBC $flags" openssl enc $by_key -MHSM-AES-$bits-CBC \
            -iv $iv $flags -in text -out sealed
        check "  as with the key in octets" command openssl enc \
            -aes-$bits-cbc -K "$hex" -iv $iv $flags -in text -out expected
        check "  octet for octet" cmp sealed expected
        check "  enc -d" openssl enc $by_key -d -MHSM-AES-$bits-CBC -iv $iv \
            $flags -in sealed -out again
        check "  the same text" cmp text again
    done
    head -c 32 /dev/urandom >dek
    # shellcheck disable=SC2086 # flags
    {
        check "enc key wrap" openssl enc $by_key -MHSM-AES-$bits-WRAP -in dek \
            -out wrapped
        check "  as with the key in octets" command openssl enc \
            -id-aes$bits-wrap -K "$hex" -iv A6A6A6A6A6A6A6A6 -in dek \
            -out expected
        check "  octet for octet" cmp wrapped expected
        check "  enc -d" openssl enc $by_key -d -MHSM-AES-$bits-WRAP \
            -in wrapped -out again
        check "  the same key" cmp dek again
        check "skeyutl -genkey" openssl skeyutl $p -genkey -skeymgmt MHSM-AES \
            -skeyopt "mhsm-key:made$bits" -skeyopt "key-length:$((bits / 8))"
        cat out err >said
        equal "  tells its URI" "$(grep -c "mhsm://.*/keys/made$bits/" said)" 1
        check "  and enc takes it, in that size" openssl enc $p -skeymgmt MHSM-AES \
            -skeyopt "mhsm-uri:mhsm:made$bits" -MHSM-AES-$bits-CBC -iv $iv \
            -in text -out sealed
    }
done

# What there is not, and why; OpenSSL leaks what it fetched when it refuses.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
by_key="$p -skeymgmt MHSM-AES -skeyopt mhsm-uri:mhsm:k256"
control reset >/dev/null
# shellcheck disable=SC2086 # flags
{
    expect_exit 1 "no GCM in enc" openssl enc $by_key -MHSM-AES-256-GCM \
        -in text
    errors_have "  OpenSSL says so" 'AEAD ciphers not supported'
    cat text text >long
    expect_exit 1 "no text of several pieces" openssl enc $by_key \
        -MHSM-AES-256-CBC -iv $iv -in long -out sealed
    errors_have "  and the module says so" 'in one piece'
    expect_exit 1 "no key of another size" openssl enc $by_key \
        -MHSM-AES-128-CBC -iv $iv -in text -out sealed
    errors_have "  and the HSM says so" 'does not fit the size of the key'
    expect_exit 1 "no key in octets" openssl enc $p -MHSM-AES-256-CBC \
        -K "$hex" -iv $iv -in text -out sealed
    errors_have "  and the module says so" 'EVP_CipherInit_SKEY'
    expect_exit 1 "no key without a name" openssl skeyutl $p -genkey \
        -skeymgmt MHSM-AES -skeyopt key-length:32
    errors_have "  and the module says so" 'mhsm-key'
    expect_exit 1 "a key that is not there" openssl enc $p -skeymgmt MHSM-AES \
        -skeyopt mhsm-uri:mhsm:none -MHSM-AES-256-CBC -iv $iv -in text
    errors_have "  the HSM says so" '404.*none|none.*404'
}
finish
