/* SPDX-License-Identifier: MIT
 *
 * Signature algorithms fetched as objects (OpenSSL 3.4 and later).  Before
 * that there are none, and the module must offer none.
 */
#include "harness.h"

#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct row {
    const char *name, *alias, *digest, *key;
} rows[] = {
    {"RSA-SHA2-256", "sha256WithRSAEncryption", "SHA256", "mhsm:sa-rsa"},
    {"RSA-SHA2-384", "1.2.840.113549.1.1.12", "SHA384", "mhsm:sa-rsa"},
    {"RSA-SHA2-512", "RSA-SHA512", "SHA512", "mhsm:sa-rsa"},
    {"ECDSA-SHA2-256", "ecdsa-with-SHA256", "SHA256", "mhsm:sa-p256"},
    {"ECDSA-SHA2-384", "ECDSA-SHA384", "SHA384", "mhsm:sa-p384"},
    {"ECDSA-SHA2-512", "1.2.840.10045.4.3.4", "SHA512", "mhsm:sa-p521"},
};

static void prepare(void)
{
    th_rsa_create("sa-rsa", 2048, NULL);
    th_ec_create("sa-p256", "P-256", NULL);
    th_ec_create("sa-p384", "P-384", NULL);
    th_ec_create("sa-p521", "P-521", NULL);
}

#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT

static const char text[] = "a message in two pieces";

enum way { DIGEST, MESSAGE, PIECES };

static EVP_PKEY_CTX *context_of(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    return ctx;
}

/* 1 and a signature of `text`, or 0. */
static int sign(OSSL_LIB_CTX *lib, EVP_PKEY *key, EVP_SIGNATURE *algorithm,
                const char *digest, enum way way, unsigned char *sig,
                size_t *size)
{
    EVP_PKEY_CTX *ctx = context_of(lib, key);
    unsigned char md[EVP_MAX_MD_SIZE];
    size_t md_size = 0;
    int ok = 0;

    if (way == DIGEST) {
        EVP_Q_digest(th_plain(), digest, NULL, text, sizeof(text), md,
                     &md_size);
        ok = EVP_PKEY_sign_init_ex2(ctx, algorithm, NULL) == 1 &&
             EVP_PKEY_sign(ctx, sig, size, md, md_size) == 1;
    } else if (way == MESSAGE) {
        ok = EVP_PKEY_sign_message_init(ctx, algorithm, NULL) == 1 &&
             EVP_PKEY_sign(ctx, sig, size, (const unsigned char *)text,
                           sizeof(text)) == 1;
    } else {
        ok = EVP_PKEY_sign_message_init(ctx, algorithm, NULL) == 1 &&
             EVP_PKEY_sign_message_update(ctx, (const unsigned char *)text,
                                          5) == 1 &&
             EVP_PKEY_sign_message_update(ctx, (const unsigned char *)text + 5,
                                          sizeof(text) - 5) == 1 &&
             EVP_PKEY_sign_message_final(ctx, sig, size) == 1;
    }
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static int verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, EVP_SIGNATURE *algorithm,
                  enum way way, const unsigned char *sig, size_t size)
{
    EVP_PKEY_CTX *ctx = context_of(lib, key);
    int ok;

    if (way == PIECES)
        ok = EVP_PKEY_verify_message_init(ctx, algorithm, NULL) == 1 &&
             EVP_PKEY_CTX_set_signature(ctx, sig, size) == 1 &&
             EVP_PKEY_verify_message_update(ctx, (const unsigned char *)text,
                                            sizeof(text)) == 1 &&
             EVP_PKEY_verify_message_final(ctx) == 1;
    else
        ok = EVP_PKEY_verify_message_init(ctx, algorithm, NULL) == 1 &&
             EVP_PKEY_verify(ctx, sig, size, (const unsigned char *)text,
                             sizeof(text)) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static void one(const struct th_context *context, const struct row *row,
                EVP_PKEY *key, int requests)
{
    EVP_SIGNATURE *algorithm =
        EVP_SIGNATURE_fetch(context->lib, row->name, "provider=mhsm");
    EVP_SIGNATURE *alias =
        EVP_SIGNATURE_fetch(context->lib, row->alias, "provider=mhsm");
    EVP_SIGNATURE *theirs = EVP_SIGNATURE_fetch(th_plain(), row->name, NULL);
    EVP_PKEY *public_key = th_public(key);
    enum way way;

    CU_ASSERT_FATAL(algorithm != NULL && alias != NULL && theirs != NULL);
    CU_ASSERT(algorithm == alias);
    for (way = DIGEST; way <= PIECES; way++) {
        unsigned char sig[1024];
        size_t size = sizeof(sig);
        long before = th_stats().requests;

        TH_TRUE(
            sign(context->lib, key, algorithm, row->digest, way, sig, &size),
            "%s, way %d", row->name, (int)way);
        TH_TRUE(th_stats().requests == before + requests, "%s, way %d",
                row->name, (int)way);
        TH_TRUE(verify(th_plain(), public_key, theirs, MESSAGE, sig, size),
                "%s, way %d: by default", row->name, (int)way);
        TH_TRUE(verify(context->lib, key, algorithm, way, sig, size),
                "%s, way %d: by ours", row->name, (int)way);
        sig[size / 2] ^= 1;
        TH_TRUE(!verify(context->lib, key, algorithm, way, sig, size),
                "%s, way %d: changed", row->name, (int)way);
        ERR_clear_error();
    }
    EVP_PKEY_free(public_key);
    EVP_SIGNATURE_free(algorithm);
    EVP_SIGNATURE_free(alias);
    EVP_SIGNATURE_free(theirs);
}

static void keys_of_the_hsm(void)
{
    struct th_context context;
    size_t i;

    th_context_open(&context, TH_LAST);
    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY *key = th_must_open(context.lib, rows[i].key);
        struct th_scheme scheme = th_scheme_of(key);

        CU_ASSERT(th_sign_and_verify(context.lib, key, &scheme, "text"));
        one(&context, &rows[i], key, 1);
        EVP_PKEY_free(key);
    }
    th_context_close(&context);
}

static void software_keys(void)
{
    static const enum th_order orders[] = {TH_FIRST, TH_PREFERRED};
    struct th_context context;
    size_t i, j;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        for (j = 0; j < COUNT(rows); j++) {
            EVP_PKEY *key =
                rows[j].name[0] == 'R'
                    ? EVP_PKEY_Q_keygen(context.lib, NULL, "RSA", (size_t)2048)
                    : EVP_PKEY_Q_keygen(context.lib, NULL, "EC", "P-256");

            CU_ASSERT_PTR_NOT_NULL_FATAL(key);
            one(&context, &rows[j], key, 0);
            EVP_PKEY_free(key);
        }
        th_context_close(&context);
    }
}

/* The service signs with a curve's own digest alone, and that is said when the
 * context is initialised, without a request. */
static void refusals(void)
{
    struct th_context context;
    EVP_SIGNATURE *ecdsa, *rsa;
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx;
    long before;

    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:sa-p384");
    ecdsa = EVP_SIGNATURE_fetch(context.lib, "ECDSA-SHA2-256", "provider=mhsm");
    rsa = EVP_SIGNATURE_fetch(context.lib, "RSA-SHA2-256", "provider=mhsm");
    before = th_stats().requests;
    ctx = context_of(context.lib, key);
    CU_ASSERT(EVP_PKEY_sign_message_init(ctx, ecdsa, NULL) != 1);
    TH_ONE_ERROR("SHA2-256");
    CU_ASSERT(EVP_PKEY_sign_message_init(ctx, rsa, NULL) != 1);
    ERR_clear_error();
    CU_ASSERT(EVP_PKEY_verify_message_init(ctx, ecdsa, NULL) == 1);
    CU_ASSERT(EVP_PKEY_verify_message_final(ctx) != 1);
    TH_ONE_ERROR("signature");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_PKEY_CTX_free(ctx);
    EVP_SIGNATURE_free(ecdsa);
    EVP_SIGNATURE_free(rsa);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

#else

static void keys_of_the_hsm(void)
{
    struct th_context context;
    size_t i;

    th_context_open(&context, TH_LAST);
    for (i = 0; i < COUNT(rows); i++) {
        EVP_SIGNATURE *none =
            EVP_SIGNATURE_fetch(context.lib, rows[i].name, "provider=mhsm");

        CU_ASSERT_PTR_NULL(none);
        EVP_SIGNATURE_free(none);
        ERR_clear_error();
    }
    th_context_close(&context);
}

#endif

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys", prepare},
        {"keys of the HSM", keys_of_the_hsm},
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
        {"software keys", software_keys},
        {"refusals", refusals},
#endif
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: signature algorithms", tests);
}
