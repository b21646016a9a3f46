/* SPDX-License-Identifier: MIT
 *
 * Signature contexts: their life, and the operations on a digest that the
 * caller made.  Initialising never makes a request, because libssl initialises
 * as a probe and throws the context away; neither does asking for a size.
 * A setting that is refused and a signature that fails leave the context as it
 * was before the call.
 */
#include "signature.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "err.h"
#include "local.h"

static void clear_settings(struct mp_sig_settings *set)
{
    EVP_MD_free(set->md);
    EVP_MD_free(set->mgf1);
    memset(set, 0, sizeof(*set));
    set->pad = RSA_PKCS1_PADDING;
}

/* All but the digest: that is what the default provider does with a key that
 * it goes on with. */
static void restart_settings(struct mp_sig_settings *set)
{
    EVP_MD *md = set->md;
    char name[MP_NAME_SIZE];

    memcpy(name, set->md_name, sizeof(name));
    set->md = NULL;
    clear_settings(set);
    set->md = md;
    memcpy(set->md_name, name, sizeof(name));
}

static int copy_settings(struct mp_sig_settings *to,
                         const struct mp_sig_settings *from)
{
    *to = *from;
    to->md = to->mgf1 = NULL;
    if (from->md != NULL && !EVP_MD_up_ref(from->md))
        return 0;
    to->md = from->md;
    if (from->mgf1 != NULL && !EVP_MD_up_ref(from->mgf1))
        return 0;
    to->mgf1 = from->mgf1;
    return 1;
}

struct mp_sig *mp_sig_new(struct mp_prov *prov, mhsm_key_type type,
                          const struct mp_setter *setters,
                          const struct mp_getter *getters)
{
    struct mp_sig *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx == NULL)
        return NULL;
    ctx->prov = prov;
    ctx->type = type;
    ctx->setters = setters;
    ctx->getters = getters;
    clear_settings(&ctx->set);
    return ctx;
}

void mp_signature_freectx(void *vctx)
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL)
        return;
    clear_settings(&ctx->set);
    EVP_MD_CTX_free(ctx->hash);
    mp_key_free(ctx->key);
    OPENSSL_free(ctx->signature);
    OPENSSL_free(ctx);
}

/* OpenSSL 3.0 duplicates the context at the end of each streaming signature. */
void *mp_signature_dupctx(void *vctx)
{
    const struct mp_sig *ctx = vctx;
    struct mp_sig *copy;

    if (ctx == NULL)
        return NULL;
    copy = mp_sig_new(ctx->prov, ctx->type, ctx->setters, ctx->getters);
    if (copy == NULL)
        goto fail;
    copy->operation = ctx->operation;
    copy->fixed_md = ctx->fixed_md;
    if (ctx->signature != NULL) {
        copy->signature = OPENSSL_memdup(ctx->signature, ctx->signature_size);
        copy->signature_size = ctx->signature_size;
        if (copy->signature == NULL)
            goto fail;
    }
    copy->key = mp_key_up_ref(ctx->key);
    if (!copy_settings(&copy->set, &ctx->set))
        goto fail;
    if (ctx->hash != NULL && ((copy->hash = EVP_MD_CTX_new()) == NULL ||
                              EVP_MD_CTX_copy_ex(copy->hash, ctx->hash) != 1))
        goto fail;
    return copy;
fail:
    mp_raise(ctx->prov, MP_R_MEMORY, "cannot copy a signature context");
    mp_signature_freectx(copy);
    return NULL;
}

static int may_start(const struct mp_sig *ctx, const struct mp_key *key,
                     enum mp_sig_operation operation)
{
    if (!mp_key_may_begin(ctx->prov, key, operation == MP_SIG_SIGN))
        return 0;
    if (key->type != ctx->type) {
        mp_raise(ctx->prov, MP_R_KEY_TYPE, "the key is not %s",
                 mp_local_type_name(ctx->type));
        return 0;
    }
    if (!mp_key_is_pss(key) || ctx->fixed_md == NULL)
        return 1;
    mp_raise(ctx->prov, MP_R_KEY_TYPE, "the key is for PSS signatures alone");
    return 0;
}

int mp_sig_start(struct mp_sig *ctx, struct mp_key *key,
                 enum mp_sig_operation operation)
{
    if (!may_start(ctx, key == NULL ? ctx->key : key, operation))
        return 0;
    EVP_MD_CTX_free(ctx->hash);
    ctx->hash = NULL;
    if (key != NULL) {
        mp_key_up_ref(key);
        mp_key_free(ctx->key);
        ctx->key = key;
        clear_settings(&ctx->set);
        if (!mp_sig_pss_start(ctx))
            return 0;
    } else if (ctx->key->hsm == NULL) {
        restart_settings(&ctx->set);
        if (!mp_sig_pss_start(ctx))
            return 0;
    }
    ctx->operation = operation;
    return mp_sig_local_takes(ctx, NULL);
}

int mp_sig_check(const struct mp_sig *ctx)
{
    return mp_sig_remote_check(ctx) && mp_sig_pss_check(ctx);
}

int mp_sig_ready(const struct mp_sig *ctx, enum mp_sig_operation operation)
{
    if (ctx->key != NULL && ctx->operation == operation)
        return 1;
    mp_raise(ctx->prov, MP_R_NOT_INITIALIZED,
             "the signature context is not initialized for this operation");
    return 0;
}

static int init(void *vctx, void *key, enum mp_sig_operation operation,
                const OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL || !mp_sig_start(ctx, key, operation))
        return 0;
    /* A key may bring settings that are not possible. */
    if (mp_sig_check(ctx) && mp_signature_set_ctx_params(ctx, params))
        return 1;
    ctx->operation = MP_SIG_NONE;
    return 0;
}

int mp_signature_sign_init(void *vctx, void *provkey, const OSSL_PARAM params[])
{
    return init(vctx, provkey, MP_SIG_SIGN, params);
}

int mp_signature_verify_init(void *vctx, void *provkey,
                             const OSSL_PARAM params[])
{
    return init(vctx, provkey, MP_SIG_VERIFY, params);
}

int mp_signature_verify_recover_init(void *vctx, void *provkey,
                                     const OSSL_PARAM params[])
{
    return init(vctx, provkey, MP_SIG_RECOVER, params);
}

int mp_sig_sign(struct mp_sig *ctx, unsigned char *sig, size_t *siglen,
                size_t sigsize, const unsigned char *digest, size_t size)
{
    size_t needed = mp_key_size(ctx->key);

    if (ctx->key->hsm == NULL)
        return mp_sig_local_sign(ctx, sig, siglen, sigsize, digest, size);
    /* Before the request: the HSM bills and logs a signature that the caller
     * could not take. */
    if (!mp_has_room(ctx->prov, needed, sigsize))
        return 0;
    return mp_sig_remote_sign(ctx, sig, siglen, sigsize, digest, size);
}

int mp_signature_sign(void *vctx, unsigned char *sig, size_t *siglen,
                      size_t sigsize, const unsigned char *tbs, size_t tbslen)
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL || !mp_sig_ready(ctx, MP_SIG_SIGN))
        return 0;
    if (sig == NULL) {
        *siglen = mp_key_size(ctx->key);
        return 1;
    }
    return mp_sig_sign(ctx, sig, siglen, sigsize, tbs, tbslen);
}

int mp_signature_verify(void *vctx, const unsigned char *sig, size_t siglen,
                        const unsigned char *tbs, size_t tbslen)
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL || !mp_sig_ready(ctx, MP_SIG_VERIFY))
        return 0;
    return mp_sig_local_verify(ctx, sig, siglen, tbs, tbslen);
}

int mp_signature_verify_recover(void *vctx, unsigned char *rout,
                                size_t *routlen, size_t routsize,
                                const unsigned char *sig, size_t siglen)
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL || !mp_sig_ready(ctx, MP_SIG_RECOVER))
        return 0;
    if (rout == NULL) {
        *routlen = mp_key_size(ctx->key);
        return 1;
    }
    return mp_sig_local_recover(ctx, rout, routlen, routsize, sig, siglen);
}

int mp_signature_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;
    struct mp_sig_settings before;

    if (ctx == NULL)
        return 0;
    if (params == NULL || params[0].key == NULL)
        return 1;
    if (!copy_settings(&before, &ctx->set)) {
        clear_settings(&before);
        return 0;
    }
    if (mp_sig_local_takes(ctx, params) &&
        mp_params_set(ctx->setters, ctx, params) && mp_sig_check(ctx)) {
        clear_settings(&before);
        return 1;
    }
    clear_settings(&ctx->set);
    ctx->set = before;
    return 0;
}

int mp_signature_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    struct mp_sig *ctx = vctx;

    if (ctx == NULL)
        return 0;
    if (ctx->key != NULL && ctx->key->hsm == NULL)
        return mp_sig_local_get(ctx, params);
    return mp_params_get(ctx->getters, ctx, params);
}
