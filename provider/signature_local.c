/* SPDX-License-Identifier: MIT
 *
 * Verifying with any key, and signing with software keys, by the default
 * provider in the private library context: never a request, and never less
 * than the default provider does.
 */
#include "signature.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include "err.h"
#include "local.h"

void mp_sig_local_params(const struct mp_sig *ctx,
                         struct mp_sig_local_params *params)
{
    OSSL_PARAM *next = params->list;

    params->set = ctx->set; /* borrows the digests */
    if (ctx->set.md != NULL) {
        OPENSSL_strlcpy(params->md, ctx->set.md_name, sizeof(params->md));
        *next++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
                                                   params->md, 0);
    }
    /* A key for PSS alone knows, and to say it names a digest as well. */
    if (ctx->type == MHSM_KEY_RSA &&
        (ctx->set.pad_set || !mp_key_is_pss(ctx->key)))
        *next++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PAD_MODE,
                                           &params->set.pad);
    if (ctx->set.pad == RSA_PKCS1_PSS_PADDING && ctx->set.salt_set)
        *next++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
                                           &params->set.salt);
    if (ctx->set.pad == RSA_PKCS1_PSS_PADDING && ctx->set.mgf1 != NULL) {
        OPENSSL_strlcpy(params->mgf1, ctx->set.mgf1_name, sizeof(params->mgf1));
        *next++ = OSSL_PARAM_construct_utf8_string(
            OSSL_SIGNATURE_PARAM_MGF1_DIGEST, params->mgf1, 0);
    }
#ifdef OSSL_SIGNATURE_PARAM_NONCE_TYPE
    if (ctx->type == MHSM_KEY_EC && ctx->set.nonce_type != 0)
        *next++ = OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE,
                                            &params->set.nonce_type);
#endif
    *next = OSSL_PARAM_construct_end();
}

static int begin(const struct mp_sig *ctx, EVP_PKEY_CTX *local,
                 const OSSL_PARAM params[])
{
    /* An empty list names a digest, with a key for PSS alone. */
    if (params[0].key == NULL)
        params = NULL;
    if (ctx->operation == MP_SIG_SIGN)
        return EVP_PKEY_sign_init_ex(local, params) == 1;
    if (ctx->operation == MP_SIG_RECOVER)
        return EVP_PKEY_verify_recover_init_ex(local, params) == 1;
    return EVP_PKEY_verify_init_ex(local, params) == 1;
}

/* An operation of the default provider with the settings at hand; NULL with
 * its errors on the queue. */
static EVP_PKEY_CTX *same_operation(const struct mp_sig *ctx)
{
    struct mp_sig_local_params at_hand;
    EVP_PKEY_CTX *local = mp_local_ctx(ctx->prov, ctx->key->pkey);

    mp_sig_local_params(ctx, &at_hand);
    if (local != NULL && begin(ctx, local, at_hand.list))
        return local;
    EVP_PKEY_CTX_free(local);
    return NULL;
}

/* Looking for the digest brings the provider of outdated ones here, too. */
static void find_digest(const struct mp_sig *ctx, const OSSL_PARAM params[])
{
    const OSSL_PARAM *param =
        OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
    char name[MP_NAME_SIZE];

    if (param != NULL && mp_param_text(param, name, sizeof(name)))
        EVP_MD_free(mp_local_digest(ctx->prov, name, NULL));
}

int mp_sig_local_takes(const struct mp_sig *ctx, const OSSL_PARAM params[])
{
    EVP_PKEY_CTX *local;
    struct mp_mark mark;
    int ok;

    if (ctx->key == NULL || ctx->key->hsm != NULL)
        return 1;
    if (params != NULL) {
        mp_mark_set(&mark);
        find_digest(ctx, params);
        mp_mark_drop(&mark);
    }
    mp_mark_set_keep(&mark);
    local = same_operation(ctx);
    ok = local != NULL &&
         (params == NULL || EVP_PKEY_CTX_set_params(local, params) == 1);
    EVP_PKEY_CTX_free(local);
    return mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL, "not taken");
}

int mp_sig_local_get(const struct mp_sig *ctx, OSSL_PARAM params[])
{
    struct mp_mark mark;
    EVP_PKEY_CTX *local;
    int ok;

    mp_mark_set_keep(&mark);
    local = same_operation(ctx);
    ok = local != NULL && EVP_PKEY_CTX_get_params(local, params) == 1;
    EVP_PKEY_CTX_free(local);
    return mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL, "not told");
}

/* Some versions let the digest be set no more once the message is hashed. */
const OSSL_PARAM *mp_sig_settable(const struct mp_sig *ctx,
                                  const OSSL_PARAM *own)
{
    const OSSL_PARAM *settable = NULL;
    EVP_MD_CTX *same = NULL;
    EVP_PKEY_CTX *local = NULL;
    struct mp_mark mark;

    if (ctx == NULL || ctx->key == NULL || ctx->key->hsm != NULL ||
        ctx->hash == NULL)
        return own;
    mp_mark_set(&mark);
    same = EVP_MD_CTX_new();
    if (same != NULL &&
        EVP_DigestVerifyInit_ex(same, &local, ctx->set.md_name,
                                mp_local_libctx(ctx->prov), NULL,
                                ctx->key->pkey, NULL) == 1)
        settable = EVP_PKEY_CTX_settable_params(local);
    EVP_MD_CTX_free(same);
    mp_mark_drop(&mark);
    return settable != NULL ? settable : own;
}

int mp_sig_local_sign(struct mp_sig *ctx, unsigned char *sig, size_t *siglen,
                      size_t sigsize, const unsigned char *digest, size_t size)
{
    struct mp_sig_local_params params;
    EVP_PKEY_CTX *local = NULL;
    size_t length = sigsize;
    struct mp_mark mark;
    int ok;

    mp_key_mark_set(ctx->key, &mark);
    mp_sig_local_params(ctx, &params);
    local = mp_local_ctx(ctx->prov, ctx->key->pkey);
    ok = local != NULL && begin(ctx, local, params.list) &&
         EVP_PKEY_sign(local, sig, &length, digest, size) == 1;
    EVP_PKEY_CTX_free(local);
    if (!mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL,
                     "cannot sign with the software key"))
        return 0;
    *siglen = length;
    return 1;
}

int mp_sig_local_verify(struct mp_sig *ctx, const unsigned char *sig,
                        size_t siglen, const unsigned char *digest, size_t size)
{
    struct mp_sig_local_params params;
    EVP_PKEY_CTX *local = NULL;
    struct mp_mark mark;
    int valid = 0;

    mp_key_mark_set(ctx->key, &mark);
    mp_sig_local_params(ctx, &params);
    local = mp_local_ctx(ctx->prov, ctx->key->pkey);
    if (local != NULL && begin(ctx, local, params.list))
        valid = EVP_PKEY_verify(local, sig, siglen, digest, size);
    EVP_PKEY_CTX_free(local);
    if (valid == 1)
        mp_mark_drop(&mark);
    else
        mp_raise_local(ctx->prov, &mark, MP_R_SIGNATURE,
                       "the signature does not verify");
    return valid;
}

int mp_sig_local_recover(struct mp_sig *ctx, unsigned char *out, size_t *outlen,
                         size_t outsize, const unsigned char *sig,
                         size_t siglen)
{
    struct mp_sig_local_params params;
    EVP_PKEY_CTX *local = NULL;
    size_t length = outsize;
    struct mp_mark mark;
    int ok;

    mp_key_mark_set(ctx->key, &mark);
    mp_sig_local_params(ctx, &params);
    local = mp_local_ctx(ctx->prov, ctx->key->pkey);
    ok = local != NULL && begin(ctx, local, params.list) &&
         EVP_PKEY_verify_recover(local, out, &length, sig, siglen) == 1;
    EVP_PKEY_CTX_free(local);
    if (!mp_mark_end(ctx->prov, &mark, ok, MP_R_SIGNATURE,
                     "the signature does not verify"))
        return 0;
    *outlen = length;
    return 1;
}
