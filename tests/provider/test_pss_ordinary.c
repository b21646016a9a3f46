/* SPDX-License-Identifier: MIT
 *
 * Ordinary RSA keys for PSS alone: with the module in any place, each outcome
 * is the one that the default provider alone has.
 */
#include "pss.h"
#include "reference.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

/* A digest has several names, of which any may be told. */
static void one_name(char name[64])
{
    EVP_MD *md = EVP_MD_fetch(th_plain(), name, NULL);

    if (md != NULL)
        OPENSSL_strlcpy(name, EVP_MD_get0_name(md), 64);
    EVP_MD_free(md);
}

/* What a context tells of itself once the settings are taken, as text. */
static void describe(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                     const struct pss_settings *set, char *out, size_t room)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    unsigned char identifier[256] = {0};
    char digest[64] = "", mgf1[64] = "", salt_word[64] = "", pad_word[64] = "";
    int pad = -99, salt = -99;
    OSSL_PARAM params[6];
    size_t i, used;

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
                                                 digest, sizeof(digest));
    params[1] = OSSL_PARAM_construct_utf8_string(
        OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mgf1, sizeof(mgf1));
    params[2] =
        OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
    params[3] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PAD_MODE, &pad);
    params[4] = OSSL_PARAM_construct_octet_string(
        OSSL_SIGNATURE_PARAM_ALGORITHM_ID, identifier, sizeof(identifier));
    params[5] = OSSL_PARAM_construct_end();
    out[0] = '\0';
    if (EVP_DigestSignInit_ex(ctx, &pctx, set->digest, lib, NULL, key, NULL) <=
            0 ||
        !pss_apply(pctx, set) || EVP_PKEY_CTX_get_params(pctx, params) <= 0)
        goto out;
    params[0] = OSSL_PARAM_construct_utf8_string(
        OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt_word, sizeof(salt_word));
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE,
                                                 pad_word, sizeof(pad_word));
    params[2] = OSSL_PARAM_construct_end();
    if (EVP_PKEY_CTX_get_params(pctx, params) <= 0)
        goto out;
    one_name(digest);
    one_name(mgf1);
    snprintf(out, room, "%s %s %d %s %d %s ", digest, mgf1, salt, salt_word,
             pad, pad_word);
    for (i = 0; i < sizeof(identifier); i++) {
        used = strlen(out);
        snprintf(out + used, room - used, "%02x", identifier[i]);
    }
out:
    EVP_MD_CTX_free(ctx);
}

static EVP_PKEY *generate(OSSL_LIB_CTX *lib, const struct pss_limits *limits)
{
    int plain = limits == &pss_limits[PLAIN];
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_name(lib, plain ? "RSA" : "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;

    if (EVP_PKEY_keygen_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) <= 0 ||
        (limits->digest != NULL && EVP_PKEY_CTX_set_rsa_pss_keygen_md_name(
                                       ctx, limits->digest, NULL) <= 0) ||
        (limits->mgf1 != NULL && EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md_name(
                                     ctx, limits->mgf1) <= 0) ||
        (limits->salt >= 0 &&
         EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, limits->salt) <= 0) ||
        EVP_PKEY_generate(ctx, &key) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* The same key elsewhere, by PKCS#8. */
static EVP_PKEY *carry(EVP_PKEY *key, OSSL_LIB_CTX *lib)
{
    unsigned char *der = NULL;
    const unsigned char *at;
    int size = i2d_PrivateKey(key, &der);
    EVP_PKEY *there;

    at = der;
    there =
        size <= 0 ? NULL : d2i_AutoPrivateKey_ex(NULL, &at, size, lib, NULL);
    OPENSSL_clear_free(der, size > 0 ? (size_t)size : 0);
    return there;
}

/* One key, in `lib` and in the default provider alone: every setting ends at
 * the same stage, for signatures and for their verification. */
static void compare(OSSL_LIB_CTX *lib, const struct pss_limits *limits,
                    const char *where)
{
    EVP_PKEY *key = generate(th_plain(), limits), *ours = carry(key, lib);
    unsigned char one[512], two[512];
    char alone[1024] = "", with_us[1024] = "";
    size_t i, one_size, two_size;

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
    TH_TRUE(pss_same_spki(key, ours), "%s, module %s", limits->name, where);
    TH_TRUE(EVP_PKEY_get_id(ours) == EVP_PKEY_get_id(key), "%s", limits->name);
    TH_TRUE(EVP_PKEY_is_a(ours, "RSASSA-PSS") == (limits != &pss_limits[PLAIN]),
            "%s", limits->name);
    for (i = 0; i < COUNT(pss_settings); i++) {
        const struct pss_settings *set = &pss_settings[i];
        int expected, stage;

        one_size = two_size = sizeof(one);
        expected = pss_sign(th_plain(), key, set, one, &one_size);
        ERR_clear_error();
        stage = pss_sign(lib, ours, set, two, &two_size);
        TH_TRUE(stage == expected, "%s, setting %zu, module %s: %d, alone %d",
                limits->name, i, where, stage, expected);
        TH_TRUE(stage != 3 || ERR_peek_error() == 0, "%s", limits->name);
        ERR_clear_error();
        if (expected != 3 || stage != 3)
            continue;
        describe(th_plain(), key, set, alone, sizeof(alone));
        describe(lib, ours, set, with_us, sizeof(with_us));
        TH_TRUE(strcmp(alone, with_us) == 0,
                "%s, setting %zu, module %s:\n%.200s, alone\n%.200s",
                limits->name, i, where, with_us, alone);
        TH_TRUE(pss_verify(lib, ours, set, one, one_size) ==
                    pss_verify(th_plain(), key, set, one, one_size),
                "%s, setting %zu, module %s", limits->name, i, where);
        TH_TRUE(pss_verify(th_plain(), key, set, two, two_size) ==
                    pss_verify(th_plain(), key, set, one, one_size),
                "%s, setting %zu, module %s", limits->name, i, where);
        ERR_clear_error();
    }
    EVP_PKEY_free(ours);
    EVP_PKEY_free(key);
}

static void ordinary_keys(void)
{
    long before = th_stats().requests;
    struct th_context context;
    size_t i, j;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        for (j = 0; j < COUNT(pss_limits); j++)
            compare(context.lib, &pss_limits[j], th_order_name(orders[i]));
        th_context_close(&context);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

/* Made here, and the same elsewhere; duplicates; no decryption. */
static void ordinary_keys_made_here(void)
{
    struct th_context context;
    size_t i, j;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        for (j = 0; j < COUNT(pss_limits); j++) {
            EVP_PKEY *key = generate(context.lib, &pss_limits[j]);
            EVP_PKEY *there = carry(key, th_plain()), *copy = EVP_PKEY_dup(key);
            EVP_PKEY_CTX *ctx =
                EVP_PKEY_CTX_new_from_pkey(context.lib, key, NULL);

            TH_TRUE(there != NULL && pss_same_spki(there, key), "%s, module %s",
                    pss_limits[j].name, th_order_name(orders[i]));
            TH_TRUE(copy != NULL && pss_same_spki(copy, key), "%s, module %s",
                    pss_limits[j].name, th_order_name(orders[i]));
            TH_TRUE(EVP_PKEY_eq(copy, key) == 1 && EVP_PKEY_eq(there, key) == 1,
                    "%s", pss_limits[j].name);
            TH_TRUE(EVP_PKEY_check(ctx) == 1, "%s", pss_limits[j].name);
            TH_QUIET();
            TH_TRUE((EVP_PKEY_decrypt_init(ctx) > 0) == (j == PLAIN), "%s",
                    pss_limits[j].name);
            ERR_clear_error();
            EVP_PKEY_CTX_free(ctx);
            EVP_PKEY_free(copy);
            EVP_PKEY_free(there);
            EVP_PKEY_free(key);
        }
        th_context_close(&context);
    }
}

static void ordinary_keys_in_tls(void)
{
    struct th_context context;
    EVP_PKEY *key;
    size_t i;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        key = generate(context.lib, &pss_limits[1]);
        pss_handshakes(context.lib, th_plain(), key, th_order_name(orders[i]));
        EVP_PKEY_free(key);
        key = generate(th_plain(), &pss_limits[1]);
        pss_handshakes(th_plain(), context.lib, key, th_order_name(orders[i]));
        EVP_PKEY_free(key);
        th_context_close(&context);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"ordinary keys", ordinary_keys},
        {"ordinary keys made here", ordinary_keys_made_here},
        {"ordinary keys in TLS", ordinary_keys_in_tls},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: ordinary keys for PSS alone", tests);
}
