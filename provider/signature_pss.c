/* SPDX-License-Identifier: MIT
 *
 * Signatures by keys that are for PSS alone, and often for one digest alone.
 * Such a key brings settings of its own, and refuses others.  The judge is the
 * default provider: it is asked, with the public part, whether it would begin
 * an operation with these settings; of software keys it alone decides.
 * Must never make a request.
 */
#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "err.h"
#include "local.h"

/* What the key says of its digests and its least salt; 0 when nothing. */
static int key_settings(EVP_PKEY *pkey, char md[MP_NAME_SIZE],
                        char mgf1[MP_NAME_SIZE], int *salt)
{
    OSSL_PARAM params[4];

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST, md,
                                                 MP_NAME_SIZE);
    params[1] = OSSL_PARAM_construct_utf8_string(
        OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, mgf1, MP_NAME_SIZE);
    params[2] = OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, salt);
    params[3] = OSSL_PARAM_construct_end();
    /* A restricted key tells what is not the default of RFC 8017 only. */
    return EVP_PKEY_get_params(pkey, params) == 1 &&
           (OSSL_PARAM_modified(&params[0]) ||
            OSSL_PARAM_modified(&params[1]) || OSSL_PARAM_modified(&params[2]));
}

static int set_named(struct mp_sig *ctx, EVP_MD **md, char text[MP_NAME_SIZE],
                     const char *name)
{
    EVP_MD *named = mp_local_digest(ctx->prov, name, NULL);

    if (named == NULL)
        return 0;
    EVP_MD_free(*md);
    *md = named;
    OPENSSL_strlcpy(text, name, MP_NAME_SIZE);
    return 1;
}

int mp_sig_pss_start(struct mp_sig *ctx)
{
    char md[MP_NAME_SIZE] = "SHA1", mgf1[MP_NAME_SIZE] = "SHA1";
    struct mp_mark mark;
    int salt = 20, told;

    if (!mp_key_is_pss(ctx->key))
        return 1;
    ctx->set.pad = RSA_PKCS1_PSS_PADDING;
    mp_mark_set(&mark);
    told = key_settings(ctx->key->pkey, md, mgf1, &salt);
    mp_mark_drop(&mark);
    if (!told)
        return 1;
    if (!set_named(ctx, &ctx->set.md, ctx->set.md_name, md) ||
        !set_named(ctx, &ctx->set.mgf1, ctx->set.mgf1_name, mgf1))
        return 0;
    /* The HSM's salt is as long as the digest, which is never less. */
    if (ctx->key->hsm == NULL) {
        ctx->set.salt = salt;
        ctx->set.salt_set = 1;
    }
    return 1;
}

int mp_sig_pss_check(const struct mp_sig *ctx)
{
    struct mp_sig_local_params params;
    EVP_PKEY_CTX *local = NULL;
    struct mp_mark mark;
    int ok;

    if (ctx->key == NULL)
        return 1;
    if (ctx->key->hsm == NULL)
        return mp_sig_local_takes(ctx, NULL);
    if (!mp_key_is_pss(ctx->key))
        return 1;
    mp_mark_set(&mark);
    mp_sig_local_params(ctx, &params);
    /* Whatever word was said for it, see signature_remote.c. */
    if (ctx->operation == MP_SIG_SIGN && params.set.salt < 0)
        params.set.salt = RSA_PSS_SALTLEN_DIGEST;
    local = mp_local_ctx(ctx->prov, ctx->key->pkey);
    ok = local != NULL;
    if (ok && ctx->operation == MP_SIG_RECOVER)
        ok = EVP_PKEY_verify_recover_init_ex(local, params.list) == 1;
    else if (ok)
        ok = EVP_PKEY_verify_init_ex(local, params.list) == 1;
    EVP_PKEY_CTX_free(local);
    return mp_mark_end(ctx->prov, &mark, ok, MP_R_PADDING,
                       "the key is for PSS signatures alone, and not for "
                       "these settings");
}
