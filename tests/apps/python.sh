#!/bin/sh
# SPDX-License-Identifier: MIT
# Python's ssl module with key references: a server that shakes hands in threads
# and one that does so in forked processes, an HSM that is away at the start and
# later, and a client with a certificate.
. "${0%/*}/../server.sh"

server_files
# shellcheck disable=SC2046 # words
set -- $(free_ports 2)

cat >serve.py <<'TEXT'
import socketserver, ssl, sys

kind, port, name = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(name + ".crt", name + ".key")
context.load_verify_locations("ca.pem")
context.verify_mode = ssl.CERT_OPTIONAL

class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(10)
        try:
            with context.wrap_socket(self.request, server_side=True) as tls:
                peer = tls.getpeercert()
                who = peer["subject"][0][0][1] if peer else "nobody"
                tls.sendall(f"{tls.version()} {who}\n".encode())
                tls.unwrap()
        except OSError as e:
            print(e, flush=True)

mixin = {"threads": socketserver.ThreadingMixIn,
         "forks": socketserver.ForkingMixIn}[kind]
class Server(mixin, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True

with Server(("127.0.0.1", int(port)), Handler) as server:
    server.serve_forever(0.1)
TEXT

cat >ask.py <<'TEXT'
import socket, ssl, sys

port, name, version = sys.argv[1:]
context = ssl.create_default_context(cafile="ca.pem")
context.load_cert_chain(name + ".crt", name + ".key")
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
with socket.create_connection(("127.0.0.1", int(port)), 10) as s:
    with context.wrap_socket(s, server_hostname="localhost") as tls:
        print(tls.makefile().read(), end="")
TEXT

for kind in threads forks; do
    case $kind in
    threads) key=rsa at=$1 ;;
    forks) key=ec at=$2 ;;
    esac
    hsm_down
    serve python3 serve.py $kind "$at" $key
    listening "$at"
    lives "a server by $kind starts without an HSM"
    fails "  where a handshake" handshake "$at" 3
    hsm_up
    answers "$at" $key
    outage "$at" $key
    for client in rsa ec; do
        for version in TLSv1_2 TLSv1_3; do
            check "a client with $client, $version" program python3 ask.py \
                "$at" $client $version
            output_has "  is known" "^TLSv1\\.[23] $client\$"
        done
    done
    hsm_down
    fails "  without an HSM, a client" program python3 ask.py "$at" rsa TLSv1_3
    lives "  the server lives"
    hsm_up
    # A process is waited for when the next one is forked.
    answers "$at" $key
    server_ends
done

finish_servers
