/* SPDX-License-Identifier: MIT
 *
 * CIPHER for AES keys of the HSM: GCM, CBC and key wrap.  The service takes a
 * text whole, so the one update with text is the request, and gives what the
 * caller's buffer for that update is made for; a second one is refused.  A
 * final with everything in it would write into a buffer whose size nobody
 * tells.  Before the text come: the key, the IV of CBC, the associated data
 * and, to decrypt, the tag.  The nonce of GCM is the HSM's.
 */
#include "cipher.h"

#ifdef OSSL_OP_SKEYMGMT

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "err.h"

static void *new_context(void *provctx, const struct mp_cipher_mode *mode)
{
    struct mp_cipher *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->prov = provctx;
    ctx->mode = mode;
    ctx->padding = 1;
    return ctx;
}

static void cipher_freectx(void *vctx)
{
    struct mp_cipher *ctx = vctx;

    if (ctx == NULL)
        return;
    mp_key_free(ctx->key);
    OPENSSL_clear_free(ctx->aad, ctx->aad_size);
    OPENSSL_free(ctx);
}

static void *cipher_dupctx(void *vctx)
{
    const struct mp_cipher *ctx = vctx;
    struct mp_cipher *copy = OPENSSL_memdup(ctx, sizeof(*ctx));

    if (copy == NULL)
        return NULL;
    copy->key = mp_key_up_ref(ctx->key);
    copy->aad = NULL;
    if (ctx->aad_size != 0 &&
        (copy->aad = OPENSSL_memdup(ctx->aad, ctx->aad_size)) == NULL) {
        cipher_freectx(copy);
        return NULL;
    }
    return copy;
}

static int take_iv(struct mp_cipher *ctx, const unsigned char *iv, size_t size)
{
    if (iv == NULL || size == 0)
        return 1;
    if (ctx->mode->evp == EVP_CIPH_GCM_MODE && ctx->encrypts) {
        mp_raise(ctx->prov, MP_R_PARAMETER,
                 "the HSM makes the IV of GCM itself: set none, and get it "
                 "after the text");
        return 0;
    }
    if (size != ctx->mode->iv_size) {
        mp_raise(ctx->prov, MP_R_INPUT_LENGTH, "the IV has %zu octets, not %zu",
                 ctx->mode->iv_size, size);
        return 0;
    }
    memcpy(ctx->iv, iv, size);
    ctx->has_iv = 1;
    return 1;
}

static int start(struct mp_cipher *ctx, struct mp_key *key, int encrypts,
                 const unsigned char *iv, size_t ivlen,
                 const OSSL_PARAM params[])
{
    unsigned int bits = key == NULL ? 0 : mhsm_key_bits(key->hsm);

    if (key != NULL) {
        /* When the service does not tell the size, it will say so itself. */
        if (bits != 0 && bits != ctx->mode->key_size * 8) {
            mp_raise(ctx->prov, MP_R_KEY_TYPE, "key %s has %u bits, not %zu",
                     mhsm_key_id(key->hsm), bits, ctx->mode->key_size * 8);
            return 0;
        }
        mp_key_up_ref(key);
        mp_key_free(ctx->key);
        ctx->key = key;
    }
    ctx->encrypts = encrypts;
    ctx->done = ctx->has_iv = ctx->has_tag = 0;
    OPENSSL_clear_free(ctx->aad, ctx->aad_size);
    ctx->aad = NULL;
    ctx->aad_size = 0;
    return take_iv(ctx, iv, ivlen) && mp_cipher_set_ctx_params(ctx, params);
}

/* A key in octets is for OpenSSL's own ciphers; with none, the one at hand goes
 * on with another IV. */
static int raw_start(struct mp_cipher *ctx, const unsigned char *key,
                     int encrypts, const unsigned char *iv, size_t ivlen,
                     const OSSL_PARAM params[])
{
    if (key == NULL)
        return start(ctx, NULL, encrypts, iv, ivlen, params);
    mp_raise(ctx->prov, MP_R_NO_KEY,
             "this cipher takes keys of the HSM (EVP_CipherInit_SKEY), not the "
             "octets of a key");
    return 0;
}

static int cipher_encrypt_init(void *ctx, const unsigned char *key,
                               size_t keylen, const unsigned char *iv,
                               size_t ivlen, const OSSL_PARAM params[])
{
    (void)keylen;
    return raw_start(ctx, key, 1, iv, ivlen, params);
}

static int cipher_decrypt_init(void *ctx, const unsigned char *key,
                               size_t keylen, const unsigned char *iv,
                               size_t ivlen, const OSSL_PARAM params[])
{
    (void)keylen;
    return raw_start(ctx, key, 0, iv, ivlen, params);
}

static int cipher_encrypt_skey_init(void *ctx, void *key,
                                    const unsigned char *iv, size_t ivlen,
                                    const OSSL_PARAM params[])
{
    return start(ctx, key, 1, iv, ivlen, params);
}

static int cipher_decrypt_skey_init(void *ctx, void *key,
                                    const unsigned char *iv, size_t ivlen,
                                    const OSSL_PARAM params[])
{
    return start(ctx, key, 0, iv, ivlen, params);
}

static int add_aad(struct mp_cipher *ctx, const unsigned char *in, size_t size)
{
    unsigned char *grown;

    if (ctx->mode->evp != EVP_CIPH_GCM_MODE || ctx->done ||
        size > MP_CIPHER_AAD_MAX - ctx->aad_size) {
        mp_raise(ctx->prov, MP_R_PARAMETER,
                 "associated data come before the text of GCM, at most %d "
                 "octets",
                 (int)MP_CIPHER_AAD_MAX);
        return 0;
    }
    grown = OPENSSL_clear_realloc(ctx->aad, ctx->aad_size,
                                  ctx->aad_size + size + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + ctx->aad_size, in, size);
    ctx->aad = grown;
    ctx->aad_size += size;
    return 1;
}

static int may_run(const struct mp_cipher *ctx)
{
    const char *wrong = NULL;

    if (ctx->key == NULL)
        wrong = "there is no key: EVP_CipherInit_SKEY sets one";
    else if (ctx->done)
        wrong = "the HSM takes a text in one piece, and this is another";
    else if (ctx->mode->evp == EVP_CIPH_CBC_MODE && !ctx->has_iv)
        wrong = "CBC needs an IV of 16 octets";
    else if (ctx->mode->evp == EVP_CIPH_GCM_MODE && !ctx->encrypts &&
             !(ctx->has_iv && ctx->has_tag))
        wrong = "to decrypt GCM, IV and tag are set before the text";
    if (wrong != NULL)
        mp_raise(ctx->prov, MP_R_NOT_INITIALIZED, "%s", wrong);
    return wrong == NULL;
}

static mhsm_status ask(struct mp_cipher *ctx, const unsigned char *in,
                       size_t size, mhsm_result **result, mhsm_error **err)
{
    const char *name = ctx->padding ? ctx->mode->padded : ctx->mode->plain;
    int wraps = ctx->mode->evp == EVP_CIPH_WRAP_MODE;
    mhsm_cipher_params params = {0};
    mhsm_client *client = ctx->prov->client;

    if (ctx->has_iv) {
        params.iv = ctx->iv;
        params.iv_size = ctx->mode->iv_size;
    }
    params.aad = ctx->aad;
    params.aad_size = ctx->aad_size;
    if (ctx->has_tag) {
        params.tag = ctx->tag;
        params.tag_size = MP_CIPHER_TAG;
    }
    if (wraps && ctx->encrypts)
        return mhsm_wrap(client, ctx->key->hsm, name, in, size, result, err);
    if (wraps)
        return mhsm_unwrap(client, ctx->key->hsm, name, in, size, result, err);
    if (ctx->encrypts)
        return mhsm_encrypt(client, ctx->key->hsm, name, in, size, &params,
                            result, err);
    return mhsm_decrypt(client, ctx->key->hsm, name, in, size, &params, result,
                        err);
}

/* The nonce and the tag that the HSM made. */
static int keep(struct mp_cipher *ctx, const mhsm_result *result)
{
    size_t iv_size, tag_size;
    const unsigned char *iv = mhsm_result_iv(result, &iv_size);
    const unsigned char *tag = mhsm_result_tag(result, &tag_size);

    if (ctx->mode->evp != EVP_CIPH_GCM_MODE || !ctx->encrypts)
        return 1;
    if (iv == NULL || iv_size != MP_CIPHER_NONCE || tag == NULL ||
        tag_size != MP_CIPHER_TAG) {
        mp_raise(ctx->prov, MP_R_ANSWER, "the HSM gave no IV or no tag");
        return 0;
    }
    memcpy(ctx->iv, iv, MP_CIPHER_NONCE);
    memcpy(ctx->tag, tag, MP_CIPHER_TAG);
    ctx->has_iv = ctx->has_tag = 1;
    return 1;
}

static int has_operation(const struct mp_cipher *ctx)
{
    int wraps = ctx->mode->evp == EVP_CIPH_WRAP_MODE;

    if (wraps)
        return mp_key_require(ctx->key,
                              ctx->encrypts ? MHSM_OP_WRAP : MHSM_OP_UNWRAP,
                              ctx->encrypts ? "wrap" : "unwrap");
    return mp_key_require(ctx->key,
                          ctx->encrypts ? MHSM_OP_ENCRYPT : MHSM_OP_DECRYPT,
                          ctx->encrypts ? "encrypt" : "decrypt");
}

static int run(struct mp_cipher *ctx, unsigned char *out, size_t *outl,
               size_t outsize, const unsigned char *in, size_t size)
{
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    const unsigned char *data;
    size_t got = 0;
    int ok;

    if (!may_run(ctx) || !has_operation(ctx))
        return 0;
    if (ask(ctx, in, size, &result, &err) != MHSM_OK) {
        mp_raise_client(ctx->prov, &err);
        return 0;
    }
    data = mhsm_result_data(result, &got);
    ok = mp_has_room(ctx->prov, got, outsize) && keep(ctx, result);
    if (ok) {
        if (got != 0)
            memcpy(out, data, got);
        *outl = got;
        ctx->done = 1;
    }
    mhsm_result_free(result);
    return ok;
}

static int cipher_update(void *vctx, unsigned char *out, size_t *outl,
                         size_t outsize, const unsigned char *in, size_t inl)
{
    struct mp_cipher *ctx = vctx;

    if (ctx == NULL)
        return 0;
    *outl = 0;
    if (inl == 0)
        return 1;
    if (out == NULL) {
        *outl = inl;
        return add_aad(ctx, in, inl);
    }
    return run(ctx, out, outl, outsize, in, inl);
}

static int cipher_final(void *vctx, unsigned char *out, size_t *outl,
                        size_t outsize)
{
    struct mp_cipher *ctx = vctx;

    if (ctx == NULL)
        return 0;
    *outl = 0;
    /* Associated data alone, or a padded nothing: at most one block. */
    return ctx->done ||
           run(ctx, out, outl, outsize, (const unsigned char *)"", 0);
}

/* OpenSSL's own one-shot call. */
static int cipher_cipher(void *vctx, unsigned char *out, size_t *outl,
                         size_t outsize, const unsigned char *in, size_t inl)
{
    return in == NULL ? cipher_final(vctx, out, outl, outsize)
                      : cipher_update(vctx, out, outl, outsize, in, inl);
}

#define CIPHER(name, ...)                                                      \
    static const struct mp_cipher_mode name##_mode = {__VA_ARGS__};            \
    static void *name##_newctx(void *provctx)                                  \
    {                                                                          \
        return new_context(provctx, &name##_mode);                             \
    }                                                                          \
    static int name##_get_params(OSSL_PARAM params[])                          \
    {                                                                          \
        return mp_cipher_mode_params(&name##_mode, params);                    \
    }                                                                          \
    const OSSL_DISPATCH mp_##name##_cipher[] = {                               \
        ENTRY(CIPHER, NEWCTX, name##_newctx),                                  \
        ENTRY(CIPHER, FREECTX, cipher_freectx),                                \
        ENTRY(CIPHER, DUPCTX, cipher_dupctx),                                  \
        ENTRY(CIPHER, ENCRYPT_INIT, cipher_encrypt_init),                      \
        ENTRY(CIPHER, DECRYPT_INIT, cipher_decrypt_init),                      \
        ENTRY(CIPHER, ENCRYPT_SKEY_INIT, cipher_encrypt_skey_init),            \
        ENTRY(CIPHER, DECRYPT_SKEY_INIT, cipher_decrypt_skey_init),            \
        ENTRY(CIPHER, UPDATE, cipher_update),                                  \
        ENTRY(CIPHER, FINAL, cipher_final),                                    \
        ENTRY(CIPHER, CIPHER, cipher_cipher),                                  \
        ENTRY(CIPHER, GET_PARAMS, name##_get_params),                          \
        ENTRY(CIPHER, GETTABLE_PARAMS, mp_cipher_gettable_params),             \
        ENTRY(CIPHER, GET_CTX_PARAMS, mp_cipher_get_ctx_params),               \
        ENTRY(CIPHER, GETTABLE_CTX_PARAMS, mp_cipher_gettable_ctx_params),     \
        ENTRY(CIPHER, SET_CTX_PARAMS, mp_cipher_set_ctx_params),               \
        ENTRY(CIPHER, SETTABLE_CTX_PARAMS, mp_cipher_settable_ctx_params),     \
        END,                                                                   \
    }

#define GCM(bits)                                                              \
    CIPHER(aes##bits##_gcm, EVP_CIPH_GCM_MODE, "A" #bits "GCM",                \
           "A" #bits "GCM", bits / 8, MP_CIPHER_NONCE, 1)
#define CBC(bits)                                                              \
    CIPHER(aes##bits##_cbc, EVP_CIPH_CBC_MODE, "A" #bits "CBCPAD",             \
           "A" #bits "CBC", bits / 8, MP_CIPHER_BLOCK, MP_CIPHER_BLOCK)
#define WRAP(bits)                                                             \
    CIPHER(aes##bits##_wrap, EVP_CIPH_WRAP_MODE, "A" #bits "KW",               \
           "A" #bits "KW", bits / 8, 0, 8)

GCM(128);
GCM(192);
GCM(256);
CBC(128);
CBC(192);
CBC(256);
WRAP(128);
WRAP(192);
WRAP(256);

#else

/* A translation unit must declare something. */
typedef int mp_no_opaque_ciphers;

#endif
