/* SPDX-License-Identifier: MIT
 *
 * AES keys of the HSM as EVP_PKEYs of type MHSM-AES: wrapping data keys by
 * EVP_PKEY_encrypt and unwrapping them by EVP_PKEY_decrypt.
 */
#include "harness.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/store.h>

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

enum { SIZE = 32, WRAPPED = SIZE + 8 };

static void create(const char *name, const char *body)
{
    th_key_create(name, body, NULL);
}

/* 1, or 0 with the error queue as it is. */
static int transform(OSSL_LIB_CTX *lib, EVP_PKEY *key, int wrap,
                     const unsigned char *in, size_t inlen, unsigned char *out,
                     size_t *outlen)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    int ok;

    if (wrap)
        ok = EVP_PKEY_encrypt_init(ctx) == 1 &&
             EVP_PKEY_encrypt(ctx, out, outlen, in, inlen) == 1;
    else
        ok = EVP_PKEY_decrypt_init(ctx) == 1 &&
             EVP_PKEY_decrypt(ctx, out, outlen, in, inlen) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static void both_ways(void)
{
    unsigned char dek[SIZE], wrapped[WRAPPED], again[SIZE];
    size_t i;

    create("ae-kek", "{\"kty\":\"oct-HSM\",\"key_size\":256}");
    CU_ASSERT_FATAL(RAND_bytes(dek, SIZE) == 1);
    for (i = 0; i < 3; i++) {
        struct th_context context;
        EVP_PKEY *key;
        size_t size = sizeof(wrapped);
        long before;

        th_context_open(&context, orders[i]);
        key = th_must_open(context.lib, "mhsm:ae-kek");
        CU_ASSERT(EVP_PKEY_is_a(key, "MHSM-AES"));
        CU_ASSERT(!EVP_PKEY_is_a(key, "AES"));
        /* This version of the service does not tell the size. */
        CU_ASSERT_EQUAL(EVP_PKEY_get_bits(key), 0);
        before = th_stats().requests;
        CU_ASSERT(transform(context.lib, key, 1, dek, SIZE, NULL, &size) &&
                  size == WRAPPED);
        size = WRAPPED - 1;
        CU_ASSERT(!transform(context.lib, key, 1, dek, SIZE, wrapped, &size));
        TH_ONE_ERROR("40 octets");
        size = sizeof(wrapped);
        CU_ASSERT(!transform(context.lib, key, 1, dek, 15, wrapped, &size));
        TH_ONE_ERROR("15");
        CU_ASSERT_EQUAL(th_stats().requests, before);
        CU_ASSERT(transform(context.lib, key, 1, dek, SIZE, wrapped, &size) &&
                  size == WRAPPED);
        size = sizeof(again);
        CU_ASSERT(
            transform(context.lib, key, 0, wrapped, WRAPPED, again, &size) &&
            size == SIZE && memcmp(again, dek, SIZE) == 0);
        CU_ASSERT(th_stats().requests - before <= 3);
        TH_QUIET();
        wrapped[3] ^= 1;
        size = sizeof(again);
        CU_ASSERT(
            !transform(context.lib, key, 0, wrapped, WRAPPED, again, &size));
        TH_ONE_ERROR("ae-kek");
        EVP_PKEY_free(key);
        th_context_close(&context);
    }
}

static void what_it_is(void)
{
    struct th_context context;
    EVP_PKEY *key, *same, *other, *copy;
    OSSL_PARAM *params = NULL;
    char text[64];

    create("ae-other", "{\"kty\":\"oct-HSM\",\"key_size\":128}");
    th_rsa_create("ae-rsa", 2048, NULL);
    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:ae-kek");
    same = th_must_open(context.lib, "mhsm:ae-kek");
    other = th_must_open(context.lib, "mhsm:ae-other");
    copy = EVP_PKEY_dup(key);
    CU_ASSERT_PTR_NOT_NULL(copy);
    CU_ASSERT(EVP_PKEY_eq(key, same) == 1);
    CU_ASSERT(EVP_PKEY_eq(key, copy) == 1);
    CU_ASSERT(EVP_PKEY_eq(key, other) != 1);
    CU_ASSERT(EVP_PKEY_get_utf8_string_param(key, "mhsm-kty", text,
                                             sizeof(text), NULL) == 1 &&
              strcmp(text, "oct-HSM") == 0);
    ERR_clear_error();
    CU_ASSERT(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &params) != 1);
    OSSL_PARAM_free(params);
    ERR_clear_error();
    CU_ASSERT_PTR_NULL(
        th_open_as(context.lib, "mhsm:ae-kek", OSSL_STORE_INFO_PUBKEY));
    TH_ONE_ERROR("no public part");
    EVP_PKEY_free(copy);
    EVP_PKEY_free(other);
    EVP_PKEY_free(same);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

/* Written as a reference and read back, with no request. */
static void by_reference(void)
{
    unsigned char dek[SIZE] = {1}, wrapped[WRAPPED];
    struct th_context context;
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *key, *again;
    size_t size = sizeof(wrapped);
    long before;

    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:ae-kek");
    CU_ASSERT(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) ==
              1);
    before = th_stats().requests;
    again =
        PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, context.lib, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    CU_ASSERT(EVP_PKEY_eq(key, again) == 1);
    CU_ASSERT(transform(context.lib, again, 1, dek, SIZE, wrapped, &size));
    TH_QUIET();
    BIO_free(bio);
    EVP_PKEY_free(again);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

/* Ciphers of their real names are never ours. */
static void nothing_is_shadowed(void)
{
    static const char *const names[] = {"AES-256-GCM", "AES-128-CBC",
                                        "AES-256-WRAP"};
    size_t i, j;

    for (i = 0; i < 3; i++) {
        struct th_context context;

        th_context_open(&context, orders[i]);
        for (j = 0; j < 3; j++) {
            EVP_CIPHER *cipher = EVP_CIPHER_fetch(context.lib, names[j], NULL);

            CU_ASSERT_PTR_NOT_NULL_FATAL(cipher);
            CU_ASSERT_STRING_EQUAL(
                OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(cipher)),
                "default");
            EVP_CIPHER_free(cipher);
        }
        th_context_close(&context);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"both ways", both_ways},
        {"what it is", what_it_is},
        {"by reference", by_reference},
        {"nothing is shadowed", nothing_is_shadowed},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: AES", tests);
}
