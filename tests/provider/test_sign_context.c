/* SPDX-License-Identifier: MIT
 *
 * What a signature context keeps and forgets: finals, re-initialisation with
 * and without a key, duplicates, life after a failure, and the algorithm
 * identifiers that certificates get.
 */
#include "harness.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char text[] = "first part, second part";
static const char first[] = "first part, ";
static const char second[] = "second part";

static struct th_context last;
static EVP_PKEY *rsa, *ec, *ec384;

static void prepare(void)
{
    th_rsa_create("ctx-rsa", 2048, NULL);
    th_ec_create("ctx-ec", "P-256", NULL);
    th_ec_create("ctx-ec384", "P-384", NULL);
    th_context_open(&last, TH_LAST);
    rsa = th_must_open(last.lib, "mhsm:ctx-rsa");
    ec = th_must_open(last.lib, "mhsm:ctx-ec");
    ec384 = th_must_open(last.lib, "mhsm:ctx-ec384");
}

static int valid(EVP_PKEY *key, const struct th_scheme *scheme,
                 const char *message, const unsigned char *signature,
                 size_t size)
{
    EVP_PKEY *judge = th_public(key);
    int good =
        th_verify(th_plain(), judge, scheme, message, signature, size) == 1;

    EVP_PKEY_free(judge);
    return good;
}

static EVP_PKEY_CTX *begin(EVP_MD_CTX *ctx, EVP_PKEY *key,
                           const struct th_scheme *scheme)
{
    EVP_PKEY_CTX *pctx = NULL;

    if (EVP_DigestSignInit_ex(ctx, &pctx, scheme->digest, last.lib, NULL, key,
                              NULL) <= 0 ||
        (scheme->padding != 0 &&
         EVP_PKEY_CTX_set_rsa_padding(pctx, scheme->padding) <= 0))
        th_die("a signature does not begin");
    return pctx;
}

static int feed(EVP_MD_CTX *ctx, const char *part)
{
    return EVP_DigestSignUpdate(ctx, part, strlen(part)) > 0;
}

static int finish(EVP_MD_CTX *ctx, EVP_PKEY *key,
                  const struct th_scheme *scheme, const char *message)
{
    unsigned char signature[1024];
    size_t size = sizeof(signature);

    return EVP_DigestSignFinal(ctx, signature, &size) > 0 &&
           valid(key, scheme, message, signature, size);
}

/* libcrypto finalises a duplicate, so that the original goes on. */
static void final_twice(void)
{
    struct th_scheme scheme = th_scheme_of(rsa);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    begin(ctx, rsa, &scheme);
    CU_ASSERT(feed(ctx, first));
    CU_ASSERT(finish(ctx, rsa, &scheme, first));
    CU_ASSERT(feed(ctx, second));
    CU_ASSERT(finish(ctx, rsa, &scheme, text));
    EVP_MD_CTX_free(ctx);
    TH_QUIET();
}

static void reinit_with_another_digest_and_key(void)
{
    struct th_scheme sha256 = {"SHA256", RSA_PKCS1_PADDING};
    struct th_scheme pss512 = {"SHA512", RSA_PKCS1_PSS_PADDING};
    struct th_scheme ecdsa = th_scheme_of(ec);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    begin(ctx, rsa, &sha256);
    CU_ASSERT(feed(ctx, text));
    CU_ASSERT(finish(ctx, rsa, &sha256, text));
    EVP_MD_CTX_reset(ctx);
    begin(ctx, rsa, &pss512);
    CU_ASSERT(feed(ctx, text));
    CU_ASSERT(finish(ctx, rsa, &pss512, text));
    EVP_MD_CTX_reset(ctx);
    begin(ctx, ec, &ecdsa);
    CU_ASSERT(feed(ctx, text));
    CU_ASSERT(finish(ctx, ec, &ecdsa, text));
    EVP_MD_CTX_free(ctx);
    TH_QUIET();
}

/* As `openssl dgst` does for its second file: no digest, no key. */
static void reinit_with_no_key(void)
{
    EVP_PKEY *const tried[] = {rsa, ec384};
    size_t i;

    for (i = 0; i < COUNT(tried); i++) {
        struct th_scheme scheme = th_scheme_of(tried[i]);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();

        begin(ctx, tried[i], &scheme);
        CU_ASSERT(feed(ctx, "to be forgotten"));
        CU_ASSERT(finish(ctx, tried[i], &scheme, "to be forgotten"));
        CU_ASSERT(EVP_DigestSignInit_ex(ctx, NULL, NULL, last.lib, NULL, NULL,
                                        NULL) > 0);
        CU_ASSERT(feed(ctx, text));
        CU_ASSERT(finish(ctx, tried[i], &scheme, text));
        EVP_MD_CTX_free(ctx);
    }
    TH_QUIET();
}

static void copies_go_their_own_ways(void)
{
    EVP_PKEY *const tried[] = {rsa, ec};
    size_t i;

    for (i = 0; i < COUNT(tried); i++) {
        struct th_scheme scheme = th_scheme_of(tried[i]);
        EVP_MD_CTX *one = EVP_MD_CTX_new(), *two = EVP_MD_CTX_new();

        if (scheme.padding != 0)
            scheme.padding = RSA_PKCS1_PSS_PADDING;
        begin(one, tried[i], &scheme);
        CU_ASSERT(feed(one, first));
        CU_ASSERT(EVP_MD_CTX_copy_ex(two, one) > 0);
        CU_ASSERT(feed(one, second));
        CU_ASSERT(finish(one, tried[i], &scheme, text));
        EVP_MD_CTX_free(one);
        CU_ASSERT(finish(two, tried[i], &scheme, first));
        EVP_MD_CTX_free(two);
    }
    TH_QUIET();
}

static void copy_of_a_bare_context(void)
{
    struct th_scheme pss = {"SHA256", RSA_PKCS1_PSS_PADDING};
    EVP_PKEY_CTX *one = EVP_PKEY_CTX_new_from_pkey(last.lib, rsa, NULL), *two;
    unsigned char digest[32], signature[1024];
    size_t size = sizeof(signature), digest_size;

    EVP_Q_digest(th_plain(), "SHA256", NULL, text, strlen(text), digest,
                 &digest_size);
    CU_ASSERT(EVP_PKEY_sign_init(one) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(one, RSA_PKCS1_PSS_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_signature_md(one, EVP_sha256()) > 0);
    two = EVP_PKEY_CTX_dup(one);
    EVP_PKEY_CTX_free(one);
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    CU_ASSERT(EVP_PKEY_sign(two, signature, &size, digest, digest_size) > 0);
    CU_ASSERT(valid(rsa, &pss, text, signature, size));
    EVP_PKEY_CTX_free(two);
    TH_QUIET();
}

/* A failure of the service must not spoil the context. */
static void usable_after_a_failure(void)
{
    EVP_PKEY *const tried[] = {rsa, ec};
    size_t i;

    for (i = 0; i < COUNT(tried); i++) {
        struct th_scheme scheme = th_scheme_of(tried[i]);
        unsigned char signature[1024];
        size_t size = sizeof(signature);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();

        begin(ctx, tried[i], &scheme);
        CU_ASSERT(feed(ctx, text));
        th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":403,"
                 "\"code\":\"Forbidden\",\"message\":\"not today\","
                 "\"count\":1");
        CU_ASSERT(EVP_DigestSignFinal(ctx, signature, &size) <= 0);
        TH_ONE_ERROR("403", "not today");
        CU_ASSERT(finish(ctx, tried[i], &scheme, text));
        EVP_MD_CTX_free(ctx);
    }
    TH_QUIET();
}

/* Many contexts half way at once: none is the module's only one. */
static void many_contexts_at_once(void)
{
    struct th_scheme scheme = th_scheme_of(ec);
    EVP_MD_CTX *many[64];
    size_t i;

    for (i = 0; i < COUNT(many); i++) {
        many[i] = EVP_MD_CTX_new();
        begin(many[i], ec, &scheme);
        CU_ASSERT(feed(many[i], first));
    }
    for (i = 0; i < COUNT(many); i++)
        CU_ASSERT(feed(many[i], i % 2 == 0 ? second : first));
    for (i = COUNT(many); i-- > 0;) {
        CU_ASSERT(finish(many[i], ec, &scheme,
                         i % 2 == 0 ? text : "first part, first part, "));
        EVP_MD_CTX_free(many[i]);
    }
    TH_QUIET();
}

static void default_digest(void)
{
    struct th_scheme sha256 = {"SHA256", 0}, sha384 = {"SHA384", 0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    char name[64] = "";

    CU_ASSERT(EVP_PKEY_get_default_digest_name(rsa, name, sizeof(name)) == 1);
    CU_ASSERT(EVP_MD_is_a(EVP_sha256(), name));
    CU_ASSERT(EVP_PKEY_get_default_digest_name(ec, name, sizeof(name)) >= 1);
    CU_ASSERT(EVP_MD_is_a(EVP_sha256(), name));
    /* A curve has one digest at the service, hence one to begin with. */
    CU_ASSERT(EVP_PKEY_get_default_digest_name(ec384, name, sizeof(name)) >= 1);
    CU_ASSERT(EVP_MD_is_a(EVP_sha384(), name));
    CU_ASSERT(
        EVP_DigestSignInit_ex(ctx, NULL, NULL, last.lib, NULL, rsa, NULL) > 0);
    CU_ASSERT(feed(ctx, text));
    CU_ASSERT(finish(ctx, rsa, &sha256, text));
    EVP_MD_CTX_reset(ctx);
    CU_ASSERT(EVP_DigestSignInit_ex(ctx, NULL, NULL, last.lib, NULL, ec384,
                                    NULL) > 0);
    CU_ASSERT(feed(ctx, text));
    CU_ASSERT(finish(ctx, ec384, &sha384, text));
    EVP_MD_CTX_free(ctx);
    TH_QUIET();
}

/* Algorithm identifiers -------------------------------------------------- */

static size_t identifier(EVP_PKEY_CTX *ctx, unsigned char *der, size_t room)
{
    OSSL_PARAM params[2];

    params[0] = OSSL_PARAM_construct_octet_string(
        OSSL_SIGNATURE_PARAM_ALGORITHM_ID, der, room);
    params[1] = OSSL_PARAM_construct_end();
    if (EVP_PKEY_CTX_get_params(ctx, params) <= 0 ||
        params[0].return_size == OSSL_PARAM_UNMODIFIED)
        return 0;
    return params[0].return_size;
}

static size_t identifier_of(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                            const struct th_scheme *scheme, unsigned char *der,
                            size_t room)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    size_t size = 0;

    if (EVP_DigestSignInit_ex(ctx, &pctx, scheme->digest, lib, NULL, key,
                              NULL) > 0 &&
        (scheme->padding == 0 ||
         EVP_PKEY_CTX_set_rsa_padding(pctx, scheme->padding) > 0) &&
        (scheme->padding != RSA_PKCS1_PSS_PADDING ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0))
        size = identifier(pctx, der, room);
    EVP_MD_CTX_free(ctx);
    return size;
}

/* The default provider's own identifiers, with a key of its own, are the
 * measure: ECDSA with no parameters, PSS with all of them. */
static void identifiers_equal_default(void)
{
    static const struct {
        int ec;
        struct th_scheme scheme;
    } rows[] = {
        {0, {"SHA256", RSA_PKCS1_PADDING}},
        {0, {"SHA384", RSA_PKCS1_PADDING}},
        {0, {"SHA512", RSA_PKCS1_PADDING}},
        {0, {"SHA256", RSA_PKCS1_PSS_PADDING}},
        {0, {"SHA384", RSA_PKCS1_PSS_PADDING}},
        {0, {"SHA512", RSA_PKCS1_PSS_PADDING}},
        {1, {"SHA256", 0}},
        {2, {"SHA384", 0}},
    };
    unsigned char ours[512], theirs[512];
    EVP_PKEY *const tried[] = {rsa, ec, ec384};
    EVP_PKEY *soft[3];
    size_t i, size;
    long before = th_stats().requests;

    soft[0] = EVP_PKEY_Q_keygen(th_plain(), NULL, "RSA", (size_t)2048);
    soft[1] = EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", "P-256");
    soft[2] = EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", "P-384");
    for (i = 0; i < COUNT(rows); i++) {
        size = identifier_of(th_plain(), soft[rows[i].ec], &rows[i].scheme,
                             theirs, sizeof(theirs));
        CU_ASSERT(size > 0);
        TH_TRUE(identifier_of(last.lib, tried[rows[i].ec], &rows[i].scheme,
                              ours, sizeof(ours)) == size &&
                    memcmp(ours, theirs, size) == 0,
                "row %zu", i);
    }
    for (i = 0; i < COUNT(soft); i++)
        EVP_PKEY_free(soft[i]);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    TH_QUIET();
}

/* It follows the settings of the moment, not those of the beginning. */
static void identifier_follows_the_padding(void)
{
    struct th_scheme pkcs1 = {"SHA256", RSA_PKCS1_PADDING};
    struct th_scheme pss = {"SHA256", RSA_PKCS1_PSS_PADDING};
    unsigned char now[512], expected[512];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = begin(ctx, rsa, &pkcs1);
    size_t size, expected_size;

    expected_size = identifier_of(last.lib, rsa, &pkcs1, expected, 512);
    size = identifier(pctx, now, sizeof(now));
    CU_ASSERT(size == expected_size && memcmp(now, expected, size) == 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) >
              0);
    expected_size = identifier_of(last.lib, rsa, &pss, expected, 512);
    size = identifier(pctx, now, sizeof(now));
    CU_ASSERT(size == expected_size && memcmp(now, expected, size) == 0);
    EVP_MD_CTX_free(ctx);
    TH_QUIET();
}

/* Padding and salt are told as they are asked for: a number or a word. */
static void settings_read_back(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct th_scheme pss = {"SHA384", RSA_PKCS1_PSS_PADDING};
    EVP_PKEY_CTX *pctx = begin(ctx, rsa, &pss);
    const EVP_MD *md = NULL;
    char word[32] = "", mgf[32] = "";
    int padding = 0;
    OSSL_PARAM params[3];

    CU_ASSERT(EVP_PKEY_CTX_get_rsa_padding(pctx, &padding) > 0);
    CU_ASSERT_EQUAL(padding, RSA_PKCS1_PSS_PADDING);
    CU_ASSERT(EVP_PKEY_CTX_get_signature_md(pctx, &md) > 0);
    CU_ASSERT(md != NULL && EVP_MD_is_a(md, "SHA384"));
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE,
                                                 word, sizeof(word));
    params[1] = OSSL_PARAM_construct_utf8_string(
        OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mgf, sizeof(mgf));
    params[2] = OSSL_PARAM_construct_end();
    CU_ASSERT(EVP_PKEY_CTX_get_params(pctx, params) > 0);
    CU_ASSERT_STRING_EQUAL(word, "pss");
    CU_ASSERT(EVP_MD_is_a(EVP_sha384(), mgf));
    EVP_MD_CTX_free(ctx);
    TH_QUIET();
}

/* What libssl and the openssl command send is not of one type. */
static void settings_of_every_type(void)
{
    static const char *const salts[] = {"digest", "-1", "32", "auto"};
    struct th_scheme pss = {"SHA256", RSA_PKCS1_PSS_PADDING};
    unsigned char signature[1024];
    char word[] = "pss", salt[16];
    size_t i, size;

    for (i = 0; i < COUNT(salts); i++) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pctx = NULL;
        OSSL_PARAM params[3];

        OPENSSL_strlcpy(salt, salts[i], sizeof(salt));
        params[0] = OSSL_PARAM_construct_utf8_string(
            OSSL_SIGNATURE_PARAM_PAD_MODE, word, 0);
        params[1] = OSSL_PARAM_construct_utf8_string(
            OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt, 0);
        params[2] = OSSL_PARAM_construct_end();
        size = sizeof(signature);
        TH_TRUE(EVP_DigestSignInit_ex(ctx, &pctx, "SHA2-256", last.lib, NULL,
                                      rsa, params) > 0,
                "salt %s", salts[i]);
        TH_TRUE(EVP_DigestSign(ctx, signature, &size,
                               (const unsigned char *)text, strlen(text)) > 0 &&
                    valid(rsa, &pss, text, signature, size),
                "salt %s", salts[i]);
        EVP_MD_CTX_free(ctx);
    }
    TH_QUIET();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys load", prepare},
        {"final twice", final_twice},
        {"init again, other digest and key",
         reinit_with_another_digest_and_key},
        {"init again with no key", reinit_with_no_key},
        {"copies of a stream", copies_go_their_own_ways},
        {"copy of a bare context", copy_of_a_bare_context},
        {"usable after a failure", usable_after_a_failure},
        {"many contexts at once", many_contexts_at_once},
        {"default digest", default_digest},
        {"identifiers equal default's", identifiers_equal_default},
        {"identifier follows the padding", identifier_follows_the_padding},
        {"settings read back", settings_read_back},
        {"settings of every type", settings_of_every_type},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: signature contexts", tests);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ec384);
    th_context_close(&last);
    return code;
}
