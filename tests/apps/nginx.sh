#!/bin/sh
# SPDX-License-Identifier: MIT
# nginx with key references: RSA and EC, an HSM that is away at the start and
# later, reload by HUP, and a worker that is killed.
. "${0%/*}/../server.sh"

server_files
# shellcheck disable=SC2046 # words
set -- $(free_ports 2)
cat >nginx.conf <<TEXT
daemon off;
pid $work/nginx.pid;
worker_processes 2;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    ssl_protocols TLSv1.2 TLSv1.3;
    server {
        listen 127.0.0.1:$1 ssl;
        ssl_certificate $work/rsa.crt;
        ssl_certificate_key $work/rsa.key;
        return 200 "rsa here\n";
    }
    server {
        listen 127.0.0.1:$2 ssl;
        ssl_certificate $work/ec.crt;
        ssl_certificate_key $work/ec.key;
        return 200 "ec here\n";
    }
}
TEXT
nginx="nginx -e $work/nginx.log -p $work -c $work/nginx.conf"

hsm_down
# shellcheck disable=SC2086 # words
{
    check "nginx -t without an HSM" program $nginx -t
    serve $nginx
}
listening "$1" "$2"
lives "nginx starts without an HSM"
fails "  where a handshake" handshake "$1" 3
hsm_up
answers "$1" rsa
answers "$2" ec
check "a page by curl" curl -sS --cacert ca.pem "https://localhost:$2/" \
    --resolve "localhost:$2:127.0.0.1"
output_has "  is the page" '^ec here$'
outage "$2" ec

old=$(children)
control reset >/dev/null
kill -HUP "$server"
# shellcheck disable=SC2086 # words
check "HUP replaces the workers" await gone $old
no_request "  without a request"
zombies "  and without zombies"
answers "$1" rsa
answers "$2" ec
hsm_down
old=$(children)
kill -HUP "$server"
# shellcheck disable=SC2086 # words
check "HUP without an HSM replaces them too" await gone $old
hsm_up
answers "$1" rsa

# shellcheck disable=SC2046 # words
kill -KILL $(children)
answers "$1" rsa
answers "$2" ec
zombies "killed workers are replaced"
check "  each worker holds one connection at most" test \
    "$(hsm_connections)" -le 2
server_ends QUIT

control reset >/dev/null
# shellcheck disable=SC2086 # words
serve $nginx
listening "$1" "$2"
no_request "nginx starts without a request"
server_ends

finish_servers
