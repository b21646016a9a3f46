/* SPDX-License-Identifier: MIT
 *
 * The algorithm table and the small tables around it (curves, operations, key
 * types).  Facts only: nothing here computes or calls anybody.
 */
#include "mhsm/algorithm.h"

#include <string.h>

#include <openssl/crypto.h>

#define SIGNING  (MHSM_OP_SIGN | MHSM_OP_VERIFY)
#define CIPHER   (MHSM_OP_ENCRYPT | MHSM_OP_DECRYPT)
#define WRAPPING (MHSM_OP_WRAP | MHSM_OP_UNWRAP)

#define RSA(name, operations, padding, digest, size, help)                     \
    {                                                                          \
        name, MHSM_KEY_RSA, MHSM_CURVE_NONE, 0, operations, padding, digest,   \
            size, help                                                         \
    }
#define ECDSA(name, curve, digest, size, help)                                 \
    {                                                                          \
        name, MHSM_KEY_EC, curve, 0, SIGNING, MHSM_PADDING_NONE, digest, size, \
            help                                                               \
    }
#define ML_DSA(name, help)                                                     \
    {                                                                          \
        name, MHSM_KEY_AKP, MHSM_CURVE_NONE, 0, SIGNING, MHSM_PADDING_NONE,    \
            NULL, 0, help                                                      \
    }
#define OCT(name, bits, operations, digest, size, help)                        \
    {                                                                          \
        name, MHSM_KEY_OCT, MHSM_CURVE_NONE, bits, operations,                 \
            MHSM_PADDING_NONE, digest, size, help                              \
    }

static const mhsm_algorithm algorithms[] = {
    RSA("RS256", SIGNING, MHSM_PADDING_PKCS1, "SHA2-256", 32,
        "RSA PKCS#1 v1.5 signature, SHA-256"),
    RSA("RS384", SIGNING, MHSM_PADDING_PKCS1, "SHA2-384", 48,
        "RSA PKCS#1 v1.5 signature, SHA-384"),
    RSA("RS512", SIGNING, MHSM_PADDING_PKCS1, "SHA2-512", 64,
        "RSA PKCS#1 v1.5 signature, SHA-512"),
    RSA("PS256", SIGNING, MHSM_PADDING_PSS, "SHA2-256", 32,
        "RSA-PSS signature, SHA-256"),
    RSA("PS384", SIGNING, MHSM_PADDING_PSS, "SHA2-384", 48,
        "RSA-PSS signature, SHA-384"),
    RSA("PS512", SIGNING, MHSM_PADDING_PSS, "SHA2-512", 64,
        "RSA-PSS signature, SHA-512"),
    RSA("RSNULL", SIGNING, MHSM_PADDING_PKCS1, NULL, 0,
        "RSA PKCS#1 v1.5 padding of the caller's own octets"),
    ECDSA("ES256", MHSM_CURVE_P256, "SHA2-256", 32, "ECDSA on P-256, SHA-256"),
    ECDSA("ES384", MHSM_CURVE_P384, "SHA2-384", 48, "ECDSA on P-384, SHA-384"),
    ECDSA("ES512", MHSM_CURVE_P521, "SHA2-512", 64, "ECDSA on P-521, SHA-512"),
    ECDSA("ES256K", MHSM_CURVE_P256K, "SHA2-256", 32,
          "ECDSA on secp256k1, SHA-256"),
    ML_DSA("ML-DSA-44", "ML-DSA (FIPS 204), category 2"),
    ML_DSA("ML-DSA-65", "ML-DSA (FIPS 204), category 3"),
    ML_DSA("ML-DSA-87", "ML-DSA (FIPS 204), category 5"),
    OCT("HS256", 0, SIGNING, "SHA2-256", 32, "HMAC with SHA-256"),
    OCT("HS384", 0, SIGNING, "SHA2-384", 48, "HMAC with SHA-384"),
    OCT("HS512", 0, SIGNING, "SHA2-512", 64, "HMAC with SHA-512"),
    RSA("RSA-OAEP-256", CIPHER | WRAPPING, MHSM_PADDING_OAEP, "SHA2-256", 32,
        "RSA-OAEP, SHA-256"),
    RSA("RSA-OAEP", CIPHER | WRAPPING, MHSM_PADDING_OAEP, "SHA1", 20,
        "RSA-OAEP, SHA-1"),
    RSA("RSA1_5", CIPHER | WRAPPING, MHSM_PADDING_PKCS1, NULL, 0,
        "RSA PKCS#1 v1.5 encryption; not recommended"),
    OCT("A128GCM", 128, CIPHER, NULL, 0, "AES-128-GCM"),
    OCT("A192GCM", 192, CIPHER, NULL, 0, "AES-192-GCM"),
    OCT("A256GCM", 256, CIPHER, NULL, 0, "AES-256-GCM"),
    OCT("A128CBC", 128, CIPHER, NULL, 0, "AES-128-CBC, no padding"),
    OCT("A192CBC", 192, CIPHER, NULL, 0, "AES-192-CBC, no padding"),
    OCT("A256CBC", 256, CIPHER, NULL, 0, "AES-256-CBC, no padding"),
    OCT("A128CBCPAD", 128, CIPHER, NULL, 0, "AES-128-CBC, PKCS#7 padding"),
    OCT("A192CBCPAD", 192, CIPHER, NULL, 0, "AES-192-CBC, PKCS#7 padding"),
    OCT("A256CBCPAD", 256, CIPHER, NULL, 0, "AES-256-CBC, PKCS#7 padding"),
    OCT("A128KW", 128, WRAPPING, NULL, 0, "AES-128 key wrap (RFC 3394)"),
    OCT("A192KW", 192, WRAPPING, NULL, 0, "AES-192 key wrap (RFC 3394)"),
    OCT("A256KW", 256, WRAPPING, NULL, 0, "AES-256 key wrap (RFC 3394)"),
    OCT("CKM_AES_KEY_WRAP", 0, WRAPPING, NULL, 0,
        "AES key wrap (RFC 3394), any key size"),
    OCT("CKM_AES_KEY_WRAP_PAD", 0, WRAPPING, NULL, 0,
        "AES key wrap with padding (RFC 5649), any key size"),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const mhsm_curve_info curves[] = {
    {MHSM_CURVE_P256, "P-256", "prime256v1", 256, 32},
    {MHSM_CURVE_P384, "P-384", "secp384r1", 384, 48},
    {MHSM_CURVE_P521, "P-521", "secp521r1", 521, 66},
    {MHSM_CURVE_P256K, "P-256K", "secp256k1", 256, 32},
};

/* Further names of curves; SECP256K1 is also an old wire name of P-256K. */
static const struct {
    const char *name;
    mhsm_curve curve;
} curve_aliases[] = {
    {"secp256r1", MHSM_CURVE_P256}, {"P256", MHSM_CURVE_P256},
    {"P384", MHSM_CURVE_P384},      {"P521", MHSM_CURVE_P521},
    {"P256K", MHSM_CURVE_P256K},
};

static const mhsm_parameter_set parameter_sets[] = {
    {"ML-DSA-44", "2.16.840.1.101.3.4.3.17", 1312, 2420},
    {"ML-DSA-65", "2.16.840.1.101.3.4.3.18", 1952, 3309},
    {"ML-DSA-87", "2.16.840.1.101.3.4.3.19", 2592, 4627},
};

static const struct {
    unsigned int operation;
    const char *name;
} operations[] = {
    {MHSM_OP_SIGN, "sign"},       {MHSM_OP_VERIFY, "verify"},
    {MHSM_OP_ENCRYPT, "encrypt"}, {MHSM_OP_DECRYPT, "decrypt"},
    {MHSM_OP_WRAP, "wrapKey"},    {MHSM_OP_UNWRAP, "unwrapKey"},
    {MHSM_OP_IMPORT, "import"},   {MHSM_OP_EXPORT, "export"},
};

static const struct {
    mhsm_key_type type;
    const char *name, *plain;
} types[] = {
    {MHSM_KEY_RSA, "RSA-HSM", "RSA"},
    {MHSM_KEY_EC, "EC-HSM", "EC"},
    {MHSM_KEY_OCT, "oct-HSM", "oct"},
    {MHSM_KEY_AKP, "AKP-HSM", "AKP"},
};

const mhsm_algorithm *mhsm_algorithm_at(size_t index)
{
    return index < COUNT(algorithms) ? &algorithms[index] : NULL;
}

const mhsm_algorithm *mhsm_algorithm_find(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < COUNT(algorithms); i++) {
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

const mhsm_algorithm *mhsm_algorithm_select(unsigned int operation,
                                            mhsm_key_type type,
                                            mhsm_curve curve,
                                            mhsm_padding padding,
                                            size_t digest_size)
{
    const mhsm_algorithm *found = NULL;
    size_t i;

    /* Exactly one operation: its bit is the mask. */
    if (operation == 0 || (operation & (operation - 1)) != 0)
        return NULL;
    for (i = 0; i < COUNT(algorithms); i++) {
        const mhsm_algorithm *row = &algorithms[i];

        if ((row->operations & operation) == 0 || row->type != type ||
            row->curve != curve || row->padding != padding ||
            row->digest_size != digest_size)
            continue;
        /* AES modes differ in nothing that the caller said: no answer is
         * better than the first one. */
        if (found != NULL)
            return NULL;
        found = row;
    }
    return found;
}

const mhsm_curve_info *mhsm_curve_find(mhsm_curve curve)
{
    size_t i;

    for (i = 0; i < COUNT(curves); i++) {
        if (curves[i].curve == curve)
            return &curves[i];
    }
    return NULL;
}

const mhsm_curve_info *mhsm_curve_by_name(const char *name)
{
    size_t i;

    if (name == NULL)
        return NULL;
    for (i = 0; i < COUNT(curves); i++) {
        if (OPENSSL_strcasecmp(curves[i].name, name) == 0 ||
            OPENSSL_strcasecmp(curves[i].group, name) == 0)
            return &curves[i];
    }
    for (i = 0; i < COUNT(curve_aliases); i++) {
        if (OPENSSL_strcasecmp(curve_aliases[i].name, name) == 0)
            return mhsm_curve_find(curve_aliases[i].curve);
    }
    return NULL;
}

const mhsm_parameter_set *mhsm_parameter_set_at(size_t index)
{
    return index < COUNT(parameter_sets) ? &parameter_sets[index] : NULL;
}

const mhsm_parameter_set *mhsm_parameter_set_find(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < COUNT(parameter_sets); i++) {
        if (OPENSSL_strcasecmp(parameter_sets[i].name, name) == 0)
            return &parameter_sets[i];
    }
    return NULL;
}

const char *mhsm_operation_name(unsigned int operation)
{
    size_t i;

    for (i = 0; i < COUNT(operations); i++) {
        if (operations[i].operation == operation)
            return operations[i].name;
    }
    return NULL;
}

unsigned int mhsm_operation_find(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < COUNT(operations); i++) {
        if (strcmp(operations[i].name, name) == 0)
            return operations[i].operation;
    }
    return 0;
}

const char *mhsm_key_type_name(mhsm_key_type type)
{
    size_t i;

    for (i = 0; i < COUNT(types); i++) {
        if (types[i].type == type)
            return types[i].name;
    }
    return "unknown";
}

mhsm_key_type mhsm_key_type_find(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < COUNT(types); i++) {
        if (OPENSSL_strcasecmp(types[i].name, name) == 0 ||
            OPENSSL_strcasecmp(types[i].plain, name) == 0)
            return types[i].type;
    }
    return MHSM_KEY_UNKNOWN;
}
