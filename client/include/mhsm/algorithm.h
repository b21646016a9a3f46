/* SPDX-License-Identifier: MIT
 *
 * The algorithms of Managed HSM as one table of facts (JOSE names, RFC 7518,
 * and the names that the service adds).  The provider, the command and the
 * tests all read this table; adding an algorithm is adding a row.
 */
#ifndef MHSM_ALGORITHM_H
#define MHSM_ALGORITHM_H

#include <stddef.h>

#include <mhsm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "-HSM" is insignificant in names: every key of a Managed HSM is in it. */
typedef enum mhsm_key_type {
    MHSM_KEY_UNKNOWN = 0,
    MHSM_KEY_RSA = 1,
    MHSM_KEY_EC = 2,
    MHSM_KEY_OCT = 3,
    MHSM_KEY_AKP = 4 /* bound to one algorithm: ML-DSA */
} mhsm_key_type;

typedef enum mhsm_curve {
    MHSM_CURVE_NONE = 0,
    MHSM_CURVE_P256 = 1,
    MHSM_CURVE_P384 = 2,
    MHSM_CURVE_P521 = 3,
    MHSM_CURVE_P256K = 4 /* secp256k1 */
} mhsm_curve;

/* Operations, which are also the values of key_ops: a bit mask. */
enum {
    MHSM_OP_SIGN = 1 << 0,
    MHSM_OP_VERIFY = 1 << 1,
    MHSM_OP_ENCRYPT = 1 << 2,
    MHSM_OP_DECRYPT = 1 << 3,
    MHSM_OP_WRAP = 1 << 4,   /* "wrapKey" */
    MHSM_OP_UNWRAP = 1 << 5, /* "unwrapKey" */
    MHSM_OP_IMPORT = 1 << 6,
    MHSM_OP_EXPORT = 1 << 7
};

typedef enum mhsm_padding {
    MHSM_PADDING_NONE = 0, /* ECDSA, ML-DSA, HMAC, AES modes: no choice */
    MHSM_PADDING_PKCS1 = 1,
    MHSM_PADDING_PSS = 2, /* MGF1 with the same digest, salt = digest length */
    MHSM_PADDING_OAEP = 3 /* MGF1 with the same digest, empty label */
} mhsm_padding;

typedef struct mhsm_algorithm {
    const char *name; /* "RS256": on the wire */
    mhsm_key_type type;
    mhsm_curve curve;      /* the one curve it works on, EC only */
    unsigned int key_bits; /* the one key size it works on, oct only; 0: any */
    unsigned int operations; /* mask of MHSM_OP_* */
    mhsm_padding padding;
    const char *digest; /* OpenSSL's name: "SHA2-256"; NULL when none */
    size_t digest_size; /* its octets; 0 when none. HMAC: those of the tag */
    const char *help;   /* one phrase */
} mhsm_algorithm;

/* The table; NULL past the end. */
MHSM_API const mhsm_algorithm *mhsm_algorithm_at(size_t index);
/* By wire name, exact; NULL when there is none. */
MHSM_API const mhsm_algorithm *mhsm_algorithm_find(const char *name);
/* The algorithm for one operation (a single MHSM_OP_*) on a key of `type` and
 * `curve`, with a padding and a digest (its size in octets; for ECDSA the
 * curve's own); NULL when the service has none. */
MHSM_API const mhsm_algorithm *mhsm_algorithm_select(unsigned int operation,
                                                     mhsm_key_type type,
                                                     mhsm_curve curve,
                                                     mhsm_padding padding,
                                                     size_t digest_size);

/* Facts of a curve; static. */
typedef struct mhsm_curve_info {
    mhsm_curve curve;
    const char *name;  /* JOSE as the service writes it: "P-256K" */
    const char *group; /* OpenSSL group name: "secp256k1" */
    unsigned int bits;
    size_t coordinate_size; /* octets of x, y, r and s */
} mhsm_curve_info;

/* NULL when there is none.  By name accepts the service's name, OpenSSL's
 * group names and aliases ("prime256v1"), and "secp256k1", any case. */
MHSM_API const mhsm_curve_info *mhsm_curve_find(mhsm_curve curve);
MHSM_API const mhsm_curve_info *mhsm_curve_by_name(const char *name);

/* A parameter set of ML-DSA (FIPS 204): what an AKP key is.  Its name is also
 * that of the one algorithm that the key works with. */
typedef struct mhsm_parameter_set {
    const char *name;   /* "ML-DSA-65", as the service and OpenSSL write it */
    const char *oid;    /* "2.16.840.1.101.3.4.3.18" */
    size_t public_size; /* octets of a public key */
    size_t signature_size; /* octets of a signature */
} mhsm_parameter_set;

/* The table; NULL past the end. */
MHSM_API const mhsm_parameter_set *mhsm_parameter_set_at(size_t index);
/* By name, any case; NULL when there is none. */
MHSM_API const mhsm_parameter_set *mhsm_parameter_set_find(const char *name);

/* "sign", "wrapKey", ...: one bit to its wire name (static, NULL when none),
 * and a wire name to its bit (0 when none). */
MHSM_API const char *mhsm_operation_name(unsigned int operation);
MHSM_API unsigned int mhsm_operation_find(const char *name);

/* "RSA-HSM" and so on; accepts with and without "-HSM", any case. */
MHSM_API const char *mhsm_key_type_name(mhsm_key_type type);
MHSM_API mhsm_key_type mhsm_key_type_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
