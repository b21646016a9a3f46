/* SPDX-License-Identifier: MIT
 *
 * Software keys, answer by answer: what programs can see of an operation that
 * is refused or odd (its return value, the entries that it leaves in the error
 * queue, names and encodings) is the same with the module first or preferred
 * as with the default provider alone.
 */
#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a case has seen, as text. */
struct answers {
    char text[4096];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void see(struct answers *answers,
                                                      const char *format, ...)
{
    size_t room = sizeof(answers->text) - answers->size;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(answers->text + answers->size, room, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= room)
        th_die("a case says too much");
    answers->size += (size_t)length;
}

/* A result, and the library and the reason of each entry left by it. */
static void see_result(struct answers *answers, const char *what, int result)
{
    unsigned long code;

    see(answers, "%s %d", what, result);
    while ((code = ERR_get_error()) != 0)
        see(answers, " %d:%d", ERR_GET_LIB(code), ERR_GET_REASON(code));
    see(answers, "\n");
}

static EVP_PKEY *make(OSSL_LIB_CTX *lib, const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, type, NULL);
    EVP_PKEY *key = NULL;

    if (EVP_PKEY_keygen_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
        EVP_PKEY_generate(ctx, &key) != 1)
        th_die("no key of type %s", type);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *make_rsa(OSSL_LIB_CTX *lib)
{
    unsigned int bits = 1024;
    OSSL_PARAM params[2] = {
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits),
        OSSL_PARAM_END};

    return make(lib, "RSA", params);
}

/* A signature that is cut off is no signature, which is said by -1; a wrong
 * one is 0, and then nobody else's entries are in the queue. */
static void verify_damaged(OSSL_LIB_CTX *lib, struct answers *answers)
{
    static const struct th_scheme ec_scheme = {"SHA256", 0},
                                  rsa_scheme = {"SHA256", RSA_PKCS1_PADDING};
    EVP_PKEY *keys[2] = {EVP_PKEY_Q_keygen(lib, NULL, "EC", "P-256"),
                         make_rsa(lib)};
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        const struct th_scheme *scheme = i == 0 ? &ec_scheme : &rsa_scheme;
        unsigned char *signature;
        size_t size;

        signature = th_sign(lib, keys[i], scheme, "text", &size);
        see_result(answers, "whole",
                   th_verify(lib, keys[i], scheme, "text", signature, size));
        see(answers, "cut %d\n",
            th_verify(lib, keys[i], scheme, "text", signature, size - 1));
        ERR_clear_error(); /* EVP adds one or not, by the way it calls */
        see_result(answers, "other",
                   th_verify(lib, keys[i], scheme, "Text", signature, size));
        OPENSSL_free(signature);
        EVP_PKEY_free(keys[i]);
    }
}

/* The digest is told by the name that it was set by. */
static void digest_name(OSSL_LIB_CTX *lib, struct answers *answers)
{
    static const char *const names[] = {"SHA512", "SHA2-512", "sha512"};
    EVP_PKEY *keys[2] = {EVP_PKEY_Q_keygen(lib, NULL, "EC", "P-256"),
                         make_rsa(lib)};
    size_t i;

    for (i = 0; i < COUNT(keys) * COUNT(names); i++) {
        EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_pkey(lib, keys[i % COUNT(keys)], NULL);
        char name[32];
        OSSL_PARAM params[2] = {
            OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, name,
                                             sizeof(name)),
            OSSL_PARAM_END};

        OPENSSL_strlcpy(name, names[i / COUNT(keys)], sizeof(name));
        params[0].data_size = strlen(name);
        see_result(answers, "init", EVP_PKEY_sign_init_ex(ctx, params));
        params[0].data_size = sizeof(name);
        see_result(answers, "get", EVP_PKEY_CTX_get_params(ctx, params));
        see(answers, "%s\n", name);
        EVP_PKEY_CTX_free(ctx);
    }
    for (i = 0; i < COUNT(keys); i++)
        EVP_PKEY_free(keys[i]);
}

/* Parameters that do not go together, and buffers that are too small. */
static void rsa_refusals(OSSL_LIB_CTX *lib, struct answers *answers)
{
    EVP_PKEY *key = make_rsa(lib);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    unsigned char digest[32] = {1}, out[128], small[1];
    size_t size = sizeof(out), length;

    see_result(answers, "sign", EVP_PKEY_sign_init(ctx));
    see_result(answers, "mgf1",
               EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA256", NULL));
    see_result(answers, "salt", EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32));
    see_result(answers, "unknown padding",
               EVP_PKEY_CTX_ctrl_str(ctx, "pad-mode", "unknown"));
    see_result(answers, "digest",
               EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()));
    length = sizeof(small);
    see_result(answers, "small",
               EVP_PKEY_sign(ctx, small, &length, digest, sizeof(digest)));
    see_result(answers, "room",
               EVP_PKEY_sign(ctx, out, &size, digest, sizeof(digest)));
    see_result(answers, "recover", EVP_PKEY_verify_recover_init(ctx));
    see_result(answers, "digest",
               EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()));
    length = sizeof(small);
    see_result(answers, "small",
               EVP_PKEY_verify_recover(ctx, small, &length, out, size));
    out[5] ^= 1;
    length = sizeof(digest);
    see_result(answers, "damaged",
               EVP_PKEY_verify_recover(ctx, digest, &length, out, size));
    see_result(answers, "encrypt", EVP_PKEY_encrypt_init(ctx));
    length = sizeof(small);
    see_result(answers, "small",
               EVP_PKEY_encrypt(ctx, small, &length, digest, sizeof(digest)));
    length = sizeof(out);
    see_result(answers, "long",
               EVP_PKEY_encrypt(ctx, out, &length, out, sizeof(out)));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

/* A key that asks for a salt longer than it has room for can start nothing,
 * and a key for signatures decrypts nothing. */
static void pss_refusals(OSSL_LIB_CTX *lib, struct answers *answers)
{
    unsigned int bits = 1024;
    int salt = 200;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits),
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST, digest, 0),
        OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &salt),
        OSSL_PARAM_END};
    EVP_PKEY *key = make(lib, "RSA-PSS", params);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);

    see_result(answers, "sign", EVP_PKEY_sign_init(ctx));
    see_result(answers, "verify", EVP_PKEY_verify_init(ctx));
    see_result(answers, "encrypt", EVP_PKEY_encrypt_init(ctx));
    see_result(answers, "decrypt", EVP_PKEY_decrypt_init(ctx));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void generation(OSSL_LIB_CTX *lib, struct answers *answers)
{
    EVP_KEYMGMT *rsa = EVP_KEYMGMT_fetch(lib, "RSA", NULL);
    EVP_PKEY *empty = EVP_PKEY_new(), *copy = EVP_PKEY_new(), *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, "RSA", NULL);

    see_result(answers, "init", EVP_PKEY_keygen_init(ctx));
    see_result(answers, "256 bits", EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 256));
    EVP_PKEY_CTX_free(ctx);
    ctx = EVP_PKEY_CTX_new_from_name(lib, "EC", NULL);
    see_result(answers, "init", EVP_PKEY_keygen_init(ctx));
    see_result(answers, "group", EVP_PKEY_CTX_set_group_name(ctx, "none"));
    see_result(answers, "key", EVP_PKEY_generate(ctx, &key));
    EVP_PKEY_CTX_free(ctx);
    /* By the example of a key that is none yet. */
    see_result(answers, "type", EVP_PKEY_set_type_by_keymgmt(empty, rsa));
    ctx = EVP_PKEY_CTX_new_from_pkey(lib, empty, NULL);
    see_result(answers, "init", EVP_PKEY_keygen_init(ctx));
    see_result(answers, "bits", EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024));
    see_result(answers, "key", EVP_PKEY_generate(ctx, &key));
    /* RSA has no parameters that could be copied alone. */
    see_result(answers, "copy", EVP_PKEY_copy_parameters(copy, key));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    EVP_PKEY_free(copy);
    EVP_PKEY_free(empty);
    EVP_KEYMGMT_free(rsa);
}

/* Parameters of a curve, on their own, written down; SM2 is one that the
 * default provider takes for EC only when it makes the parameters itself. */
static void ec_parameters(OSSL_LIB_CTX *lib, struct answers *answers)
{
    static const char *const groups[] = {"P-256", "sect163k1", "SM2"};
    size_t i;

    for (i = 0; i < COUNT(groups); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, "EC", NULL);
        BIO *out = BIO_new(BIO_s_mem());
        EVP_PKEY *key = NULL;
        char *text;
        long size;
        int degree = 0;

        if (EVP_PKEY_paramgen_init(ctx) != 1 ||
            EVP_PKEY_CTX_set_group_name(ctx, groups[i]) != 1 ||
            EVP_PKEY_generate(ctx, &key) != 1)
            th_die("no parameters of %s", groups[i]);
        see_result(answers, groups[i], PEM_write_bio_Parameters(out, key));
        size = BIO_get_mem_data(out, &text);
        see(answers, "%.*s", (int)size, text);
        see_result(
            answers, "degree",
            EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_CHAR2_M, &degree));
        see(answers, "%d\n", degree);
        EVP_PKEY_free(key);
        EVP_PKEY_CTX_free(ctx);
        BIO_free(out);
    }
}

/* Each name that the default provider lists is listed, if not in its order. */
static void parameter_names(OSSL_LIB_CTX *lib, struct answers *answers)
{
    EVP_PKEY *keys[2] = {EVP_PKEY_Q_keygen(lib, NULL, "EC", "P-256"),
                         make_rsa(lib)};
    EVP_PKEY *plain[2] = {EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", "P-256"),
                          make_rsa(th_plain())};
    size_t i;

    for (i = 0; i < COUNT(keys); i++) {
        const OSSL_PARAM *ours = EVP_PKEY_gettable_params(keys[i]);
        const OSSL_PARAM *wanted = EVP_PKEY_gettable_params(plain[i]);

        for (; wanted->key != NULL; wanted++)
            see(answers, "%s %d\n", wanted->key,
                OSSL_PARAM_locate_const(ours, wanted->key) != NULL);
        EVP_PKEY_free(keys[i]);
        EVP_PKEY_free(plain[i]);
    }
}

/* Outdated digests are signed over when the program has loaded their provider,
 * and else not. */
static void outdated_digest(OSSL_LIB_CTX *lib, struct answers *answers)
{
    static const struct th_scheme scheme = {"MD4", RSA_PKCS1_PADDING};
    EVP_PKEY *key = make_rsa(lib);
    OSSL_PROVIDER *legacy = NULL;
    int loaded;

    for (loaded = 0; loaded < 2; loaded++) {
        unsigned char *signature;
        size_t size = 0;

        /* The harness has chosen the module's own folder. */
        if (loaded && (!OSSL_PROVIDER_set_default_search_path(lib, NULL) ||
                       (legacy = OSSL_PROVIDER_load(lib, "legacy")) == NULL))
            th_die("OpenSSL's provider legacy is missing");
        signature = th_sign(lib, key, &scheme, "text", &size);
        ERR_clear_error();
        see(answers, "%zu\n", size);
        if (signature != NULL)
            see_result(answers, "verify",
                       th_verify(lib, key, &scheme, "text", signature, size));
        OPENSSL_free(signature);
    }
    OSSL_PROVIDER_unload(legacy);
    EVP_PKEY_free(key);
}

#ifdef OSSL_PKEY_PARAM_ML_DSA_OUTPUT_FORMATS
/* What the program sets for the default provider holds for its keys. */
static void mldsa_settings(OSSL_LIB_CTX *lib, struct answers *answers)
{
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(lib, "default");
    unsigned char seed[32] = {7};
    OSSL_PARAM params[2] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_DSA_SEED, seed,
                                          sizeof(seed)),
        OSSL_PARAM_END};
    BIO *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key;
    char *text;
    long size;

    if (OSSL_PROVIDER_add_conf_parameter(
            provider, OSSL_PKEY_PARAM_ML_DSA_OUTPUT_FORMATS, "seed-only") != 1)
        th_die("the default provider takes no settings");
    key = make(lib, "ML-DSA-44", params);
    see_result(answers, "write",
               PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL));
    size = BIO_get_mem_data(out, &text);
    see(answers, "%.*s", (int)size, text);
    EVP_PKEY_free(key);
    BIO_free(out);
    OSSL_PROVIDER_unload(provider);
}
#endif

static const struct {
    const char *name;
    void (*run)(OSSL_LIB_CTX *lib, struct answers *answers);
} cases[] = {
    {"verify damaged", verify_damaged},
    {"digest name", digest_name},
    {"RSA refusals", rsa_refusals},
    {"RSA-PSS refusals", pss_refusals},
    {"generation", generation},
    {"EC parameters", ec_parameters},
    {"parameter names", parameter_names},
    {"outdated digest", outdated_digest},
#ifdef OSSL_PKEY_PARAM_ML_DSA_OUTPUT_FORMATS
    {"settings of ML-DSA", mldsa_settings},
#endif
};

static void as_without_us(void)
{
    static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};
    long before = th_stats().requests;
    size_t i, j;

    for (i = 0; i < COUNT(cases); i++) {
        struct answers expected = {"", 0};

        cases[i].run(th_plain(), &expected);
        CU_ASSERT(expected.size > 0);
        for (j = 0; j < COUNT(orders); j++) {
            struct answers seen = {"", 0};
            struct th_context context;

            th_context_open(&context, orders[j]);
            cases[i].run(context.lib, &seen);
            TH_TRUE(strcmp(expected.text, seen.text) == 0,
                    "%s, module %s:\n%snot:\n%s", cases[i].name,
                    th_order_name(orders[j]), seen.text, expected.text);
            TH_QUIET();
            th_context_close(&context);
        }
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"as with the default provider alone", as_without_us},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: software keys", tests);
}
