/* SPDX-License-Identifier: MIT
 *
 * Parameters of RSA encryption and decryption, declared once.  The digest of
 * OAEP is the parameter "digest".
 */
#include "asym_cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include "err.h"
#include "local.h"

#define LABEL_MAX 65536

static int wrong(const struct mp_cipher *ctx, const OSSL_PARAM *param)
{
    mp_raise(ctx->prov, MP_R_PARAMETER,
             "parameter %s has a value that is not known", param->key);
    return 0;
}

static int set_pad_mode(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;
    int pad;

    if (!mp_pad_mode_read(param, &pad))
        return wrong(ctx, param);
    if (pad == RSA_PKCS1_PSS_PADDING || pad == RSA_X931_PADDING) {
        mp_raise(ctx->prov, MP_R_PADDING,
                 "padding %s is for signatures, not for encryption",
                 mp_pad_mode_name(pad));
        return 0;
    }
    ctx->set.pad = pad;
    return 1;
}

static int get_pad_mode(void *object, OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return mp_pad_mode_write(param, ctx->set.pad);
}

static int set_text(struct mp_cipher *ctx, const OSSL_PARAM *param,
                    char text[MP_PROPQ_SIZE])
{
    return mp_param_text(param, text, MP_PROPQ_SIZE) || wrong(ctx, param);
}

static int set_properties(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return set_text(ctx, param, ctx->set.properties);
}

static int set_mgf1_properties(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return set_text(ctx, param, ctx->set.mgf1_properties);
}

static int set_md(struct mp_cipher *ctx, const OSSL_PARAM *param,
                  const char *properties, EVP_MD **md)
{
    char name[MP_NAME_SIZE];
    EVP_MD *fetched;

    if (!mp_param_text(param, name, sizeof(name)))
        return wrong(ctx, param);
    fetched = mp_local_digest(ctx->prov, name,
                              properties[0] == '\0' ? NULL : properties);
    if (fetched == NULL)
        return 0;
    EVP_MD_free(*md);
    *md = fetched;
    return 1;
}

static int set_oaep(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return set_md(ctx, param, ctx->set.properties, &ctx->set.oaep);
}

static int get_oaep(void *object, OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return OSSL_PARAM_set_utf8_string(
        param,
        ctx->set.oaep == NULL ? "SHA1" : EVP_MD_get0_name(ctx->set.oaep));
}

static int set_mgf1(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return set_md(ctx, param, ctx->set.mgf1_properties, &ctx->set.mgf1);
}

static int get_mgf1(void *object, OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    if (ctx->set.mgf1 == NULL)
        return get_oaep(object, param);
    return OSSL_PARAM_set_utf8_string(param, EVP_MD_get0_name(ctx->set.mgf1));
}

static int set_label(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;
    unsigned char *label = NULL;

    if (param->data_type != OSSL_PARAM_OCTET_STRING ||
        param->data_size > LABEL_MAX ||
        (param->data == NULL && param->data_size != 0))
        return wrong(ctx, param);
    if (param->data_size != 0) {
        label = OPENSSL_memdup(param->data, param->data_size);
        if (label == NULL) {
            mp_raise(ctx->prov, MP_R_MEMORY, "no room for a label");
            return 0;
        }
    }
    OPENSSL_free(ctx->set.label);
    ctx->set.label = label;
    ctx->set.label_size = param->data_size;
    return 1;
}

/* libcrypto asks for a pointer, others may want a copy. */
static int get_label(void *object, OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    if (param->data_type == OSSL_PARAM_OCTET_PTR)
        return OSSL_PARAM_set_octet_ptr(param, ctx->set.label,
                                        ctx->set.label_size);
    return OSSL_PARAM_set_octet_string(
        param, ctx->set.label == NULL ? "" : (const void *)ctx->set.label,
        ctx->set.label_size);
}

static int set_client_version(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return OSSL_PARAM_get_uint(param, &ctx->set.client_version) ||
           wrong(ctx, param);
}

static int get_client_version(void *object, OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return OSSL_PARAM_set_uint(param, ctx->set.client_version);
}

static int set_negotiated_version(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return OSSL_PARAM_get_uint(param, &ctx->set.negotiated_version) ||
           wrong(ctx, param);
}

static int get_negotiated_version(void *object, OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return OSSL_PARAM_set_uint(param, ctx->set.negotiated_version);
}

#ifdef OSSL_ASYM_CIPHER_PARAM_IMPLICIT_REJECTION
static int set_rejection(void *object, const OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return OSSL_PARAM_get_uint(param, &ctx->set.implicit_rejection) ||
           wrong(ctx, param);
}

static int get_rejection(void *object, OSSL_PARAM *param)
{
    struct mp_cipher *ctx = object;

    return OSSL_PARAM_set_uint(param, ctx->set.implicit_rejection);
}
#define REJECTION_PARAMS(BOTH)                                                 \
    BOTH(OSSL_ASYM_CIPHER_PARAM_IMPLICIT_REJECTION, UNSIGNED_INTEGER,          \
         set_rejection, get_rejection)
#else
#define REJECTION_PARAMS(BOTH)
#endif

#define CIPHER_PARAMS(BOTH, SET, GET)                                          \
    BOTH(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, UTF8_STRING, set_pad_mode,           \
         get_pad_mode)                                                         \
    SET(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST_PROPS, UTF8_STRING, set_properties) \
    BOTH(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, UTF8_STRING, set_oaep, get_oaep)  \
    SET(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST_PROPS, UTF8_STRING,                 \
        set_mgf1_properties)                                                   \
    BOTH(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, UTF8_STRING, set_mgf1, get_mgf1)  \
    BOTH(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, OCTET_STRING, set_label,           \
         get_label)                                                            \
    BOTH(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, UNSIGNED_INTEGER,          \
         set_client_version, get_client_version)                               \
    BOTH(OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, UNSIGNED_INTEGER,      \
         set_negotiated_version, get_negotiated_version)                       \
    REJECTION_PARAMS(BOTH)

MP_SETTABLE(mp_cipher_settable, CIPHER_PARAMS);
MP_GETTABLE(mp_cipher_gettable, CIPHER_PARAMS);
MP_SETTERS(mp_cipher_setters, CIPHER_PARAMS);
MP_GETTERS(mp_cipher_getters, CIPHER_PARAMS);
