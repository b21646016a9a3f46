/* SPDX-License-Identifier: MIT
 *
 * TLS servers and clients with keys of the HSM, over memory: TLS 1.2 and 1.3,
 * each signature scheme and suite that fits the key, several groups, client
 * certificates, and what a peer sees when the HSM does not answer; all of it
 * in each place of the provider list.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name, *curve;
    int bits;
} keys[] = {
    {"tls-2048", NULL, 2048}, {"tls-3072", NULL, 3072},
    {"tls-4096", NULL, 4096}, {"tls-256", "P-256", 0},
    {"tls-384", "P-384", 0},  {"tls-521", "P-521", 0},
};

static const char *const groups[] = {NULL,    "X25519", "P-256",
                                     "P-384", "P-521",  "ffdhe2048"};

static struct th_context contexts[3];
static struct th_tls all_pairs[3][COUNT(keys)];
/* The ones at hand. */
static struct th_tls *pairs;
static OSSL_LIB_CTX *lib;
static enum th_order order;

static void choose(int place)
{
    order = (enum th_order)place;
    pairs = all_pairs[place];
    lib = contexts[place].lib;
}

static void everywhere(void (*body)(void))
{
    int place;

    for (place = TH_LAST; place <= TH_PREFERRED; place++) {
        unsigned int failures = CU_get_number_of_failures();

        choose(place);
        body();
        TH_TRUE(CU_get_number_of_failures() == failures, "module %s",
                th_order_name(order));
    }
}

static void open_all(void)
{
    char uri[64];
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        struct th_scheme scheme;

        snprintf(uri, sizeof(uri), "mhsm:%s", keys[i].name);
        pairs[i].server_lib = lib;
        pairs[i].client_lib = th_plain();
        pairs[i].key = th_must_open(lib, uri);
        scheme = th_scheme_of(pairs[i].key);
        pairs[i].certificate =
            th_certificate(lib, pairs[i].key, pairs[i].key, &scheme);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pairs[i].certificate);
    }
    TH_QUIET();
}

static void prepare(void)
{
    size_t i;

    for (i = 0; i < COUNT(keys); i++)
        if (keys[i].curve == NULL)
            th_rsa_create(keys[i].name, keys[i].bits, NULL);
        else
            th_ec_create(keys[i].name, keys[i].curve, NULL);
    th_contexts_open(contexts);
    everywhere(open_all);
}

static void every_key_and_group(void)
{
    size_t i, j;
    int version;

    for (i = 0; i < COUNT(keys); i++) {
        for (version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            for (j = 0; j < COUNT(groups); j++) {
                struct th_tls tls = pairs[i];
                int finite = groups[j] != NULL && groups[j][0] == 'f';

                tls.version = version;
                tls.groups = groups[j];
                /* In TLS 1.2 a curve is also a group, and must be offered. */
                if (version == TLS1_2_VERSION &&
                    (finite || (keys[i].curve != NULL && groups[j] != NULL)))
                    continue;
                TH_TRUE(th_handshake(&tls), "%s, version %x, group %s",
                        keys[i].name, (unsigned int)version,
                        groups[j] == NULL ? "any" : groups[j]);
                TH_QUIET();
            }
        }
    }
}

static void every_signature_scheme(void)
{
    static const struct {
        size_t first, count; /* keys */
        int version;
        const char *sigalgs;
    } rows[] = {
        {0, 3, TLS1_2_VERSION, "rsa_pkcs1_sha256"},
        {0, 3, TLS1_2_VERSION, "rsa_pkcs1_sha384"},
        {0, 3, TLS1_2_VERSION, "rsa_pkcs1_sha512"},
        {0, 3, TLS1_2_VERSION, "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"},
        {0, 3, TLS1_3_VERSION, "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"},
        {0, 3, TLS1_3_VERSION, "rsa_pss_rsae_sha384:rsa_pkcs1_sha256"},
        {0, 3, TLS1_3_VERSION, "rsa_pss_rsae_sha512:rsa_pkcs1_sha256"},
        {3, 1, TLS1_2_VERSION, "ecdsa_secp256r1_sha256"},
        {3, 1, TLS1_3_VERSION, "ecdsa_secp256r1_sha256"},
        {4, 1, TLS1_3_VERSION, "ecdsa_secp384r1_sha384"},
        {5, 1, TLS1_3_VERSION, "ecdsa_secp521r1_sha512"},
    };
    size_t i, j;

    for (i = 0; i < COUNT(rows); i++) {
        for (j = rows[i].first; j < rows[i].first + rows[i].count; j++) {
            struct th_tls tls = pairs[j];

            tls.version = rows[i].version;
            tls.sigalgs = rows[i].sigalgs;
            TH_TRUE(th_handshake(&tls), "%s, %s", keys[j].name,
                    rows[i].sigalgs);
            TH_QUIET();
        }
    }
}

/* Of TLS 1.2, with a key exchange that is signed. */
static void every_suite(void)
{
    static const char *const suites[] = {
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305",
        "AES128-SHA256",     "AES256-SHA384",     "AES128-SHA",
        "AES256-SHA"};
    char ciphers[64];
    size_t i, j;

    for (i = 0; i < COUNT(keys); i++)
        for (j = 0; j < COUNT(suites); j++) {
            struct th_tls tls = pairs[i];

            snprintf(ciphers, sizeof(ciphers), "ECDHE-%s-%s",
                     keys[i].curve == NULL ? "RSA" : "ECDSA", suites[j]);
            tls.version = TLS1_2_VERSION;
            tls.ciphers = ciphers;
            TH_TRUE(th_handshake(&tls), "%s, %s", keys[i].name, ciphers);
            TH_QUIET();
        }
}

/* A certificate whose own signature is PSS. */
static void pss_certificates(void)
{
    static const struct th_scheme schemes[] = {
        {"SHA256", RSA_PKCS1_PSS_PADDING},
        {"SHA384", RSA_PKCS1_PSS_PADDING},
        {"SHA512", RSA_PKCS1_PSS_PADDING}};
    size_t i;

    for (i = 0; i < COUNT(schemes); i++) {
        struct th_tls tls = pairs[0];

        tls.version = TLS1_3_VERSION;
        tls.certificate = th_certificate(lib, tls.key, tls.key, &schemes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(tls.certificate);
        CU_ASSERT_EQUAL(X509_get_signature_nid(tls.certificate), NID_rsassaPss);
        TH_TRUE(th_handshake(&tls), "%s", schemes[i].digest);
        X509_free(tls.certificate);
    }
    TH_QUIET();
}

static void client_certificates(void)
{
    size_t i;
    int version;

    for (i = 0; i < COUNT(keys); i++) {
        for (version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            struct th_tls tls = pairs[i];

            tls.version = version;
            tls.client_lib = lib;
            tls.client_key = pairs[COUNT(keys) - 1 - i].key;
            tls.client_certificate = pairs[COUNT(keys) - 1 - i].certificate;
            TH_TRUE(th_handshake(&tls), "%s, version %x", keys[i].name,
                    (unsigned int)version);
            TH_QUIET();
        }
    }
}

/* RSA key transport needs PKCS#1 v1.5 decryption: off, then on. */
static void key_transport(void)
{
    struct th_tls tls = pairs[0];
    struct th_context loose;

    tls.version = TLS1_2_VERSION;
    tls.ciphers = "AES128-GCM-SHA256:@SECLEVEL=1";
    CU_ASSERT(!th_handshake(&tls));
    TH_ONE_ERROR("pkcs1-decryption");
    setenv("MHSM_PKCS1_DECRYPTION", "yes", 1);
    th_context_open(&loose, order);
    unsetenv("MHSM_PKCS1_DECRYPTION");
    tls.server_lib = loose.lib;
    tls.key = th_must_open(loose.lib, "mhsm:tls-2048");
    CU_ASSERT(th_handshake(&tls));
    TH_QUIET();
    EVP_PKEY_free(tls.key);
    th_context_close(&loose);
}

/* The handshake fails with the HSM's reason, and the next one succeeds. */
static void when_the_hsm_refuses(void)
{
    int version;

    for (version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct th_tls tls = pairs[3];

        tls.version = version;
        th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":403,"
                 "\"code\":\"Forbidden\",\"message\":\"closed today\","
                 "\"count\":1");
        CU_ASSERT(!th_handshake(&tls));
        TH_ONE_ERROR("403", "closed today");
        CU_ASSERT(th_handshake(&tls));
        TH_QUIET();
    }
}

/* The application's error queue may hold something of its own. */
static void the_applications_queue_stays(void)
{
    struct th_scheme scheme = th_scheme_of(pairs[0].key);
    unsigned long code;

    ERR_raise(ERR_LIB_USER, ERR_R_PASSED_INVALID_ARGUMENT);
    code = ERR_peek_last_error();
    CU_ASSERT(th_sign_and_verify(lib, pairs[0].key, &scheme, "text"));
    CU_ASSERT_EQUAL(ERR_get_error(), code);
    TH_QUIET();
}

/* CUnit's tests have no argument. */
#define EVERYWHERE(body)                                                       \
    static void body##_everywhere(void)                                        \
    {                                                                          \
        everywhere(body);                                                      \
    }
EVERYWHERE(every_key_and_group)
EVERYWHERE(every_signature_scheme)
EVERYWHERE(every_suite)
EVERYWHERE(pss_certificates)
EVERYWHERE(client_certificates)
EVERYWHERE(key_transport)
EVERYWHERE(when_the_hsm_refuses)
EVERYWHERE(the_applications_queue_stays)

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys and certificates", prepare},
        {"every key and group", every_key_and_group_everywhere},
        {"every signature scheme", every_signature_scheme_everywhere},
        {"every suite", every_suite_everywhere},
        {"PSS certificates", pss_certificates_everywhere},
        {"client certificates", client_certificates_everywhere},
        {"RSA key transport", key_transport_everywhere},
        {"when the HSM refuses", when_the_hsm_refuses_everywhere},
        {"the application's error queue",
         the_applications_queue_stays_everywhere},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: TLS", tests), place;
    size_t i;

    for (place = TH_LAST; place <= TH_PREFERRED; place++)
        for (i = 0; i < COUNT(keys); i++) {
            EVP_PKEY_free(all_pairs[place][i].key);
            X509_free(all_pairs[place][i].certificate);
        }
    th_contexts_close(contexts);
    return code;
}
