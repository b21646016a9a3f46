#!/bin/sh
# SPDX-License-Identifier: MIT
# Keys made in the HSM by openssl genpkey and openssl req.
. "${0%/*}/../lib.sh"

emulator_start
p="-provider default -provider mhsm"
q="-propquery provider=mhsm"
cd "$work"

piped() {
    # shellcheck disable=SC2086 # flags
    openssl pkey $p -in "mhsm:$1" -outform DER |
        openssl pkey $p -inform DER -pubout -out piped
}

# shellcheck disable=SC2086 # flags
{
    check "genpkey makes an RSA key" openssl genpkey $p $q -algorithm RSA \
        -pkeyopt bits:3072 -pkeyopt mhsm-key:made-rsa -out rsa.pem
    check "  in the HSM" mhsm key show --name made-rsa -o json
    output_has "  of 3072 bits" '"key_size": *3072|"n"'
    check "  and writes its reference" grep -q 'BEGIN MHSM KEY REFERENCE' rsa.pem
    check "  which is readable" openssl pkey $p -in rsa.pem -noout -text
    output_has "  and says so" 'made-rsa'
    check "the reference signs" openssl dgst $p -sha256 -sign rsa.pem \
        -out signature rsa.pem
    check "  its public key" openssl pkey $p -in rsa.pem -pubout -out rsa.pub
    check "  verifies" openssl dgst -sha256 -verify rsa.pub \
        -signature signature rsa.pem
    for group in P-256 P-384 P-521 secp256k1; do
        name=made-$(echo $group | tr '[:upper:]' '[:lower:]')
        check "genpkey makes a key on $group" openssl genpkey $p $q \
            -algorithm EC -pkeyopt group:$group -pkeyopt mhsm-key:$name \
            -pkeyopt mhsm-key-ops:sign,verify -pkeyopt mhsm-tags:a=b,c=d \
            -out $name.pem
        check "  with tags" mhsm key show --name $name -o json
        output_has "  as given" '"c": *"d"'
    done

    # OpenSSL makes the key where it has read the parameters.
    check "parameters" openssl genpkey $p -genparam -algorithm EC \
        -pkeyopt ec_paramgen_curve:P-384 -out params.pem
    check "genpkey -paramfile is OpenSSL's" openssl genpkey $p \
        -paramfile params.pem -out soft.pem
    check "  as ever" grep -q 'BEGIN PRIVATE KEY' soft.pem
    expect_exit 1 "  and makes none in the HSM" openssl genpkey $p $q \
        -paramfile params.pem -pkeyopt mhsm-key:by-params -out none.pem
    expect_exit 3 "  nor half of one" mhsm key show --name by-params
    check "ecparam -genkey is OpenSSL's" openssl ecparam $p -name P-256 \
        -genkey -noout -out soft.pem
    check "  as ever" grep -q 'BEGIN EC PRIVATE KEY' soft.pem
    for key in made-rsa made-p-384; do
        check "pkey -check of $key" openssl pkey $p -in mhsm:$key -check -noout
        check "  by a pipe, as DER" piped $key
        check "  the public key" openssl pkey $p -in mhsm:$key -pubout \
            -out direct
        check "  the same" cmp piped direct
    done

    check "the module alone suffices" openssl genpkey -provider mhsm \
        -algorithm RSA -pkeyopt bits:2048 -pkeyopt mhsm-key:alone \
        -out alone.pem
    check "  for a reference" grep -q 'MHSM KEY REFERENCE' alone.pem

    check "req makes key and certificate at once" openssl req $p $q -x509 \
        -newkey rsa:2048 -pkeyopt mhsm-key:made-req -noenc -subj /CN=made \
        -keyout req.pem -out req.crt
    check "  that verifies" openssl verify -CAfile req.crt req.crt
    check "  with a reference" grep -q 'MHSM KEY REFERENCE' req.pem

    check "a software key without a name" openssl genpkey $p \
        -algorithm EC -pkeyopt group:P-256 -out soft.pem
    check "  is one" grep -q 'BEGIN PRIVATE KEY' soft.pem

    expect_exit 1 "an unknown size" openssl genpkey $p $q -algorithm RSA \
        -pkeyopt bits:2047 -pkeyopt mhsm-key:no -out no.pem
    errors_have "  is named" '2047'
    expect_exit 1 "software keys refused" env MHSM_LOCAL_KEYGEN=no \
        LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
        openssl genpkey $p $q -algorithm EC -pkeyopt group:P-256 -out no.pem
    errors_have "  say what to do" 'mhsm-key'
    stop "$emulator_pid"
    expect_exit 1 "no HSM" env MHSM_TIMEOUT=1s \
        LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
        openssl genpkey $p $q -algorithm EC -pkeyopt group:P-256 \
        -pkeyopt mhsm-key:no -out no.pem
    errors_have "  is said" 'connect'
}
expect_exit 1 "and nothing was written" test -s no.pem
finish
