/* SPDX-License-Identifier: MIT
 *
 * RAND "MHSM-RNG": octets from the HSM's generator, one request for each 128.
 * Nothing is kept, so no two processes ever see the same octets, whoever forks
 * whom.  A request that fails is that call's failure and no state: the next
 * call asks again.  Must never be what libcrypto seeds itself from unless the
 * configuration names it.
 */
#include <stdatomic.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "dispatch.h"
#include "err.h"

FN(rand, mhsm, newctx);
FN(rand, mhsm, freectx);
FN(rand, mhsm, instantiate);
FN(rand, mhsm, uninstantiate);
FN(rand, mhsm, generate);
FN(rand, mhsm, reseed);
FN(rand, mhsm, enable_locking);
FN(rand, mhsm, lock);
FN(rand, mhsm, unlock);
FN(rand, mhsm, gettable_ctx_params);
FN(rand, mhsm, get_ctx_params);
FN(rand, mhsm, verify_zeroization);

/* Bits that the HSM's generator is good for, and octets that one call gives. */
enum { STRENGTH = 256, REQUEST_MAX = 65536 };

struct generator {
    struct mp_prov *prov;
    atomic_int state; /* EVP_RAND_STATE_* */
};

static void *mhsm_rand_newctx(void *provctx, void *parent,
                              const OSSL_DISPATCH *parent_calls)
{
    struct generator *ctx = OPENSSL_zalloc(sizeof(*ctx));

    /* It needs no seed, of whatever parent. */
    (void)parent;
    (void)parent_calls;
    if (ctx == NULL)
        return NULL;
    ctx->prov = provctx;
    atomic_init(&ctx->state, EVP_RAND_STATE_UNINITIALISED);
    return ctx;
}

static void mhsm_rand_freectx(void *ctx)
{
    OPENSSL_free(ctx);
}

static int strong_enough(const struct generator *ctx, unsigned int strength)
{
    if (strength <= STRENGTH)
        return 1;
    mp_raise(ctx->prov, MP_R_PARAMETER,
             "the HSM's generator has a strength of %d bits, not %u",
             (int)STRENGTH, strength);
    return 0;
}

static int mhsm_rand_instantiate(void *vctx, unsigned int strength,
                                 int prediction_resistance,
                                 const unsigned char *pstr, size_t pstr_len,
                                 const OSSL_PARAM params[])
{
    struct generator *ctx = vctx;

    (void)prediction_resistance; /* each request is fresh */
    (void)pstr;
    (void)pstr_len;
    (void)params;
    if (ctx == NULL || !strong_enough(ctx, strength))
        return 0;
    if (!mp_prov_usable(ctx->prov))
        return 0;
    atomic_store(&ctx->state, EVP_RAND_STATE_READY);
    return 1;
}

static int mhsm_rand_uninstantiate(void *vctx)
{
    struct generator *ctx = vctx;

    if (ctx == NULL)
        return 0;
    atomic_store(&ctx->state, EVP_RAND_STATE_UNINITIALISED);
    return 1;
}

static int ask(const struct generator *ctx, unsigned char *out, size_t size)
{
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    mhsm_uri *uri = NULL;
    const unsigned char *data;
    mhsm_status status;
    size_t got = 0;

    status = mhsm_uri_new(ctx->prov->client, NULL, NULL, NULL, &uri, &err);
    if (status == MHSM_OK)
        status = mhsm_random(ctx->prov->client, uri, size, &result, &err);
    mhsm_uri_free(uri);
    if (status != MHSM_OK) {
        mp_raise_client(ctx->prov, &err);
        return 0;
    }
    data = mhsm_result_data(result, &got);
    if (got == size)
        memcpy(out, data, size);
    else
        mp_raise(ctx->prov, MP_R_ANSWER,
                 "the HSM gave %zu random octets in place of %zu", got, size);
    mhsm_result_free(result);
    return got == size;
}

static int mhsm_rand_generate(void *vctx, unsigned char *out, size_t outlen,
                              unsigned int strength, int prediction_resistance,
                              const unsigned char *addin, size_t addin_len)
{
    struct generator *ctx = vctx;

    (void)prediction_resistance;
    (void)addin;
    (void)addin_len;
    if (ctx == NULL || !strong_enough(ctx, strength))
        return 0;
    if (atomic_load(&ctx->state) != EVP_RAND_STATE_READY) {
        mp_raise(ctx->prov, MP_R_NOT_INITIALIZED,
                 "the generator is not instantiated");
        return 0;
    }
    return outlen == 0 || ask(ctx, out, outlen);
}

static int mhsm_rand_reseed(void *vctx, int prediction_resistance,
                            const unsigned char *ent, size_t ent_len,
                            const unsigned char *addin, size_t addin_len)
{
    (void)prediction_resistance;
    (void)ent;
    (void)ent_len;
    (void)addin;
    (void)addin_len;
    return vctx != NULL;
}

/* There is nothing to lock. */
static int mhsm_rand_enable_locking(void *vctx)
{
    return vctx != NULL;
}

static int mhsm_rand_lock(void *vctx)
{
    return vctx != NULL;
}

static void mhsm_rand_unlock(void *vctx)
{
    (void)vctx;
}

static const OSSL_PARAM *mhsm_rand_gettable_ctx_params(void *vctx,
                                                       void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
        OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
        OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
        OSSL_PARAM_END,
    };

    (void)vctx;
    (void)provctx;
    return gettable;
}

static int mhsm_rand_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    struct generator *ctx = vctx;
    OSSL_PARAM *param;

    if (ctx == NULL)
        return 0;
    param = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
    if (param != NULL && !OSSL_PARAM_set_int(param, atomic_load(&ctx->state)))
        return 0;
    param = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    if (param != NULL && !OSSL_PARAM_set_uint(param, STRENGTH))
        return 0;
    param = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return param == NULL || OSSL_PARAM_set_size_t(param, REQUEST_MAX);
}

/* Nothing is ever kept. */
static int mhsm_rand_verify_zeroization(void *vctx)
{
    return vctx != NULL;
}

const OSSL_DISPATCH mp_rand[] = {
    ENTRY(RAND, NEWCTX, mhsm_rand_newctx),
    ENTRY(RAND, FREECTX, mhsm_rand_freectx),
    ENTRY(RAND, INSTANTIATE, mhsm_rand_instantiate),
    ENTRY(RAND, UNINSTANTIATE, mhsm_rand_uninstantiate),
    ENTRY(RAND, GENERATE, mhsm_rand_generate),
    ENTRY(RAND, RESEED, mhsm_rand_reseed),
    ENTRY(RAND, ENABLE_LOCKING, mhsm_rand_enable_locking),
    ENTRY(RAND, LOCK, mhsm_rand_lock),
    ENTRY(RAND, UNLOCK, mhsm_rand_unlock),
    ENTRY(RAND, GETTABLE_CTX_PARAMS, mhsm_rand_gettable_ctx_params),
    ENTRY(RAND, GET_CTX_PARAMS, mhsm_rand_get_ctx_params),
    ENTRY(RAND, VERIFY_ZEROIZATION, mhsm_rand_verify_zeroization),
    END,
};
