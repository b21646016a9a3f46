# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the scripts in apps/ that run other people's programs: keys in the
# HSM with certificates and key references, an openssl.cnf that is all a program
# is given, and the checks that every server has to pass. A program runs as an
# ordinary user, in the script's own directory, and never outlives the script.
#
#   . "${0%/*}/../server.sh"
#   server_files
#   serve nginx -p "$work" -c nginx.conf
#   answers "$port" rsa
#   finish_servers

. "${0%/*}/../lib.sh"

# Programs of /usr/sbin are meant too, whoever runs the script.
export PATH="$PATH:/usr/sbin:/sbin"

# Longer than this, a failing handshake took: the limits in openssl.cnf below,
# and what a busy machine adds.
quickly=5000

# Words before a program that make it run as an ordinary user.
if [ "$(id -u)" -eq 0 ]; then
    as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
else
    as_user=
fi

own() {
    [ -z "$as_user" ] || chown 65534:65534 "$@"
}

# N ports that nobody listens on, as words.
free_ports() {
    python3 - "$1" <<'TEXT'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[s.getsockname()[1] for s in held])
TEXT
}

# What a program gets to know, and all of it: no variable helps.
server_conf() {
    cp "$TEST_MODULE" mhsm.so
    printf '%s' "$AZURE_CLIENT_SECRET" >secret
    chmod 600 secret
    cp "$MHSM_CA_FILE" hsm-ca.pem
    cat >openssl.cnf <<TEXT
openssl_conf = init
[init]
providers = providers
[providers]
default = default_section
mhsm = mhsm_section
[default_section]
activate = 1
[mhsm_section]
activate = 1
module = $work/mhsm.so
endpoint = $MHSM_ENDPOINT
ca-file = $work/hsm-ca.pem
authority-ca-file = $work/hsm-ca.pem
authority-host = $AZURE_AUTHORITY_HOST
verify-challenge-resource = no
credential = client-secret
tenant-id = $AZURE_TENANT_ID
client-id = $AZURE_CLIENT_ID
client-secret = file:$work/secret
connect-timeout = 500ms
try-timeout = 1s
timeout = 2s
retries = 1
TEXT
}

# The words before a command that make it such a program and leave it in the same
# process, so that $! is its number. What the sanitizers have to say goes to
# reports/; leaks of the programs' own at their end are not looked for, ours are
# by the tests in provider/.
server_words() {
    mkdir reports
    _preload=$TEST_PRELOAD
    if [ -n "$_preload" ]; then
        # The sanitizer has to wake up before the constructors of libraries do:
        # in the midst of one that holds a lock of libc's (libgpg-error's, in
        # postgres) it would wait for that lock.
        cat >first.c <<'TEXT'
#include <stdlib.h>
__attribute__((constructor)) static void first(void)
{
    free(malloc(1));
}
TEXT
        "$TEST_CC" -O0 -shared -fPIC -Wl,-z,initfirst -o first.so first.c
        _preload=$_preload:$work/first.so
        own first.so
    fi
    program_words="-i PATH=$PATH HOME=$work LC_ALL=C.UTF-8
        LD_PRELOAD=$_preload LD_LIBRARY_PATH=${LD_LIBRARY_PATH-}
        OPENSSL_CONF=$work/openssl.cnf
        ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0:log_path=$work/reports/asan
        UBSAN_OPTIONS=${UBSAN_OPTIONS-}:log_path=$work/reports/ubsan"
}

# certificate NAME: a key reference NAME.key to the key of that name in the HSM,
# and a certificate NAME.crt by a CA of this script, for server and client.
certificate() {
    check "a reference to $1" mhsm key pem --name "$1" --out "$1.key"
    chmod 600 "$1.key"
    own "$1.key"
    check "  a request" program openssl req -new -key "$1.key" -subj "/CN=$1" \
        -out "$1.csr"
    check "  a certificate" command openssl x509 -req -in "$1.csr" -CA ca.pem \
        -CAkey ca.key -CAcreateserial -days 7 -extfile ext -out "$1.crt"
}

# The HSM, its keys rsa and ec, and everything above; options go to the
# emulator. Leaves the script in its own directory.
server_files() {
    emulator_start "$@"
    cd "$work"
    server_conf
    server_words
    cat >ext <<'TEXT'
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:localhost,IP:127.0.0.1
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth,clientAuth
authorityKeyIdentifier = keyid:always
TEXT
    command openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
        -noenc -keyout ca.key -subj "/CN=Test CA" -days 7 -out ca.pem \
        -addext keyUsage=critical,keyCertSign 2>ca.log
    own . reports secret mhsm.so openssl.cnf hsm-ca.pem
    check "an RSA key" mhsm key create --name rsa --kty RSA --size 2048
    check "an EC key" mhsm key create --name ec --kty EC --curve P-256
    certificate rsa
    certificate ec
}

# program COMMAND...: with nothing but openssl.cnf.
program() {
    # shellcheck disable=SC2086 # words
    $as_user env $program_words "$@"
}

# Start a server; its number is in $server, what it prints in server.log. In a
# process group of its own: Apache signals its whole group, the script with it.
serve() {
    # shellcheck disable=SC2086 # words
    setsid $as_user env $program_words "$@" >>server.log 2>&1 </dev/null &
    server=$!
    started "$server"
}

# listening PORT...: once all of them accept connections.
listening() {
    for _port in "$@"; do
        await python3 -c "import socket
socket.create_connection(('127.0.0.1', $_port), 1).close()" || {
            fail "port $_port is open" server.log
            return
        }
    done
}

# The HSM has been asked for nothing since its counters were reset.
no_request() {
    equal "$1" "$(control stats | jq .requests)" 0
}

hsm_down() {
    stop "$emulator_pid"
}

hsm_up() {
    emulator_start
}

# Connections to the HSM that processes of this machine hold.
hsm_connections() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk -v port="$(printf ':%04X' "${MHSM_ENDPOINT##*:}")" \
            '$3 ~ port "$" && $4 == "01"' | wc -l
}

no_connections() {
    [ "$(hsm_connections)" -eq 0 ]
}

# Milliseconds of some clock.
now() {
    echo $(($(date +%s%N) / 1000000))
}

# handshake PORT VERSION [OPTION...]: by a client that knows nothing of us, has
# the CA, and insists on the name.
handshake() {
    _port=$1
    _version=$2
    shift 2
    command timeout 20 openssl s_client -connect "127.0.0.1:$_port" \
        -servername localhost -CAfile ca.pem -verify_return_error \
        -verify_hostname localhost "-tls1_$_version" "$@" </dev/null
}

# answers PORT KEY [OPTION...]: TLS 1.2 and 1.3 with the certificate of that key.
answers() {
    _at=$1
    _key=$2
    shift 2
    for _tls in 2 3; do
        check "TLS 1.$_tls with $_key" handshake "$_at" "$_tls" "$@"
        case $_key in
        rsa*) output_has "  signed by it" '^Peer signature type: (RSA|rsa)' ;;
        *) output_has "  signed by it" '^Peer signature type: (ECDSA|ecdsa)' ;;
        esac
    done
}

# fails NAME COMMAND...: it does, and in time.
fails() {
    _name=$1
    shift
    _from=$(now)
    if "$@" >out 2>err; then
        fail "$_name fails" out
        return
    fi
    _took=$(($(now) - _from))
    if [ "$_took" -lt "$quickly" ]; then
        pass "$_name fails in time ($_took ms)"
    else
        fail "$_name took $_took ms to fail"
    fi
}

lives() {
    check "$1" kill -0 "$server"
}

# While it runs, the HSM goes away, hangs, and comes back: PORT KEY [OPTION...].
# An answer that comes after the server has given up is no answer.
outage() {
    hsm_down
    fails "without an HSM, a handshake" handshake "$1" 3 ${3+"$3" "$4"}
    lives "  the server lives"
    hsm_up
    check "  and is there again with the HSM" handshake "$1" 3 ${3+"$3" "$4"}
    kill -STOP "$emulator_pid"
    fails "with an HSM that hangs, a handshake" handshake "$1" 2 ${3+"$3" "$4"}
    kill -CONT "$emulator_pid"
    lives "  the server lives"
    answers "$@"
}

# The children of the server, as words; and that none of them is a zombie.
children() {
    ps -o pid= --ppid "$server" | tr -s ' \n' ' '
}

zombies() {
    equal "$1" "$(ps -o stat= --ppid "$server" | grep -c Z)" 0
}

gone() {
    for _pid in "$@"; do
        ! kill -0 "$_pid" 2>/dev/null || return 1
    done
}

# End the server as its manual says, by TERM unless told: in time, leaving
# neither children nor connections.
server_ends() {
    _family=$(children)
    kill "-${1-TERM}" "$server"
    # shellcheck disable=SC2086 # words
    check "the server ends" await gone "$server" $_family
    stop "$server"
    check "  and holds no connection" await no_connections
}

# In place of finish.
finish_servers() {
    for _report in reports/*; do
        [ ! -e "$_report" ] || fail "a sanitizer reported" "$_report"
    done
    [ "$failures" -eq 0 ] || [ ! -s server.log ] || sed 's/^/  server: /' server.log
    finish
}
