/* SPDX-License-Identifier: MIT
 *
 * The options that change what the provider offers, each seen through OpenSSL's
 * public interface; and names in openssl.cnf that are no option.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char reference[1200], version[33];

/* A context opened with one more variable in the environment. */
static void open_with(struct th_context *context, const char *variable,
                      const char *value)
{
    setenv(variable, value, 1);
    th_context_open(context, TH_LAST);
    unsetenv(variable);
}

static EVP_PKEY *read_reference(OSSL_LIB_CTX *lib)
{
    BIO *bio = BIO_new_mem_buf(reference, -1);
    EVP_PKEY *key =
        PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, lib, NULL);

    BIO_free(bio);
    return key;
}

static void prepare(void)
{
    struct th_context context;
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *key;

    th_rsa_create("op-rsa", 2048, version);
    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:op-rsa");
    CU_ASSERT_FATAL(
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    CU_ASSERT_FATAL(BIO_read(bio, reference, sizeof(reference) - 1) > 0);
    BIO_free(bio);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

static int offers_signature(OSSL_LIB_CTX *lib, const char *properties)
{
    EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(lib, "RSA", properties);

    EVP_SIGNATURE_free(signature);
    ERR_clear_error();
    return signature != NULL;
}

static int offers_keymgmt(OSSL_LIB_CTX *lib, const char *properties)
{
    EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(lib, "RSA", properties);

    EVP_KEYMGMT_free(keymgmt);
    ERR_clear_error();
    return keymgmt != NULL;
}

static void block_operations(void)
{
    struct th_context context;

    open_with(&context, "MHSM_BLOCK_OPERATIONS", "signature,store");
    CU_ASSERT(!offers_signature(context.lib, "provider=mhsm"));
    CU_ASSERT(offers_signature(context.lib, "provider=default"));
    CU_ASSERT(offers_keymgmt(context.lib, "provider=mhsm"));
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:op-rsa"));
    ERR_clear_error();
    th_context_close(&context);
    th_context_open(&context, TH_LAST);
    CU_ASSERT(offers_signature(context.lib, "provider=mhsm"));
    th_context_close(&context);
}

/* Loading by name fails for a value that is wrong. */
static void wrong_values(void)
{
    static const struct {
        const char *variable, *value, *error;
    } rows[] = {
        {"MHSM_BLOCK_OPERATIONS", "signatur", "block-operations"},
        {"MHSM_BLOCK_OPERATIONS", "store,", "block-operations"},
        {"MHSM_LOAD_BEHAVIOR", "soon", "load-behavior"},
        {"MHSM_KEY_CACHE_TTL", "2d", "key-cache-ttl"},
        {"MHSM_ALLOW_EXPORT", "perhaps", "allow-export"},
        {"MHSM_ASSUME_FIPS", "2", "assume-fips"},
        {"MHSM_LOCAL_KEYGEN", "", "local-keygen"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
        OSSL_PROVIDER *provider;
        const char *text = NULL;
        int said = 0;

        OSSL_PROVIDER_set_default_search_path(lib, getenv("TEST_MODULES"));
        setenv(rows[i].variable, rows[i].value, 1);
        provider = OSSL_PROVIDER_load(lib, "mhsm");
        unsetenv(rows[i].variable);
        if (rows[i].value[0] == '\0') {
            /* Empty is unset. */
            TH_TRUE(provider != NULL, "row %zu", i);
            OSSL_PROVIDER_unload(provider);
        } else {
            TH_TRUE(provider == NULL, "row %zu", i);
            while (ERR_get_error_all(NULL, NULL, NULL, &text, NULL) != 0)
                said = said || strstr(text, rows[i].error) != NULL;
            TH_TRUE(said, "row %zu", i);
        }
        ERR_clear_error();
        OSSL_LIB_CTX_free(lib);
    }
}

static void assume_fips(void)
{
    struct th_scheme scheme = {"SHA256", RSA_PKCS1_PSS_PADDING};
    struct th_context context;
    EVP_PKEY *key;

    th_context_open(&context, TH_LAST);
    CU_ASSERT(!offers_signature(context.lib, "fips=yes"));
    th_context_close(&context);
    open_with(&context, "MHSM_ASSUME_FIPS", "yes");
    CU_ASSERT(offers_signature(context.lib, "fips=yes"));
    CU_ASSERT(offers_signature(context.lib, "provider=mhsm"));
    key = th_must_open(context.lib, "mhsm:op-rsa");
    CU_ASSERT(th_sign_and_verify(context.lib, key, &scheme, "text"));
    EVP_PKEY_free(key);
    key = read_reference(context.lib);
    CU_ASSERT_PTR_NOT_NULL(key);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

/* Everything that a certificate needs works with no export at all. */
static void no_export(void)
{
    struct th_scheme scheme = {"SHA256", 0};
    struct th_context context;
    OSSL_PARAM *params = NULL;
    unsigned char *der = NULL;
    X509 *certificate;
    EVP_PKEY *key, *elsewhere, *public;

    open_with(&context, "MHSM_ALLOW_EXPORT", "no");
    key = th_must_open(context.lib, "mhsm:op-rsa");
    elsewhere = th_public_from_service("op-rsa");
    public = th_open_as(context.lib, "mhsm:op-rsa", OSSL_STORE_INFO_PUBKEY);
    CU_ASSERT(EVP_PKEY_eq(key, elsewhere) == 1);
    CU_ASSERT(EVP_PKEY_eq(elsewhere, key) == 1);
    CU_ASSERT(EVP_PKEY_eq(key, public) == 1);
    CU_ASSERT(EVP_PKEY_eq(public, elsewhere) == 1);
    CU_ASSERT(EVP_PKEY_eq(elsewhere, public) == 1);
    TH_QUIET();
    EVP_PKEY_free(public);
    EVP_PKEY_free(elsewhere);
    CU_ASSERT(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params) != 1);
    OSSL_PARAM_free(params);
    ERR_clear_error();
    certificate = th_certificate(context.lib, key, key, &scheme);
    CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
    CU_ASSERT(X509_verify(certificate, key) == 1);
    CU_ASSERT(X509_check_private_key(certificate, key) == 1);
    CU_ASSERT(i2d_PUBKEY(key, &der) > 0);
    OPENSSL_free(der);
    TH_QUIET();
    X509_free(certificate);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

/* A reference costs nothing, unless a server shall fail at its start. */
static void load_early(void)
{
    struct th_context context;
    EVP_PKEY *key;
    long before;

    th_context_open(&context, TH_LAST);
    before = th_stats().requests;
    key = read_reference(context.lib);
    CU_ASSERT_PTR_NOT_NULL(key);
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_PKEY_free(key);
    th_context_close(&context);

    open_with(&context, "MHSM_LOAD_BEHAVIOR", "early");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    key = read_reference(context.lib);
    CU_ASSERT_PTR_NOT_NULL(key);
    CU_ASSERT(th_stats().requests > before);
    EVP_PKEY_free(key);
    TH_QUIET();
    th_fault("\"route\":\"get\",\"action\":\"status\",\"status\":404,"
             "\"code\":\"KeyNotFound\",\"message\":\"no such key\","
             "\"count\":1");
    CU_ASSERT_PTR_NULL(read_reference(context.lib));
    TH_ONE_ERROR("op-rsa", "404");
    th_reset();
    th_context_close(&context);
}

static void key_cache(void)
{
    struct th_scheme scheme = {"SHA256", 0};
    struct th_context context;
    EVP_PKEY *first, *second;
    long before;
    int i;

    th_ec_create("op-cache", "P-256", NULL);
    th_context_open(&context, TH_LAST);
    first = th_must_open(context.lib, "mhsm:op-cache");
    before = th_stats().requests;
    second = th_must_open(context.lib, "mhsm:op-cache");
    CU_ASSERT_EQUAL(th_stats().requests, before + 1);
    EVP_PKEY_free(first);
    EVP_PKEY_free(second);
    th_context_close(&context);

    open_with(&context, "MHSM_KEY_CACHE_TTL", "1500ms");
    first = th_must_open(context.lib, "mhsm:op-cache");
    before = th_stats().requests;
    for (i = 0; i < 5; i++)
        EVP_PKEY_free(th_must_open(context.lib, "mhsm:op-cache"));
    CU_ASSERT_EQUAL(th_stats().requests, before);
    /* The version that was the latest, until the time is over. */
    th_ec_create("op-cache", "P-256", NULL);
    second = th_must_open(context.lib, "mhsm:op-cache");
    CU_ASSERT(EVP_PKEY_eq(first, second) == 1);
    CU_ASSERT(th_sign_and_verify(context.lib, second, &scheme, "text"));
    EVP_PKEY_free(second);
    th_sleep_ms(1600);
    second = th_must_open(context.lib, "mhsm:op-cache");
    CU_ASSERT(EVP_PKEY_eq(first, second) != 1);
    EVP_PKEY_free(first);
    EVP_PKEY_free(second);
    /* Many names: the oldest make room, and nothing leaks. */
    for (i = 0; i < 70; i++) {
        char uri[120];

        snprintf(uri, sizeof(uri), "mhsm:op-cache-%d", i);
        CU_ASSERT_PTR_NULL(th_open(context.lib, uri));
    }
    ERR_clear_error();
    th_context_close(&context);
}

/* This program again, with a configuration of its own. */
static int configured(void)
{
    EVP_PKEY *key = th_open(NULL, "mhsm:op-rsa");
    const char *text = NULL;
    const char *expected = getenv("EXPECTED");
    int said = 0;

    while (ERR_get_error_all(NULL, NULL, NULL, &text, NULL) != 0)
        said = said || (expected != NULL && strstr(text, expected) != NULL);
    EVP_PKEY_free(key);
    if (key != NULL)
        return 0;
    return said ? 3 : 4;
}

static void unknown_names(void)
{
    static const struct row {
        const char *line, *expected;
    } rows[] = {
        {"timeout = 9s", NULL},
        {"1.timeout = 9s", "is \"timeout\" meant"},
        {"identity = mhsm", NULL},
        {"ca-flie = x", "is \"ca-file\" meant"},
        {"mhsm-timeout = 9s", "is \"timeout\" meant"},
        {"colour = blue", "colour"},
        {"timeout = never", "timeout"},
    };
    char path[512];
    size_t i;

    snprintf(path, sizeof(path), "%s/options.cnf", th_state());
    setenv("OPENSSL_CONF", path, 1);
    for (i = 0; i < COUNT(rows); i++) {
        FILE *file = fopen(path, "w");
        struct th_end end;

        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fprintf(file,
                "openssl_conf = init\n[init]\nproviders = list\n"
                "[list]\ndefault = def\nmhsm = own\n[def]\nactivate = 1\n"
                "[own]\nmodule = %s/mhsm.so\nactivate = 1\n%s\n",
                getenv("TEST_MODULES"), rows[i].line);
        CU_ASSERT_FATAL(fclose(file) == 0);
        if (rows[i].expected != NULL)
            setenv("EXPECTED", rows[i].expected, 1);
        end = th_again("configured");
        unsetenv("EXPECTED");
        TH_TRUE(end.code == (rows[i].expected == NULL ? 0 : 3), "%s: exit %d",
                rows[i].line, end.code);
    }
    unsetenv("OPENSSL_CONF");
}

int main(int argc, char **argv)
{
    static const CU_TestInfo tests[] = {
        {"a key", prepare},
        {"block-operations", block_operations},
        {"wrong values", wrong_values},
        {"assume-fips", assume_fips},
        {"allow-export", no_export},
        {"load-behavior", load_early},
        {"key-cache-ttl", key_cache},
        {"unknown names", unknown_names},
        CU_TEST_INFO_NULL,
    };

    if (argc == 2 && strcmp(argv[1], "configured") == 0)
        return configured();
    return th_main("provider: options", tests);
}
