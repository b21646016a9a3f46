#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm key release and attestation: the environment's own key opens what comes.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"

unb64() {
    tr -d '\n' | tr '_-' '/+' | awk '{ n = length($0) % 4; print $0 (n == 2 ? "==" : n == 3 ? "=" : "") }' | base64 -d
}
hex() { od -An -tx1 | tr -d ' \n'; }

# The environment's key, and what the attestation service says of it.
command openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out tee.pem 2>/dev/null
n=$(command openssl rsa -in tee.pem -noout -modulus | sed 's/.*=//' | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' | base64 -w0 | tr '+/' '-_' | tr -d =)
attest() {
    control attestations "{\"x-ms-runtime\":{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"tee\",\"n\":\"$n\",\"e\":\"AQAB\"}]},\"debug\":$1}" |
        jq -r .token
}
attest false >good.jwt
attest true >bad.jwt
cat >policy.json <<'TEXT'
{"version": "1.0.0",
 "anyOf": [{"authority": "https://local.attest.invalid",
            "allOf": [{"claim": "debug", "equals": false}]}]}
TEXT
check "an exportable key" mhsm key create -n out --kty RSA --exportable --release-policy policy.json -o json
first=$(jq -r .key.kid out)
modulus=$(jq -r .key.n out)

# opened MD: what is in out.jws, to the environment.
opened() {
    cut -d. -f2 out.jws | unb64 >payload
    jq -r .response.key.key.key_hsm payload | unb64 >blob
    jq -r .ciphertext blob | unb64 >sealed
    head -c 256 sealed >front
    tail -c +257 sealed >back
    command openssl pkeyutl -decrypt -inkey tee.pem -in front -out aes \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$1" -pkeyopt "rsa_mgf1_md:$1"
    command openssl enc -d -id-aes256-wrap-pad -K "$(hex <aes)" -iv a65959a6 -in back -out released
    equal "  and the environment has the key" \
        "$(command openssl rsa -inform DER -in released -noout -modulus | sed 's/.*=//' | tr 'A-F' 'a-f')" \
        "$(printf %s "$modulus" | unb64 | hex)"
}
check "it is released" mhsm key release -n out --attestation file:good.jwt --nonce once -f out.jws
equal "  into its owner's file" "$(stat -c %a out.jws)" 600
check "  a compact JWS" grep -Eqx '[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+' out.jws
opened sha1
equal "  with the nonce" "$(jq -r .request.nonce payload)" once
check "a version, with another wrapping" env STATEMENT="$(cat good.jwt)" "$TEST_COMMAND" key release --id "$first" \
    --attestation env:STATEMENT --wrapping RSA_AES_KEY_WRAP_384 -f out.jws
opened sha384
check "to standard output" mhsm key release -n out --attestation file:good.jwt
cp out out.jws
opened sha1
check "in JSON" mhsm key release -n out --attestation file:good.jwt -o json
jq -r .value out >out.jws
opened sha1

rm out.jws
expect_exit 4 "another environment" mhsm key release -n out --attestation file:bad.jwt -f out.jws
errors_have "  does not meet the policy" 'must meet the key.s release policy'
expect_exit 1 "  and no file is left" test -e out.jws
sed 's/.....$/AAAAA/' good.jwt >forged.jwt
expect_exit 1 "a forged statement" mhsm key release -n out --attestation file:forged.jwt
errors_have "  is not verified" 'cannot be verified'
mhsm key create -n stay --kty EC >/dev/null
expect_exit 4 "a key that stays" mhsm key release -n stay --attestation file:good.jwt
errors_have "  is not exportable" 'must be exportable'
control principals '{"name":"other"}' >other.json
expect_exit 4 "one without a role" env AZURE_CLIENT_ID="$(jq -r .client_id other.json)" \
    AZURE_CLIENT_SECRET="$(jq -r .client_secret other.json)" "$TEST_COMMAND" key release -n out --attestation file:good.jwt
errors_have "  is told which" 'Crypto Service Release User'
expect_exit 3 "a key that is not" mhsm key release -n none --attestation file:good.jwt
control stats >before
echo hello >text
expect_exit 2 "no JWT" mhsm key release -n out --attestation file:text
errors_have "  is told" 'no JWT'
expect_exit 2 "a JWT as a value" mhsm key release -n out --attestation "$(cat good.jwt)"
errors_have "  is refused" 'file:PATH or env:NAME'
expect_exit 2 "no file" mhsm key release -n out --attestation file:missing
expect_exit 2 "no attestation" mhsm key release -n out
expect_exit 2 "a wrapping that is not" mhsm key release -n out --attestation file:good.jwt --wrapping A256KW
control stats >after
equal "none of which cost a request" "$(jq .requests after)" "$(jq .requests before)"

# What the HSM says of keys.
check "an attestation" mhsm key attestation -n out -f attestation.json
equal "  is of the key" "$(jq -r .key.kid attestation.json)" "$first"
jq -r .attributes.attestation.certificatePemFile attestation.json | base64 -d >attest.pem
check "  has a certificate" command openssl x509 -in attest.pem -noout
equal "  and both parts" "$(jq -c '.attributes.attestation | [(.privateKeyAttestation, .publicKeyAttestation) | length > 100]' attestation.json)" '[true,true]'
check "of a version, to standard output" mhsm key attestation --id "$first"
equal "  is JSON too" "$(jq -r .key.kid out)" "$first"
expect_exit 3 "of none" mhsm key attestation -n none -f none.json
expect_exit 1 "  leaves no file" test -e none.json

finish
