#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs with an allocator of their own: what one side allocates the other
# must never free.
. "${0%/*}/../lib.sh"

if [ -n "$TEST_PRELOAD" ]; then
    # A sanitizer is an allocator too, and there can be one alone: what it says
    # of the same calls is in all other tests.
    echo "this build has the sanitizer's allocator"
    check "which is in the module" grep -q -e asan -e tsan "$TEST_MODULE"
    finish
    exit
fi
emulator_start
cd "$work"
p="-provider default -provider mhsm"
check "create rsa" mhsm key create --name rsa --kty RSA --size 2048
check "create ec" mhsm key create --name ec --kty EC
echo text >file

library=$(find /usr/lib -name libjemalloc.so.2 | head -n 1)
check "jemalloc is there" test -n "$library"
for key in rsa ec; do
    # shellcheck disable=SC2086 # flags
    {
        check "jemalloc: sign with $key" env LD_PRELOAD="$library" \
            OPENSSL_MODULES="$TEST_MODULES" openssl dgst $p -sha256 \
            -sign "mhsm:$key" -out signature file
        check "jemalloc: certificate of $key" env LD_PRELOAD="$library" \
            OPENSSL_MODULES="$TEST_MODULES" openssl req $p -x509 -new \
            -key "mhsm:$key" -subj /CN=a -out certificate.pem
        check "  verifies" openssl verify -CAfile certificate.pem \
            certificate.pem
        check "jemalloc: an error" sh -c "! env LD_PRELOAD=$library \
            OPENSSL_MODULES=$TEST_MODULES openssl dgst $p -sha256 \
            -sign mhsm:none -out signature file"
        errors_have "  and its text" 'none'
    }
done
check "jemalloc: a reference" env LD_PRELOAD="$library" "$TEST_COMMAND" \
    key pem --name ec --out ec.pem
finish
