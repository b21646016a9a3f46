/* SPDX-License-Identifier: MIT
 *
 * ML-DSA signatures of mu: by the HSM with its keys, one request each, and by
 * the default provider in the private library context with software keys;
 * verified there with any.  Must never send a message.
 */
#include "mldsa.h"

#ifdef MP_ML_DSA

#include <string.h>

#include <openssl/params.h>

#include "err.h"
#include "local.h"

static int sign_remote(struct mp_mldsa *ctx, unsigned char *sig, size_t *siglen,
                       size_t sigsize, const unsigned char mu[MHSM_MU_SIZE])
{
    mhsm_message message = {.mu = mu};
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    const unsigned char *data;
    mhsm_status status;
    size_t size;
    int ok;

    if (!mp_mldsa_remote_check(ctx) ||
        !mp_key_require(ctx->key, MHSM_OP_SIGN, "sign"))
        return 0;
    status = mhsm_sign_message(ctx->prov->client, ctx->key->hsm, &message,
                               &result, &err);
    if (status != MHSM_OK) {
        mp_raise_client(ctx->prov, &err);
        return 0;
    }
    data = mhsm_result_data(result, &size);
    ok = data != NULL && size <= sigsize;
    if (ok) {
        memcpy(sig, data, size);
        *siglen = size;
    } else
        mp_raise(ctx->prov, MP_R_ANSWER,
                 "the HSM's %zu octets are no signature of key %s", size,
                 mhsm_key_id(ctx->key->hsm));
    mhsm_result_free(result);
    return ok;
}

static int sign_local(struct mp_mldsa *ctx, unsigned char *sig, size_t *siglen,
                      size_t sigsize, const unsigned char mu[MHSM_MU_SIZE])
{
    int external = 1;
    OSSL_PARAM params[4], *next = params;
    EVP_MD_CTX *local = NULL;
    size_t length = sigsize;
    struct mp_mark mark;
    int ok;

    *next++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_MU, &external);
    *next++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_DETERMINISTIC,
                                       &ctx->set.deterministic);
    if (ctx->set.entropy_size != 0)
        *next++ = OSSL_PARAM_construct_octet_string(
            OSSL_SIGNATURE_PARAM_TEST_ENTROPY, ctx->set.entropy,
            ctx->set.entropy_size);
    *next = OSSL_PARAM_construct_end();
    mp_key_mark_set(ctx->key, &mark);
    local = EVP_MD_CTX_new();
    ok = local != NULL &&
         EVP_DigestSignInit_ex(local, NULL, NULL, mp_local_libctx(ctx->prov),
                               NULL, ctx->key->pkey, params) == 1 &&
         EVP_DigestSign(local, sig, &length, mu, MHSM_MU_SIZE) == 1;
    EVP_MD_CTX_free(local);
    if (!mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL,
                     "cannot sign with the software key"))
        return 0;
    *siglen = length;
    return 1;
}

int mp_mldsa_sign(struct mp_mldsa *ctx, unsigned char *sig, size_t *siglen,
                  size_t sigsize, const unsigned char mu[MHSM_MU_SIZE])
{
    size_t needed = mp_key_size(ctx->key);

    /* Before the request: the HSM bills and logs a signature that the caller
     * could not take. */
    if (!mp_has_room(ctx->prov, needed, sigsize))
        return 0;
    return ctx->key->hsm != NULL ? sign_remote(ctx, sig, siglen, sigsize, mu)
                                 : sign_local(ctx, sig, siglen, sigsize, mu);
}

int mp_mldsa_verify(struct mp_mldsa *ctx, const unsigned char *sig,
                    size_t siglen, const unsigned char mu[MHSM_MU_SIZE])
{
    int external = 1;
    EVP_MD_CTX *local = NULL;
    OSSL_PARAM params[2];
    struct mp_mark mark;
    int ok;

    params[0] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_MU, &external);
    params[1] = OSSL_PARAM_construct_end();
    mp_key_mark_set(ctx->key, &mark);
    local = EVP_MD_CTX_new();
    ok = local != NULL &&
         EVP_DigestVerifyInit_ex(local, NULL, NULL, mp_local_libctx(ctx->prov),
                                 NULL, ctx->key->pkey, params) == 1 &&
         EVP_DigestVerify(local, sig, siglen, mu, MHSM_MU_SIZE) == 1;
    EVP_MD_CTX_free(local);
    return mp_mark_end(ctx->prov, &mark, ok, MP_R_SIGNATURE,
                       "the signature does not verify");
}

#endif
