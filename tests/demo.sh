#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job on a local Managed HSM, each step as a user would type it.
set -eu

usage() {
    cat <<'TEXT'
usage: tests/demo.sh [--keep]

Installs the Debian packages that are missing, builds the release preset,
starts a local Managed HSM and shows what the provider and the command do with
it. Leaves nothing running.

  --keep      start the local HSM only, leave it up, and print on stdout the
              environment that makes openssl and mhsm use it:
                eval "$(./tests/demo.sh --keep)"
                mhsm key create --name k --kty EC
                kill "$MHSM_EMULATOR_PID"; rm -r "${MHSM_EMULATOR_STATE%/*}"
  -h, --help  this text
TEXT
}

keep=
case "${1-}" in
'') ;;
--keep) keep=1 ;;
-h | --help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac

here=$(cd "$(dirname "$0")/.." && pwd)
build=$here/build/release
state=$(mktemp -d "${TMPDIR:-/tmp}/mhsm-demo.XXXXXX")
emulator_pid=
server_pid=

cleanup() {
    code=$?
    trap - EXIT INT TERM
    for pid in $server_pid $emulator_pid; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    rm -rf "$state"
    [ "$code" -eq 0 ] || echo "demo.sh: failed; the step above says why" >&2
    exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return 1
        sleep 0.1
    done
}

quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

{
    "$here/tests/packages.sh" build
    cd "$here"
    cmake --preset release
    cmake --build --preset release
} >"$state/build.log" 2>&1 || {
    cat "$state/build.log" >&2
    exit 1
}

# Outlives this shell, and the terminal, only with --keep.
mkdir -m 700 "$state/hsm"
if [ -n "$keep" ]; then
    setsid "$build/tests/emulator/mhsm-emulator" --state "$state/hsm" \
        --activated \
        >"$state/hsm.log" 2>&1 </dev/null &
else
    "$build/tests/emulator/mhsm-emulator" --state "$state/hsm" \
        --domain-retry-after 1 >"$state/hsm.log" 2>&1 </dev/null &
fi
emulator_pid=$!
await test -s "$state/hsm/env" || {
    cat "$state/hsm.log" >&2
    exit 1
}

if [ -n "$keep" ]; then
    cat "$state/hsm/env"
    echo "export OPENSSL_MODULES=$(quoted "$build/provider")"
    echo "export PATH=$(quoted "$build/client/cli"):\"\$PATH\""
    trap - EXIT INT TERM
    exit 0
fi

# shellcheck disable=SC1091 # written by the emulator
. "$state/hsm/env"
export OPENSSL_MODULES="$build/provider"
export PATH="$build/client/cli:$PATH"
cd "$state"

say() {
    printf '\n# %s\n' "$*"
}

# Print a command as one would type it, then run it.
run() {
    line=
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./:=,@%+-]* | '') word=$(quoted "$word") ;;
        esac
        line="$line $word"
    done
    printf '$%s\n' "$line"
    "$@"
}

say "Activate the HSM: get its security domain, which any two of three holders open"
run mhsm security-domain keygen --holder one --holder two --holder three --unencrypted --out holders
run mhsm security-domain download --wrapping-cert holders/one.cer --wrapping-cert holders/two.cer --wrapping-cert holders/three.cer --quorum 2 --out domain.json
run mhsm security-domain verify domain.json --key holders/one.key --key holders/three.key

say "Two keys, made in the HSM; they never leave it"
run mhsm key create --name ca --kty RSA --size 3072
run mhsm key create --name web --kty EC --curve P-256
run mhsm key list

say "Sign a file in the HSM, verify it with the public key alone"
echo "Pay 100 to Alice" >order.txt
run openssl pkey -provider default -provider mhsm -in mhsm:web -pubout -out web.pem
run openssl dgst -provider default -provider mhsm -sha256 -sign mhsm:web -out order.sig order.txt
run openssl dgst -sha256 -verify web.pem -signature order.sig order.txt

say "A CA whose key is in the HSM, and a server certificate from it"
run openssl req -provider default -provider mhsm -x509 -new -key mhsm:ca -sha256 -days 30 -subj "/CN=Demo CA" -out ca.pem
run openssl req -provider default -provider mhsm -new -key mhsm:web -subj /CN=localhost -addext subjectAltName=DNS:localhost -out web.csr
run openssl x509 -provider default -provider mhsm -req -in web.csr -CA ca.pem -CAkey mhsm:ca -copy_extensions copy -days 7 -out web.crt
run openssl verify -CAfile ca.pem web.crt

say "TLS 1.3 with the server's key in the HSM, fetched by curl"
echo "\$ openssl s_server -provider default -provider mhsm -accept 127.0.0.1:0 -cert web.crt -key mhsm:web -tls1_3 -www &"
openssl s_server -provider default -provider mhsm -accept 127.0.0.1:0 \
    -cert web.crt -key mhsm:web -tls1_3 -www >s_server.log 2>&1 </dev/null &
server_pid=$!
await grep -q '^ACCEPT .*:[0-9]' s_server.log || {
    cat s_server.log >&2
    exit 1
}
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' s_server.log)
run curl -sS -o page.html --cacert ca.pem --resolve "localhost:$port:127.0.0.1" -w 'HTTP %{http_code}, certificate verified: %{ssl_verify_result}\n' "https://localhost:$port/"
grep -o 'New, TLSv1.3, Cipher is [A-Z0-9_]*' page.html
kill "$server_pid"
wait "$server_pid" 2>/dev/null || :
server_pid=

say "Wrap a data-encryption key offline, unwrap it in the HSM"
run openssl rand -out dek.bin 32
run openssl pkey -provider default -provider mhsm -in mhsm:ca -pubout -out ca.pub.pem
run openssl pkeyutl -encrypt -pubin -inkey ca.pub.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in dek.bin -out dek.wrapped
run mhsm unwrap --name ca --algorithm RSA-OAEP-256 --in dek.wrapped --out dek.again
run cmp dek.bin dek.again
run openssl pkeyutl -provider default -provider mhsm -decrypt -inkey mhsm:ca -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in dek.wrapped -out dek.openssl
run cmp dek.bin dek.openssl

say "Sign CMS"
run openssl cms -provider default -provider mhsm -sign -nodetach -in order.txt -signer web.crt -inkey mhsm:web -outform PEM -out order.cms
run openssl cms -verify -in order.cms -inform PEM -CAfile ca.pem -purpose any

cat <<'TEXT'

# Done. With a real Managed HSM, the same commands work after:
#   sudo cmake --install build/release
#   export MHSM_ENDPOINT=https://YOUR-HSM.managedhsm.azure.net
#   and either a managed identity, or AZURE_TENANT_ID, AZURE_CLIENT_ID and
#   AZURE_CLIENT_SECRET in the environment (mhsm config show tells what is set)
# The caller needs a local role on the HSM, such as Managed HSM Crypto User.
TEXT
