#!/bin/sh
# SPDX-License-Identifier: MIT
# Data keys wrapped by AES keys of the HSM: openssl pkeyutl both ways, and the
# same octets by OpenSSL's own key wrap with the same key.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
cd "$work"

for bits in 128 192 256; do
    head -c $((bits / 8)) /dev/urandom >kek.bin
    check "import a key of $bits bits" import_aes "kek$bits" kek.bin \
        '"wrapKey","unwrapKey"'
    for size in 16 24 32 64; do
        head -c $size /dev/urandom >dek
        # shellcheck disable=SC2086 # flags
        {
            check "wrap $size octets" openssl pkeyutl $p -encrypt \
                -inkey "mhsm:kek$bits" -in dek -out wrapped
            check "  as OpenSSL does" openssl enc -e -id-aes$bits-wrap \
                -K "$(od -An -v -tx1 kek.bin | tr -d ' \n')" \
                -iv A6A6A6A6A6A6A6A6 -in dek -out expected
            check "  octet for octet" cmp wrapped expected
            check "  and unwrap" openssl pkeyutl $p -decrypt \
                -inkey "mhsm:kek$bits" -in wrapped -out again
            check "  the same" cmp dek again
        }
    done
done

# shellcheck disable=SC2086 # flags
{
    cp wrapped damaged
    printf 'X' | dd of=damaged bs=1 seek=9 conv=notrunc 2>dd.log
    expect_exit 1 "what was tampered with is refused" openssl pkeyutl $p \
        -decrypt -inkey mhsm:kek256 -in damaged -out damaged.out
    errors_have "  by the HSM" 'kek256'
    expect_exit 1 "  and nothing is written" test -s damaged.out
    printf 'seventeen octets!' >odd
    expect_exit 1 "no odd length" openssl pkeyutl $p -encrypt \
        -inkey mhsm:kek256 -in odd -out odd.out
    errors_have "  and it says why" 'in eights, and this has 17'

    check "a key that only wraps" mhsm key create --name wrapper --kty oct \
        --ops wrapKey
    check "  wraps" openssl pkeyutl $p -encrypt -inkey mhsm:wrapper -in dek \
        -out wrapped
    expect_exit 1 "  and does not unwrap" openssl pkeyutl $p -decrypt \
        -inkey mhsm:wrapper -in wrapped -out again
    errors_have "  for want of the operation" 'unwrapKey'

    check "a reference" mhsm key pem --name kek256 --out kek.pem
    check "  wraps" openssl pkeyutl $p -encrypt -inkey kek.pem -in dek \
        -out wrapped
    check "  and unwraps" openssl pkeyutl $p -decrypt -inkey kek.pem \
        -in wrapped -out again
    check "  the same" cmp dek again
    check "  as text" openssl pkey $p -in kek.pem -noout -text
    output_has "  says what it is" 'oct-HSM'
    expect_exit 1 "it has no public part" openssl pkey $p -in mhsm:kek256 \
        -pubout -out public
    expect_exit 1 "it does not sign" openssl dgst $p -sha256 -sign mhsm:kek256 \
        -out signature dek
}
finish
