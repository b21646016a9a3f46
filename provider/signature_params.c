/* SPDX-License-Identifier: MIT
 *
 * Parameters of signatures that RSA and ECDSA share: the digest, and the
 * AlgorithmIdentifier, which is made when it is asked for, from the settings
 * of that moment: req and ca ask before they sign, cms after changing the
 * padding.  Must never answer from a stale copy.
 */
#include "signature.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include "alg.h"
#include "err.h"
#include "local.h"

int mp_sig_set_properties(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    if (mp_param_text(param, ctx->set.properties, sizeof(ctx->set.properties)))
        return 1;
    mp_raise(ctx->prov, MP_R_PARAMETER, "parameter %s is no short text",
             param->key);
    return 0;
}

int mp_sig_name_digest(struct mp_sig *ctx, const char *name)
{
    /* The property query given to newctx chooses among the host's providers
     * and says nothing here; only properties asked for by this parameter do. */
    EVP_MD *md = mp_local_digest(
        ctx->prov, name,
        ctx->set.properties[0] == '\0' ? NULL : ctx->set.properties);

    if (md == NULL)
        return 0;
    EVP_MD_free(ctx->set.md);
    ctx->set.md = md;
    OPENSSL_strlcpy(ctx->set.md_name, name, sizeof(ctx->set.md_name));
    return 1;
}

int mp_sig_set_digest(void *object, const OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;
    char name[MP_NAME_SIZE];

    if (!mp_param_text(param, name, sizeof(name))) {
        mp_raise(ctx->prov, MP_R_PARAMETER, "parameter %s names no digest",
                 param->key);
        return 0;
    }
    /* The message is being hashed already. */
    if (ctx->hash != NULL) {
        if (EVP_MD_is_a(ctx->set.md, name))
            return 1;
        mp_raise(ctx->prov, MP_R_DIGEST,
                 "the digest is %s and cannot become %s any more",
                 EVP_MD_get0_name(ctx->set.md), name);
        return 0;
    }
    return mp_sig_name_digest(ctx, name);
}

int mp_sig_get_digest(void *object, OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;

    /* The default provider tells it by its own name for ECDSA, and for RSA by
     * the one that it was given. */
    if (ctx->type == MHSM_KEY_EC && ctx->set.md != NULL)
        return OSSL_PARAM_set_utf8_string(param, EVP_MD_get0_name(ctx->set.md));
    return OSSL_PARAM_set_utf8_string(param, ctx->set.md_name);
}

/* OpenSSL 3.1 has changed its mind about the longest salt. */
int mp_sig_default_salt(void)
{
    return OPENSSL_version_major() > 3 || OPENSSL_version_minor() > 0
               ? MP_SALT_AUTO_DIGEST_MAX
               : RSA_PSS_SALTLEN_AUTO;
}

/* Octets of salt that the settings come to. */
static int salt_octets(const struct mp_sig *ctx)
{
    int salt = ctx->set.salt_set ? ctx->set.salt : mp_sig_default_salt();
    int digest = EVP_MD_get_size(ctx->set.md);
    int bits = EVP_PKEY_get_bits(ctx->key->pkey);
    int most = (bits + 6) / 8 - digest - 2; /* RFC 8017 section 9.1.1 */

    if (ctx->key->hsm != NULL || digest <= 0)
        return digest;
    if (salt == RSA_PSS_SALTLEN_AUTO || salt == RSA_PSS_SALTLEN_MAX)
        return most;
    if (salt >= 0)
        return salt;
    return salt == RSA_PSS_SALTLEN_DIGEST || digest < most ? digest : most;
}

int mp_sig_get_algorithm_id(void *object, OSSL_PARAM *param)
{
    struct mp_sig *ctx = object;
    struct mp_alg_id id = {0};
    unsigned char *der = NULL;
    size_t size = 0;
    struct mp_mark mark;
    int ok;

    if (ctx->key == NULL || ctx->set.md == NULL ||
        (ctx->type == MHSM_KEY_RSA && ctx->set.pad != RSA_PKCS1_PADDING &&
         ctx->set.pad != RSA_PKCS1_PSS_PADDING)) {
        mp_raise(ctx->prov, MP_R_NOT_INITIALIZED,
                 "no algorithm identifier without a key, a digest and a "
                 "signature padding");
        return 0;
    }
    id.type = ctx->type;
    id.md = ctx->set.md;
    if (ctx->type == MHSM_KEY_RSA && ctx->set.pad == RSA_PKCS1_PSS_PADDING) {
        id.pss = 1;
        id.mgf1 = ctx->set.mgf1 == NULL ? ctx->set.md : ctx->set.mgf1;
        id.salt = salt_octets(ctx);
    }
    mp_mark_set(&mark);
    ok = id.salt >= 0 && mp_alg_id_der(&id, &der, &size) &&
         OSSL_PARAM_set_octet_string(param, der, size);
    OPENSSL_free(der);
    return mp_mark_end(ctx->prov, &mark, ok, MP_R_DIGEST,
                       "there is no algorithm identifier for the digest");
}
