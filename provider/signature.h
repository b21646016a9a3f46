/* SPDX-License-Identifier: MIT
 *
 * A signature operation.  Whatever the operation is, the context records the
 * settings and hashes locally; at the end the digest is signed by the HSM, or
 * signed or verified by the default provider with the same settings.
 */
#ifndef MP_SIGNATURE_H
#define MP_SIGNATURE_H

#include <openssl/evp.h>

#include "dispatch.h"
#include "key.h"
#include "params.h"

enum mp_sig_operation {
    MP_SIG_NONE = 0,
    MP_SIG_SIGN = 1,
    MP_SIG_VERIFY = 2,
    MP_SIG_RECOVER = 3
};

/* What set_ctx_params changes, all of it or nothing. */
struct mp_sig_settings {
    EVP_MD *md;  /* NULL: none named */
    int pad;     /* RSA_*_PADDING; RSA only */
    int pad_set; /* by the caller */
    int salt;    /* PSS, when salt_set */
    int salt_set;
    EVP_MD *mgf1; /* PSS; NULL: as md */
    unsigned int nonce_type;
    char md_name[MP_NAME_SIZE], mgf1_name[MP_NAME_SIZE]; /* as they were said */
    char properties[MP_PROPQ_SIZE]; /* for digests; "": none */
    char mgf1_properties[MP_PROPQ_SIZE];
};

struct mp_sig {
    struct mp_prov *prov;
    mhsm_key_type type;
    const struct mp_setter *setters;
    const struct mp_getter *getters;
    struct mp_key *key;
    enum mp_sig_operation operation;
    struct mp_sig_settings set;
    EVP_MD_CTX *hash; /* the running digest; NULL: the caller hashes */
    /* Of a signature algorithm: the digest in its name, and the signature that
     * is to be verified at the end. */
    const char *fixed_md;
    unsigned char *signature;
    size_t signature_size;
};

/* signature_common.c */
FN_SHARED(signature, freectx);
FN_SHARED(signature, dupctx);
FN_SHARED(signature, sign_init);
FN_SHARED(signature, sign);
FN_SHARED(signature, verify_init);
FN_SHARED(signature, verify);
FN_SHARED(signature, verify_recover_init);
FN_SHARED(signature, verify_recover);
FN_SHARED(signature, get_ctx_params);
FN_SHARED(signature, set_ctx_params);
struct mp_sig *mp_sig_new(struct mp_prov *prov, mhsm_key_type type,
                          const struct mp_setter *setters,
                          const struct mp_getter *getters);
/* Begin; `key` NULL goes on with the one at hand and its settings. */
int mp_sig_start(struct mp_sig *ctx, struct mp_key *key,
                 enum mp_sig_operation operation);
/* 1, or 0 with one error when the context is not set up for this. */
int mp_sig_ready(const struct mp_sig *ctx, enum mp_sig_operation operation);
/* Are the settings at hand possible with this key?  Raises one error. */
int mp_sig_check(const struct mp_sig *ctx);
/* Sign a digest, or verify one, with the settings at hand. */
int mp_sig_sign(struct mp_sig *ctx, unsigned char *sig, size_t *siglen,
                size_t sigsize, const unsigned char *digest, size_t size);

/* signature_digest.c */
FN_SHARED(signature, digest_sign_init);
FN_SHARED(signature, digest_sign_update);
FN_SHARED(signature, digest_sign_final);
FN_SHARED(signature, digest_sign);
FN_SHARED(signature, digest_verify_init);
FN_SHARED(signature, digest_verify_update);
FN_SHARED(signature, digest_verify_final);
FN_SHARED(signature, digest_verify);
FN_SHARED(signature, get_ctx_md_params);
FN_SHARED(signature, gettable_ctx_md_params);
FN_SHARED(signature, set_ctx_md_params);
FN_SHARED(signature, settable_ctx_md_params);

/* Hash the message, or go on with a digest, as the context was set up. */
int mp_sig_begin_hash(struct mp_sig *ctx, const OSSL_PARAM params[]);

/* What the tables of RSA and ECDSA answer. */
extern const OSSL_PARAM mp_rsa_sig_gettable[];
extern const struct mp_getter mp_rsa_sig_getters[];
extern const OSSL_PARAM mp_ecdsa_sig_gettable[];
extern const struct mp_getter mp_ecdsa_sig_getters[];

/* signature_params.c: rows of both lists. */
int mp_sig_set_properties(void *object, const OSSL_PARAM *param);
int mp_sig_set_digest(void *object, const OSSL_PARAM *param);
int mp_sig_get_digest(void *object, OSSL_PARAM *param);
int mp_sig_get_algorithm_id(void *object, OSSL_PARAM *param);
/* The salt length of PSS that OpenSSL takes when none is set. */
int mp_sig_default_salt(void);
/* Name the digest; raises one error. */
int mp_sig_name_digest(struct mp_sig *ctx, const char *name);

/* signature_local.c: by the default provider.  Raise one error, or leave the
 * default provider's own for a software key. */
int mp_sig_local_sign(struct mp_sig *ctx, unsigned char *sig, size_t *siglen,
                      size_t sigsize, const unsigned char *digest, size_t size);
/* 1 valid, 0 not, negative when it is no signature at all. */
int mp_sig_local_verify(struct mp_sig *ctx, const unsigned char *sig,
                        size_t siglen, const unsigned char *digest,
                        size_t size);
int mp_sig_local_recover(struct mp_sig *ctx, unsigned char *out, size_t *outlen,
                         size_t outsize, const unsigned char *sig,
                         size_t siglen);

/* With a software key the default provider is the judge of what is taken, and
 * says what the settings are.  Would it begin with those at hand, and take
 * these too (may be NULL)?  With keys of the HSM always 1. */
int mp_sig_local_takes(const struct mp_sig *ctx, const OSSL_PARAM params[]);
int mp_sig_local_get(const struct mp_sig *ctx, OSSL_PARAM params[]);
/* What may be set: `own`, or what the default provider says. */
const OSSL_PARAM *mp_sig_settable(const struct mp_sig *ctx,
                                  const OSSL_PARAM *own);

/* Settings as parameters for the default provider, and what they point to. */
struct mp_sig_local_params {
    OSSL_PARAM list[8];
    char md[MP_NAME_SIZE], mgf1[MP_NAME_SIZE];
    struct mp_sig_settings set;
};

void mp_sig_local_params(const struct mp_sig *ctx,
                         struct mp_sig_local_params *params);

/* signature_pss.c: keys for PSS alone, and odd paddings.  Raise one error. */
/* Begin with what the key says. */
int mp_sig_pss_start(struct mp_sig *ctx);
int mp_sig_pss_check(const struct mp_sig *ctx);

/* signature_remote.c: by the HSM.  Raise one error. */
/* Can the HSM sign with the settings at hand, as far as they are known? */
int mp_sig_remote_check(const struct mp_sig *ctx);
int mp_sig_remote_sign(struct mp_sig *ctx, unsigned char *sig, size_t *siglen,
                       size_t sigsize, const unsigned char *digest,
                       size_t size);

/* The rows of a dispatch table that RSA and ECDSA have in common: all but
 * newctx, the lists of parameters and the recovery of a digest.  As in the
 * default provider there is no signing and verifying in one step, which ends
 * a context that has more to sign. */
#define MP_SIGNATURE_ENTRIES                                                   \
    ENTRY(SIGNATURE, FREECTX, mp_signature_freectx),                           \
        ENTRY(SIGNATURE, DUPCTX, mp_signature_dupctx),                         \
        ENTRY(SIGNATURE, SIGN_INIT, mp_signature_sign_init),                   \
        ENTRY(SIGNATURE, SIGN, mp_signature_sign),                             \
        ENTRY(SIGNATURE, VERIFY_INIT, mp_signature_verify_init),               \
        ENTRY(SIGNATURE, VERIFY, mp_signature_verify),                         \
        ENTRY(SIGNATURE, DIGEST_SIGN_INIT, mp_signature_digest_sign_init),     \
        ENTRY(SIGNATURE, DIGEST_SIGN_UPDATE, mp_signature_digest_sign_update), \
        ENTRY(SIGNATURE, DIGEST_SIGN_FINAL, mp_signature_digest_sign_final),   \
        ENTRY(SIGNATURE, DIGEST_VERIFY_INIT, mp_signature_digest_verify_init), \
        ENTRY(SIGNATURE, DIGEST_VERIFY_UPDATE,                                 \
              mp_signature_digest_verify_update),                              \
        ENTRY(SIGNATURE, DIGEST_VERIFY_FINAL,                                  \
              mp_signature_digest_verify_final),                               \
        ENTRY(SIGNATURE, GET_CTX_PARAMS, mp_signature_get_ctx_params),         \
        ENTRY(SIGNATURE, SET_CTX_PARAMS, mp_signature_set_ctx_params),         \
        ENTRY(SIGNATURE, GET_CTX_MD_PARAMS, mp_signature_get_ctx_md_params),   \
        ENTRY(SIGNATURE, GETTABLE_CTX_MD_PARAMS,                               \
              mp_signature_gettable_ctx_md_params),                            \
        ENTRY(SIGNATURE, SET_CTX_MD_PARAMS, mp_signature_set_ctx_md_params),   \
        ENTRY(SIGNATURE, SETTABLE_CTX_MD_PARAMS,                               \
              mp_signature_settable_ctx_md_params)

#endif
