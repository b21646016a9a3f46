/* SPDX-License-Identifier: MIT
 *
 * RSA keys of the HSM for PSS alone, by their references: which settings they
 * take and which they refuse, and that they tell what they are.
 */
#include "pss.h"
#include "reference.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

static char *pems[HSM_LIMITS];

/* The reference of a key that is made in the HSM for PSS. */
static char *make_reference(OSSL_LIB_CTX *lib, const struct pss_limits *limits)
{
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_name(lib, "RSA-PSS", "provider=mhsm");
    BIO *out = BIO_new(BIO_s_mem());
    char name[32], *data, *pem;
    OSSL_PARAM params[2];
    EVP_PKEY *key = NULL;
    long size;

    snprintf(name, sizeof(name), "pss-%s", limits->name);
    params[0] = OSSL_PARAM_construct_utf8_string("mhsm-key", name, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (EVP_PKEY_keygen_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_params(ctx, params) <= 0 ||
        (limits->digest != NULL && EVP_PKEY_CTX_set_rsa_pss_keygen_md_name(
                                       ctx, limits->digest, NULL) <= 0) ||
        EVP_PKEY_generate(ctx, &key) <= 0 ||
        PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
        th_die("no key %s", name);
    size = BIO_get_mem_data(out, &data);
    pem = OPENSSL_strndup(data, (size_t)size);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
    BIO_free(out);
    return pem;
}

static void prepare(void)
{
    struct th_context context;
    size_t i;

    th_context_open(&context, TH_LAST);
    for (i = 0; i < HSM_LIMITS; i++)
        pems[i] = make_reference(context.lib, &pss_limits[i]);
    th_context_close(&context);
    TH_QUIET();
}

/* An ordinary key with the same restriction tells which settings it takes; of
 * those the HSM signs with its own salt alone. */
static int hsm_can(const struct pss_limits *limits,
                   const struct pss_settings *set)
{
    const char *digest = set->digest != NULL      ? set->digest
                         : limits->digest != NULL ? limits->digest
                                                  : "SHA256";
    EVP_MD *md = EVP_MD_fetch(th_plain(), digest, NULL);
    int size = EVP_MD_get_size(md), can;

    can = (set->padding == KEEP || set->padding == RSA_PKCS1_PSS_PADDING) &&
          (limits->digest == NULL || EVP_MD_is_a(md, limits->digest)) &&
          (set->mgf1 == NULL || EVP_MD_is_a(md, set->mgf1)) &&
          (EVP_MD_is_a(md, "SHA256") || EVP_MD_is_a(md, "SHA384") ||
           EVP_MD_is_a(md, "SHA512")) &&
          (set->salt == KEEP || set->salt == size ||
           set->salt == RSA_PSS_SALTLEN_DIGEST ||
           set->salt == RSA_PSS_SALTLEN_AUTO);
    EVP_MD_free(md);
    return can;
}

static void hsm_settings(OSSL_LIB_CTX *lib, size_t limit, EVP_PKEY *key,
                         EVP_PKEY *judge)
{
    static const char *const route = "POST /keys/{name}/{version}/sign";
    unsigned char signature[512];
    size_t i, size;

    for (i = 0; i < COUNT(pss_settings); i++) {
        struct pss_settings set = pss_settings[i];
        int can = hsm_can(&pss_limits[limit], &set);
        long before = th_route(route);

        size = sizeof(signature);
        TH_TRUE((pss_sign(lib, key, &set, signature, &size) == 3) == can,
                "%s, setting %zu", pss_limits[limit].name, i);
        TH_TRUE(th_route(route) == before + can, "%s, setting %zu",
                pss_limits[limit].name, i);
        if (!can) {
            TH_ONE_ERROR("");
            continue;
        }
        TH_QUIET();
        set.salt = RSA_PSS_SALTLEN_DIGEST;
        TH_TRUE(pss_verify(th_plain(), judge, &set, signature, size) == 3,
                "%s, setting %zu", pss_limits[limit].name, i);
        TH_TRUE(pss_verify(lib, key, &set, signature, size) == 3,
                "%s, setting %zu", pss_limits[limit].name, i);
        TH_QUIET();
    }
}

/* It tells what it is, as an ordinary key of the kind does. */
static void hsm_parameters(EVP_PKEY *key, EVP_PKEY *judge, size_t limit)
{
    char ours[80] = "", theirs[80] = "";
    int told = EVP_PKEY_get_default_digest_name(judge, theirs, sizeof(theirs));

    TH_TRUE(EVP_PKEY_get_default_digest_name(key, ours, sizeof(ours)) == told,
            "%s", pss_limits[limit].name);
    TH_TRUE(strcmp(ours, theirs) == 0, "%s, %s", ours, theirs);
    TH_TRUE(EVP_PKEY_get_id(key) == EVP_PKEY_RSA_PSS &&
                EVP_PKEY_is_a(key, "RSA-PSS") && !EVP_PKEY_is_a(key, "RSA"),
            "%s", pss_limits[limit].name);
    TH_TRUE(EVP_PKEY_get_bits(key) == 2048 && EVP_PKEY_can_sign(key), "%s",
            pss_limits[limit].name);
    TH_TRUE(pss_same_spki(key, judge), "%s", pss_limits[limit].name);
    TH_QUIET();
}

/* The first request meets the challenge. */
static void warm_up(OSSL_LIB_CTX *lib, EVP_PKEY *key, size_t limit)
{
    struct pss_settings set = {pss_limits[limit].digest, NULL, KEEP, KEEP};
    unsigned char signature[512];
    size_t size = sizeof(signature);

    TH_TRUE(pss_sign(lib, key, &set, signature, &size) == 3, "%s",
            pss_limits[limit].name);
}

static void keys_of_the_hsm(void)
{
    struct th_context context;
    size_t i, j;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        for (j = 0; j < HSM_LIMITS; j++) {
            long before = th_stats().requests;
            EVP_PKEY *key = read_pem(context.lib, pems[j]), *copy, *judge;
            EVP_PKEY_CTX *ctx;

            CU_ASSERT_PTR_NOT_NULL_FATAL(key);
            judge = th_public(key);
            copy = EVP_PKEY_dup(key);
            hsm_parameters(key, judge, j);
            hsm_parameters(copy, judge, j);
            CU_ASSERT_EQUAL(EVP_PKEY_eq(key, copy), 1);
            CU_ASSERT_EQUAL(EVP_PKEY_eq(key, judge), 1);
            CU_ASSERT_EQUAL(EVP_PKEY_eq(judge, key), 1);
            ctx = EVP_PKEY_CTX_new_from_pkey(context.lib, key, NULL);
            CU_ASSERT_EQUAL(EVP_PKEY_check(ctx), 1);
            TH_QUIET();
            CU_ASSERT(EVP_PKEY_decrypt_init(ctx) <= 0);
            CU_ASSERT(EVP_PKEY_encrypt_init(ctx) <= 0);
            CU_ASSERT(EVP_PKEY_verify_recover_init(ctx) <= 0 ||
                      EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <=
                          0);
            ERR_clear_error();
            EVP_PKEY_CTX_free(ctx);
            CU_ASSERT_EQUAL(th_stats().requests, before);
            warm_up(context.lib, key, j);
            hsm_settings(context.lib, j, key, judge);
            hsm_settings(context.lib, j, copy, judge);
            if (j == 1) {
                pss_handshakes(context.lib, th_plain(), key,
                               "server of the HSM");
                pss_handshakes(context.lib, context.lib, key, "both");
            }
            EVP_PKEY_free(copy);
            EVP_PKEY_free(judge);
            EVP_PKEY_free(key);
        }
        th_context_close(&context);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"references", prepare},
        {"keys of the HSM", keys_of_the_hsm},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: keys of the HSM for PSS alone", tests);
    size_t i;

    for (i = 0; i < HSM_LIMITS; i++)
        OPENSSL_free(pems[i]);
    return code;
}
