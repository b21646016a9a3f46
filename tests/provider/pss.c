/* SPDX-License-Identifier: MIT
 *
 * What the tests of RSA keys for PSS alone share.
 */
#include "pss.h"

#include <string.h>

#include <openssl/rsa.h>

static const char text[] = "what is signed here";

const struct pss_limits pss_limits[LIMITS] = {
    {"any", NULL, NULL, -1},
    {"sha256", "SHA256", "SHA256", 32},
    {"sha384", "SHA384", "SHA384", 48},
    /* Not of the HSM. */
    {"sha256, salt 20", "SHA256", "SHA256", 20},
    {"sha256, MGF1 sha1", "SHA256", "SHA1", 40},
    {"sha1", "SHA1", NULL, -1},
    {"plain RSA", NULL, NULL, -1},
};

const struct pss_settings pss_settings[SETTINGS] = {
    {NULL, NULL, KEEP, KEEP},
    {"SHA256", NULL, KEEP, KEEP},
    {"SHA384", NULL, KEEP, KEEP},
    {"SHA512", NULL, KEEP, KEEP},
    {"SHA1", NULL, KEEP, KEEP},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, KEEP},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 32},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 20},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 48},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_MAX},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO},
    {"SHA256", "SHA256", KEEP, KEEP},
    {"SHA256", "SHA384", KEEP, KEEP},
    {"SHA384", "SHA384", KEEP, RSA_PSS_SALTLEN_DIGEST},
    {"SHA256", NULL, RSA_PKCS1_PADDING, KEEP},
    {"SHA256", NULL, RSA_X931_PADDING, KEEP},
    {NULL, NULL, RSA_NO_PADDING, KEEP},
};

int pss_apply(EVP_PKEY_CTX *ctx, const struct pss_settings *set)
{
    return (set->padding == KEEP ||
            EVP_PKEY_CTX_set_rsa_padding(ctx, set->padding) > 0) &&
           (set->mgf1 == NULL ||
            EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, set->mgf1, NULL) > 0) &&
           (set->salt == KEEP ||
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, set->salt) > 0);
}

int pss_sign(OSSL_LIB_CTX *lib, EVP_PKEY *key, const struct pss_settings *set,
             unsigned char *signature, size_t *size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int stage = 0;

    if (EVP_DigestSignInit_ex(ctx, &pctx, set->digest, lib, NULL, key, NULL) >
        0)
        stage = pss_apply(pctx, set) ? 2 : 1;
    if (stage == 2 &&
        EVP_DigestSign(ctx, signature, size, (const unsigned char *)text,
                       strlen(text)) > 0)
        stage = 3;
    EVP_MD_CTX_free(ctx);
    return stage;
}

int pss_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, const struct pss_settings *set,
               const unsigned char *signature, size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int stage = 0;

    if (EVP_DigestVerifyInit_ex(ctx, &pctx, set->digest, lib, NULL, key, NULL) >
        0)
        stage = pss_apply(pctx, set) ? 2 : 1;
    if (stage == 2 &&
        EVP_DigestVerify(ctx, signature, size, (const unsigned char *)text,
                         strlen(text)) == 1)
        stage = 3;
    EVP_MD_CTX_free(ctx);
    return stage;
}

static size_t spki(EVP_PKEY *key, unsigned char **der)
{
    int size = i2d_PUBKEY(key, der);

    return size > 0 ? (size_t)size : 0;
}

int pss_same_spki(EVP_PKEY *a, EVP_PKEY *b)
{
    unsigned char *one = NULL, *two = NULL;
    size_t size = spki(a, &one);
    int same = size > 0 && spki(b, &two) == size && memcmp(one, two, size) == 0;

    OPENSSL_free(one);
    OPENSSL_free(two);
    return same;
}

void pss_handshakes(OSSL_LIB_CTX *server, OSSL_LIB_CTX *client, EVP_PKEY *key,
                    const char *what)
{
    struct th_scheme scheme = {"SHA256", 0};
    struct th_tls tls = {.server_lib = server, .client_lib = client};
    int version;

    tls.key = key;
    tls.certificate = th_certificate(server, key, key, &scheme);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tls.certificate);
    tls.sigalgs = "rsa_pss_pss_sha256";
    for (version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls.version = version;
        TH_TRUE(th_handshake(&tls), "%s, version %x", what,
                (unsigned int)version);
    }
    TH_QUIET();
    X509_free(tls.certificate);
}
