/* SPDX-License-Identifier: MIT
 *
 * Random numbers that a test knows.  A program that includes this has private
 * contexts of its own in place of the library's (client/base/
 * private_context.c): their generator gives what fixed_random_feed() was given,
 * and OpenSSL's own numbers once that is used up.
 */
#ifndef MHSM_TESTS_UNIT_FIXED_RANDOM_H
#define MHSM_TESTS_UNIT_FIXED_RANDOM_H

#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/private_context.h"
#include "check.h"

static unsigned char fixed_octets[65536];
static size_t fixed_size, fixed_used;

static inline void fixed_random_feed(const unsigned char *data, size_t size)
{
    CHECK_FATAL(fixed_size + size <= sizeof(fixed_octets));
    memcpy(fixed_octets + fixed_size, data, size);
    fixed_size += size;
}

static inline size_t fixed_random_left(void)
{
    return fixed_size - fixed_used;
}

static inline void fixed_random_reset(void)
{
    fixed_size = fixed_used = 0;
}

static void *fixed_new(void *provctx, void *parent,
                       const OSSL_DISPATCH *parent_calls)
{
    static int state;

    (void)provctx, (void)parent, (void)parent_calls;
    return &state;
}

static void fixed_free(void *ctx)
{
    (void)ctx;
}

static int fixed_instantiate(void *ctx, unsigned int strength, int prediction,
                             const unsigned char *text, size_t size,
                             const OSSL_PARAM params[])
{
    (void)ctx, (void)strength, (void)prediction, (void)text, (void)size;
    (void)params;
    return 1;
}

static int fixed_uninstantiate(void *ctx)
{
    (void)ctx;
    return 1;
}

static int fixed_generate(void *ctx, unsigned char *out, size_t size,
                          unsigned int strength, int prediction,
                          const unsigned char *added, size_t added_size)
{
    (void)ctx, (void)strength, (void)prediction, (void)added, (void)added_size;
    if (fixed_used == fixed_size)
        return RAND_bytes(out, (int)size);
    if (size > fixed_size - fixed_used)
        return 0;
    memcpy(out, fixed_octets + fixed_used, size);
    fixed_used += size;
    return 1;
}

static int fixed_lock(void *ctx)
{
    (void)ctx;
    return 1;
}

static const OSSL_PARAM *fixed_gettable(void *ctx, void *provctx)
{
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
        OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
        OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL), OSSL_PARAM_END};

    (void)ctx, (void)provctx;
    return known;
}

static int fixed_get(void *ctx, OSSL_PARAM params[])
{
    OSSL_PARAM *p;

    (void)ctx;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
    if (p != NULL && !OSSL_PARAM_set_int(p, EVP_RAND_STATE_READY))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    if (p != NULL && !OSSL_PARAM_set_uint(p, 256))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return p == NULL || OSSL_PARAM_set_size_t(p, 65536);
}

#define FIXED_ROW(id, function)                                                \
    {                                                                          \
        id, (void (*)(void))(function)                                         \
    }
static const OSSL_DISPATCH fixed_calls[] = {
    FIXED_ROW(OSSL_FUNC_RAND_NEWCTX, fixed_new),
    FIXED_ROW(OSSL_FUNC_RAND_FREECTX, fixed_free),
    FIXED_ROW(OSSL_FUNC_RAND_INSTANTIATE, fixed_instantiate),
    FIXED_ROW(OSSL_FUNC_RAND_UNINSTANTIATE, fixed_uninstantiate),
    FIXED_ROW(OSSL_FUNC_RAND_GENERATE, fixed_generate),
    FIXED_ROW(OSSL_FUNC_RAND_ENABLE_LOCKING, fixed_lock),
    FIXED_ROW(OSSL_FUNC_RAND_LOCK, fixed_lock),
    FIXED_ROW(OSSL_FUNC_RAND_UNLOCK, fixed_free),
    FIXED_ROW(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, fixed_gettable),
    FIXED_ROW(OSSL_FUNC_RAND_GET_CTX_PARAMS, fixed_get),
    {0, NULL}};

static const OSSL_ALGORITHM fixed_algorithms[] = {
    {"FIXED", "provider=fixed", fixed_calls, "numbers of a test"},
    {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM *fixed_query(void *provctx, int operation,
                                         int *no_store)
{
    (void)provctx;
    *no_store = 0;
    return operation == OSSL_OP_RAND ? fixed_algorithms : NULL;
}

static int fixed_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                      const OSSL_DISPATCH **out, void **provctx)
{
    static const OSSL_DISPATCH calls[] = {
        FIXED_ROW(OSSL_FUNC_PROVIDER_QUERY_OPERATION, fixed_query), {0, NULL}};

    (void)in;
    *out = calls;
    *provctx = (void *)(uintptr_t)handle;
    return 1;
}

/* The second provider of each context. */
static struct {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *provider;
} fixed_loaded[64];

static inline void fixed_load(OSSL_LIB_CTX *lib)
{
    size_t i = 0;

    while (i < 63 && fixed_loaded[i].lib != NULL)
        i++;
    CHECK_FATAL(fixed_loaded[i].lib == NULL);
    CHECK_FATAL(OSSL_PROVIDER_add_builtin(lib, "fixed", fixed_init) == 1);
    fixed_loaded[i].lib = lib;
    fixed_loaded[i].provider = OSSL_PROVIDER_load(lib, "fixed");
    CHECK_FATAL(fixed_loaded[i].provider != NULL);
    CHECK_FATAL(RAND_set_DRBG_type(lib, "FIXED", NULL, NULL, NULL) == 1);
}

mhsm_status mhsmi_private_context_open(struct mhsmi_private_context *context,
                                       mhsm_error **err)
{
    (void)err;
    context->lib = OSSL_LIB_CTX_new();
    CHECK_FATAL(context->lib != NULL);
    context->provider = OSSL_PROVIDER_load(context->lib, "default");
    CHECK_FATAL(context->provider != NULL);
    fixed_load(context->lib);
    return MHSM_OK;
}

void mhsmi_private_context_close(struct mhsmi_private_context *context)
{
    size_t i;

    for (i = 0; context->lib != NULL && i < 64; i++) {
        if (fixed_loaded[i].lib != context->lib)
            continue;
        (void)OSSL_PROVIDER_unload(fixed_loaded[i].provider);
        fixed_loaded[i].lib = NULL;
    }
    if (context->provider != NULL)
        (void)OSSL_PROVIDER_unload(context->provider);
    OSSL_LIB_CTX_free(context->lib);
    context->provider = NULL;
    context->lib = NULL;
}

#endif
