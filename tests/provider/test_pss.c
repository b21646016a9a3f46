/* SPDX-License-Identifier: MIT
 *
 * RSA keys for PSS alone.  Those of the HSM, by their references: which
 * settings they take and which they refuse, and that they tell what they are.
 * Ordinary ones: with the module in any place, each outcome is the one that
 * the default provider alone has.
 */
#include "reference.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

static const char text[] = "what is signed here";
static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

/* How a key is restricted, as the generator is told; salt -1: not told. */
static const struct limits {
    const char *name, *digest, *mgf1;
    int salt;
} all_limits[] = {
    {"any", NULL, NULL, -1},
    {"sha256", "SHA256", "SHA256", 32},
    {"sha384", "SHA384", "SHA384", 48},
    /* Not of the HSM. */
    {"sha256, salt 20", "SHA256", "SHA256", 20},
    {"sha256, MGF1 sha1", "SHA256", "SHA1", 40},
    {"sha1", "SHA1", NULL, -1},
    {"plain RSA", NULL, NULL, -1},
};

enum { HSM_LIMITS = 3, PLAIN = 6, KEEP = -100 };

/* What a caller asks for; NULL and KEEP: nothing. */
static const struct settings {
    const char *digest, *mgf1;
    int padding, salt;
} all_settings[] = {
    {NULL, NULL, KEEP, KEEP},
    {"SHA256", NULL, KEEP, KEEP},
    {"SHA384", NULL, KEEP, KEEP},
    {"SHA512", NULL, KEEP, KEEP},
    {"SHA1", NULL, KEEP, KEEP},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, KEEP},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 32},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 20},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, 48},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_MAX},
    {"SHA256", NULL, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO},
    {"SHA256", "SHA256", KEEP, KEEP},
    {"SHA256", "SHA384", KEEP, KEEP},
    {"SHA384", "SHA384", KEEP, RSA_PSS_SALTLEN_DIGEST},
    {"SHA256", NULL, RSA_PKCS1_PADDING, KEEP},
    {"SHA256", NULL, RSA_X931_PADDING, KEEP},
    {NULL, NULL, RSA_NO_PADDING, KEEP},
};

/* 1 when each setting is taken. */
static int apply(EVP_PKEY_CTX *ctx, const struct settings *set)
{
    return (set->padding == KEEP ||
            EVP_PKEY_CTX_set_rsa_padding(ctx, set->padding) > 0) &&
           (set->mgf1 == NULL ||
            EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, set->mgf1, NULL) > 0) &&
           (set->salt == KEEP ||
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, set->salt) > 0);
}

/* The stage at which signing a message ends: 0 at its begin, 1 at a setting, 2
 * at the signature, 3 with one; `signature` may be NULL. */
static int sign_stage(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                      const struct settings *set, unsigned char *signature,
                      size_t *size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int stage = 0;

    if (EVP_DigestSignInit_ex(ctx, &pctx, set->digest, lib, NULL, key, NULL) >
        0)
        stage = apply(pctx, set) ? 2 : 1;
    if (stage == 2 &&
        EVP_DigestSign(ctx, signature, size, (const unsigned char *)text,
                       strlen(text)) > 0)
        stage = 3;
    EVP_MD_CTX_free(ctx);
    return stage;
}

static int verify_stage(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                        const struct settings *set,
                        const unsigned char *signature, size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int stage = 0;

    if (EVP_DigestVerifyInit_ex(ctx, &pctx, set->digest, lib, NULL, key, NULL) >
        0)
        stage = apply(pctx, set) ? 2 : 1;
    if (stage == 2 &&
        EVP_DigestVerify(ctx, signature, size, (const unsigned char *)text,
                         strlen(text)) == 1)
        stage = 3;
    EVP_MD_CTX_free(ctx);
    return stage;
}

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
                     const struct settings *set, char *out, size_t room)
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
        !apply(pctx, set) || EVP_PKEY_CTX_get_params(pctx, params) <= 0)
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

static EVP_PKEY *generate(OSSL_LIB_CTX *lib, const struct limits *limits)
{
    int plain = limits == &all_limits[PLAIN];
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

static size_t spki(EVP_PKEY *key, unsigned char **der)
{
    int size = i2d_PUBKEY(key, der);

    return size > 0 ? (size_t)size : 0;
}

static int same_spki(EVP_PKEY *a, EVP_PKEY *b)
{
    unsigned char *one = NULL, *two = NULL;
    size_t size = spki(a, &one);
    int same = size > 0 && spki(b, &two) == size && memcmp(one, two, size) == 0;

    OPENSSL_free(one);
    OPENSSL_free(two);
    return same;
}

/* Ordinary keys ----------------------------------------------------------- */

/* One key, in `lib` and in the default provider alone: every setting ends at
 * the same stage, for signatures and for their verification. */
static void compare(OSSL_LIB_CTX *lib, const struct limits *limits,
                    const char *where)
{
    EVP_PKEY *key = generate(th_plain(), limits), *ours = carry(key, lib);
    unsigned char one[512], two[512];
    char alone[1024] = "", with_us[1024] = "";
    size_t i, one_size, two_size;

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
    TH_TRUE(same_spki(key, ours), "%s, module %s", limits->name, where);
    TH_TRUE(EVP_PKEY_get_id(ours) == EVP_PKEY_get_id(key), "%s", limits->name);
    TH_TRUE(EVP_PKEY_is_a(ours, "RSASSA-PSS") == (limits != &all_limits[PLAIN]),
            "%s", limits->name);
    for (i = 0; i < COUNT(all_settings); i++) {
        const struct settings *set = &all_settings[i];
        int expected, stage;

        one_size = two_size = sizeof(one);
        expected = sign_stage(th_plain(), key, set, one, &one_size);
        ERR_clear_error();
        stage = sign_stage(lib, ours, set, two, &two_size);
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
        TH_TRUE(verify_stage(lib, ours, set, one, one_size) ==
                    verify_stage(th_plain(), key, set, one, one_size),
                "%s, setting %zu, module %s", limits->name, i, where);
        TH_TRUE(verify_stage(th_plain(), key, set, two, two_size) ==
                    verify_stage(th_plain(), key, set, one, one_size),
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
        for (j = 0; j < COUNT(all_limits); j++)
            compare(context.lib, &all_limits[j], th_order_name(orders[i]));
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
        for (j = 0; j < COUNT(all_limits); j++) {
            EVP_PKEY *key = generate(context.lib, &all_limits[j]);
            EVP_PKEY *there = carry(key, th_plain()), *copy = EVP_PKEY_dup(key);
            EVP_PKEY_CTX *ctx =
                EVP_PKEY_CTX_new_from_pkey(context.lib, key, NULL);

            TH_TRUE(there != NULL && same_spki(there, key), "%s, module %s",
                    all_limits[j].name, th_order_name(orders[i]));
            TH_TRUE(copy != NULL && same_spki(copy, key), "%s, module %s",
                    all_limits[j].name, th_order_name(orders[i]));
            TH_TRUE(EVP_PKEY_eq(copy, key) == 1 && EVP_PKEY_eq(there, key) == 1,
                    "%s", all_limits[j].name);
            TH_TRUE(EVP_PKEY_check(ctx) == 1, "%s", all_limits[j].name);
            TH_QUIET();
            TH_TRUE((EVP_PKEY_decrypt_init(ctx) > 0) == (j == PLAIN), "%s",
                    all_limits[j].name);
            ERR_clear_error();
            EVP_PKEY_CTX_free(ctx);
            EVP_PKEY_free(copy);
            EVP_PKEY_free(there);
            EVP_PKEY_free(key);
        }
        th_context_close(&context);
    }
}

/* TLS between any two, with a key that is for one digest alone. */
static void handshakes(OSSL_LIB_CTX *server, OSSL_LIB_CTX *client,
                       EVP_PKEY *key, const char *what)
{
    struct th_scheme scheme = {"SHA256", 0};
    struct th_tls tls = {.server_lib = server, .client_lib = client};
    int version;

    tls.key = key;
    tls.certificate = th_certificate(server, key, key, &scheme);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tls.certificate);
    tls.sigalgs = "rsa_pss_pss_sha256";
    for (version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls.version = version;
        TH_TRUE(th_handshake(&tls), "%s, version %x", what,
                (unsigned int)version);
    }
    TH_QUIET();
    X509_free(tls.certificate);
}

static void ordinary_keys_in_tls(void)
{
    struct th_context context;
    EVP_PKEY *key;
    size_t i;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        key = generate(context.lib, &all_limits[1]);
        handshakes(context.lib, th_plain(), key, th_order_name(orders[i]));
        EVP_PKEY_free(key);
        key = generate(th_plain(), &all_limits[1]);
        handshakes(th_plain(), context.lib, key, th_order_name(orders[i]));
        EVP_PKEY_free(key);
        th_context_close(&context);
    }
}

/* Keys of the HSM --------------------------------------------------------- */

static char *references[HSM_LIMITS];

/* The reference of a key that is made in the HSM for PSS. */
static char *make_reference(OSSL_LIB_CTX *lib, const struct limits *limits)
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
        references[i] = make_reference(context.lib, &all_limits[i]);
    th_context_close(&context);
    TH_QUIET();
}

/* An ordinary key with the same restriction tells which settings it takes; of
 * those the HSM signs with its own salt alone. */
static int hsm_can(const struct limits *limits, const struct settings *set)
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

    for (i = 0; i < COUNT(all_settings); i++) {
        struct settings set = all_settings[i];
        int can = hsm_can(&all_limits[limit], &set);
        long before = th_route(route);

        size = sizeof(signature);
        TH_TRUE((sign_stage(lib, key, &set, signature, &size) == 3) == can,
                "%s, setting %zu", all_limits[limit].name, i);
        TH_TRUE(th_route(route) == before + can, "%s, setting %zu",
                all_limits[limit].name, i);
        if (!can) {
            TH_ONE_ERROR("");
            continue;
        }
        TH_QUIET();
        set.salt = RSA_PSS_SALTLEN_DIGEST;
        TH_TRUE(verify_stage(th_plain(), judge, &set, signature, size) == 3,
                "%s, setting %zu", all_limits[limit].name, i);
        TH_TRUE(verify_stage(lib, key, &set, signature, size) == 3,
                "%s, setting %zu", all_limits[limit].name, i);
        TH_QUIET();
    }
}

/* It tells what it is, as an ordinary key of the kind does. */
static void hsm_parameters(EVP_PKEY *key, EVP_PKEY *judge, size_t limit)
{
    char ours[80] = "", theirs[80] = "";
    int told = EVP_PKEY_get_default_digest_name(judge, theirs, sizeof(theirs));

    TH_TRUE(EVP_PKEY_get_default_digest_name(key, ours, sizeof(ours)) == told,
            "%s", all_limits[limit].name);
    TH_TRUE(strcmp(ours, theirs) == 0, "%s, %s", ours, theirs);
    TH_TRUE(EVP_PKEY_get_id(key) == EVP_PKEY_RSA_PSS &&
                EVP_PKEY_is_a(key, "RSA-PSS") && !EVP_PKEY_is_a(key, "RSA"),
            "%s", all_limits[limit].name);
    TH_TRUE(EVP_PKEY_get_bits(key) == 2048 && EVP_PKEY_can_sign(key), "%s",
            all_limits[limit].name);
    TH_TRUE(same_spki(key, judge), "%s", all_limits[limit].name);
    TH_QUIET();
}

/* The first request meets the challenge. */
static void warm_up(OSSL_LIB_CTX *lib, EVP_PKEY *key, size_t limit)
{
    struct settings set = {all_limits[limit].digest, NULL, KEEP, KEEP};
    unsigned char signature[512];
    size_t size = sizeof(signature);

    TH_TRUE(sign_stage(lib, key, &set, signature, &size) == 3, "%s",
            all_limits[limit].name);
}

static void keys_of_the_hsm(void)
{
    struct th_context context;
    size_t i, j;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        for (j = 0; j < HSM_LIMITS; j++) {
            long before = th_stats().requests;
            EVP_PKEY *key = read_pem(context.lib, references[j]), *copy, *judge;
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
                handshakes(context.lib, th_plain(), key, "server of the HSM");
                handshakes(context.lib, context.lib, key, "both");
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
        {"ordinary keys", ordinary_keys},
        {"ordinary keys made here", ordinary_keys_made_here},
        {"ordinary keys in TLS", ordinary_keys_in_tls},
        {"references", prepare},
        {"keys of the HSM", keys_of_the_hsm},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: keys for PSS alone", tests);
    size_t i;

    for (i = 0; i < HSM_LIMITS; i++)
        OPENSSL_free(references[i]);
    return code;
}
