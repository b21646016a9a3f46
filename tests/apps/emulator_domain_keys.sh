#!/bin/sh
# SPDX-License-Identifier: MIT
# Activation, and whose backups an HSM takes: a key backed up in one HSM is
# restored in a second that has got the first one's security domain, with its
# octets the same, and not in a third with a domain of its own. What activated
# an HSM outlives kill -9 and a restart.
# shellcheck disable=SC2034,SC2119 # read by emulator_start, which takes options
. "${0%/*}/../lib.sh"

activated=
cd "$work"

# hsm NAME: everything speaks to the HSM of that name, which starts when it does
# not run.
hsm() {
    state=$work/$1
    if [ -s "$state/env" ]; then
        # shellcheck disable=SC1091 # written by the emulator
        . "$state/env"
    else
        emulator_start --domain-retry-after 1 --not-activated "${refusal-403}"
        cp "$work/hsm.err" "$1.err"
        eval "pid_$1=$emulator_pid"
    fi
}
sd() {
    mhsm security-domain "$@"
}
ask() {
    curl -sS -o answer -w '%{http_code}' --cacert "$MHSM_CA_FILE" -X "$1" \
        -H "Authorization: Bearer $(token)" -H 'Content-Type: application/json' \
        ${3+-d "@$3"} "$MHSM_ENDPOINT/$2?api-version=7.5"
}

check "keys of three holders" sd keygen --holder a --holder b --holder c --size 2048 --unencrypted --out holders
download() {
    sd download --wrapping-cert holders/a.cer --wrapping-cert holders/b.cer --wrapping-cert holders/c.cer --quorum 2 --out "$1"
}

# The first is activated by a download.
hsm first
expect_exit 5 "a new HSM has no keys" mhsm key create --name k --kty EC
check "it is activated by a download" download first.json
check "  and has keys" mhsm key create --name k --kty EC --curve P-256
kill -9 "$emulator_pid"
wait "$emulator_pid" 2>/dev/null || :
rm -f "$state/env"
hsm first
check "  also after kill -9" mhsm key create --name r --kty RSA --size 2048
check "another download" download second.json
sizes() {
    jq -c '[.EncData.data[] | [.tag, (.compact_jwe | length)]]' "$1"
}
equal "  is of the same domain" "$(sizes second.json)" "$(sizes first.json)"
for key in k r; do
    check "backup of $key" mhsm key backup --name $key --out $key.backup
    check "  its public key" mhsm key download --name $key --out $key.pem
done
expect_exit 1 "  a key does not come back over itself" mhsm key restore k.backup
errors_have "  as its name is in use" 'in use'

# The second gets the domain of the first, from keys of two of its holders.
refusal=404
hsm second
expect_exit 5 "a second HSM takes nothing" mhsm key restore k.backup
errors_have "  whatever the status" 'HTTP 404'
errors_have "  for the same reason" 'The HSM is not activated'
ask GET securitydomain/upload >/dev/null
jq -r '.transfer_key | fromjson | .x5c[0]' answer | base64 -d | command openssl x509 -inform DER -out exchange.pem
check "a restore blob" sd restore-blob second.json --key holders/c.key --key holders/a.key --exchange-key exchange.pem --out blob.json
jq -Rs '{value: .}' blob.json >body
kill -9 "$emulator_pid"
wait "$emulator_pid" 2>/dev/null || :
rm -f "$state/env"
hsm second
equal "it is uploaded after kill -9" "$(ask POST securitydomain/upload body)" 202
kill -9 "$emulator_pid"
wait "$emulator_pid" 2>/dev/null || :
rm -f "$state/env"
hsm second
equal "  and is not lost by another" "$(ask GET securitydomain/upload/pending; jq -r .status answer)" "200InProgress"
equal "  but done" "$(ask GET securitydomain/upload/pending; jq -r .status answer)" "200Success"
printf 'what is signed' >text
while read -r key algorithm format; do
    check "$key is restored" mhsm key restore "$key.backup"
    check "  and signs" mhsm sign --name "$key" --algorithm "$algorithm" --format "$format" --out sig text
    check "  as the one of the first" command openssl dgst -sha256 -verify "$key.pem" -signature sig text
done <<'ROWS'
k ES256 der
r RS256 raw
ROWS
check "a key of the second" mhsm key create --name back --kty EC --curve P-384
check "  is backed up" mhsm key backup --name back --out back.backup
hsm first
check "  and restored in the first" mhsm key restore back.backup

# The third has one of its own.
hsm third
check "a third has a domain of its own" download third.json
for key in k r back; do
    expect_exit 1 "  and does not take $key" mhsm key restore $key.backup
    errors_have "  which is told" 'The backup blob is malformed or of another security domain'
done
check "  it has no key" mhsm key list -o json
equal "  at all" "$(jq length out)" 0

# Nobody has to ask: the HSM is active a few seconds after it was told to be.
hsm fourth
equal "a fourth is told" "$(ask POST securitydomain/download "$TEST_SOURCE/tests/data/security-domain/sd_3of2/download_request_new.json")" 202
equal "  and is not active at once" "$(ask GET keys)" 404
control clock '{"advance":5}' >/dev/null
equal "  but then" "$(ask GET keys)" 200

# A Key Vault has no security domain, and needs none.
state=$work/vault
emulator_start --vault premium
vault_token=$(curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" -d "grant_type=client_credentials&client_id=$AZURE_CLIENT_ID" \
    --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" --data-urlencode "scope=https://vault.azure.net/.default" \
    "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" | jq -r .access_token)
equal "a Key Vault is active" "$(curl -sS -o answer -w '%{http_code}' --cacert "$MHSM_CA_FILE" -H "Authorization: Bearer $vault_token" "$MHSM_ENDPOINT/keys?api-version=7.5")" 200

for wrong in --not-activated=200 --not-activated=none --domain-retry-after=-1; do
    expect_exit 2 "refused: $wrong" "$TEST_EMULATOR" --state "$work/none" "$wrong"
done
finish
