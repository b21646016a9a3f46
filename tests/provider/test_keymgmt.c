/* SPDX-License-Identifier: MIT
 *
 * The key object: equality in every direction, duplicates, parameters, export
 * of the public part and silent refusal of the private one, checks, and the
 * certificates that are compared with it.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct {
    const char *name, *curve, *group;
    int bits, security, size;
    EVP_PKEY *key;   /* of the module */
    EVP_PKEY *known; /* as the service tells it, of the default provider */
} keys[] = {
    {"km-2048", NULL, NULL, 2048, 112, 256, NULL, NULL},
    {"km-3072", NULL, NULL, 3072, 128, 384, NULL, NULL},
    {"km-4096", NULL, NULL, 4096, 152, 512, NULL, NULL},
    {"km-256", "P-256", "prime256v1", 256, 128, 72, NULL, NULL},
    {"km-384", "P-384", "secp384r1", 384, 192, 104, NULL, NULL},
    {"km-521", "P-521", "secp521r1", 521, 256, 139, NULL, NULL},
    {"km-256k", "P-256K", "secp256k1", 256, 128, 72, NULL, NULL},
};

static struct th_context last;
static EVP_PKEY *other_rsa, *other_ec; /* of the module, other keys */

static void prepare(void)
{
    char uri[64];
    size_t i;

    th_rsa_create("km-other-rsa", 2048, NULL);
    th_ec_create("km-other-ec", "P-256", NULL);
    th_context_open(&last, TH_LAST);
    other_rsa = th_must_open(last.lib, "mhsm:km-other-rsa");
    other_ec = th_must_open(last.lib, "mhsm:km-other-ec");
    for (i = 0; i < COUNT(keys); i++) {
        if (keys[i].curve == NULL)
            th_rsa_create(keys[i].name, keys[i].bits, NULL);
        else
            th_ec_create(keys[i].name, keys[i].curve, NULL);
        snprintf(uri, sizeof(uri), "mhsm:%s", keys[i].name);
        keys[i].key = th_must_open(last.lib, uri);
        keys[i].known = th_public_from_service(keys[i].name);
    }
}

static void equality(void)
{
    char uri[64];
    size_t i, j;

    for (i = 0; i < COUNT(keys); i++) {
        EVP_PKEY *key = keys[i].key, *again, *public, *exported;

        snprintf(uri, sizeof(uri), "mhsm:%s", keys[i].name);
        again = th_must_open(last.lib, uri);
        public = th_open_as(last.lib, uri, OSSL_STORE_INFO_PUBKEY);
        exported = th_public(key);
        TH_TRUE(EVP_PKEY_eq(key, key) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_eq(key, again) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_eq(key, public) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_eq(public, key) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_eq(key, exported) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_eq(exported, key) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_eq(key, keys[i].known) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_eq(keys[i].known, key) == 1, "%s", uri);
        TH_TRUE(EVP_PKEY_parameters_eq(key, exported) == 1 ||
                    keys[i].curve == NULL,
                "%s", uri);
        TH_QUIET();
        EVP_PKEY_free(again);
        EVP_PKEY_free(public);
        EVP_PKEY_free(exported);
        for (j = 0; j < COUNT(keys); j++) {
            TH_TRUE(i == j || EVP_PKEY_eq(key, keys[j].key) != 1, "%s, %s",
                    keys[i].name, keys[j].name);
            TH_TRUE(i == j || EVP_PKEY_eq(key, keys[j].known) != 1, "%s, %s",
                    keys[i].name, keys[j].name);
            TH_TRUE(i == j || EVP_PKEY_eq(keys[j].known, key) != 1, "%s, %s",
                    keys[i].name, keys[j].name);
        }
        ERR_clear_error(); /* libcrypto's word on different types */
    }
    CU_ASSERT_EQUAL(EVP_PKEY_eq(keys[0].key, other_rsa), 0);
    CU_ASSERT_EQUAL(EVP_PKEY_eq(keys[3].key, other_ec), 0);
    TH_QUIET();
}

static void duplicates(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        struct th_scheme scheme = th_scheme_of(keys[i].key);
        EVP_PKEY *copy = EVP_PKEY_dup(keys[i].key), *second;

        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        second = EVP_PKEY_dup(copy);
        TH_TRUE(EVP_PKEY_eq(copy, keys[i].key) == 1, "%s", keys[i].name);
        EVP_PKEY_free(copy);
        TH_TRUE(th_sign_and_verify(last.lib, second, &scheme, "a copy"), "%s",
                keys[i].name);
        EVP_PKEY_free(second);
    }
    TH_QUIET();
}

static void sizes(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        EVP_PKEY *key = keys[i].key;
        char group[64] = "";

        TH_TRUE(EVP_PKEY_get_bits(key) == keys[i].bits, "%s", keys[i].name);
        TH_TRUE(EVP_PKEY_get_security_bits(key) == keys[i].security, "%s: %d",
                keys[i].name, EVP_PKEY_get_security_bits(key));
        TH_TRUE(EVP_PKEY_get_size(key) == keys[i].size, "%s: %d", keys[i].name,
                EVP_PKEY_get_size(key));
        TH_TRUE(EVP_PKEY_get_size(key) == EVP_PKEY_get_size(keys[i].known),
                "%s", keys[i].name);
        if (keys[i].curve == NULL) {
            TH_TRUE(EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_can_sign(key), "%s",
                    keys[i].name);
            TH_TRUE(EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, "%s",
                    keys[i].name);
        } else {
            TH_TRUE(EVP_PKEY_is_a(key, "EC") && EVP_PKEY_can_sign(key), "%s",
                    keys[i].name);
            TH_TRUE(EVP_PKEY_get_base_id(key) == EVP_PKEY_EC, "%s",
                    keys[i].name);
            TH_TRUE(EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) &&
                        strcmp(group, keys[i].group) == 0,
                    "%s: %s", keys[i].name, group);
        }
    }
    TH_QUIET();
}

static int same_number(EVP_PKEY *one, EVP_PKEY *two, const char *name)
{
    BIGNUM *a = NULL, *b = NULL;
    int same = EVP_PKEY_get_bn_param(one, name, &a) == 1 &&
               EVP_PKEY_get_bn_param(two, name, &b) == 1 && BN_cmp(a, b) == 0;

    BN_free(a);
    BN_free(b);
    return same;
}

static int same_octets(EVP_PKEY *one, EVP_PKEY *two, const char *name)
{
    unsigned char a[512], b[512];
    size_t a_size = 0, b_size = 0;

    return EVP_PKEY_get_octet_string_param(one, name, a, sizeof(a), &a_size) ==
               1 &&
           EVP_PKEY_get_octet_string_param(two, name, b, sizeof(b), &b_size) ==
               1 &&
           a_size == b_size && a_size > 0 && memcmp(a, b, a_size) == 0;
}

static void public_numbers(void)
{
    static const char *const rsa[] = {OSSL_PKEY_PARAM_RSA_N,
                                      OSSL_PKEY_PARAM_RSA_E};
    static const char *const point[] = {OSSL_PKEY_PARAM_EC_PUB_X,
                                        OSSL_PKEY_PARAM_EC_PUB_Y};
    size_t i, j;

    for (i = 0; i < COUNT(keys); i++) {
        EVP_PKEY *key = keys[i].key, *known = keys[i].known;

        for (j = 0; j < 2; j++)
            TH_TRUE(same_number(key, known,
                                keys[i].curve == NULL ? rsa[j] : point[j]),
                    "%s number %zu", keys[i].name, j);
        if (keys[i].curve == NULL)
            continue;
        TH_TRUE(same_octets(key, known, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY),
                "%s", keys[i].name);
        TH_TRUE(same_octets(key, known, OSSL_PKEY_PARAM_PUB_KEY), "%s",
                keys[i].name);
    }
    TH_QUIET();
}

static void same_subject_public_key_info(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        unsigned char *ours = NULL, *theirs = NULL;
        int size = i2d_PUBKEY(keys[i].key, &ours);
        int expected = i2d_PUBKEY(keys[i].known, &theirs);

        TH_TRUE(size > 0 && size == expected &&
                    memcmp(ours, theirs, (size_t)size) == 0,
                "%s", keys[i].name);
        OPENSSL_free(ours);
        OPENSSL_free(theirs);
    }
    TH_QUIET();
}

/* Programs ask, libcrypto itself asks before every operation: the answer is
 * no, and nobody is told. */
static void private_parts_stay(void)
{
    static const int selections[] = {EVP_PKEY_KEYPAIR,
                                     OSSL_KEYMGMT_SELECT_PRIVATE_KEY};
    static const char *const numbers[] = {OSSL_PKEY_PARAM_RSA_D,
                                          OSSL_PKEY_PARAM_RSA_FACTOR1,
                                          OSSL_PKEY_PARAM_PRIV_KEY};
    size_t i, j;

    for (i = 0; i < COUNT(keys); i++) {
        OSSL_PARAM *params = NULL;
        BIGNUM *number = NULL;

        for (j = 0; j < COUNT(selections); j++) {
            TH_TRUE(EVP_PKEY_todata(keys[i].key, selections[j], &params) != 1,
                    "%s", keys[i].name);
            OSSL_PARAM_free(params);
            params = NULL;
            TH_QUIET();
        }
        for (j = 0; j < COUNT(numbers); j++) {
            TH_TRUE(EVP_PKEY_get_bn_param(keys[i].key, numbers[j], &number) !=
                        1,
                    "%s %s", keys[i].name, numbers[j]);
            ERR_clear_error();
        }
        TH_TRUE(EVP_PKEY_todata(keys[i].key, EVP_PKEY_PUBLIC_KEY, &params) == 1,
                "%s", keys[i].name);
        OSSL_PARAM_free(params);
        TH_QUIET();
    }
}

static void checks(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_pkey(last.lib, keys[i].key, NULL);

        TH_TRUE(EVP_PKEY_public_check(ctx) == 1, "%s", keys[i].name);
        TH_TRUE(EVP_PKEY_public_check_quick(ctx) == 1, "%s", keys[i].name);
        TH_TRUE(EVP_PKEY_check(ctx) == 1, "%s", keys[i].name);
        TH_TRUE(EVP_PKEY_pairwise_check(ctx) == 1, "%s", keys[i].name);
        TH_TRUE(keys[i].curve == NULL || EVP_PKEY_param_check(ctx) == 1, "%s",
                keys[i].name);
        EVP_PKEY_CTX_free(ctx);
    }
    TH_QUIET();
}

static int print(BIO *out, EVP_PKEY *key)
{
    return EVP_PKEY_print_public(out, key, 0, NULL) == 1;
}

static void printing(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        BIO *ours = BIO_new(BIO_s_mem()), *theirs = BIO_new(BIO_s_mem());
        char *a = NULL, *b = NULL;
        long size, expected;

        TH_TRUE(print(ours, keys[i].key), "%s", keys[i].name);
        TH_TRUE(print(theirs, keys[i].known), "%s", keys[i].name);
        size = BIO_get_mem_data(ours, &a);
        expected = BIO_get_mem_data(theirs, &b);
        TH_TRUE(size == expected && memcmp(a, b, (size_t)size) == 0, "%s",
                keys[i].name);
        BIO_free(ours);
        BIO_free(theirs);
    }
    TH_QUIET();
}

/* PEM of the private key must fail or hold no private key; never crash. */
static void private_pem(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        BIO *out = BIO_new(BIO_s_mem());
        EVP_PKEY *back;

        if (PEM_write_bio_PrivateKey(out, keys[i].key, NULL, NULL, 0, NULL,
                                     NULL) == 1) {
            back = PEM_read_bio_PrivateKey_ex(out, NULL, NULL, NULL, th_plain(),
                                              NULL);
            TH_TRUE(back == NULL, "%s", keys[i].name);
            EVP_PKEY_free(back);
        }
        ERR_clear_error();
        BIO_free(out);
    }
}

static void certificates(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        struct th_scheme scheme = th_scheme_of(keys[i].key);
        X509 *certificate =
            th_certificate(last.lib, keys[i].key, keys[i].key, &scheme);
        EVP_PKEY *wrong = keys[i].curve == NULL ? other_rsa : other_ec;

        CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
        TH_TRUE(X509_check_private_key(certificate, keys[i].key) == 1, "%s",
                keys[i].name);
        TH_TRUE(X509_verify(certificate, keys[i].known) == 1, "%s",
                keys[i].name);
        TH_TRUE(X509_verify(certificate, keys[i].key) == 1, "%s", keys[i].name);
        TH_QUIET();
        TH_TRUE(X509_check_private_key(certificate, wrong) != 1, "%s",
                keys[i].name);
        ERR_clear_error();
        X509_free(certificate);
    }
}

/* A key of the module serves where a template of parameters is wanted. */
static void as_a_template(void)
{
    EVP_PKEY *bare = EVP_PKEY_new(), *made = NULL;
    EVP_PKEY_CTX *ctx;

    CU_ASSERT_EQUAL(EVP_PKEY_copy_parameters(bare, keys[4].key), 1);
    CU_ASSERT_EQUAL(EVP_PKEY_parameters_eq(bare, keys[4].key), 1);
    EVP_PKEY_free(bare);
    TH_QUIET();
    ctx = EVP_PKEY_CTX_new_from_pkey(last.lib, keys[4].key, NULL);
    CU_ASSERT(EVP_PKEY_keygen_init(ctx) > 0);
    CU_ASSERT(EVP_PKEY_keygen(ctx, &made) > 0);
    CU_ASSERT(made != NULL && EVP_PKEY_get_bits(made) == 384 &&
              EVP_PKEY_eq(made, keys[4].key) == 0);
    EVP_PKEY_free(made);
    EVP_PKEY_CTX_free(ctx);
    TH_QUIET();
}

/* Programs unload providers with keys still in hand: no crash, whatever the
 * keys can still do. */
static void keys_outlive_their_context(void)
{
    struct th_scheme scheme = {"SHA256", 0};
    struct th_context context;
    EVP_PKEY *key, *copy;
    unsigned char *signature;
    size_t size;

    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:km-256");
    CU_ASSERT(OSSL_PROVIDER_unload(context.providers[1]) == 1);
    copy = EVP_PKEY_dup(key);
    CU_ASSERT_EQUAL(EVP_PKEY_get_bits(key), 256);
    signature = th_sign(context.lib, key, &scheme, "text", &size);
    OPENSSL_free(signature);
    ERR_clear_error();
    EVP_PKEY_free(copy);
    EVP_PKEY_free(key);
    OSSL_PROVIDER_unload(context.providers[0]);
    OSSL_LIB_CTX_free(context.lib);
}

static void all_of_it_was_local(void)
{
    CU_ASSERT_EQUAL(th_route("GET /keys/{name}/{version}"), 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys load", prepare},
        {"equality", equality},
        {"duplicates", duplicates},
        {"sizes", sizes},
        {"public numbers", public_numbers},
        {"SubjectPublicKeyInfo", same_subject_public_key_info},
        {"private parts stay", private_parts_stay},
        {"checks", checks},
        {"printing", printing},
        {"private PEM", private_pem},
        {"certificates", certificates},
        {"as a template", as_a_template},
        {"all of it was local", all_of_it_was_local},
        {"keys outlive their context", keys_outlive_their_context},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: keys", tests);
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        EVP_PKEY_free(keys[i].key);
        EVP_PKEY_free(keys[i].known);
    }
    EVP_PKEY_free(other_rsa);
    EVP_PKEY_free(other_ec);
    th_context_close(&last);
    return code;
}
