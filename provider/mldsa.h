/* SPDX-License-Identifier: MIT
 *
 * ML-DSA (FIPS 204), with OpenSSL 3.5: signatures over messages, not digests.
 * Whatever the key is, the message is reduced here to mu, the 64 octets that
 * stand for the key, the context and the message; and mu is what the HSM
 * signs, or what the default provider signs and verifies.  So a message of any
 * size costs one request and never leaves the machine.
 */
#ifndef MP_MLDSA_H
#define MP_MLDSA_H

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "dispatch.h"
#include "key.h"
#include "params.h"

/* Where libcrypto has no ML-DSA there is nothing to offer. */
#if defined(OSSL_PKEY_PARAM_ML_DSA_SEED) &&                                    \
    defined(OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT) &&                          \
    !defined(OPENSSL_NO_ML_DSA)
#define MP_ML_DSA 1
#endif

#define MP_ML_DSA_ENTROPY_SIZE 32

enum mp_mldsa_operation {
    MP_MLDSA_NONE = 0,
    MP_MLDSA_SIGN = 1,
    MP_MLDSA_VERIFY = 2,
    MP_MLDSA_VERIFY_MESSAGE = 3 /* the signature comes as a parameter */
};

/* What set_ctx_params changes, all of it or nothing. */
struct mp_mldsa_settings {
    unsigned char context[MHSM_CONTEXT_SIZE_MAX];
    size_t context_size;
    unsigned char entropy[MP_ML_DSA_ENTROPY_SIZE]; /* instead of random */
    size_t entropy_size;                           /* 0: random, as usual */
    int deterministic;
    int encoding; /* 0: the message has its prefix already */
    int mu;       /* 1: the input is mu */
};

struct mp_mldsa {
    struct mp_prov *prov;
    const char *name; /* of the parameter set: static */
    struct mp_key *key;
    enum mp_mldsa_operation operation;
    struct mp_mldsa_settings set;
    unsigned char *signature; /* to verify, MP_MLDSA_VERIFY_MESSAGE */
    size_t signature_size;
    EVP_MD_CTX *hash; /* of a message that comes in pieces; NULL: not begun */
};

/* mldsa_mu.c.  Raise one error. */
/* Begin: all that comes before the message. */
EVP_MD_CTX *mp_mldsa_mu_begin(const struct mp_mldsa *ctx);
int mp_mldsa_mu_update(const struct mp_mldsa *ctx, EVP_MD_CTX *hash,
                       const unsigned char *data, size_t size);
/* The mu of what came so far; `hash` can go on. */
int mp_mldsa_mu_get(const struct mp_mldsa *ctx, const EVP_MD_CTX *hash,
                    unsigned char mu[MHSM_MU_SIZE]);

/* mldsa_sign.c.  By the HSM, or by the default provider.  Raise one error. */
int mp_mldsa_sign(struct mp_mldsa *ctx, unsigned char *sig, size_t *siglen,
                  size_t sigsize, const unsigned char mu[MHSM_MU_SIZE]);
int mp_mldsa_verify(struct mp_mldsa *ctx, const unsigned char *sig,
                    size_t siglen, const unsigned char mu[MHSM_MU_SIZE]);

/* mldsa_params.c */
extern const OSSL_PARAM mp_mldsa_settable[];
extern const OSSL_PARAM mp_mldsa_verify_settable[];
extern const OSSL_PARAM mp_mldsa_gettable[];
int mp_mldsa_set_params(struct mp_mldsa *ctx, const OSSL_PARAM params[]);
int mp_mldsa_get_params(struct mp_mldsa *ctx, OSSL_PARAM params[]);
/* Can the HSM sign with the settings at hand? */
int mp_mldsa_remote_check(const struct mp_mldsa *ctx);

/* The tables. */
extern const OSSL_DISPATCH mp_mldsa44_keymgmt[];
extern const OSSL_DISPATCH mp_mldsa65_keymgmt[];
extern const OSSL_DISPATCH mp_mldsa87_keymgmt[];
extern const OSSL_DISPATCH mp_mldsa44_signature[];
extern const OSSL_DISPATCH mp_mldsa65_signature[];
extern const OSSL_DISPATCH mp_mldsa87_signature[];
extern const OSSL_DISPATCH mp_mldsa44_decoder[];
extern const OSSL_DISPATCH mp_mldsa65_decoder[];
extern const OSSL_DISPATCH mp_mldsa87_decoder[];

#endif
