/* SPDX-License-Identifier: MIT
 *
 * SIGNATURE for RSA: its parameters, each in every type that is seen in the
 * wild, and its table.
 */
#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "err.h"
#include "local.h"

FN(signature, rsa, newctx);
FN(signature, rsa, gettable_ctx_params);
FN(signature, rsa, settable_ctx_params);

static int wrong(const struct mp_sig *ctx, const OSSL_PARAM *param)
{
    mp_raise(ctx->prov, MP_R_PARAMETER,
             "parameter %s has a value that is not known", param->key);
    return 0;
}

static int set_pad_mode(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;
    int pad;

    /* The default provider knows no other texts, and passes over them. */
    if (param->data_type == OSSL_PARAM_UTF8_STRING && ctx->key->hsm == NULL &&
        (!mp_pad_mode_read(param, &pad) || pad == RSA_PKCS1_OAEP_PADDING))
        return 1;
    if (!mp_pad_mode_read(param, &pad))
        return wrong(ctx, param);
    if (pad == RSA_PKCS1_OAEP_PADDING || pad == RSA_PKCS1_WITH_TLS_PADDING ||
        (pad == RSA_PKCS1_PSS_PADDING && ctx->operation == MP_SIG_RECOVER)) {
        mp_raise(ctx->prov, MP_R_PADDING,
                 "padding %s is not for this operation", mp_pad_mode_name(pad));
        return 0;
    }
    ctx->set.pad = pad;
    ctx->set.pad_set = 1;
    return 1;
}

static int get_pad_mode(void *object, OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    return mp_pad_mode_write(param, ctx->set.pad);
}

/* As the default provider: a setting of PSS alone is a mistake without PSS. */
static int only_pss(const struct mp_sig *ctx, const OSSL_PARAM *param,
                    int defaults)
{
    if (ctx->set.pad == RSA_PKCS1_PSS_PADDING)
        return 1;
    mp_raise(ctx->prov, mp_key_reason(ctx->key, MP_R_PADDING, defaults),
             "parameter %s is for padding pss, and the padding is %s",
             param->key, mp_pad_mode_name(ctx->set.pad));
    return 0;
}

static int set_salt(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;
    int salt;

    if (!only_pss(ctx, param, PROV_R_NOT_SUPPORTED))
        return 0;
    if (!mp_salt_read(param, &salt))
        return wrong(ctx, param);
    ctx->set.salt = salt;
    ctx->set.salt_set = 1;
    return 1;
}

static int get_salt(void *object, OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    if (ctx->set.salt_set)
        return mp_salt_write(param, ctx->set.salt);
    return mp_salt_write(param,
                         ctx->operation == MP_SIG_SIGN && ctx->key->hsm != NULL
                             ? RSA_PSS_SALTLEN_DIGEST
                             : mp_sig_default_salt());
}

static int set_mgf1_properties(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    return mp_param_text(param, ctx->set.mgf1_properties,
                         sizeof(ctx->set.mgf1_properties)) ||
           wrong(ctx, param);
}

static int set_mgf1(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;
    char name[MP_NAME_SIZE];
    EVP_MD *md;

    if (!only_pss(ctx, param, PROV_R_INVALID_MGF1_MD))
        return 0;
    if (!mp_param_text(param, name, sizeof(name)))
        return wrong(ctx, param);
    md = mp_local_digest(
        ctx->prov, name,
        ctx->set.mgf1_properties[0] == '\0' ? NULL : ctx->set.mgf1_properties);
    if (md == NULL)
        return 0;
    EVP_MD_free(ctx->set.mgf1);
    ctx->set.mgf1 = md;
    OPENSSL_strlcpy(ctx->set.mgf1_name, name, sizeof(ctx->set.mgf1_name));
    return 1;
}

static int get_mgf1(void *object, OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;
    return OSSL_PARAM_set_utf8_string(
        param, ctx->set.mgf1 == NULL ? ctx->set.md_name : ctx->set.mgf1_name);
}

/* In the order in which they are applied: the padding before what needs it. */
#define RSA_PARAMS(BOTH, SET, GET)                                             \
    SET(OSSL_SIGNATURE_PARAM_PROPERTIES, UTF8_STRING, mp_sig_set_properties)   \
    BOTH(OSSL_SIGNATURE_PARAM_DIGEST, UTF8_STRING, mp_sig_set_digest,          \
         mp_sig_get_digest)                                                    \
    BOTH(OSSL_SIGNATURE_PARAM_PAD_MODE, UTF8_STRING, set_pad_mode,             \
         get_pad_mode)                                                         \
    BOTH(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, UTF8_STRING, set_salt, get_salt)    \
    SET(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, UTF8_STRING,                     \
        set_mgf1_properties)                                                   \
    BOTH(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, UTF8_STRING, set_mgf1, get_mgf1)    \
    GET(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OCTET_STRING,                       \
        mp_sig_get_algorithm_id)

static MP_SETTABLE(settable, RSA_PARAMS);
MP_GETTABLE(mp_rsa_sig_gettable, RSA_PARAMS);
static MP_SETTERS(setters, RSA_PARAMS);
MP_GETTERS(mp_rsa_sig_getters, RSA_PARAMS);

static const OSSL_PARAM *rsa_signature_settable_ctx_params(void *vctx,
                                                           void *provctx)
{
    (void)provctx;
    return mp_sig_settable(vctx, settable);
}

static const OSSL_PARAM *rsa_signature_gettable_ctx_params(void *vctx,
                                                           void *provctx)
{
    (void)vctx;
    (void)provctx;
    return mp_rsa_sig_gettable;
}

static void *rsa_signature_newctx(void *provctx, const char *propq)
{
    (void)propq; /* see mp_sig_name_digest */
    return mp_sig_new(provctx, MHSM_KEY_RSA, setters, mp_rsa_sig_getters);
}

const OSSL_DISPATCH mp_rsa_signature[] = {
    ENTRY(SIGNATURE, NEWCTX, rsa_signature_newctx),
    MP_SIGNATURE_ENTRIES,
    ENTRY(SIGNATURE, VERIFY_RECOVER_INIT, mp_signature_verify_recover_init),
    ENTRY(SIGNATURE, VERIFY_RECOVER, mp_signature_verify_recover),
    ENTRY(SIGNATURE, GETTABLE_CTX_PARAMS, rsa_signature_gettable_ctx_params),
    ENTRY(SIGNATURE, SETTABLE_CTX_PARAMS, rsa_signature_settable_ctx_params),
    END,
};
