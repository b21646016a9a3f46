/* SPDX-License-Identifier: MIT
 *
 * An HTTP server on loopback for tests of the engine: TLS with a certificate
 * made at start, one thread a connection, and paths that misbehave on demand.
 * It has an OpenSSL context of its own, so that a test may ruin the default
 * one.  Its threads block all signals.
 */
#ifndef MHSM_TESTS_UNIT_LOOPBACK_H
#define MHSM_TESTS_UNIT_LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum loopback_kind {
    LOOPBACK_TLS,
    LOOPBACK_PLAIN,
    LOOPBACK_SILENT, /* accepts, and says nothing */
    LOOPBACK_PROXY,  /* refuses every CONNECT with 403 */
    LOOPBACK_RESET   /* resets in the middle of the handshake */
};

enum { loopback_max = 512 };

struct loopback {
    enum loopback_kind kind;
    int listener, port;
    char ca_path[64];
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *provider;
    SSL_CTX *tls;
    pthread_t acceptor;
    pthread_mutex_t lock;
    int open_fds[loopback_max]; /* descriptor + 1; 0: free */
    atomic_int connections, requests, live, stopping;
    atomic_int fail_next, fail_status, reset_next; /* for /plan and below */
    char fail_header[128];
};

struct loopback_peer {
    struct loopback *server;
    int fd;
    size_t slot;
    SSL *ssl;
    char head[8192], body[65536];
    size_t body_size;
    char method[16], path[256];
};

static inline void loopback_nap(int ms)
{
    struct timespec nap = {ms / 1000, (long)(ms % 1000) * 1000000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
}

static inline int loopback_read(struct loopback_peer *peer, char *to, int max)
{
    if (peer->ssl != NULL)
        return SSL_read(peer->ssl, to, max);
    return (int)recv(peer->fd, to, (size_t)max, 0);
}

static inline int loopback_write(struct loopback_peer *peer, const char *data,
                                 size_t size)
{
    while (size != 0) {
        int chunk = size > 16384 ? 16384 : (int)size;
        int n = peer->ssl != NULL
                    ? SSL_write(peer->ssl, data, chunk)
                    : (int)send(peer->fd, data, (size_t)chunk, MSG_NOSIGNAL);

        if (n <= 0)
            return 0;
        data += n;
        size -= (size_t)n;
    }
    return 1;
}

/* The value of a header of the request in `peer->head`, copied; "" if none. */
static inline const char *loopback_header(struct loopback_peer *peer,
                                          const char *name, char *to,
                                          size_t max)
{
    const char *line = strstr(peer->head, "\r\n");
    size_t length = strlen(name);

    to[0] = 0;
    for (; line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 &&
            line[2 + length] == ':') {
            const char *value = line + 3 + length;
            size_t size = strcspn(value + strspn(value, " "), "\r\n");

            if (size < max)
                (void)snprintf(to, max, "%.*s", (int)size,
                               value + strspn(value, " "));
            break;
        }
    }
    return to;
}

/* One whole request; 0 at the end of the connection. */
static inline int loopback_receive(struct loopback_peer *peer)
{
    size_t have = 0, extra, length;
    char *end = NULL, text[32];
    int n;

    while (end == NULL) {
        if (have >= sizeof(peer->head) - 1)
            return 0;
        n = loopback_read(peer, peer->head + have,
                          (int)(sizeof(peer->head) - 1 - have));
        if (n <= 0)
            return 0;
        have += (size_t)n;
        peer->head[have] = 0;
        /* A TLS client hello at the plain port. */
        if (peer->ssl == NULL && peer->head[0] == 0x16) {
            (void)loopback_write(peer, "HTTP/1.1 400 No\r\n\r\n", 19);
            return 0;
        }
        end = strstr(peer->head, "\r\n\r\n");
    }
    extra = have - (size_t)(end + 4 - peer->head);
    memcpy(peer->body, end + 4, extra);
    end[2] = 0;
    length =
        strtoul(loopback_header(peer, "Content-Length", text, 32), NULL, 10);
    if (length >= sizeof(peer->body) ||
        sscanf(peer->head, "%15s %255s", peer->method, peer->path) != 2)
        return 0;
    while (extra < length) {
        n = loopback_read(peer, peer->body + extra, (int)(length - extra));
        if (n <= 0)
            return 0;
        extra += (size_t)n;
    }
    peer->body[extra] = 0;
    peer->body_size = extra;
    return 1;
}

#include "loopback_paths.h"

static inline void loopback_serve(struct loopback_peer *peer)
{
    struct loopback *server = peer->server;

    if (server->kind == LOOPBACK_SILENT) {
        char octet[64];

        while (recv(peer->fd, octet, sizeof(octet), 0) > 0)
            continue;
        return;
    }
    if (server->kind == LOOPBACK_RESET) {
        char octet;

        /* Not before the client believes in the connection. */
        (void)recv(peer->fd, &octet, 1, 0);
        (void)loopback_reset(peer);
        return;
    }
    if (server->kind == LOOPBACK_TLS) {
        peer->ssl = SSL_new(server->tls);
        if (peer->ssl == NULL || SSL_set_fd(peer->ssl, peer->fd) != 1 ||
            SSL_accept(peer->ssl) != 1)
            return;
    }
    while (loopback_receive(peer)) {
        atomic_fetch_add(&server->requests, 1);
        if (!loopback_dispatch(peer))
            return;
    }
}

static inline void *loopback_connection(void *arg)
{
    struct loopback_peer *peer = arg;
    struct loopback *server = peer->server;

    loopback_serve(peer);
    SSL_free(peer->ssl);
    (void)pthread_mutex_lock(&server->lock);
    server->open_fds[peer->slot] = 0;
    (void)close(peer->fd);
    (void)pthread_mutex_unlock(&server->lock);
    free(peer);
    OPENSSL_thread_stop_ex(server->library);
    OPENSSL_thread_stop();
    atomic_fetch_sub(&server->live, 1);
    return NULL;
}

static inline void loopback_begin(struct loopback *server, int fd)
{
    struct loopback_peer *peer = calloc(1, sizeof(*peer));
    pthread_t thread;
    size_t i;

    if (peer == NULL) {
        (void)close(fd);
        return;
    }
    peer->server = server;
    peer->fd = fd;
    (void)pthread_mutex_lock(&server->lock);
    for (i = 0; i + 1 < loopback_max && server->open_fds[i] != 0; i++)
        continue;
    server->open_fds[i] = fd + 1;
    (void)pthread_mutex_unlock(&server->lock);
    peer->slot = i;
    atomic_fetch_add(&server->live, 1);
    if (pthread_create(&thread, NULL, loopback_connection, peer) == 0) {
        (void)pthread_detach(thread);
        return;
    }
    atomic_fetch_sub(&server->live, 1);
    (void)close(fd);
    free(peer);
}

static inline void *loopback_accept(void *arg)
{
    struct loopback *server = arg;
    int fd;

    while (!atomic_load(&server->stopping)) {
        fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        if (atomic_load(&server->stopping)) {
            (void)close(fd);
            break;
        }
        atomic_fetch_add(&server->connections, 1);
        loopback_begin(server, fd);
    }
    return NULL;
}

static inline X509 *loopback_certificate(OSSL_LIB_CTX *library, EVP_PKEY *key,
                                         const char *names)
{
    X509 *cert = X509_new_ex(library, NULL);
    X509_NAME *name;
    X509_EXTENSION *extension = NULL;
    int ok = 0;

    if (cert == NULL)
        return NULL;
    name = X509_get_subject_name(cert);
    extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    if (X509_set_version(cert, X509_VERSION_3) &&
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
        X509_gmtime_adj(X509_getm_notBefore(cert), -60) &&
        X509_gmtime_adj(X509_getm_notAfter(cert), 86400) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   (const unsigned char *)"mhsm test", -1, -1,
                                   0) &&
        X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) &&
        extension != NULL && X509_add_ext(cert, extension, -1) &&
        X509_sign(cert, key, EVP_sha256()))
        ok = 1;
    X509_EXTENSION_free(extension);
    if (!ok) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static inline int loopback_tls(struct loopback *server, const char *names)
{
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    FILE *file = NULL;
    int ok = 0, fd;

    server->library = OSSL_LIB_CTX_new();
    if (server->library == NULL)
        return 0;
    server->provider = OSSL_PROVIDER_load(server->library, "default");
    if (server->provider == NULL)
        return 0;
    key = EVP_PKEY_Q_keygen(server->library, NULL, "EC", "P-256");
    if (key != NULL)
        cert = loopback_certificate(server->library, key, names);
    server->tls = SSL_CTX_new_ex(server->library, NULL, TLS_server_method());
    (void)snprintf(server->ca_path, sizeof(server->ca_path),
                   "/tmp/mhsm-ca-XXXXXX");
    fd = mkstemp(server->ca_path);
    if (fd >= 0)
        file = fdopen(fd, "w");
    if (cert != NULL && server->tls != NULL && file != NULL &&
        PEM_write_X509(file, cert) == 1 &&
        SSL_CTX_use_certificate(server->tls, cert) == 1 &&
        SSL_CTX_use_PrivateKey(server->tls, key) == 1)
        ok = 1;
    if (file != NULL)
        (void)fclose(file);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}

/* `names`: a subjectAltName, such as "IP:127.0.0.1,DNS:localhost". */
/* Serve at the address, which may hold port 0. */
static inline int loopback_serve_at(struct loopback *server,
                                    struct sockaddr *address, socklen_t size)
{
    sigset_t all, old;
    int ok, one = 1;

    (void)pthread_mutex_init(&server->lock, NULL);
    server->listener =
        socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        (address->sa_family == AF_INET6 &&
         setsockopt(server->listener, IPPROTO_IPV6, IPV6_V6ONLY, &one,
                    sizeof(one)) != 0) ||
        bind(server->listener, address, size) != 0 ||
        listen(server->listener, 256) != 0 ||
        getsockname(server->listener, address, &size) != 0)
        return 0;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    ok = pthread_create(&server->acceptor, NULL, loopback_accept, server) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return ok;
}

static inline int loopback_start(struct loopback *server,
                                 enum loopback_kind kind, const char *names)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    memset(server, 0, sizeof(*server));
    server->kind = kind;
    if (kind == LOOPBACK_TLS && !loopback_tls(server, names))
        return 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!loopback_serve_at(server, (struct sockaddr *)&address,
                           sizeof(address)))
        return 0;
    server->port = ntohs(address.sin_port);
    return 1;
}

/* The same server once more: its certificate and port at another address of
 * this machine, such as "127.0.0.2" or "::1".  Stopped before the first. */
static inline int loopback_start_twin(struct loopback *server,
                                      const struct loopback *first,
                                      const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)first->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons((uint16_t)first->port)};

    memset(server, 0, sizeof(*server));
    server->kind = first->kind;
    server->port = first->port;
    server->tls = first->tls;
    if (server->tls != NULL)
        (void)SSL_CTX_up_ref(server->tls);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return loopback_serve_at(server, (struct sockaddr *)&v4, sizeof(v4));
    return inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 &&
           loopback_serve_at(server, (struct sockaddr *)&v6, sizeof(v6));
}

/* Close every connection, as a server does that restarts. */
static inline void loopback_drop(struct loopback *server)
{
    size_t i;

    (void)pthread_mutex_lock(&server->lock);
    for (i = 0; i < loopback_max; i++) {
        if (server->open_fds[i] != 0)
            (void)shutdown(server->open_fds[i] - 1, SHUT_RDWR);
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static inline void loopback_stop(struct loopback *server)
{
    atomic_store(&server->stopping, 1);
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->acceptor, NULL);
    loopback_drop(server);
    while (atomic_load(&server->live) > 0)
        loopback_nap(5);
    (void)close(server->listener);
    SSL_CTX_free(server->tls);
    if (server->provider != NULL)
        (void)OSSL_PROVIDER_unload(server->provider);
    OSSL_LIB_CTX_free(server->library);
    if (server->ca_path[0] != 0)
        (void)unlink(server->ca_path);
    (void)pthread_mutex_destroy(&server->lock);
}

#endif
