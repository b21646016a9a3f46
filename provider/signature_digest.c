/* SPDX-License-Identifier: MIT
 *
 * Signing and verifying messages: the digest is made here, in the private
 * library context.  The running digest is never finished, a copy of it is: so
 * a signature that failed can be tried again, and one that succeeded does not
 * end the context.  Must never make a request before the last step.
 */
#include "signature.h"

#include <stdint.h>

#include <openssl/core_names.h>

#include "err.h"

int mp_sig_begin_hash(struct mp_sig *ctx, const OSSL_PARAM params[])
{
    struct mp_mark mark;

    mp_mark_set(&mark);
    ctx->hash = EVP_MD_CTX_new();
    if (ctx->hash == NULL ||
        EVP_DigestInit_ex2(ctx->hash, ctx->set.md, params) != 1) {
        mp_raise_local(ctx->prov, &mark, MP_R_LOCAL, "cannot start the digest");
        return 0;
    }
    mp_mark_drop(&mark);
    return 1;
}

/* `mdname` NULL or empty: the one at hand, when going on or with a key that is
 * for one digest alone, else the key's. */
static int choose_digest(struct mp_sig *ctx, const char *mdname)
{
    OSSL_PARAM params[2];

    if (mdname == NULL || mdname[0] == '\0') {
        if (ctx->set.md != NULL)
            return 1;
        mdname = mp_key_default_digest(ctx->key);
    }
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
                                                 (char *)(uintptr_t)mdname, 0);
    params[1] = OSSL_PARAM_construct_end();
    return mp_sig_local_takes(ctx, params) && mp_sig_name_digest(ctx, mdname);
}

static int init(void *vctx, const char *mdname, void *key,
                enum mp_sig_operation operation, const OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL || !mp_sig_start(ctx, key, operation))
        return 0;
    if (choose_digest(ctx, mdname) && mp_sig_check(ctx) &&
        mp_sig_begin_hash(ctx, params) &&
        mp_signature_set_ctx_params(ctx, params))
        return 1;
    ctx->operation = MP_SIG_NONE;
    EVP_MD_CTX_free(ctx->hash);
    ctx->hash = NULL;
    return 0;
}

int mp_signature_digest_sign_init(void *vctx, const char *mdname, void *provkey,
                                  const OSSL_PARAM params[])
{
    return init(vctx, mdname, provkey, MP_SIG_SIGN, params);
}

int mp_signature_digest_verify_init(void *vctx, const char *mdname,
                                    void *provkey, const OSSL_PARAM params[])
{
    return init(vctx, mdname, provkey, MP_SIG_VERIFY, params);
}

static int hashing(const struct mp_sig *ctx, enum mp_sig_operation operation)
{
    if (ctx == NULL || !mp_sig_ready(ctx, operation))
        return 0;
    if (ctx->hash != NULL)
        return 1;
    mp_raise(ctx->prov, MP_R_NOT_INITIALIZED,
             "the signature context was initialized for digests");
    return 0;
}

static int update(struct mp_sig *ctx, enum mp_sig_operation operation,
                  const unsigned char *data, size_t size)
{
    if (!hashing(ctx, operation))
        return 0;
    if (EVP_DigestUpdate(ctx->hash, data, size) == 1)
        return 1;
    mp_raise(ctx->prov, MP_R_LOCAL, "cannot go on with the digest");
    return 0;
}

int mp_signature_digest_sign_update(void *vctx, const unsigned char *data,
                                    size_t datalen)
{
    return update(vctx, MP_SIG_SIGN, data, datalen);
}

int mp_signature_digest_verify_update(void *vctx, const unsigned char *data,
                                      size_t datalen)
{
    return update(vctx, MP_SIG_VERIFY, data, datalen);
}

/* The digest of what came so far, followed by `data`. */
static int finish(const struct mp_sig *ctx, const unsigned char *data,
                  size_t data_size, unsigned char digest[EVP_MAX_MD_SIZE],
                  size_t *size)
{
    EVP_MD_CTX *copy = NULL;
    unsigned int length = 0;
    struct mp_mark mark;
    int ok;

    mp_mark_set(&mark);
    copy = EVP_MD_CTX_new();
    ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, ctx->hash) == 1 &&
         (data_size == 0 || EVP_DigestUpdate(copy, data, data_size) == 1) &&
         EVP_DigestFinal_ex(copy, digest, &length) == 1;
    EVP_MD_CTX_free(copy);
    if (!mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL, "cannot end the digest"))
        return 0;
    *size = length;
    return 1;
}

int mp_signature_digest_sign(void *vctx, unsigned char *sig, size_t *siglen,
                             size_t sigsize, const unsigned char *tbs,
                             size_t tbslen)
{
    struct mp_sig *ctx = vctx;
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t size;

    if (!hashing(ctx, MP_SIG_SIGN))
        return 0;
    if (sig == NULL) {
        *siglen = mp_key_size(ctx->key);
        return 1;
    }
    return finish(ctx, tbs, tbslen, digest, &size) &&
           mp_sig_sign(ctx, sig, siglen, sigsize, digest, size);
}

int mp_signature_digest_sign_final(void *vctx, unsigned char *sig,
                                   size_t *siglen, size_t sigsize)
{
    return mp_signature_digest_sign(vctx, sig, siglen, sigsize, NULL, 0);
}

int mp_signature_digest_verify(void *vctx, const unsigned char *sig,
                               size_t siglen, const unsigned char *tbs,
                               size_t tbslen)
{
    struct mp_sig *ctx = vctx;
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t size;

    if (!hashing(ctx, MP_SIG_VERIFY) ||
        !finish(ctx, tbs, tbslen, digest, &size))
        return 0;
    return mp_sig_local_verify(ctx, sig, siglen, digest, size);
}

int mp_signature_digest_verify_final(void *vctx, const unsigned char *sig,
                                     size_t siglen)
{
    return mp_signature_digest_verify(vctx, sig, siglen, NULL, 0);
}

int mp_signature_get_ctx_md_params(void *vctx, OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;

    return ctx != NULL && ctx->hash != NULL &&
           EVP_MD_CTX_get_params(ctx->hash, params);
}

const OSSL_PARAM *mp_signature_gettable_ctx_md_params(void *vctx)
{
    struct mp_sig *ctx = vctx;

    return ctx == NULL || ctx->set.md == NULL
               ? NULL
               : EVP_MD_gettable_ctx_params(ctx->set.md);
}

int mp_signature_set_ctx_md_params(void *vctx, const OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;

    return ctx != NULL && ctx->hash != NULL &&
           EVP_MD_CTX_set_params(ctx->hash, params);
}

const OSSL_PARAM *mp_signature_settable_ctx_md_params(void *vctx)
{
    struct mp_sig *ctx = vctx;

    return ctx == NULL || ctx->set.md == NULL
               ? NULL
               : EVP_MD_settable_ctx_params(ctx->set.md);
}
