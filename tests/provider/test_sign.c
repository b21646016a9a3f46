/* SPDX-License-Identifier: MIT
 *
 * Signatures: every key with every digest and padding that the service has,
 * in every way libcrypto has to ask, judged by the default provider with the
 * exported public key.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char text[] = "what is signed here is of no importance";

static const struct {
    const char *name, *curve;
    int bits;
} keys[] = {
    {"rsa-2048", NULL, 2048},   {"rsa-3072", NULL, 3072},
    {"rsa-4096", NULL, 4096},   {"ec-256", "P-256", 256},
    {"ec-384", "P-384", 384},   {"ec-521", "P-521", 521},
    {"ec-256k", "P-256K", 256},
};

static const struct th_scheme rsa_schemes[] = {
    {"SHA256", RSA_PKCS1_PADDING},     {"SHA384", RSA_PKCS1_PADDING},
    {"SHA512", RSA_PKCS1_PADDING},     {"SHA256", RSA_PKCS1_PSS_PADDING},
    {"SHA384", RSA_PKCS1_PSS_PADDING}, {"SHA512", RSA_PKCS1_PSS_PADDING},
};

static const struct {
    const char *name;
    size_t size;
} digests[] = {{"SHA256", 32}, {"SHA384", 48}, {"SHA512", 64}};

static struct th_context last;
static EVP_PKEY *opened[COUNT(keys)], *judges[COUNT(keys)];

static void prepare(void)
{
    char uri[64];
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        if (keys[i].curve == NULL)
            th_rsa_create(keys[i].name, keys[i].bits, NULL);
        else
            th_ec_create(keys[i].name, keys[i].curve, NULL);
    }
    th_context_open(&last, TH_LAST);
    for (i = 0; i < COUNT(keys); i++) {
        snprintf(uri, sizeof(uri), "mhsm:%s", keys[i].name);
        opened[i] = th_must_open(last.lib, uri);
        judges[i] = th_public(opened[i]);
    }
    /* One each, and one that met the challenge. */
    CU_ASSERT_EQUAL(th_key_requests() - th_route("POST /keys/{name}/create"),
                    (long)COUNT(keys) + 1);
}

/* A small set for what does not depend on the size. */
static EVP_PKEY *rsa(void)
{
    return opened[0];
}

static long signatures(void)
{
    return th_route("POST /keys/{name}/{version}/sign");
}

/* Every key, digest and padding ------------------------------------------- */

static int stream(EVP_PKEY *key, const struct th_scheme *scheme,
                  unsigned char *signature, size_t *size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    size_t i, half = sizeof(text) / 2, room = *size;
    int ok;

    ok = EVP_DigestSignInit_ex(ctx, &pctx, scheme->digest, last.lib, NULL, key,
                               NULL) > 0;
    if (ok && scheme->padding != 0)
        ok = EVP_PKEY_CTX_set_rsa_padding(pctx, scheme->padding) > 0;
    for (i = 0; ok && i < half; i++)
        ok = EVP_DigestSignUpdate(ctx, text + i, 1) > 0;
    ok = ok &&
         EVP_DigestSignUpdate(ctx, text + half, strlen(text) - half) > 0 &&
         EVP_DigestSignFinal(ctx, NULL, size) > 0 && *size <= room &&
         EVP_DigestSignFinal(ctx, signature, size) > 0;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static void check(size_t i, const struct th_scheme *scheme)
{
    unsigned char *one, many[1024], digest[EVP_MAX_MD_SIZE];
    size_t size = 0, digest_size = 0;
    long before = signatures();

    one = th_sign(last.lib, opened[i], scheme, text, &size);
    TH_TRUE(one != NULL, "%s %s", keys[i].name, scheme->digest);
    TH_TRUE(th_verify(th_plain(), judges[i], scheme, text, one, size) == 1,
            "one-shot by %s %s", keys[i].name, scheme->digest);
    TH_TRUE(th_verify(last.lib, opened[i], scheme, text, one, size) == 1,
            "the module's own check, %s %s", keys[i].name, scheme->digest);
    TH_QUIET();
    TH_TRUE(one == NULL ||
                th_verify(last.lib, opened[i], scheme, "other", one, size) != 1,
            "a wrong text is seen by %s", keys[i].name);
    ERR_clear_error();
    OPENSSL_free(one);

    size = sizeof(many);
    TH_TRUE(stream(opened[i], scheme, many, &size), "%s", keys[i].name);
    TH_TRUE(th_verify(th_plain(), judges[i], scheme, text, many, size) == 1,
            "stream by %s %s", keys[i].name, scheme->digest);

    EVP_Q_digest(th_plain(), scheme->digest, NULL, text, strlen(text), digest,
                 &digest_size);
    size = sizeof(many);
    TH_TRUE(th_sign_digest(last.lib, opened[i], scheme, digest, digest_size,
                           many, &size),
            "%s %s", keys[i].name, scheme->digest);
    TH_TRUE(th_verify(th_plain(), judges[i], scheme, text, many, size) == 1,
            "bare digest by %s %s", keys[i].name, scheme->digest);
    TH_QUIET();
    CU_ASSERT_EQUAL(signatures() - before, 3);
}

static void every_rsa_scheme(void)
{
    size_t i, j;

    for (i = 0; i < COUNT(keys); i++) {
        for (j = 0; keys[i].curve == NULL && j < COUNT(rsa_schemes); j++)
            check(i, &rsa_schemes[j]);
    }
}

/* A digest is 32, 48 or 64 octets to the HSM, whichever they are of. */
static void every_curve(void)
{
    static const struct {
        const char *first, *others[4];
    } rows[] = {
        {"SHA256", {"SHA3-256", "SHA512-256", "BLAKE2S-256", NULL}},
        {"SHA384", {"SHA3-384", NULL}},
        {"SHA512", {"SHA3-512", "BLAKE2B-512", NULL}},
    };
    struct th_scheme scheme;
    size_t i, j, k;

    for (i = 0; i < COUNT(keys); i++) {
        scheme = th_scheme_of(opened[i]);
        if (keys[i].curve == NULL)
            continue;
        check(i, &scheme);
        for (j = 0; j < COUNT(rows); j++)
            for (k = 0; strcmp(rows[j].first, scheme.digest) == 0 &&
                        rows[j].others[k] != NULL;
                 k++) {
                struct th_scheme other = {rows[j].others[k], 0};

                check(i, &other);
            }
    }
}

/* The service answers r and s side by side; what comes out here must be the
 * one DER form of them, however their leading bits fall. */
static void ecdsa_is_minimal_der(void)
{
    size_t i, j, size;

    for (i = 3; i < COUNT(keys); i++) {
        struct th_scheme scheme = th_scheme_of(opened[i]);

        for (j = 0; j < 24; j++) {
            unsigned char *signature, *again = NULL;
            const unsigned char *at;
            ECDSA_SIG *parsed;
            int made;

            signature = th_sign(last.lib, opened[i], &scheme, text, &size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(signature);
            at = signature;
            parsed = d2i_ECDSA_SIG(NULL, &at, (long)size);
            made = i2d_ECDSA_SIG(parsed, &again);
            TH_TRUE(parsed != NULL && at == signature + size &&
                        made == (int)size &&
                        memcmp(again, signature, size) == 0,
                    "%s", keys[i].name);
            CU_ASSERT(size <= (size_t)EVP_PKEY_get_size(opened[i]));
            ECDSA_SIG_free(parsed);
            OPENSSL_free(again);
            OPENSSL_free(signature);
        }
    }
    TH_QUIET();
}

/* What comes in --------------------------------------------------------- */

/* As `pkeyutl -sign` gets it from programs that build the structure
 * themselves: no digest is set, the type is in the input. */
static void digest_info(void)
{
    static const unsigned char prefix[][19] = {
        {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
         0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
        {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
         0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
        {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
         0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}};
    struct th_scheme none = {NULL, RSA_PKCS1_PADDING}, scheme;
    unsigned char input[19 + EVP_MAX_MD_SIZE], signature[1024];
    size_t i, size, digest_size;

    for (i = 0; i < COUNT(digests); i++) {
        scheme = (struct th_scheme){digests[i].name, RSA_PKCS1_PADDING};
        memcpy(input, prefix[i], 19);
        EVP_Q_digest(th_plain(), digests[i].name, NULL, text, strlen(text),
                     input + 19, &digest_size);
        size = sizeof(signature);
        TH_TRUE(th_sign_digest(last.lib, rsa(), &none, input, 19 + digest_size,
                               signature, &size),
                "%s", digests[i].name);
        TH_TRUE(th_verify(th_plain(), judges[0], &scheme, text, signature,
                          size) == 1,
                "%s", digests[i].name);
        TH_QUIET();
    }
}

/* A curve has one digest at the service: it need not be named. */
static void ecdsa_without_a_digest_name(void)
{
    struct th_scheme none = {NULL, 0}, scheme;
    unsigned char digest[EVP_MAX_MD_SIZE], signature[1024];
    size_t i, size, digest_size;

    for (i = 3; i < COUNT(keys); i++) {
        scheme = th_scheme_of(opened[i]);
        EVP_Q_digest(th_plain(), scheme.digest, NULL, text, strlen(text),
                     digest, &digest_size);
        size = sizeof(signature);
        TH_TRUE(th_sign_digest(last.lib, opened[i], &none, digest, digest_size,
                               signature, &size),
                "%s", keys[i].name);
        TH_TRUE(th_verify(th_plain(), judges[i], &scheme, text, signature,
                          size) == 1,
                "%s", keys[i].name);
        TH_QUIET();
    }
}

/* Verification of a digest and recovery of it need no HSM. */
static void public_operations_are_local(void)
{
    unsigned char digest[32], signature[1024], recovered[64];
    struct th_scheme scheme = {"SHA256", RSA_PKCS1_PADDING};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(last.lib, rsa(), NULL);
    size_t size = sizeof(signature), digest_size, made = sizeof(recovered);
    long before;

    EVP_Q_digest(th_plain(), "SHA256", NULL, text, strlen(text), digest,
                 &digest_size);
    CU_ASSERT(
        th_sign_digest(last.lib, rsa(), &scheme, digest, 32, signature, &size));
    before = th_stats().requests;
    CU_ASSERT(EVP_PKEY_verify_init(ctx) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
    CU_ASSERT_EQUAL(EVP_PKEY_verify(ctx, signature, size, digest, 32), 1);
    TH_QUIET();
    digest[0] ^= 1;
    CU_ASSERT(EVP_PKEY_verify(ctx, signature, size, digest, 32) != 1);
    digest[0] ^= 1;
    ERR_clear_error();
    CU_ASSERT(EVP_PKEY_verify_recover_init(ctx) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
    CU_ASSERT(EVP_PKEY_verify_recover(ctx, recovered, &made, signature, size) >
              0);
    CU_ASSERT(made == 32 && memcmp(recovered, digest, 32) == 0);
    EVP_PKEY_CTX_free(ctx);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    TH_QUIET();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys of every kind load", prepare},
        {"RSA: every size, digest and padding", every_rsa_scheme},
        {"ECDSA: every curve", every_curve},
        {"ECDSA: minimal DER", ecdsa_is_minimal_der},
        {"RSA: DigestInfo as input", digest_info},
        {"ECDSA: no digest named", ecdsa_without_a_digest_name},
        {"public operations are local", public_operations_are_local},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: signatures", tests);
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        EVP_PKEY_free(opened[i]);
        EVP_PKEY_free(judges[i]);
    }
    th_context_close(&last);
    return code;
}
