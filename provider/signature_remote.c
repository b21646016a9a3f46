/* SPDX-License-Identifier: MIT
 *
 * Signing in the HSM: what it can sign, in the user's words, and the one
 * request.  The service fixes what others leave open: PSS has a salt as long
 * as the digest and the same digest in MGF1, each curve has one digest size,
 * and there is no raw RSA.  What does not fit is refused here, before a
 * request.
 *
 * PSS salt lengths that mean "as long as the digest" to us: none given,
 * "digest" (-1), "auto-digestmax" (-4, the shorter of digest and maximum, and
 * with the HSM's key sizes that is the digest), and "auto" (-2).  The default
 * provider signs with the longest salt when told "auto"; but "auto" says that
 * the signer may choose, any verifier told "auto" accepts our choice, and
 * applications pass the same setting to sign and to verify.  "max" (-3) asks
 * for something definite that the HSM does not do, and is refused.
 */
#include "signature.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "alg.h"
#include "err.h"

static mhsm_padding padding_of(const struct mp_sig *ctx)
{
    if (ctx->type == MHSM_KEY_EC)
        return MHSM_PADDING_NONE;
    return ctx->set.pad == RSA_PKCS1_PSS_PADDING ? MHSM_PADDING_PSS
                                                 : MHSM_PADDING_PKCS1;
}

static int check_salt(const struct mp_sig *ctx)
{
    int salt = ctx->set.salt;
    int digest = ctx->set.md == NULL ? 0 : EVP_MD_get_size(ctx->set.md);

    if (!ctx->set.salt_set || ctx->set.pad != RSA_PKCS1_PSS_PADDING)
        return 1;
    if (salt < 0 && salt != RSA_PSS_SALTLEN_MAX)
        return 1;
    if (salt >= 0 && (digest == 0 || salt == digest))
        return 1;
    if (salt < 0)
        mp_raise(
            ctx->prov, MP_R_SALT_LENGTH,
            "the HSM signs PSS with a salt as long as the digest, not with "
            "the longest one (say rsa_pss_saltlen:digest)");
    else
        mp_raise(ctx->prov, MP_R_SALT_LENGTH,
                 "the HSM signs PSS with a salt as long as the digest (%d "
                 "octets), not with %d octets",
                 digest, salt);
    return 0;
}

/* A digest context knows its digest from the start; without one, digest and
 * MGF1 digest may come in any order, and are compared when signing. */
static int check_mgf1(const struct mp_sig *ctx)
{
    if (ctx->set.pad != RSA_PKCS1_PSS_PADDING || ctx->set.mgf1 == NULL ||
        ctx->set.md == NULL ||
        EVP_MD_is_a(ctx->set.mgf1, EVP_MD_get0_name(ctx->set.md)))
        return 1;
    mp_raise(ctx->prov, MP_R_MGF1,
             "the HSM signs PSS with the same digest in MGF1 (%s), not with %s",
             EVP_MD_get0_name(ctx->set.md), EVP_MD_get0_name(ctx->set.mgf1));
    return 0;
}

static int check_digest(const struct mp_sig *ctx)
{
    const char *name;
    size_t size, wanted;

    if (ctx->set.md == NULL)
        return 1;
    name = EVP_MD_get0_name(ctx->set.md);
    size = (size_t)EVP_MD_get_size(ctx->set.md);
    if (mp_alg_sign(ctx->key, padding_of(ctx), ctx->set.md, size) != NULL)
        return 1;
    if (ctx->type == MHSM_KEY_RSA) {
        mp_raise(ctx->prov, MP_R_DIGEST,
                 "the HSM signs with RSA over SHA2-256, SHA2-384 or SHA2-512, "
                 "not over %s",
                 name);
        return 0;
    }
    wanted = mp_alg_curve_digest(ctx->key);
    mp_raise(ctx->prov, MP_R_DIGEST,
             "the HSM signs digests of %zu octets with this curve (such as "
             "%s), not the %zu octets of %s",
             wanted, mp_key_default_digest(ctx->key), size, name);
    return 0;
}

int mp_sig_remote_check(const struct mp_sig *ctx)
{
    if (ctx->operation != MP_SIG_SIGN || ctx->key == NULL ||
        ctx->key->hsm == NULL)
        return 1;
    if (ctx->type == MHSM_KEY_RSA && ctx->set.pad != RSA_PKCS1_PADDING &&
        ctx->set.pad != RSA_PKCS1_PSS_PADDING) {
        mp_raise(ctx->prov, MP_R_PADDING,
                 "the HSM signs with RSA and padding pkcs1 or pss, not with %s",
                 mp_pad_mode_name(ctx->set.pad));
        return 0;
    }
    if (ctx->type == MHSM_KEY_EC && ctx->set.nonce_type != 0) {
        mp_raise(ctx->prov, MP_R_PARAMETER,
                 "the HSM chooses the nonce of a signature itself");
        return 0;
    }
    return check_digest(ctx) && check_salt(ctx) &&
           (ctx->hash == NULL || check_mgf1(ctx));
}

/* The algorithm, and the digest within what the caller gave. */
static const mhsm_algorithm *choose(const struct mp_sig *ctx,
                                    const unsigned char **digest, size_t *size)
{
    const mhsm_algorithm *row;

    if (ctx->set.md != NULL && *size != (size_t)EVP_MD_get_size(ctx->set.md)) {
        mp_raise(ctx->prov, MP_R_INPUT_LENGTH,
                 "a digest of %s has %d octets, the input has %zu",
                 EVP_MD_get0_name(ctx->set.md), EVP_MD_get_size(ctx->set.md),
                 *size);
        return NULL;
    }
    if (ctx->type == MHSM_KEY_RSA && ctx->set.md == NULL) {
        row = ctx->set.pad == RSA_PKCS1_PADDING
                  ? mp_alg_digest_info(*digest, *size, digest, size)
                  : NULL;
        if (row == NULL)
            mp_raise(ctx->prov, MP_R_DIGEST,
                     "name the digest that the %zu octets of input are "
                     "(digest:sha256, sha384 or sha512)%s",
                     *size,
                     ctx->set.pad == RSA_PKCS1_PADDING
                         ? ", or give a whole DigestInfo of one of these"
                         : "");
        return row;
    }
    row = mp_alg_sign(ctx->key, padding_of(ctx), ctx->set.md, *size);
    if (row == NULL)
        mp_raise(ctx->prov, MP_R_INPUT_LENGTH,
                 "the HSM signs digests of %zu octets with this curve, the "
                 "input has %zu",
                 mp_alg_curve_digest(ctx->key), *size);
    return row;
}

/* The service's answer in OpenSSL's form. */
static int take_answer(const struct mp_sig *ctx, const mhsm_result *result,
                       unsigned char *sig, size_t *siglen, size_t sigsize)
{
    const mhsm_curve_info *curve;
    size_t size;
    const unsigned char *data = mhsm_result_data(result, &size);
    int ok = 0;

    if (ctx->type == MHSM_KEY_RSA) {
        if (size == mp_key_size(ctx->key) && size <= sigsize) {
            memcpy(sig, data, size);
            *siglen = size;
            ok = 1;
        }
    } else {
        curve = mhsm_curve_find(mhsm_key_curve(ctx->key->hsm));
        ok = curve != NULL &&
             mp_alg_ecdsa_der(data, size, curve->coordinate_size, sig, sigsize,
                              siglen);
    }
    if (!ok)
        mp_raise(ctx->prov, MP_R_ANSWER,
                 "the HSM's %zu octets are no signature of key %s", size,
                 mhsm_key_id(ctx->key->hsm));
    return ok;
}

int mp_sig_remote_sign(struct mp_sig *ctx, unsigned char *sig, size_t *siglen,
                       size_t sigsize, const unsigned char *digest, size_t size)
{
    const mhsm_algorithm *algorithm;
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    mhsm_status status;
    int ok;

    if (!mp_sig_remote_check(ctx) || !check_mgf1(ctx) ||
        (algorithm = choose(ctx, &digest, &size)) == NULL ||
        !mp_key_require(ctx->key, MHSM_OP_SIGN, "sign"))
        return 0;
    status = mhsm_sign(ctx->prov->client, ctx->key->hsm, algorithm->name,
                       digest, size, &result, &err);
    if (status != MHSM_OK) {
        mp_raise_client(ctx->prov, &err);
        return 0;
    }
    ok = take_answer(ctx, result, sig, siglen, sigsize);
    mhsm_result_free(result);
    return ok;
}
