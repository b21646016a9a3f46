#!/bin/sh
# SPDX-License-Identifier: MIT
# ML-DSA keys: the mhsm command, and the openssl command with keys of the HSM.
# Both need OpenSSL 3.5, for the local HSM and for the module; with an older
# one there are only refusals, which are then what is checked.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
printf 'Pay 100 to Alice\n' >file
printf 'Pay 900 to Alice\n' >forged

# What needs no key.
expect_exit 2 "ML-DSA with the default api-version" mhsm key create --name k65 --kty ML-DSA-65
errors_have "  names the option" 'api-version to be 2026-05-01-preview or later, and it is 7\.6$'
errors_have "  and what to do" 'hint: .*MHSM_API_VERSION'
equal "  and asks nothing" "$(control stats | jq .requests)" 0
export MHSM_API_VERSION=2026-05-01-preview
expect_exit 2 "AKP without an algorithm" mhsm key create --name x --kty AKP
errors_have "  tells which" 'one of .*ML-DSA-44, ML-DSA-65, ML-DSA-87$'
expect_exit 2 "ML-DSA-66" mhsm key create --name x --kty ML-DSA-66
expect_exit 2 "ML-DSA with a size" mhsm key create --name x --kty ML-DSA-65 --size 2048
expect_exit 2 "ML-DSA with a curve" mhsm key create --name x --kty ML-DSA-65 --curve P-256
check "an EC key" mhsm key create --name ec --kty EC
expect_exit 2 "a context for ECDSA" mhsm sign -n ec --context 00 file
errors_have "  says what for" 'context is for ML-DSA, not for ES256'

if ! command openssl list -signature-algorithms | grep -q ML-DSA-65; then
    expect_exit 1 "ML-DSA on $(command openssl version)" mhsm key create --name k65 --kty ML-DSA-65
    errors_have "  is refused in words" 'runs on OpenSSL 3\.[0-9.]+, which has no ML-DSA-65'
    # A reference to such a key, from a machine that has newer software.
    version=$(mhsm key show --name ec -o json | jq -r '.key.kid | split("/")[-1]')
    cat >conf <<TEXT
asn1=SEQUENCE:reference
[reference]
format=VISIBLESTRING:mhsm key reference v1
uri=UTF8:mhsm://${MHSM_ENDPOINT#https://}/keys/k44/$version
spki=SEQUENCE:spki
kty=EXPLICIT:0,UTF8:AKP-HSM
[spki]
algorithm=SEQUENCE:algorithm
key=FORMAT:HEX,BITSTRING:$(printf '%02624d' 0)
[algorithm]
oid=OID:2.16.840.1.101.3.4.3.17
TEXT
    command openssl asn1parse -genconf conf -noout -out reference.der
    {
        echo "-----BEGIN MHSM KEY REFERENCE-----"
        base64 <reference.der
        echo "-----END MHSM KEY REFERENCE-----"
    } >reference.pem
    for order in "-provider default -provider mhsm" "-provider mhsm -provider default"; do
        # shellcheck disable=SC2086 # flags
        expect_exit 1 "a reference to one ($order)" openssl pkey $order -in reference.pem -pubout
        errors_have "  is refused in words" 'k44/.*is of type ML-DSA-44, which needs OpenSSL 3\.5'
        equal "  and once" "$(grep -c ':mhsm:' err)" 1
    done
    finish
    exit
fi

# The command.
for row in 44:2420 65:3309 87:4627; do
    IFS=: read -r set size <<TEXT
$row
TEXT
    key=k$set
    check "an ML-DSA-$set key" mhsm key create --name "$key" --kty "ml-dsa-$set"
    output_has "  is shown as one" "^Size: +ML-DSA-$set$"
    check "  its public key" mhsm key download --name "$key" --out "$key.pem"
    check "  is one for openssl" command openssl pkey -pubin -in "$key.pem" -out again.pem
    check "  in the same form" cmp "$key.pem" again.pem
    check "  sign" mhsm sign -n "$key" -f sig file
    equal "  has its size" "$(wc -c <sig | tr -d ' ')" "$size"
    check "  openssl agrees" command openssl pkeyutl -verify -pubin -inkey "$key.pem" -rawin -in file -sigfile sig
    check "  so does mhsm" mhsm verify -n "$key" -s sig file
    check "  and the HSM" mhsm verify -n "$key" -s sig --remote file
    expect_exit 6 "  a forged file" mhsm verify -n "$key" -s sig forged
    expect_exit 6 "  in the HSM too" mhsm verify -n "$key" -s sig --remote forged
    check "  with a context" mhsm sign -n "$key" --context 616263 -f sig file
    check "  openssl agrees" command openssl pkeyutl -verify -pubin -inkey "$key.pem" -rawin -in file -sigfile sig \
        -pkeyopt context-string:abc
    check "  so does mhsm" mhsm verify -n "$key" --context 616263 -s sig file
    check "  and the HSM" mhsm verify -n "$key" --context 616263 -s sig --remote file
    expect_exit 6 "  but not without" mhsm verify -n "$key" -s sig file
done
expect_exit 2 "another algorithm" mhsm sign -n k65 -a ML-DSA-44 file
errors_have "  says which" 'hint: its algorithms for that: ML-DSA-65$'
expect_exit 2 "a long context" mhsm sign -n k65 --context "$(printf '%0514d' 0)" file
mu=$(printf '%0128d' 0)
check "mu by itself" mhsm sign -n k65 --digest "$mu" -f sig
check "  verifies" mhsm verify -n k65 --digest "$mu" -s sig
check "  and in the HSM" mhsm verify -n k65 --digest "$mu" -s sig --remote
expect_exit 2 "a short mu" mhsm sign -n k65 --digest 00
errors_have "  says what it should be" '1 octets, but ML-DSA-65 takes 64'
expect_exit 2 "mu and a context" mhsm sign -n k65 --digest "$mu" --context 00
expect_exit 2 "DER" mhsm sign -n k65 --format der file
check "JSON" mhsm sign -n k65 --format json -f sig.json file
check "  names the key" mhsm verify -s sig.json file
head -c 20000000 /dev/zero >large
control reset >/dev/null
check "20 MB" mhsm sign -n k65 -f sig large
equal "  are one signature" "$(control stats | jq '[.routes | to_entries[] | select(.key | endswith("/sign")) | .value] | add')" 1
check "  and verify" command openssl pkeyutl -verify -pubin -inkey k65.pem -rawin -in large -sigfile sig
MHSM_API_VERSION=7.6
expect_exit 2 "signing with the default api-version" mhsm sign -n k65 file
errors_have "  names the option" 'api-version to be'
MHSM_API_VERSION=2026-05-01-preview

# The openssl command, with the module after and before default. What it makes
# is judged by openssl alone.
for p in "-provider default -provider mhsm" "-provider mhsm -provider default"; do
    echo "# $p"
    # shellcheck disable=SC2086 # flags
    for set in 44 65 87; do
        key=k$set
        check "pkey -pubout of $key" openssl pkey $p -in "mhsm:$key" -pubout -out again.pem
        check "  is the same" cmp "$key.pem" again.pem
        check "pkey -text" openssl pkey $p -in "mhsm:$key" -text -noout
        output_has "  tells the type" "^Private-Key: in Azure Managed HSM [(]AKP-HSM ML-DSA-${set}[)]$"
        check "pkeyutl -sign" openssl pkeyutl $p -sign -inkey "mhsm:$key" -rawin -in file -out sig
        check "  verifies" command openssl pkeyutl -verify -pubin -inkey "$key.pem" -rawin -in file -sigfile sig
        check "  here too" openssl pkeyutl $p -verify -inkey "mhsm:$key" -rawin -in file -sigfile sig
        expect_exit 1 "  and a forged file does not" openssl pkeyutl $p -verify -pubin -inkey "$key.pem" -rawin \
            -in forged -sigfile sig
        check "  with a context" openssl pkeyutl $p -sign -inkey "mhsm:$key" -rawin -in file -out sig \
            -pkeyopt context-string:abc
        check "  verifies" command openssl pkeyutl -verify -pubin -inkey "$key.pem" -rawin -in file -sigfile sig \
            -pkeyopt context-string:abc
        expect_exit 1 "  deterministic" openssl pkeyutl $p -sign -inkey "mhsm:$key" -rawin -in file -out none \
            -pkeyopt deterministic:1
        errors_have "  is refused in words" 'random octets of its own: deterministic is not possible'
        check "req" openssl req $p -new -key "mhsm:$key" -subj /CN=leaf -out req.pem
        check "  verifies" command openssl req -in req.pem -verify -noout
        check "req -x509" openssl req $p -x509 -new -key "mhsm:$key" -subj /CN=localhost -days 7 \
            -addext subjectAltName=DNS:localhost -out "$key.crt"
        check "  verifies" command openssl verify -x509_strict -CAfile "$key.crt" "$key.crt"
        check "x509 -req" openssl x509 $p -req -in req.pem -CA "$key.crt" -CAkey "mhsm:$key" -days 7 -out leaf.crt
        check "  verifies" command openssl verify -CAfile "$key.crt" leaf.crt
        check "cms -sign" openssl cms $p -sign -signer "$key.crt" -inkey "mhsm:$key" -in file -nodetach \
            -md sha512 -outform DER -out cms.der
        check "  verifies" command openssl cms -verify -inform DER -in cms.der -CAfile "$key.crt" -purpose any
        check "a reference" mhsm key pem --name "$key" --out ref.pem
        control reset >/dev/null
        check "  is a key" openssl pkey $p -in ref.pem -pubout -out again.pem
        check "  the same one" cmp "$key.pem" again.pem
        equal "  without a request" "$(control stats | jq .requests)" 0
        check "  which signs" openssl pkeyutl $p -sign -inkey ref.pem -rawin -in file -out sig
        check "  and verifies" command openssl pkeyutl -verify -pubin -inkey "$key.pem" -rawin -in file -sigfile sig
        check "a key of the HSM as PEM" openssl pkey $p -in "mhsm:$key" -out back.pem
        check "  is the reference" cmp ref.pem back.pem
        check "a software key" openssl genpkey $p -algorithm "ML-DSA-$set" -out soft.pem
        check "  is one for openssl" command openssl pkey -in soft.pem -check -noout
        check "  that is written" command openssl pkey -in soft.pem -out again.pem
        check "  in the same form" cmp soft.pem again.pem
        for pair in "mhsm:$key" ref.pem; do
            rm -f server.log
            env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" openssl s_server $p \
                -accept 127.0.0.1:0 -cert "$key.crt" -key "$pair" -www >server.log 2>&1 </dev/null &
            server=$!
            started "$server"
            port=$(accept_port server.log)
            check "TLS 1.3 with $pair" sh -c "command openssl s_client -connect 127.0.0.1:$port \
                -servername localhost -verify_return_error -CAfile $key.crt </dev/null"
            output_has "  by its scheme" "Peer signature type: mldsa$set"
            output_has "  verified" 'Verify return code: 0'
            stop "$server"
        done
    done
done

finish
