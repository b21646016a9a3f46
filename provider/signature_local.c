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
    if (ctx->type == MHSM_KEY_RSA)
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
    ok = local != NULL && EVP_PKEY_sign_init_ex(local, params.list) == 1 &&
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
    if (local != NULL && EVP_PKEY_verify_init_ex(local, params.list) == 1)
        valid = EVP_PKEY_verify(local, sig, siglen, digest, size);
    EVP_PKEY_CTX_free(local);
    if (valid == 1)
        mp_mark_drop(&mark);
    else if (ctx->key->hsm == NULL)
        mp_mark_keep(&mark); /* even when there is none: programs look */
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
    ok = local != NULL &&
         EVP_PKEY_verify_recover_init_ex(local, params.list) == 1 &&
         EVP_PKEY_verify_recover(local, out, &length, sig, siglen) == 1;
    EVP_PKEY_CTX_free(local);
    if (!mp_mark_end(ctx->prov, &mark, ok, MP_R_SIGNATURE,
                     "the signature does not verify"))
        return 0;
    *outlen = length;
    return 1;
}
