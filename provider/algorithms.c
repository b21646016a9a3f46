/* SPDX-License-Identifier: MIT
 *
 * What the provider offers: the names of its algorithms, operation by
 * operation, and the tables of functions behind them.  The tables never change
 * after the options were read and may be kept: SSL_CTX_new asks before any key
 * is loaded, and must see everything.
 */
#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cipher.h"
#include "decoder.h"
#include "dispatch.h"
#include "key.h"
#include "mldsa.h"
#include "prov.h"

/* The same keys as RSA to the service, and another type to OpenSSL. */
#define RSA_PSS "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10"
#ifdef MP_ML_DSA
#define ML_DSA_44 "ML-DSA-44:MLDSA44:2.16.840.1.101.3.4.3.17:id-ml-dsa-44"
#define ML_DSA_65 "ML-DSA-65:MLDSA65:2.16.840.1.101.3.4.3.18:id-ml-dsa-65"
#define ML_DSA_87 "ML-DSA-87:MLDSA87:2.16.840.1.101.3.4.3.19:id-ml-dsa-87"
#endif

static const OSSL_ALGORITHM keymgmt[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", MP_PROPERTIES, mp_rsa_keymgmt,
     "RSA keys in Azure Managed HSM"},
    {RSA_PSS, MP_PROPERTIES, mp_pss_keymgmt,
     "RSA keys for PSS alone in Azure Managed HSM"},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", MP_PROPERTIES, mp_ec_keymgmt,
     "EC keys in Azure Managed HSM"},
    {MP_AES, MP_PROPERTIES, mp_aes_keymgmt, "AES keys in Azure Managed HSM"},
#ifdef MP_ML_DSA
    {ML_DSA_44, MP_PROPERTIES, mp_mldsa44_keymgmt,
     "ML-DSA-44 keys in Azure Managed HSM"},
    {ML_DSA_65, MP_PROPERTIES, mp_mldsa65_keymgmt,
     "ML-DSA-65 keys in Azure Managed HSM"},
    {ML_DSA_87, MP_PROPERTIES, mp_mldsa87_keymgmt,
     "ML-DSA-87 keys in Azure Managed HSM"},
#endif
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signature[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", MP_PROPERTIES, mp_rsa_signature,
     "RSA PKCS#1 v1.5 and PSS signatures in Azure Managed HSM"},
    {"ECDSA", MP_PROPERTIES, mp_ecdsa_signature,
     "ECDSA signatures in Azure Managed HSM"},
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
    {"RSA-SHA2-256:RSA-SHA256:sha256WithRSAEncryption:1.2.840.113549.1.1.11",
     MP_PROPERTIES, mp_rsa_sha256_signature, "RSA PKCS#1 v1.5 with SHA-256"},
    {"RSA-SHA2-384:RSA-SHA384:sha384WithRSAEncryption:1.2.840.113549.1.1.12",
     MP_PROPERTIES, mp_rsa_sha384_signature, "RSA PKCS#1 v1.5 with SHA-384"},
    {"RSA-SHA2-512:RSA-SHA512:sha512WithRSAEncryption:1.2.840.113549.1.1.13",
     MP_PROPERTIES, mp_rsa_sha512_signature, "RSA PKCS#1 v1.5 with SHA-512"},
    {"ECDSA-SHA2-256:ECDSA-SHA256:ecdsa-with-SHA256:1.2.840.10045.4.3.2",
     MP_PROPERTIES, mp_ecdsa_sha256_signature, "ECDSA with SHA-256"},
    {"ECDSA-SHA2-384:ECDSA-SHA384:ecdsa-with-SHA384:1.2.840.10045.4.3.3",
     MP_PROPERTIES, mp_ecdsa_sha384_signature, "ECDSA with SHA-384"},
    {"ECDSA-SHA2-512:ECDSA-SHA512:ecdsa-with-SHA512:1.2.840.10045.4.3.4",
     MP_PROPERTIES, mp_ecdsa_sha512_signature, "ECDSA with SHA-512"},
#endif
#ifdef MP_ML_DSA
    {ML_DSA_44, MP_PROPERTIES, mp_mldsa44_signature,
     "ML-DSA-44 signatures in Azure Managed HSM"},
    {ML_DSA_65, MP_PROPERTIES, mp_mldsa65_signature,
     "ML-DSA-65 signatures in Azure Managed HSM"},
    {ML_DSA_87, MP_PROPERTIES, mp_mldsa87_signature,
     "ML-DSA-87 signatures in Azure Managed HSM"},
#endif
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM asym_cipher[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", MP_PROPERTIES,
     mp_rsa_asym_cipher, "RSA decryption in Azure Managed HSM"},
    {MP_AES, MP_PROPERTIES, mp_aes_asym_cipher,
     "AES key wrap in Azure Managed HSM"},
    {NULL, NULL, NULL, NULL},
};

#ifdef OSSL_OP_SKEYMGMT
static const OSSL_ALGORITHM skeymgmt[] = {
    {MP_AES, MP_PROPERTIES, mp_aes_skeymgmt, "AES keys in Azure Managed HSM"},
    {NULL, NULL, NULL, NULL},
};

#define CIPHERS(bits)                                                          \
    {MP_AES "-" #bits "-GCM", MP_PROPERTIES, mp_aes##bits##_gcm_cipher,        \
     "AES-" #bits "-GCM in Azure Managed HSM"},                                \
        {MP_AES "-" #bits "-CBC", MP_PROPERTIES, mp_aes##bits##_cbc_cipher,    \
         "AES-" #bits "-CBC in Azure Managed HSM"},                            \
    {                                                                          \
        MP_AES "-" #bits "-WRAP", MP_PROPERTIES, mp_aes##bits##_wrap_cipher,   \
            "AES-" #bits " key wrap in Azure Managed HSM"                      \
    }

static const OSSL_ALGORITHM cipher[] = {
    CIPHERS(128),
    CIPHERS(192),
    CIPHERS(256),
    {NULL, NULL, NULL, NULL},
};
#endif

static const OSSL_ALGORITHM generators[] = {
    {"MHSM-RNG", MP_PROPERTIES, mp_rand,
     "The random number generator of Azure Managed HSM"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM store[] = {
    {"mhsm", MP_PROPERTIES, mp_store, "Keys of Azure Managed HSM by URI"},
    {"managedhsm", MP_PROPERTIES, mp_store,
     "Keys of Azure Managed HSM by URI, as in Microsoft's provider"},
    {NULL, NULL, NULL, NULL},
};

#define PEM_PROPERTIES MP_PROPERTIES ",input=pem"
#define DER_PROPERTIES                                                         \
    MP_PROPERTIES ",input=der,structure=" MP_REFERENCE_STRUCTURE

static const OSSL_ALGORITHM decoder[] = {
    {"DER", PEM_PROPERTIES, mp_pem_decoder, "Key references in PEM"},
    {"DER", MP_PROPERTIES ",input=der", mp_der_decoder, "Key references"},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", DER_PROPERTIES, mp_rsa_decoder,
     "References to RSA keys"},
    {RSA_PSS, DER_PROPERTIES, mp_pss_decoder, "References to RSA-PSS keys"},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", DER_PROPERTIES, mp_ec_decoder,
     "References to EC keys"},
    {MP_AES, DER_PROPERTIES, mp_aes_decoder, "References to AES keys"},
#ifdef MP_ML_DSA
    {ML_DSA_44, DER_PROPERTIES, mp_mldsa44_decoder,
     "References to ML-DSA-44 keys"},
    {ML_DSA_65, DER_PROPERTIES, mp_mldsa65_decoder,
     "References to ML-DSA-65 keys"},
    {ML_DSA_87, DER_PROPERTIES, mp_mldsa87_decoder,
     "References to ML-DSA-87 keys"},
#endif
    {NULL, NULL, NULL, NULL},
};

#define TO_PEM(structure) MP_PROPERTIES ",output=pem,structure=" structure
#define TO_DER(structure) MP_PROPERTIES ",output=der,structure=" structure
/* The forms of every key type. */
#define PKCS8_ENCODERS(names, keys)                                            \
    {names, MP_PROPERTIES ",output=text", mp_text_encoder, keys " as text"},   \
        {names, TO_PEM("PrivateKeyInfo"), mp_pem_pki_encoder,                  \
         "References to " keys},                                               \
        {names, TO_PEM("EncryptedPrivateKeyInfo"), mp_pem_epki_encoder,        \
         "References to " keys},                                               \
        {names, TO_PEM("SubjectPublicKeyInfo"), mp_pem_spki_encoder,           \
         "Public " keys},                                                      \
        {names, TO_DER("SubjectPublicKeyInfo"), mp_der_spki_encoder,           \
         "Public " keys},                                                      \
        {names, TO_DER("PrivateKeyInfo"), mp_der_pki_encoder,                  \
         "PKCS#8 of software " keys},                                          \
    {                                                                          \
        names, TO_DER("EncryptedPrivateKeyInfo"), mp_der_epki_encoder,         \
            "PKCS#8 of software " keys                                         \
    }
/* And the forms that are the key type's own. */
#define ENCODERS(names, keys, specific)                                        \
    PKCS8_ENCODERS(names, keys),                                               \
        {names, TO_PEM("type-specific"), mp_pem_##specific##_encoder,          \
         "References to " keys},                                               \
    {                                                                          \
        names, TO_DER("type-specific"), mp_der_##specific##_encoder,           \
            "References to " keys                                              \
    }

static const OSSL_ALGORITHM encoder[] = {
    ENCODERS("RSA:rsaEncryption:1.2.840.113549.1.1.1", "RSA keys", specific),
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", TO_PEM("pkcs1"),
     mp_pem_pkcs1_encoder, "PKCS#1 of software RSA keys"},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", TO_DER("pkcs1"),
     mp_der_pkcs1_encoder, "PKCS#1 of software RSA keys"},
    PKCS8_ENCODERS(RSA_PSS, "RSA-PSS keys"),
    {RSA_PSS, TO_PEM("pkcs1"), mp_pem_pkcs1_encoder,
     "PKCS#1 of software RSA-PSS keys"},
    {RSA_PSS, TO_DER("pkcs1"), mp_der_pkcs1_encoder,
     "PKCS#1 of software RSA-PSS keys"},
    ENCODERS("EC:id-ecPublicKey:1.2.840.10045.2.1", "EC keys", ec_specific),
    PKCS8_ENCODERS(MP_AES, "AES keys"),
#ifdef MP_ML_DSA
    PKCS8_ENCODERS(ML_DSA_44, "ML-DSA-44 keys"),
    PKCS8_ENCODERS(ML_DSA_65, "ML-DSA-65 keys"),
    PKCS8_ENCODERS(ML_DSA_87, "ML-DSA-87 keys"),
#endif
    {NULL, NULL, NULL, NULL},
};

/* With the names that the option `block-operations` has for them. */
static const struct {
    int operation;
    const char *name;
    const OSSL_ALGORITHM *algorithms;
} operations[] = {
    {OSSL_OP_KEYMGMT, "keymgmt", keymgmt},
    {OSSL_OP_SIGNATURE, "signature", signature},
    {OSSL_OP_ASYM_CIPHER, "asym_cipher", asym_cipher},
    {OSSL_OP_STORE, "store", store},
    {OSSL_OP_RAND, "rand", generators},
#ifdef OSSL_OP_SKEYMGMT
    {OSSL_OP_SKEYMGMT, "skeymgmt", skeymgmt},
    {OSSL_OP_CIPHER, "cipher", cipher},
#endif
    {OSSL_OP_DECODER, "decoder", decoder},
    {OSSL_OP_ENCODER, "encoder", encoder},
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* Whether a comma list has the word. */
static int lists(const char *list, const char *word)
{
    size_t size = strlen(word);

    while (list != NULL) {
        if (strncmp(list, word, size) == 0 &&
            (list[size] == ',' || list[size] == '\0'))
            return 1;
        list = strchr(list, ',');
        if (list != NULL)
            list++;
    }
    return 0;
}

/* What queries for FIPS see: the same with one more property. */
struct mp_algorithms {
    OSSL_ALGORITHM *fips[OPERATIONS];
};

/* "provider=mhsm,..." gets ",fips=yes" after the first property. */
static char *fips_properties(const char *properties)
{
    const char *rest = properties + strlen(MP_PROPERTIES);
    size_t size = strlen(properties) + sizeof(",fips=yes");
    char *made = OPENSSL_malloc(size);

    if (made == NULL)
        return NULL;
    OPENSSL_strlcpy(made, MP_PROPERTIES ",fips=yes", size);
    OPENSSL_strlcat(made, rest, size);
    return made;
}

static void table_free(OSSL_ALGORITHM *table)
{
    for (size_t i = 0; table != NULL && table[i].algorithm_names != NULL; i++)
        OPENSSL_free((void *)(uintptr_t)table[i].property_definition);
    OPENSSL_free(table);
}

static OSSL_ALGORITHM *fips_table(const OSSL_ALGORITHM *from)
{
    OSSL_ALGORITHM *table;
    size_t count = 0, i;

    while (from[count].algorithm_names != NULL)
        count++;
    table = OPENSSL_zalloc((count + 1) * sizeof(*table));
    for (i = 0; table != NULL && i < count; i++) {
        char *properties = fips_properties(from[i].property_definition);

        if (properties == NULL) {
            table_free(table);
            return NULL;
        }
        table[i] = from[i];
        table[i].property_definition = properties;
    }
    return table;
}

void mp_algorithms_free(struct mp_prov *prov)
{
    for (size_t i = 0; prov->algorithms != NULL && i < OPERATIONS; i++)
        table_free(prov->algorithms->fips[i]);
    OPENSSL_free(prov->algorithms);
    prov->algorithms = NULL;
}

int mp_algorithms_assume_fips(struct mp_prov *prov)
{
    prov->algorithms = OPENSSL_zalloc(sizeof(*prov->algorithms));
    for (size_t i = 0; prov->algorithms != NULL && i < OPERATIONS; i++) {
        prov->algorithms->fips[i] = fips_table(operations[i].algorithms);
        if (prov->algorithms->fips[i] == NULL)
            mp_algorithms_free(prov);
    }
    return prov->algorithms != NULL;
}

const OSSL_ALGORITHM *
mp_provider_query_operation(void *provctx, int operation_id, int *no_store)
{
    const struct mp_prov *prov = provctx;

    *no_store = 0;
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (operations[i].operation != operation_id)
            continue;
        if (lists(mp_prov_option(prov, "block-operations"), operations[i].name))
            return NULL;
        return prov->algorithms != NULL ? prov->algorithms->fips[i]
                                        : operations[i].algorithms;
    }
    return NULL;
}
