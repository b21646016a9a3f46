#!/bin/sh
# SPDX-License-Identifier: MIT
# What the command says and how it ends when the HSM, the network, the
# credential or the role is in the way.
# shellcheck disable=SC2119 # emulator_start takes options of the emulator
. "${0%/*}/../lib.sh"

emulator_start
cd "$work"
echo text >file
check "a key" mhsm key create -n k --kty EC
check "an AES key" mhsm key create -n aes --kty oct
fault() { control faults "{\"faults\":[{$1}]}" >/dev/null; }
calm() { control reset >/dev/null; }

# fails CODE STATUS NAME COMMAND...: exit status, and the status in JSON.
fails() {
    code=$1
    status=$2
    name=$3
    shift 3
    expect_exit "$code" "$name" mhsm "$@" -o json
    equal "  is $status" "$(jq -r .error.status err)" "$status"
    equal "  and nothing else" "$(wc -l <err | tr -d ' '),$(cat out)" 1,
}

# The service.
fault '"route":"get","action":"status","status":503,"code":"Busy","message":"come back","count":-1'
fails 5 service "503, all the time" key show -n k --retries 1
calm
fault '"route":"get","action":"status","status":503,"code":"Busy","message":"come back","retry_after":"0","count":1'
check "503 once" mhsm key show -n k
calm
fault '"route":"get","action":"status","status":429,"code":"Throttled","message":"slow down","count":-1'
fails 5 throttled "429, all the time" key show -n k --retries 1
calm
fault '"route":"get","action":"slow","ms":5000,"count":-1'
fails 5 timeout "no answer in time" key show -n k --timeout 1s
calm
fault '"route":"get","action":"reset","count":-1'
fails 5 transport "a reset connection" key show -n k --retries 1
calm
fault '"route":"get","action":"garbage","count":-1'
expect_exit 1 "garbage" mhsm key show -n k
calm
fault '"route":"get","action":"huge","count":-1'
expect_exit 1 "a huge answer" mhsm key show -n k
calm
fault '"route":"get","action":"redirect","count":-1'
expect_exit 1 "a redirect" mhsm key show -n k
calm
fault '"route":"get","action":"status","status":404,"code":"KeyNotFound","message":"b\u009bc\u202ed","count":1'
expect_exit 3 "a hostile message" mhsm key show -n k
if LC_ALL=C grep -q "$(printf '[\033\302\342]')" err; then
    fail "  is made harmless" err
else
    pass "  is made harmless"
fi
calm
expect_exit 2 "a hostile argument" mhsm key show -n "$(printf 'a\033[31m')"
if LC_ALL=C grep -q "$(printf '\033')" err; then fail "  is made harmless" err; else pass "  is made harmless"; fi
fault '"route":"create","action":"reset","count":1'
expect_exit 5 "a reset while creating" mhsm key create -n once --kty EC
calm

# Part of a list is not taken for the whole.
i=0
while [ $i -lt 30 ]; do
    mhsm key create -n "many-$i" --kty EC >/dev/null
    i=$((i + 1))
done
check "a list of two pages" mhsm key list -o json
fault '"route":"list","action":"status","status":500,"code":"Oops","message":"no","count":-1'
expect_exit 5 "a list that fails" mhsm key list -o json --retries 0
if jq . out >json 2>&1 && [ -s json ]; then fail "  is no JSON" out; else pass "  is no JSON"; fi
calm

# The network.
fails 5 connect "nobody there" key show -n k --hsm https://localhost:1
fails 5 resolve "no such host" key show -n k --hsm https://nobody.invalid
command openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out other.pem -subj /CN=other -days 2 2>/dev/null
fails 5 tls "another CA" key show -n k --ca-file other.pem
expect_exit 5 "the system's CAs" env -u MHSM_CA_FILE "$TEST_COMMAND" key show -n k
errors_have "  and which option there is" 'ca-file'

# Credentials and roles.
AZURE_CLIENT_SECRET=wrong fails 4 credential "a wrong secret" key show -n k
expect_exit 2 "a secret that is not there" mhsm key show -n k \
    --credential client-secret --client-secret env:NO_SUCH
errors_have "  is named" 'NO_SUCH'
fault '"route":"get","action":"unauthorized","count":-1'
fails 4 unauthorized "a token that is refused" key show -n k
calm
fault '"route":"get","action":"unauthorized","count":1'
check "refused once" mhsm key show -n k
calm
auditor=$(control principals '{"name":"auditor","roles":[{"role":"Managed HSM Crypto Auditor","scope":"/"}]}')
as_auditor() {
    AZURE_CLIENT_ID=$(echo "$auditor" | jq -r .client_id) \
        AZURE_CLIENT_SECRET=$(echo "$auditor" | jq -r .client_secret) \
        "$TEST_COMMAND" "$@"
}
check "an auditor sees the key" as_auditor key show -n k
check "  a signature" mhsm sign -n k -f sig file
check "  verifies with the public key" as_auditor verify -n k -s sig file
expect_exit 4 "  and cannot sign" as_auditor sign -n k file
errors_have "  for want of an action" 'keys/sign/action'
errors_have "  which a role has" 'hint: .*Managed HSM Crypto User'
expect_exit 4 "  nor use the HSM's generator" as_auditor random -f rnd
expect_exit 4 "  nor delete" as_auditor key delete -n k --yes
check "the key is still there" mhsm key show -n k
with_identity() {
    env -u AZURE_CLIENT_SECRET -u AZURE_CLIENT_ID "$TEST_COMMAND" "$@" \
        --credential managed-identity --imds-endpoint "$MHSM_EMULATOR_IMDS"
}
check "the managed identity may use keys" with_identity sign -n k -f sig file
expect_exit 4 "  and not recover them" with_identity key recover -n k

# Disabled keys and operations that a key does not have.
check "a disabled key" mhsm key create -n off --kty EC --disabled
fails 4 key-disabled "signing with it" sign -n off file
check "a key to verify only" mhsm key create -n ver --kty EC --ops verify
fails 4 key-operation "signing with it" sign -n ver file

# Secrets do not get into the log.
log() { mhsm sign -n k -f sig --log-level debug --log-file log file; }
check "a log" log
check "  is written" test -s log
check "--debug" mhsm key show -n k --debug
errors_have "  logs on stderr" 'debug: GET '
if grep -F -e "$AZURE_CLIENT_SECRET" -e 'eyJ' log err >/dev/null; then
    fail "  without secrets" log err
else
    pass "  without secrets"
fi

# libcurl's own way to write the secrets of TLS to a file is pointed out.
check "with SSLKEYLOGFILE a signature is made" env SSLKEYLOGFILE=keys.log \
    "$TEST_COMMAND" sign -n k -f warned.sig --log-level warning \
    --log-file warned.log file
check "  and the log warns" grep -q SSLKEYLOGFILE warned.log
check "  once" test "$(wc -l <warned.log)" -eq 1

finish
