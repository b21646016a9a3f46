/* SPDX-License-Identifier: MIT
 *
 * MHSM-RNG: octets of the HSM's generator, asked for by name or by
 * configuration and never otherwise.
 */
#include "harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { SIZE = 32, CHILDREN = 4, THREADS = 4 };

static EVP_RAND_CTX *generator(OSSL_LIB_CTX *lib)
{
    EVP_RAND *rand = EVP_RAND_fetch(lib, "MHSM-RNG", NULL);
    EVP_RAND_CTX *ctx = EVP_RAND_CTX_new(rand, NULL);

    EVP_RAND_free(rand);
    if (ctx == NULL)
        th_die("no MHSM-RNG");
    return ctx;
}

static int is_filled(const unsigned char *octets, size_t size)
{
    size_t i;

    for (i = 0; i + 8 <= size; i += 8) {
        static const unsigned char none[8];

        if (memcmp(octets + i, none, sizeof(none)) == 0)
            return 0;
    }
    return 1;
}

static void by_name(void)
{
    static const size_t sizes[] = {1, 127, 128, 129, 1000};
    unsigned char first[1000], second[1000];
    struct th_context context;
    EVP_RAND_CTX *ctx;
    long before;
    size_t i;

    th_context_open(&context, TH_LAST);
    before = th_stats().requests;
    ctx = generator(context.lib);
    CU_ASSERT(EVP_RAND_get_state(ctx) == EVP_RAND_STATE_UNINITIALISED);
    CU_ASSERT(EVP_RAND_generate(ctx, first, SIZE, 0, 0, NULL, 0) != 1);
    ERR_clear_error();
    CU_ASSERT(EVP_RAND_instantiate(ctx, 512, 0, NULL, 0, NULL) != 1);
    TH_ONE_ERROR("256");
    CU_ASSERT(EVP_RAND_instantiate(ctx, 256, 0, NULL, 0, NULL) == 1);
    CU_ASSERT(EVP_RAND_get_state(ctx) == EVP_RAND_STATE_READY);
    CU_ASSERT(EVP_RAND_get_strength(ctx) == 256);
    CU_ASSERT(EVP_RAND_enable_locking(ctx) == 1);
    CU_ASSERT(EVP_RAND_verify_zeroization(ctx) == 1);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    for (i = 0; i < COUNT(sizes); i++) {
        memset(first, 0, sizeof(first));
        memset(second, 0, sizeof(second));
        before = th_route("POST /rng");
        CU_ASSERT(EVP_RAND_generate(ctx, first, sizes[i], 0, 0, NULL, 0) == 1);
        /* The first of a context finds out whom to ask for a token. */
        CU_ASSERT(th_route("POST /rng") - before <=
                  (long)(sizes[i] + 127) / 128 + (i == 0));
        CU_ASSERT(EVP_RAND_generate(ctx, second, sizes[i], 256, 1, NULL, 0) ==
                  1);
        if (sizes[i] > 8) {
            CU_ASSERT(is_filled(first, sizes[i]));
            CU_ASSERT(memcmp(first, second, sizes[i]) != 0);
        }
    }
    CU_ASSERT(EVP_RAND_reseed(ctx, 0, NULL, 0, NULL, 0) == 1);
    TH_QUIET();
    CU_ASSERT(EVP_RAND_uninstantiate(ctx) == 1);
    EVP_RAND_CTX_free(ctx);
    th_context_close(&context);
}

/* libcrypto's own generators are never ours, wherever the module is listed. */
static void never_by_default(void)
{
    static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};
    unsigned char octets[SIZE];
    struct th_context context;
    long before = th_stats().requests;
    size_t i;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        CU_ASSERT(RAND_bytes_ex(context.lib, octets, SIZE, 0) == 1);
        CU_ASSERT(RAND_priv_bytes_ex(context.lib, octets, SIZE, 0) == 1);
        th_context_close(&context);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

/* A failure is that call's alone. */
static void failures(void)
{
    unsigned char octets[SIZE];
    struct th_context context;
    struct th_principal user;
    EVP_RAND_CTX *ctx;

    th_context_open(&context, TH_LAST);
    ctx = generator(context.lib);
    CU_ASSERT(EVP_RAND_instantiate(ctx, 0, 0, NULL, 0, NULL) == 1);
    CU_ASSERT(EVP_RAND_generate(ctx, octets, SIZE, 0, 0, NULL, 0) == 1);
    th_fault("\"route\":\"*\",\"action\":\"status\",\"status\":400,"
             "\"code\":\"BadParameter\",\"message\":\"no\",\"count\":1");
    CU_ASSERT(EVP_RAND_generate(ctx, octets, SIZE, 0, 0, NULL, 0) != 1);
    TH_ONE_ERROR("400");
    CU_ASSERT(EVP_RAND_generate(ctx, octets, SIZE, 0, 0, NULL, 0) == 1);
    TH_QUIET();
    EVP_RAND_CTX_free(ctx);
    th_context_close(&context);
    th_reset();

    th_principal_new("rn-user", NULL, "/", &user);
    th_principal_use(&user);
    th_context_open(&context, TH_LAST);
    ctx = generator(context.lib);
    CU_ASSERT(EVP_RAND_instantiate(ctx, 0, 0, NULL, 0, NULL) == 1);
    CU_ASSERT(EVP_RAND_generate(ctx, octets, SIZE, 0, 0, NULL, 0) != 1);
    TH_ONE_ERROR("rng", "403");
    EVP_RAND_CTX_free(ctx);
    th_context_close(&context);
    th_environment_reset();
}

/* Children of one process get octets of their own. */
static void processes(void)
{
    unsigned char seen[CHILDREN][SIZE], mine[SIZE];
    struct th_context context;
    EVP_RAND_CTX *ctx;
    int i, j, ends[2];

    th_context_open(&context, TH_LAST);
    ctx = generator(context.lib);
    CU_ASSERT(EVP_RAND_instantiate(ctx, 0, 0, NULL, 0, NULL) == 1);
    CU_ASSERT(EVP_RAND_generate(ctx, mine, SIZE, 0, 0, NULL, 0) == 1);
    if (pipe(ends) != 0)
        th_die("no pipe");
    for (i = 0; i < CHILDREN; i++) {
        int status = -1;
        pid_t child = fork();

        if (child == 0) {
            alarm(30);
            _exit(EVP_RAND_generate(ctx, mine, SIZE, 0, 0, NULL, 0) == 1 &&
                          write(ends[1], mine, SIZE) == SIZE
                      ? 0
                      : 1);
        }
        CU_ASSERT(child > 0 && waitpid(child, &status, 0) == child);
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        if (read(ends[0], seen[i], SIZE) != SIZE)
            th_die("a child gave nothing");
        for (j = 0; j < i; j++)
            CU_ASSERT(memcmp(seen[i], seen[j], SIZE) != 0);
    }
    close(ends[0]);
    close(ends[1]);
    EVP_RAND_CTX_free(ctx);
    th_context_close(&context);
}

static void *take(void *arg)
{
    unsigned char octets[SIZE];
    int i, good = 0;

    for (i = 0; i < 20; i++)
        good += EVP_RAND_generate(arg, octets, SIZE, 0, 0, NULL, 0) == 1;
    return good == 20 ? arg : NULL;
}

static void threads(void)
{
    pthread_t threads[THREADS];
    struct th_context context;
    EVP_RAND_CTX *ctx;
    int i;

    th_context_open(&context, TH_LAST);
    ctx = generator(context.lib);
    CU_ASSERT(EVP_RAND_instantiate(ctx, 0, 0, NULL, 0, NULL) == 1);
    for (i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, take, ctx) != 0)
            th_die("no thread");
    }
    for (i = 0; i < THREADS; i++) {
        void *good = NULL;

        pthread_join(threads[i], &good);
        CU_ASSERT_PTR_NOT_NULL(good);
    }
    EVP_RAND_CTX_free(ctx);
    th_context_close(&context);
}

/* This program again, with MHSM-RNG named in its configuration: libcrypto then
 * takes all octets from it, and our own TLS must not. */
static int configured(void)
{
    unsigned char octets[SIZE];
    long before = th_route("POST /rng");

    if (RAND_bytes(octets, SIZE) != 1 || !is_filled(octets, SIZE) ||
        RAND_priv_bytes(octets, SIZE) != 1) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    return th_route("POST /rng") > before ? 0 : 2;
}

static void by_configuration(void)
{
    char path[512];
    struct th_end end;
    FILE *file;

    snprintf(path, sizeof(path), "%s/rand.cnf", th_state());
    file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "openssl_conf = init\n[init]\nproviders = list\nrandom = rng\n"
            "[rng]\nrandom = MHSM-RNG\n"
            "[list]\ndefault = def\nmhsm = own\n[def]\nactivate = 1\n"
            "[own]\nmodule = %s/mhsm.so\nactivate = 1\n",
            getenv("TEST_MODULES"));
    CU_ASSERT_FATAL(fclose(file) == 0);
    setenv("OPENSSL_CONF", path, 1);
    end = th_again("configured");
    unsetenv("OPENSSL_CONF");
    TH_TRUE(end.code == 0, "exit %d, signal %d", end.code, end.signal);
}

int main(int argc, char **argv)
{
    static const CU_TestInfo tests[] = {
        {"by name", by_name},   {"never by default", never_by_default},
        {"failures", failures}, {"processes", processes},
        {"threads", threads},   {"by configuration", by_configuration},
        CU_TEST_INFO_NULL,
    };

    if (argc == 2 && strcmp(argv[1], "configured") == 0)
        return configured();
    return th_main("provider: rand", tests);
}
