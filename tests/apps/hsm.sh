#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm hsm: two HSMs of one emulator, and the whole life of the second, from its
# name to its end; who is let in, and what is told when something is in the way.
. "${0%/*}/../lib.sh"

emulator_start --work-time 1500
cd "$work"
tab=$(printf '\t')
me=$(mhsm hsm list -o json | jq -r '.[0].properties.initialAdminObjectIds[0]')
first=$MHSM_ENDPOINT

hsm() {
    mhsm hsm "$@"
}

# The management plane alone is asked: it needs no endpoint.
unset MHSM_ENDPOINT

check "the HSMs" hsm list -o tsv
equal "  are the one that is there from the start" "$(cut -f 1,2,3,4,6 out)" "localhost${tab}emulator${tab}local${tab}Succeeded${tab}$first"
check "one by its name alone" hsm show -n LocalHost
output_has "  is found in its group" '^Resource group: +emulator$'
check "  in JSON" hsm show --hsm localhost -g Emulator -o json
equal "  as the service gives it" "$(jq -r '.type, .sku.name' out | tr '\n' ' ')" "Microsoft.KeyVault/managedHSMs Standard_B1 "
expect_exit 3 "one that is not" hsm show -n nobody
errors_have "  points at the lists" 'mhsm hsm list-deleted'
expect_exit 3 "another group" hsm show -n localhost -g none
expect_exit 3 "another subscription" hsm list --subscription-id 00000000-0000-4000-8000-000000000000
errors_have "  points at the option" 'subscription-id'
expect_exit 2 "no subscription" env -u AZURE_SUBSCRIPTION_ID "$TEST_COMMAND" hsm list
errors_have "  points at it, too" 'AZURE_SUBSCRIPTION_ID'
expect_exit 2 "no HSM" hsm show
for bad in ab -abc a--b a/b 'a?b'; do
    expect_exit 2 "the name $bad" hsm show "--name=$bad"
    errors_have "  is none" 'is no name of an HSM'
done

# Who has no role of Azure RBAC.
control principals '{"name": "other"}' >other.json
expect_exit 4 "somebody else" env AZURE_CLIENT_ID="$(jq -r .client_id other.json)" \
    AZURE_CLIENT_SECRET="$(jq -r .client_secret other.json)" "$TEST_COMMAND" hsm list
errors_have "  learns which role he lacks" 'Managed HSM contributor'

# It is made.
check "a name that is free" hsm check-name -n second
output_has "  is" '^Available: +yes$'
expect_exit 1 "a name that is taken" hsm check-name -n localhost -o json
equal "  is not" "$(jq -r .reason out)" AlreadyExists
expect_exit 1 "a name that is none" hsm check-name -n 1
output_has "  is not either" AccountNameInvalid
expect_exit 2 "without a location" hsm create -n second -g emulator
expect_exit 2 "a location that is none" hsm create -n second -g emulator -l 'west/europe'
expect_exit 2 "an administrator by name" hsm create -n second -g emulator -l westeurope --administrator me@example.net
expect_exit 3 "a group that is not" hsm create -n second -g none -l westeurope
errors_have "  is named" "Resource group 'none'"
expect_exit 1 "a SKU that is not" hsm create -n second -g emulator -l westeurope --sku Standard_A0
expect_exit 2 "a time that is too short" hsm create -n second -g emulator -l westeurope --retention-days 6
check "a second HSM" hsm create -n second -g emulator -l westeurope --retention-days 7 --tags team=a --tags use=test -o json
equal "  is as asked" "$(jq -c '[.location, .tags, .properties.softDeleteRetentionInDays, .properties.initialAdminObjectIds]' out)" \
    "[\"westeurope\",{\"team\":\"a\",\"use\":\"test\"},7,[\"$me\"]]"
errors_have "  and it was told what went on" 'making the HSM: Provisioning: Allocating hardware'
second=$(jq -r .properties.hsmUri out)
second=${second%/}
expect_exit 1 "the same again, elsewhere" hsm create -n second -g emulator -l northeurope
errors_have "  is refused" 'already exists in location'

# Its domain may come from another HSM: then it waits for that.
check "a third HSM" hsm create -n third -g emulator -l westeurope
equal "  is as the second" "$(hsm activation -n third -o json | jq -r .activationStatus)" NotActivated
check "  and can be brought to" env MHSM_ENDPOINT="$(hsm show -n third -o json | jq -r '.properties.hsmUri | rtrimstr("/")')" \
    "$TEST_COMMAND" security-domain init-recovery --out exchange.pem
equal "  wait for a domain" "$(hsm show -n third -o json | jq -r .properties.provisioningState)" SecurityDomainRestore

# It serves when it is activated, and keeps its keys apart from the first's.
expect_exit 1 "it is not activated" hsm activation -n second -o json
equal "  as the management plane says" "$(jq -r .activationStatus out)" NotActivated
expect_exit 1 "  and people are told" hsm activation -n second
errors_have "  what comes next" 'security-domain download'
at_second() {
    MHSM_ENDPOINT=$second mhsm "$@"
}
check "keys of three holders" mhsm security-domain keygen --holder a --holder b --holder c --size 2048 --unencrypted --out keys
check "its security domain" at_second security-domain download --wrapping-cert keys/a.cer --wrapping-cert keys/b.cer \
    --wrapping-cert keys/c.cer --quorum 2 --out second.json
check "it is activated" hsm activation -n second
output_has "  as the management plane says" '^Activation: +Active$'
output_has "  and as it answers" '^HSM answers: +it serves keys'
check "the administrator takes a role" at_second role assignment create --role 'Managed HSM Crypto User' --assignee "$me"
check "a key" at_second key create -n only --kty EC
expect_exit 3 "  is not the first's" env MHSM_ENDPOINT="$first" "$TEST_COMMAND" key show -n only

# It goes to a blob store as the identity that it has been given. There is none
# at that address: only who it would go as is looked at.
backup_error() {
    _job=$(curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" -H "Authorization: Bearer $(token)" \
        -H 'Content-Type: application/json' -d '{"storageResourceUri":"https://127.0.0.1:1/c","useManagedIdentity":true}' \
        -X POST "$second/backup?api-version=7.5" | jq -r .jobId)
    _tries=0
    while [ "$_tries" -lt 100 ]; do
        curl -sS --cacert "$MHSM_CA_FILE" -H "Authorization: Bearer $(token)" "$second/backup/$_job/pending?api-version=7.5" >job.json
        [ "$(jq -r .status job.json)" = InProgress ] || break
        _tries=$((_tries + 1))
        sleep 0.1
    done
    jq -r '.status + ": " + .error.message' job.json
}
equal "no identity is there for backups" "$(backup_error)" "Failed: The HSM has no user-assigned managed identity"

# Changes.
expect_exit 2 "nothing to change" hsm update -n second
identity=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/backup
check "an identity, and other tags" hsm update -n second --identity "$identity" --tags team=b -o json
equal "  are there, and nothing else is changed" "$(jq -c '[.tags, (.identity.userAssignedIdentities | keys), .properties.softDeleteRetentionInDays]' out)" \
    "[{\"team\":\"b\"},[\"$identity\"],7]"
case $(backup_error) in
*"no user-assigned"*) fail "  and it is there for backups" job.json ;;
Failed:*) pass "  and it is there for backups" ;;
*) fail "  what became of the backup" job.json ;;
esac
check "another identity" hsm update -n second --identity "$identity-2" -o json
equal "  in its place" "$(jq -r '.identity.userAssignedIdentities | keys | join(" ")' out)" "$identity-2"
check "no identity" hsm update -n second --no-identities -o tsv
equal "  any more" "$(cut -f 15 out)" ""
expect_exit 2 "an identity that is none" hsm update -n second --identity backup
expect_exit 2 "a list that is given and emptied" hsm update -n second --identity "$identity" --no-identities
expect_exit 1 "a subnet" hsm update -n second --network-rule "$identity"
errors_have "  is the service's to refuse" 'not supported by managed HSMs'

# From where it can be reached.
check "rules" hsm update -n second --default-action Deny --ip-rule 127.0.0.16/28 --ip-rule 203.0.113.7
output_has "  are shown" '^IP rules: +127.0.0.16/28,203.0.113.7$'
expect_exit 4 "then it lets nobody in" at_second key show -n only
errors_have "  and says so" 'network rules do not admit'
expect_exit 1 "  what the answer is" hsm activation -n second
output_has "  is told" '^HSM answers: .*(Client address|not authorized)'
check "other rules" hsm update -n second --default-action Allow --no-ip-rules -o json
equal "  keep what is not named" "$(jq -c '.properties.networkAcls | [.defaultAction, .ipRules]' out)" '["Allow",[]]'
check "it can be reached again" at_second key show -n only
check "no public access" hsm update -n second --public-access Disabled
expect_exit 4 "  keeps all out" at_second key show -n only
errors_have "  but private endpoints" 'private endpoint'
control private-endpoints '{"hsm":"second","name":"office","address":"127.0.0.1"}' >made.json
check "one of these" hsm private-endpoint list -n second -o tsv
equal "  asks to be let in" "$(cut -f 1,2 out)" "office${tab}Pending"
check "  and is" hsm private-endpoint approve -n second --connection office --description 'it is ours'
check "  as is shown" hsm private-endpoint list -n second -o json
equal "  with the reason" "$(jq -r '.[0].properties.privateLinkServiceConnectionState | .status + " " + .description' out)" "Approved it is ours"
# The program comes from 127.0.0.1 or from ::1, as the resolver has it.
check "callers from there come in" env MHSM_ENDPOINT="https://127.0.0.1:${second##*:}" "$TEST_COMMAND" key show -n only
check "it is rejected" hsm private-endpoint reject -n second --connection office
expect_exit 4 "  and they do not" env MHSM_ENDPOINT="https://127.0.0.1:${second##*:}" "$TEST_COMMAND" key show -n only
expect_exit 2 "removing it without a word" hsm private-endpoint delete -n second --connection office </dev/null
check "removing it" hsm private-endpoint delete -n second --connection office --yes
expect_exit 3 "  it is gone" hsm private-endpoint approve -n second --connection office
check "public access again" hsm update -n second --public-access Enabled

# Another region.
check "no region" hsm region list -n second -o tsv
equal "  at first" "$(cat out)" ""
check "one" hsm region add -n second --region northeurope
check "the regions" hsm region list -n second -o tsv
equal "  are two" "$(tr '\t\n' '  ' <out)" "westeurope Succeeded yes northeurope Succeeded no "
check "the same again" hsm region add -n second -r NorthEurope
expect_exit 1 "a third" hsm region add -n second -r eastus
expect_exit 2 "the first" hsm region remove -n second -r westeurope --yes
expect_exit 1 "deleting what is extended" hsm delete -n second --yes
errors_have "  tells why" 'has to be removed first'
check "one is removed" hsm region remove -n second -r northeurope -y
check "  in no time when it is not there" hsm region remove -n second -r northeurope -y

# Work that fails, that is in the way, that is left alone.
control work '{"ms": 1500, "fail": "the disk is full"}' >made.json
expect_exit 5 "work that fails" hsm update -n second --tags a=b
errors_have "  tells why" 'cannot change HSM second: the disk is full'
expect_exit 5 "  and so does waiting for it" hsm wait -n second
output_has "  which shows it" '^State: +Failed$'
check "work that is begun" hsm update -n second --tags a=c --no-wait -o json
equal "  is under way" "$(jq -r .properties.provisioningState out)" Updating
expect_exit 1 "other work meanwhile" hsm update -n second --no-tags
errors_have "  points at waiting" 'mhsm hsm wait'
check "  which somebody else may do" hsm wait -n second -o json
equal "  to the end" "$(jq -rc '.properties.provisioningState, .tags' out | tr '\n' ' ')" 'Succeeded {"a":"c"} '
control work '{"ms": 60000}' >made.json
expect_exit 5 "work that takes too long" hsm update -n second --no-tags --wait 1
errors_have "  goes on" 'it must not be sent again'
"$TEST_COMMAND" hsm wait -n second >waited.out 2>waited.err &
waiter=$!
started "$waiter"
await grep -q 'waiting for the HSM' waited.err
kill -INT "$waiter"
code=0
wait "$waiter" || code=$?
stop "$waiter"
equal "interrupted" "$code" 130
cp waited.err err
errors_have "  it says so" 'interrupted: HSM second is still Updating'
control clock '{"advance": 61}' >made.json
control work '{"ms": 500}' >made.json
check "then it is done" hsm wait -n second

# What the service does to callers.
control faults '{"faults":[{"route":"arm-show","action":"status","status":429,"retry_after":"1","count":1}]}' >made.json
check "patience with a busy service" hsm show -n second -g emulator
control faults '{"faults":[{"route":"arm-show","action":"garbage","count":1}]}' >made.json
expect_exit 1 "an answer that is none" hsm show -n second -g emulator
control faults '{"faults":[{"route":"arm-show","action":"truncate","count":1}]}' >made.json
check "half an answer" hsm show -n second -g emulator
control reset >made.json
control faults '{"faults":[{"route":"arm-patch","action":"reset","count":1}]}' >made.json
expect_exit 5 "a change whose answer is lost" hsm update -n second -g emulator --tags x=y
equal "  is not sent again" "$(control stats | jq '[.routes | to_entries[] | select(.key | startswith("PATCH ")) | .value] | add')" 1

# Its end.
expect_exit 2 "deleting without a word" hsm delete -n second </dev/null
check "it is deleted" hsm delete -n second --yes
equal "  and says nothing" "$(cat out)" ""
expect_exit 5 "  nobody reaches it" at_second key show -n only --retries 0
check "the deleted ones" hsm list-deleted -o tsv
equal "  are this one" "$(cut -f 1,2,3,6 out)" "second${tab}emulator${tab}westeurope${tab}no"
expect_exit 1 "its name is taken" hsm create -n second -g emulator -l westeurope
errors_have "  and what can be done is told" 'mhsm hsm recover'
check "it is recovered" hsm recover -n second -o tsv
equal "  to where it was" "$(cut -f 4 out)" "$second"
check "  with its keys" at_second key show -n only
expect_exit 2 "purge protection without a word" hsm update -n second --purge-protection </dev/null
check "purge protection" hsm update -n second --purge-protection --yes
output_has "  is on" '^Purge protection: +yes$'
check "it is deleted again" hsm delete -n second -y
expect_exit 1 "it cannot be purged" hsm purge -n second -y
errors_have "  nor need it be" 'at the end of its retention time'
check "it comes back" hsm recover -n second
expect_exit 3 "purging what lives" hsm purge -n third -y
check "it is deleted" hsm delete -n third -y
expect_exit 2 "purging without a word" hsm purge -n third </dev/null
check "it is purged" hsm purge -n third -y
check "  and its name is free" hsm check-name -n third
expect_exit 3 "  it cannot come back" hsm recover -n third
finish
