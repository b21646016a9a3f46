#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through the emulator as a Key Vault: what it says otherwise than a
# Managed HSM, and that it is one no longer.
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start --vault standard

raw "$MHSM_ENDPOINT/keys"
expect 401 '.error.code == "Unauthorized"'
[ "$(header www-authenticate)" = "Bearer authorization=\"$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID\", resource=\"https://vault.azure.net\"" ] ||
    fail "challenge: $(header www-authenticate)"
login
call GET /keys
expect 401
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" https://vault.azure.net/.default
token=$(field .access_token)

# Keys in software, and no others.
call POST /keys/rsa/create '{"kty":"RSA"}'
expect 200 '.key.kty == "RSA"' '.attributes.recoveryLevel == "Recoverable+Purgeable"' '.attributes.recoverableDays == 90'
call POST /keys/ec/create '{"kty":"EC","crv":"P-521"}'
expect 200 '.key.kty == "EC"'
for body in '{"kty":"RSA-HSM"}' '{"kty":"EC-HSM"}' '{"kty":"oct"}' '{"kty":"oct-HSM"}' '{"kty":"DSA"}' '{}'; do
    call POST /keys/odd/create "$body"
    expect 400 '.error.code == "BadParameter"' '.error.innererror.code == "KeyTypeNotSupported"'
done
call PUT /keys/odd "{\"key\":{\"kty\":\"oct\",\"k\":\"$(head -c 32 /dev/zero | b64)\"}}"
expect 400 '.error.innererror.code == "KeyTypeNotSupported"'
call GET /keys/none
expect 404 '.error.code == "KeyNotFound"' '.error.message | test("Activity ID") | not'

# What a vault has not.
for path in /rng /settings /providers/Microsoft.Authorization/roleAssignments \
    /keys/rsa/providers/Microsoft.Authorization/roleAssignments /keys/rsa/attestation; do
    call GET $path
    expect 404 '.error.code == "NotFound"'
done
call POST /rng '{"count":4}'
expect 404

# Pages with the version in the link, policies that are there from the start.
call GET '/keys?maxresults=1'
expect 200 ".nextLink | contains(\"api-version=$api&\")"
raw -H "Authorization: Bearer $token" "$(field .nextLink)"
expect 200 '.value | length == 1' 'has("nextLink") | not'
call GET /keys/rsa/rotationpolicy
expect 200 '.lifetimeActions[0].action.type == "Notify"'
call POST /keys/rsa/rotate
expect 200 '.key.kty == "RSA"'
call PUT /keys/rsa/rotationpolicy '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P7D"},"action":{"type":"Rotate"}}]}'
expect 200
call PUT /keys/rsa/rotationpolicy '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P6D"},"action":{"type":"Rotate"}}]}'
expect 400

# Azure RBAC says no.
control POST /principals '{"name":"reader","roles":[{"role":"Managed HSM Crypto Auditor"}]}'
token_for "$(field .client_id)" "$(field .client_secret)" https://vault.azure.net/.default
token=$(field .access_token)
call GET /keys/rsa
expect 200
call POST /keys/rsa/create '{"kty":"RSA"}'
expect 403 '.error.code == "Forbidden"' '.error.innererror.code == "ForbiddenByRbac"'

# What is stored is found again after a restart; other tiers are refused.
stop TERM || fail "the end"
start --vault premium
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" https://vault.azure.net/.default
token=$(field .access_token)
call GET /keys/rsa
expect 200 '.key.kty == "RSA"'
call POST /keys/rsa/create '{"kty":"RSA-HSM"}'
expect 200 '.key.kty == "RSA-HSM"'
call GET /keys/rsa/versions
expect 200 '.value | length == 3'

# A folder of before there were Key Vaults opens too.
stop TERM || fail "the end"
check sqlite3 "$work/state/state.db" 'ALTER TABLE versions DROP COLUMN software'
start
login
call GET /keys/rsa
expect 200 '.key.kty == "RSA-HSM"'
checks=$((checks + 1))
if "$TEST_EMULATOR" --state "$work/other" --vault basic 2>"$work/refused"; then
    fail "an unknown tier"
fi
grep -q -e '--vault: standard or premium' "$work/refused" || fail "the refusal"
done_walk
