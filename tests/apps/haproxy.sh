#!/bin/sh
# SPDX-License-Identifier: MIT
# HAProxy as master and worker, with certificate and key reference in one file:
# RSA and EC, an HSM that is away at the start and later, reload by USR2, and a
# worker that is killed, which ends HAProxy by its own rule. HAProxy forbids its
# workers to make processes, and threads with them, unless it is told not to.
. "${0%/*}/../server.sh"

server_files
for key in rsa ec; do
    cat $key.crt $key.key >$key.pem
    chmod 600 $key.pem
    own $key.pem
done
# shellcheck disable=SC2046 # words
set -- $(free_ports 2)
cat >haproxy.cfg <<TEXT
global
    nbthread 2
    insecure-fork-wanted
    hard-stop-after 5s
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    tune.ssl.cachesize 0
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 10s
frontend both
    bind 127.0.0.1:$1 ssl crt $work/rsa.pem
    bind 127.0.0.1:$2 ssl crt $work/ec.pem
    http-request return status 200 content-type text/plain string haproxy
TEXT
haproxy="haproxy -W -f $work/haproxy.cfg"

hsm_down
# shellcheck disable=SC2086 # words
{
    check "haproxy -c without an HSM" program $haproxy -c
    serve $haproxy
}
listening "$1" "$2"
lives "haproxy starts without an HSM"
fails "  where a handshake" handshake "$1" 3
hsm_up
answers "$1" rsa
answers "$2" ec
check "a page by curl" curl -sS --cacert ca.pem "https://localhost:$2/" \
    --resolve "localhost:$2:127.0.0.1"
output_has "  is the page" '^haproxy$'
outage "$2" ec

old=$(children)
control reset >/dev/null
kill -USR2 "$server"
# shellcheck disable=SC2086 # words
check "USR2 replaces the worker" await gone $old
no_request "  without a request"
answers "$1" rsa
answers "$2" ec
hsm_down
old=$(children)
kill -USR2 "$server"
# shellcheck disable=SC2086 # words
check "USR2 without an HSM replaces it too" await gone $old
zombies "  and leaves no zombies"
hsm_up
answers "$1" rsa
server_ends

control reset >/dev/null
# shellcheck disable=SC2086 # words
serve $haproxy
listening "$1" "$2"
no_request "haproxy starts without a request"
answers "$1" rsa
# shellcheck disable=SC2046 # words
kill -KILL $(children)
check "a killed worker ends it" await gone "$server"
check "  and its connections" await no_connections

# Without that line no thread can be made. Then a worker's own does the work,
# and only a name server cannot be asked: the log says what to do.
grep -v insecure-fork-wanted haproxy.cfg >strict.cfg
serve env OPENSSL_CONF="$work/openssl.cnf" haproxy -W -f "$work/strict.cfg"
listening "$1" "$2"
answers "$1" rsa
answers "$2" ec
server_ends

{
    sed "s|^authority-host = .*|authority-host = https://login.example|" \
        openssl.cnf
    echo "log-level = error"
    echo "log-file = $work/reports.log"
} >logging.cnf
serve env OPENSSL_CONF="$work/logging.cnf" haproxy -W -f "$work/strict.cfg"
listening "$1" "$2"
fails "haproxy without insecure-fork-wanted: a name to look up" \
    handshake "$1" 3
check "  the log says why" grep insecure-fork-wanted reports.log
lives "  it lives"
server_ends

finish_servers
