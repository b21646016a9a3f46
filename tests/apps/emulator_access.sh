#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through who may do what at the local Managed HSM: the token authority,
# the metadata service, the built-in roles, definitions and assignments.
# shellcheck disable=SC2086,SC2119 # plain words; no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start

authority=$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID

# denied STATUS ERROR CODE: a refusal in the authority's form.
denied() {
    expect "$1" ".error == \"$2\"" ".error_codes == [$3]" \
        ".error_description | startswith(\"AADSTS$3: \")" \
        '.trace_id and .correlation_id and .timestamp'
}

token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET"
expect 200 '.token_type == "Bearer" and .expires_in == 3599'
good=$(field .access_token)
unb64 "$(cut -d. -f2 <<<"$good")" >"$work/body"
expect 200 '.aud == "https://managedhsm.azure.net"' ".tid == \"$AZURE_TENANT_ID\"" \
    ".appid == \"$AZURE_CLIENT_ID\"" '.exp - .nbf == 3599' '.oid'
admin=$(field .oid)
token_for "$AZURE_CLIENT_ID" wrong
denied 401 invalid_client 7000215
token_for "$AZURE_CLIENT_ID" "${AZURE_CLIENT_SECRET//+/ }"
denied 401 invalid_client 7000215
token_for 00000000-0000-0000-0000-000000000000 x
denied 400 unauthorized_client 700016
for scope in https://managedhsm.azure.net x/.default /.default 'https://a b/.default'; do
    token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" "$scope"
    denied 400 invalid_scope 70011
done
raw "${authority/$AZURE_TENANT_ID/00000000-0000-0000-0000-000000000000}/oauth2/v2.0/token" -d a=b
denied 400 invalid_request 90002
raw "$authority/oauth2/v2.0/token" -d grant_type=client_credentials
denied 400 invalid_request 900144
raw "$authority/oauth2/v2.0/token" -H 'Content-Type: application/json' -d '{}'
denied 400 invalid_request 900144
raw "$authority/oauth2/v2.0/token" -d 'grant_type=password&client_id=a&client_secret=b'
denied 400 unsupported_grant_type 70003
form=(--data-urlencode "grant_type=client_credentials" --data-urlencode "client_id=$AZURE_CLIENT_ID"
    --data-urlencode "client_secret=$AZURE_CLIENT_SECRET")
raw "$AZURE_AUTHORITY_HOST/adfs/oauth2/token" "${form[@]}" -d resource=https://managedhsm.azure.net
expect 200 .access_token
raw "$authority/oauth2/v2.0/token?client-request-id=1" -d grant_type=client_credentials -d scope=https://managedhsm.azure.net/.default \
    -u "$AZURE_CLIENT_ID:$(jq -rn --arg s "$AZURE_CLIENT_SECRET" '$s|@uri')"
expect 200 .access_token
for path in v2.0/.well-known/openid-configuration .well-known/openid-configuration; do
    raw "$authority/$path"
    expect 200 ".token_endpoint == \"$authority/oauth2/v2.0/token\"" '.authorization_endpoint and .issuer and .jwks_uri'
done
raw "$AZURE_AUTHORITY_HOST/adfs/.well-known/openid-configuration"
expect 200 ".token_endpoint == \"$AZURE_AUTHORITY_HOST/adfs/oauth2/token\""
# Tenants that stand for any have a configuration, and no application.
for any in common organizations consumers; do
    raw "$AZURE_AUTHORITY_HOST/$any/v2.0/.well-known/openid-configuration"
    expect 200 ".token_endpoint == \"$AZURE_AUTHORITY_HOST/$any/oauth2/v2.0/token\""
    raw "$AZURE_AUTHORITY_HOST/$any/oauth2/v2.0/token" "${form[@]}" -d scope=https://managedhsm.azure.net/.default
    expect 400 '.error_codes == [90002]'
done
raw "$authority/discovery/v2.0/keys"
expect 200 '.keys[0].kty == "RSA" and .keys[0].n'

# Tokens are verified: audience, signature, form.
use() { token=$1 call GET /keys; }
use "$good"
expect 200
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" https://vault.azure.net/.default
use "$(field .access_token)"
expect 401
IFS=. read -r head claims signature <<<"$good"
swapped=$(unb64 "$claims" | sed "s/$AZURE_TENANT_ID/00000000-0000-0000-0000-000000000000/" | b64)
none=$(printf '{"alg":"none","typ":"JWT"}' | b64)
for bad in "$head.$swapped.$signature" "$none.$claims." "$none.$claims.$signature" "$head.$claims" "$head.$claims.$signature.x" \
    "$head.$claims.${signature}AAAA" ... "$(head -c 20000 /dev/zero | tr '\0' a)"; do
    use "$bad"
    expect 401
done
raw "$MHSM_ENDPOINT/keys?api-version=$api" -H "Authorization: Basic $good"
expect 401

# Tokens that only the authority's own key could sign: each claim counts.
check command -v sqlite3
sqlite3 "$work/state/state.db" "SELECT hex(value) FROM meta WHERE name='token_key'" |
    from_hex >"$work/token.der"
now=$(date +%s)
forge() { # HEADER-FILTER CLAIMS-FILTER
    local input
    input=$(unb64 "$head" | jq -c "$1" | b64).$(unb64 "$claims" | jq -c "$2" | b64)
    printf %s.%s "$input" "$(printf %s "$input" | openssl dgst -sha256 -sign "$work/token.der" -keyform DER | b64)"
}
use "$(forge . .)"
expect 200
while read -r filter; do
    use "$(forge . "$filter")"
    expect 401
done <<EOF
.exp = $((now - 1))
.exp = "$((now + 600))"
.exp = null
.nbf = $((now + 600))
del(.nbf)
.aud = "https://managedhsm.azure.net/"
.aud = ["https://managedhsm.azure.net"]
.iss = "https://sts.windows.net/00000000-0000-0000-0000-000000000000/"
.tid = "00000000-0000-0000-0000-000000000000"
.oid = "nobody"
del(.oid)
[.]
EOF
for filter in '.alg = "RS384"' '.kid = "0"' 'del(.alg)' '[.]'; do
    use "$(forge "$filter" .)"
    expect 401
done
use "$(forge . '.oid = "00000000-0000-0000-0000-000000000000"')"
refused 403 AccessDenied

# The metadata service.
imds="$MHSM_EMULATOR_IMDS/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagedhsm.azure.net"
raw "$imds"
expect 400 '.error == "invalid_request"'
raw "$imds" -H 'Metadata: true' -H 'X-Forwarded-For: 1.2.3.4'
expect 400
raw "${imds%%&*}" -H 'Metadata: true'
expect 400 '.error == "invalid_resource"'
raw "$imds" -H 'Metadata: true'
expect 200 '.expires_in == "86399"' '.expires_on | test("^[0-9]+$")' '.resource == "https://managedhsm.azure.net"'
identity=$(field .access_token)
client=$(field .client_id)
raw "$imds&client_id=$client" -H 'Metadata: true'
expect 200
raw "$imds&client_id=$AZURE_CLIENT_ID" -H 'Metadata: true'
expect 400 '.error_description == "Identity not found"'
raw "$MHSM_EMULATOR_IMDS/latest" -H 'Metadata: true'
expect 404
token=$identity call POST /keys/shared/create '{"kty":"EC"}'
expect 200
token=$identity call DELETE /keys/shared
expect 200
token=$identity call DELETE /deletedkeys/shared
refused 403 AccessDenied
expect 403 ".error.message | startswith(\"Not authorized to access Microsoft.KeyVault/managedHsm/keys/deletedKeys/delete on '/keys/shared' (Activity ID: \")"

# Built-in roles: what a principal of each may do. A dot is allowed, a minus is
# not; create, list, sign, delete, purge, random, roles, new role, settings.
login
call POST /keys/sample/create '{"kty":"EC"}'
expect 200
digest=$(head -c 32 /dev/zero | b64)
principal() {
    local token=$token
    control POST /principals "{\"name\":\"p\",\"roles\":[$1]}"
    expect 200 '.client_id and .client_secret'
    oid=$(field .oid)
    login "$(field .client_id)" "$(field .client_secret)"
    theirs=$token
}
probe() {
    local answer=
    one() {
        call "$@"
        case $status in
        403) answer=$answer- ;;
        20? | 4??) answer=$answer. ;;
        *) fail "status $status" ;;
        esac
    }
    local token=$theirs
    one POST /keys/sample/create '{}'
    one GET /keys
    one POST /keys/sample//sign "{\"alg\":\"ES256\",\"value\":\"$digest\"}"
    one DELETE /keys/none
    one DELETE /deletedkeys/none
    one POST /rng '{"count":1}'
    one GET /providers/Microsoft.Authorization/roleDefinitions
    one PUT /providers/Microsoft.Authorization/roleDefinitions/x '{}'
    one GET /settings
    checks=$((checks + 1))
    [ "$answer" = "$1" ] || fail "rights $answer, not $1"
}
while read -r rights role; do
    principal "{\"role\":\"$role\",\"scope\":\"/\"}"
    probe "$rights"
done <<EOF
------... Managed HSM Administrator
----.-..- Managed HSM Crypto Officer
....-..-- Managed HSM Crypto User
------..- Managed HSM Policy Administrator
-.----.-- Managed HSM Crypto Auditor
-.------- Managed HSM Crypto Service Encryption User
--------- Managed HSM Crypto Service Release User
--------- Managed HSM Backup
--------- Managed HSM Restore
EOF

# A custom role at one key: read and sign there and nothing else anywhere.
roles=/providers/Microsoft.Authorization
id=Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions
guid=0a0a0a0a-1111-2222-3333-444444444444
action=Microsoft.KeyVault/managedHsm/keys
call GET /$roles/roleDefinitions
expect 200 '.value | length == 9' "[.value[].id | startswith(\"$id/\")] | all" '.value[0].properties.type == "AKVBuiltInRole"'
call PUT /$roles/roleDefinitions/$guid "{\"properties\":{\"roleName\":\"Signer\",\"permissions\":[{\"dataActions\":[\"$action/read/action\",\"$action/sign/action\",\"$action/rotate/action\"],\"notDataActions\":[\"$action/rotate/action\"]}]}}"
expect 201 ".id == \"$id/$guid\"" '.properties.type == "CustomRole"' '.properties.assignableScopes == ["/"]' \
    '.properties.permissions[0].actions == []'
call GET //$roles/roleDefinitions/$guid
expect 200 '.properties.roleName == "Signer"'
principal ''
probe ---------
assign() { call PUT "$1$roles/roleAssignments/$2" "{\"properties\":{\"roleDefinitionId\":\"$id/$3\",\"principalId\":\"$oid\"}}"; }
assign /keys/sample $guid $guid
expect 201 '.properties.scope == "/keys/sample"' ".properties.principalId == \"$oid\""
token=$theirs call POST /keys/sample//sign "{\"alg\":\"ES256\",\"value\":\"$digest\"}"
expect 200
for path in /keys /keys/other; do
    token=$theirs call GET $path
    refused 403 AccessDenied
done
token=$theirs call POST /keys/sample/rotate
refused 403 AccessDenied
token=$theirs call GET /$roles/roleAssignments
expect 403 '.error.message | test("^Not authorized to access Microsoft.KeyVault/managedHsm/roleAssignments/read/action on / \\(")'
assign /keys/sample $guid $guid
refused 409 RoleAssignmentExists
call GET /$roles/roleAssignments
expect 200 "[.value[].properties.principalId] | index(\"$oid\") == null"
call GET "/keys/sample$roles/roleAssignments?\$filter=principalId+eq+'$oid'"
expect 200 '.value | length == 1'
call GET "/keys/sample$roles/roleAssignments?\$filter=principalId%20eq%20$admin"
expect 200 '.value == []'
call GET "/keys$roles/roleAssignments?%24filter=atScope()"
expect 200 '.value == []'
call GET "/keys$roles/roleAssignments?\$filter=nonsense"
refused 400 BadParameter
call DELETE /$roles/roleDefinitions/$guid
refused 409 Conflict
call DELETE /keys/sample$roles/roleAssignments/$guid
expect 200 '.name'
call DELETE /keys/sample$roles/roleAssignments/$guid
refused 404 RoleAssignmentNotFound
token=$theirs call GET /keys/sample
refused 403 AccessDenied
call DELETE /$roles/roleDefinitions/$guid
expect 200 '.properties.roleName == "Signer"'
call GET /$roles/roleDefinitions/$guid
refused 404 RoleDefinitionNotFound
assign / $guid $guid
refused 404 RoleDefinitionNotFound
assign / nonsense 21dbd100-6940-42c2-9190-5d6cb909625b
refused 400 BadParameter
call PUT /$roles/roleDefinitions/nonsense '{"properties":{"roleName":"x","permissions":[]}}'
refused 400 BadParameter
expect 400 '.error.message | startswith("Role definition name must be a GUID")'
call PUT /$roles/roleDefinitions/21DBD100-6940-42c2-9190-5d6cb909625b '{"properties":{"roleName":"x","permissions":[]}}'
expect 400 '.error.message | startswith("Cannot re-use the name/GUID matching that of a built-in role. Please use a unique role ID.")'
for properties in '{}' '{"roleName":"x"}' '{"roleName":"x","permissions":[1]}' '{"roleName":"x","permissions":[{"dataActions":["*"]}]}' \
    '{"roleName":"x","permissions":[{"dataActions":"x"}]}' '{"roleName":"","permissions":[]}'; do
    call PUT /$roles/roleDefinitions/$guid "{\"properties\":$properties}"
    refused 400 BadParameter
done
call GET "/keys/a%20b$roles/roleAssignments"
refused 400 BadParameter

# Settings.
call PATCH /settings/AllowKeyManagementOperationsThroughARM '{"value":"true"}'
expect 200 '.value == "true" and .type == "boolean"'
call GET /settings
expect 200 '.settings == [{"name":"AllowKeyManagementOperationsThroughARM","type":"boolean","value":"true"}]'
call PATCH /settings/AllowKeyManagementOperationsThroughARM '{"value":true}'
refused 400 BadParameter
call GET /settings/other
refused 404 SettingNotFound
done_walk
