/* SPDX-License-Identifier: MIT
 *
 * The scripted server: libmicrohttpd, one thread, one lock around the script.
 */
#include "scripted.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "harness.h"

enum { rows_max = 64, routes_max = 64, body_max = 16384 };

static struct {
    struct MHD_Daemon *daemon;
    char url[64], ca[128];
    char *certificate, *key;
    pthread_mutex_t lock;
    const struct ts_answer *rows;
    int used[rows_max];
    struct {
        char route[256];
        char body[body_max];
        int count;
    } seen[routes_max];
    int stray;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What has arrived of one request. */
struct upload {
    char body[body_max];
    size_t size;
};

static char *take_text(BIO *bio)
{
    char *data = NULL, *text;
    long size = BIO_get_mem_data(bio, &data);

    text = calloc(1, (size_t)size + 1);
    if (text == NULL)
        th_die("out of memory");
    memcpy(text, data, (size_t)size);
    BIO_free(bio);
    return text;
}

static void make_certificate(void)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", "P-256");
    X509 *cert = X509_new_ex(th_plain(), NULL);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(
        NULL, NULL, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    BIO *bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
    X509_NAME *name = X509_get_subject_name(cert);
    FILE *file;

    if (!X509_set_version(cert, X509_VERSION_3) ||
        !ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) ||
        !X509_gmtime_adj(X509_getm_notBefore(cert), -60) ||
        !X509_gmtime_adj(X509_getm_notAfter(cert), 86400) ||
        !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    (const unsigned char *)"scripted", -1, -1,
                                    0) ||
        !X509_set_issuer_name(cert, name) || !X509_set_pubkey(cert, pkey) ||
        !X509_add_ext(cert, names, -1) ||
        !X509_sign(cert, pkey, EVP_sha256()) ||
        !PEM_write_bio_X509(bio, cert) ||
        !PEM_write_bio_PrivateKey(key_bio, pkey, NULL, NULL, 0, NULL, NULL))
        th_die("cannot make a certificate");
    server.certificate = take_text(bio);
    server.key = take_text(key_bio);
    snprintf(server.ca, sizeof(server.ca), "%s/scripted-ca.pem", th_state());
    file = fopen(server.ca, "w");
    if (file == NULL || fputs(server.certificate, file) < 0 ||
        fclose(file) != 0)
        th_die("cannot write %s", server.ca);
    X509_EXTENSION_free(names);
    X509_free(cert);
    EVP_PKEY_free(pkey);
}

/* `text` with the server's URL in place of "$E"; the caller frees. */
static char *expand(const char *text)
{
    size_t url = strlen(server.url), size = 1;
    const char *p;
    char *out, *to;

    for (p = text; *p != '\0'; p++)
        size += strncmp(p, "$E", 2) == 0 ? url : 1;
    out = malloc(size);
    if (out == NULL)
        th_die("out of memory");
    for (p = text, to = out; *p != '\0'; p++) {
        if (strncmp(p, "$E", 2) == 0) {
            memcpy(to, server.url, url);
            to += url;
            p++;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
    return out;
}

static void remember(const char *route, const struct upload *upload)
{
    size_t i;

    for (i = 0; i < routes_max && server.seen[i].count != 0; i++) {
        if (strcmp(server.seen[i].route, route) == 0)
            break;
    }
    if (i == routes_max)
        th_die("too many routes");
    snprintf(server.seen[i].route, sizeof(server.seen[i].route), "%s", route);
    memcpy(server.seen[i].body, upload->body, upload->size);
    server.seen[i].body[upload->size] = '\0';
    server.seen[i].count++;
}

static enum MHD_Result collect_query(void *to, enum MHD_ValueKind kind,
                                     const char *name, const char *value)
{
    char *query = to;
    size_t used = strlen(query);

    (void)kind;
    snprintf(query + used, 1024 - used, "%s=%s&", name,
             value != NULL ? value : "");
    return MHD_YES;
}

/* The row that answers; NULL when none does. */
static const struct ts_answer *choose(const char *route, const char *query,
                                      int authorized)
{
    size_t i;

    for (i = 0;
         i < rows_max && server.rows != NULL && server.rows[i].route != NULL;
         i++) {
        const struct ts_answer *row = &server.rows[i];

        if (strcmp(row->route, route) != 0 ||
            (row->query != NULL && strstr(query, row->query) == NULL) ||
            (row->authorized >= 0 && row->authorized != authorized) ||
            (row->times != 0 && server.used[i] == row->times))
            continue;
        server.used[i]++;
        return row;
    }
    server.stray++;
    return NULL;
}

static enum MHD_Result answer(struct MHD_Connection *connection,
                              const struct ts_answer *row)
{
    static const struct ts_answer absent = {.status = 404};
    struct MHD_Response *response;
    enum MHD_Result result;
    char *body, *value;

    if (row == NULL)
        row = &absent;
    body = expand(row->body != NULL ? row->body : "");
    response = MHD_create_response_from_buffer(strlen(body), body,
                                               MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(response, "Content-Type", "application/json");
    if (row->name != NULL) {
        value = expand(row->value);
        MHD_add_response_header(response, row->name, value);
        free(value);
    }
    result =
        MHD_queue_response(connection, (unsigned int)row->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection,
                              const char *url, const char *method,
                              const char *version, const char *data,
                              size_t *size, void **state)
{
    struct upload *upload = *state;
    char route[256], query[1024] = "";
    const struct ts_answer *row;
    int authorized;

    (void)context;
    (void)version;
    if (upload == NULL) {
        *state = calloc(1, sizeof(*upload));
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    if (*size != 0) {
        if (upload->size + *size >= sizeof(upload->body))
            return MHD_NO;
        memcpy(upload->body + upload->size, data, *size);
        upload->size += *size;
        *size = 0;
        return MHD_YES;
    }
    snprintf(route, sizeof(route), "%s %s", method, url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect_query,
                              query);
    authorized = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                             "Authorization") != NULL;
    pthread_mutex_lock(&server.lock);
    remember(route, upload);
    row = choose(route, query, authorized);
    pthread_mutex_unlock(&server.lock);
    return answer(connection, row);
}

static void completed(void *context, struct MHD_Connection *connection,
                      void **state, enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    free(*state);
    *state = NULL;
}

void ts_start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const union MHD_DaemonInfo *info;

    make_certificate();
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, handle,
        NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_HTTPS_MEM_CERT, server.certificate, MHD_OPTION_HTTPS_MEM_KEY,
        server.key, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
        MHD_OPTION_END);
    info = server.daemon != NULL
               ? MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT)
               : NULL;
    if (info == NULL)
        th_die("cannot start the scripted server");
    snprintf(server.url, sizeof(server.url), "https://localhost:%u",
             (unsigned int)info->port);
}

void ts_stop(void)
{
    MHD_stop_daemon(server.daemon);
    free(server.certificate);
    free(server.key);
}

const char *ts_url(void)
{
    return server.url;
}

const char *ts_ca(void)
{
    return server.ca;
}

void ts_script(const struct ts_answer *rows)
{
    pthread_mutex_lock(&server.lock);
    server.rows = rows;
    memset(server.used, 0, sizeof(server.used));
    memset(server.seen, 0, sizeof(server.seen));
    server.stray = 0;
    pthread_mutex_unlock(&server.lock);
}

int ts_count(const char *route)
{
    size_t i;
    int count = 0;

    pthread_mutex_lock(&server.lock);
    for (i = 0; i < routes_max && server.seen[i].count != 0; i++) {
        if (strcmp(server.seen[i].route, route) == 0)
            count = server.seen[i].count;
    }
    pthread_mutex_unlock(&server.lock);
    return count;
}

const char *ts_body(const char *route)
{
    /* The server's own may change while the caller reads. */
    static char body[sizeof(server.seen[0].body)];
    size_t i;

    body[0] = '\0';
    pthread_mutex_lock(&server.lock);
    for (i = 0; i < routes_max && server.seen[i].count != 0; i++) {
        if (strcmp(server.seen[i].route, route) == 0)
            snprintf(body, sizeof(body), "%s", server.seen[i].body);
    }
    pthread_mutex_unlock(&server.lock);
    return body;
}

int ts_stray(void)
{
    int stray;

    pthread_mutex_lock(&server.lock);
    stray = server.stray;
    pthread_mutex_unlock(&server.lock);
    return stray;
}
