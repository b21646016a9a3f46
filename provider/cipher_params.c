/* SPDX-License-Identifier: MIT
 *
 * What the ciphers of AES keys of the HSM are asked about themselves, and the
 * settings of an operation: padding, the tag to verify, the IV and the tag that
 * came of it.
 */
#include "cipher.h"

#ifdef OSSL_OP_SKEYMGMT

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "err.h"

static int set_tag(struct mp_cipher *ctx, const OSSL_PARAM *param)
{
    void *tag = ctx->tag;
    size_t size = 0;

    if (ctx->encrypts ||
        !OSSL_PARAM_get_octet_string(param, &tag, MP_CIPHER_TAG, &size) ||
        size != MP_CIPHER_TAG) {
        mp_raise(ctx->prov, MP_R_PARAMETER,
                 "a tag is set to decrypt, and has %d octets",
                 (int)MP_CIPHER_TAG);
        return 0;
    }
    ctx->has_tag = 1;
    return 1;
}

const OSSL_PARAM *mp_cipher_settable_ctx_params(void *cctx, void *provctx)
{
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, NULL),
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)cctx;
    (void)provctx;
    return settable;
}

int mp_cipher_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    struct mp_cipher *ctx = vctx;
    const OSSL_PARAM *param;
    unsigned int padding;
    size_t size;

    if (ctx == NULL)
        return 0;
    param = OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_PADDING);
    if (param != NULL) {
        if (!OSSL_PARAM_get_uint(param, &padding))
            return 0;
        ctx->padding = padding != 0;
    }
    param = OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_IVLEN);
    if (param != NULL &&
        (!OSSL_PARAM_get_size_t(param, &size) || size != ctx->mode->iv_size)) {
        mp_raise(ctx->prov, MP_R_PARAMETER,
                 "the IV has %zu octets and no other "
                 "length",
                 ctx->mode->iv_size);
        return 0;
    }
    param = OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_TAG);
    return param == NULL || param->data == NULL || set_tag(ctx, param);
}

const OSSL_PARAM *mp_cipher_gettable_ctx_params(void *cctx, void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, NULL),
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_IV, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_UPDATED_IV, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, 0),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TAGLEN, NULL),
        OSSL_PARAM_END,
    };

    (void)cctx;
    (void)provctx;
    return gettable;
}

static int give_octets(OSSL_PARAM params[], const char *name,
                       const unsigned char *data, size_t size, int known)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

    return param == NULL ||
           (known && OSSL_PARAM_set_octet_string(param, data, size));
}

static int give_size(OSSL_PARAM params[], const char *name, size_t size)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

    return param == NULL || OSSL_PARAM_set_size_t(param, size);
}

int mp_cipher_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    struct mp_cipher *ctx = vctx;
    OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_PADDING);
    size_t iv_size;

    if (ctx == NULL ||
        (param != NULL &&
         !OSSL_PARAM_set_uint(param, (unsigned int)ctx->padding)))
        return 0;
    iv_size = ctx->mode->iv_size;
    return give_size(params, OSSL_CIPHER_PARAM_KEYLEN, ctx->mode->key_size) &&
           give_size(params, OSSL_CIPHER_PARAM_IVLEN, iv_size) &&
           give_size(params, OSSL_CIPHER_PARAM_AEAD_TAGLEN, MP_CIPHER_TAG) &&
           give_octets(params, OSSL_CIPHER_PARAM_IV, ctx->iv, iv_size,
                       ctx->has_iv) &&
           give_octets(params, OSSL_CIPHER_PARAM_UPDATED_IV, ctx->iv, iv_size,
                       ctx->has_iv) &&
           give_octets(params, OSSL_CIPHER_PARAM_AEAD_TAG, ctx->tag,
                       MP_CIPHER_TAG, ctx->has_tag);
}

const OSSL_PARAM *mp_cipher_gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_uint(OSSL_CIPHER_PARAM_MODE, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
        OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_BLOCK_SIZE, NULL),
        OSSL_PARAM_int(OSSL_CIPHER_PARAM_AEAD, NULL),
        OSSL_PARAM_int(OSSL_CIPHER_PARAM_CUSTOM_IV, NULL),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return gettable;
}

int mp_cipher_mode_params(const struct mp_cipher_mode *mode,
                          OSSL_PARAM params[])
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_MODE);
    int gcm = mode->evp == EVP_CIPH_GCM_MODE;

    if (param != NULL && !OSSL_PARAM_set_uint(param, (unsigned int)mode->evp))
        return 0;
    param = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD);
    if (param != NULL && !OSSL_PARAM_set_int(param, gcm))
        return 0;
    param = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_CUSTOM_IV);
    if (param != NULL && !OSSL_PARAM_set_int(param, 1))
        return 0;
    return give_size(params, OSSL_CIPHER_PARAM_KEYLEN, mode->key_size) &&
           give_size(params, OSSL_CIPHER_PARAM_IVLEN, mode->iv_size) &&
           give_size(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, mode->block);
}

#else

/* A translation unit must declare something. */
typedef int mp_no_cipher_parameters;

#endif
