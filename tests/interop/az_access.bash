# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The part of az.sh about roles and settings.

role() {
    # shellcheck disable=SC2086 # words
    answer=$(az keyvault role "$1" $2 --hsm-name localhost "${@:3}")
}

# Another session, of a principal that the emulator makes.
signer() {
    answer=$(control principals '{"name":"az signer"}')
    jq -r .oid <<<"$answer" >signer.oid
    jq -r .client_id <<<"$answer" >signer.id
    (
        session signer
        cloud
        az_principal "$(jq -r .client_id <<<"$answer")" "$(jq -r .client_secret <<<"$answer")"
    )
}

as_signer() {
    AZURE_CONFIG_DIR=$work/az-signer "$@"
}

definition_created() {
    role definition create --role-definition '{"roleName":"az signer","description":"signs","actions":[],"notActions":[],
        "dataActions":["Microsoft.KeyVault/managedHsm/keys/read/action","Microsoft.KeyVault/managedHsm/keys/sign/action"],"notDataActions":[]}'
    has '.roleName == "az signer" and .roleType == "CustomRole"'
    jq -r .name <<<"$answer" >role.name
    jq -r .id <<<"$answer" >role.id
}

definition_listed() {
    role definition list
    has 'any(.[]; .name == $value)' "$(cat role.name)"
    has 'any(.[]; .roleName == "Managed HSM Crypto User" and .roleType == "AKVBuiltInRole")'
    role definition "list --custom-role-only true"
    has 'length == 1'
    role definition show --name "$(cat role.name)"
    has '.permissions[0].dataActions | length == 2'
}

definition_updated() {
    role definition update --role-definition "$(jq -n --arg id "$(cat role.id)" --arg name "$(cat role.name)" \
        '{id: $id, name: $name, roleName: "az signer", description: "changed", actions: [], notActions: [],
          dataActions: ["Microsoft.KeyVault/managedHsm/keys/read/action", "Microsoft.KeyVault/managedHsm/keys/sign/action"], notDataActions: []}')"
    has '.description == "changed" and .name == $value' "$(cat role.name)"
}

definition_deleted() {
    role definition delete --name "$(cat role.name)"
    refused RoleDefinitionNotFound role definition show --name "$(cat role.name)"
}

denied() {
    create ec az-signed
    signer
    refused AccessDenied as_signer key show az-signed
}

assigned() {
    role assignment create --role "az signer" --scope /keys/az-signed \
        --assignee-object-id "$(cat signer.oid)" --assignee-principal-type ServicePrincipal
    has '.scope == "/keys/az-signed"'
    jq -r .name <<<"$answer" >assignment.name
    as_signer signed az-signed ES256
    refused AccessDenied as_signer key show az-attested
}

assignments_listed() {
    role assignment list --scope /keys/az-signed
    has 'any(.[]; .name == $value)' "$(cat assignment.name)"
    has 'any(.[]; .roleName == "az signer")'
    role assignment list --scope /
    has 'all(.[]; .name != $value)' "$(cat assignment.name)"
    # By the name of the application, which Graph knows. A GUID to create for
    # is taken for an object id by the CLI itself.
    role assignment create --role "az signer" --scope /keys/az-attested --assignee "$(cat signer.oid)"
    has '.principalId == $value' "$(cat signer.oid)"
    role assignment list --scope /keys/az-attested --assignee "$(cat signer.id)"
    has 'length == 1 and .[0].principalName == $value' "$(cat signer.id)"
    role assignment delete --scope /keys/az-attested --assignee "$(cat signer.id)" --role "az signer"
    role assignment list --scope /keys/az-attested
    has 'length == 0'
}

unassigned() {
    role assignment delete --name "$(cat assignment.name)" --scope /keys/az-signed
    refused AccessDenied as_signer key show az-signed
}

unknown_role() {
    refused RoleDefinitionNotFound role assignment create --scope / \
        --role "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/$(cat role.name)" \
        --assignee-object-id "$(cat signer.oid)" --assignee-principal-type ServicePrincipal
}

setting=AllowKeyManagementOperationsThroughARM

settings_listed() {
    answer=$(az keyvault setting list --hsm-name localhost)
    has 'tostring | contains($value)' $setting
    answer=$(az keyvault setting show --hsm-name localhost --name $setting)
    has '.value == "false"'
}

setting_updated() {
    local value
    for value in true false; do
        answer=$(az keyvault setting update --hsm-name localhost --name $setting --value $value)
        has '.value == $value' $value
    done
}

access() {
    step "role definition create" definition_created
    step "role definition list, show" definition_listed
    step "role definition update" definition_updated
    step "error: wrong role" denied
    step "role assignment create" assigned
    step "role assignment list, show" assignments_listed
    step "role assignment delete" unassigned
    step "role definition delete" definition_deleted
    step "error: unknown role" unknown_role
    step "setting list, show" settings_listed
    step "setting update" setting_updated
}
