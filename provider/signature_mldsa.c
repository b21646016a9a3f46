/* SPDX-License-Identifier: MIT
 *
 * SIGNATURE for ML-DSA: contexts and their operations, with the interface of
 * the default provider: whole messages, messages in pieces, and mu itself.
 * Initialising and asking for a size never make a request, and a signature
 * that failed can be tried again.
 */
#include "mldsa.h"

#ifdef MP_ML_DSA

#include <string.h>

#include <openssl/crypto.h>

#include "err.h"
#include "local.h"

FN(signature, mldsa, freectx);
FN(signature, mldsa, dupctx);
FN(signature, mldsa, sign_message_init);
FN(signature, mldsa, sign_message_update);
FN(signature, mldsa, sign_message_final);
FN(signature, mldsa, sign);
FN(signature, mldsa, verify_message_init);
FN(signature, mldsa, verify_message_update);
FN(signature, mldsa, verify_message_final);
FN(signature, mldsa, verify);
FN(signature, mldsa, digest_sign_init);
FN(signature, mldsa, digest_sign);
FN(signature, mldsa, digest_verify_init);
FN(signature, mldsa, digest_verify);
FN(signature, mldsa, get_ctx_params);
FN(signature, mldsa, gettable_ctx_params);
FN(signature, mldsa, set_ctx_params);
FN(signature, mldsa, settable_ctx_params);

static void *new_context(void *provctx, const char *name)
{
    struct mp_mldsa *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->prov = provctx;
    ctx->name = name;
    ctx->set.encoding = 1;
    return ctx;
}

static void mldsa_signature_freectx(void *vctx)
{
    struct mp_mldsa *ctx = vctx;

    if (ctx == NULL)
        return;
    EVP_MD_CTX_free(ctx->hash);
    OPENSSL_free(ctx->signature);
    mp_key_free(ctx->key);
    OPENSSL_clear_free(ctx, sizeof(*ctx));
}

static void *mldsa_signature_dupctx(void *vctx)
{
    const struct mp_mldsa *ctx = vctx;
    struct mp_mldsa *copy;

    if (ctx == NULL)
        return NULL;
    copy = new_context(ctx->prov, ctx->name);
    if (copy == NULL)
        goto fail;
    copy->operation = ctx->operation;
    copy->set = ctx->set;
    copy->key = mp_key_up_ref(ctx->key);
    copy->signature_size = ctx->signature_size;
    if (ctx->signature != NULL &&
        (copy->signature =
             OPENSSL_memdup(ctx->signature, ctx->signature_size)) == NULL)
        goto fail;
    if (ctx->hash != NULL && ((copy->hash = EVP_MD_CTX_new()) == NULL ||
                              EVP_MD_CTX_copy_ex(copy->hash, ctx->hash) != 1))
        goto fail;
    return copy;
fail:
    mp_raise(ctx->prov, MP_R_MEMORY, "cannot copy a signature context");
    mldsa_signature_freectx(copy);
    return NULL;
}

static int may_start(const struct mp_mldsa *ctx, const struct mp_key *key,
                     enum mp_mldsa_operation operation)
{
    if (!mp_key_may_begin(ctx->prov, key, operation == MP_MLDSA_SIGN))
        return 0;
    if (strcmp(key->name, ctx->name) == 0)
        return 1;
    mp_raise(ctx->prov, MP_R_KEY_TYPE, "the key is %s and not %s", key->name,
             ctx->name);
    return 0;
}

/* `key` NULL goes on with the one at hand. */
static int start(void *vctx, struct mp_key *key,
                 enum mp_mldsa_operation operation, const OSSL_PARAM params[])
{
    struct mp_mldsa *ctx = vctx;

    if (ctx == NULL || !may_start(ctx, key == NULL ? ctx->key : key, operation))
        return 0;
    if (key != NULL) {
        mp_key_up_ref(key);
        mp_key_free(ctx->key);
        ctx->key = key;
    }
    EVP_MD_CTX_free(ctx->hash);
    ctx->hash = NULL;
    OPENSSL_free(ctx->signature);
    ctx->signature = NULL;
    ctx->signature_size = 0;
    ctx->set.mu = 0;
    ctx->operation = operation;
    if (mp_mldsa_remote_check(ctx) && mp_mldsa_set_params(ctx, params))
        return 1;
    ctx->operation = MP_MLDSA_NONE;
    return 0;
}

/* With a software key the default provider says so. */
static void refuse_digest(struct mp_mldsa *ctx, const struct mp_key *key,
                          const char *mdname)
{
    EVP_MD_CTX *local;
    struct mp_mark mark;

    if (key == NULL || key->hsm != NULL) {
        mp_raise(ctx->prov, MP_R_DIGEST,
                 "%s signs messages and takes no digest (not %.64s)", ctx->name,
                 mdname);
        return;
    }
    mp_mark_set_keep(&mark);
    local = EVP_MD_CTX_new();
    if (local != NULL)
        (void)EVP_DigestVerifyInit_ex(local, NULL, mdname,
                                      mp_local_libctx(ctx->prov), NULL,
                                      key->pkey, NULL);
    EVP_MD_CTX_free(local);
    mp_mark_keep(&mark);
}

/* The interface for digests, which has to be told of none. */
static int start_digest(void *vctx, const char *mdname, struct mp_key *key,
                        enum mp_mldsa_operation operation,
                        const OSSL_PARAM params[])
{
    struct mp_mldsa *ctx = vctx;

    if (ctx != NULL && mdname != NULL && mdname[0] != '\0') {
        refuse_digest(ctx, key, mdname);
        return 0;
    }
    return start(vctx, key, operation, params);
}

static int mldsa_signature_sign_message_init(void *vctx, void *provkey,
                                             const OSSL_PARAM params[])
{
    return start(vctx, provkey, MP_MLDSA_SIGN, params);
}

static int mldsa_signature_verify_message_init(void *vctx, void *provkey,
                                               const OSSL_PARAM params[])
{
    return start(vctx, provkey, MP_MLDSA_VERIFY_MESSAGE, params);
}

static int mldsa_signature_digest_sign_init(void *vctx, const char *mdname,
                                            void *provkey,
                                            const OSSL_PARAM params[])
{
    return start_digest(vctx, mdname, provkey, MP_MLDSA_SIGN, params);
}

static int mldsa_signature_digest_verify_init(void *vctx, const char *mdname,
                                              void *provkey,
                                              const OSSL_PARAM params[])
{
    return start_digest(vctx, mdname, provkey, MP_MLDSA_VERIFY, params);
}

static int ready(const struct mp_mldsa *ctx, int signing)
{
    if (ctx != NULL && ctx->key != NULL &&
        (signing ? ctx->operation == MP_MLDSA_SIGN
                 : ctx->operation == MP_MLDSA_VERIFY ||
                       ctx->operation == MP_MLDSA_VERIFY_MESSAGE))
        return 1;
    if (ctx != NULL)
        mp_raise(ctx->prov, MP_R_NOT_INITIALIZED,
                 "the signature context is not initialized for this operation");
    return 0;
}

static int update(struct mp_mldsa *ctx, int signing, const unsigned char *data,
                  size_t size)
{
    if (!ready(ctx, signing))
        return 0;
    if (ctx->set.mu) {
        mp_raise(ctx->prov, MP_R_INPUT_LENGTH,
                 "mu comes whole, not in pieces of a message");
        return 0;
    }
    if (ctx->hash == NULL && (ctx->hash = mp_mldsa_mu_begin(ctx)) == NULL)
        return 0;
    return mp_mldsa_mu_update(ctx, ctx->hash, data, size);
}

static int mldsa_signature_sign_message_update(void *vctx,
                                               const unsigned char *in,
                                               size_t inlen)
{
    return update(vctx, 1, in, inlen);
}

static int mldsa_signature_verify_message_update(void *vctx,
                                                 const unsigned char *in,
                                                 size_t inlen)
{
    return update(vctx, 0, in, inlen);
}

/* The mu of what came in pieces, which may be nothing. */
static int finish(struct mp_mldsa *ctx, unsigned char mu[MHSM_MU_SIZE])
{
    if (ctx->hash == NULL && (ctx->hash = mp_mldsa_mu_begin(ctx)) == NULL)
        return 0;
    return mp_mldsa_mu_get(ctx, ctx->hash, mu);
}

/* The mu of a whole message, or the one that was given. */
static int take(const struct mp_mldsa *ctx, const unsigned char *data,
                size_t size, unsigned char mu[MHSM_MU_SIZE])
{
    EVP_MD_CTX *hash;
    int ok;

    if (ctx->set.mu) {
        if (size == MHSM_MU_SIZE) {
            memcpy(mu, data, MHSM_MU_SIZE);
            return 1;
        }
        mp_raise(ctx->prov, MP_R_INPUT_LENGTH,
                 "mu has %d octets, the input has %zu", MHSM_MU_SIZE, size);
        return 0;
    }
    hash = mp_mldsa_mu_begin(ctx);
    ok = hash != NULL && mp_mldsa_mu_update(ctx, hash, data, size) &&
         mp_mldsa_mu_get(ctx, hash, mu);
    EVP_MD_CTX_free(hash);
    return ok;
}

static int mldsa_signature_sign_message_final(void *vctx, unsigned char *sig,
                                              size_t *siglen, size_t sigsize)
{
    struct mp_mldsa *ctx = vctx;
    unsigned char mu[MHSM_MU_SIZE];

    if (!ready(ctx, 1))
        return 0;
    if (sig == NULL) {
        *siglen = mp_key_size(ctx->key);
        return 1;
    }
    return finish(ctx, mu) && mp_mldsa_sign(ctx, sig, siglen, sigsize, mu);
}

static int mldsa_signature_sign(void *vctx, unsigned char *sig, size_t *siglen,
                                size_t sigsize, const unsigned char *tbs,
                                size_t tbslen)
{
    struct mp_mldsa *ctx = vctx;
    unsigned char mu[MHSM_MU_SIZE];

    if (!ready(ctx, 1))
        return 0;
    if (sig == NULL) {
        *siglen = mp_key_size(ctx->key);
        return 1;
    }
    return take(ctx, tbs, tbslen, mu) &&
           mp_mldsa_sign(ctx, sig, siglen, sigsize, mu);
}

static int mldsa_signature_digest_sign(void *vctx, unsigned char *sig,
                                       size_t *siglen, size_t sigsize,
                                       const unsigned char *tbs, size_t tbslen)
{
    return mldsa_signature_sign(vctx, sig, siglen, sigsize, tbs, tbslen);
}

static int mldsa_signature_verify_message_final(void *vctx)
{
    struct mp_mldsa *ctx = vctx;
    unsigned char mu[MHSM_MU_SIZE];

    return ready(ctx, 0) && finish(ctx, mu) &&
           mp_mldsa_verify(ctx, ctx->signature, ctx->signature_size, mu);
}

static int mldsa_signature_verify(void *vctx, const unsigned char *sig,
                                  size_t siglen, const unsigned char *tbs,
                                  size_t tbslen)
{
    struct mp_mldsa *ctx = vctx;
    unsigned char mu[MHSM_MU_SIZE];

    return ready(ctx, 0) && take(ctx, tbs, tbslen, mu) &&
           mp_mldsa_verify(ctx, sig, siglen, mu);
}

static int mldsa_signature_digest_verify(void *vctx, const unsigned char *sig,
                                         size_t siglen,
                                         const unsigned char *tbs,
                                         size_t tbslen)
{
    return mldsa_signature_verify(vctx, sig, siglen, tbs, tbslen);
}

static int mldsa_signature_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    return vctx != NULL && mp_mldsa_get_params(vctx, params);
}

static int mldsa_signature_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    return vctx != NULL && mp_mldsa_set_params(vctx, params);
}

static const OSSL_PARAM *mldsa_signature_gettable_ctx_params(void *vctx,
                                                             void *provctx)
{
    (void)vctx;
    (void)provctx;
    return mp_mldsa_gettable;
}

static const OSSL_PARAM *mldsa_signature_settable_ctx_params(void *vctx,
                                                             void *provctx)
{
    const struct mp_mldsa *ctx = vctx;

    (void)provctx;
    return ctx != NULL && ctx->operation == MP_MLDSA_VERIFY_MESSAGE
               ? mp_mldsa_verify_settable
               : mp_mldsa_settable;
}

/* One table for each parameter set: they differ in the name alone. */
#define MLDSA_SIGNATURE(set, name)                                             \
    static void *mldsa##set##_newctx(void *provctx, const char *propq)         \
    {                                                                          \
        (void)propq; /* it chooses among the host's providers */               \
        return new_context(provctx, name);                                     \
    }                                                                          \
    const OSSL_DISPATCH mp_mldsa##set##_signature[] = {                        \
        ENTRY(SIGNATURE, NEWCTX, mldsa##set##_newctx),                         \
        ENTRY(SIGNATURE, FREECTX, mldsa_signature_freectx),                    \
        ENTRY(SIGNATURE, DUPCTX, mldsa_signature_dupctx),                      \
        ENTRY(SIGNATURE, SIGN_MESSAGE_INIT,                                    \
              mldsa_signature_sign_message_init),                              \
        ENTRY(SIGNATURE, SIGN_MESSAGE_UPDATE,                                  \
              mldsa_signature_sign_message_update),                            \
        ENTRY(SIGNATURE, SIGN_MESSAGE_FINAL,                                   \
              mldsa_signature_sign_message_final),                             \
        ENTRY(SIGNATURE, SIGN, mldsa_signature_sign),                          \
        ENTRY(SIGNATURE, VERIFY_MESSAGE_INIT,                                  \
              mldsa_signature_verify_message_init),                            \
        ENTRY(SIGNATURE, VERIFY_MESSAGE_UPDATE,                                \
              mldsa_signature_verify_message_update),                          \
        ENTRY(SIGNATURE, VERIFY_MESSAGE_FINAL,                                 \
              mldsa_signature_verify_message_final),                           \
        ENTRY(SIGNATURE, VERIFY, mldsa_signature_verify),                      \
        ENTRY(SIGNATURE, DIGEST_SIGN_INIT, mldsa_signature_digest_sign_init),  \
        ENTRY(SIGNATURE, DIGEST_SIGN, mldsa_signature_digest_sign),            \
        ENTRY(SIGNATURE, DIGEST_VERIFY_INIT,                                   \
              mldsa_signature_digest_verify_init),                             \
        ENTRY(SIGNATURE, DIGEST_VERIFY, mldsa_signature_digest_verify),        \
        ENTRY(SIGNATURE, GET_CTX_PARAMS, mldsa_signature_get_ctx_params),      \
        ENTRY(SIGNATURE, GETTABLE_CTX_PARAMS,                                  \
              mldsa_signature_gettable_ctx_params),                            \
        ENTRY(SIGNATURE, SET_CTX_PARAMS, mldsa_signature_set_ctx_params),      \
        ENTRY(SIGNATURE, SETTABLE_CTX_PARAMS,                                  \
              mldsa_signature_settable_ctx_params),                            \
        END,                                                                   \
    }

MLDSA_SIGNATURE(44, "ML-DSA-44");
MLDSA_SIGNATURE(65, "ML-DSA-65");
MLDSA_SIGNATURE(87, "ML-DSA-87");

#endif
