#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm login test: who this is to the HSM, by each credential, and every answer
# that the HSM may give; in no case anything of the token.
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
export MHSM_IMDS_ENDPOINT=http://127.0.0.1:1
oid=$(curl -sS --fail-with-body "$MHSM_EMULATOR_CONTROL/principals" |
    jq -r --arg c "$AZURE_CLIENT_ID" '.principals[] | select(.client_id == $c) | .oid')

check "the administrator" mhsm login test
output_has "  by a secret" '^Credential: +client-secret$'
output_has "  and not by others, each with its reason" \
    '^Other credentials: .*managed-identity: not tried; azure-cli: not tried$'
output_has "  of the tenant" "^Tenant: +$AZURE_TENANT_ID\$"
output_has "  is the principal" "^Object id: +$oid\$"
output_has "  of the application" "^Application id: +$AZURE_CLIENT_ID\$"
output_has "  for HSMs" '^Audience: +https://managedhsm\.azure\.net$'
output_has "  for a while" '^Expires: +20..-..-..T..:..:..Z$'
output_has "  at the HSM" "^HSM: +$MHSM_ENDPOINT\$"
output_has "  which accepts the token" '^Answer: +the token is accepted$'
equal "  whose text is nowhere" "$(grep -c 'eyJ' out err | tr '\n' ' ')" "out:0 err:0 "

check "the same as JSON" mhsm login test -o json
equal "  of which a program reads" \
    "$(jq -r '[.credential, .tenant, .objectId, .applicationId, .audience,
        .accepted, .listsKeys, (.credentials | length > 2),
        (.credentials[] | select(.used) | .name)] | join(" ")' out)" \
    "client-secret $AZURE_TENANT_ID $oid $AZURE_CLIENT_ID https://managedhsm.azure.net true true true client-secret"
equal "  the expiry, too" "$(jq -r '.expires | fromdateiso8601 > now' out)" true
check "the same as tsv" mhsm login test -o tsv
equal "  in ten columns" "$(awk -F '\t' '{ print NF }' out)" 10
check "with --debug" mhsm login test --debug
equal "  no token either" "$(grep -c 'eyJ' out err | tr '\n' ' ')" "out:0 err:0 "

# Somebody whom the HSM knows and allows nothing.
control principals '{"name":"nobody"}' >nobody
check "a principal without a role" env \
    "AZURE_CLIENT_ID=$(jq -r .client_id nobody)" \
    "AZURE_CLIENT_SECRET=$(jq -r .client_secret nobody)" \
    "$TEST_COMMAND" login test
output_has "  is accepted" \
    '^Answer: +the token is accepted, but its principal has no role that lists keys$'
output_has "  by its object id" "^Object id: +$(jq -r .oid nobody)\$"

# Tokens that the HSM does not accept, and an HSM that does not answer.
expect_exit 4 "a token for something else" mhsm login test \
    --resource https://vault.azure.net
output_has "  says for what it is" '^Audience: +https://vault\.azure\.net$'
output_has "  and that it is refused" '^Answer: +the token is refused$'
errors_have "  in the HSM's words" 'refuses the access token'
control faults '{"faults":[{"route":"list","action":"status","status":503,"count":-1}]}' >/dev/null
expect_exit 5 "an HSM that cannot serve now" mhsm login test --retries 0
output_has "  leaves it open" '^Answer: +the HSM did not say$'
control reset >/dev/null

# No token: each credential's story.
expect_exit 4 "a wrong secret" env AZURE_CLIENT_SECRET=wrong "$TEST_COMMAND" \
    login test
errors_have "  is told" 'AADSTS7000215'
equal "  and nothing is on stdout" "$(cat out)" ""
unset AZURE_CLIENT_ID AZURE_CLIENT_SECRET
export PATH="$work/bin:$PATH"
mkdir bin
printf '#!/bin/sh\necho "Please run az login" >&2\nexit 1\n' >bin/az
chmod 755 bin/az
expect_exit 4 "no credential at all" mhsm login test --imds-endpoint "$MHSM_IMDS_ENDPOINT" --token-credentials dev
errors_have "  tells of each" 'client-secret credential: not among token-credentials'
errors_have "  and of the last" 'azure-cli credential: nobody is signed in'
errors_have "  and what to do" 'hint: run `az login`'
expect_exit 4 "the same as JSON" mhsm login test -o json --token-credentials dev
equal "  on stderr" "$(jq -r .error.status err)" credential

# A managed identity, of which kind, and a token from outside.
check "the identity of App Service" env MHSM_CREDENTIAL=managed-identity \
    "IDENTITY_ENDPOINT=$MHSM_EMULATOR_IMDS/msi/token" \
    "IDENTITY_HEADER=$MHSM_EMULATOR_IDENTITY_HEADER" "$TEST_COMMAND" login test
output_has "  by name" '^Credential: +managed-identity$'
output_has "  and kind" '^Kind: +App Service$'
output_has "  and principal" "^Object id: +$MHSM_EMULATOR_IDENTITY_OID\$"
equal "  and no others were asked" "$(grep -c '^Other' out || :)" 0
expect_exit 4 "an opaque token" env AZURE_CLI_ACCESS_TOKEN=opaque \
    "$TEST_COMMAND" login test --credential token
output_has "  is refused" '^Answer: +the token is refused$'
equal "  and not shown" "$(grep -c 'opaque' out err | tr '\n' ' ')" "out:0 err:0 "
finish
