#!/bin/sh
# SPDX-License-Identifier: MIT
# PostgreSQL with key references: the server's key (a process for each client),
# an HSM that is away at the start and later, reload with another key, a killed
# backend; and libpq's client certificates, by psql.
. "${0%/*}/../server.sh"

server_files
# shellcheck disable=SC2012 # names are versions
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -n "$bin" ]
port=$(free_ports 1)
# shellcheck disable=SC2086 # words
check "initdb" $as_user env -i PATH="$PATH" LC_ALL=C.UTF-8 "$bin/initdb" \
    -D data -U owner -A trust --no-sync --no-instructions

# conf KEY
conf() {
    cat >data/postgresql.conf <<TEXT
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
fsync = off
max_connections = 10
shared_buffers = 8MB
ssl = on
ssl_min_protocol_version = 'TLSv1.2'
ssl_cert_file = '$work/$1.crt'
ssl_key_file = '$work/$1.key'
ssl_ca_file = '$work/ca.pem'
TEXT
}
conf rsa
cat >data/pg_hba.conf <<TEXT
hostssl all owner 127.0.0.1/32 trust
hostssl all all 127.0.0.1/32 cert
TEXT

# query USER SQL [WORD OF A CONNECTION STRING...]
query() {
    _user=$1
    _sql=$2
    shift 2
    program psql -XAt -c "$_sql" "host=localhost hostaddr=127.0.0.1 port=$port \
        user=$_user dbname=postgres connect_timeout=10 sslmode=verify-full \
        sslrootcert=$work/ca.pem $*"
}

hsm_down
serve "$bin/postgres" -D "$work/data"
listening "$port"
lives "postgres starts without an HSM"
fails "  where a handshake" handshake "$port" 3 -starttls postgres
hsm_up
answers "$port" rsa -starttls postgres
check "psql" query owner "create role rsa login; create role ec login"
outage "$port" rsa -starttls postgres

# Client certificates: the server takes the name for the role's.
about="select ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()"
for key in rsa ec; do
    for version in 1.2 1.3; do
        check "psql with certificate $key, TLS $version" query $key "$about" \
            "sslcert=$work/$key.crt sslkey=$work/$key.key" \
            "ssl_min_protocol_version=TLSv$version" \
            "ssl_max_protocol_version=TLSv$version"
        output_has "  is known by it" "^t\\|TLSv$version\\|/CN=$key\$"
    done
done
fails "psql as another than the certificate's" query ec "$about" \
    "sslcert=$work/rsa.crt sslkey=$work/rsa.key"
fails "psql without a certificate" query ec "$about" \
    "sslcert=$work/none.crt sslkey=$work/none.key"

control reset >/dev/null
conf ec
kill -HUP "$server"
check "reload with another key" await sh -c "$(
    cat <<TEXT
command openssl s_client -starttls postgres -connect 127.0.0.1:$port \
    -CAfile ca.pem </dev/null 2>&1 | grep -E 'subject=.*CN *= *ec'
TEXT
)"
answers "$port" ec -starttls postgres
hsm_down
control_lines=$(grep -c 'received SIGHUP' server.log)
kill -HUP "$server"
check "reload without an HSM" await sh -c \
    "[ \$(grep -c 'received SIGHUP' server.log) -gt $control_lines ]"
if grep -q 'SSL configuration was not reloaded' server.log; then
    fail "  is complete" server.log
else
    pass "  is complete"
fi
hsm_up
answers "$port" ec -starttls postgres

# All backends restart when one of them is killed.
query owner "select pg_sleep(60)" >sleep.out 2>&1 &
sleeper=$!
started "$sleeper"
backend=
find_backend() {
    backend=$(query owner \
        "select pid from pg_stat_activity where query like '%pg_sleep(60)%'
         and pid <> pg_backend_pid()") && [ -n "$backend" ]
}
check "a client at work" await find_backend
kill -KILL "$backend"
wait "$sleeper" || :
check "  is killed, and the server recovers" await query owner "select 1"
answers "$port" ec -starttls postgres
zombies "  without zombies"
server_ends INT

finish_servers
