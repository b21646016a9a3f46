#!/bin/sh
# SPDX-License-Identifier: MIT
# HTTP/2 with a server that offers it (nghttpx before the local HSM), HTTP/1.1
# with one that does not or when it is asked for; and key agreement that
# withstands quantum computers, offered and required.
. "${0%/*}/../lib.sh"
export PATH="$PATH:/usr/sbin"

emulator_start
cd "$work"
check "a key" mhsm key create --name web --kty EC --curve P-256
check "  and its certificate" openssl req -provider default -provider mhsm -x509 \
    -new -key mhsm:web -subj /CN=localhost -days 2 -out web.crt
check "a CA for the proxy" command openssl req -x509 -newkey rsa:2048 -nodes \
    -keyout front.key -out front.pem -days 2 -subj /CN=localhost \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"
cat front.pem "$MHSM_CA_FILE" >roots.pem
port=$(python3 -c 'import socket
with socket.create_server(("127.0.0.1", 0)) as s: print(s.getsockname()[1])')
hsm=${MHSM_ENDPOINT#https://localhost:}
export MHSM_AUTHORITY_CA_FILE="$MHSM_CA_FILE" MHSM_CA_FILE="$work/roots.pem"
export MHSM_ENDPOINT="https://localhost:$port"
echo text >text

# Nobody listens there any more (7: no connection).
is_free() {
    curl -s -o free.out "http://127.0.0.1:$port/" || test $? -eq 7
}

# front OPTION...: nghttpx between us and the HSM, with a fresh log.
front() {
    await is_free
    rm -f access.log
    nghttpx --conf=/dev/null --frontend="127.0.0.1,$port" \
        --backend="127.0.0.1,$hsm;;tls;proto=http/1.1" --insecure \
        --accesslog-file="$work/access.log" --errorlog-file="$work/front.log" \
        --accesslog-format='$alpn $tls_protocol $status $remote_port' --workers=1 \
        "$@" front.key front.pem &
    front=$!
    started "$front"
    await curl -s --cacert roots.pem "$MHSM_ENDPOINT/"
    : >access.log
}

signs() {
    openssl dgst -provider default -provider mhsm -sha256 -sign mhsm:web \
        -out signature text
}

front
check "a signature through nghttpx" signs
check "  over HTTP/2" grep -q '^h2 ' access.log
check "  and over nothing else" sh -c '! grep -qv "^h2 TLSv1.3 " access.log'
check "  by the command, too" mhsm key list
MHSM_HTTP_VERSION=1.1
export MHSM_HTTP_VERSION
: >access.log
check "http-version=1.1" signs
check "  keeps to it" sh -c 'grep -q . access.log && ! grep -q "^h2 " access.log'
unset MHSM_HTTP_VERSION
expect_exit 2 "another http-version is refused" \
    env MHSM_HTTP_VERSION=3 "$TEST_COMMAND" key list
stop "$front"

front --npn-list=http/1.1
check "a server without HTTP/2" signs
check "  is spoken to in HTTP/1.1" grep -q '^http/1.1 ' access.log
stop "$front"

front --npn-list=h2,http/1.1 --tls-max-proto-version=TLSv1.2
check "a server that knows TLS 1.2" signs
check "  is spoken to in that" grep -q 'TLSv1.2' access.log
stop "$front"

# Many threads: each has a connection to himself while he asks, in HTTP/2, too.
many() {
    "$TEST_BUILD/tests/client/sign_many" mhsm:web 16 "$1"
}
connections() {
    cut -d' ' -f4 access.log | sort -u | wc -l
}
control latency '{"ms":5}' >control.out
front
check "16 threads sign 640 times" many 640
check "  over HTTP/2" sh -c '! grep -qv "^h2 " access.log'
equal "  in so many requests" "$(grep -c ' 200 ' access.log)" 641
check "  on no more than a connection each" test "$(connections)" -le 16
: >access.log
many 3200 >many.out 2>&1 &
many=$!
started "$many"
await test -s access.log
kill -QUIT "$front"
stop "$front"
front
check "a restart in the middle of it is survived" wait "$many"
# A thread whose request broke twice asked in HTTP/1.1, and keeps that connection:
# how many do is chance.
cat many.out
: >access.log
check "  and who comes after it" signs
check "  speaks HTTP/2" grep -q '^h2 ' access.log
stop "$front"
front --frontend-http2-max-concurrent-streams=4
check "a server that allows 4 at once on one connection" many 640
check "  gets no more connections either" test "$(connections)" -le 16
stop "$front"
control reset >control.out

# A server that says farewell (GOAWAY) in the middle of a program's life.
front
env LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$TEST_MODULES" \
    openssl s_server -provider default -provider mhsm -accept 127.0.0.1:0 \
    -cert web.crt -key mhsm:web -www >server.out 2>server.err &
started "$!"
server_port=$(accept_port server.out)
handshake() {
    echo | command openssl s_client -connect "127.0.0.1:$server_port" \
        -CAfile web.crt -verify_return_error
}
check "a program that lives longer than the server" handshake
kill -QUIT "$front"
stop "$front"
front
check "  does not mind its restart" handshake
check "  and speaks HTTP/2 again" grep -q '^h2 ' access.log
stop "$front"

# One that offers HTTP/2 and cannot speak it.
cat >broken.py <<'TEXT'
import socket, ssl, sys, threading
front, hsm = int(sys.argv[1]), int(sys.argv[2])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("front.pem", "front.key")
context.set_alpn_protocols(["h2", "http/1.1"])
trust = ssl.create_default_context(cafile="roots.pem")

def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    sink.close()

def serve(peer):
    try:
        peer = context.wrap_socket(peer, server_side=True)
        alpn = peer.selected_alpn_protocol()
        print(alpn, flush=True)
        if alpn == "h2":
            peer.recv(65536)
            peer.sendall(b"\xff" * 1024)
            return
        behind = trust.wrap_socket(socket.create_connection(("127.0.0.1", hsm)),
                                   server_hostname="localhost")
    except OSError:
        return
    threading.Thread(target=copy, args=(behind, peer), daemon=True).start()
    copy(peer, behind)

listener = socket.create_server(("127.0.0.1", front))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],),
                     daemon=True).start()
TEXT
python3 broken.py "$port" "$hsm" >broken.log 2>broken.err &
front=$!
started "$front"
await sh -c "command openssl s_client -connect 127.0.0.1:$port </dev/null"
: >broken.log
check "a server whose HTTP/2 is broken" signs
check "  was offered it" grep -q '^h2$' broken.log
check "  and then not" grep -q '^http/1.1$' broken.log
stop "$front"

group=X25519MLKEM768
if command openssl list -tls-groups 2>/dev/null | grep -q $group; then
    front --ecdh-curves=$group:X25519
    check "key agreement by $group is offered" signs
    # The local HSM's own TLS, the token service's, may not have it.
    AZURE_CLI_ACCESS_TOKEN=$(token)
    export AZURE_CLI_ACCESS_TOKEN
    check "  and can be required" env MHSM_POST_QUANTUM=require \
        MHSM_CREDENTIAL=token "$TEST_COMMAND" key list
    stop "$front"
fi
front --ecdh-curves=P-256
check "a server without $group" signs
expect_exit 5 "  is refused when it is required" \
    env MHSM_POST_QUANTUM=require "$TEST_COMMAND" key list
errors_have "  with the reason" "post-quantum=require"
stop "$front"

finish
