/* SPDX-License-Identifier: MIT
 *
 * Keys by reference once they are loaded: what they are written and printed
 * as, what they may do, and what becomes of them when the key is rotated, a
 * right is missing, the HSM is away or the module is gone.
 */
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

/* What the HSM's keys are written as. */
static void written(void)
{
    const struct reference *reference = &references[0];
    EVP_PKEY *key = read_pem(contexts[TH_LAST].lib, reference->pem);
    BIO *out = BIO_new(BIO_s_mem());
    char pass[] = "secret", *data;
    PKCS12 *p12;

    CU_ASSERT_EQUAL(EVP_PKEY_print_private(out, key, 0, NULL), 1);
    BIO_write(out, "", 1);
    (void)BIO_get_mem_data(out, &data);
    CU_ASSERT_PTR_NOT_NULL(strstr(data, "RSA-HSM, 2048 bit"));
    CU_ASSERT_PTR_NOT_NULL(strstr(data, reference->version));
    CU_ASSERT_PTR_NOT_NULL(strstr(data, "Key-URI: mhsm://localhost"));
    CU_ASSERT_PTR_NOT_NULL(strstr(data, "sign,verify"));
    CU_ASSERT_PTR_NOT_NULL(strstr(data, "Modulus:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(data, "Exponent: 65537"));
    TH_QUIET();
    (void)BIO_reset(out);
    /* A cipher makes no difference, and nobody is asked for a pass phrase. */
    CU_ASSERT_EQUAL(PEM_write_bio_PrivateKey(out, key, EVP_aes_256_cbc(), NULL,
                                             0, NULL, pass),
                    1);
    CU_ASSERT_EQUAL((size_t)BIO_get_mem_data(out, &data),
                    strlen(reference->pem));
    CU_ASSERT_EQUAL(memcmp(data, reference->pem, strlen(reference->pem)), 0);
    TH_QUIET();
    (void)BIO_reset(out);
    CU_ASSERT_EQUAL(i2d_PrivateKey_bio(out, key), 1);
    CU_ASSERT_EQUAL(BIO_get_mem_data(out, &data), reference->der_size);
    CU_ASSERT_EQUAL(memcmp(data, reference->der, (size_t)reference->der_size),
                    0);
    TH_QUIET();
    CU_ASSERT_PTR_NULL(EVP_PKEY2PKCS8(key));
    TH_ONE_ERROR(reference->name, "PKCS#8", "mhsm key pem");
    p12 = PKCS12_create_ex(pass, NULL, key, NULL, NULL, 0, 0, 0, 0, 0,
                           contexts[TH_LAST].lib, NULL);
    CU_ASSERT_PTR_NULL(p12);
    TH_ONE_ERROR(reference->name, "PKCS#12");
    BIO_free(out);
    EVP_PKEY_free(key);
}

/* Nothing of the HSM's keys is written, and everything is read, printed and
 * used. */
static void not_written(void)
{
    BIO *out = BIO_new(BIO_s_mem());
    struct th_context context;
    EVP_PKEY *key;
    size_t i;

    setenv("MHSM_ENCODE_REFERENCE", "no", 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_ENCODE_REFERENCE");
    for (i = 0; i < COUNT(references); i++) {
        struct th_scheme scheme;

        key = read_pem(context.lib, references[i].pem);
        CU_ASSERT_PTR_NOT_NULL_FATAL(key);
        CU_ASSERT_EQUAL(
            PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 0);
        TH_ONE_ERROR(references[i].name, "encode-reference");
        CU_ASSERT(i2d_PrivateKey_bio(out, key) != 1);
        TH_ONE_ERROR(references[i].name, "encode-reference");
        CU_ASSERT(i2d_PrivateKey(key, NULL) <= 0);
        TH_ONE_ERROR(references[i].name, "encode-reference");
        CU_ASSERT_PTR_NULL(EVP_PKEY2PKCS8(key));
        TH_ONE_ERROR(references[i].name, "PKCS#8");
        CU_ASSERT_EQUAL(BIO_pending(out), 0);
        CU_ASSERT_EQUAL(EVP_PKEY_print_private(out, key, 0, NULL), 1);
        CU_ASSERT_EQUAL(PEM_write_bio_PUBKEY(out, key), 1);
        (void)BIO_reset(out);
        scheme = th_scheme_of(key);
        CU_ASSERT(th_sign_and_verify(context.lib, key, &scheme, "text"));
        TH_QUIET();
        EVP_PKEY_free(key);
    }
    th_context_close(&context);
    BIO_free(out);
}

/* A public selection is the default provider's own text. */
static void public_text(void)
{
    size_t i;

    for (i = 0; i < COUNT(references); i++) {
        EVP_PKEY *key = read_pem(contexts[TH_LAST].lib, references[i].pem);
        BIO *ours = BIO_new(BIO_s_mem()), *expected = BIO_new(BIO_s_mem());
        char *text, *wanted;
        long size;

        CU_ASSERT_EQUAL(EVP_PKEY_print_public(ours, key, 2, NULL), 1);
        CU_ASSERT_EQUAL(
            EVP_PKEY_print_params(ours, key, 2, NULL),
            EVP_PKEY_print_params(expected, references[i].known, 2, NULL));
        (void)BIO_reset(expected);
        EVP_PKEY_print_public(expected, references[i].known, 2, NULL);
        EVP_PKEY_print_params(expected, references[i].known, 2, NULL);
        size = BIO_get_mem_data(expected, &wanted);
        CU_ASSERT_EQUAL_FATAL(BIO_get_mem_data(ours, &text), size);
        CU_ASSERT_EQUAL(memcmp(text, wanted, (size_t)size), 0);
        ERR_clear_error();
        BIO_free(expected);
        BIO_free(ours);
        EVP_PKEY_free(key);
    }
}

/* What the key may be used for is known without the HSM. */
static void operations(void)
{
    struct reference verifier = {"rf-verify", "", NULL, NULL, 0, NULL};
    struct th_scheme scheme = {"SHA256", 0};
    OSSL_LIB_CTX *lib = contexts[TH_LAST].lib;
    EVP_PKEY *key;
    size_t size;
    long before;

    th_key_create(verifier.name,
                  "{\"kty\":\"EC-HSM\",\"crv\":\"P-256\","
                  "\"key_ops\":[\"verify\"]}",
                  verifier.version);
    reference_make(&verifier, lib);
    before = requests();
    key = read_pem(lib, verifier.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT_PTR_NULL(th_sign(lib, key, &scheme, "text", &size));
    TH_ONE_ERROR("rf-verify", "key_ops", "verify");
    CU_ASSERT_EQUAL(requests(), before);
    EVP_PKEY_free(key);
    reference_free(&verifier);
}

/* A context with nothing but the module. */
static void alone(void)
{
    OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider;
    long before = requests();

    OSSL_PROVIDER_set_default_search_path(lib, getenv("TEST_MODULES"));
    provider = OSSL_PROVIDER_load(lib, "mhsm");

    CU_ASSERT_PTR_NOT_NULL_FATAL(provider);
    reference_judge(NULL, read_pem(lib, references[0].pem), &references[0],
                    before, "the module alone");
    reference_judge(NULL, read_pem(lib, references[1].pem), &references[1],
                    before, "the module alone");
    OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(lib);
}

/* Loaded, used, unloaded, and loaded again in one library context: in between,
 * a reference is a file like any other. */
static void unloaded(void)
{
    OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *standard = OSSL_PROVIDER_load(lib, "default");
    char *other = foreign_pem("EC", "P-256");
    struct th_scheme scheme = {"SHA256", 0};
    EVP_PKEY *key;
    int round;

    OSSL_PROVIDER_set_default_search_path(lib, getenv("TEST_MODULES"));
    for (round = 0; round < 3; round++) {
        OSSL_PROVIDER *provider = OSSL_PROVIDER_load(lib, "mhsm");

        CU_ASSERT_PTR_NOT_NULL_FATAL(provider);
        key = read_pem(lib, references[1].pem);
        CU_ASSERT_PTR_NOT_NULL_FATAL(key);
        TH_QUIET();
        CU_ASSERT(th_sign_and_verify(lib, key, &scheme, "text"));
        if (round % 2 == 0) {
            EVP_PKEY_free(key);
            key = NULL;
        }
        OSSL_PROVIDER_unload(provider);
        /* A key keeps what it needs. */
        if (key != NULL)
            CU_ASSERT(th_sign_and_verify(lib, key, &scheme, "text"));
        EVP_PKEY_free(key);
        key = read_pem(lib, other);
        CU_ASSERT_PTR_NOT_NULL(key);
        TH_QUIET();
        EVP_PKEY_free(key);
        key = read_pem(lib, references[1].pem);
        CU_ASSERT_PTR_NULL(key);
        EVP_PKEY_free(key);
        ERR_clear_error();
    }
    OPENSSL_free(other);
    OSSL_PROVIDER_unload(standard);
    OSSL_LIB_CTX_free(lib);
}

static void later_versions_do_not_matter(void)
{
    long before;
    EVP_PKEY *now;

    th_ec_create("rf-ec", "P-256", NULL);
    now = th_public_from_service("rf-ec");
    CU_ASSERT_EQUAL(EVP_PKEY_eq(now, references[1].known), 0);
    before = requests();
    reference_judge(contexts[TH_LAST].lib,
                    read_pem(contexts[TH_LAST].lib, references[1].pem),
                    &references[1], before, "after a rotation");
    EVP_PKEY_free(now);
}

/* A reference is no right: the signature is refused, the loading is not. */
static void without_rights(void)
{
    struct th_principal nobody;
    struct th_context context;
    struct th_scheme scheme;
    EVP_PKEY *key;
    size_t size;

    th_principal_new("rf-nobody", NULL, NULL, &nobody);
    th_principal_use(&nobody);
    th_context_open(&context, TH_LAST);
    key = read_pem(context.lib, references[1].pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    TH_QUIET();
    scheme = th_scheme_of(key);
    CU_ASSERT_PTR_NULL(th_sign(context.lib, key, &scheme, "text", &size));
    TH_ONE_ERROR("403", "keys/sign");
    EVP_PKEY_free(key);
    th_context_close(&context);
    th_environment_reset();
}

/* Away at the start: the program starts, thanks to the reference. */
static void while_the_hsm_is_away(void)
{
    struct th_context context;
    struct th_scheme scheme;
    EVP_PKEY *key;
    size_t size;

    setenv("MHSM_RETRIES", "0", 1);
    th_emulator_kill();
    th_context_open(&context, TH_LAST);
    key = read_pem(context.lib, references[1].pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    TH_QUIET();
    scheme = th_scheme_of(key);
    CU_ASSERT_PTR_NULL(th_sign(context.lib, key, &scheme, "text", &size));
    TH_ONE_ERROR("connect");
    th_emulator_start();
    CU_ASSERT(th_sign_and_verify(context.lib, key, &scheme, "text"));
    TH_QUIET();
    EVP_PKEY_free(key);
    th_context_close(&context);
    unsetenv("MHSM_RETRIES");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"references", references_prepare},
        {"what is written", written},
        {"what is not written", not_written},
        {"public text", public_text},
        {"operations", operations},
        {"the module alone", alone},
        {"unloaded", unloaded},
        {"later versions", later_versions_do_not_matter},
        {"without rights", without_rights},
        {"while the HSM is away", while_the_hsm_is_away},
        {"the end", references_end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: the use of key references", tests);
}
