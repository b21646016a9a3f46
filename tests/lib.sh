# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the scripts in apps/: a private directory, a local HSM that ends
# with the script, and checks that say what they saw. Names that begin with _
# are its own.
#
#   . "${0%/*}/../lib.sh"
#   emulator_start
#   check "a key is created" mhsm key create --name k --kty EC
#   expect_exit 3 "a missing key" mhsm key show --name none
#   finish

set -eu

: "${TEST_EMULATOR:?run this by ctest, or set what tests/CMakeLists.txt sets}"
export LC_ALL=C.UTF-8

work=$(mktemp -d)
checks=0
failures=0
pids=

# Ends what this script started, and nothing else.
cleanup() {
    code=$?
    trap - EXIT INT TERM
    for pid in $pids; do
        kill "$pid" 2>/dev/null || :
        kill -CONT "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    rm -rf "$work"
    exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Remember a process to end: started "$!".
started() {
    pids="$pids $1"
}

# End one such process now.
stop() {
    kill "$1" 2>/dev/null || :
    wait "$1" 2>/dev/null || :
    _rest=
    for pid in $pids; do
        [ "$pid" = "$1" ] || _rest="$_rest $pid"
    done
    pids=$_rest
}

# Wait, at most 10 seconds, for a command to succeed.
await() {
    _tries=0
    until "$@" >/dev/null 2>&1; do
        _tries=$((_tries + 1))
        [ "$_tries" -lt 100 ] || {
            echo "gave up waiting for: $*" >&2
            return 1
        }
        sleep 0.1
    done
}

_accepting() {
    grep -q '^ACCEPT .*:[0-9]' "$1" && [ -z "$(tail -c 1 "$1")" ]
}

# accept_port LOG: the port of an openssl s_server, once it has told all of it.
# Remove the log before the server starts: one before may have left its own.
accept_port() {
    await _accepting "$1"
    sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$1"
}

# Start a local HSM and point everything at it; options go to the emulator. It is
# active, unless `activated` is set to nothing before.
activated=--activated
emulator_start() {
    state=${state-$work/hsm}
    rm -f "$state/env"
    "$TEST_EMULATOR" --state "$state" ${activated:+"$activated"} "$@" >"$work/hsm.out" 2>"$work/hsm.err" &
    emulator_pid=$!
    started "$emulator_pid"
    await test -s "$state/env" || {
        cat "$work/hsm.err" >&2
        exit 1
    }
    # shellcheck disable=SC1091 # written by the emulator
    . "$state/env"
}

# Commands of the emulator's control port: control stats; control faults JSON.
control() {
    if [ $# -gt 1 ]; then
        curl -sS --fail-with-body -d "$2" "$MHSM_EMULATOR_CONTROL/$1"
    elif [ "$1" = stats ]; then
        curl -sS --fail-with-body "$MHSM_EMULATOR_CONTROL/stats"
    else
        curl -sS --fail-with-body -X POST "$MHSM_EMULATOR_CONTROL/$1"
    fi
}

# The administrator's access token, got without the command.
token() {
    curl -sS --fail-with-body --cacert "${MHSM_AUTHORITY_CA_FILE-$MHSM_CA_FILE}" \
        -d "grant_type=client_credentials&client_id=$AZURE_CLIENT_ID" \
        --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" \
        --data-urlencode "scope=https://managedhsm.azure.net/.default" \
        "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" |
        jq -r .access_token
}

# import_aes NAME FILE OPERATIONS: the octets of the file as an AES key.
import_aes() {
    _token=$(token)
    _octets=$(base64 -w0 <"$2" | tr '+/' '-_' | tr -d =)
    printf '{"hsm":true,"key":{"kty":"oct","k":"%s","key_ops":[%s]}}' \
        "$_octets" "$3" |
        curl -sS --fail-with-body --cacert "$MHSM_CA_FILE" -X PUT \
            -H "Authorization: Bearer $_token" \
            -H 'Content-Type: application/json' --data-binary @- \
            "$MHSM_ENDPOINT/keys/$1?api-version=7.6"
}

# The programs under test. Those that were built without a sanitizer get its
# run-time first, so that they can load a module built with one.
mhsm() {
    "$TEST_COMMAND" "$@"
}

openssl() {
    LD_PRELOAD=$TEST_PRELOAD OPENSSL_MODULES=$TEST_MODULES \
        command openssl "$@"
}

# configure FILE PROVIDERS [PROPERTIES]: a configuration of OpenSSL that
# activates those providers in that order. What comes in goes to the end of the
# module's section, and may begin others.
configure() {
    {
        echo "openssl_conf = init"
        echo "[init]"
        echo "providers = list"
        [ -z "${3-}" ] || echo "alg_section = algorithms"
        echo "[algorithms]"
        [ -z "${3-}" ] || echo "default_properties = $3"
        echo "[list]"
        for _provider in $2; do
            echo "$_provider = ${_provider}_section"
        done
        echo "[default_section]"
        echo "activate = 1"
        echo "[mhsm_section]"
        echo "module = $TEST_MODULE"
        echo "activate = 1"
        cat
    } >"$1"
}

# What `openssl ca` needs here: the folder db, and ca.cnf.
ca_files() {
    mkdir db
    : >db/index.txt
    echo 1000 >db/serial
    echo 01 >db/crlnumber
    cat >ca.cnf <<'TEXT'
[ca]
default_ca = demo
[demo]
dir = db
database = db/index.txt
serial = db/serial
crlnumber = db/crlnumber
new_certs_dir = db
default_md = sha256
default_days = 7
default_crl_days = 7
policy = any
unique_subject = no
[any]
commonName = supplied
TEXT
}

pass() {
    checks=$((checks + 1))
    echo "ok - $1"
}

fail() {
    checks=$((checks + 1))
    failures=$((failures + 1))
    echo "NOT OK - $1"
    shift
    for _file in "$@"; do
        sed 's/^/  | /' "$_file"
    done
}

# check NAME COMMAND...: the command succeeds. Its output is left in
# $work/out and $work/err.
check() {
    _name=$1
    shift
    if "$@" >"$work/out" 2>"$work/err"; then
        pass "$_name"
    else
        fail "$_name (exit $?)" "$work/out" "$work/err"
    fi
}

# expect_exit CODE NAME COMMAND...: the command ends with just that code.
expect_exit() {
    _expected=$1
    _name=$2
    shift 2
    _code=0
    "$@" >"$work/out" 2>"$work/err" || _code=$?
    if [ "$_code" -eq "$_expected" ]; then
        pass "$_name"
    else
        fail "$_name (exit $_code, expected $_expected)" "$work/out" "$work/err"
    fi
}

# output_has NAME PATTERN / errors_have NAME PATTERN: of the last command.
output_has() {
    if grep -Eq -e "$2" "$work/out"; then pass "$1"; else fail "$1" "$work/out"; fi
}

errors_have() {
    if grep -Eq -e "$2" "$work/err"; then pass "$1"; else fail "$1" "$work/err"; fi
}

# equal NAME SEEN EXPECTED
equal() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1: saw '$2', expected '$3'"
    fi
}

# The last line of a script: fails when a check failed, or none was made.
finish() {
    echo "$checks checks, $failures failed"
    [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
}
