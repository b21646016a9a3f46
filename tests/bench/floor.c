/* SPDX-License-Identifier: MIT
 *
 * The floor: the HTTPS request that no signature can do without, by libcurl on
 * connections that are kept, with the token and the body at hand.
 */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>

#include <curl/curl.h>

enum { MAX = 256 };

static const char body[] =
    "{\"alg\":\"ES256\","
    "\"value\":\"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\"}";

/* Kept from round to round, as the provider keeps its own. */
static CURL *handles[MAX];
static CURLM *multi;
static struct curl_slist *headers;

static size_t discard(char *data, size_t one, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return one * count;
}

static CURL *handle(int index)
{
    CURL *easy = handles[index];

    if (easy != NULL)
        return easy;
    if (headers == NULL) {
        headers = curl_slist_append(NULL, "Content-Type: application/json");
        headers = curl_slist_append(headers, bench.bearer);
    }
    easy = handles[index] = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, bench.url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("MHSM_CA_FILE"));
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return easy;
}

static void check(CURLcode code)
{
    if (code != CURLE_OK)
        th_die("libcurl: %s", curl_easy_strerror(code));
}

struct share {
    int index, count;
};

static void *work(void *arg)
{
    const struct share *share = arg;

    for (int i = 0; i < share->count; i++)
        check(curl_easy_perform(handles[share->index]));
    return NULL;
}

void bench_floor_threads(int threads, int count)
{
    pthread_t thread[MAX];
    struct share shares[MAX];

    for (int i = 0; i < threads; i++) {
        (void)handle(i);
        shares[i] = (struct share){i, count / threads};
        if (pthread_create(&thread[i], NULL, work, &shares[i]) != 0)
            th_die("no thread");
    }
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

void bench_floor_multi(int transfers, int count)
{
    int started = 0, ended = 0, running, left;
    CURLMsg *message;

    if (multi == NULL) {
        multi = curl_multi_init();
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)MAX);
    }
    for (; started < transfers && started < count; started++)
        curl_multi_add_handle(multi, handle(started));
    while (ended < count) {
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            CURL *easy = message->easy_handle;

            check(message->data.result);
            ended++;
            curl_multi_remove_handle(multi, easy);
            if (started < count) {
                started++;
                curl_multi_add_handle(multi, easy);
            }
        }
        if (ended < count)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

void bench_floor_close(void)
{
    for (int i = 0; i < MAX; i++) {
        curl_easy_cleanup(handles[i]);
        handles[i] = NULL;
    }
    curl_multi_cleanup(multi);
    multi = NULL;
    curl_slist_free_all(headers);
    headers = NULL;
}
