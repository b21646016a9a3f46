#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm role and setting: who may do what, seen by the administrator of the HSM
# and by somebody who administers one key.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
tab=$(printf '\t')
none=00000000-0000-4000-8000-000000000000

# Another principal, and commands run as it.
control principals '{"name": "other"}' >other.json
other=$(jq -r .oid other.json)
as_other() {
    env AZURE_CLIENT_ID="$(jq -r .client_id other.json)" \
        AZURE_CLIENT_SECRET="$(jq -r .client_secret other.json)" "$TEST_COMMAND" "$@"
}
me=$(mhsm login test -o json | jq -r .objectId)
mhsm key create -n k --kty EC -o json >/dev/null
mhsm key create -n l --kty EC -o json >/dev/null

# Definitions.
check "the roles" mhsm role definition list -o tsv
equal "  are in 4 columns" "$(awk -F '\t' '{ print NF }' out | sort -u)" 4
output_has "  with the built-in ones" "^Managed HSM Crypto User${tab}built-in${tab}21dbd100-6940-42c2-9190-5d6cb909625b"
check "in JSON" mhsm role definition list -o json
equal "  as the service gives them" "$(jq -r '[.[] | select(.type != "Microsoft.Authorization/roleDefinitions")] | length' out)" 0
check "a role by name" mhsm role definition show --role 'managed hsm crypto auditor'
output_has "  tells its actions" '^Data actions: .*keys/read/action'
check "by GUID" mhsm role definition show --role 21dbd100-6940-42c2-9190-5d6cb909625c -o json
equal "  is another" "$(jq -r .properties.roleName out)" 'Managed HSM Crypto Service Release User'
check "a custom role" mhsm role definition create --role-name 'TLS signer' --description 'Signs' \
    --data-actions keys/read/action,Microsoft.KeyVault/managedHsm/keys/sign/action -o json
signer=$(jq -r .name out)
equal "  is as asked" "$(jq -cS '.properties | [.roleName, .description, .type, .permissions[0].dataActions]' out)" \
    '["TLS signer","Signs","CustomRole",["Microsoft.KeyVault/managedHsm/keys/read/action","Microsoft.KeyVault/managedHsm/keys/sign/action"]]'
check "it is found by its name" mhsm role definition show --role 'tls SIGNER' -o tsv
equal "  in 6 columns" "$(cat out)" "TLS signer${tab}custom${tab}$signer${tab}Signs${tab}keys/read/action,keys/sign/action${tab}"
check "it is changed" mhsm role definition update --role 'TLS signer' --description 'Signs for TLS' -o json
equal "  in that alone" "$(jq -cS '.properties | [.roleName, .description, (.permissions[0].dataActions | length)]' out)" \
    '["TLS signer","Signs for TLS",2]'
check "its actions are replaced" mhsm role definition update --role "$signer" \
    --data-actions keys/read/action,keys/sign/action,keys/create --except keys/create -o tsv
equal "  with exceptions" "$(cut -f 5,6 out)" "keys/read/action,keys/sign/action,keys/create${tab}keys/create"
check "one with a GUID of one's own" mhsm role definition create --role-name twin --guid "$none" --data-actions rng/action
mhsm role definition create --role-name Twin --data-actions rng/action >/dev/null
expect_exit 2 "two of one name" mhsm role definition show --role twin
errors_have "  are told apart by GUIDs" 'name it by its GUID'
expect_exit 2 "deleting without a word" mhsm role definition delete --role "$none" </dev/null
check "one is deleted" mhsm role definition delete --role "$none" --yes
equal "  and says nothing" "$(cat out)$(cat err)" ""
check "the other by its name" mhsm role definition delete --role twin -y
expect_exit 3 "a role that is not" mhsm role definition show --role nobody
errors_have "  points at the list" 'role definition list'
expect_exit 3 "a GUID that is not" mhsm role definition show --role "$none"
expect_exit 1 "a built-in role" mhsm role definition delete --role 'Managed HSM Backup' --yes
errors_have "  is not ours to delete" 'built-in'
for bad in 'keys sign' '' 'keys/sign/action,' 'keys/sign?'; do
    expect_exit 2 "the action '$bad'" mhsm role definition create --role-name x --data-actions "$bad"
    errors_have "  is none" 'is not a data action'
done
expect_exit 1 "an action that the service does not know" mhsm role definition create --role-name x --data-actions keys/fly/action
expect_exit 2 "no actions" mhsm role definition create --role-name x
expect_exit 2 "nothing to change" mhsm role definition update --role 'TLS signer'
expect_exit 2 "exceptions from nothing" mhsm role definition update --role 'TLS signer' --except keys/delete
expect_exit 2 "no GUID" mhsm role definition create --role-name x --data-actions rng/action --guid 123

# As JSON: the Azure CLI's form, by every way in, and what the service answers.
cat >role.json <<'TEXT'
{"roleName": "JSON signer", "description": "From a file", "actions": [], "NotActions": [],
 "dataActions": ["Microsoft.KeyVault/managedHsm/keys/read/action", "Microsoft.KeyVault/managedHsm/keys/sign/action"],
 "notDataActions": [], "assignableScopes": ["/"]}
TEXT
what='.properties | [.roleName, .description, .permissions[0].dataActions, .permissions[0].notDataActions]'
signs='["Microsoft.KeyVault/managedHsm/keys/read/action","Microsoft.KeyVault/managedHsm/keys/sign/action"]'
check "a role from a file" mhsm role definition create --role-definition role.json -o json
equal "  is as written" "$(jq -c "$what" out)" "[\"JSON signer\",\"From a file\",$signs,[]]"
mhsm role definition show --role 'JSON signer' -o json >shown.json
check "from standard input, what was shown" mhsm role definition create --role-name Copy --role-definition - -o json <shown.json
equal "  under another name" "$(jq -c "$what" out)" "[\"Copy\",\"From a file\",$signs,[]]"
equal "  with a GUID of its own" "$([ "$(jq -r .name out)" != "$(jq -r .name shown.json)" ] && echo yes)" yes
check "from the command line" mhsm role definition create --data-actions rng/action \
    --role-definition '{"roleName": "Inline", "dataActions": ["keys/read/action"], "notDataActions": ["keys/read/action"]}' -o json
equal "  where an option replaces its part" "$(jq -c "$what" out)" \
    '["Inline","",["Microsoft.KeyVault/managedHsm/rng/action"],["Microsoft.KeyVault/managedHsm/keys/read/action"]]'
check "it changes a role" mhsm role definition update --role Inline --role-definition '{"description": "Changed"}' -o json
equal "  in that alone" "$(jq -c "$what" out)" \
    '["Inline","Changed",["Microsoft.KeyVault/managedHsm/rng/action"],["Microsoft.KeyVault/managedHsm/keys/read/action"]]'
check "  or in its actions" mhsm role definition update --role Inline --role-definition role.json -o json
equal "  as a whole" "$(jq -c "$what" out)" "[\"JSON signer\",\"From a file\",$signs,[]]"
control stats >before
wrong() { # WHAT JSON MESSAGE
    expect_exit 6 "JSON with $1" mhsm role definition create --role-definition "$2"
    errors_have "  is refused by name" "$3"
}
wrong "a slip" '{"roleName": "x", "dataAction": ["rng/action"]}' 'dataAction is no member'
wrong "an end too early" '{"roleName": "x"' 'no JSON object'
wrong "management actions" '{"roleName": "x", "actions": ["*"], "dataActions": ["rng/action"]}' 'actions is about'
wrong "a narrow scope" '{"roleName": "x", "assignableScopes": ["/keys"], "dataActions": ["rng/action"]}' 'assignableScopes can only'
wrong "a number" '{"roleName": 7, "dataActions": ["rng/action"]}' 'roleName is not a string'
wrong "one text for a list" '{"roleName": "x", "dataActions": "rng/action"}' 'dataActions is not a list'
wrong "numbers in a list" '{"roleName": "x", "dataActions": [1]}' 'dataActions is not a list of strings'
wrong "two permissions" '{"roleName": "x", "permissions": [{}, {}]}' 'permissions is not a list of one'
wrong "properties that are none" '{"properties": []}' 'properties is not an object'
echo '["roleName"]' >list.json
expect_exit 6 "a file with something else" mhsm role definition create --role-definition list.json
errors_have "  is refused" 'no JSON object'
expect_exit 2 "a file without an end" mhsm role definition create --role-definition /dev/zero
expect_exit 1 "a file that is not" mhsm role definition create --role-definition none.json
errors_have "  is named" 'none.json'
expect_exit 2 "a role without actions" mhsm role definition create --role-definition '{"roleName": "x"}'
expect_exit 2 "the name of a built-in role" mhsm role definition create --role-name 'managed hsm backup' --data-actions rng/action
errors_have "  is taken" 'is the name of a built-in role'
expect_exit 2 "a name that is no UTF-8" mhsm role definition create --role-name "$(printf 'r\351')" --data-actions rng/action
errors_have "  is refused" 'UTF-8'
expect_exit 2 "a value that is no UTF-8" mhsm setting set --name AllowKeyManagementOperationsThroughARM --value "$(printf '\351')"
errors_have "  is refused" 'UTF-8'
control stats >after
equal "none of which cost a request" "$(jq .requests after)" "$(jq .requests before)"

# Assignments.
expect_exit 4 "the other has no role" as_other key show -n k
check "one is given for one key" mhsm role assignment create --role 'TLS signer' --assignee "$other" --scope /keys/k -o json
given=$(jq -r .name out)
equal "  is as asked" "$(jq -cS '.properties | [.principalId, .scope, (.roleDefinitionId | split("/") | last)]' out)" \
    "[\"$other\",\"/keys/k\",\"$signer\"]"
check "it acts there" as_other key show -n k
expect_exit 4 "  and not elsewhere" as_other key show -n l
expect_exit 4 "  nor beyond it" as_other key delete -n k --yes
check "the assignments of the key" mhsm role assignment list --scope /keys/k -o tsv
equal "  are this one" "$(cat out)" "$given$tab$other$tab$signer$tab/keys/k"
check "those of the HSM" mhsm role assignment list --assignee "$me" -o json
equal "  are others" "$(jq -r '.[].properties.scope' out | sort -u)" /
equal "  of that principal" "$(jq -r '.[].properties.principalId' out | sort -u)" "$me"
check "one is shown" mhsm role assignment show --guid "$given" --scope /keys/k
output_has "  for people" "^Principal: +$other\$"
output_has "  with its scope" '^Scope: +/keys/k$'
check "a table of them" mhsm role assignment list
output_has "  has the names of built-in roles" "^[0-9a-f-]{36}  $me  Managed HSM Crypto User$"
check "  at a terminal" script -qec "stty cols 80; '$TEST_COMMAND' role assignment list" /dev/null
equal "  that is not overrun" "$(tr -d '\r' <out | wc -L | awk '{ print $1 <= 80 }')" 1
expect_exit 3 "at another scope" mhsm role assignment show --guid "$given" --scope /keys
expect_exit 1 "the same again" mhsm role assignment create --role 'TLS signer' --assignee "$other" --scope /keys/k
errors_have "  is a conflict" 'already exists'
expect_exit 1 "a role that is assigned" mhsm role definition delete --role 'TLS signer' --yes
control stats >before
expect_exit 2 "a principal by name" mhsm role assignment create --role 'Managed HSM Backup' --assignee admin@example.net
errors_have "  is no object id" 'object id'
for scope in keys /keys/ /key //keys /keys/k/v '/keys/a b' /keys/../rng ''; do
    expect_exit 2 "the scope '$scope'" mhsm role assignment list --scope "$scope"
    errors_have "  is none" 'it is /, /keys or /keys/NAME'
done
expect_exit 2 "an assignment by name" mhsm role assignment show --guid mine
control stats >after
equal "none of which cost a request" "$(jq .requests after)" "$(jq .requests before)"

# Somebody who administers one key: no call goes above it.
mhsm role assignment create --role 'Managed HSM Policy Administrator' --assignee "$other" --scope /keys/l >/dev/null
control reset >reset.json
check "an administrator of one key gives a built-in role" as_other role assignment create \
    --role 'Managed HSM Crypto User' --assignee "$other" --scope /keys/l
check "  and a custom one by name" as_other role assignment create --role 'TLS signer' --assignee "$none" --scope /keys/l -o json
taken=$(jq -r .name out)
check "  lists them" as_other role assignment list --scope /keys/l -o tsv
equal "    all" "$(wc -l <out | tr -d ' ')" 3
check "  takes one away" as_other role assignment delete --guid "$taken" --scope /keys/l --yes
equal "  and asks nothing of a wider scope" \
    "$(control stats | jq -c '[.routes | to_entries[] | .key | select(test("role(Def|Ass)") and (test("/keys/") | not))]')" '[]'
check "  the key can be used" as_other key show -n l
expect_exit 4 "  at the HSM it has no say" as_other role assignment list
errors_have "    and is told so" 'Managed HSM Policy Administrator'
expect_exit 2 "taking away without a word" mhsm role assignment delete --guid "$given" --scope /keys/k </dev/null

# May they?
check "may I sign?" mhsm role check --action keys/sign/action --key k
output_has "  yes" '^Granted: +yes$'
output_has "  and by what" '^By: +Managed HSM Crypto User at / \(assignment [0-9a-f-]{36}\)$'
check "may the other?" mhsm role check --action keys/sign/action --key k --assignee "$other" -o json
equal "  by the custom role" "$(jq -cS '[.granted, .notSeen, (.grants[] | [.role, .scope, .assignment])]' out)" \
    "[true,[],[\"TLS signer\",\"/keys/k\",\"$given\"]]"
expect_exit 4 "may it create?" mhsm role check --action keys/create --key k --assignee "$other" -o tsv
equal "  no: that is excepted" "$(cut -f 2-5 out)" "keys/create$tab/keys/k${tab}no$tab"
expect_exit 4 "may it elsewhere?" mhsm role check --action keys/sign/action --assignee "$other" --scope /keys
check "may it, as it asks itself?" as_other role check --action keys/sign/action --key l
output_has "  yes, at its key" '^By: +Managed HSM Crypto User at /keys/l'
output_has "  and what it cannot see" '^Not seen: +assignments at /keys, /$'
expect_exit 4 "may nobody?" mhsm role check --action keys/create --assignee "$none"
output_has "  no" '^Granted: +no$'
output_has "  save through groups" '^Not seen: +what groups of the principal have$'
expect_exit 4 "  in JSON" mhsm role check --action keys/create --assignee "$none" -o json
equal "  too" "$(jq -cS '[.granted, .grants, .notSeen, .groupsSeen]' out)" '[false,[],[],false]'
expect_exit 4 "may it purge?" as_other role check --action keys/deletedKeys/delete --key l
output_has "  that cannot be known" '^Granted: +not known$'
output_has "  nor what groups have" '^Not seen: +what groups of the principal have, assignments at /keys, /$'
expect_exit 4 "at a scope that it may not see" as_other role check --action keys/sign/action --key k
errors_have "  the service says so" 'AccessDenied|roleAssignments/read'
expect_exit 2 "two scopes" mhsm role check --action keys/sign/action --key k --scope /keys
expect_exit 2 "no action" mhsm role check --key k
check "the assignment is deleted" mhsm role assignment delete --guid "$given" --scope /keys/k --yes
expect_exit 4 "  and acts no more" as_other key show -n k

# Settings.
name=AllowKeyManagementOperationsThroughARM
check "the settings" mhsm setting list -o tsv
equal "  are as they come" "$(cat out)" "$name${tab}boolean${tab}false"
check "one is set" mhsm setting set --name $name --value true
output_has "  and shown" '^Value: true$'
check "it is kept" mhsm setting show --name $name -o json
equal "  as text" "$(jq -r .value out)" true
check "  listed in JSON" mhsm setting list -o json
equal "  too" "$(jq -r '.[0].value' out)" true
expect_exit 1 "a value that it does not take" mhsm setting set --name $name --value maybe
expect_exit 3 "a setting that is not" mhsm setting show --name Nonesuch
expect_exit 4 "settings of others" as_other setting list
errors_have "  need the administrator's role" 'Managed HSM Administrator'
for bad in '../keys' 'a b' '' '..'; do
    expect_exit 2 "the setting '$bad'" mhsm setting show --name "$bad"
    errors_have "  is none" 'no name of a setting'
done

# A vault has neither.
expect_exit 2 "roles of a Key Vault" mhsm role definition list --hsm https://contoso.vault.azure.net
errors_have "  there are none" 'is a Key Vault: it has no local RBAC'
expect_exit 2 "settings of a Key Vault" mhsm setting list --hsm https://contoso.vault.usgovcloudapi.net
errors_have "  there are none" 'it has no settings'

finish
