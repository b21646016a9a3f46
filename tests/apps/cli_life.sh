#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm key: update, rotate, rotation-policy, backup, restore, and keys that may
# leave the HSM.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
tab=$(printf '\t')

# Update: one version, and only what was asked for.
check "a key" mhsm key create -n k --kty RSA --tags a=1 --tags b=2 -o json
first=$(jq -r '.key.kid' out)
check "a second version" mhsm key create -n k --kty RSA --tags c=3 -o json
second=$(jq -r '.key.kid' out)
check "everything is changed" mhsm key update -n k --enabled no --ops sign,verify \
    --not-before 2026-01-31 --expires 2030-01-31 --tags d=4 --tags e=5 -o json
equal "  of the latest version" "$(jq -r .key.kid out)" "$second"
equal "  as asked" "$(jq -cS '[.attributes.enabled, .attributes.nbf, .attributes.exp, (.key.key_ops | sort), .tags]' out)" \
    '[false,1769817600,1896048000,["sign","verify"],{"d":"4","e":"5"}]'
check "the other version" mhsm key show --id "$first" -o json
equal "  is as it was" "$(jq -cS '[.attributes.enabled, .tags]' out)" '[true,{"a":"1","b":"2"}]'
check "one thing is changed" mhsm key update -n k --enabled yes -o json
equal "  and nothing else" "$(jq -cS '[.attributes.enabled, .attributes.nbf, .tags]' out)" \
    '[true,1769817600,{"d":"4","e":"5"}]'
check "an old version is disabled" mhsm key update --id "$first" --enabled no --no-tags -o json
equal "  and has no tags" "$(jq -cS '[.key.kid, .attributes.enabled, .tags]' out)" "[\"$first\",false,null]"
check "by name and version" mhsm key update -n k -v "${first##*/}" --enabled yes
output_has "  is told for people" '^Enabled: +yes$'
expect_exit 4 "a disabled version" sh -c '
    "$TEST_COMMAND" key update -n k --enabled no >/dev/null &&
    echo x | "$TEST_COMMAND" sign -n k -a RS256 --format hex'
errors_have "  cannot sign" 'enable this key version'
control stats >before
expect_exit 2 "nothing to change" mhsm key update -n k
errors_have "  is told" 'nothing to change'
expect_exit 2 "import beside others" mhsm key update -n k --ops import,sign
expect_exit 2 "tags and none" mhsm key update -n k --tags a=b --no-tags
expect_exit 2 "a word for enabled" mhsm key update -n k --enabled true
expect_exit 2 "an end before the beginning" mhsm key update -n k --not-before 2026-02-01 --expires 2026-01-31
control stats >after
equal "  none of which cost a request" "$(jq .requests after)" "$(jq .requests before)"
expect_exit 3 "a key that is not" mhsm key update -n none --enabled no
mhsm key create -n ec --kty EC >/dev/null
expect_exit 1 "an operation that the type lacks" mhsm key update -n ec --ops encrypt
expect_exit 2 "a policy that is no JSON" sh -c 'echo hello >p && "$TEST_COMMAND" key update -n k --release-policy p'
errors_have "  is told" 'release policy is not a JSON object'

# Rotation: a policy, versions, no policy.
expect_exit 1 "rotation without a policy" mhsm key rotate -n k
errors_have "  tells what is missing" 'rotation-policy set'
check "no policy" mhsm key rotation-policy show -n k
equal "  is told" "$(cat out)" "Rotates after creation: never"
check "no policy in tsv" mhsm key rotation-policy show -n k -o tsv
equal "  is five empty columns" "$(cat out)" "$tab$tab$tab$tab"
check "a policy" mhsm key rotation-policy set -n k --after-create P90D --expiry P2Y -o tsv
equal "  is as asked" "$(cut -f 1-3 out)" "P90D$tab${tab}P2Y"
check "another" mhsm key rotation-policy set -n k --before-expiry P1M --expiry P1Y6M -o json
equal "  replaces it" "$(jq -cS '[.lifetimeActions, .attributes.expiryTime]' out)" \
    '[[{"action":{"type":"Rotate"},"trigger":{"timeBeforeExpiry":"P1M"}}],"P1Y6M"]'
check "it is shown" mhsm key rotation-policy show -n k
output_has "  for people" '^Rotates before expiry: P1M$'
check "a rotation" mhsm key rotate -n k -o json
third=$(jq -r .key.kid out)
equal "  makes a third version" "$(mhsm key list-versions -n k -o tsv | wc -l | tr -d ' ')" 3
equal "  that expires" "$(jq '.attributes.exp - .attributes.created > 86400 * 365' out)" true
equal "  and is the latest" "$(mhsm key show -n k -o json | jq -r .key.kid)" "$third"
for bad in P27D P3W PT1H P1H 90 P P-90D P90 90D P1D1Y P999999D "P90D " ''; do
    expect_exit 2 "the duration '$bad'" mhsm key rotation-policy set -n k --after-create "$bad"
    errors_have "  is refused" '(at least 28 days|give --after-create)'
done
expect_exit 2 "both times" mhsm key rotation-policy set -n k --after-create P90D --before-expiry P90D
expect_exit 2 "before no expiry" mhsm key rotation-policy set -n k --before-expiry P90D
expect_exit 2 "an empty policy" mhsm key rotation-policy set -n k
errors_have "  points at remove" 'rotation-policy remove'
expect_exit 2 "removing without a word" mhsm key rotation-policy remove -n k </dev/null
check "removing" mhsm key rotation-policy remove -n k --yes -o json
equal "  leaves none" "$(jq -c .lifetimeActions out)" '[]'
expect_exit 1 "  and no rotation" mhsm key rotate -n k
expect_exit 2 "rotating one version" mhsm key rotate --id "$first"
expect_exit 2 "a policy of one version" mhsm key rotation-policy show --id "$first"
expect_exit 3 "a policy of none" mhsm key rotation-policy show -n none
expect_exit 2 "a noun alone" mhsm key rotation-policy
errors_have "  points at its help" 'see mhsm key rotation-policy --help'

# Backup and restore.
umask 022
check "a backup" mhsm key backup -n k -f k.backup
equal "  says nothing" "$(cat out)$(cat err)" ""
equal "  is its owner's" "$(stat -c %a k.backup)" 600
check "  is what the service's own tools write" grep -Eq '^[A-Za-z0-9_-]+\.\.[A-Za-z0-9._-]+$' k.backup
check "a backup to a pipe" sh -c '"$TEST_COMMAND" key backup -n k | cat >piped'
equal "  is as good" "$(cut -c 1-20 piped)" "$(cut -c 1-20 k.backup)"
expect_exit 1 "restoring over the key" mhsm key restore k.backup
errors_have "  is a conflict" 'k is in use'
mhsm key delete -n k --yes >/dev/null
expect_exit 1 "over the deleted key" mhsm key restore k.backup
mhsm key purge -n k --yes
check "restoring" mhsm key restore k.backup -o json
equal "  gives the latest version" "$(jq -r .key.kid out)" "$third"
equal "  and all of them" "$(mhsm key list-versions -n k -o json | jq -r '.[].kid' | sort)" \
    "$(printf '%s\n' "$first" "$second" "$third" | sort)"
mhsm key delete -n k --yes >/dev/null && mhsm key purge -n k --yes
check "restoring from a pipe" sh -c '"$TEST_COMMAND" key restore - <piped'
mhsm key delete -n k --yes >/dev/null && mhsm key purge -n k --yes
sed 's/..$/xx/' k.backup >damaged
expect_exit 1 "a damaged backup" mhsm key restore damaged
errors_have "  is refused by the HSM" 'security domain'
expect_exit 3 "  and nothing is there" mhsm key show -n k
: >empty
expect_exit 2 "an empty backup" mhsm key restore empty
head -c 800000 /dev/zero >large
expect_exit 2 "a backup that is too large" mhsm key restore large
errors_have "  names the file" 'large is too large: at most 716800 octets'
expect_exit 1 "no backup" mhsm key restore missing
errors_have "  names the file" 'missing'
expect_exit 3 "a backup of none" mhsm key backup -n none -f none.backup
expect_exit 1 "  leaves no file" test -e none.backup
expect_exit 1 "a backup to a full disk" sh -c '"$TEST_COMMAND" key create -n d >/dev/null; "$TEST_COMMAND" key backup -n d >/dev/full'

# Keys that may leave.
cat >policy.json <<'TEXT'
{"version": "1.0.0",
 "anyOf": [{"authority": "https://attest.example.net",
            "allOf": [{"claim": "x-ms-compliance-status", "equals": "azure-compliant-cvm"}]}]}
TEXT
check "an exportable key" mhsm key create -n out --kty RSA --exportable --release-policy policy.json -o json
equal "  has its policy" "$(jq -r .release_policy.data out | tr '_-' '/+' | base64 -d 2>/dev/null | jq -c .anyOf)" \
    "$(jq -c .anyOf policy.json)"
check "it is shown" mhsm key show -n out
output_has "  for people" '^Exportable: +yes, by its release policy$'
check "the policy is replaced" mhsm key update -n out --release-policy policy.json --immutable -o json
equal "  by an immutable one" "$(jq -r .release_policy.immutable out)" true
expect_exit 1 "it is not replaced again" mhsm key update -n out --release-policy policy.json
expect_exit 2 "a policy of a key that stays" mhsm key create -n in --release-policy policy.json
expect_exit 2 "an immutable nothing" mhsm key create -n in --exportable --immutable
expect_exit 1 "a policy that is not there" mhsm key create -n in --exportable --release-policy missing
errors_have "  names the file" 'missing'
echo '{"version":"1.0.0"}' >partial
expect_exit 2 "half a policy" mhsm key create -n in --exportable --release-policy partial

# Waiting for a service that takes its time.
not_yet() {
    control faults "{\"faults\":[{\"route\":\"$1\",\"action\":\"status\",\"status\":$2,\"code\":\"$3\",\"message\":\"$4\",\"count\":$5}]}" >/dev/null
}
asked() {
    control stats | jq --arg r "$1" '.routes | to_entries | map(select(.key == $r) | .value) | add // 0'
}
mhsm key create -n slow --kty EC >/dev/null
control reset >/dev/null
not_yet getdeleted 404 KeyNotFound 'Deleted Key not found: slow' 2
check "a deletion that takes its time" mhsm key delete -n slow --yes --wait 30
output_has "  is told when it is done" '^Purged at: '
equal "  was looked at until then" "$(asked 'GET /deletedkeys/{name}')" 3
equal "  and sent once, behind the challenge" "$(asked 'DELETE /keys/{name}')" 2
control reset >/dev/null
not_yet get 404 KeyNotFound 'not found' 2
check "a recovery that takes its time" mhsm key recover -n slow --wait 30
equal "  was looked at until then" "$(asked 'GET /keys/{name}')" 3
mhsm key delete -n slow --yes >/dev/null
check "a purge" mhsm key purge -n slow --yes --wait 30
control reset >/dev/null
not_yet create 409 ObjectIsBeingDeleted 'slow is being deleted' 2
check "a name that is not free yet" mhsm key create -n slow --kty EC --wait 30
control reset >/dev/null
not_yet getdeleted 404 KeyNotFound 'not found' -1
expect_exit 5 "a deletion that is not done in time" mhsm key delete -n slow --yes --wait 2
errors_have "  is told" 'it was accepted, but .* within 2 seconds'
errors_have "  and not to be repeated" 'must not be sent again'
control reset >/dev/null
mhsm key recover -n slow >/dev/null
not_yet getdeleted 403 AccessDenied 'Not authorized' -1
expect_exit 4 "a wait that is not allowed" mhsm key delete -n slow --yes --wait 30
errors_have "  says that it was accepted" 'it was accepted, but not waited for'
control reset >/dev/null
for bad in 0 3601 1.5 soon ''; do
    expect_exit 2 "to wait '$bad'" mhsm key delete -n slow --yes --wait "$bad"
done

finish
