/* SPDX-License-Identifier: MIT
 *
 * Many threads that sign with one key of the environment's HSM, and what it
 * took, for scripts that put something between us and the HSM.
 *
 *   sign_many KEY THREADS SIGNATURES
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <mhsm/mhsm.h>

enum { THREADS_MAX = 256 };

struct work {
    pthread_t thread;
    mhsm_client *client;
    const mhsm_key *key;
    long count, bad;
};

static int fail(const char *what, mhsm_error *err)
{
    fprintf(stderr, "sign_many: %s: %s\n", what,
            err != NULL ? mhsm_error_text(err) : "failed");
    return 1;
}

static void *sign(void *arg)
{
    static const unsigned char digest[32];
    struct work *work = arg;

    for (long i = 0; i < work->count; i++) {
        mhsm_result *result = NULL;
        mhsm_error *err = NULL;
        size_t size = 0;

        if (mhsm_sign(work->client, work->key, "ES256", digest, sizeof(digest),
                      &result, &err) != MHSM_OK ||
            mhsm_result_data(result, &size) == NULL || size != 64)
            work->bad += fail("sign", err);
        mhsm_result_free(result);
        mhsm_error_free(&err);
    }
    return NULL;
}

static int run(mhsm_client *client, const mhsm_key *key, int threads,
               long count)
{
    struct work work[THREADS_MAX];
    mhsm_client_stats stats;
    long bad = 0;

    for (int i = 0; i < threads; i++) {
        work[i] = (struct work){
            .client = client, .key = key, .count = count / threads};
        if (pthread_create(&work[i].thread, NULL, sign, &work[i]) != 0)
            return fail("no thread", NULL);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(work[i].thread, NULL);
        bad += work[i].bad;
    }
    mhsm_client_get_stats(client, &stats);
    printf("%ld failed, %lu requests, %lu connections, %lu retries\n", bad,
           stats.requests, stats.connections, stats.retries);
    return bad != 0;
}

int main(int argc, char **argv)
{
    long threads = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    long count = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    int code = 1;
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    mhsm_uri *uri = NULL;

    if (threads < 1 || threads > THREADS_MAX || count < threads)
        fprintf(stderr, "usage: sign_many KEY THREADS SIGNATURES\n");
    else if (config == NULL ||
             mhsm_config_set_environment(config, &err) != MHSM_OK ||
             mhsm_client_new(config, &client, &err) != MHSM_OK ||
             mhsm_uri_parse(client, argv[1], &uri, &err) != MHSM_OK ||
             mhsm_key_get(client, uri, &key, &err) != MHSM_OK)
        fail(argv[1], err);
    else
        code = run(client, key, (int)threads, count);
    mhsm_error_free(&err);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    mhsm_config_free(config);
    return code;
}
