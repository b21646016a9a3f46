#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through the emulator's management plane: the life of HSMs that it makes,
# what it refuses, and from where they can then be reached.
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start --work-time 300

api=2026-02-01
sub=/subscriptions/$AZURE_SUBSCRIPTION_ID
group=$sub/resourceGroups/emulator
vaults=/providers/Microsoft.KeyVault
hsms=$group$vaults/managedHSMs

login
hsm_token=$token
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" https://management.azure.com/.default
arm_token=$(field .access_token)
control GET /principals
admin=$(field '.principals[] | select(.name == "administrator").oid')

arm() {
    MHSM_ENDPOINT=$MHSM_MANAGEMENT_ENDPOINT token=$arm_token call "$@"
}

# Where the last answer says that its work is to be asked for.
ask() {
    raw -H "Authorization: Bearer $arm_token" "$(header "$1")"
}

# settled STATUS: the work that was just begun comes to its end with it.
settled() {
    local tries=0
    expect 202
    check test -n "$(header retry-after)"
    until ask Location && [ "$status" != 202 ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || fail "no end"
        sleep 0.1
    done
    expect "$1"
}

body() { # [MORE-PROPERTIES]
    printf '{"location":"West Europe","sku":{"family":"B","name":"Standard_B1"},"properties":{"initialAdminObjectIds":["%s"]%s}}' \
        "$admin" "${1:+,$1}"
}

# at NAME [CURL-OPTION...]: the HSM of that name is asked something that it
# answers before it is activated.
at() {
    local name=$1
    shift
    arm GET "$hsms/$name"
    raw -H "Authorization: Bearer $hsm_token" "$@" \
        "$(field .properties.hsmUri)securitydomain/download/pending?api-version=7.6"
}

# Who may come in.
call GET "$hsms"
expect 404
raw "$MHSM_MANAGEMENT_ENDPOINT$hsms?api-version=$api"
expect 401 '.error.code == "AuthenticationFailed"'
[[ $(header www-authenticate) = *"authorization_uri=\"$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID\""* ]] ||
    fail "challenge: $(header www-authenticate)"
MHSM_ENDPOINT=$MHSM_MANAGEMENT_ENDPOINT call GET "$hsms"
expect 401
api='' arm GET "$hsms"
expect 400 '.error.code == "MissingApiVersionParameter"'
api=7.6 arm GET "$hsms"
expect 400 '.error.code == "InvalidApiVersionParameter"'
arm GET "/subscriptions/$admin$vaults/managedHSMs"
expect 404 '.error.code == "SubscriptionNotFound"'
arm GET "$sub/resourceGroups/none$vaults/managedHSMs"
expect 404 '.error.code == "ResourceGroupNotFound"'
for who in false true; do
    control POST /principals "{\"name\":\"manager\",\"contributor\":$who}"
    token_for "$(field .client_id)" "$(field .client_secret)" "$MHSM_MANAGEMENT_ENDPOINT/.default"
    arm_token=$(field .access_token) arm GET "$hsms"
    [ $who = true ] && expect 200 || expect 403 '.error.code == "AuthorizationFailed"' \
        '.error.message | contains("Microsoft.KeyVault/managedHSMs/read")'
done

# Groups, and the HSM that is there from the start.
arm GET "$sub/resourcegroups"
expect 200 '.value | map(.name) == ["emulator"]'
arm GET "$sub/resourcegroups/Emulator"
expect 200 '.location == "local"'
arm PUT "$sub/resourcegroups/other" '{"location":"northeurope"}'
expect 201 '.properties.provisioningState == "Succeeded"'
arm DELETE "$sub/resourcegroups/other"
expect 200
arm GET "$hsms/LOCALHOST"
expect 200 ".properties.hsmUri == \"$MHSM_ENDPOINT/\"" '.name == "localhost"' \
    '.properties.provisioningState == "Succeeded"'
arm DELETE "$sub/resourcegroups/emulator"
expect 409

# Bodies that are wrong.
for wrong in x '[]' '{}' '{"location":"westeurope"}' "$(body '"softDeleteRetentionInDays":6')" \
    "$(body '"softDeleteRetentionInDays":91')" "$(body '"softDeleteRetentionInDays":"x"')" \
    "$(body '"enableSoftDelete":false')" "$(body '"publicNetworkAccess":"Maybe"')" \
    "$(body '"networkAcls":{"defaultAction":"Perhaps"}')" \
    "$(body '"networkAcls":{"ipRules":[{"value":"::1"}]}')" \
    "$(body '"networkAcls":{"ipRules":[{"value":"10.0.0.0/33"}]}')" \
    "$(body '"networkAcls":{"virtualNetworkRules":[{"id":"x"}]}')" \
    "$(body '"tenantId":"00000000-0000-0000-0000-000000000000"')" \
    "$(body '"enablePurgeProtection":"x"')" "$(body '"regions":[{"name":"a"},{"name":"b"}]')" \
    "$(body | sed 's/Standard_B1/Standard_A0/')" "$(body | sed 's/"[-0-9a-f]*"\]/"x"]/')" \
    "$(body | jq -c '.tags = {a: 1}')" "$(body | jq -c '.identity = {type: "UserAssigned"}')" \
    "$(body | jq -c '.identity = {type: "UserAssigned", userAssignedIdentities: {x: {}}}')"; do
    arm PUT "$hsms/wrong" "$wrong"
    expect 400
done
for name in ab 1abc abc- a--b "$(printf 'a%.0s' {1..25})"; do
    arm PUT "$hsms/$name" "$(body)"
    expect 400 '.error.code == "AccountNameInvalid"'
    arm POST "$sub$vaults/checkMhsmNameAvailability" "{\"name\":\"$name\"}"
    expect 200 '.nameAvailable == false' '.reason == "AccountNameInvalid"'
done
arm GET "$hsms/wrong"
expect 404 '.error.code == "ResourceNotFound"'
arm PUT "$sub/resourceGroups/none$vaults/managedHSMs/two" "$(body)"
expect 404 '.error.code == "ResourceGroupNotFound"'
arm PUT "$hsms/two" "$(body '"createMode":"recover"')"
expect 404

# One is made; it is there when it is done.
arm POST "$sub$vaults/checkMhsmNameAvailability" '{"name":"two"}'
expect 200 '.nameAvailable'
control POST /work '{"ms":3000}'
arm PUT "$hsms/two" "$(body '"softDeleteRetentionInDays":7' | jq -c '.tags = {made: "here"}')"
at two
[[ $status = curl* ]] || fail "it can be reached before it is made: $status"
arm PUT "$hsms/two" "$(body)"
expect 409 '.error.code == "Conflict"'
arm GET "$hsms/two"
expect 200 '.properties.provisioningState == "Provisioning"' \
    '.properties.securityDomainProperties.activationStatus == "Unknown"'
control POST /work '{"ms":300}'
sleep 3.1
arm GET "$hsms/two"
expect 200 '.properties.provisioningState == "Succeeded"' '.tags == {"made":"here"}' '.location == "westeurope"' \
    '.properties.securityDomainProperties.activationStatus == "NotActivated"' '.properties.softDeleteRetentionInDays == 7'
uri=$(field .properties.hsmUri)
at two
expect 404
raw "${uri}keys?api-version=7.6"
expect 401
[[ $(header www-authenticate) = *"authorization=\"$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID\""* ]] || fail "the challenge of the second"
raw -H "Authorization: Bearer $hsm_token" "${uri}providers/Microsoft.Authorization/roleAssignments?api-version=7.6"
expect 403 '.error.innererror.code == "NotActivated"'
# Its port is no token authority.
raw -d x=y "$uri$AZURE_TENANT_ID/oauth2/v2.0/token"
expect 401
arm POST "$sub$vaults/checkMhsmNameAvailability" '{"name":"TWO"}'
expect 200 '.reason == "AlreadyExists"'
arm GET "$sub$vaults/managedHSMs"
expect 200 '.value | map(.name) == ["localhost", "two"]'
arm GET "$sub$vaults/managedHSMs?\$top=1"
expect 200 '.value | map(.name) == ["localhost"]'
raw -H "Authorization: Bearer $arm_token" "$(field .nextLink)"
expect 200 '.value | map(.name) == ["two"]' 'has("nextLink") | not'

# Faults are of one HSM or of the management plane.
control POST '/faults?hsm=two' '{"faults":[{"route":"*","action":"status","status":503,"count":1}]}'
expect 200
at localhost
expect 200
at two
expect 503
control POST /faults '{"faults":[{"route":"arm-show","action":"status","status":429,"retry_after":"1"}]}'
arm GET "$hsms/two"
expect 429
control GET '/stats?hsm=two'
expect 200 '.requests > 0'
control GET '/stats?hsm=none'
expect 400

# Changes: by PATCH and by PUT.
arm PATCH "$hsms/two" '{"tags":{"a":"b"}}'
expect 202 '.properties.provisioningState == "Updating"'
operation=$(header azure-asyncoperation)
ask Azure-AsyncOperation
expect 200 '.status == "InProgress"'
sleep 0.4
raw -H "Authorization: Bearer $arm_token" "$operation"
expect 200 '.status == "Succeeded"'
identity=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/backup
arm PATCH "$hsms/two" "{\"identity\":{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{\"$identity\":{}}}}"
settled 200
expect 200 '.tags == {"a":"b"}' ".identity.userAssignedIdentities.\"$identity\".principalId | length == 36"
arm PUT "$hsms/two" "$(body '"softDeleteRetentionInDays":8')"
expect 400
arm PUT "$hsms/two" "$(body | sed 's/West Europe/North Europe/')"
expect 409 '.error.code == "InvalidResourceLocation"'
control POST /work '{"ms":300,"fail":"no hardware is left"}'
arm PATCH "$hsms/two" '{"tags":{}}'
settled 500
expect 500 '.error.code == "OperationFailed"'
arm GET "$hsms/two"
expect 200 '.properties.provisioningState == "Failed"' '.properties.statusMessage == "no hardware is left"'

# From where it can be reached.
arm PATCH "$hsms/two" '{"properties":{"networkAcls":{"bypass":"None","defaultAction":"Deny","ipRules":[{"value":"127.0.0.16/28"}]}}}'
settled 200
at two --interface 127.0.0.17
expect 404
at two -4
expect 403 '.error.code == "Forbidden"' '.error.innererror.code == "ForbiddenByFirewall"' \
    '.error.message | startswith("Client address (127.0.0.1) is not authorized")'
arm PATCH "$hsms/two" '{"properties":{"publicNetworkAccess":"Disabled"}}'
settled 200
at two --interface 127.0.0.17
expect 403 '.error.innererror.code == "ForbiddenByConnection"'
at localhost
expect 200

# By a private endpoint, once that is approved.
for wrong in '{"hsm":"none","name":"a","address":"127.0.0.9"}' '{"hsm":"two","name":"a/b","address":"127.0.0.9"}' \
    '{"hsm":"two","name":"a","address":"x"}'; do
    control POST /private-endpoints "$wrong"
    expect 400
done
control POST /private-endpoints '{"hsm":"two","name":"office","address":"127.0.0.9"}'
expect 200
links=$hsms/two/privateEndpointConnections
arm GET "$links"
expect 200 '.value | map(.name) == ["office"]' \
    '.value[0].properties.privateLinkServiceConnectionState.status == "Pending"'
at two --interface 127.0.0.9
expect 403
arm PUT "$links/office" '{"properties":{"privateLinkServiceConnectionState":{"status":"Perhaps"}}}'
expect 400
arm PUT "$links/office" '{"properties":{"privateLinkServiceConnectionState":{"status":"Approved","description":"it is ours"}}}'
expect 200 '.properties.privateLinkServiceConnectionState.description == "it is ours"'
at two --interface 127.0.0.9
expect 404
at two --interface 127.0.0.10
expect 403
arm GET "$hsms/two"
expect 200 '.properties.privateEndpointConnections | length == 1'
arm GET "$hsms/two/privateLinkResources"
expect 200 '.value[0].properties.groupId == "managedhsm"'
arm PUT "$links/office" '{"properties":{"privateLinkServiceConnectionState":{"status":"Rejected"}}}'
expect 200
at two --interface 127.0.0.9
expect 403
arm GET "$links/none"
expect 404
arm DELETE "$links/office"
expect 200
arm DELETE "$links/office"
expect 204
arm PATCH "$hsms/two" '{"properties":{"publicNetworkAccess":"Enabled","networkAcls":{"defaultAction":"Allow"}}}'
settled 200

# Another region: one, and it has to go before the HSM can.
arm GET "$hsms/two/regions"
expect 200 '.value == []'
arm PATCH "$hsms/two" '{"properties":{"regions":[{"name":"northeurope"}]}}'
expect 202 '.properties.regions | map(.provisioningState) == ["Succeeded", "Provisioning"]'
settled 200
arm GET "$hsms/two/regions"
expect 200 '.value | map(.name) == ["westeurope", "northeurope"]' '.value | map(.isPrimary) == [true, false]' \
    '.value[1].provisioningState == "Succeeded"'
arm PATCH "$hsms/two" '{"properties":{"regions":[{"name":"westeurope"},{"name":"eastus"}]}}'
expect 400
arm DELETE "$hsms/two"
expect 409
arm PATCH "$hsms/two" '{"properties":{"regions":[{"name":"westeurope"}]}}'
settled 200
expect 200 '.properties.regions == null'

# Deleted, it is neither to be seen nor reached, and its name is taken.
arm DELETE "$hsms/two"
expect 202
arm GET "$hsms/two"
expect 200 '.properties.provisioningState == "Deleting"'
sleep 0.4
arm GET "$hsms/two"
expect 404
raw "${uri}keys?api-version=7.6"
[[ $status = curl* ]] || fail "a deleted one can be reached: $status"
arm DELETE "$hsms/two"
expect 204
arm GET "$sub$vaults/deletedManagedHSMs"
expect 200 '.value | map(.name) == ["two"]' ".value[0].properties.mhsmId == \"$hsms/two\""
arm GET "$sub$vaults/locations/westeurope/deletedManagedHSMs/two"
expect 200 '(.properties.scheduledPurgeDate | fromdate) - (.properties.deletionDate | fromdate) == 7 * 86400'
arm GET "$sub$vaults/locations/northeurope/deletedManagedHSMs/two"
expect 404
arm PUT "$hsms/two" "$(body)"
expect 409 '.error.code == "ConflictError"' '.error.message | contains("deleted state")'
arm POST "$sub$vaults/checkMhsmNameAvailability" '{"name":"two"}'
expect 200 '.reason == "AlreadyExists"'

# It comes back with what it had, also over a restart, and with the same port.
stop KILL || true
start --work-time 300
arm PUT "$hsms/two" '{"location":"northeurope","properties":{"createMode":"recover"}}'
expect 409
arm PUT "$hsms/two" '{"location":"westeurope","properties":{"createMode":"Recover"}}'
settled 200
expect 200 ".properties.hsmUri == \"$uri\""
at two
expect 404

# With purge protection it stays, and so do its keys.
arm PATCH "$hsms/two" '{"properties":{"enablePurgeProtection":true}}'
settled 200
arm PATCH "$hsms/two" '{"properties":{"enablePurgeProtection":false}}'
expect 400 '.error.message | contains("cannot be undone")'
arm DELETE "$hsms/two"
settled 204
arm POST "$sub$vaults/locations/westeurope/deletedManagedHSMs/two/purge"
expect 405 '.error.code == "MethodNotAllowed"'
check test -e "$work/state/hsm-two.db"
control POST /clock '{"advance":604801}'
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" https://management.azure.com/.default
arm_token=$(field .access_token)
arm GET "$sub$vaults/deletedManagedHSMs"
expect 200 '.value == []'
check test ! -e "$work/state/hsm-two.db"

# Purged, the name is free; the quota counts what is deleted.
for i in 1 2 3 4 5; do
    arm PUT "$hsms/some$i" "$(body)"
    expect 202
done
arm PUT "$hsms/some6" "$(body)"
expect 409 '.error.code == "QuotaExceeded"' '.error.message | contains("5 HSM")'
sleep 0.4
arm DELETE "$hsms/some1"
settled 204
arm POST "$sub$vaults/locations/westeurope/deletedManagedHSMs/some1/purge"
settled 204
arm POST "$sub$vaults/checkMhsmNameAvailability" '{"name":"some1"}'
expect 200 '.nameAvailable'
check test ! -e "$work/state/hsm-some1.db"
arm PUT "$hsms/some6" "$(body)"
expect 202

# The first one can be deleted and recovered, but it never goes.
arm DELETE "$hsms/localhost"
settled 204
raw "$MHSM_ENDPOINT/keys?api-version=7.6"
[[ $status = curl* ]] || fail "the deleted first one: $status"
login
arm POST "$sub$vaults/locations/local/deletedManagedHSMs/localhost/purge"
expect 405
arm PUT "$hsms/localhost" '{"location":"local","properties":{"createMode":"recover"}}'
settled 200
call GET '/providers/Microsoft.Authorization/roleAssignments'
done_walk
