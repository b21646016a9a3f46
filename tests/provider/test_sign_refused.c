/* SPDX-License-Identifier: MIT
 *
 * Signatures that the service does not make: wrong digests, sizes, paddings,
 * salts and buffers.  Each is refused with one clear entry, before a request
 * is spent on it.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char text[] = "what is signed here is of no importance";

static struct {
    const char *name, *curve;
    EVP_PKEY *key;
} keys[] = {
    {"no-rsa", NULL, NULL},      {"no-256", "P-256", NULL},
    {"no-384", "P-384", NULL},   {"no-521", "P-521", NULL},
    {"no-256k", "P-256K", NULL},
};

static struct th_context last;
static EVP_PKEY *rsa, *ec, *judge; /* judge: the RSA key, of default */

static void prepare(void)
{
    char uri[64];
    size_t i;

    th_context_open(&last, TH_LAST);
    for (i = 0; i < COUNT(keys); i++) {
        if (keys[i].curve == NULL)
            th_rsa_create(keys[i].name, 2048, NULL);
        else
            th_ec_create(keys[i].name, keys[i].curve, NULL);
        snprintf(uri, sizeof(uri), "mhsm:%s", keys[i].name);
        keys[i].key = th_must_open(last.lib, uri);
    }
    rsa = keys[0].key;
    ec = keys[1].key;
    judge = th_public(rsa);
}

static void wrong_input_is_refused(void)
{
    static const struct {
        size_t key, size;
        const char *digest;
        int padding;
    } rows[] = {
        {0, 31, "SHA256", RSA_PKCS1_PADDING},
        {0, 33, "SHA256", RSA_PKCS1_PADDING},
        {0, 0, "SHA256", RSA_PKCS1_PADDING},
        {0, 32, "SHA512", RSA_PKCS1_PADDING},
        {0, 64, "SHA256", RSA_PKCS1_PSS_PADDING},
        {0, 31, NULL, RSA_PKCS1_PADDING},   /* no DigestInfo either */
        {0, 300, NULL, RSA_PKCS1_PADDING},  /* larger than the modulus */
        {0, 20, "SHA1", RSA_PKCS1_PADDING}, /* the service has no RS1 */
        {0, 28, "SHA224", RSA_PKCS1_PSS_PADDING},
        {0, 16, "MD5", RSA_PKCS1_PADDING},
        {0, 32, "SHA3-256", RSA_PKCS1_PADDING},
        {0, 256, NULL, RSA_NO_PADDING}, /* raw RSA is not offered */
        {1, 31, "SHA256", 0},
        {1, 33, "SHA256", 0},
        {1, 48, "SHA384", 0}, /* the curve has one digest size */
        {1, 20, "SHA1", 0},
        {2, 32, "SHA256", 0},
        {3, 48, "SHA384", 0},
        {4, 64, "SHA512", 0},
        {1, 0, NULL, 0},
        {1, 1000, NULL, 0},
    };
    unsigned char input[1024], signature[1024];
    size_t i, size;
    long before = th_stats().requests;

    memset(input, 0x5a, sizeof(input));
    for (i = 0; i < COUNT(rows); i++) {
        struct th_scheme scheme = {rows[i].digest, rows[i].padding};

        size = sizeof(signature);
        TH_TRUE(!th_sign_digest(last.lib, keys[rows[i].key].key, &scheme, input,
                                rows[i].size, signature, &size),
                "row %zu", i);
        TH_ONE_ERROR("");
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

/* As above, where the module sees the text and knows the digest at once. */
static void wrong_digest_names_are_refused(void)
{
    static const struct {
        struct th_scheme scheme;
        const char *name; /* in the message */
    } rows[] = {
        {{"SHA1", RSA_PKCS1_PADDING}, "SHA1"},
        {{"SHA224", RSA_PKCS1_PADDING}, "SHA2-224"},
        {{"MD5", RSA_PKCS1_PADDING}, "MD5"},
        {{"SHA3-256", RSA_PKCS1_PSS_PADDING}, "SHA3-256"},
        {{"SHA512-256", RSA_PKCS1_PADDING}, "SHA2-512/256"},
    };
    struct th_scheme scheme;
    size_t i, size;
    long before = th_stats().requests;

    for (i = 0; i < COUNT(rows); i++) {
        TH_TRUE(th_sign(last.lib, rsa, &rows[i].scheme, text, &size) == NULL,
                "%s", rows[i].name);
        TH_ONE_ERROR(rows[i].name);
    }
    scheme = (struct th_scheme){"SHA384", 0};
    CU_ASSERT_PTR_NULL(th_sign(last.lib, ec, &scheme, text, &size));
    TH_ONE_ERROR("SHA");
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

static EVP_PKEY_CTX *begin(EVP_MD_CTX *ctx, EVP_PKEY *key, int padding)
{
    EVP_PKEY_CTX *pctx = NULL;

    if (EVP_DigestSignInit_ex(ctx, &pctx, "SHA256", last.lib, NULL, key,
                              NULL) <= 0 ||
        (padding != 0 && EVP_PKEY_CTX_set_rsa_padding(pctx, padding) <= 0))
        th_die("a signature does not begin");
    return pctx;
}

/* The service's PSS has one salt length and one mask digest. */
static void pss_parameters(void)
{
    static const struct {
        int salt, good;
    } rows[] = {
        {RSA_PSS_SALTLEN_DIGEST, 1},
        {RSA_PSS_SALTLEN_AUTO, 1},
        {32, 1},
        {0, 0},
        {20, 0},
        {RSA_PSS_SALTLEN_MAX, 0},
        {33, 0},
        {100000, 0},
    };
    struct th_scheme pss = {"SHA256", RSA_PKCS1_PSS_PADDING};
    unsigned char signature[1024];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    long before = th_stats().requests;
    size_t i, size;
    int good;

    for (i = 0; i < COUNT(rows); i++) {
        pctx = begin(ctx, rsa, RSA_PKCS1_PSS_PADDING);
        size = sizeof(signature);
        good = EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, rows[i].salt) > 0 &&
               EVP_DigestSign(ctx, signature, &size,
                              (const unsigned char *)text, strlen(text)) > 0;
        TH_TRUE(good == rows[i].good, "salt %d", rows[i].salt);
        if (rows[i].good) {
            CU_ASSERT_EQUAL(
                th_verify(th_plain(), judge, &pss, text, signature, size), 1);
            TH_QUIET();
            before++;
        } else
            TH_ONE_ERROR("salt");
        EVP_MD_CTX_reset(ctx);
    }
    pctx = begin(ctx, rsa, RSA_PKCS1_PSS_PADDING);
    size = sizeof(signature);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, "SHA512", NULL) <= 0 ||
              EVP_DigestSign(ctx, signature, &size, (const unsigned char *)text,
                             strlen(text)) <= 0);
    TH_ONE_ERROR("MGF1");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_MD_CTX_free(ctx);
}

static void other_paddings_are_refused(void)
{
    static const int rows[] = {RSA_NO_PADDING, RSA_X931_PADDING,
                               RSA_PKCS1_OAEP_PADDING, 99};
    unsigned char signature[1024];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    long before = th_stats().requests;
    size_t i, size = sizeof(signature);
    int good;

    for (i = 0; i < COUNT(rows); i++) {
        pctx = begin(ctx, rsa, 0);
        good = EVP_PKEY_CTX_set_rsa_padding(pctx, rows[i]) > 0 &&
               EVP_DigestSign(ctx, signature, &size,
                              (const unsigned char *)text, strlen(text)) > 0;
        TH_TRUE(!good, "padding %d", rows[i]);
        TH_ONE_ERROR("padding");
        EVP_MD_CTX_reset(ctx);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_MD_CTX_free(ctx);
}

static void small_buffers_cost_nothing(void)
{
    EVP_PKEY *const tried[] = {rsa, ec};
    unsigned char signature[1024], digest[32] = {1};
    long before = th_stats().requests;
    size_t i, size;

    for (i = 0; i < COUNT(tried); i++) {
        struct th_scheme scheme = th_scheme_of(tried[i]);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();

        begin(ctx, tried[i], 0);
        memset(signature, 0xee, sizeof(signature));
        size = 16;
        CU_ASSERT(EVP_DigestSign(ctx, signature, &size,
                                 (const unsigned char *)text,
                                 strlen(text)) <= 0);
        TH_ONE_ERROR("buffer");
        EVP_MD_CTX_free(ctx);
        size = (size_t)EVP_PKEY_get_size(tried[i]) - 1;
        CU_ASSERT(!th_sign_digest(last.lib, tried[i], &scheme, digest,
                                  sizeof(digest), signature, &size));
        TH_ONE_ERROR("buffer");
        CU_ASSERT_EQUAL(signature[0], 0xee);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys load", prepare},
        {"wrong sizes and digests", wrong_input_is_refused},
        {"wrong digest names", wrong_digest_names_are_refused},
        {"PSS parameters", pss_parameters},
        {"other paddings", other_paddings_are_refused},
        {"small buffers", small_buffers_cost_nothing},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: signatures refused", tests);
    size_t i;

    for (i = 0; i < COUNT(keys); i++)
        EVP_PKEY_free(keys[i].key);
    EVP_PKEY_free(judge);
    th_context_close(&last);
    return code;
}
