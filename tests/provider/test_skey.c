/* SPDX-License-Identifier: MIT
 *
 * AES keys of the HSM as EVP_SKEYs, and the ciphers that take them (OpenSSL
 * 3.5).  Each result is compared with that of the default provider's cipher
 * and the same octets.  Before 3.5 there are none, and none is offered.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef OSSL_OP_SKEYMGMT

enum { KEY = 32, TEXT = 64, AAD = 20 };

/* A key of the HSM whose octets the test knows. */
struct known {
    const char *name;
    int bits;
    unsigned char octets[KEY];
};

static struct known known[] = {
    {"sk-128", 128, {0}}, {"sk-192", 192, {0}}, {"sk", 256, {0}}};
static unsigned char text[TEXT], aad[AAD];
static struct th_context contexts[3];
/* The ones at hand. */
static OSSL_LIB_CTX *lib;
static struct known *at;

static void put(struct known *key)
{
    char encoded[64], body[256], path[64];
    unsigned char base64[64];
    long status = 0;
    size_t i;

    CU_ASSERT_FATAL(RAND_bytes(key->octets, key->bits / 8) == 1);
    EVP_EncodeBlock(base64, key->octets, key->bits / 8);
    for (i = 0; base64[i] != '=' && base64[i] != '\0'; i++)
        encoded[i] = base64[i] == '+'   ? '-'
                     : base64[i] == '/' ? '_'
                                        : (char)base64[i];
    encoded[i] = '\0';
    snprintf(body, sizeof(body),
             "{\"hsm\":true,\"key\":{\"kty\":\"oct\",\"k\":\"%s\",\"key_ops\":"
             "[\"encrypt\",\"decrypt\",\"wrapKey\",\"unwrapKey\"]}}",
             encoded);
    snprintf(path, sizeof(path), "/keys/%s", key->name);
    json_object_put(th_service("PUT", path, body, &status));
    CU_ASSERT_EQUAL_FATAL(status, 200);
}

static void prepare(void)
{
    size_t i;

    CU_ASSERT_FATAL(RAND_bytes(text, TEXT) == 1);
    CU_ASSERT_FATAL(RAND_bytes(aad, AAD) == 1);
    for (i = 0; i < COUNT(known); i++)
        put(&known[i]);
    th_rsa_create("sk-rsa", 2048, NULL);
    th_contexts_open(contexts);
    lib = contexts[TH_LAST].lib;
    at = &known[2];
}

/* With each key, in each place of the list. */
static void everywhere(void (*body)(void))
{
    size_t i, order;

    for (order = 0; order < COUNT(contexts); order++)
        for (i = 0; i < COUNT(known); i++) {
            lib = contexts[order].lib;
            at = &known[i];
            body();
        }
    lib = contexts[TH_LAST].lib;
    at = &known[2];
}

/* The cipher for the key at hand: our name for it, or OpenSSL's. */
static EVP_CIPHER *cipher_of(int ours, const char *mode)
{
    char name[64];
    EVP_CIPHER *cipher;

    snprintf(name, sizeof(name), "%sAES-%d-%s", ours ? "MHSM-" : "", at->bits,
             mode);
    cipher = EVP_CIPHER_fetch(ours ? lib : th_plain(), name, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cipher);
    CU_ASSERT(EVP_CIPHER_is_a(cipher, name));
    CU_ASSERT_EQUAL(EVP_CIPHER_get_key_length(cipher), at->bits / 8);
    return cipher;
}

static EVP_SKEY *import(const char *uri)
{
    char copy[128];
    OSSL_PARAM params[2];

    snprintf(copy, sizeof(copy), "%s", uri);
    params[0] = OSSL_PARAM_construct_utf8_string("mhsm-uri", copy, 0);
    params[1] = OSSL_PARAM_construct_end();
    return EVP_SKEY_import(lib, "MHSM-AES", NULL, OSSL_SKEYMGMT_SELECT_ALL,
                           params);
}

/* The key at hand. */
static EVP_SKEY *import_it(void)
{
    char uri[64];
    EVP_SKEY *key;

    snprintf(uri, sizeof(uri), "mhsm:%s", at->name);
    key = import(uri);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    return key;
}

static void keys(void)
{
    const unsigned char *raw = NULL;
    long before = th_stats().requests;
    OSSL_PARAM params[3];
    char name[] = "sk-made";
    size_t size = 16;
    EVP_SKEY *key;

    key = import("mhsm:sk");
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT(th_stats().requests - before <= 3);
    CU_ASSERT(strstr(EVP_SKEY_get0_key_id(key), "/keys/sk/") != NULL);
    CU_ASSERT(EVP_SKEY_is_a(key, "MHSM-AES"));
    TH_QUIET();
    CU_ASSERT(EVP_SKEY_get0_raw_key(key, &raw, &size) != 1);
    ERR_clear_error();
    EVP_SKEY_free(key);
    CU_ASSERT_PTR_NULL(import("mhsm:sk-none"));
    TH_ONE_ERROR("404");
    CU_ASSERT_PTR_NULL(import("mhsm:sk-rsa"));
    TH_ONE_ERROR("no AES key");
    CU_ASSERT_PTR_NULL(
        EVP_SKEY_import_raw_key(lib, "MHSM-AES", at->octets, KEY, NULL));
    TH_ONE_ERROR("mhsm-uri");
    size = 16;
    params[0] = OSSL_PARAM_construct_utf8_string("mhsm-key", name, 0);
    params[1] = OSSL_PARAM_construct_size_t(OSSL_SKEY_PARAM_KEY_LENGTH, &size);
    params[2] = OSSL_PARAM_construct_end();
    key = EVP_SKEY_generate(lib, "MHSM-AES", NULL, params);
    CU_ASSERT_PTR_NOT_NULL(key);
    EVP_SKEY_free(key);
    CU_ASSERT_PTR_NULL(EVP_SKEY_generate(lib, "MHSM-AES", NULL, &params[1]));
    TH_ONE_ERROR("mhsm-key");
    TH_QUIET();
}

/* Each cipher takes keys of its own size alone: the HSM knows it. */
static void sizes(void)
{
    static const char *const modes[] = {"GCM", "CBC", "WRAP"};
    unsigned char out[TEXT + 16], iv[16] = {3};
    size_t i, mode, other;
    int size;

    for (i = 0; i < COUNT(known); i++)
        for (other = 0; other < COUNT(known); other++)
            for (mode = 0; mode < COUNT(modes); mode++) {
                EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
                EVP_CIPHER *cipher;
                EVP_SKEY *key;
                int ok;

                at = &known[i];
                key = import_it();
                at = &known[other];
                cipher = cipher_of(1, modes[mode]);
                ok = EVP_CipherInit_SKEY(
                         ctx, cipher, key, mode == 1 ? iv : NULL,
                         mode == 1 ? sizeof(iv) : 0, 1, NULL) == 1 &&
                     EVP_EncryptUpdate(ctx, out, &size, text, KEY) == 1;
                TH_TRUE(ok == (i == other), "%s, %d, %s", known[i].name,
                        at->bits, modes[mode]);
                if (ok)
                    TH_QUIET();
                else
                    TH_ONE_ERROR(known[i].name, "size");
                EVP_CIPHER_free(cipher);
                EVP_CIPHER_CTX_free(ctx);
                EVP_SKEY_free(key);
            }
    at = &known[2];
}

/* Keys in octets are nobody's business but OpenSSL's. */
static void ordinary_keys(void)
{
    static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};
    size_t i;

    for (i = 0; i < 3; i++) {
        struct th_context other;
        EVP_SKEY *key;

        th_context_open(&other, orders[i]);
        key = EVP_SKEY_import_raw_key(other.lib, "AES", at->octets, KEY, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(key);
        CU_ASSERT_STRING_EQUAL(EVP_SKEY_get0_provider_name(key), "default");
        EVP_SKEY_free(key);
        TH_QUIET();
        th_context_close(&other);
    }
}

static EVP_CIPHER_CTX *start(EVP_SKEY *key, const char *mode, int encrypts,
                             const unsigned char *iv, size_t iv_size)
{
    EVP_CIPHER *cipher = cipher_of(1, mode);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    CU_ASSERT_FATAL(EVP_CipherInit_SKEY(ctx, cipher, key, iv, iv_size, encrypts,
                                        NULL) == 1);
    EVP_CIPHER_free(cipher);
    return ctx;
}

static EVP_CIPHER_CTX *start_plain(const char *mode, int encrypts,
                                   const unsigned char *iv)
{
    EVP_CIPHER *cipher = cipher_of(0, mode);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    CU_ASSERT_FATAL(
        EVP_CipherInit_ex2(ctx, cipher, at->octets, iv, encrypts, NULL) == 1);
    EVP_CIPHER_free(cipher);
    return ctx;
}

static void gcm_once(void)
{
    unsigned char out[TEXT], again[TEXT], iv[12], tag[16];
    EVP_SKEY *key = import_it();
    EVP_CIPHER_CTX *ctx;
    int size = 0;
    long before = th_stats().requests;

    ctx = start(key, "GCM", 1, NULL, 0);
    CU_ASSERT(EVP_EncryptUpdate(ctx, NULL, &size, aad, AAD) == 1);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    CU_ASSERT(EVP_EncryptUpdate(ctx, out, &size, text, TEXT) == 1 &&
              size == TEXT);
    CU_ASSERT(EVP_EncryptFinal_ex(ctx, out + TEXT, &size) == 1 && size == 0);
    CU_ASSERT_EQUAL(th_stats().requests, before + 1);
    CU_ASSERT(EVP_CIPHER_CTX_get_updated_iv(ctx, iv, sizeof(iv)) == 1);
    CU_ASSERT(
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag) == 1);
    TH_QUIET();
    CU_ASSERT(EVP_EncryptUpdate(ctx, again, &size, text, TEXT) != 1);
    TH_ONE_ERROR("one piece");
    EVP_CIPHER_CTX_free(ctx);

    ctx = start_plain("GCM", 0, iv);
    CU_ASSERT(EVP_DecryptUpdate(ctx, NULL, &size, aad, AAD) == 1);
    CU_ASSERT(EVP_DecryptUpdate(ctx, again, &size, out, TEXT) == 1);
    CU_ASSERT(
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) == 1);
    CU_ASSERT(EVP_DecryptFinal_ex(ctx, again + TEXT, &size) == 1);
    CU_ASSERT(memcmp(again, text, TEXT) == 0);
    EVP_CIPHER_CTX_free(ctx);

    ctx = start(key, "GCM", 0, iv, sizeof(iv));
    CU_ASSERT(
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) == 1);
    CU_ASSERT(EVP_DecryptUpdate(ctx, NULL, &size, aad, AAD) == 1);
    CU_ASSERT(EVP_DecryptUpdate(ctx, again, &size, out, TEXT) == 1 &&
              size == TEXT && memcmp(again, text, TEXT) == 0);
    EVP_CIPHER_CTX_free(ctx);
    TH_QUIET();

    tag[0] ^= 1;
    ctx = start(key, "GCM", 0, iv, sizeof(iv));
    CU_ASSERT(
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) == 1);
    CU_ASSERT(EVP_DecryptUpdate(ctx, again, &size, out, TEXT) != 1);
    TH_ONE_ERROR("sk");
    EVP_CIPHER_CTX_free(ctx);
    EVP_SKEY_free(key);
}

static void cbc_once(void)
{
    unsigned char out[TEXT + 16], expected[TEXT + 16], again[TEXT + 16];
    unsigned char iv[16] = {7};
    EVP_SKEY *key = import_it();
    int size = 0, last = 0, padding;

    for (padding = 0; padding < 2; padding++) {
        int length = padding ? TEXT - 5 : TEXT, total;
        EVP_CIPHER_CTX *ctx = start(key, "CBC", 1, iv, sizeof(iv));

        CU_ASSERT(EVP_CIPHER_CTX_set_padding(ctx, padding) == 1);
        CU_ASSERT(EVP_EncryptUpdate(ctx, out, &size, text, length) == 1);
        CU_ASSERT(EVP_EncryptFinal_ex(ctx, out + size, &last) == 1);
        total = size + last;
        EVP_CIPHER_CTX_free(ctx);
        ctx = start_plain("CBC", 1, iv);
        EVP_CIPHER_CTX_set_padding(ctx, padding);
        CU_ASSERT(EVP_EncryptUpdate(ctx, expected, &size, text, length) == 1);
        CU_ASSERT(EVP_EncryptFinal_ex(ctx, expected + size, &last) == 1);
        EVP_CIPHER_CTX_free(ctx);
        CU_ASSERT(size + last == total && memcmp(out, expected, TEXT) == 0);
        ctx = start(key, "CBC", 0, iv, sizeof(iv));
        EVP_CIPHER_CTX_set_padding(ctx, padding);
        CU_ASSERT(EVP_DecryptUpdate(ctx, again, &size, out, total) == 1 &&
                  size == length && memcmp(again, text, (size_t)size) == 0);
        EVP_CIPHER_CTX_free(ctx);
        TH_QUIET();
    }
    /* Another IV for the key at hand. */
    {
        EVP_CIPHER_CTX *ctx = start(key, "CBC", 1, iv, sizeof(iv));

        iv[0] ^= 1;
        CU_ASSERT(EVP_EncryptInit_ex2(ctx, NULL, NULL, iv, NULL) == 1);
        CU_ASSERT(EVP_EncryptUpdate(ctx, out, &size, text, TEXT) == 1);
        EVP_CIPHER_CTX_free(ctx);
        ctx = start_plain("CBC", 1, iv);
        CU_ASSERT(EVP_EncryptUpdate(ctx, expected, &size, text, TEXT) == 1);
        EVP_CIPHER_CTX_free(ctx);
        CU_ASSERT(memcmp(out, expected, TEXT) == 0);
    }
    EVP_SKEY_free(key);
}

static void wrap_once(void)
{
    unsigned char out[KEY + 8], expected[KEY + 8], again[KEY + 8];
    EVP_SKEY *key = import_it();
    EVP_CIPHER_CTX *ctx;
    int size = 0;

    ctx = start(key, "WRAP", 1, NULL, 0);
    CU_ASSERT(EVP_EncryptUpdate(ctx, out, &size, text, KEY) == 1 &&
              size == KEY + 8);
    EVP_CIPHER_CTX_free(ctx);
    ctx = start_plain("WRAP", 1, NULL);
    CU_ASSERT(EVP_EncryptUpdate(ctx, expected, &size, text, KEY) == 1);
    EVP_CIPHER_CTX_free(ctx);
    CU_ASSERT(memcmp(out, expected, KEY + 8) == 0);
    ctx = start(key, "WRAP", 0, NULL, 0);
    CU_ASSERT(EVP_DecryptUpdate(ctx, again, &size, out, KEY + 8) == 1 &&
              size == KEY && memcmp(again, text, KEY) == 0);
    EVP_CIPHER_CTX_free(ctx);
    TH_QUIET();
    EVP_SKEY_free(key);
}

static void gcm(void)
{
    everywhere(gcm_once);
}

static void cbc(void)
{
    everywhere(cbc_once);
}

static void wrap(void)
{
    everywhere(wrap_once);
}

static void refusals(void)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(lib, "MHSM-AES-256-GCM", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_SKEY *key = import("mhsm:sk");
    unsigned char out[TEXT], iv[12] = {1};
    long before = th_stats().requests;
    int size;

    CU_ASSERT(EVP_EncryptInit_ex2(ctx, cipher, at->octets, NULL, NULL) != 1);
    TH_ONE_ERROR("EVP_CipherInit_SKEY");
    CU_ASSERT(EVP_CipherInit_SKEY(ctx, cipher, key, iv, sizeof(iv), 1, NULL) !=
              1);
    TH_ONE_ERROR("the HSM makes the IV");
    CU_ASSERT(EVP_CipherInit_SKEY(ctx, cipher, key, iv, sizeof(iv), 0, NULL) ==
              1);
    CU_ASSERT(EVP_DecryptUpdate(ctx, out, &size, text, TEXT) != 1);
    TH_ONE_ERROR("tag");
    CU_ASSERT(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 16, NULL) != 1);
    TH_ONE_ERROR("12 octets");
    CU_ASSERT(EVP_EncryptInit_ex2(ctx, NULL, NULL, iv, NULL) != 1);
    TH_ONE_ERROR("the HSM makes the IV");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    EVP_SKEY_free(key);
}

#else

static void nothing_is_offered(void)
{
    static const char *const modes[] = {"GCM", "CBC", "WRAP"};
    struct th_context context;
    char name[64];
    size_t i;
    int bits;

    th_context_open(&context, TH_FIRST);
    for (i = 0; i < COUNT(modes); i++)
        for (bits = 128; bits <= 256; bits += 64) {
            EVP_CIPHER *none;

            snprintf(name, sizeof(name), "MHSM-AES-%d-%s", bits, modes[i]);
            none = EVP_CIPHER_fetch(context.lib, name, NULL);
            CU_ASSERT_PTR_NULL(none);
            EVP_CIPHER_free(none);
        }
    ERR_clear_error();
    th_context_close(&context);
}

#endif

int main(void)
{
    static const CU_TestInfo tests[] = {
#ifdef OSSL_OP_SKEYMGMT
        {"a key that is known", prepare},
        {"keys", keys},
        {"ordinary keys", ordinary_keys},
        {"GCM", gcm},
        {"CBC", cbc},
        {"wrap", wrap},
        {"sizes", sizes},
        {"refusals", refusals},
#else
        {"nothing is offered", nothing_is_offered},
#endif
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: symmetric keys", tests);

#ifdef OSSL_OP_SKEYMGMT
    th_contexts_close(contexts);
#endif
    return code;
}
