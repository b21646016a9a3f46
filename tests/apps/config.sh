#!/bin/sh
# SPDX-License-Identifier: MIT
# The provider activated from a configuration file: the example as it stands,
# options in the section, mhsm listed first and last, and bad options.
. "${0%/*}/../lib.sh"

emulator_start
check "create a key" mhsm key create --name k --kty EC --curve P-256
printf x >"$work/msg"

check "openssl.cnf.example loads as it stands" env \
    OPENSSL_CONF="$TEST_SOURCE/openssl.cnf.example" \
    LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
    openssl list -providers
output_has "  and activates mhsm" '^ *mhsm$'
output_has "  and default" '^ *default$'
check "  and ordinary keys are made as ever" env \
    OPENSSL_CONF="$TEST_SOURCE/openssl.cnf.example" \
    LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out /dev/null

endpoint=$MHSM_ENDPOINT
ca=$MHSM_CA_FILE
for order in "default mhsm" "mhsm default"; do
    configure "$work/conf" "$order" <<TEXT
endpoint = $endpoint
ca-file = $ca
TEXT
    export OPENSSL_CONF="$work/conf"
    unset MHSM_ENDPOINT MHSM_CA_FILE
    check "options of the section, order: $order" openssl dgst -sha256 \
        -sign mhsm:k -out "$work/sig" "$work/msg"
    check "  public key" openssl pkey -in mhsm:k -pubout -out "$work/k.pem"
    check "  verify" openssl dgst -sha256 -verify "$work/k.pem" \
        -signature "$work/sig" "$work/msg"
    check "  an ordinary EC key" openssl genpkey -algorithm EC \
        -pkeyopt ec_paramgen_curve:P-384 -out "$work/own.pem"
    check "  an ordinary RSA key" openssl genpkey -algorithm RSA \
        -pkeyopt rsa_keygen_bits:2048 -out "$work/rsa.pem"
    check "  a certificate of it" openssl req -x509 -new \
        -key "$work/rsa.pem" -subj /CN=x -out "$work/x.pem"
    check "  which verifies" openssl verify -CAfile "$work/x.pem" "$work/x.pem"
    export MHSM_ENDPOINT=https://localhost:1
    expect_exit 1 "  the environment wins over the section" openssl pkey \
        -in mhsm:k -pubout
    errors_have "    and the error names that host" 'localhost'
    export MHSM_ENDPOINT="$endpoint" MHSM_CA_FILE="$ca"
    unset OPENSSL_CONF
done

bad() {
    echo "$1" | configure "$work/conf" "default mhsm"
    export OPENSSL_CONF="$work/conf"
    if openssl pkey -in mhsm:k -pubout >"$work/out" \
        2>"$work/err"; then
        fail "refused: $1" "$work/out"
    else
        pass "refused: $1"
    fi
    errors_have "  naming the option" "$2"
}
bad "retries = many" 'retries'
bad "connect-timeout = -3" 'connect-timeout'
bad "client-secret = hunter2" 'client-secret'
if grep -q hunter2 "$work/err"; then
    fail "  and not the secret" "$work/err"
else
    pass "  and not the secret"
fi
bad "credential = magic" 'credential'
bad "timeotu = 3s" 'is "timeout" meant'
bad "mhsm-ca-file = $ca" 'is "ca-file" meant'
bad "1.ca-file = $ca" 'is "ca-file" meant'
bad "colour = blue" '"colour" in section .mhsm_section. is no option'

# A section that the file does not activate serves the provider that is loaded
# by name just as well.
sed -i '/^.mhsm_section/,$s/^activate.*//' "$work/conf"
expect_exit 1 "an unknown name in a section that is not activated" \
    openssl pkey -provider default -provider mhsm -in mhsm:k -pubout
errors_have "  is named" 'colour'

# What can be read only once is read only once.
echo "retries = 2" | configure "$work/once" "default mhsm"
mkfifo "$work/pipe"
cat "$work/once" >"$work/pipe" &
started "$!"
export OPENSSL_CONF="$work/pipe"
check "a configuration from a pipe" env LD_PRELOAD="$TEST_PRELOAD" \
    OPENSSL_MODULES="$TEST_MODULES" timeout 10 openssl list -providers
output_has "  activates mhsm" '^ *mhsm$'

finish
