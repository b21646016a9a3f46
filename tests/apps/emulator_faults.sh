#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through what the local Managed HSM offers to tests: counters, the
# fault plan, latency; and that slow answers hold up no other one.
# shellcheck disable=SC2086,SC2119 # plain words; no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start --latency 30
login
call POST /keys/k/create '{"kty":"EC"}'
expect 200

# Counters.
control POST /reset
expect 200
for _ in 1 2 3; do call GET /keys/k; done
call GET /keys/k/0123
raw "$MHSM_ENDPOINT/nowhere"
curl -sS --cacert "$MHSM_CA_FILE" -o /dev/null -H "Authorization: Bearer $token" \
    "$MHSM_ENDPOINT/keys/k?api-version=$api" "$MHSM_ENDPOINT/keys/k?api-version=$api" >/dev/null
login
control GET /stats
expect 200 '.connections == 7' '.requests == 8' '.tokens == 1' '.imds == 0' \
    '.routes == {"GET /keys/{name}":5,"GET /keys/{name}/{version}":1,"POST /token":1}'
raw -H 'Metadata: true' "$MHSM_EMULATOR_IMDS/metadata/identity/oauth2/token"
control GET /stats
expect 200 '.imds == 1'
control POST /reset
control GET /stats
expect 200 '.connections == 0 and .requests == 0 and .tokens == 0 and .routes == {}'

# The plan is taken whole or not at all.
plan() { control POST /faults "{\"faults\":[$1]}"; }
for bad in '{}' '{"route":"get"}' '{"route":"gett","action":"reset"}' '{"route":"get","action":"x"}' '{"action":"reset"}' '{"route":"get","action":"status","status":99}' \
    '{"route":"get","action":"slow","ms":-1}' '{"route":"get","action":"reset","count":-2}' '7' \
    '{"route":"get","action":"status","retry_after":"a\r\nb"}' '{"route":"get","action":"reset"},{"route":"get","action":"x"}'; do
    plan "$bad"
    expect 400 '.error.code == "BadRequest"'
done
for body in '' '[]' '{"faults":{}}'; do
    control POST /faults "$body"
    expect 400
done
call GET /keys/k
expect 200

# aside: asks for the key in the background, and returns when the emulator has
# taken the request up; its answer goes into a file of its own.
aside() {
    local tries=0
    curl -sS --max-time 60 --cacert "$MHSM_CA_FILE" -o "$work/side" \
        -H "Authorization: Bearer $token" "$MHSM_ENDPOINT/keys/k?api-version=$api" 2>/dev/null &
    side=$!
    until control GET /stats && [ "$(field '.routes["GET /keys/{name}"]')" != null ]; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || fail "the request did not arrive"
        sleep 0.05
    done
}

# Each fault, in its order and its number.
plan '{"route":"get","action":"status","status":503,"code":"Busy","message":"come back","retry_after":"7","count":2},{"route":"get","action":"unauthorized"},
      {"route":"sign","action":"reset","count":-1},{"route":"get","action":"reset"},{"route":"get","action":"truncate"},
      {"route":"get","action":"garbage"},{"route":"get","action":"huge"},{"route":"*","action":"redirect"}'
expect 200
raw "$MHSM_ENDPOINT/keys/k?api-version=$api"
expect 401
for _ in 1 2; do
    call GET /keys/k
    expect 503 '.error.code == "Busy"' '.error.message | startswith("come back (Activity ID: ")'
    [ "$(header retry-after)" = 7 ] || fail "Retry-After"
done
call GET /keys/k
expect 401
[ -n "$(header www-authenticate)" ] || fail "no challenge"
for _ in 1 2; do
    call POST /keys/k//sign '{}'
    expect 'curl 56'
    check grep -qi reset "$work/curl"
done
call GET /keys/k
expect 'curl 56'
call GET /keys/k
case $status in 'curl 18' | 'curl 56') checks=$((checks + 1)) ;; *) fail "truncated: $status" ;; esac
call GET /keys/k
expect 200
if jq . "$work/body" >/dev/null 2>&1; then fail "garbage is JSON"; fi
call GET /keys/k
expect 200 '.value | length > 4 * 1024 * 1024'
call GET /keys/k
expect 302
[ -n "$(header location)" ] || fail "no location"
# The slow answer is a whole one, and others pass it.
control POST /reset
plan '{"route":"get","action":"slow","ms":4000}'
aside
begin=$(date +%s%N)
call GET /keys/k
expect 200 .key
[ $((($(date +%s%N) - begin) / 1000000)) -lt 3500 ] || fail "a slow answer held up another"
wait $side || fail "the slow answer did not come"
check jq -e .key "$work/side"
control POST /reset
call POST /keys/k//sign '{}'
refused 400 BadParameter

# Faults of the authority and the metadata service.
plan '{"route":"token","action":"status","status":429,"retry_after":"Wed, 21 Oct 2099 07:28:00 GMT"},{"route":"token","action":"garbage"},{"route":"imds","action":"status","status":410}'
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET"
expect 429 '.error == "Throttled"'
[ "$(header retry-after)" = 'Wed, 21 Oct 2099 07:28:00 GMT' ] || fail "Retry-After as a date"
token_for "$AZURE_CLIENT_ID" "$AZURE_CLIENT_SECRET"
expect 200
if jq . "$work/body" >/dev/null 2>&1; then fail "garbage is JSON"; fi
raw -H 'Metadata: true' "$MHSM_EMULATOR_IMDS/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://managedhsm.azure.net"
expect 410 .error
login

# Latency: many at once take as long as one.
control POST /latency '{"ms":-1}'
expect 400
control POST /latency '{"ms":500}'
expect 200
url="$MHSM_ENDPOINT/keys/k?api-version=$api"
begin=$(date +%s%N)
urls=()
for _ in $(seq 64); do urls+=(-o /dev/null "$url"); done
curl -sS --cacert "$MHSM_CA_FILE" -H "Authorization: Bearer $token" -w '%{http_code}\n' \
    --parallel --parallel-immediate --parallel-max 64 "${urls[@]}" >"$work/codes" 2>/dev/null
took=$((($(date +%s%N) - begin) / 1000000))
checks=$((checks + 3))
[ "$(grep -c '^200$' "$work/codes")" = 64 ] || fail "64 at once"
[ $took -ge 500 ] || fail "no latency: $took ms"
[ $took -lt 25000 ] || fail "one after the other: $took ms"

# Stopping does not wait for an answer that is held back.
control POST /reset
control POST /latency '{"ms":600000}'
aside
begin=$(date +%s%N)
stop TERM || fail "the emulator did not end well"
[ $((($(date +%s%N) - begin) / 1000000)) -lt 10000 ] || fail "the emulator waited"
wait $side || true
start
control POST /other '{}'
expect 404
control GET /principals
expect 200 '.principals | length == 2' '[.principals[] | has("secret")] | any | not'
control POST /principals '{"name":"x","roles":[{"role":"No such role"}]}'
expect 400
control GET /principals
expect 200 '.principals | length == 2'
done_walk
