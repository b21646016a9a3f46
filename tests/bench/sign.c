/* SPDX-License-Identifier: MIT
 *
 * What a signature through the provider costs over the bare HTTPS request that
 * it cannot avoid: the floor is libcurl on one kept connection with a token at
 * hand, asking the same local HSM for the same signatures in the same run.
 * Beside them, what a new connection for every signature would cost.
 */
#include "harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { TEXT = 8192, MAX_THREADS = 64 };

static int signatures = 1000;
static EVP_PKEY *key;
static OSSL_LIB_CTX *lib;
static char sign_url[TEXT], bearer[TEXT];
static const char body[] =
    "{\"alg\":\"ES256\","
    "\"value\":\"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\"}";

static size_t discard(char *data, size_t one, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return one * count;
}

static void by_curl(int count, int keep)
{
    CURL *easy = curl_easy_init();
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/json");

    headers = curl_slist_append(headers, bearer);
    curl_easy_setopt(easy, CURLOPT_URL, sign_url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("MHSM_CA_FILE"));
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (!keep) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    }
    for (int i = 0; i < count; i++) {
        CURLcode code = curl_easy_perform(easy);

        if (code != CURLE_OK)
            th_die("libcurl: %s", curl_easy_strerror(code));
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
}

static void *by_provider(void *arg)
{
    const struct th_scheme scheme = {"SHA256", 0};
    int count = *(const int *)arg;

    for (int i = 0; i < count; i++) {
        size_t size = 0;
        unsigned char *signature = th_sign(lib, key, &scheme, "test", &size);

        if (signature == NULL)
            th_die("a signature failed");
        OPENSSL_free(signature);
    }
    return NULL;
}

static void *floor_thread(void *arg)
{
    by_curl(*(const int *)arg, 1);
    return NULL;
}

static void in_threads(void *(*work)(void *), int threads)
{
    pthread_t thread[MAX_THREADS];
    int count = signatures / threads;

    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, work, &count) != 0)
            th_die("no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

struct run {
    const char *name;
    void *(*work)(void *);
    int threads;
    int is_floor; /* the rows below are told against this one */
};

static void measure(const struct run *run)
{
    static double base;
    struct th_stats before = th_stats(), after;
    long start = th_now_ms(), took;
    double rate;

    in_threads(run->work, run->threads);
    took = th_now_ms() - start;
    after = th_stats();
    rate = (double)signatures * 1000.0 / (double)(took > 0 ? took : 1);
    if (run->is_floor)
        base = rate;
    printf("%-40s %8.0f /s %9ld %12ld %9.2f\n", run->name, rate,
           after.requests - before.requests,
           after.connections - before.connections, rate / base);
    fflush(stdout);
}

static void *fresh_thread(void *arg)
{
    by_curl(*(const int *)arg, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct run runs[] = {
        {"floor: libcurl, 1 connection", floor_thread, 1, 1},
        {"provider, 1 thread", by_provider, 1, 0},
        {"libcurl, a new connection each", fresh_thread, 1, 0},
        {"floor: libcurl, 16 connections", floor_thread, 16, 1},
        {"provider, 16 threads", by_provider, 16, 0},
    };
    struct th_context context;
    char version[33];

    if (argc > 2 || (argc == 2 && (signatures = (int)strtol(
                                       argv[1], NULL, 10)) < MAX_THREADS)) {
        fprintf(stderr, "usage: bench_sign [SIGNATURES, at least %d]\n",
                MAX_THREADS);
        return 2;
    }
    th_begin();
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", th_token());
    th_ec_create("bench", "P-256", version);
    snprintf(sign_url, sizeof(sign_url),
             "%s/keys/bench/%s/sign?api-version=7.6", getenv("MHSM_ENDPOINT"),
             version);
    th_context_open(&context, TH_LAST);
    lib = context.lib;
    key = th_must_open(lib, "mhsm:bench");
    by_curl(16, 1); /* both sides warm */
    by_provider(&(int){16});

    printf("%d ECDSA P-256 signatures a row\n", signatures);
    printf("%-40s %11s %9s %12s %9s\n", "", "signatures", "requests",
           "connections", "of floor");
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
        measure(&runs[i]);

    EVP_PKEY_free(key);
    th_context_close(&context);
    th_end();
    return 0;
}
