/* SPDX-License-Identifier: MIT
 *
 * What each step costs at the service, counted there: nothing for loading the
 * module, for initialisation, sizes and probes; one request for a key, one for
 * a signature; and no connection more once the work has begun.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

enum { STEADY = 100, MANY = 1000 };

static const unsigned char text[] = "counted";
static struct th_context last;
static EVP_PKEY *rsa, *ec;

static long requests(void)
{
    return th_stats().requests;
}

static void loading_the_module_is_free(void)
{
    struct th_stats before, after;
    struct th_context again;

    th_rsa_create("rq-rsa", 2048, NULL);
    th_ec_create("rq-ec", "P-256", NULL);
    before = th_stats();
    th_context_open(&last, TH_LAST);
    th_context_open(&again, TH_FIRST);
    CU_ASSERT(OSSL_PROVIDER_self_test(last.providers[1]) == 1);
    th_context_close(&again);
    after = th_stats();
    CU_ASSERT_EQUAL(after.requests, before.requests);
    CU_ASSERT_EQUAL(after.connections, before.connections);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    TH_QUIET();
}

/* The first use may be answered by a challenge; a token is fetched once. */
static void the_first_key(void)
{
    struct th_stats before = th_stats(), after;

    rsa = th_must_open(last.lib, "mhsm:rq-rsa");
    after = th_stats();
    CU_ASSERT_EQUAL(after.tokens - before.tokens, 1);
    CU_ASSERT(after.requests - before.requests <= 3);
    CU_ASSERT(after.connections - before.connections <= 2);
}

static void a_key_is_one_request(void)
{
    struct th_stats before = th_stats(), after;

    ec = th_must_open(last.lib, "mhsm:rq-ec");
    after = th_stats();
    CU_ASSERT_EQUAL(after.requests - before.requests, 1);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    CU_ASSERT_EQUAL(after.connections, before.connections);
}

/* What libcrypto and libssl do to find out whether a key would do. */
static void probe(EVP_PKEY *key)
{
    struct th_scheme scheme = th_scheme_of(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    OSSL_PARAM *params = NULL, query[2];
    unsigned char *der = NULL, identifier[512];
    EVP_PKEY *copy;
    char digest[32];
    size_t size = 0;

    CU_ASSERT(EVP_DigestSignInit_ex(ctx, &pctx, scheme.digest, last.lib, NULL,
                                    key, NULL) > 0);
    CU_ASSERT(EVP_DigestSign(ctx, NULL, &size, text, sizeof(text)) > 0);
    CU_ASSERT_EQUAL(size, (size_t)EVP_PKEY_get_size(key));
    query[0] = OSSL_PARAM_construct_octet_string(
        OSSL_SIGNATURE_PARAM_ALGORITHM_ID, identifier, sizeof(identifier));
    query[1] = OSSL_PARAM_construct_end();
    CU_ASSERT(EVP_PKEY_CTX_get_params(pctx, query) > 0);
    EVP_MD_CTX_reset(ctx);
    CU_ASSERT(EVP_DigestSignInit_ex(ctx, NULL, scheme.digest, last.lib, NULL,
                                    key, NULL) > 0);
    CU_ASSERT(EVP_DigestSignUpdate(ctx, text, sizeof(text)) > 0);
    CU_ASSERT(EVP_DigestSignFinal(ctx, NULL, &size) > 0);
    EVP_MD_CTX_free(ctx);

    pctx = EVP_PKEY_CTX_new_from_pkey(last.lib, key, NULL);
    CU_ASSERT(EVP_PKEY_sign_init(pctx) > 0);
    CU_ASSERT(EVP_PKEY_sign(pctx, NULL, &size, text, 32) > 0);
    EVP_PKEY_CTX_free(pctx);

    CU_ASSERT(EVP_PKEY_get_default_digest_name(key, digest, sizeof(digest)) >
              0);
    CU_ASSERT(EVP_PKEY_digestsign_supports_digest(key, last.lib, scheme.digest,
                                                  NULL) == 1);
    CU_ASSERT(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &params) != 1);
    CU_ASSERT(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params) == 1);
    OSSL_PARAM_free(params);
    CU_ASSERT(i2d_PUBKEY(key, &der) > 0);
    OPENSSL_free(der);
    copy = EVP_PKEY_dup(key);
    CU_ASSERT(EVP_PKEY_eq(copy, key) == 1);
    EVP_PKEY_free(copy);
    TH_QUIET();
}

static void probes_are_free(void)
{
    EVP_PKEY_CTX *ctx;
    size_t size = 0;
    long before = requests();

    probe(rsa);
    probe(ec);
    ctx = EVP_PKEY_CTX_new_from_pkey(last.lib, rsa, NULL);
    CU_ASSERT(EVP_PKEY_decrypt_init(ctx) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, NULL, &size, text, 256) > 0);
    CU_ASSERT(size >= 256);
    EVP_PKEY_CTX_free(ctx);
    CU_ASSERT_EQUAL(requests(), before);
    TH_QUIET();
}

static void a_certificate_is_one_request(void)
{
    struct th_scheme scheme = th_scheme_of(ec);
    long before = requests();
    X509 *certificate = th_certificate(last.lib, ec, ec, &scheme);

    CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
    CU_ASSERT(X509_check_private_key(certificate, ec) == 1);
    CU_ASSERT(X509_verify(certificate, ec) == 1);
    X509_free(certificate);
    CU_ASSERT_EQUAL(requests(), before + 1);
    TH_QUIET();
}

static void a_handshake_is_one_request(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    EVP_PKEY *const tried[] = {rsa, ec};
    size_t i, j;

    for (i = 0; i < 2; i++) {
        struct th_scheme scheme = th_scheme_of(tried[i]);
        struct th_tls tls = {
            .server_lib = last.lib, .client_lib = th_plain(), .key = tried[i]};
        long before;

        tls.certificate = th_certificate(last.lib, tls.key, tls.key, &scheme);
        before = requests();
        for (j = 0; j < 2; j++) {
            tls.version = versions[j];
            TH_TRUE(th_handshake(&tls), "key %zu, version %zu", i, j);
        }
        CU_ASSERT_EQUAL(requests(), before + 2);
        X509_free(tls.certificate);
    }
    TH_QUIET();
}

static void steady_state(void)
{
    struct th_scheme scheme = th_scheme_of(rsa);
    struct th_stats before, after;
    int i, good = 0;

    CU_ASSERT(th_sign_and_verify(last.lib, rsa, &scheme, "warm"));
    before = th_stats();
    for (i = 0; i < STEADY; i++)
        good += th_sign_and_verify(last.lib, rsa, &scheme, "steady");
    after = th_stats();
    CU_ASSERT_EQUAL(good, STEADY);
    CU_ASSERT_EQUAL(after.requests - before.requests, STEADY);
    CU_ASSERT_EQUAL(after.connections, before.connections);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    TH_QUIET();
}

/* The figures of a thousand signatures, shown for whoever reads the log. */
static void a_thousand(void)
{
    struct th_scheme scheme = th_scheme_of(ec);
    struct th_stats before = th_stats(), after;
    long begun = th_now_ms();
    unsigned char *signature;
    size_t size;
    int i, good = 0;

    for (i = 0; i < MANY; i++) {
        signature = th_sign(last.lib, ec, &scheme, "a thousand", &size);
        good += signature != NULL;
        OPENSSL_free(signature);
    }
    after = th_stats();
    printf("\n    %d signatures: %ld requests, %ld connections, %ld tokens, "
           "%ld ms ... ",
           good, after.requests - before.requests,
           after.connections - before.connections, after.tokens - before.tokens,
           th_now_ms() - begun);
    CU_ASSERT_EQUAL(good, MANY);
    CU_ASSERT_EQUAL(after.requests - before.requests, MANY);
    CU_ASSERT_EQUAL(after.connections, before.connections);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    TH_QUIET();
}

/* A connection that the service has closed is replaced by one. */
static void an_idle_connection_is_not_trusted(void)
{
    struct th_scheme scheme = th_scheme_of(ec);
    struct th_context brief;
    struct th_stats before, after;
    EVP_PKEY *key;

    setenv("MHSM_CONNECTION_IDLE", "1s", 1);
    th_context_open(&brief, TH_LAST);
    unsetenv("MHSM_CONNECTION_IDLE");
    key = th_must_open(brief.lib, "mhsm:rq-ec");
    before = th_stats();
    th_sleep_ms(2500);
    CU_ASSERT(th_sign_and_verify(brief.lib, key, &scheme, "after a pause"));
    after = th_stats();
    CU_ASSERT_EQUAL(after.connections - before.connections, 1);
    CU_ASSERT_EQUAL(after.requests - before.requests, 1);
    TH_QUIET();
    EVP_PKEY_free(key);
    th_context_close(&brief);
}

/* Signing needs no right to list, and never lists. */
static void nothing_was_listed(void)
{
    CU_ASSERT_EQUAL(th_route("GET /keys"), 0);
    CU_ASSERT_EQUAL(th_route("GET /keys/{name}/versions"), 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"loading the module is free", loading_the_module_is_free},
        {"the first key", the_first_key},
        {"a key is one request", a_key_is_one_request},
        {"probes are free", probes_are_free},
        {"a certificate is one request", a_certificate_is_one_request},
        {"a handshake is one request", a_handshake_is_one_request},
        {"steady state", steady_state},
        {"a thousand signatures", a_thousand},
        {"idle connections", an_idle_connection_is_not_trusted},
        {"nothing was listed", nothing_was_listed},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: requests", tests);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    th_context_close(&last);
    return code;
}
