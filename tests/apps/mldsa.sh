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

finish
