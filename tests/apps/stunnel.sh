#!/bin/sh
# SPDX-License-Identifier: MIT
# stunnel with key references, as a server and as a client with a certificate:
# RSA and EC, an HSM that is away at the start and later, and reload by HUP.
. "${0%/*}/../server.sh"

server_files
# shellcheck disable=SC2046 # words
set -- $(free_ports 4)
cat >stunnel.conf <<TEXT
foreground = yes
pid =
syslog = no
debug = notice
output = $work/stunnel.log
sslVersionMin = TLSv1.2
sessionCacheSize = 1
[rsa]
accept = 127.0.0.1:$1
exec = /bin/echo
execArgs = echo rsa here
cert = $work/rsa.crt
key = $work/rsa.key
[ec]
accept = 127.0.0.1:$2
exec = /bin/echo
execArgs = echo ec here
cert = $work/ec.crt
key = $work/ec.key
[asks]
accept = 127.0.0.1:$3
exec = /bin/echo
execArgs = echo known
cert = $work/ec.crt
key = $work/ec.key
CAfile = $work/ca.pem
verifyChain = yes
requireCert = yes
[client]
client = yes
accept = 127.0.0.1:$4
connect = 127.0.0.1:$3
cert = $work/rsa.crt
key = $work/rsa.key
CAfile = $work/ca.pem
verifyChain = yes
checkHost = localhost
TEXT

hsm_down
serve stunnel4 "$work/stunnel.conf"
listening "$1" "$2" "$3" "$4"
lives "stunnel starts without an HSM"
fails "  where a handshake" handshake "$1" 3
hsm_up
answers "$1" rsa
answers "$2" ec
outage "$1" rsa

# through PORT: what comes out of a tunnel whose near end is plain.
through() {
    python3 - "$1" <<'TEXT'
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as s:
    s.settimeout(10)
    print(s.makefile().read())
TEXT
}
check "a tunnel with a client certificate" through "$4"
output_has "  leads there" '^known$'
fails "  and none without" sh -c "curl -sS -m 10 --cacert ca.pem --http0.9 \
    --resolve localhost:$3:127.0.0.1 https://localhost:$3/ | grep known"

control reset >/dev/null
kill -HUP "$server"
check "HUP reads the configuration again" await sh -c \
    "[ \$(grep -c 'Configuration successful' stunnel.log) -ge 2 ]"
no_request "  without a request"
answers "$1" rsa
hsm_down
kill -HUP "$server"
check "  and without an HSM" await sh -c \
    "[ \$(grep -c 'Configuration successful' stunnel.log) -ge 3 ]"
hsm_up
answers "$2" ec
zombies "no zombies"
server_ends

finish_servers
