#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through ML-DSA keys of the local Managed HSM, which needs OpenSSL 3.5:
# with an older one, and to older api-versions, there are no such keys, and what
# says so is what is walked through.
# shellcheck disable=SC2119 # no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start
login
preview=2026-05-01-preview

# Older versions of the interface know no such type.
for api in 7.6 2025-07-01 2026-04-01; do
    call POST /keys/old/create '{"kty":"AKP","alg":"ML-DSA-65"}'
    refused 400 BadParameter
    expect 400 '.error.message | startswith("The key type is missing or not supported")'
done
api=$preview
call POST /keys/old/create '{"kty":"AKP"}'
refused 400 BadParameter
call POST /keys/old/create '{"kty":"AKP","alg":"ML-DSA-66"}'
refused 400 BadParameter
call PUT /keys/old '{"key":{"kty":"AKP","alg":"ML-DSA-44","priv":"AAAA","pub":"AAAA"}}'
refused 400 BadParameter

if ! openssl list -signature-algorithms | grep -q ML-DSA-65; then
    call POST /keys/k65/create '{"kty":"AKP","alg":"ML-DSA-65"}'
    refused 400 BadParameter
    expect 400 '.error.message | test("runs on OpenSSL 3[.][0-9.]+, which has no ML-DSA-65")'
    call GET /keys/k65
    expect 404
    done_walk
    exit 0
fi

# spki ALG FILE: the key of the bundle in body, as PEM.
spki() {
    local head
    case $1 in
    ML-DSA-44) head=30820532300b0609608648016503040311038205210 ;;
    ML-DSA-65) head=308207b2300b0609608648016503040312038207a10 ;;
    ML-DSA-87) head=30820a32300b060960864801650304031303820a210 ;;
    esac
    printf %s "${head}0$(hex "$(field .key.pub)")" | from_hex |
        openssl pkey -pubin -inform DER -out "$2"
}

head -c 5000 /dev/urandom >"$work/message"
value=$(b64 <"$work/message")
for row in 44:1312:2420 65:1952:3309 87:2592:4627; do
    IFS=: read -r set public size <<<"$row"
    call POST "/keys/k$set/create" "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-$set\"}"
    expect 200 '.key.kty == "AKP-HSM"' ".key.alg == \"ML-DSA-$set\"" \
        '.key.key_ops | sort == ["sign","verify"]' '.key.crv == null' '.key.priv == null'
    check test "$(hex "$(field .key.pub)" | wc -c)" -eq $((2 * public))
    spki "ML-DSA-$set" "$work/k$set.pem"
    call POST "/keys/k$set//sign" "{\"value\":\"$value\"}"
    expect 200 '.kid | test("/keys/k[0-9]+/[0-9a-f]{32}$")'
    signature=$(field .value)
    unb64 "$signature" >"$work/signature"
    check test "$(stat -c %s "$work/signature")" -eq "$size"
    check openssl pkeyutl -verify -pubin -inkey "$work/k$set.pem" -rawin -in "$work/message" \
        -sigfile "$work/signature"
    call POST "/keys/k$set//verify" "{\"digest\":\"$value\",\"value\":\"$signature\"}"
    expect 200 '.value == true'
    call POST "/keys/k$set//verify" "{\"digest\":\"$value\",\"context\":\"AA\",\"value\":\"$signature\"}"
    expect 200 '.value == false'
    call POST "/keys/k$set//verify" "{\"digest\":\"$value\",\"value\":\"AAAA\"}"
    expect 200 '.value == false'
    call POST "/keys/k$set//sign" "{\"value\":\"$value\",\"context\":\"$(printf abc | b64)\"}"
    expect 200
    unb64 "$(field .value)" >"$work/signature"
    check openssl pkeyutl -verify -pubin -inkey "$work/k$set.pem" -rawin -in "$work/message" \
        -sigfile "$work/signature" -pkeyopt context-string:abc
    # mu is what is signed in place of the message, and may have come with it.
    mu=$(printf %s "$(hex "$(jq -r .key.pub <<<"$(call GET "/keys/k$set" && cat "$work/body")")")" |
        from_hex | openssl dgst -shake256 -xoflen 64 -binary | to_hex)
    mu=$({ printf '%s0000' "$mu" | from_hex && cat "$work/message"; } |
        openssl dgst -shake256 -xoflen 64 -binary | b64)
    call POST "/keys/k$set//sign" "{\"external_mu\":\"$mu\"}"
    expect 200
    signature=$(field .value)
    unb64 "$signature" >"$work/signature"
    check openssl pkeyutl -verify -pubin -inkey "$work/k$set.pem" -rawin -in "$work/message" \
        -sigfile "$work/signature"
    call POST "/keys/k$set//verify" "{\"external_mu\":\"$mu\",\"value\":\"$signature\"}"
    expect 200 '.value == true'
done

# The algorithm may be said, and must be the key's.
call POST /keys/k44//sign '{"alg":"ML-DSA-44","value":"AA"}'
expect 200
for body in '{"alg":"ML-DSA-65","value":"AA"}' '{"alg":"ES256","value":"AA"}' '{"alg":7,"value":"AA"}' \
    '{}' '{"value":7}' '{"value":"A"}' '{"external_mu":"AA"}' '{"external_mu":""}' \
    "{\"external_mu\":\"$mu\",\"value\":\"AA\"}" "{\"external_mu\":\"$mu\",\"context\":\"AA\"}" \
    "{\"value\":\"AA\",\"context\":\"$(head -c 256 /dev/zero | b64)\"}"; do
    call POST /keys/k44//sign "$body"
    refused 400 BadParameter
done
call POST /keys/k44//sign "{\"value\":\"AA\",\"context\":\"$(head -c 255 /dev/zero | b64)\"}"
expect 200
call POST /keys/k44//verify "{\"external_mu\":\"$mu\"}"
refused 400 BadParameter
call POST /keys/k44//encrypt '{"alg":"RSA-OAEP","value":"AA"}'
refused 403 Forbidden KeyOperationForbidden
api=7.6
call POST /keys/k44//sign '{"value":"AA"}'
refused 400 BadParameter
api=$preview

# Kept as any other key: over a restart, in a backup, and renewed.
stop TERM
start
login
call GET /keys/k65
expect 200 '.key.alg == "ML-DSA-65"'
kid=$(field .key.kid)
call POST /keys/k65/backup
expect 200
blob=$(field .value)
call DELETE /keys/k65
expect 200
call DELETE /deletedkeys/k65
expect 204
call POST /keys/restore "{\"value\":\"$blob\"}"
expect 200 '.key.alg == "ML-DSA-65"' ".key.kid == \"$kid\""
call POST /keys/k65//sign "{\"value\":\"$value\"}"
expect 200
unb64 "$(field .value)" >"$work/signature"
check openssl pkeyutl -verify -pubin -inkey "$work/k65.pem" -rawin -in "$work/message" \
    -sigfile "$work/signature"
call PUT /keys/k65/rotationpolicy '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P30D"},"action":{"type":"Rotate"}}],"attributes":{}}'
expect 200
call POST /keys/k65/rotate
expect 200 '.key.alg == "ML-DSA-65"' ".key.kid != \"$kid\""

done_walk
