# SPDX-License-Identifier: MIT
# What the scripted walks through the emulator share: a private emulator, a
# token, calls whose status and body are asserted. Sourced, never run. It ends
# only the process that it started.
set -eu

for tool in curl jq openssl basenc; do
    command -v "$tool" >/dev/null || {
        echo "the tool $tool is missing" >&2
        exit 1
    }
done

work=$(mktemp -d)
emulator_pid=
checks=0
api=7.6

cleanup() {
    local status=$?
    if [ -n "$emulator_pid" ]; then
        kill "$emulator_pid" 2>/dev/null || true
        wait "$emulator_pid" 2>/dev/null || true
    fi
    [ $status -eq 0 ] || cat "$work/log" >&2 2>/dev/null || true
    rm -rf "$work"
    exit $status
}
trap cleanup EXIT

fail() {
    echo "FAILED at line ${BASH_LINENO[1]}: $*" >&2
    [ ! -s "$work/body" ] || head -c 600 "$work/body" >&2
    exit 1
}

# start [OPTION...]: starts the emulator and reads what it printed.
start() {
    local tries=0
    # What an earlier emulator left must not be taken for this one's.
    rm -f "$work/out" "$work/state/env"
    "$TEST_EMULATOR" --state "$work/state" --activated "$@" >"$work/out" 2>>"$work/log" &
    emulator_pid=$!
    until [ -s "$work/state/env" ] && grep -qs STATE "$work/out"; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || fail "the emulator did not start"
        kill -0 "$emulator_pid" 2>/dev/null || fail "the emulator ended"
        sleep 0.1
    done
    cmp -s "$work/out" "$work/state/env" || fail "env is not what was printed"
    # shellcheck disable=SC1091
    . "$work/state/env"
    [ "$MHSM_EMULATOR_PID" = "$emulator_pid" ] || fail "wrong pid in env"
}

# stop SIGNAL: ends the emulator and gives its exit status.
stop() {
    local status=0
    kill -s "$1" "$emulator_pid"
    wait "$emulator_pid" 2>/dev/null || status=$?
    emulator_pid=
    return $status
}

# raw ARGUMENT...: curl; sets status, fills body and headers.
raw() {
    status=$(curl -sS --max-time 60 --cacert "$MHSM_CA_FILE" -o "$work/body" \
        -D "$work/headers" -w '%{http_code}' "$@" 2>"$work/curl") || status="curl $?"
}

# token_for ID SECRET [SCOPE]: asks the authority; the answer is in body.
token_for() {
    raw "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" \
        --data-urlencode grant_type=client_credentials \
        --data-urlencode "client_id=$1" --data-urlencode "client_secret=$2" \
        --data-urlencode "scope=${3:-https://managedhsm.azure.net/.default}"
}

# login [ID SECRET]: sets token; the administrator's without arguments.
login() {
    token_for "${1:-$AZURE_CLIENT_ID}" "${2:-$AZURE_CLIENT_SECRET}"
    [ "$status" = 200 ] || fail "no token: $status"
    token=$(jq -r .access_token "$work/body")
}

# call METHOD PATH [BODY]: one request with the token and the api-version.
call() {
    local separator='?' method=$1 path=$2
    case $path in *\?*) separator='&' ;; esac
    shift 2
    [ $# -eq 0 ] || set -- -H 'Content-Type: application/json' --data-binary "$1"
    raw -X "$method" -H "Authorization: Bearer $token" "$@" \
        "$MHSM_ENDPOINT$path${api:+${separator}api-version=$api}"
}

# expect STATUS [FILTER...]: the status, and jq filters that must hold.
expect() {
    local filter wanted=$1
    shift
    checks=$((checks + 1))
    [ "$status" = "$wanted" ] || fail "status $status, not $wanted"
    for filter in "$@"; do
        checks=$((checks + 1))
        jq -e "$filter" "$work/body" >/dev/null 2>&1 || fail "not so: $filter"
    done
}

# refused STATUS CODE [INNER]: an error of the service, with its activity id.
refused() {
    local id
    expect "$1" ".error.code == \"$2\""
    id=$(header x-ms-request-id)
    expect "$1" ".error.message | endswith(\"(Activity ID: $id)\")"
    [ $# -lt 3 ] || expect "$1" ".error.innererror.code == \"$3\""
}

header() {
    tr -d '\r' <"$work/headers" | sed -n "s/^$1: //Ip" | tail -n 1
}

field() {
    jq -r "$1" "$work/body"
}

check() {
    checks=$((checks + 1))
    "$@" >/dev/null 2>&1 || fail "not so: $*"
}

# control METHOD PATH [BODY]: the emulator's own port.
control() {
    local method=$1 path=$2
    shift 2
    [ $# -eq 0 ] || set -- --data-binary "$1"
    raw -X "$method" "$@" "$MHSM_EMULATOR_CONTROL$path"
}

b64() { basenc --base64url -w0 | tr -d =; }

# unb64 TEXT: to bytes.
unb64() {
    local text=$1
    while [ $((${#text} % 4)) -ne 0 ]; do text=$text=; done
    printf %s "$text" | basenc --base64url -d
}

# to_hex and from_hex: from standard input to standard output.
to_hex() { basenc --base16 -w0 | tr A-F a-f; }
from_hex() { tr a-f A-F | basenc --base16 -d; }
hex() { unb64 "$1" | to_hex; }

# public_key FILE: the key of the bundle in body, as PEM.
public_key() {
    local prefix
    case $(field .key.kty,.key.crv | tr '\n' ' ') in
    RSA-HSM*)
        cat >"$work/asn1" <<EOF
asn1=SEQUENCE:spki
[spki]
algorithm=SEQUENCE:algorithm
key=BITWRAP,SEQUENCE:key
[algorithm]
oid=OID:rsaEncryption
null=NULL
[key]
n=INTEGER:0x$(hex "$(field .key.n)")
e=INTEGER:0x$(hex "$(field .key.e)")
EOF
        openssl asn1parse -genconf "$work/asn1" -noout -out "$work/spki"
        openssl pkey -pubin -inform DER -in "$work/spki" -out "$1"
        return
        ;;
    *"P-256 ") prefix=3059301306072a8648ce3d020106082a8648ce3d03010703420004 ;;
    *"P-256K ") prefix=3056301006072a8648ce3d020106052b8104000a03420004 ;;
    *"P-384 ") prefix=3076301006072a8648ce3d020106052b8104002203620004 ;;
    *"P-521 ") prefix=30819b301006072a8648ce3d020106052b810400230381860004 ;;
    *) fail "no public key" ;;
    esac
    printf %s "$prefix$(hex "$(field .key.x)")$(hex "$(field .key.y)")" |
        from_hex | openssl pkey -pubin -inform DER -out "$1"
}

# der_signature HEX FILE: r and s of fixed width, as OpenSSL wants them.
der_signature() {
    local half=$((${#1} / 2))
    cat >"$work/asn1" <<EOF
asn1=SEQUENCE:signature
[signature]
r=INTEGER:0x${1:0:half}
s=INTEGER:0x${1:half}
EOF
    openssl asn1parse -genconf "$work/asn1" -noout -out "$2"
}

done_walk() {
    stop TERM || fail "the emulator did not end well: $?"
    [ ! -s "$work/log" ] || fail "the emulator complained: $(cat "$work/log")"
    echo "$checks checks passed"
}
