#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through the local Managed HSM: keys that are released to an attested
# environment, and the attestation of keys.
# shellcheck disable=SC2119 # no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start
login

# attest CLAIMS: a statement of the attestation authority, in $statement.
attest() {
    control POST /attestations "$1"
    expect 200 '.authority == "https://local.attest.invalid"'
    statement=$(field .token)
}

# policy JSON: a release policy with that grammar.
policy() { printf '{"data":"%s"}' "$(printf %s "$1" | b64)"; }

# exportable NAME KEY GRAMMAR: a key with that policy.
exportable() {
    call POST "/keys/$1/create" "{$2,\"attributes\":{\"exportable\":true},\"release_policy\":$(policy "$3")}"
    expect 200 '.attributes.exportable'
}

release() { # NAME BODY-MEMBERS
    call POST "/keys/$1/release" "{\"target\":\"$statement\"${2-}}"
}

# The key pair of the environment, which its statement tells of.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/tee.pem" 2>/dev/null
n=$(openssl pkey -in "$work/tee.pem" -noout -text | sed -n '/^modulus/,/^publicE/p' | grep '^ ' | tr -d ' :\n' | sed 's/^00//' | from_hex | b64)
jwk="{\"kty\":\"RSA\",\"kid\":\"tee\",\"n\":\"$n\",\"e\":\"AQAB\"}"
claims="{\"x-ms-runtime\":{\"keys\":[$jwk]},\"x-ms-isolation-tee\":{\"x-ms-compliance-status\":\"azure-compliant-cvm\",\"level\":2},\"debug\":false}"
authority='"authority":"https://local.attest.invalid"'
cvm='{"claim":"x-ms-isolation-tee.x-ms-compliance-status","equals":"azure-compliant-cvm"}'
grammar="{\"version\":\"1.0.0\",\"anyOf\":[{$authority,\"allOf\":[$cvm,{\"anyOf\":[{\"claim\":\"debug\",\"equals\":true},{\"claim\":\"debug\",\"equals\":false}]}]}]}"

# part N: a part of the statement that the HSM made.
part() { unb64 "$(field .value | cut -d. -f"$1")"; }

# released MD ENC: opens what came, to PKCS#8 or octets in $work/released.
released() {
    part 2 >"$work/payload"
    part 1 | jq -r '.x5c[0]' | base64 -d >"$work/signer.der"
    openssl x509 -inform DER -in "$work/signer.der" -noout -pubkey >"$work/signer.pem"
    part 3 >"$work/signature"
    field .value | cut -d. -f1,2 | tr -d '\n' >"$work/input"
    check openssl dgst -sha256 -verify "$work/signer.pem" -signature "$work/signature" "$work/input"
    [ "$(jq -r .request.enc "$work/payload")" = "$2" ] || fail "enc of the request"
    unb64 "$(jq -r .response.key.key.key_hsm "$work/payload")" >"$work/blob"
    [ "$(jq -r .header.enc "$work/blob")" = "$2" ] || fail "enc of the blob"
    unb64 "$(jq -r .ciphertext "$work/blob")" >"$work/sealed"
    head -c 256 "$work/sealed" >"$work/head"
    openssl pkeyutl -decrypt -inkey "$work/tee.pem" -in "$work/head" -out "$work/aes" \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$1" -pkeyopt "rsa_mgf1_md:$1"
    [ "$(wc -c <"$work/aes")" = 32 ] || fail "the AES key"
    tail -c +257 "$work/sealed" >"$work/tail"
    openssl enc -d -id-aes256-wrap-pad -K "$(to_hex <"$work/aes")" -iv a65959a6 -in "$work/tail" -out "$work/released"
}

attest "$claims"
exportable web '"kty":"EC-HSM"' "$grammar"
x=$(field .key.x)
release web ',"nonce":"once"'
expect 200
released sha1 CKM_RSA_AES_KEY_WRAP
[ "$(jq -r .request.nonce "$work/payload")" = once ] || fail nonce
openssl pkey -inform DER -in "$work/released" -noout -text | tr -d ' :\n' | grep -q "$(hex "$x")" || fail "another key came"

# The same key, whoever names it.
version=$(jq -r .response.key.key.kid "$work/payload")
version=${version##*/}
for path in "web/$version" web/; do
    call POST "/keys/$path/release" "{\"target\":\"$statement\",\"enc\":\"RSA_AES_KEY_WRAP_256\"}"
    expect 200
    released sha256 RSA_AES_KEY_WRAP_256
done
exportable data '"kty":"oct-HSM","key_size":256' "$grammar"
release data ',"enc":"RSA_AES_KEY_WRAP_384"'
expect 200
released sha384 RSA_AES_KEY_WRAP_384
[ "$(wc -c <"$work/released")" = 32 ] || fail "octets of the key"

# After its time a key is released still, disabled it is not.
call PATCH /keys/web '{"attributes":{"exp":1}}'
expect 200
release web
expect 200
call PATCH /keys/web '{"attributes":{"enabled":false}}'
expect 200
release web
refused 403 Forbidden KeyDisabled

# Requests that are none.
for members in ',"enc":"RSA-OAEP"' ',"enc":1' ',"nonce":1'; do
    release data "$members"
    refused 400 BadParameter
done
call POST /keys/data/release '{}'
refused 400 BadParameter
call POST /keys/data/release '[]'
refused 400 BadParameter
call POST /keys/none/release "{\"target\":\"$statement\"}"
refused 404 KeyNotFound
call POST /keys/plain/create '{"kty":"EC-HSM"}'
release plain
refused 403 Forbidden KeyOperationForbidden
good=$statement
for statement in "$token" "${good}A" "${good%.*}.AAAA" x; do
    release data
    refused 400 BadParameter
done
attest '{"debug":false}'
release data
refused 400 BadParameter

# Environments that the policy does not mean, and policies that mean none.
attest "$(printf %s "$claims" | sed 's/azure-compliant-cvm/other/')"
release data
refused 403 Forbidden KeyReleasePolicyNotMet
attest "$(printf %s "$claims" | sed 's/"debug":false/"debug":"false"/')"
release data
refused 403 Forbidden KeyReleasePolicyNotMet
attest "$claims"
i=0
for grammar in '{}' 'x' '{"version":"1.0.0","anyOf":[]}' "{\"version\":\"1.0.0\",\"anyOf\":[{$authority}]}" \
    "{\"version\":\"1.0.0\",\"anyOf\":[{$authority,\"allOf\":[]}]}" \
    "{\"version\":\"1.0.0\",\"anyOf\":[{$authority,\"allOf\":[{\"claim\":\"debug\"}]}]}" \
    "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://other.invalid\",\"allOf\":[$cvm]}]}"; do
    i=$((i + 1))
    exportable "odd$i" '"kty":"EC-HSM"' "$grammar"
    release "odd$i"
    refused 403 Forbidden KeyReleasePolicyNotMet
done
control POST /attestations 'x'
expect 400

# Who may: a role for that alone, and nothing else with it.
control POST /principals '{"name":"tee","roles":[{"role":"Managed HSM Crypto Service Release User","scope":"/keys/data"}]}'
expect 200
(
    login "$(field .client_id)" "$(field .client_secret)"
    release data
    expect 200
    release odd1
    refused 403 AccessDenied
    call GET /keys/data/attestation
    refused 403 AccessDenied
)

# The attestation of a key: facts, signed.
attested() { # NAME MEMBER: verifies one blob
    unb64 "$(field ".attributes.attestation.$2")" >"$work/blob"
    head -c -256 "$work/blob" >"$work/facts"
    tail -c 256 "$work/blob" >"$work/signature"
    field .attributes.attestation.certificatePemFile | base64 -d >"$work/cert.pem"
    openssl x509 -in "$work/cert.pem" -noout -pubkey >"$work/signer.pem"
    check openssl dgst -sha256 -verify "$work/signer.pem" -signature "$work/signature" "$work/facts"
    [ "$(jq -r .key.kid "$work/facts")" = "$(field .key.kid)" ] || fail "another key's"
}
call GET /keys/plain/attestation
expect 200 '.attributes.attestation.version'
attested plain publicKeyAttestation
attested plain privateKeyAttestation
call GET "/keys/plain/$(field '.key.kid | split("/")[-1]')/attestation"
expect 200
call GET /keys/data//attestation
expect 200 '.attributes.attestation | has("publicKeyAttestation") | not'
attested data privateKeyAttestation
call GET /keys/plain
expect 200 '.attributes | has("attestation") | not'
api=7.5 call GET /keys/plain/attestation
refused 400 BadParameter
call GET /keys/none/attestation
refused 404 KeyNotFound
done_walk
