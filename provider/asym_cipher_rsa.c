/* SPDX-License-Identifier: MIT
 *
 * ASYM_CIPHER for RSA.  The default padding is PKCS#1 v1.5, as libcrypto's is,
 * so that a caller who chose none gets the same from every provider; and
 * decrypting with it in the HSM is refused unless configured.  Sizes cost no
 * request.  A setting that is refused leaves the context as it was.
 */
#include "asym_cipher.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include "dispatch.h"
#include "err.h"
#include "local.h"

FN(asym_cipher, rsa, newctx);
FN(asym_cipher, rsa, freectx);
FN(asym_cipher, rsa, dupctx);
FN(asym_cipher, rsa, encrypt_init);
FN(asym_cipher, rsa, encrypt);
FN(asym_cipher, rsa, decrypt_init);
FN(asym_cipher, rsa, decrypt);
FN(asym_cipher, rsa, get_ctx_params);
FN(asym_cipher, rsa, gettable_ctx_params);
FN(asym_cipher, rsa, set_ctx_params);
FN(asym_cipher, rsa, settable_ctx_params);

static void clear_settings(struct mp_cipher_settings *set)
{
    EVP_MD_free(set->oaep);
    EVP_MD_free(set->mgf1);
    OPENSSL_free(set->label);
    memset(set, 0, sizeof(*set));
    set->pad = RSA_PKCS1_PADDING;
    set->implicit_rejection = 1;
}

static int copy_settings(struct mp_cipher_settings *to,
                         const struct mp_cipher_settings *from)
{
    *to = *from;
    to->oaep = to->mgf1 = NULL;
    to->label = NULL;
    if (from->oaep != NULL && EVP_MD_up_ref(from->oaep))
        to->oaep = from->oaep;
    if (from->mgf1 != NULL && EVP_MD_up_ref(from->mgf1))
        to->mgf1 = from->mgf1;
    if (from->label_size != 0)
        to->label = OPENSSL_memdup(from->label, from->label_size);
    if (to->oaep == from->oaep && to->mgf1 == from->mgf1 &&
        (from->label_size == 0 || to->label != NULL))
        return 1;
    clear_settings(to);
    return 0;
}

static void *rsa_asym_cipher_newctx(void *provctx)
{
    struct mp_cipher *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->prov = provctx;
    clear_settings(&ctx->set);
    return ctx;
}

static void rsa_asym_cipher_freectx(void *vctx)
{
    struct mp_cipher *ctx = vctx;

    if (ctx == NULL)
        return;
    clear_settings(&ctx->set);
    mp_key_free(ctx->key);
    OPENSSL_free(ctx);
}

/* CMS duplicates the context for each recipient. */
static void *rsa_asym_cipher_dupctx(void *vctx)
{
    const struct mp_cipher *ctx = vctx;
    struct mp_cipher *copy;

    if (ctx == NULL || (copy = rsa_asym_cipher_newctx(ctx->prov)) == NULL)
        return NULL;
    copy->operation = ctx->operation;
    copy->key = mp_key_up_ref(ctx->key);
    if (copy_settings(&copy->set, &ctx->set))
        return copy;
    mp_raise(ctx->prov, MP_R_MEMORY, "cannot copy a cipher context");
    rsa_asym_cipher_freectx(copy);
    return NULL;
}

static int init(struct mp_cipher *ctx, struct mp_key *key,
                enum mp_cipher_operation operation, const OSSL_PARAM params[])
{
    const struct mp_key *used;

    if (ctx == NULL)
        return 0;
    used = key == NULL ? ctx->key : key;
    if (used == NULL || used->pkey == NULL) {
        mp_raise(ctx->prov, MP_R_NO_KEY, "no key to encrypt or decrypt with");
        return 0;
    }
    if (used->type != MHSM_KEY_RSA || mp_key_is_pss(used)) {
        mp_raise(ctx->prov,
                 mp_key_reason(used, MP_R_KEY_TYPE,
                               PROV_R_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE),
                 "the key is %s",
                 mp_key_is_pss(used) ? "for PSS signatures alone" : "not RSA");
        return 0;
    }
    if (!(operation == MP_CIPHER_DECRYPT ? used->has_private
                                         : used->has_public)) {
        mp_raise(ctx->prov, MP_R_NOT_PRIVATE, "the key has no %s part",
                 operation == MP_CIPHER_DECRYPT ? "private" : "public");
        return 0;
    }
    if (key != NULL) {
        mp_key_up_ref(key);
        mp_key_free(ctx->key);
        ctx->key = key;
        clear_settings(&ctx->set);
    }
    ctx->operation = operation;
    if (rsa_asym_cipher_set_ctx_params(ctx, params))
        return 1;
    ctx->operation = MP_CIPHER_NONE;
    return 0;
}

static int rsa_asym_cipher_encrypt_init(void *vctx, void *provkey,
                                        const OSSL_PARAM params[])
{
    return init(vctx, provkey, MP_CIPHER_ENCRYPT, params);
}

static int rsa_asym_cipher_decrypt_init(void *vctx, void *provkey,
                                        const OSSL_PARAM params[])
{
    return init(vctx, provkey, MP_CIPHER_DECRYPT, params);
}

/* The settings as parameters, and what they point to. */
struct local_params {
    OSSL_PARAM list[10];
    char oaep[MP_NAME_SIZE], mgf1[MP_NAME_SIZE];
    struct mp_cipher_settings set;
};

static OSSL_PARAM *build_oaep(struct local_params *params, OSSL_PARAM *next)
{
    const struct mp_cipher_settings *set = &params->set;

    if (set->oaep != NULL) {
        OPENSSL_strlcpy(params->oaep, EVP_MD_get0_name(set->oaep),
                        sizeof(params->oaep));
        *next++ = OSSL_PARAM_construct_utf8_string(
            OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, params->oaep, 0);
    }
    if (set->mgf1 != NULL) {
        OPENSSL_strlcpy(params->mgf1, EVP_MD_get0_name(set->mgf1),
                        sizeof(params->mgf1));
        *next++ = OSSL_PARAM_construct_utf8_string(
            OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, params->mgf1, 0);
    }
    if (set->label_size != 0)
        *next++ = OSSL_PARAM_construct_octet_string(
            OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, set->label, set->label_size);
    return next;
}

static void build_params(const struct mp_cipher *ctx,
                         struct local_params *params)
{
    OSSL_PARAM *next = params->list;

    params->set = ctx->set; /* borrows the digests and the label */
    *next++ = OSSL_PARAM_construct_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE,
                                       &params->set.pad);
    if (ctx->set.pad == RSA_PKCS1_OAEP_PADDING)
        next = build_oaep(params, next);
    if (ctx->set.client_version != 0)
        *next++ =
            OSSL_PARAM_construct_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION,
                                      &params->set.client_version);
    if (ctx->set.negotiated_version != 0)
        *next++ = OSSL_PARAM_construct_uint(
            OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION,
            &params->set.negotiated_version);
#ifdef OSSL_ASYM_CIPHER_PARAM_IMPLICIT_REJECTION
    *next++ =
        OSSL_PARAM_construct_uint(OSSL_ASYM_CIPHER_PARAM_IMPLICIT_REJECTION,
                                  &params->set.implicit_rejection);
#endif
    *next = OSSL_PARAM_construct_end();
}

/* By the default provider: all encryption, and decryption with software
 * keys. */
static int run_local(struct mp_cipher *ctx, unsigned char *out, size_t *outlen,
                     size_t outsize, const unsigned char *in, size_t inlen)
{
    struct local_params params;
    EVP_PKEY_CTX *local = NULL;
    size_t length = outsize;
    struct mp_mark mark;
    int result = 0;

    mp_key_mark_set(ctx->key, &mark);
    build_params(ctx, &params);
    local = mp_local_ctx(ctx->prov, ctx->key->pkey);
    if (local != NULL && ctx->operation == MP_CIPHER_ENCRYPT &&
        EVP_PKEY_encrypt_init_ex(local, params.list) == 1)
        result = EVP_PKEY_encrypt(local, out, &length, in, inlen);
    if (local != NULL && ctx->operation == MP_CIPHER_DECRYPT &&
        EVP_PKEY_decrypt_init_ex(local, params.list) == 1)
        result = EVP_PKEY_decrypt(local, out, &length, in, inlen);
    EVP_PKEY_CTX_free(local);
    if (!mp_mark_end(ctx->prov, &mark, result == 1, MP_R_LOCAL,
                     ctx->operation == MP_CIPHER_ENCRYPT ? "cannot encrypt"
                                                         : "cannot decrypt"))
        return result;
    *outlen = length;
    return 1;
}

static int run(struct mp_cipher *ctx, enum mp_cipher_operation operation,
               unsigned char *out, size_t *outlen, size_t outsize,
               const unsigned char *in, size_t inlen)
{
    size_t needed;

    if (ctx == NULL)
        return 0;
    if (ctx->key == NULL || ctx->operation != operation) {
        mp_raise(ctx->prov, MP_R_NOT_INITIALIZED,
                 "the cipher context is not initialized for this operation");
        return 0;
    }
    /* libssl gives the TLS padding a buffer of the premaster secret's size. */
    needed = ctx->set.pad == RSA_PKCS1_WITH_TLS_PADDING ? MP_PREMASTER_SIZE
                                                        : mp_key_size(ctx->key);
    if (out == NULL) {
        *outlen = needed;
        return 1;
    }
    if (ctx->key->hsm == NULL)
        return run_local(ctx, out, outlen, outsize, in, inlen);
    if (!mp_has_room(ctx->prov, needed, outsize))
        return 0;
    if (operation == MP_CIPHER_DECRYPT)
        return mp_cipher_remote_decrypt(ctx, out, outlen, in, inlen);
    return run_local(ctx, out, outlen, outsize, in, inlen);
}

static int rsa_asym_cipher_encrypt(void *vctx, unsigned char *out,
                                   size_t *outlen, size_t outsize,
                                   const unsigned char *in, size_t inlen)
{
    return run(vctx, MP_CIPHER_ENCRYPT, out, outlen, outsize, in, inlen);
}

static int rsa_asym_cipher_decrypt(void *vctx, unsigned char *out,
                                   size_t *outlen, size_t outsize,
                                   const unsigned char *in, size_t inlen)
{
    return run(vctx, MP_CIPHER_DECRYPT, out, outlen, outsize, in, inlen);
}

static const OSSL_PARAM *rsa_asym_cipher_gettable_ctx_params(void *vctx,
                                                             void *provctx)
{
    (void)vctx;
    (void)provctx;
    return mp_cipher_gettable;
}

static int rsa_asym_cipher_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    return vctx != NULL && mp_params_get(mp_cipher_getters, vctx, params);
}

static const OSSL_PARAM *rsa_asym_cipher_settable_ctx_params(void *vctx,
                                                             void *provctx)
{
    (void)vctx;
    (void)provctx;
    return mp_cipher_settable;
}

static int rsa_asym_cipher_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    struct mp_cipher *ctx = vctx;
    struct mp_cipher_settings before;

    if (ctx == NULL)
        return 0;
    if (params == NULL || params[0].key == NULL)
        return 1;
    if (!copy_settings(&before, &ctx->set)) {
        mp_raise(ctx->prov, MP_R_MEMORY, "cannot change a cipher context");
        return 0;
    }
    if (mp_params_set(mp_cipher_setters, ctx, params) &&
        mp_cipher_remote_check(ctx)) {
        clear_settings(&before);
        return 1;
    }
    clear_settings(&ctx->set);
    ctx->set = before;
    return 0;
}

const OSSL_DISPATCH mp_rsa_asym_cipher[] = {
    ENTRY(ASYM_CIPHER, NEWCTX, rsa_asym_cipher_newctx),
    ENTRY(ASYM_CIPHER, FREECTX, rsa_asym_cipher_freectx),
    ENTRY(ASYM_CIPHER, DUPCTX, rsa_asym_cipher_dupctx),
    ENTRY(ASYM_CIPHER, ENCRYPT_INIT, rsa_asym_cipher_encrypt_init),
    ENTRY(ASYM_CIPHER, ENCRYPT, rsa_asym_cipher_encrypt),
    ENTRY(ASYM_CIPHER, DECRYPT_INIT, rsa_asym_cipher_decrypt_init),
    ENTRY(ASYM_CIPHER, DECRYPT, rsa_asym_cipher_decrypt),
    ENTRY(ASYM_CIPHER, GET_CTX_PARAMS, rsa_asym_cipher_get_ctx_params),
    ENTRY(ASYM_CIPHER, GETTABLE_CTX_PARAMS,
          rsa_asym_cipher_gettable_ctx_params),
    ENTRY(ASYM_CIPHER, SET_CTX_PARAMS, rsa_asym_cipher_set_ctx_params),
    ENTRY(ASYM_CIPHER, SETTABLE_CTX_PARAMS,
          rsa_asym_cipher_settable_ctx_params),
    END,
};
