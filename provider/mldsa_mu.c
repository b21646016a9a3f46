/* SPDX-License-Identifier: MIT
 *
 * mu, as FIPS 204 has it: SHAKE256 of the hashed public key, of two octets and
 * the context, and of the message (sections 5.2 and 6.2).  Made in the private
 * library context.  Must never keep the message.
 */
#include "mldsa.h"

#ifdef MP_ML_DSA

#include "err.h"
#include "local.h"

/* ML-DSA-87's public key, and the hash of any. */
#define PUBLIC_MAX 2592
#define TR_SIZE    64

static int hash_key(const struct mp_key *key, EVP_MD *shake,
                    unsigned char tr[TR_SIZE])
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char octets[PUBLIC_MAX];
    size_t size = 0;
    int ok =
        hash != NULL &&
        EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY,
                                        octets, sizeof(octets), &size) == 1 &&
        EVP_DigestInit_ex2(hash, shake, NULL) == 1 &&
        EVP_DigestUpdate(hash, octets, size) == 1 &&
        EVP_DigestFinalXOF(hash, tr, TR_SIZE) == 1;

    EVP_MD_CTX_free(hash);
    return ok;
}

/* The octet 0 says: the message itself, not a digest of it. */
static int add_prefix(const struct mp_mldsa *ctx, EVP_MD_CTX *hash)
{
    unsigned char head[2] = {0, (unsigned char)ctx->set.context_size};

    return ctx->set.encoding == 0 ||
           (EVP_DigestUpdate(hash, head, sizeof(head)) == 1 &&
            EVP_DigestUpdate(hash, ctx->set.context, ctx->set.context_size) ==
                1);
}

EVP_MD_CTX *mp_mldsa_mu_begin(const struct mp_mldsa *ctx)
{
    OSSL_LIB_CTX *libctx;
    EVP_MD_CTX *hash = NULL;
    EVP_MD *shake = NULL;
    unsigned char tr[TR_SIZE];
    struct mp_mark mark;
    int ok;

    mp_mark_set(&mark);
    libctx = mp_local_libctx(ctx->prov);
    if (libctx != NULL)
        shake = EVP_MD_fetch(libctx, "SHAKE256", NULL);
    hash = EVP_MD_CTX_new();
    ok = shake != NULL && hash != NULL && hash_key(ctx->key, shake, tr) &&
         EVP_DigestInit_ex2(hash, shake, NULL) == 1 &&
         EVP_DigestUpdate(hash, tr, sizeof(tr)) == 1 && add_prefix(ctx, hash);
    EVP_MD_free(shake);
    if (ok) {
        mp_mark_drop(&mark);
        return hash;
    }
    mp_raise_local(ctx->prov, &mark, MP_R_LOCAL,
                   "cannot start to hash the message");
    EVP_MD_CTX_free(hash);
    return NULL;
}

int mp_mldsa_mu_update(const struct mp_mldsa *ctx, EVP_MD_CTX *hash,
                       const unsigned char *data, size_t size)
{
    if (size == 0 || EVP_DigestUpdate(hash, data, size) == 1)
        return 1;
    mp_raise(ctx->prov, MP_R_LOCAL, "cannot go on with hashing the message");
    return 0;
}

int mp_mldsa_mu_get(const struct mp_mldsa *ctx, const EVP_MD_CTX *hash,
                    unsigned char mu[MHSM_MU_SIZE])
{
    EVP_MD_CTX *copy = NULL;
    struct mp_mark mark;
    int ok;

    mp_mark_set(&mark);
    copy = EVP_MD_CTX_new();
    ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, hash) == 1 &&
         EVP_DigestFinalXOF(copy, mu, MHSM_MU_SIZE) == 1;
    EVP_MD_CTX_free(copy);
    return mp_mark_end(ctx->prov, &mark, ok, MP_R_LOCAL,
                       "cannot end the hash of the message");
}

#endif
