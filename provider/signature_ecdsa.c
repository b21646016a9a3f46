/* SPDX-License-Identifier: MIT
 *
 * SIGNATURE for ECDSA: its parameters and its table.
 */
#include "signature.h"

#include <openssl/core_names.h>

#include "err.h"

FN(signature, ecdsa, newctx);
FN(signature, ecdsa, gettable_ctx_params);
FN(signature, ecdsa, settable_ctx_params);

/* Only ever confirmed: the digest says it. */
static int set_digest_size(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;
    size_t size;

    if (OSSL_PARAM_get_size_t(param, &size) &&
        (ctx->set.md == NULL || size == (size_t)EVP_MD_get_size(ctx->set.md)))
        return 1;
    mp_raise(ctx->prov, MP_R_DIGEST, "the digest has another size");
    return 0;
}

static int get_digest_size(void *object, OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    return OSSL_PARAM_set_size_t(
        param, ctx->set.md == NULL ? 0 : (size_t)EVP_MD_get_size(ctx->set.md));
}

#ifdef OSSL_SIGNATURE_PARAM_NONCE_TYPE
static int set_nonce_type(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    if (OSSL_PARAM_get_uint(param, &ctx->set.nonce_type))
        return 1;
    mp_raise(ctx->prov, MP_R_PARAMETER, "parameter %s is no number",
             param->key);
    return 0;
}

static int get_nonce_type(void *object, OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    return OSSL_PARAM_set_uint(param, ctx->set.nonce_type);
}
#define NONCE_PARAMS(BOTH)                                                     \
    BOTH(OSSL_SIGNATURE_PARAM_NONCE_TYPE, UNSIGNED_INTEGER, set_nonce_type,    \
         get_nonce_type)
#else
#define NONCE_PARAMS(BOTH)
#endif

#define ECDSA_PARAMS(BOTH, SET, GET)                                           \
    SET(OSSL_SIGNATURE_PARAM_PROPERTIES, UTF8_STRING, mp_sig_set_properties)   \
    BOTH(OSSL_SIGNATURE_PARAM_DIGEST, UTF8_STRING, mp_sig_set_digest,          \
         mp_sig_get_digest)                                                    \
    BOTH(OSSL_SIGNATURE_PARAM_DIGEST_SIZE, UNSIGNED_INTEGER, set_digest_size,  \
         get_digest_size)                                                      \
    NONCE_PARAMS(BOTH)                                                         \
    GET(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OCTET_STRING,                       \
        mp_sig_get_algorithm_id)

static MP_SETTABLE(settable, ECDSA_PARAMS);
MP_GETTABLE(mp_ecdsa_sig_gettable, ECDSA_PARAMS);
static MP_SETTERS(setters, ECDSA_PARAMS);
MP_GETTERS(mp_ecdsa_sig_getters, ECDSA_PARAMS);

static const OSSL_PARAM *ecdsa_signature_settable_ctx_params(void *vctx,
                                                             void *provctx)
{
    (void)provctx;
    return mp_sig_settable(vctx, settable);
}

static const OSSL_PARAM *ecdsa_signature_gettable_ctx_params(void *vctx,
                                                             void *provctx)
{
    (void)vctx;
    (void)provctx;
    return mp_ecdsa_sig_gettable;
}

static void *ecdsa_signature_newctx(void *provctx, const char *propq)
{
    (void)propq; /* see mp_sig_name_digest */
    return mp_sig_new(provctx, MHSM_KEY_EC, setters, mp_ecdsa_sig_getters);
}

const OSSL_DISPATCH mp_ecdsa_signature[] = {
    ENTRY(SIGNATURE, NEWCTX, ecdsa_signature_newctx),
    MP_SIGNATURE_ENTRIES,
    ENTRY(SIGNATURE, GETTABLE_CTX_PARAMS, ecdsa_signature_gettable_ctx_params),
    ENTRY(SIGNATURE, SETTABLE_CTX_PARAMS, ecdsa_signature_settable_ctx_params),
    END,
};
