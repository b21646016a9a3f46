#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm doctor: what it says, and how it ends, when all is well and when one
# thing is wrong; names and addresses are doctor_dns.sh's.
# shellcheck disable=SC2034,SC2119 # lib.sh reads state; emulator_start takes
# options of the emulator
. "${0%/*}/../doctor.sh"

emulator_start
cd "$work"
doctor_alone
check "a key" mhsm key create -n k --kty EC
fault() { control faults "{\"faults\":[{$1}]}" >/dev/null; }
calm() { control reset >/dev/null; }

# doctor CODE NAME [ARGUMENT...]: the exit status, in both forms of output;
# text is left in text, JSON in json.
doctor() {
    code=$1
    name=$2
    shift 2
    expect_exit "$code" "$name" mhsm doctor "$@"
    cp out text
    equal "  which says nothing on stderr" "$(cat err)" ""
    equal "  and is no wider than a terminal" "$(awk 'length > 79' text)" ""
    expect_exit "$code" "  and as JSON" mhsm doctor -o json "$@"
    cp out json
    equal "  of every step" "$(jq -r '.steps | length' json)" 11
    if grep -F -e eyJ -e "$AZURE_CLIENT_SECRET" text json >/dev/null; then
        fail "  without a secret" text
    else
        pass "  without a secret"
    fi
}

# A server that never answers (hang), or a proxy that refuses (refuse) or leads
# on (tunnel); tells its port.
cat >server.py <<'PYTHON'
import socket, sys, threading

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
kept = []


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(4096)
    if sys.argv[1] == "refuse":
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                       b"Content-Length: 0\r\n\r\n")
        client.close()
        return
    host, port = head.split()[1].decode().rsplit(":", 1)
    there = socket.create_connection((host, int(port)))
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=pump, args=(client, there), daemon=True).start()
    pump(there, client)


while True:
    client, _ = listener.accept()
    kept.append(client)
    if sys.argv[1] != "hang":
        threading.Thread(target=serve, args=(client,), daemon=True).start()
PYTHON
serve() {
    rm -f "$1.port"
    python3 server.py "$1" >"$1.port" &
    started "$!"
    await test -s "$1.port"
}

# All is well.
doctor 0 "a good HSM" --key k
equal "  in a form that stays" "$(jq -c keys json)" \
    '["endpoint","key","libcurl","mhsm","openssl","result","steps","time"]'
equal "  of each step" "$(jq -c '[.steps[] | keys] | unique[]' json)" \
    '["facts","findings","milliseconds","result","step","title"]'
equal "  and finding" "$(jq -c '[.steps[].findings[] | keys] | unique[]' json)" \
    '["mark","means","next","saw"]'
equal "  is ok as a whole" "$(jq -r .result json)" ok
equal "  in every step" "$(jq -r '[.steps[].result] | unique | .[]' json)" ok
equal "  names the endpoint" "$(jq -r .endpoint json)" "$MHSM_ENDPOINT"
finds configuration ok 'endpoint = https://localhost:.*MHSM_ENDPOINT'
finds name-resolution ok '/etc/hosts'
finds name-resolution ok 'localhost is .*\(loopback\)'
finds tcp ok 'connected in'
finds tls ok 'TLSv1\.[23]'
finds tls ok 'issued by CN=Local Managed HSM authority'
finds challenge ok "tenant is $AZURE_TENANT_ID"
finds token ok 'credential client-secret has given a token'
finds token ok 'managed-identity: not tried'
finds token ok "application $AZURE_CLIENT_ID"
finds token ok 'it is for https://managedhsm.azure.net'
finds access ok 'the key is there: EC-HSM'
finds access ok 'its roles allow: .*sign'
finds round-trip ok 'median of 5 reads'
if grep -q '^ok  *endpoint = ' text; then pass "  as text"; else fail "  as text" text; fi
check "as tsv" mhsm doctor -o tsv
equal "  in five columns" "$(awk -F '\t' '{print NF}' out | sort -u)" 5
if grep -q "$(printf '\033')" text; then fail "  no colours in a file" text; else pass "  no colours in a file"; fi
in_terminal() { script -qec "$TEST_COMMAND doctor" /dev/null; }
TERM=xterm check "on a terminal" in_terminal
output_has "  there are colours" "$(printf '\033')"
NO_COLOR=1 TERM=xterm check "with NO_COLOR" in_terminal
if grep -q "$(printf '\033')" out; then fail "  there are none" out; else pass "  there are none"; fi
calm
check "one more" mhsm doctor --key k
equal "  sends reads only" "$(control stats | jq -c '[.routes | keys[] |
    select(endswith("/token") | not) | split(" ")[0]] | unique')" '["GET"]'

# Configuration.
cat >some.cnf <<'TEXT'
openssl_conf = init
[init]
providers = list
[list]
mhsm = mine
[mine]
module = mhsm
activate = 1
retries = 2
TEXT
OPENSSL_CONF=some.cnf doctor 0 "an option of a file"
finds configuration ok 'retries = 2 \(some.cnf \[mine\]\)'
bare() { env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" LD_LIBRARY_PATH="${LD_LIBRARY_PATH-}" OPENSSL_CONF="$work/none.cnf" "$TEST_COMMAND" "$@"; }
expect_exit 1 "nothing configured" bare doctor -o json
cp out json
finds configuration fail 'no endpoint is configured.*--hsm NAME'
equal "  and nothing else is run" \
    "$(jq -r '[.steps[1:][].result] | unique | .[]' json)" skipped
finds token skipped 'not run: there is no endpoint'
MHSM_TIMEOUT=soon doctor 1 "a malformed option"
finds configuration fail 'option timeout: "soon", given by MHSM_TIMEOUT'
finds tls skipped 'the configuration cannot be read'
MHSM_CLIENT_ID=other doctor 1 "two variables"
finds configuration warn 'MHSM_CLIENT_ID and AZURE_CLIENT_ID are both set'
doctor 1 "contradicting identities" --credential managed-identity \
    --identity-client-id a --identity-object-id b
finds configuration fail 'set one'
doctor 0 "a second HSM" --hsm "$MHSM_ENDPOINT,https://localhost:1"
finds configuration ok 'https://localhost:1 is a second HSM'
doctor 1 "a file that is not there" --ca-file "$work/nothing.pem"
finds configuration fail 'ca-file: .*nothing.pem cannot be read'
expect_exit 2 "a malformed key name" mhsm doctor --key a/b
errors_have "  is told" 'name of a key'
expect_exit 2 "an HSM twice" mhsm doctor --hsm a --endpoint b

# The network.
doctor 1 "nobody there" --hsm https://localhost:1
finds tcp fail 'refused.*nothing listens'
finds tls skipped 'there is no connection'
serve hang
start=$(date +%s)
doctor 1 "a server that hangs" --hsm "https://127.0.0.1:$(cat hang.port)"
took=$(($(date +%s) - start))
if [ "$took" -le 40 ]; then pass "  in a bounded time"; else fail "  in a bounded time: $took s for two"; fi
result tcp ok
finds tls fail 'in time'
serve refuse
doctor 1 "a proxy that refuses" --proxy "http://127.0.0.1:$(cat refuse.port)"
finds configuration ok 'reached by the proxy 127.0.0.1:'
finds tcp ok 'the proxy\): connected'
finds tls fail 'proxy refuses'
https_proxy=http://user:hunter2@localhost:1 doctor 1 "a proxy that is not there"
finds configuration ok 'proxy localhost:1 \(https_proxy\)'
finds tcp fail 'the proxy\): refused'
if grep -q hunter2 text json; then fail "  its password is not shown" text; else pass "  its password is not shown"; fi
https_proxy=http://localhost:1 no_proxy=localhost doctor 0 "a host without proxy"
serve tunnel
doctor 0 "a proxy that leads on" --proxy "http://127.0.0.1:$(cat tunnel.port)"
finds tls ok 'connected to .*the proxy'

# TLS, and what is no HSM.
self_signed() {
    env -u OPENSSL_CONF openssl req -x509 -newkey ec \
        -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
        -out "$1.pem" -subj "/O=Inspection Inc/CN=$2" -days "$3" \
        -addext "subjectAltName=DNS:$2" 2>openssl.err
}
self_signed other other 5
doctor 1 "another CA" --ca-file other.pem
finds tls fail 'the chain ends in a root that is not trusted here'
finds tls ok 'certificate CN=localhost'
finds round-trip skipped 'no answer'
command openssl s_server -accept 0 -naccept 1000 -cert other.pem \
    -key other.key -www >accept.log 2>&1 &
started "$!"
port=$(accept_port accept.log)
doctor 1 "a certificate of another host" --hsm "https://localhost:$port" \
    --ca-file other.pem
finds tls fail 'another host answers'
finds tls warn 'ends in [45] days'
self_signed web localhost 50
rm -f accept.log
command openssl s_server -accept 0 -naccept 1000 -cert web.pem -key web.key \
    -www >accept.log 2>&1 &
started "$!"
port=$(accept_port accept.log)
doctor 1 "a web page in the HSM's place" --hsm "https://localhost:$port" \
    --ca-file web.pem
result tls ok
finds challenge fail 'HTTP 200 without asking for a token'
finds firewall skipped 'has not shown that it is an HSM'
ca_files
env -u OPENSSL_CONF openssl req -new -key web.key -subj /CN=localhost \
    -out late.csr
env -u OPENSSL_CONF openssl ca -config ca.cnf -batch -notext -selfsign \
    -keyfile web.key -in late.csr -startdate 20200101000000Z \
    -enddate 20200201000000Z -out late.pem 2>openssl.err
rm -f accept.log
command openssl s_server -accept 0 -naccept 1000 -cert late.pem -key web.key \
    -www >accept.log 2>&1 &
started "$!"
port=$(accept_port accept.log)
doctor 1 "a certificate of the past" --hsm "https://localhost:$port" \
    --ca-file late.pem
finds tls ok 'until 2020-02-01T00:00:00Z'
finds tls fail 'has expired, or this machine.s clock is ahead'

# The service.
doctor 1 "another tenant" --tenant-id 11111111-1111-1111-1111-111111111111
finds challenge fail 'tokens of another tenant'
doctor 1 "a resource that is not the HSM's" --verify-challenge-resource yes
finds challenge fail 'none is sent'
finds firewall skipped 'has not shown'
fault '"route":"list","action":"status","status":403,"code":"ForbiddenByFirewall","message":"Client address 192.0.2.7 is not authorized and caller is not a trusted service","count":-1'
doctor 1 "an address that the firewall refuses"
finds firewall fail '192\.0\.2\.7.*network rules'
finds access skipped 'has not let the request in'
calm
fault '"route":"list","action":"status","status":403,"code":"ForbiddenByConnection","message":"Public network access is disabled","count":-1'
doctor 1 "public access that is off"
finds firewall fail 'public access to the HSM is off.*private endpoint'
calm
fault '"route":"list","action":"status","status":403,"code":"NotActivated","message":"The HSM is not activated","count":-1'
doctor 1 "an HSM that is not activated"
finds activation fail 'security domain'
calm
fault '"route":"list","action":"status","status":503,"code":"Busy","message":"restoring","count":-1'
doctor 1 "an HSM that does not serve"
finds activation fail 'not serving now'
calm
fault '"route":"list","action":"reset","count":-1'
doctor 1 "connections that break"
finds firewall fail 'connection'
calm
fault '"route":"list","action":"unauthorized","count":-1'
doctor 1 "a token that the HSM refuses"
finds firewall fail 'does not accept the token'
calm
control latency '{"ms":400}' >/dev/null
doctor 1 "an HSM far away"
finds round-trip warn 'median of 5 reads'
calm

# Credentials.
AZURE_CLIENT_SECRET=not-the-secret doctor 1 "a wrong secret"
finds token fail 'client secret is wrong'
finds access skipped 'there is no token'
result round-trip ok
without() { env -u AZURE_CLIENT_ID -u AZURE_CLIENT_SECRET PATH=/usr/bin:/bin "$TEST_COMMAND" doctor -o json --imds-endpoint "http://127.0.0.1:1"; }
expect_exit 1 "no credential at all" without
cp out json
finds token fail 'no access token; client-secret credential: not configured'
expect_exit 1 "an id without a secret" env -u AZURE_CLIENT_SECRET \
    "$TEST_COMMAND" doctor -o json --imds-endpoint http://127.0.0.1:1
cp out json
finds configuration warn 'neither a secret nor a certificate'
part() { printf '%s' "$1" | base64 -w0 | tr '+/' '-_' | tr -d =; }
TICKET=$(part '{"alg":"none"}').$(part '{"oid":"me","exp":1000000000}').c2ln
export TICKET
doctor 1 "an expired token" --credential token --token env:TICKET
finds token fail 'token has expired'
TICKET=$(part '{"alg":"none"}').$(part '{"oid":"me","aud":"https://vault.azure.net","tid":"elsewhere","exp":9999999999}').c2ln
doctor 1 "a foreign token" --credential token --token env:TICKET
finds token fail 'it is for https://vault.azure.net'
finds token fail 'it is of tenant elsewhere'
finds firewall fail 'does not accept the token'

# Roles.
someone() { control principals "{\"name\":\"$1\",\"roles\":[$2]}" >"$1.json"; }
as() {
    who=$1
    shift
    AZURE_CLIENT_ID=$(jq -r .client_id "$who.json")
    AZURE_CLIENT_SECRET=$(jq -r .client_secret "$who.json")
    doctor "$@"
}
secret=$AZURE_CLIENT_SECRET
id=$AZURE_CLIENT_ID
someone nobody ""
as nobody 1 "no role, no key named"
finds access warn 'it has no role for keys at /.*--key NAME'
as nobody 1 "no role" --key k
finds access fail 'lacks .*keys/read/action.*Managed HSM Crypto User'
finds access ok 'az keyvault role assignment list.*--assignee'
someone auditor '{"role":"Managed HSM Crypto Auditor","scope":"/"}'
as auditor 1 "a role that reads" --key k
finds access ok 'the role "Managed HSM Crypto Auditor" at /'
finds access warn 'its roles allow: read'
someone signer '{"role":"Managed HSM Crypto Service Encryption User","scope":"/keys/k"}'
as signer 0 "a role at the key, of one who may not read roles" --key k
finds access ok 'it may read keys; sign, decrypt, unwrap and the others are not known'
AZURE_CLIENT_SECRET=$secret
AZURE_CLIENT_ID=$id
doctor 1 "no such key" --key none
finds access fail 'no such key'
check "a disabled key" mhsm key create -n off --kty EC --disabled
doctor 1 "  is a finding" --key off
finds access fail 'latest version is disabled'
stop "$emulator_pid"

# Clocks; the second's authority says no date either.
state=$work/ahead
emulator_start --date "Thu, 01 Jan 2026 00:00:00 GMT"
doctor 1 "a clock that differs"
finds clock fail 'ahead of the HSM.*set this machine'
equal "  by seconds" "$(jq '.steps[] | select(.step == "clock") | .facts.secondsAhead > 300' json)" true
ahead=$AZURE_AUTHORITY_HOST
ahead_ca=$MHSM_AUTHORITY_CA_FILE
state=$work/silent
emulator_start --date none
doctor 0 "an HSM that says no date"
finds clock ok 'neither the HSM nor the authority'
doctor 1 "  and an authority that does" --authority-host "$ahead" \
    --authority-ca-file "$ahead_ca"
finds clock fail 'ahead of the authority'

finish
