/* SPDX-License-Identifier: MIT
 *
 * Parameters by every road that leads to them: words as on the command line
 * (-pkeyopt, -sigopt), numbers as from C, and values that nobody should send.
 * A context takes what it lists, lists what it takes, says what it refuses,
 * and is never harmed.
 */
#include "harness.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const unsigned char text[] = "text";
static struct th_context last;
static EVP_PKEY *rsa, *ec;

static void prepare(void)
{
    th_rsa_create("pa-rsa", 2048, NULL);
    th_ec_create("pa-ec", "P-256", NULL);
    th_context_open(&last, TH_LAST);
    rsa = th_must_open(last.lib, "mhsm:pa-rsa");
    ec = th_must_open(last.lib, "mhsm:pa-ec");
}

static EVP_PKEY_CTX *begin(EVP_MD_CTX *ctx, EVP_PKEY *key)
{
    EVP_PKEY_CTX *pctx = NULL;

    if (EVP_DigestSignInit_ex(ctx, &pctx, "SHA256", last.lib, NULL, key,
                              NULL) <= 0)
        th_die("a signature does not begin");
    return pctx;
}

static EVP_PKEY_CTX *begin_decryption(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(last.lib, rsa, NULL);

    if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) <= 0)
        th_die("a decryption does not begin");
    return ctx;
}

/* -sigopt NAME:VALUE, one after the other on one context. */
static void words_for_signatures(void)
{
    static const struct {
        const char *name, *value;
        int good;
    } rows[] = {
        {"rsa_padding_mode", "pss", 1},   {"rsa_pss_saltlen", "digest", 1},
        {"rsa_pss_saltlen", "-1", 1},     {"rsa_pss_saltlen", "auto", 1},
        {"rsa_pss_saltlen", "32", 1},     {"rsa_mgf1_md", "sha256", 1},
        {"rsa_pss_saltlen", "max", 0},    {"rsa_pss_saltlen", "20", 0},
        {"rsa_padding_mode", "pkcs1", 1}, {"rsa_padding_mode", "oaep", 0},
        {"rsa_padding_mode", "none", 0},  {"rsa_padding_mode", "nonsense", 0},
        {"rsa_padding_mode", "", 0},      {"no_such_option", "1", 0},
        {"rsa_pss_saltlen", "digest", 0}, /* PKCS#1 has no salt */
    };
    unsigned char signature[512];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = begin(ctx, rsa);
    long before = th_stats().requests;
    size_t i, size = sizeof(signature);

    for (i = 0; i < COUNT(rows); i++) {
        int good = EVP_PKEY_CTX_ctrl_str(pctx, rows[i].name, rows[i].value) > 0;

        TH_TRUE(good == rows[i].good, "%s:%s", rows[i].name, rows[i].value);
        if (rows[i].good)
            TH_QUIET();
        ERR_clear_error();
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
    CU_ASSERT(EVP_DigestSign(ctx, signature, &size, text, sizeof(text)) > 0);
    EVP_MD_CTX_free(ctx);
    TH_QUIET();
}

/* -pkeyopt for decryption; the digest may come before or after the mode. */
static void words_for_decryption(void)
{
    static const char *const rows[][4] = {
        {"rsa_padding_mode:oaep", "rsa_oaep_md:sha256", NULL, NULL},
        {"rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256",
         NULL},
        {"rsa_padding_mode:oaep", NULL, NULL, NULL},
        {"rsa_padding_mode:oaep", "rsa_oaep_md:sha1", "rsa_mgf1_md:sha1", NULL},
    };
    size_t i, j, made;
    long before = th_stats().requests;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY_CTX *ctx = begin_decryption();

        for (j = 0; rows[i][j] != NULL; j++) {
            char option[64];
            char *colon;

            OPENSSL_strlcpy(option, rows[i][j], sizeof(option));
            colon = strchr(option, ':');
            *colon = '\0';
            TH_TRUE(EVP_PKEY_CTX_ctrl_str(ctx, option, colon + 1) > 0, "%s",
                    rows[i][j]);
        }
        CU_ASSERT(EVP_PKEY_decrypt(ctx, NULL, &made, text, 256) > 0);
        CU_ASSERT(made >= 190);
        EVP_PKEY_CTX_free(ctx);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
    TH_QUIET();
}

/* The settings survive the road out and in again. */
static void decryption_settings_read_back(void)
{
    EVP_PKEY_CTX *ctx = begin_decryption();
    char name[64] = "", mgf[64] = "";
    int padding = 0;

    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA256", NULL) > 0);
    CU_ASSERT(EVP_PKEY_CTX_get_rsa_padding(ctx, &padding) > 0);
    CU_ASSERT_EQUAL(padding, RSA_PKCS1_OAEP_PADDING);
    CU_ASSERT(EVP_PKEY_CTX_get_rsa_oaep_md_name(ctx, name, sizeof(name)) > 0);
    CU_ASSERT(EVP_MD_is_a(EVP_sha256(), name));
    CU_ASSERT(EVP_PKEY_CTX_get_rsa_mgf1_md_name(ctx, mgf, sizeof(mgf)) > 0);
    CU_ASSERT(EVP_MD_is_a(EVP_sha256(), mgf));
    EVP_PKEY_CTX_free(ctx);
    TH_QUIET();
}

static int lists(const OSSL_PARAM *table, const char *name)
{
    return table != NULL && OSSL_PARAM_locate_const(table, name) != NULL;
}

/* Whatever is not listed can be reached by no public call. */
static void tables(void)
{
    static const char *const set_rsa[] = {
        OSSL_SIGNATURE_PARAM_DIGEST, OSSL_SIGNATURE_PARAM_PAD_MODE,
        OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_SIGNATURE_PARAM_MGF1_DIGEST};
    static const char *const get_rsa[] = {
        OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OSSL_SIGNATURE_PARAM_DIGEST,
        OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
        OSSL_SIGNATURE_PARAM_MGF1_DIGEST};
    static const char *const set_cipher[] = {
        OSSL_ASYM_CIPHER_PARAM_PAD_MODE,
        OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST,
        OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST,
        OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
        OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION,
        OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION};
    static const char *const get_ec[] = {OSSL_SIGNATURE_PARAM_ALGORITHM_ID,
                                         OSSL_SIGNATURE_PARAM_DIGEST,
                                         OSSL_SIGNATURE_PARAM_DIGEST_SIZE};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new_from_pkey(last.lib, rsa, NULL);
    size_t i;

    CU_ASSERT(EVP_PKEY_sign_init(pctx) > 0);
    for (i = 0; i < COUNT(set_rsa); i++)
        TH_TRUE(lists(EVP_PKEY_CTX_settable_params(pctx), set_rsa[i]), "%s",
                set_rsa[i]);
    for (i = 0; i < COUNT(get_rsa); i++)
        TH_TRUE(lists(EVP_PKEY_CTX_gettable_params(pctx), get_rsa[i]), "%s",
                get_rsa[i]);
    EVP_PKEY_CTX_free(pctx);
    pctx = begin(ctx, ec);
    for (i = 0; i < COUNT(get_ec); i++)
        TH_TRUE(lists(EVP_PKEY_CTX_gettable_params(pctx), get_ec[i]), "%s",
                get_ec[i]);
    EVP_MD_CTX_free(ctx);
    pctx = begin_decryption();
    for (i = 0; i < COUNT(set_cipher); i++)
        TH_TRUE(lists(EVP_PKEY_CTX_settable_params(pctx), set_cipher[i]), "%s",
                set_cipher[i]);
    EVP_PKEY_CTX_free(pctx);
    TH_QUIET();
}

/* Every listed name with every kind of value, small, large and absent. */
static void one_wrong_value(EVP_PKEY_CTX *ctx, const char *name, int kind)
{
    static char endless[5000];
    static unsigned char octets[5000];
    int64_t negative = -7, vast = INT64_MAX;
    uint64_t all = UINT64_MAX;
    double real = 0.5;
    char empty[] = "";
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(),
                            OSSL_PARAM_construct_end()};

    memset(endless, 'a', sizeof(endless) - 1);
    switch (kind) {
    case 0:
        params[0] = OSSL_PARAM_construct_int64(name, &negative);
        break;
    case 1:
        params[0] = OSSL_PARAM_construct_int64(name, &vast);
        break;
    case 2:
        params[0] = OSSL_PARAM_construct_uint64(name, &all);
        break;
    case 3:
        params[0] = OSSL_PARAM_construct_double(name, &real);
        break;
    case 4:
        params[0] = OSSL_PARAM_construct_utf8_string(name, endless, 0);
        break;
    case 5:
        params[0] = OSSL_PARAM_construct_utf8_string(name, empty, 0);
        break;
    case 6:
        params[0] =
            OSSL_PARAM_construct_octet_string(name, octets, sizeof(octets));
        break;
    default:
        params[0] = OSSL_PARAM_construct_octet_string(name, octets, 0);
        break;
    }
    (void)EVP_PKEY_CTX_set_params(ctx, params);
    ERR_clear_error();
}

static void wrong_values_do_no_harm(void)
{
    const OSSL_PARAM *table;
    EVP_PKEY *const tried[] = {rsa, ec};
    unsigned char signature[512];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    size_t i, size;
    int kind;

    for (i = 0; i < COUNT(tried); i++) {
        for (kind = 0; kind < 8; kind++) {
            pctx = begin(ctx, tried[i]);
            table = EVP_PKEY_CTX_settable_params(pctx);
            for (; table != NULL && table->key != NULL; table++)
                one_wrong_value(pctx, table->key, kind);
            size = sizeof(signature);
            (void)EVP_DigestSign(ctx, signature, &size, text, sizeof(text));
            ERR_clear_error();
            EVP_MD_CTX_reset(ctx);
        }
        pctx = begin(ctx, tried[i]);
        size = sizeof(signature);
        CU_ASSERT(EVP_DigestSign(ctx, signature, &size, text, sizeof(text)) >
                  0);
        TH_QUIET();
        EVP_MD_CTX_reset(ctx);
    }
    EVP_MD_CTX_free(ctx);
    for (kind = 0; kind < 8; kind++) {
        pctx = begin_decryption();
        table = EVP_PKEY_CTX_settable_params(pctx);
        for (; table != NULL && table->key != NULL; table++)
            one_wrong_value(pctx, table->key, kind);
        size = sizeof(signature);
        (void)EVP_PKEY_decrypt(pctx, signature, &size, signature, 256);
        ERR_clear_error();
        EVP_PKEY_CTX_free(pctx);
    }
}

/* Reading: too small a buffer, or one of the wrong kind, is refused. */
static void small_answers(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = begin(ctx, rsa);
    unsigned char octets[600];
    char word[2] = "?";
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(),
                            OSSL_PARAM_construct_end()};

    octets[4] = 0xee;
    params[0] = OSSL_PARAM_construct_octet_string(
        OSSL_SIGNATURE_PARAM_ALGORITHM_ID, octets, 4);
    CU_ASSERT(EVP_PKEY_CTX_get_params(pctx, params) <= 0);
    CU_ASSERT_EQUAL(octets[4], 0xee);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
                                                 word, sizeof(word));
    CU_ASSERT(EVP_PKEY_CTX_get_params(pctx, params) <= 0);
    ERR_clear_error();
    /* The size alone may be asked for. */
    params[0] = OSSL_PARAM_construct_octet_string(
        OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0);
    CU_ASSERT(EVP_PKEY_CTX_get_params(pctx, params) > 0);
    CU_ASSERT_EQUAL(params[0].return_size, 15);
    EVP_MD_CTX_free(ctx);
    TH_QUIET();
}

/* The provider tells about itself. */
static void about_the_module(void)
{
    const char *name = NULL, *version = NULL, *info = NULL;
    int status = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, &name, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, &version, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, &info, 0),
        OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, &status), OSSL_PARAM_END};
    OSSL_PROVIDER *module = last.providers[1];

    CU_ASSERT(OSSL_PROVIDER_get_params(module, params) == 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_PTR_NOT_NULL(strstr(name, "Managed HSM"));
    CU_ASSERT_PTR_NOT_NULL(version);
    CU_ASSERT_PTR_NOT_NULL(info);
    CU_ASSERT_EQUAL(status, 1);
    CU_ASSERT(
        lists(OSSL_PROVIDER_gettable_params(module), OSSL_PROV_PARAM_STATUS));
    CU_ASSERT(OSSL_PROVIDER_available(last.lib, "mhsm") == 1);
    TH_QUIET();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys load", prepare},
        {"words for signatures", words_for_signatures},
        {"words for decryption", words_for_decryption},
        {"decryption settings read back", decryption_settings_read_back},
        {"tables", tables},
        {"wrong values do no harm", wrong_values_do_no_harm},
        {"small answers", small_answers},
        {"about the module", about_the_module},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: parameters", tests);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    th_context_close(&last);
    return code;
}
