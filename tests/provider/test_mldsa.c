/* SPDX-License-Identifier: MIT
 *
 * ML-DSA keys, in the HSM and in software, with the module last, first and
 * preferred; the judge is the default provider alone.  All of it needs OpenSSL
 * 3.5.  With an older one the module must offer nothing of the kind, which is
 * then what is tested.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIGN_ROUTE   "POST /keys/{name}/{version}/sign"

static const struct {
    const char *name;
    int public_size, signature_size, security;
} sets[] = {
    {"ML-DSA-44", 1312, 2420, 128},
    {"ML-DSA-65", 1952, 3309, 192},
    {"ML-DSA-87", 2592, 4627, 256},
};

static struct th_context contexts[3];
static const char message[] = "a message of no great length";

static void prepare(void)
{
    setenv("MHSM_API_VERSION", "2026-05-01-preview", 1);
    th_contexts_open(contexts);
}

static void end(void)
{
    th_contexts_close(contexts);
    TH_QUIET();
}

#ifndef OSSL_PKEY_PARAM_ML_DSA_SEED

static void nothing(void)
{
    size_t i;
    int order;

    for (i = 0; i < COUNT(sets); i++) {
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;

            CU_ASSERT_PTR_NULL(EVP_KEYMGMT_fetch(lib, sets[i].name, NULL));
            CU_ASSERT_PTR_NULL(EVP_SIGNATURE_fetch(lib, sets[i].name, NULL));
            CU_ASSERT_PTR_NULL(EVP_PKEY_Q_keygen(lib, NULL, sets[i].name));
        }
    }
    CU_ASSERT_EQUAL(strlen(message), 28);
    ERR_clear_error();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"contexts", prepare},
        {"nothing is offered", nothing},
        {"end", end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: ML-DSA without OpenSSL 3.5", tests);
}

#else

static EVP_PKEY *keys[COUNT(sets)][3]; /* in the HSM, by order */
static EVP_PKEY *judges[COUNT(sets)];  /* what the service tells, in default */

static void make_keys(void)
{
    char body[128], uri[64];
    size_t i;
    int order;

    for (i = 0; i < COUNT(sets); i++) {
        snprintf(body, sizeof(body), "{\"kty\":\"AKP\",\"alg\":\"%s\"}",
                 sets[i].name);
        th_key_create(sets[i].name, body, NULL);
        judges[i] = th_public_from_service(sets[i].name);
        snprintf(uri, sizeof(uri), "mhsm:%s", sets[i].name);
        for (order = TH_LAST; order <= TH_PREFERRED; order++)
            keys[i][order] = th_must_open(contexts[order].lib, uri);
    }
    TH_QUIET();
}

static void free_keys(void)
{
    size_t i;
    int order;

    for (i = 0; i < COUNT(sets); i++) {
        EVP_PKEY_free(judges[i]);
        for (order = TH_LAST; order <= TH_PREFERRED; order++)
            EVP_PKEY_free(keys[i][order]);
    }
}

static void what_a_key_says(void)
{
    char text[128];
    size_t i, size;
    int order;
    long before = th_stats().requests;

    for (i = 0; i < COUNT(sets); i++) {
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            EVP_PKEY *key = keys[i][order], *copy, *half;

            CU_ASSERT(EVP_PKEY_is_a(key, sets[i].name));
            CU_ASSERT(!EVP_PKEY_is_a(key, sets[(i + 1) % 3].name));
            CU_ASSERT_EQUAL(EVP_PKEY_get_size(key), sets[i].signature_size);
            CU_ASSERT_EQUAL(EVP_PKEY_get_bits(key), 8 * sets[i].public_size);
            CU_ASSERT_EQUAL(EVP_PKEY_get_security_bits(key), sets[i].security);
            CU_ASSERT(
                EVP_PKEY_get_default_digest_name(key, text, sizeof(text)) == 2);
            CU_ASSERT_STRING_EQUAL(text, "UNDEF");
            CU_ASSERT(EVP_PKEY_get_utf8_string_param(key, "mhsm-kty", text,
                                                     sizeof(text), &size));
            CU_ASSERT_STRING_EQUAL(text, "AKP-HSM");
            CU_ASSERT(EVP_PKEY_get_utf8_string_param(key, "mhsm-key-ops", text,
                                                     sizeof(text), &size));
            CU_ASSERT_STRING_EQUAL(text, "sign,verify");
            TH_TRUE(EVP_PKEY_eq(key, judges[i]) == 1, "%s", sets[i].name);
            TH_TRUE(EVP_PKEY_eq(judges[i], key) == 1, "%s", sets[i].name);
            CU_ASSERT(EVP_PKEY_eq(key, judges[(i + 1) % 3]) != 1);
            copy = EVP_PKEY_dup(key);
            CU_ASSERT(copy != NULL && EVP_PKEY_eq(copy, key) == 1);
            EVP_PKEY_free(copy);
            half = th_public(key);
            CU_ASSERT(half != NULL && EVP_PKEY_eq(half, judges[i]) == 1);
            EVP_PKEY_free(half);
            ERR_clear_error();
        }
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

static void signatures(void)
{
    struct th_way way = th_way_of(message, sizeof(message));
    size_t i, size;
    int order;

    for (i = 0; i < COUNT(sets); i++) {
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            long before = th_route(SIGN_ROUTE);
            unsigned char *sig =
                th_sign_message(lib, keys[i][order], &way, &size);

            TH_TRUE(sig != NULL, "%s %s", sets[i].name,
                    th_order_name((enum th_order)order));
            CU_ASSERT_FATAL(sig != NULL);
            CU_ASSERT_EQUAL(size, (size_t)sets[i].signature_size);
            CU_ASSERT_EQUAL(th_route(SIGN_ROUTE), before + 1);
            before = th_stats().requests;
            TH_TRUE(th_verify_message(th_plain(), judges[i], &way, sig, size),
                    "%s %s", sets[i].name, th_order_name((enum th_order)order));
            TH_TRUE(th_verify_message(lib, keys[i][order], &way, sig, size),
                    "%s %s", sets[i].name, th_order_name((enum th_order)order));
            TH_QUIET();
            sig[size / 2] ^= 1;
            CU_ASSERT(!th_verify_message(lib, keys[i][order], &way, sig, size));
            TH_ONE_ERROR("does not verify");
            CU_ASSERT(
                !th_verify_message(lib, keys[i][order], &way, sig, size - 1));
            ERR_clear_error();
            CU_ASSERT_EQUAL(th_stats().requests, before);
            OPENSSL_free(sig);
        }
    }
}

/* A message of any size is one small request. */
static void large_messages(void)
{
    size_t size = 20 * 1000 * 1000, made = 0, sig_size = 8192;
    unsigned char *large = OPENSSL_zalloc(size), *sig, pieces[8192];
    struct th_way way = th_way_of(large, size);
    long before = th_route(SIGN_ROUTE);

    CU_ASSERT_FATAL(large != NULL);
    sig = th_sign_message(contexts[TH_LAST].lib, keys[0][TH_LAST], &way, &made);
    CU_ASSERT(sig != NULL &&
              th_verify_message(th_plain(), judges[0], &way, sig, made));
    OPENSSL_free(sig);
    CU_ASSERT(th_sign_in_pieces(contexts[TH_LAST].lib, keys[0][TH_LAST], &way,
                                999983, pieces, &sig_size));
    CU_ASSERT(th_verify_message(th_plain(), judges[0], &way, pieces, sig_size));
    CU_ASSERT_EQUAL(th_route(SIGN_ROUTE), before + 2);
    OPENSSL_free(large);
    TH_QUIET();
}

static void pieces(void)
{
    static const size_t sizes[] = {0, 1, 7, sizeof(message)};
    unsigned char sig[8192];
    size_t i, size;
    int order;

    for (i = 0; i < COUNT(sizes); i++) {
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            struct th_way way = th_way_of(message, sizes[i]);

            size = sizeof(sig);
            TH_TRUE(th_sign_in_pieces(contexts[order].lib, keys[1][order], &way,
                                      3, sig, &size),
                    "%zu %s", sizes[i], th_order_name((enum th_order)order));
            TH_TRUE(th_verify_message(th_plain(), judges[1], &way, sig, size),
                    "%zu %s", sizes[i], th_order_name((enum th_order)order));
        }
    }
    TH_QUIET();
}

/* Each parameter of the default provider, given to both. */
static void parameters(void)
{
    unsigned char context[] = "some context", mu[64];
    int none = 0, one = 1;
    struct th_way ways[4];
    size_t i, size;

    memset(mu, 0x5a, sizeof(mu));
    for (i = 0; i < COUNT(ways); i++)
        ways[i] = th_way_of(message, sizeof(message));
    ways[0].params[0] = OSSL_PARAM_construct_octet_string(
        OSSL_SIGNATURE_PARAM_CONTEXT_STRING, context, sizeof(context));
    ways[0].params[1] = OSSL_PARAM_construct_end();
    ways[1].params[0] =
        OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_MESSAGE_ENCODING, &none);
    ways[1].params[1] = OSSL_PARAM_construct_end();
    ways[2].params[0] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_MU, &one);
    ways[2].params[1] = OSSL_PARAM_construct_end();
    ways[2].data = mu;
    ways[2].size = sizeof(mu);
    ways[3].params[0] =
        OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_DETERMINISTIC, &none);
    ways[3].params[1] = OSSL_PARAM_construct_end();
    for (i = 0; i < COUNT(ways); i++) {
        unsigned char *sig = th_sign_message(contexts[TH_LAST].lib,
                                             keys[1][TH_LAST], &ways[i], &size);
        struct th_way plain = th_way_of(ways[i].data, ways[i].size);

        TH_TRUE(sig != NULL && th_verify_message(th_plain(), judges[1],
                                                 &ways[i], sig, size),
                "way %zu", i);
        TH_TRUE(sig != NULL &&
                    th_verify_message(contexts[TH_LAST].lib, keys[1][TH_LAST],
                                      &ways[i], sig, size),
                "way %zu", i);
        if (i < 3)
            TH_TRUE(sig != NULL && !th_verify_message(th_plain(), judges[1],
                                                      &plain, sig, size),
                    "way %zu", i);
        ERR_clear_error();
        OPENSSL_free(sig);
    }
}

static void refused(const OSSL_PARAM *first, const void *data, size_t size,
                    const char *part)
{
    long before = th_stats().requests;
    struct th_way way = th_way_of(data, size);
    unsigned char *sig;
    size_t made;

    if (first != NULL) {
        way.params[0] = *first;
        way.params[1] = OSSL_PARAM_construct_end();
    }
    sig = th_sign_message(contexts[TH_LAST].lib, keys[1][TH_LAST], &way, &made);
    TH_TRUE(sig == NULL, "%s", part);
    TH_ONE_ERROR(part);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    OPENSSL_free(sig);
}

static void refusals(void)
{
    unsigned char octets[300] = {0};
    OSSL_PARAM param;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int one = 1;

    param = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_DETERMINISTIC, &one);
    refused(&param, message, 3, "deterministic is not possible");
    param = OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_TEST_ENTROPY,
                                              octets, 32);
    refused(&param, message, 3, "test-entropy is not possible");
    param = OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_TEST_ENTROPY,
                                              octets, 31);
    refused(&param, message, 3, "32 octets");
    param = OSSL_PARAM_construct_octet_string(
        OSSL_SIGNATURE_PARAM_CONTEXT_STRING, octets, 256);
    refused(&param, message, 3, "255 octets");
    param = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_MU, &one);
    refused(&param, octets, 63, "64 octets");
    CU_ASSERT(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", contexts[TH_LAST].lib,
                                    NULL, keys[1][TH_LAST], NULL) != 1);
    TH_ONE_ERROR("takes no digest");
    EVP_MD_CTX_free(ctx);
}

/* A buffer too small costs no request; a failure can be tried again, also by
 * a copy of the context. */
static void again(void)
{
    unsigned char sig[8192];
    size_t size = 100;
    OSSL_LIB_CTX *lib = contexts[TH_LAST].lib;
    long before = th_route(SIGN_ROUTE);
    EVP_SIGNATURE *method =
        EVP_SIGNATURE_fetch(lib, "ML-DSA-44", "provider=mhsm");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, keys[0][TH_LAST], NULL);
    EVP_PKEY_CTX *copy;
    struct th_way way = th_way_of(message, sizeof(message));

    CU_ASSERT(EVP_PKEY_sign_message_init(ctx, method, NULL) == 1);
    CU_ASSERT(EVP_PKEY_sign(ctx, sig, &size, way.data, way.size) != 1);
    TH_ONE_ERROR("2420 octets", "100");
    CU_ASSERT_EQUAL(th_route(SIGN_ROUTE), before);
    th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":403,"
             "\"count\":1");
    size = sizeof(sig);
    CU_ASSERT(EVP_PKEY_sign(ctx, sig, &size, way.data, way.size) != 1);
    TH_ONE_ERROR("sign with key ML-DSA-44");
    copy = EVP_PKEY_CTX_dup(ctx);
    CU_ASSERT(EVP_PKEY_sign(ctx, sig, &size, way.data, way.size) == 1);
    CU_ASSERT(th_verify_message(th_plain(), judges[0], &way, sig, size));
    /* Half of a message, twice. */
    CU_ASSERT(copy != NULL && EVP_PKEY_sign_message_update(copy, way.data, 9));
    EVP_PKEY_CTX_free(ctx);
    ctx = EVP_PKEY_CTX_dup(copy);
    CU_ASSERT(EVP_PKEY_sign_message_update(copy, way.data + 9, way.size - 9));
    CU_ASSERT(EVP_PKEY_sign_message_update(ctx, way.data + 9, 1));
    size = sizeof(sig);
    CU_ASSERT(EVP_PKEY_sign_message_final(copy, sig, &size) == 1);
    CU_ASSERT(th_verify_message(th_plain(), judges[0], &way, sig, size));
    size = sizeof(sig);
    CU_ASSERT(EVP_PKEY_sign_message_final(ctx, sig, &size) == 1);
    way.size = 10;
    CU_ASSERT(th_verify_message(th_plain(), judges[0], &way, sig, size));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_CTX_free(copy);
    EVP_SIGNATURE_free(method);
    th_reset();
    TH_QUIET();
}

/* With an api-version that has no such keys, and without the operation. */
static void not_allowed(void)
{
    struct th_way way = th_way_of(message, sizeof(message));
    struct th_context old;
    size_t size;
    EVP_PKEY *key;
    long before;

    setenv("MHSM_API_VERSION", "2026-04-01", 1);
    th_context_open(&old, TH_LAST);
    setenv("MHSM_API_VERSION", "2026-05-01-preview", 1);
    key = th_must_open(old.lib, "mhsm:ML-DSA-65");
    before = th_stats().requests;
    CU_ASSERT_PTR_NULL(th_sign_message(old.lib, key, &way, &size));
    TH_ONE_ERROR("api-version", "2026-05-01-preview", "2026-04-01");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_PKEY_free(key);
    th_context_close(&old);

    th_key_create("no-sign",
                  "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\","
                  "\"key_ops\":[\"verify\"]}",
                  NULL);
    key = th_must_open(contexts[TH_LAST].lib, "mhsm:no-sign");
    before = th_route(SIGN_ROUTE);
    CU_ASSERT_PTR_NULL(
        th_sign_message(contexts[TH_LAST].lib, key, &way, &size));
    TH_ONE_ERROR("cannot sign", "key_ops");
    CU_ASSERT_EQUAL(th_route(SIGN_ROUTE), before);
    EVP_PKEY_free(key);
}

static void handshake(OSSL_LIB_CTX *lib, EVP_PKEY *key, const char *what)
{
    static const struct th_scheme scheme = {NULL, 0};
    struct th_tls tls = {.client_lib = th_plain(), .version = TLS1_3_VERSION};

    tls.server_lib = lib;
    tls.key = key;
    tls.certificate = th_certificate(lib, key, key, &scheme);
    TH_TRUE(tls.certificate != NULL && th_handshake(&tls), "server, %s", what);
    TH_QUIET();
    tls.server_lib = th_plain();
    tls.client_lib = lib;
    tls.key = EVP_PKEY_Q_keygen(th_plain(), NULL, "ML-DSA-44");
    tls.client_key = key;
    tls.client_certificate = tls.certificate;
    tls.certificate = th_certificate(th_plain(), tls.key, tls.key, &scheme);
    TH_TRUE(tls.certificate != NULL && th_handshake(&tls), "client, %s", what);
    TH_QUIET();
    X509_free(tls.certificate);
    X509_free(tls.client_certificate);
    EVP_PKEY_free(tls.key);
}

/* Servers and clients, with keys of the HSM and in software. */
static void tls(void)
{
    char what[64];
    size_t i;
    int order;

    for (i = 0; i < COUNT(sets); i++) {
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            EVP_PKEY *software = EVP_PKEY_Q_keygen(lib, NULL, sets[i].name);

            snprintf(what, sizeof(what), "%s %s", sets[i].name,
                     th_order_name((enum th_order)order));
            handshake(lib, keys[i][order], what);
            handshake(lib, software, what);
            EVP_PKEY_free(software);
        }
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"contexts", prepare},
        {"keys", make_keys},
        {"what a key says", what_a_key_says},
        {"signatures", signatures},
        {"large messages", large_messages},
        {"messages in pieces", pieces},
        {"parameters", parameters},
        {"refusals", refusals},
        {"again", again},
        {"not allowed", not_allowed},
        {"TLS", tls},
        {"free keys", free_keys},
        {"end", end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: ML-DSA", tests);
}

#endif
