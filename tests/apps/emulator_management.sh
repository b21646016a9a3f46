#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through the local Managed HSM: what a client asks of the management
# plane and of Graph on its way there, and who is refused.
# shellcheck disable=SC2119 # no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start

raw "$MHSM_ENDPOINT/metadata/endpoints?api-version=2022-09-01"
expect 200 ".resourceManager == \"$MHSM_ENDPOINT\"" ".authentication.loginEndpoint == \"$MHSM_ENDPOINT\"" \
    ".suffixes.mhsmDns == \".localhost:${MHSM_ENDPOINT##*:}\""

# A token for the HSM is none for the management plane, nor the other way.
api=2022-12-01
login
call GET /subscriptions
expect 401 '.error.code == "AuthenticationFailed"'
raw "$MHSM_ENDPOINT/subscriptions?api-version=$api"
expect 401
for resource in "$MHSM_ENDPOINT" "$MHSM_ENDPOINT/"; do
    token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" "$resource/.default"
    token=$(field .access_token)
    call GET /subscriptions
    expect 200 '.value | length == 1' ".value[0].tenantId == \"$AZURE_TENANT_ID\"" '.value[0].state == "Enabled"'
done
api=7.6 call GET /keys
expect 401

api=
ids='/v1.0/directoryObjects/getByIds'
call POST $ids "{\"ids\":[\"$MHSM_EMULATOR_IDENTITY_OID\",\"$AZURE_TENANT_ID\",1],\"types\":[\"servicePrincipal\"]}"
expect 200 ".value | map(.id) == [\"$MHSM_EMULATOR_IDENTITY_OID\"]" ".value[0].appId == \"$MHSM_EMULATOR_IDENTITY_CLIENT\""
for body in '{}' '[]' x '{"ids":"x"}'; do
    call POST $ids "$body"
    expect 400 '.error.code == "Request_BadRequest"'
done
names='/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c%20eq%20'
call GET "$names'$MHSM_EMULATOR_IDENTITY_CLIENT')"
expect 200 ".value | map(.id) == [\"$MHSM_EMULATOR_IDENTITY_OID\"]"
call GET "$names'$AZURE_TENANT_ID')"
expect 200 '.value == []'
for filter in "x')" "'$AZURE_TENANT_ID'" "'$AZURE_TENANT_ID')%20or%20true"; do
    call GET "$names$filter"
    expect 400 '.error.code == "Request_UnsupportedQuery"'
done
call GET /v1.0/servicePrincipals
expect 400
token=x call POST $ids '{"ids":[]}'
expect 401
done_walk
