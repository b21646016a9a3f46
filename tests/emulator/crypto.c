/* SPDX-License-Identifier: MIT
 *
 * The table of algorithms. Which key, which operation and which digest go
 * together is said here and nowhere else.
 */
#include "crypto.h"

#include <openssl/rsa.h>
#include <string.h>

#define SIGNS    (EMU_OP_SIGN | EMU_OP_VERIFY)
#define CIPHERS  (EMU_OP_ENCRYPT | EMU_OP_DECRYPT)
#define WRAPS    (EMU_OP_WRAP | EMU_OP_UNWRAP)
#define PKCS1    RSA_PKCS1_PADDING
#define PSS      RSA_PKCS1_PSS_PADDING
#define OAEP     RSA_PKCS1_OAEP_PADDING
#define FIRST    "7.0"
#define HMAC_AGE "7.6-preview.2"
#define AKP_AGE  EMU_AKP_SINCE

const char emu_crypto_failed[] = "The operation failed";

#define RSA_SIGN(name, md, padding)                                            \
    {                                                                          \
        name, EMU_RSA, SIGNS, NULL, md, 0, padding, FIRST, emu_rsa_signature   \
    }
#define RSA_CIPHER(name, md, padding)                                          \
    {                                                                          \
        name, EMU_RSA, CIPHERS | WRAPS, NULL, md, 0, padding, FIRST,           \
            emu_rsa_cipher                                                     \
    }
#define EC_SIGN(name, crv, md)                                                 \
    {                                                                          \
        name, EMU_EC, SIGNS, crv, md, 0, 0, FIRST, emu_ec_signature            \
    }
#define AKP_SIGN(name)                                                         \
    {                                                                          \
        name, EMU_AKP, SIGNS, name, NULL, 0, 0, AKP_AGE, emu_akp_signature     \
    }
#define OCT_MAC(name, md)                                                      \
    {                                                                          \
        name, EMU_OCT, SIGNS, NULL, md, 0, 0, HMAC_AGE, emu_oct_mac            \
    }
#define OCT(name, ops, cipher, bits, since, run)                               \
    {                                                                          \
        name, EMU_OCT, ops, cipher, NULL, bits, 0, since, run                  \
    }
#define OCT_SIZE(bits, text)                                                   \
    OCT("A" text "GCM", CIPHERS, "AES-" text "-GCM", bits, FIRST,              \
        emu_oct_gcm),                                                          \
        OCT("A" text "CBC", CIPHERS, "AES-" text "-CBC", bits, FIRST,          \
            emu_oct_cbc),                                                      \
        OCT("A" text "CBCPAD", CIPHERS, "AES-" text "-CBC", bits, FIRST,       \
            emu_oct_cbc),                                                      \
        OCT("A" text "KW", WRAPS, "WRAP", bits, FIRST, emu_oct_wrap)

static const struct emu_alg table[] = {
    RSA_SIGN("RS256", "SHA256", PKCS1),
    RSA_SIGN("RS384", "SHA384", PKCS1),
    RSA_SIGN("RS512", "SHA512", PKCS1),
    RSA_SIGN("PS256", "SHA256", PSS),
    RSA_SIGN("PS384", "SHA384", PSS),
    RSA_SIGN("PS512", "SHA512", PSS),
    RSA_SIGN("RSNULL", NULL, PKCS1),
    RSA_CIPHER("RSA1_5", NULL, PKCS1),
    RSA_CIPHER("RSA-OAEP", "SHA1", OAEP),
    RSA_CIPHER("RSA-OAEP-256", "SHA256", OAEP),
    EC_SIGN("ES256", "P-256", "SHA256"),
    EC_SIGN("ES256K", "P-256K", "SHA256"),
    EC_SIGN("ES384", "P-384", "SHA384"),
    EC_SIGN("ES512", "P-521", "SHA512"),
    AKP_SIGN("ML-DSA-44"),
    AKP_SIGN("ML-DSA-65"),
    AKP_SIGN("ML-DSA-87"),
    OCT_MAC("HS256", "SHA256"),
    OCT_MAC("HS384", "SHA384"),
    OCT_MAC("HS512", "SHA512"),
    OCT_SIZE(128, "128"),
    OCT_SIZE(192, "192"),
    OCT_SIZE(256, "256"),
    OCT("CKM_AES_KEY_WRAP", WRAPS, "WRAP", 0, "7.6", emu_oct_wrap),
    OCT("CKM_AES_KEY_WRAP_PAD", WRAPS, "WRAP-PAD", 0, "7.6", emu_oct_wrap),
};

const struct emu_alg *emu_alg_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}
