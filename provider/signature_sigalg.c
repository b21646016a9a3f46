/* SPDX-License-Identifier: MIT
 *
 * Signature algorithms as objects of their own (OpenSSL 3.4): the digest and
 * the padding are in the name, and only those are here that the HSM has.  The
 * caller gives a digest or a message, by how the context was initialised.  For
 * RSA the padding is PKCS#1 v1.5; PSS has no such objects.
 */
#include "signature.h"

#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT

#include <openssl/core_names.h>

#include "err.h"

enum { SIGNATURE_MAX = 64 * 1024 };

static void *new_context(void *provctx, mhsm_key_type type, const char *md)
{
    struct mp_sig *ctx;

    if (type == MHSM_KEY_RSA)
        ctx = mp_sig_new(provctx, type, NULL, mp_rsa_sig_getters);
    else
        ctx = mp_sig_new(provctx, type, NULL, mp_ecdsa_sig_getters);
    if (ctx != NULL)
        ctx->fixed_md = md;
    return ctx;
}

static int set_signature(struct mp_sig *ctx, const OSSL_PARAM *param)
{
    void *data = NULL;
    size_t size;

    if (!OSSL_PARAM_get_octet_string(param, &data, SIGNATURE_MAX, &size)) {
        mp_raise(ctx->prov, MP_R_SIGNATURE, "the parameter signature is none");
        return 0;
    }
    OPENSSL_free(ctx->signature);
    ctx->signature = data;
    ctx->signature_size = size;
    return 1;
}

static int sigalg_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;
    const OSSL_PARAM *param;

    if (ctx == NULL)
        return 0;
    param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_SIGNATURE);
    return param == NULL || set_signature(ctx, param);
}

static const OSSL_PARAM *sigalg_settable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_SIGNATURE, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)vctx;
    (void)provctx;
    return settable;
}

static const OSSL_PARAM *sigalg_gettable_ctx_params(void *vctx, void *provctx)
{
    const struct mp_sig *ctx = vctx;

    (void)provctx;
    if (ctx != NULL && ctx->type == MHSM_KEY_EC)
        return mp_ecdsa_sig_gettable;
    return mp_rsa_sig_gettable;
}

static int init(void *vctx, void *key, enum mp_sig_operation operation,
                const OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL || !mp_sig_start(ctx, key, operation))
        return 0;
    if (mp_sig_name_digest(ctx, ctx->fixed_md) && mp_sig_check(ctx) &&
        sigalg_set_ctx_params(ctx, params))
        return 1;
    ctx->operation = MP_SIG_NONE;
    return 0;
}

static int message_init(void *vctx, void *key, enum mp_sig_operation operation,
                        const OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;

    if (!init(ctx, key, operation, params))
        return 0;
    if (mp_sig_begin_hash(ctx, NULL))
        return 1;
    ctx->operation = MP_SIG_NONE;
    return 0;
}

static int sigalg_sign_init(void *ctx, void *key, const OSSL_PARAM params[])
{
    return init(ctx, key, MP_SIG_SIGN, params);
}

static int sigalg_verify_init(void *ctx, void *key, const OSSL_PARAM params[])
{
    return init(ctx, key, MP_SIG_VERIFY, params);
}

static int sigalg_verify_recover_init(void *ctx, void *key,
                                      const OSSL_PARAM params[])
{
    return init(ctx, key, MP_SIG_RECOVER, params);
}

static int sigalg_sign_message_init(void *ctx, void *key,
                                    const OSSL_PARAM params[])
{
    return message_init(ctx, key, MP_SIG_SIGN, params);
}

static int sigalg_verify_message_init(void *ctx, void *key,
                                      const OSSL_PARAM params[])
{
    return message_init(ctx, key, MP_SIG_VERIFY, params);
}

/* One call for a digest and for a whole message. */
static int sigalg_sign(void *vctx, unsigned char *sig, size_t *siglen,
                       size_t sigsize, const unsigned char *tbs, size_t size)
{
    struct mp_sig *ctx = vctx;

    if (ctx != NULL && ctx->hash != NULL)
        return mp_signature_digest_sign(ctx, sig, siglen, sigsize, tbs, size);
    return mp_signature_sign(ctx, sig, siglen, sigsize, tbs, size);
}

static int sigalg_verify(void *vctx, const unsigned char *sig, size_t siglen,
                         const unsigned char *tbs, size_t size)
{
    struct mp_sig *ctx = vctx;

    if (ctx != NULL && ctx->hash != NULL)
        return mp_signature_digest_verify(ctx, sig, siglen, tbs, size);
    return mp_signature_verify(ctx, sig, siglen, tbs, size);
}

static int sigalg_verify_message_final(void *vctx)
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL)
        return 0;
    if (ctx->signature == NULL) {
        mp_raise(ctx->prov, MP_R_SIGNATURE,
                 "no signature to verify: set the parameter signature");
        return 0;
    }
    return mp_signature_digest_verify(ctx, ctx->signature, ctx->signature_size,
                                      NULL, 0);
}

static const char **rsa_query_key_types(void)
{
    static const char *types[] = {"RSA", NULL};

    return types;
}

static const char **ecdsa_query_key_types(void)
{
    static const char *types[] = {"EC", NULL};

    return types;
}

#define SIGALG(kind, type, name, digest, ...)                                  \
    static void *name##_newctx(void *provctx, const char *propq)               \
    {                                                                          \
        (void)propq; /* see mp_sig_name_digest */                              \
        return new_context(provctx, type, digest);                             \
    }                                                                          \
    const OSSL_DISPATCH mp_##name##_signature[] = {                            \
        ENTRY(SIGNATURE, NEWCTX, name##_newctx),                               \
        ENTRY(SIGNATURE, FREECTX, mp_signature_freectx),                       \
        ENTRY(SIGNATURE, DUPCTX, mp_signature_dupctx),                         \
        ENTRY(SIGNATURE, QUERY_KEY_TYPES, kind##_query_key_types),             \
        ENTRY(SIGNATURE, SIGN_INIT, sigalg_sign_init),                         \
        ENTRY(SIGNATURE, SIGN, sigalg_sign),                                   \
        ENTRY(SIGNATURE, SIGN_MESSAGE_INIT, sigalg_sign_message_init),         \
        ENTRY(SIGNATURE, SIGN_MESSAGE_UPDATE,                                  \
              mp_signature_digest_sign_update),                                \
        ENTRY(SIGNATURE, SIGN_MESSAGE_FINAL, mp_signature_digest_sign_final),  \
        ENTRY(SIGNATURE, VERIFY_INIT, sigalg_verify_init),                     \
        ENTRY(SIGNATURE, VERIFY, sigalg_verify),                               \
        ENTRY(SIGNATURE, VERIFY_MESSAGE_INIT, sigalg_verify_message_init),     \
        ENTRY(SIGNATURE, VERIFY_MESSAGE_UPDATE,                                \
              mp_signature_digest_verify_update),                              \
        ENTRY(SIGNATURE, VERIFY_MESSAGE_FINAL, sigalg_verify_message_final),   \
        ENTRY(SIGNATURE, GET_CTX_PARAMS, mp_signature_get_ctx_params),         \
        ENTRY(SIGNATURE, GETTABLE_CTX_PARAMS, sigalg_gettable_ctx_params),     \
        ENTRY(SIGNATURE, SET_CTX_PARAMS, sigalg_set_ctx_params),               \
        ENTRY(SIGNATURE, SETTABLE_CTX_PARAMS, sigalg_settable_ctx_params),     \
        __VA_ARGS__ END,                                                       \
    }

#define RECOVERS                                                               \
    ENTRY(SIGNATURE, VERIFY_RECOVER_INIT, sigalg_verify_recover_init),         \
        ENTRY(SIGNATURE, VERIFY_RECOVER, mp_signature_verify_recover),

SIGALG(rsa, MHSM_KEY_RSA, rsa_sha256, "SHA2-256", RECOVERS);
SIGALG(rsa, MHSM_KEY_RSA, rsa_sha384, "SHA2-384", RECOVERS);
SIGALG(rsa, MHSM_KEY_RSA, rsa_sha512, "SHA2-512", RECOVERS);
SIGALG(ecdsa, MHSM_KEY_EC, ecdsa_sha256, "SHA2-256", );
SIGALG(ecdsa, MHSM_KEY_EC, ecdsa_sha384, "SHA2-384", );
SIGALG(ecdsa, MHSM_KEY_EC, ecdsa_sha512, "SHA2-512", );

#else

/* A translation unit must declare something. */
typedef int mp_no_signature_algorithms;

#endif
