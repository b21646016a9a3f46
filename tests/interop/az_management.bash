# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The part of az.sh about HSMs as resources: the management plane's port, with
# the commands that a user has for it.

# A session of its own, whose cloud is discovered at that port.
manager() {
    session manager
    control work '{"ms":300}'
    MHSM_ENDPOINT=$MHSM_MANAGEMENT_ENDPOINT cloud
    az_principal "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET"
}

vault() {
    # shellcheck disable=SC2086 # words
    answer=$(AZURE_CONFIG_DIR=$work/az-manager az keyvault $1 "${@:2}")
}

hsm_name_checked() {
    vault check-name --name az-hsm
    has '.nameAvailable'
    vault check-name --name localhost
    has '.reason == "AlreadyExists"'
}

hsm_created() {
    local oid
    oid=$(curl -sS --fail-with-body "$MHSM_EMULATOR_CONTROL/principals" | jq -r '.principals[] | select(.name == "administrator").oid')
    vault create --hsm-name az-hsm --resource-group emulator --location westeurope \
        --administrators "$oid" --retention-days 7 --tags made=here
    has '.properties.provisioningState == "Succeeded" and .tags == {"made":"here"}'
    has '.properties.softDeleteRetentionInDays == 7'
    has '.properties.securityDomainProperties.activationStatus == "NotActivated"'
    jq -r .properties.hsmUri <<<"$answer" >az-hsm.uri
    answers "not activated"
}

# answers TEXT: the HSM itself is there, and refuses with these words.
answers() {
    if az keyvault role assignment list --id "$(sed 's,/$,,' az-hsm.uri)" --scope / >answer.log 2>&1 ||
        ! grep -q "$1" answer.log; then
        cat answer.log
        echo "the HSM does not answer that it $1"
        return 1
    fi
}

hsm_got() {
    vault show --hsm-name az-hsm
    has '.location == "westeurope" and .resourceGroup == "emulator"'
    vault list --resource-type hsm
    has 'map(.name) | sort == ["az-hsm", "localhost"]'
    vault list --resource-type hsm --resource-group emulator
    has 'length == 2'
}

hsm_updated() {
    local identity=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/az
    vault update-hsm --hsm-name az-hsm --mi-user-assigned "$identity" --set tags.team=a
    has '.identity.userAssignedIdentities | to_entries[0].value.principalId | length == 36'
    has '.tags == {"made":"here","team":"a"}'
    vault update-hsm --hsm-name az-hsm --default-action Deny --bypass None --public-network-access Disabled
    has '.properties.networkAcls.defaultAction == "Deny" and .properties.publicNetworkAccess == "Disabled"'
    vault "network-rule add" --hsm-name az-hsm --ip-address 203.0.113.0/24
    vault "network-rule list" --hsm-name az-hsm
    has '.ipRules | map(.value) == ["203.0.113.0/24"]'
    answers "Public network access is disabled"
    vault update-hsm --hsm-name az-hsm --public-network-access Enabled
    answers "Client address"
    vault update-hsm --hsm-name az-hsm --default-action Allow
    answers "not activated"
}

hsm_extended() {
    vault "region add" --hsm-name az-hsm --region northeurope
    vault "region list" --hsm-name az-hsm
    has 'map(.name) == ["westeurope", "northeurope"] and all(.[]; .provisioningState == "Succeeded")'
    vault "region remove" --hsm-name az-hsm --region northeurope
    vault "region list" --hsm-name az-hsm
    has 'length == 0'
}

hsm_linked() {
    control private-endpoints '{"hsm":"az-hsm","name":"office","address":"127.0.0.9"}'
    vault "private-endpoint-connection list" --hsm-name az-hsm
    has 'length == 1 and .[0].privateLinkServiceConnectionState.status == "Pending"'
    vault "private-endpoint-connection approve" --hsm-name az-hsm --name office --description ours
    has '.privateLinkServiceConnectionState.status == "Approved"'
    vault "private-endpoint-connection show" --hsm-name az-hsm --name office
    has '.privateLinkServiceConnectionState.description == "ours"'
    vault "private-endpoint-connection reject" --hsm-name az-hsm --name office
    vault "private-endpoint-connection delete" --hsm-name az-hsm --name office
    vault "private-endpoint-connection list" --hsm-name az-hsm
    has 'length == 0'
    vault "private-link-resource list" --hsm-name az-hsm
    has '.. | .groupId? | select(. == "managedhsm")'
}

hsm_deleted() {
    vault delete --hsm-name az-hsm
    vault list-deleted --resource-type hsm
    has 'map(.name) == ["az-hsm"]'
    vault show-deleted --hsm-name az-hsm --location westeurope
    has '.properties.purgeProtectionEnabled == false'
    refused ResourceNotFound vault show --hsm-name az-hsm --resource-group emulator
}

hsm_recovered() {
    vault recover --hsm-name az-hsm
    has '.properties.hsmUri == $value' "$(cat az-hsm.uri)"
}

hsm_purged() {
    vault delete --hsm-name az-hsm
    vault purge --hsm-name az-hsm
    vault list-deleted --resource-type hsm
    has 'length == 0'
}

hsm_refused() {
    refused AccountNameInvalid vault create --hsm-name a--b --resource-group emulator --location westeurope \
        --administrators "$AZURE_TENANT_ID" --retention-days 7
    refused BadRequest vault create --hsm-name az-odd --resource-group emulator --location westeurope \
        --administrators "$AZURE_TENANT_ID" --retention-days 6
    refused ResourceGroupNotFound vault create --hsm-name az-odd --resource-group none --location westeurope \
        --administrators "$AZURE_TENANT_ID" --retention-days 7
}

management() {
    step "hsm sign in" manager
    step "hsm check name" hsm_name_checked
    step "hsm create" hsm_created
    step "hsm get, list" hsm_got
    step "hsm update" hsm_updated
    step "hsm region" hsm_extended
    step "hsm private endpoint" hsm_linked
    step "hsm delete" hsm_deleted
    step "hsm recover" hsm_recovered
    step "hsm purge" hsm_purged
    step "error: hsm" hsm_refused
}
