/* SPDX-License-Identifier: MIT
 *
 * What the loopback server answers, path by path: good answers, broken ones
 * and none.  Part of loopback.h, which includes it in the middle.
 */
#ifndef MHSM_TESTS_UNIT_LOOPBACK_PATHS_H
#define MHSM_TESTS_UNIT_LOOPBACK_PATHS_H

static inline int loopback_answer(struct loopback_peer *peer, int status,
                                  const char *headers, const char *body)
{
    char text[2048];
    int size = snprintf(text, sizeof(text),
                        "HTTP/1.1 %d Whatever\r\nContent-Type: "
                        "application/json\r\nx-ms-request-id: rid-%d\r\n"
                        "Content-Length: %zu\r\n%s\r\n%s",
                        status, status, strlen(body), headers, body);

    return size > 0 && (size_t)size < sizeof(text) &&
           loopback_write(peer, text, (size_t)size);
}

/* Each answers a request and tells whether the connection goes on. */
static inline int loopback_echo(struct loopback_peer *peer)
{
    char type[64], token[64], expect[64], agent[64], body[1024];

    (void)snprintf(body, sizeof(body), "%s|%s|%s|%s|%s|%.100s", peer->method,
                   loopback_header(peer, "Content-Type", type, 64),
                   loopback_header(peer, "Authorization", token, 64),
                   loopback_header(peer, "Expect", expect, 64),
                   loopback_header(peer, "User-Agent", agent, 64), peer->body);
    return loopback_answer(peer, 200, "", body);
}

static inline int loopback_big(struct loopback_peer *peer)
{
    size_t size = strtoul(peer->path + strlen("/big/"), NULL, 10);
    char *text = malloc(size + 256);
    int used, ok;

    if (text == NULL)
        return 0;
    used = snprintf(text, 256, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                    size);
    memset(text + used, 'x', size);
    ok = loopback_write(peer, text, (size_t)used + size);
    free(text);
    return ok;
}

static inline int loopback_reset(struct loopback_peer *peer)
{
    struct linger hard = {1, 0};

    (void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    return 0;
}

/* `count` headers, each of `size` octets. */
static inline int loopback_headers(struct loopback_peer *peer, int count,
                                   size_t size)
{
    char *text = malloc(size + 64);
    int i, ok;

    if (text == NULL)
        return 0;
    (void)snprintf(text, size + 64, "X-Filler: %0*d\r\n", (int)size, 0);
    ok = loopback_write(peer, "HTTP/1.1 200 OK\r\n", 17);
    for (i = 0; ok && i < count; i++)
        ok = loopback_write(peer, text, strlen(text));
    free(text);
    return ok && loopback_write(peer, "Content-Length: 0\r\n\r\n", 21);
}

static inline int loopback_plan(struct loopback_peer *peer)
{
    struct loopback *server = peer->server;

    if (atomic_load(&server->reset_next) > 0) {
        atomic_fetch_sub(&server->reset_next, 1);
        return loopback_reset(peer);
    }
    if (atomic_load(&server->fail_next) > 0) {
        atomic_fetch_sub(&server->fail_next, 1);
        return loopback_answer(peer, atomic_load(&server->fail_status),
                               server->fail_header, "{}");
    }
    return loopback_answer(peer, 200, "", "{\"ok\":true}");
}

static inline int loopback_hang(struct loopback_peer *peer)
{
    char octet;

    while (!atomic_load(&peer->server->stopping) &&
           loopback_read(peer, &octet, 1) > 0)
        continue;
    return 0;
}

static inline int loopback_fixed(struct loopback_peer *peer)
{
    static const struct {
        const char *path, *answer;
        int go_on;
    } fixed[] = {
        {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789", 0},
        {"/garbage", "this is no HTTP\r\nat all\r\n\r\n", 0},
        {"/nothing", "", 0},
        {"/stale", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0},
        {"/redirect",
         "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", 1},
        {"/interim",
         "HTTP/1.1 103 Early Hints\r\nLocation: /early\r\nRetry-After: 9\r\n"
         "\r\nHTTP/1.1 200 OK\r\nlocation:  /late \t\r\nContent-Length: 2\r\n"
         "\r\n{}",
         1},
        {"/challenges",
         "HTTP/1.1 401 No\r\nWWW-Authenticate: PoP a=\"1\"\r\n"
         "WWW-Authenticate: bearer b=\"2\"\r\nWWW-Authenticate: Bearer c\r\n"
         "Content-Length: 0\r\n\r\n",
         1},
        {"/chunked",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n5\r\nfirst\r\n6\r\n"
         "second\r\n0\r\nx-ms-request-id: trailer\r\n\r\n",
         1},
        {"/badchunk",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 0},
        {"/empty", "HTTP/1.1 204 No Content\r\n\r\n", 1},
    };
    size_t i;

    for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (strcmp(peer->path, fixed[i].path) == 0)
            return loopback_write(peer, fixed[i].answer,
                                  strlen(fixed[i].answer)) &&
                   fixed[i].go_on;
    }
    return loopback_answer(peer, 404, "", "{}");
}

static inline int loopback_dispatch(struct loopback_peer *peer)
{
    const char *path = peer->path;

    if (peer->server->kind == LOOPBACK_PROXY) {
        (void)loopback_answer(peer, 403, "", "no");
        return 0;
    }
    if (strncmp(path, "/ok", 3) == 0)
        return loopback_answer(peer, 200, "", "{\"ok\":true}");
    if (strcmp(path, "/plan") == 0)
        return loopback_plan(peer);
    if (strcmp(path, "/echo") == 0)
        return loopback_echo(peer);
    if (strncmp(path, "/slow/", 6) == 0) {
        loopback_nap((int)strtol(path + 6, NULL, 10));
        return loopback_answer(peer, 200, "", "{}");
    }
    if (strncmp(path, "/big/", 5) == 0)
        return loopback_big(peer);
    if (strcmp(path, "/reset") == 0)
        return loopback_reset(peer);
    if (strcmp(path, "/hang") == 0)
        return loopback_hang(peer);
    if (strcmp(path, "/plan/hang") == 0)
        return atomic_load(&peer->server->fail_next) > 0 ? loopback_plan(peer)
                                                         : loopback_hang(peer);
    if (strcmp(path, "/manyheaders") == 0)
        return loopback_headers(peer, 300, 10);
    if (strcmp(path, "/largeheaders") == 0)
        return loopback_headers(peer, 12, 8000);
    if (strcmp(path, "/longheader") == 0)
        return loopback_headers(peer, 1, 300000);
    return loopback_fixed(peer);
}

#endif
