# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced after lib.sh by scripts that need a blob store: Azurite over TLS, with
# an account of its own, which ends with the script.
#
#   storage_start
#   container backups
#   sas backups rcwdl >sas

storage_account=backups
# As in Azure the account is the first label of the host; what ends in localhost
# is loopback to libcurl, whatever the system knows of it.
storage_host=$storage_account.blob.localhost

storage_node=${TEST_CLIENTS:-$TEST_BUILD/interop}/azurite

_storage_listens() {
    grep -q 'successfully listens' "$work/storage.log"
}

# Its URL is $storage, its certificate $storage_ca; again at the same port when
# it was stopped, with what was in it.
storage_start() {
    [ -e "$storage_node/node" ] || {
        echo "Azurite is missing: run interop_packages" >&2
        exit 1
    }
    storage_ca=$work/storage.pem
    if [ ! -e "$storage_ca" ]; then
        storage_key=$(head -c 32 /dev/urandom | base64 -w0)
        storage_port=0
        command openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
            -noenc -keyout "$work/storage.key" -out "$storage_ca" -days 2 \
            -subj /CN=localhost 2>/dev/null \
            -addext "subjectAltName=DNS:$storage_host"
    fi
    : >"$work/storage.log"
    # Its file of tables is written a while after a change: it ends with TERM.
    AZURITE_ACCOUNTS=$storage_account:$storage_key "$storage_node/node" \
        "$storage_node/node_modules/azurite/dist/src/blob/main.js" \
        --blobHost 127.0.0.1 --blobPort "$storage_port" --oauth basic \
        --cert "$storage_ca" --key "$work/storage.key" --location "$work/storage" \
        --disableTelemetry --skipApiVersionCheck >"$work/storage.log" 2>&1 &
    storage_pid=$!
    started "$storage_pid"
    # A busy machine takes its time over the three hundred packages.
    _slow=0
    until await _storage_listens 2>/dev/null; do
        _slow=$((_slow + 1))
        [ "$_slow" -lt 6 ] || {
            cat "$work/storage.log" >&2
            exit 1
        }
    done
    storage_port=$(sed -n 's/.*listens on https:.*:\([0-9]*\)$/\1/p' "$work/storage.log")
    storage=https://$storage_host:$storage_port
    export MHSM_STORAGE_CA_FILE="$storage_ca" MHSM_ALLOWED_HOSTS="$storage_host:$storage_port"
}

storage_stop() {
    stop "$storage_pid"
}

_query() {
    printf %s "$1" | sed 's/%/%25/g; s/+/%2B/g; s/\//%2F/g; s/=/%3D/g; s/:/%3A/g'
}

# _signature: of the text that comes in, which names the parts line by line.
_signature() {
    _query "$(command openssl dgst -sha256 -mac HMAC -binary \
        -macopt "hexkey:$(printf %s "$storage_key" | base64 -d | od -An -tx1 -v | tr -d ' \n')" |
        base64 -w0)"
}

_storage_version=2019-12-12

# _account_sas: everything, for the script's own requests.
_account_sas() {
    _end=$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)
    printf 'sv=%s&ss=b&srt=sco&sp=rwdlac&se=%s&spr=https&sig=%s' "$_storage_version" "$(_query "$_end")" \
        "$(printf '%s\nrwdlac\nb\nsco\n\n%s\n\nhttps\n%s\n' "$storage_account" "$_end" "$_storage_version" | _signature)"
}

# storage_request METHOD PATH [CURL OPTION...]: PATH may have a query.
storage_request() {
    _method=$1
    _path=$2
    shift 2
    case $_path in
    *\?*) _path="$_path&$(_account_sas)" ;;
    *) _path="$_path?$(_account_sas)" ;;
    esac
    curl -sS --fail-with-body --cacert "$storage_ca" -X "$_method" \
        -H "x-ms-version: $_storage_version" "$@" "$storage/$_path"
}

container() {
    storage_request PUT "$1?restype=container" -H 'Content-Length: 0'
}

# sas CONTAINER RIGHTS [END]: a token for the container, such as rcwdl; the end
# as date takes it, "+1 day" when not given.
sas() {
    _end=$(date -u -d "${3:-+1 day}" +%Y-%m-%dT%H:%M:%SZ)
    printf 'sv=%s&sr=c&sp=%s&se=%s&spr=https&sig=%s' "$_storage_version" "$2" "$(_query "$_end")" \
        "$(printf '%s\n\n%s\n/blob/%s/%s\n\n\nhttps\n%s\nc\n\n\n\n\n\n' "$2" "$_end" "$storage_account" "$1" "$_storage_version" | _signature)"
}
