/* SPDX-License-Identifier: MIT
 *
 * ENCODER: private keys as text, PEM and DER.  libcrypto asks the encoder of
 * the key's own provider first and no other when that one fails.  So for a
 * software key of ours the default provider answers, in the private library
 * context, and it comes out as if we were not there; see encoder_reference.c
 * for the keys of the HSM.  Public keys are the default provider's as well, and
 * are ours to pass on only so that nothing need be exported to it.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/encoder.h>

#include "dispatch.h"
#include "encoder.h"
#include "err.h"
#include "local.h"

static const struct mp_encoder_kind kinds[] = {
    {"text", NULL, mp_encoder_text},
    {"pem", "PrivateKeyInfo", mp_encoder_reference_pem},
    {"pem", "EncryptedPrivateKeyInfo", mp_encoder_reference_pem},
    {"pem", "type-specific", mp_encoder_reference_pem},
    {"der", "PrivateKeyInfo", mp_encoder_refuse},
    {"der", "EncryptedPrivateKeyInfo", mp_encoder_refuse},
    {"der", "type-specific", mp_encoder_reference_der},
    {"pem", "pkcs1", mp_encoder_refuse},
    {"der", "pkcs1", mp_encoder_refuse},
    {"pem", "SubjectPublicKeyInfo", NULL},
    {"der", "SubjectPublicKeyInfo", NULL},
};

enum kind {
    TEXT,
    PEM_PKI,
    PEM_EPKI,
    PEM_SPECIFIC,
    DER_PKI,
    DER_EPKI,
    DER_SPECIFIC,
    PEM_PKCS1,
    DER_PKCS1,
    PEM_SPKI,
    DER_SPKI
};

static void *new_context(void *provctx, enum kind kind)
{
    struct mp_encoder *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->prov = provctx;
    ctx->kind = &kinds[kind];
    ctx->save_parameters = -1;
    return ctx;
}

static void *text_newctx(void *provctx)
{
    return new_context(provctx, TEXT);
}

static void *pem_pki_newctx(void *provctx)
{
    return new_context(provctx, PEM_PKI);
}

static void *pem_epki_newctx(void *provctx)
{
    return new_context(provctx, PEM_EPKI);
}

static void *pem_specific_newctx(void *provctx)
{
    return new_context(provctx, PEM_SPECIFIC);
}

static void *der_pki_newctx(void *provctx)
{
    return new_context(provctx, DER_PKI);
}

static void *der_epki_newctx(void *provctx)
{
    return new_context(provctx, DER_EPKI);
}

static void *der_specific_newctx(void *provctx)
{
    return new_context(provctx, DER_SPECIFIC);
}

static void *pem_pkcs1_newctx(void *provctx)
{
    return new_context(provctx, PEM_PKCS1);
}

static void *der_pkcs1_newctx(void *provctx)
{
    return new_context(provctx, DER_PKCS1);
}

static void *pem_spki_newctx(void *provctx)
{
    return new_context(provctx, PEM_SPKI);
}

static void *der_spki_newctx(void *provctx)
{
    return new_context(provctx, DER_SPKI);
}

static void encoder_freectx(void *ctx)
{
    OPENSSL_free(ctx);
}

/* 0 is "whatever there is". */
static int is_private(int selection)
{
    return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

static int encoder_does_selection(void *provctx, int selection)
{
    (void)provctx;
    return is_private(selection);
}

/* Text of any part is ours: libcrypto would export the part alone to the
 * default provider, which falls over an RSA key without its modulus. */
static int text_does_selection(void *provctx, int selection)
{
    (void)provctx;
    (void)selection;
    return 1;
}

/* EC has parameters that are written alone.  Its keys may be on a curve that
 * the default provider makes EC keys on and does not import them on, SM2. */
static int ec_does_selection(void *provctx, int selection)
{
    (void)provctx;
    return is_private(selection) ||
           ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0 &&
            (selection & OSSL_KEYMGMT_SELECT_ALL_PARAMETERS) != 0);
}

static int spki_does_selection(void *provctx, int selection)
{
    (void)provctx;
    return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) ==
                                 OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
}

static int copy_text(const struct mp_encoder *ctx, const OSSL_PARAM *param,
                     char *text, size_t size)
{
    const char *value = NULL;

    if (!OSSL_PARAM_get_utf8_string_ptr(param, &value)) {
        mp_raise(ctx->prov, MP_R_PARAMETER, "parameter %s is no text",
                 param->key);
        return 0;
    }
    if (value != NULL && OPENSSL_strlcpy(text, value, size) >= size) {
        mp_raise(ctx->prov, MP_R_PARAMETER, "parameter %s is too long",
                 param->key);
        return 0;
    }
    if (value == NULL)
        text[0] = '\0';
    return 1;
}

static int set_cipher(void *object, const OSSL_PARAM *param)
{
    struct mp_encoder *ctx = object;

    if (!copy_text(ctx, param, ctx->cipher, sizeof(ctx->cipher)))
        return 0;
    ctx->has_cipher = ctx->cipher[0] != '\0';
    return 1;
}

static int set_properties(void *object, const OSSL_PARAM *param)
{
    struct mp_encoder *ctx = object;

    return copy_text(ctx, param, ctx->properties, sizeof(ctx->properties));
}

static int set_save_parameters(void *object, const OSSL_PARAM *param)
{
    struct mp_encoder *ctx = object;

    if (OSSL_PARAM_get_int(param, &ctx->save_parameters))
        return 1;
    mp_raise(ctx->prov, MP_R_PARAMETER, "parameter %s is no number",
             param->key);
    return 0;
}

#define ENCODER_PARAMS(BOTH, SET, GET)                                         \
    SET(OSSL_ENCODER_PARAM_CIPHER, UTF8_STRING, set_cipher)                    \
    SET(OSSL_ENCODER_PARAM_PROPERTIES, UTF8_STRING, set_properties)            \
    SET(OSSL_ENCODER_PARAM_SAVE_PARAMETERS, INTEGER, set_save_parameters)

static MP_SETTABLE(settable, ENCODER_PARAMS);
static MP_SETTERS(setters, ENCODER_PARAMS);

static const OSSL_PARAM *encoder_settable_ctx_params(void *provctx)
{
    (void)provctx;
    return settable;
}

static int encoder_set_ctx_params(void *ctx, const OSSL_PARAM params[])
{
    return ctx != NULL && mp_params_set(setters, ctx, params);
}

static int pass_settings_on(const struct mp_encoder *ctx,
                            OSSL_ENCODER_CTX *encoder)
{
    int save_parameters = ctx->save_parameters;
    OSSL_PARAM params[2];

    if (ctx->has_cipher &&
        OSSL_ENCODER_CTX_set_cipher(encoder, ctx->cipher,
                                    ctx->properties[0] != '\0' ? ctx->properties
                                                               : NULL) != 1)
        return 0;
    if (save_parameters < 0)
        return 1;
    params[0] = OSSL_PARAM_construct_int(OSSL_ENCODER_PARAM_SAVE_PARAMETERS,
                                         &save_parameters);
    params[1] = OSSL_PARAM_construct_end();
    /* Those who have no parameters to save do not know it. */
    (void)OSSL_ENCODER_CTX_set_params(encoder, params);
    return 1;
}

/* As the default provider does it. */
static int encode_local(const struct mp_encoder *ctx, const struct mp_key *key,
                        int selection, BIO *out,
                        OSSL_PASSPHRASE_CALLBACK *callback, void *arg)
{
    OSSL_ENCODER_CTX *encoder = NULL;
    struct mp_mark mark;
    int ok;

    mp_key_mark_set(key, &mark);
    if (key->pkey != NULL)
        encoder = OSSL_ENCODER_CTX_new_for_pkey(key->pkey, selection,
                                                ctx->kind->output,
                                                ctx->kind->structure, NULL);
    ok = encoder != NULL && pass_settings_on(ctx, encoder) &&
         (callback == NULL ||
          OSSL_ENCODER_CTX_set_passphrase_cb(encoder, callback, arg) == 1) &&
         OSSL_ENCODER_to_bio(encoder, out) == 1;
    ok = mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL, "cannot encode the key");
    OSSL_ENCODER_CTX_free(encoder);
    return ok;
}

static int encoder_encode(void *encoderctx, OSSL_CORE_BIO *out,
                          const void *object, const OSSL_PARAM abstract[],
                          int selection, OSSL_PASSPHRASE_CALLBACK *callback,
                          void *arg)
{
    struct mp_encoder *ctx = encoderctx;
    const struct mp_key *key = object;
    struct mp_core_bio bio;
    int ok;

    if (ctx == NULL || key == NULL || abstract != NULL)
        return 0;
    if (!mp_core_bio_open(&bio, ctx->prov, out)) {
        mp_raise(ctx->prov, MP_R_MEMORY, "cannot write the encoded key");
        return 0;
    }
    if (key->hsm != NULL && ctx->kind->encode != NULL && is_private(selection))
        ok = ctx->kind->encode(ctx, key, bio.bio);
    else
        ok = encode_local(ctx, key, selection, bio.bio, callback, arg);
    mp_core_bio_close(&bio);
    return ok;
}

#define KIND_ENCODER(name, kind, selects)                                      \
    const OSSL_DISPATCH mp_##name##_encoder[] = {                              \
        ENTRY(ENCODER, NEWCTX, kind##_newctx),                                 \
        ENTRY(ENCODER, FREECTX, encoder_freectx),                              \
        ENTRY(ENCODER, SETTABLE_CTX_PARAMS, encoder_settable_ctx_params),      \
        ENTRY(ENCODER, SET_CTX_PARAMS, encoder_set_ctx_params),                \
        ENTRY(ENCODER, DOES_SELECTION, selects##_does_selection),              \
        ENTRY(ENCODER, ENCODE, encoder_encode),                                \
        END,                                                                   \
    }

KIND_ENCODER(text, text, text);
KIND_ENCODER(pem_pki, pem_pki, encoder);
KIND_ENCODER(pem_epki, pem_epki, encoder);
KIND_ENCODER(pem_specific, pem_specific, encoder);
KIND_ENCODER(der_pki, der_pki, encoder);
KIND_ENCODER(der_epki, der_epki, encoder);
KIND_ENCODER(der_specific, der_specific, encoder);
KIND_ENCODER(pem_ec_specific, pem_specific, ec);
KIND_ENCODER(der_ec_specific, der_specific, ec);
KIND_ENCODER(pem_pkcs1, pem_pkcs1, encoder);
KIND_ENCODER(der_pkcs1, der_pkcs1, encoder);
KIND_ENCODER(pem_spki, pem_spki, spki);
KIND_ENCODER(der_spki, der_spki, spki);
