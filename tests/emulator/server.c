/* SPDX-License-Identifier: MIT
 *
 * The glue to libmicrohttpd: one thread a connection, so a slow answer never
 * holds up another one. A body over the bound is swallowed and refused; it is
 * never kept.
 */
#include "server.h"

#include "listen.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX        ((size_t)2 * 1024 * 1024)
#define CONNECTIONS_MAX 1024
#define IDLE_SECONDS    600

struct emu_server {
    struct emu_hsm *hsm;
    struct emu_server_options options;
    struct MHD_Daemon *daemons[2];
    int64_t port;
};

/* What is kept between the calls for one request. */
struct exchange {
    char *target;
    struct emu_bytes body;
    int started;
    int too_large;
    int failed;
};

static void *exchange_new(void *context, const char *uri,
                          struct MHD_Connection *connection)
{
    struct exchange *x = calloc(1, sizeof(*x));

    (void)context;
    (void)connection;
    if (x != NULL)
        x->target = strdup(uri);
    return x;
}

static void exchange_done(void *context, struct MHD_Connection *connection,
                          void **state, enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *state;

    (void)context;
    (void)connection;
    (void)code;
    if (x == NULL)
        return;
    free(x->target);
    emu_bytes_free(&x->body);
    free(x);
    *state = NULL;
}

static void connection_event(void *context, struct MHD_Connection *connection,
                             void **state,
                             enum MHD_ConnectionNotificationCode code)
{
    struct emu_server *s = context;

    (void)connection;
    (void)state;
    if (code == MHD_CONNECTION_NOTIFY_STARTED && s->options.counted)
        emu_stats_count(s->hsm->stats, EMU_CONNECTIONS);
}

/* Growing by doubling would be the usual way; MHD hands over large pieces, so
 * a copy for each is cheap and leaves no unwiped block behind. */
static void collect(struct exchange *x, const char *data, size_t size)
{
    if (x->too_large)
        return;
    if (size > BODY_MAX - x->body.len) {
        x->too_large = 1;
        emu_bytes_free(&x->body);
    } else if (!emu_bytes_append(&x->body, data, size)) {
        x->failed = 1;
    }
}

/* Puts an idle socket in the place of the connection's: closing the original
 * with a zero linger time makes the kernel send a reset at once, and nothing
 * that is written later reaches the client. */
static void reset_connection(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger hard = {1, 0};
    int idle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (info != NULL && idle >= 0) {
        setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &hard,
                   sizeof(hard));
        dup3(idle, info->connect_fd, O_CLOEXEC);
    }
    if (idle >= 0)
        close(idle);
}

/* Sends half of the body and then gives up, for EMU_WIRE_CUT. */
struct half {
    char *body;
    size_t len;
};

static ssize_t half_read(void *context, uint64_t at, char *out, size_t max)
{
    struct half *h = context;
    size_t left;

    if (at >= h->len)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    left = h->len - (size_t)at;
    if (left > max)
        left = max;
    memcpy(out, h->body + at, left);
    return (ssize_t)left;
}

static void half_free(void *context)
{
    struct half *h = context;

    free(h->body);
    free(h);
}

static struct MHD_Response *half_response(struct emu_reply *r)
{
    struct half *h = calloc(1, sizeof(*h));
    struct MHD_Response *response;

    if (h == NULL)
        return NULL;
    h->body = r->body;
    h->len = r->len / 2;
    r->body = NULL;
    response = MHD_create_response_from_callback(r->len, 4096, half_read, h,
                                                 half_free);
    if (response == NULL)
        half_free(h);
    return response;
}

static enum MHD_Result send_reply(struct emu_server *s,
                                  struct MHD_Connection *connection,
                                  struct emu_reply *r)
{
    const char *date = s->hsm->options->date;
    struct MHD_Response *response;
    enum MHD_Result queued;
    size_t i;

    if (r->wire == EMU_WIRE_RESET) {
        reset_connection(connection);
        return MHD_NO;
    }
    if (r->wire == EMU_WIRE_CUT && r->body != NULL)
        response = half_response(r);
    else
        response = MHD_create_response_from_buffer(r->len, r->body,
                                                   MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    if (r->content_type != NULL)
        MHD_add_response_header(response, "content-type", r->content_type);
    if (date != NULL && strcmp(date, "none") != 0)
        MHD_add_response_header(response, "date", date);
    for (i = 0; i < r->header_count; i++)
        MHD_add_response_header(response, r->header_names[i],
                                r->header_values[i]);
    queued = MHD_queue_response(connection, r->status, response);
    MHD_destroy_response(response);
    return queued;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void peer_address(struct MHD_Connection *connection, char *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    if (info == NULL ||
        getnameinfo(info->client_addr, sizeof(struct sockaddr_in6), out,
                    EMU_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) != 0)
        out[0] = '\0';
}

static int host_valid(const char *host)
{
    return host != NULL && *host != '\0' && strlen(host) < 256 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789.-_:[]") == strlen(host);
}

static unsigned problem(const struct exchange *x, struct emu_request *rq)
{
    if (x->too_large)
        return 413;
    if (x->failed || x->target == NULL)
        return 500;
    return emu_uri_parse(&rq->uri, x->target) ? 0 : 400;
}

static enum MHD_Result serve(struct emu_server *s, struct exchange *x,
                             struct MHD_Connection *connection,
                             const char *method)
{
    struct emu_request rq;
    struct emu_reply r;
    enum MHD_Result sent = MHD_NO;

    memset(&rq, 0, sizeof(rq));
    rq.hsm = s->hsm;
    rq.method = method;
    rq.host = header(connection, "Host");
    peer_address(connection, rq.peer);
    rq.authorization = header(connection, "Authorization");
    rq.metadata = header(connection, "Metadata");
    rq.forwarded = header(connection, "X-Forwarded-For");
    rq.identity_header = header(connection, "X-IDENTITY-HEADER");
    rq.secret = header(connection, "Secret");
    rq.content_type = header(connection, "Content-Type");
    rq.body = x->body;
    if (s->options.counted)
        emu_stats_count(s->hsm->stats, EMU_REQUESTS);
    if (emu_reply_init(&r)) {
        emu_reply_clear(&r);
        rq.problem = problem(x, &rq);
        if (host_valid(rq.host))
            s->options.handler(&rq, &r);
        else
            emu_reply_error(&r, 400, "BadRequest", "The host is malformed");
        sent = send_reply(s, connection, &r);
    }
    emu_reply_free(&r);
    emu_uri_free(&rq.uri);
    return sent;
}

static enum MHD_Result access_request(void *context,
                                      struct MHD_Connection *connection,
                                      const char *url, const char *method,
                                      const char *version, const char *data,
                                      size_t *size, void **state)
{
    struct exchange *x = *state;

    (void)url;
    (void)version;
    if (x == NULL)
        return MHD_NO;
    if (!x->started) {
        x->started = 1;
        return MHD_YES;
    }
    if (*size != 0) {
        collect(x, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return serve(context, x, connection, method);
}

/* The library takes pointers to what it only reads as if it might write. */
static void *unconst(const char *text)
{
    union {
        const char *read;
        void *any;
    } u;

    u.read = text;
    return u.any;
}

static struct MHD_Daemon *start_one(struct emu_server *s, int fd, int v6)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    const struct emu_server_options *o = &s->options;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    if (o->certificate != NULL) {
        flags |= MHD_USE_TLS;
        tls[0].ptr_value = unconst(o->certificate);
        tls[1].ptr_value = unconst(o->key);
        tls[2].ptr_value = unconst("NORMAL:-VERS-TLS1.0:-VERS-TLS1.1");
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    if (v6)
        flags |= MHD_USE_IPv6;
    if (s->hsm->options->date != NULL)
        flags |= MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, access_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
        MHD_OPTION_URI_LOG_CALLBACK, exchange_new, s,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_done, s,
        MHD_OPTION_NOTIFY_CONNECTION, connection_event, s, MHD_OPTION_ARRAY,
        tls, MHD_OPTION_END);
}

int emu_server_start(struct emu_server **out, struct emu_hsm *hsm,
                     const struct emu_server_options *options)
{
    struct emu_server *s = calloc(1, sizeof(*s));
    int fds[2] = {-1, -1}, i;

    if (s == NULL)
        return 0;
    s->hsm = hsm;
    s->options = *options;
    s->port = options->port;
    if (!emu_listen(fds, &s->port))
        goto fail;
    for (i = 0; i < 2; i++) {
        if (fds[i] < 0)
            continue;
        s->daemons[i] = start_one(s, fds[i], i == 1);
        if (s->daemons[i] == NULL)
            goto fail;
        fds[i] = -1;
    }
    *out = s;
    return 1;
fail:
    for (i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    emu_server_stop(s);
    return 0;
}

int64_t emu_server_port(const struct emu_server *s)
{
    return s->port;
}

void emu_server_stop(struct emu_server *s)
{
    if (s == NULL)
        return;
    if (s->daemons[0] != NULL)
        MHD_stop_daemon(s->daemons[0]);
    if (s->daemons[1] != NULL)
        MHD_stop_daemon(s->daemons[1]);
    free(s);
}
