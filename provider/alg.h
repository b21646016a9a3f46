/* SPDX-License-Identifier: MIT
 *
 * From OpenSSL's terms (key, padding, digest) to the service's algorithm, by
 * libmhsm's table; and the DER around digests and signatures.
 */
#ifndef MP_ALG_H
#define MP_ALG_H

#include <openssl/evp.h>

#include "key.h"

/* RSA: the algorithm that signs digests of `md` with `padding`.  EC: the one
 * of the key's curve, when it takes `size` octets; `md` may be NULL.  NULL:
 * the service has none. */
const mhsm_algorithm *mp_alg_sign(const struct mp_key *key,
                                  mhsm_padding padding, const EVP_MD *md,
                                  size_t size);
/* RSA decryption; `md` is OAEP's digest, NULL with PKCS#1 v1.5. */
const mhsm_algorithm *mp_alg_decrypt(unsigned int operation,
                                     mhsm_padding padding, const EVP_MD *md);
/* Digest size of the key's curve, 0 when the service signs with none. */
size_t mp_alg_curve_digest(const struct mp_key *key);

/* The PKCS#1 v1.5 algorithm for a whole DigestInfo (RFC 8017 section 9.2),
 * and the digest in it; NULL when it is none that the service signs. */
const mhsm_algorithm *mp_alg_digest_info(const unsigned char *info, size_t size,
                                         const unsigned char **digest,
                                         size_t *digest_size);
/* r || s, each `coordinate` octets, to ECDSA-Sig-Value; 0 when impossible. */
int mp_alg_ecdsa_der(const unsigned char *raw, size_t raw_size,
                     size_t coordinate, unsigned char *der, size_t der_size,
                     size_t *der_length);

/* What an AlgorithmIdentifier says. */
struct mp_alg_id {
    mhsm_key_type type;
    int pss;
    const EVP_MD *md;   /* may not be NULL */
    const EVP_MD *mgf1; /* PSS */
    int salt;           /* PSS: octets */
};

/* DER to be freed with OPENSSL_free; 0 when the digest has no identifier. */
int mp_alg_id_der(const struct mp_alg_id *id, unsigned char **der,
                  size_t *size);

/* self_test.c: known answers of what is computed here; NULL, or the name of
 * what answers wrong. */
const char *mp_self_test(struct mp_prov *prov, const EVP_MD *sha256);

#endif
