#!/bin/sh
# SPDX-License-Identifier: MIT
# mhsm doctor and names: public and private endpoints, aliases, wrong answers
# and none, as dnsmasq gives them in a network of its own, at the addresses that
# resolv.conf has anyway. Where no such network can be made, it fails.
set -eu

if [ -z "${DOCTOR_INSIDE-}" ]; then
    export DOCTOR_INSIDE=1
    map=
    [ "$(id -u)" -eq 0 ] || map=--map-root-user
    # shellcheck disable=SC2086 # no word when empty
    unshare $map --net true || {
        echo "doctor_dns.sh: no network namespace can be made here"
        exit 1
    }
    # shellcheck disable=SC2086
    exec unshare $map --net "$0"
fi
# What asks another process for names does not see this network.
if grep -Eq '^hosts:.*(resolve|mdns)' /etc/nsswitch.conf; then
    echo "doctor_dns.sh: /etc/nsswitch.conf asks more than files and dns"
    exit 1
fi

. "${0%/*}/../doctor.sh"

PATH=$PATH:/usr/sbin:/sbin
cd "$work"
doctor_alone
zone=managedhsm.azure.net
link=privatelink.$zone
private=10.1.2.3
ip link set lo up
ip address add "$private/32" dev lo
servers=$(awk '$1 == "nameserver" { print $2 }' /etc/resolv.conf | head -n 3)
: "${servers:=127.0.0.1}"
for server in $servers; do
    case $server in
    127.* | ::1) ;;
    *) ip address add "$server" dev lo ;;
    esac
done
printf '20.1.2.5 mixed.%s\n10.1.2.5 mixed.%s\n' "$zone" "$zone" >more.hosts
cat >dnsmasq.conf <<TEXT
no-resolv
no-hosts
bind-interfaces
local=/azure.net/
host-record=contoso.$link,$private
cname=contoso.$zone,contoso.$link
host-record=open.$zone,20.1.2.3
host-record=edge.$zone,20.1.2.4
cname=leaky.$link,edge.$zone
cname=leaky.$zone,leaky.$link
addn-hosts=$work/more.hosts
host-record=inner.$zone,172.16.5.5
host-record=tunnel.$zone,127.0.0.1
host-record=blocked.$zone,0.0.0.0
txt-record=empty.$zone,nothing
TEXT
for server in $servers; do
    echo "listen-address=$server" >>dnsmasq.conf
done
dnsmasq --no-daemon --conf-file=dnsmasq.conf 2>dnsmasq.err &
dnsmasq=$!
started "$dnsmasq"

# A DNS server with one answer, which dnsmasq does not give: an alias of a name
# that does not exist (dangling); or with none (mute). Or a server that passes
# connections on (forward).
cat >server.py <<'PYTHON'
import select, socket, sys, threading

def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass

def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"

def answer(query):
    end = query.index(b"\0", 12) + 5
    alias = name("gone.privatelink.managedhsm.azure.net")
    return (query[:2] + b"\x85\x83\0\1\0\1\0\0\0\0" + query[12:end] +
            b"\xc0\x0c\0\5\0\1\0\0\0\5" + len(alias).to_bytes(2, "big") + alias)

def forward(client, port):
    there = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=pump, args=(client, there), daemon=True).start()
    pump(there, client)

if sys.argv[1] == "forward":
    listener = socket.create_server((sys.argv[2], 443))
    print("ready", flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=forward, args=(client, int(sys.argv[3])),
                         daemon=True).start()
servers = []
for address in sys.argv[2:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    servers.append(socket.socket(family, socket.SOCK_DGRAM))
    servers[-1].bind((address, 53))
print("ready", flush=True)
while True:
    for server in select.select(servers, [], [])[0]:
        query, client = server.recvfrom(4096)
        if sys.argv[1] == "dangling":
            server.sendto(answer(query), client)
PYTHON
serve() {
    python3 server.py "$@" >"$1.ready" &
    server_pid=$!
    started "$server_pid"
    await test -s "$1.ready"
}

emulator_start --san "contoso.$zone,tunnel.$zone"
port=${MHSM_ENDPOINT##*:}
serve forward "$private" "$port"
check "a key" mhsm key create -n k --kty EC
unset MHSM_ENDPOINT MHSM_VERIFY_CHALLENGE_RESOURCE
export MHSM_CONNECT_TIMEOUT=1s
answers() { mhsm doctor --hsm contoso -o json | jq -e '.steps[1].facts.addresses | length > 0'; }
await answers

# look HSM: what the doctor says of it is left in json.
look() {
    expect_exit "$1" "$2" mhsm doctor -o json --hsm "$2"
    cp out json
}

# A private endpoint, as it should be, all the way. Only that no issuer of
# Azure's makes certificates for a test.
look 1 contoso
finds name-resolution ok "contoso.$zone is another name of contoso.$link"
finds name-resolution ok "is $private \(private\).*the private endpoint"
equal "  asked of the right servers" \
    "$(jq -r '.steps[1].facts.servers[]' json)" "$servers"
finds tcp ok "$private port 443: connected"
finds tls warn 'inspects TLS'
finds challenge ok "tokens for https://$zone"
for step in name-resolution tcp clock challenge token firewall activation \
    access round-trip; do
    result "$step" ok
done
expect_exit 1 "the same without its root" env -u MHSM_CA_FILE \
    "$TEST_COMMAND" doctor --hsm contoso -o json
cp out json
finds tls fail 'issued by CN=Local Managed HSM authority.*inspects TLS'

# Names that lead elsewhere.
look 1 open
finds name-resolution ok 'is 20.1.2.3 \(public\).*no private endpoint'
finds tcp fail 'no route'
finds tls skipped 'no connection'
look 1 leaky
finds name-resolution ok "leaky.$link is another name of edge.$zone"
finds name-resolution warn 'the HSM has a private endpoint, but.*168.63.129.16'
look 1 inner
finds name-resolution ok '172.16.5.5 \(private\).*no privatelink zone'
look 1 mixed
finds name-resolution warn 'public and private addresses'
look 1 tunnel
finds name-resolution warn 'this machine itself'
look 1 blocked
finds name-resolution fail 'DNS filter'
look 1 nosuch
finds name-resolution fail 'does not exist.*no HSM of this name'
finds tcp skipped 'has no address'
look 1 empty
finds name-resolution fail 'empty.* has no address'
look 1 "https://contoso.$link"
finds configuration warn 'in a privatelink zone'
finds tls fail 'another host answers'

MHSM_AUTHORITY_HOST=https://login.microsoftonline.us look 1 open
finds configuration fail 'authority of another cloud'
MHSM_AUTHORITY_HOST=https://login.microsoftonline.us/ \
    look 1 open.managedhsm.usgovcloudapi.net
if grep -q 'another cloud' json; then
    fail "  its own authority is right" json
else
    pass "  its own authority is right"
fi

# DNS servers that are not there, or know half of it, or nothing.
stop "$dnsmasq"
look 1 refused
finds name-resolution fail 'could not be looked up.*nameserver lines'
# shellcheck disable=SC2086 # a list of addresses
serve dangling $servers
look 1 gone
finds name-resolution ok "gone.$zone is another name of gone.$link"
finds name-resolution fail 'does not exist.*has no record of this HSM'
stop "$server_pid"
# shellcheck disable=SC2086
serve mute $servers
start=$(date +%s)
look 1 mute
took=$(($(date +%s) - start))
finds name-resolution fail 'could not be looked up'
equal "  and still tells whom it asked" \
    "$(jq -r '.steps[1].facts.servers[]' json)" "$servers"
if [ "$took" -le 30 ]; then
    pass "  in half a minute"
else
    fail "  in half a minute: $took s"
fi

finish
