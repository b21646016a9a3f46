#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through the local Managed HSM: transport, versions of the interface,
# the life of keys, and what a restart after kill -9 finds.
# shellcheck disable=SC2086,SC2119 # plain words; no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start

# The challenge comes before anything else.
raw "$MHSM_ENDPOINT/keys/none"
expect 401
[ "$(cat "$work/body")" = OK ] || fail "the body of a challenge to GET"
[ "$(header www-authenticate)" = "Bearer authorization=\"$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID\", resource=\"https://managedhsm.azure.net\"" ] ||
    fail "challenge: $(header www-authenticate)"
for method in POST PUT PATCH DELETE; do
    raw -X $method "$MHSM_ENDPOINT/no/such/route" -H 'Content-Length: 0'
    expect 401
    [ ! -s "$work/body" ] || fail "the body of a challenge to $method"
done
raw "$MHSM_ENDPOINT/keys?api-version=$api" -H 'Authorization: Bearer x.y.z'
expect 401

# The certificate holds for every loopback name, and for no other authority.
for host in localhost 127.0.0.1; do
    raw "https://$host:${MHSM_ENDPOINT##*:}/keys"
    expect 401
done
checks=$((checks + 1))
if curl -sS "$MHSM_ENDPOINT/keys" >/dev/null 2>&1; then
    fail "a client without the authority connected"
fi
check openssl verify -x509_strict -CAfile "$MHSM_CA_FILE" "$MHSM_CA_FILE"

# Versions of the interface.
login
for version in 7.0 7.4-preview.1 7.6 2025-07-01 2026-07-01-preview; do
    api=$version call GET /keys
    expect 200 '.value == []' 'has("nextLink") | not'
done
for version in '' 1.0 7.7; do
    api=$version call GET /keys
    refused 400 BadParameter
done
api='' call GET '/keys?api%2Dversion=7.6'
expect 200
api=7.2 call POST /rng '{"count":4}'
refused 400 BadParameter
call GET /no/such/route
refused 404 NotFound
call GET '/keys/%zz'
refused 400 BadRequest

# Headers of an answer.
call GET ///keys
expect 200
[ "$(header content-type)" = 'application/json; charset=utf-8' ] || fail type
for name in cache-control strict-transport-security x-content-type-options \
    x-ms-keyvault-region x-ms-server-latency x-ms-build-version; do
    [ -n "$(header $name)" ] || fail "header $name is missing"
done

# Creating, and what is shown of a key.
call POST /keys/rsa/create '{"kty":"RSA","key_size":3072,"tags":{"b":"2","a":"1"},"attributes":{"nbf":1500000000,"exp":4000000000}}'
expect 200 '.key.kty == "RSA-HSM"' '.tags == {"a":"1","b":"2"}' \
    '.attributes.nbf == 1500000000 and .attributes.exp == 4000000000' \
    '.attributes.recoveryLevel == "CustomizedRecoverable+Purgeable"' \
    '.attributes.exportable == false and .attributes.enabled == true' \
    '.key.key_ops | sort == ["decrypt","encrypt","sign","unwrapKey","verify","wrapKey"]' \
    '.key | has("d") or has("p") or has("k") | not' \
    '.key.e == "AQAB" and (.key.n | length) == 512'
[ "$(jq -cS . "$work/body")" = "$(cat "$work/body")" ] || fail "members are not sorted"
first=$(field .key.kid)
[[ $first =~ ^$MHSM_ENDPOINT/keys/rsa/[0-9a-f]{32}$ ]] || fail "kid $first"
call POST /keys/ec/create '{"kty":"EC-HSM","crv":"P-521"}'
expect 200 '.key.crv == "P-521"' '(.key.x | length) == 88' 'has("tags") | not'
call POST /keys/aes/create '{"kty":"oct-HSM"}'
expect 200 '.key.kty == "oct-HSM"' '.attributes | has("key_size") | not'
api=2026-04-01 call GET /keys/aes
expect 200 '.attributes.key_size == 256'
raw "https://127.0.0.1:${MHSM_ENDPOINT##*:}/keys/rsa?api-version=$api" -H "Authorization: Bearer $token"
expect 200 '.key.kid | startswith("https://127.0.0.1:")'
for body in '' '{' '[]' '{}' '{"kty":"DSA"}' '{"kty":7}' '{"kty":"RSA","key_size":1024}' \
    '{"kty":"RSA","key_size":"2048"}' '{"kty":"EC","crv":"P-224"}' '{"kty":"oct","key_size":512}' \
    '{"kty":"RSA","public_exponent":3}' '{"kty":"RSA","key_ops":["dance"]}' \
    '{"kty":"RSA","key_ops":["import","sign"]}' '{"kty":"EC","key_ops":["encrypt"]}' \
    '{"kty":"RSA","attributes":{"enabled":1}}' '{"kty":"RSA","attributes":{"nbf":5,"exp":4}}' '{"kty":"RSA","attributes":{"exp":-2117514496}}' \
    '{"kty":"RSA","tags":{"a":1}}' '{"kty":"RSA","attributes":{"exportable":true}}' \
    '{"kty":"RSA"} x'; do
    call POST /keys/bad/create "$body"
    refused 400 BadParameter
done
for name in under_score "$(printf %0128d 0)" 'a%20b' 'a%2Fb'; do
    call POST "/keys/$name/create" '{"kty":"RSA"}'
    refused 400 BadParameter
done
call GET /keys/bad
refused 404 KeyNotFound

# Versions: an empty segment and a missing one mean the latest.
call POST /keys/rsa/create '{"kty":"RSA-HSM"}'
expect 200
second=$(field .key.kid)
[ "$first" != "$second" ] || fail "the version did not change"
for path in /keys/rsa /keys/rsa/; do
    call GET $path
    expect 200 ".key.kid == \"$second\""
done
call GET "${first#"$MHSM_ENDPOINT"}"
expect 200 ".key.kid == \"$first\""
call GET /keys/rsa/00000000000000000000000000000000
refused 404 KeyNotFound
call GET /keys/rsa/versions
expect 200 "[.value[].kid] | sort == ([\"$first\",\"$second\"] | sort)" '.value[0] | has("key") | not'

# Update.
call PATCH /keys/rsa/ '{"tags":{"c":"3"},"key_ops":["sign"],"attributes":{"enabled":false}}'
expect 200 '.tags == {"c":"3"}' '.key.key_ops == ["sign"]' '.attributes.enabled == false'
call GET "${first#"$MHSM_ENDPOINT"}"
expect 200 '.attributes.enabled and .tags == {"a":"1","b":"2"}'
call PATCH /keys/rsa '{"attributes":{"exportable":true}}'
refused 400 BadParameter
call PATCH /keys/rsa '{"tags":{}}'
expect 200 'has("tags") | not'
call PATCH /keys/none '{}'
refused 404 KeyNotFound

# Pages, and their links without a version.
for i in 1 2 3 4; do
    call POST /keys/page-$i/create '{"kty":"oct","key_size":128}'
    expect 200
done
call GET '/keys?maxresults=3'
expect 200 '.value | length == 3' '.nextLink | contains("api-version") | not'
seen=$(field '.value[].kid')
next=$(field .nextLink)
while [ "$next" != null ]; do
    call GET "${next#"$MHSM_ENDPOINT"}"
    expect 200 '.value | length <= 3'
    seen="$seen $(field '.value[].kid')"
    next=$(field .nextLink)
done
[ "$(echo $seen | tr ' ' '\n' | sort -u | wc -l)" = 7 ] || fail "pages: $seen"
# shellcheck disable=SC2016 # a literal dollar
for bad in maxresults=0 maxresults=26 maxresults=x '$skiptoken=***'; do
    call GET "/keys?$bad"
    refused 400 BadParameter
done

# Deletion: the name stays taken until the purge.
call DELETE /keys/page-1
expect 200 ".recoveryId == \"$MHSM_ENDPOINT/deletedkeys/page-1\"" \
    '.scheduledPurgeDate - .deletedDate == 7 * 86400' '.key.kid'
call GET /keys/page-1
refused 404 KeyNotFound
call DELETE /keys/page-1
refused 404 KeyNotFound
call POST /keys/page-1/create '{"kty":"oct"}'
refused 409 Conflict ObjectIsDeletedButRecoverable
call GET /deletedkeys
expect 200 '.value | length == 1' '.value[0].kid | endswith("/keys/page-1")' '.value[0].recoveryId'
call GET /deletedkeys/page-1
expect 200 .deletedDate
call POST /deletedkeys/page-1/recover ''
expect 200 '.key.kid' 'has("recoveryId") | not'
call GET /keys/page-1/
expect 200
call GET /deletedkeys/page-1
refused 404 KeyNotFound
call DELETE /keys/page-1
call DELETE /deletedkeys/page-1
expect 204
[ ! -s "$work/body" ] || fail "a purge answered with a body"
call DELETE /deletedkeys/page-1
refused 404 KeyNotFound
call POST /keys/page-1/create '{"kty":"oct"}'
expect 200

# Backup of one key with all of its versions.
call POST /keys/rsa/backup
expect 200
blob=$(field .value)
header=$(unb64 "$(unb64 "$blob" | cut -d. -f1)")
[ "$header" = '{"alg":"dir","enc":"A256CBC-HS512","kid":"backup-protection-key"}' ] || fail "$header"
call POST /keys/restore "{\"value\":\"$blob\"}"
refused 409 Conflict
call DELETE /keys/rsa
call POST /keys/restore "{\"value\":\"$blob\"}"
refused 409 Conflict
call DELETE /deletedkeys/rsa
expect 204
call POST /keys/restore "{\"value\":\"${blob:0:-9}AAAAAAAAA\"}"
refused 400 BadParameter
call POST /keys/restore "{\"value\":\"$blob\"}"
expect 200 ".key.kid == \"$second\""
call GET /keys/rsa/versions
expect 200 '.value | length == 2'

# Rotation needs a policy.
call POST /keys/ec/rotate
refused 400 BadParameter
for policy in '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P27D"},"action":{"type":"Rotate"}}]}' \
    '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P90D"},"action":{"type":"Notify"}}]}' \
    '{"lifetimeActions":[{"trigger":{},"action":{"type":"Rotate"}}]}' \
    '{"lifetimeActions":[{"trigger":{"timeAfterCreate":"90 days"},"action":{"type":"Rotate"}}]}' \
    '{"attributes":{"expiryTime":"PT"}}' '{"lifetimeActions":{}}'; do
    call PUT /keys/ec/rotationpolicy "$policy"
    refused 400 BadParameter
done
call PUT /keys/ec/rotationpolicy '{"lifetimeActions":[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"Rotate"}}],"attributes":{"expiryTime":"P1Y2M"}}'
expect 200 ".id == \"$MHSM_ENDPOINT/keys/ec/rotationpolicy\"" '.attributes.created'
call POST /keys/ec/rotate
expect 200 '.key.crv == "P-521"' '.attributes.exp - .attributes.created == 425 * 86400'
call GET /keys/ec/rotationpolicy
expect 200 '.lifetimeActions[0].trigger.timeBeforeExpiry == "P30D"'
call PUT /keys/ec/rotationpolicy '{"lifetimeActions":[],"attributes":{}}'
expect 200 '.lifetimeActions == []'
call POST /keys/ec/rotate
refused 400 BadParameter

# A body over the bound, and a foreign host.
head -c 3000000 /dev/zero | tr '\0' a >"$work/large"
raw -X POST "$MHSM_ENDPOINT/keys/x/create?api-version=$api" -H "Authorization: Bearer $token" --data-binary "@$work/large"
refused 413 RequestEntityTooLarge
raw "$MHSM_ENDPOINT/keys?api-version=$api" -H "Authorization: Bearer $token" -H 'Host: a"b'
expect 400

# What was answered 200 survives kill -9, and everything is as it was.
before="$MHSM_ENDPOINT $MHSM_EMULATOR_CONTROL $MHSM_EMULATOR_IMDS $AZURE_TENANT_ID $AZURE_CLIENT_ID $AZURE_CLIENT_SECRET"
cp "$MHSM_CA_FILE" "$work/ca"
call POST /keys/last/create '{"kty":"EC","crv":"P-256K"}'
expect 200
last=$(cat "$work/body")
stop KILL || true
start
[ "$before" = "$MHSM_ENDPOINT $MHSM_EMULATOR_CONTROL $MHSM_EMULATOR_IMDS $AZURE_TENANT_ID $AZURE_CLIENT_ID $AZURE_CLIENT_SECRET" ] ||
    fail "the environment changed over a restart"
check cmp "$MHSM_CA_FILE" "$work/ca"
call GET /keys/last
expect 200
[ "$last" = "$(cat "$work/body")" ] || fail "the key changed over a restart"
[ "$(stat -c %a "$work/state")" = 700 ] || fail "the folder is open to others"
[ "$(stat -c %a "$work/state/state.db" "$work/state/env" | sort -u)" = 600 ] ||
    fail "the state is open to others"

# Old versions of TLS are refused.
address=127.0.0.1:${MHSM_ENDPOINT##*:}
for version in tls1_2 tls1_3; do
    check openssl s_client -$version -connect "$address" -CAfile "$MHSM_CA_FILE" -verify_return_error </dev/null
done
for version in tls1 tls1_1; do
    checks=$((checks + 1))
    if openssl s_client -$version -cipher DEFAULT@SECLEVEL=0 -connect "$address" </dev/null >/dev/null 2>&1; then
        fail "$version was spoken"
    fi
done

# Another audience, and more names in the certificate of the same authority.
# The user's openssl.cnf, here one without any algorithm, changes nothing.
stop TERM
check test ! -e "$work/state/env"
printf '%s\n' 'openssl_conf = all' '[all]' 'providers = some' '[some]' \
    'null = only' '[only]' 'activate = 1' >"$work/openssl.cnf"
OPENSSL_CONF=$work/openssl.cnf start --resource https://managedhsm.emul.test --san myhsm.managedhsm.emul.test,other.test
check cmp "$MHSM_CA_FILE" "$work/ca"
raw -X POST "$MHSM_ENDPOINT/rng" -H 'Content-Length: 0'
expect 401
check grep -q 'resource="https://managedhsm.emul.test"' "$work/headers"
call GET /keys
expect 401
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET" https://managedhsm.emul.test/.default
token=$(field .access_token)
call GET /keys
expect 200
for name in localhost myhsm.managedhsm.emul.test other.test; do
    check openssl s_client -connect "$address" -CAfile "$MHSM_CA_FILE" -verify_return_error -verify_hostname $name </dev/null
done
checks=$((checks + 1))
if openssl s_client -connect "$address" -CAfile "$MHSM_CA_FILE" -verify_return_error -verify_hostname foreign.test </dev/null >/dev/null 2>&1; then
    fail "the certificate holds for a foreign name"
fi

# In memory: nothing of it is on the disk, and a restart forgets it.
stop TERM || fail "exit status of SIGTERM"
mv "$work/state" "$work/durable"
api=7.6
for round in first second; do
    start --memory
    login
    call GET /keys
    expect 200 '.value == []'
    call POST /keys/$round/create '{"kty":"EC"}'
    expect 200
    checks=$((checks + 1))
    [ ! -e "$work/state/state.db" ] || fail "a database on the disk ($round)"
    stop TERM || fail "exit status of SIGTERM"
done
start

# A folder serves one emulator at a time; wrong options are named.
checks=$((checks + 5))
if "$TEST_EMULATOR" --state "$work/state" 2>/dev/null; then
    fail "two emulators took one folder"
fi
mkdir -m 777 "$work/open"
if "$TEST_EMULATOR" --state "$work/open" 2>/dev/null; then
    fail "a folder that others write to was taken"
fi
for wrong in --port=70000 --nonsense --latency=x; do
    if "$TEST_EMULATOR" --state "$work/other" "$wrong" 2>/dev/null; then
        fail "option $wrong was taken"
    fi
done
check "$TEST_EMULATOR" --help
done_walk
