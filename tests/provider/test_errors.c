/* SPDX-License-Identifier: MIT
 *
 * Everything that can go wrong between the module and the service: each
 * failure leaves one entry of the module's that tells it from the others, with
 * the HTTP status and the request id where an answer came, and the same key
 * works again as soon as the cause is gone.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PAUSE_MS = 1500 }; /* longer than the first pause after a failure */

static const struct th_scheme ecdsa = {"SHA256", 0};

static struct th_context last;
static EVP_PKEY *ec;

static void prepare(void)
{
    th_ec_create("er-ec", "P-256", NULL);
    th_context_open(&last, TH_LAST);
    ec = th_must_open(last.lib, "mhsm:er-ec");
}

static int signs(void)
{
    size_t size = 0;
    unsigned char *signature = th_sign(last.lib, ec, &ecdsa, "text", &size);

    OPENSSL_free(signature);
    return signature != NULL;
}

/* No fault is left over, and the key works with no trace on the queue. */
static void works_again(void)
{
    th_reset();
    CU_ASSERT(signs());
    TH_QUIET();
}

/* Credentials and roles ---------------------------------------------------- */

static void one_401_costs_one_token(void)
{
    struct th_stats before = th_stats(), after;

    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    CU_ASSERT(signs());
    TH_QUIET();
    after = th_stats();
    CU_ASSERT_EQUAL(after.tokens - before.tokens, 1);
    works_again();
}

static void one_401_for_a_key(void)
{
    struct th_stats before = th_stats(), after;
    EVP_PKEY *key;

    th_fault("\"route\":\"get\",\"action\":\"unauthorized\",\"count\":1");
    key = th_open(last.lib, "mhsm:er-ec");
    CU_ASSERT_PTR_NOT_NULL(key);
    TH_QUIET();
    after = th_stats();
    CU_ASSERT_EQUAL(after.tokens - before.tokens, 1);
    EVP_PKEY_free(key);
    works_again();
}

static void endless_401(void)
{
    struct th_stats before = th_stats(), after;

    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":-1");
    CU_ASSERT(!signs());
    TH_ONE_ERROR("401", "request id");
    after = th_stats();
    /* Three new tokens, as many as there are retries. */
    CU_ASSERT(after.tokens - before.tokens == 3);
    CU_ASSERT(after.requests - before.requests <= 8);
    works_again();
}

static void a_principal_without_a_role(void)
{
    struct th_principal nobody;
    struct th_context context;

    th_principal_new("nobody", NULL, NULL, &nobody);
    th_principal_use(&nobody);
    th_context_open(&context, TH_LAST);
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:er-ec"));
    TH_ONE_ERROR("403", "AccessDenied", "keys/read", "request id", "role");
    th_environment_reset();
    th_context_close(&context);
}

/* Reads keys, may not sign: the first of two doors. */
static void a_principal_that_may_not_sign(void)
{
    struct th_principal reader;
    struct th_context context;
    unsigned char *signature;
    EVP_PKEY *key;
    size_t size;

    th_principal_new("reader", "Managed HSM Crypto Service Encryption User",
                     "/", &reader);
    th_principal_use(&reader);
    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:er-ec");
    signature = th_sign(context.lib, key, &ecdsa, "text", &size);
    CU_ASSERT_PTR_NULL(signature);
    TH_ONE_ERROR("403", "AccessDenied", "keys/sign", "request id", "role");
    EVP_PKEY_free(key);
    th_environment_reset();
    th_context_close(&context);
}

/* A role on this one key is enough. */
static void least_privilege(void)
{
    struct th_principal user;
    struct th_context context;
    unsigned char *signature;
    EVP_PKEY *key;
    size_t size;

    th_principal_new("user", "Managed HSM Crypto User", "/keys/er-ec", &user);
    th_principal_use(&user);
    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:er-ec");
    signature = th_sign(context.lib, key, &ecdsa, "text", &size);
    CU_ASSERT_PTR_NOT_NULL(signature);
    OPENSSL_free(signature);
    TH_QUIET();
    EVP_PKEY_free(key);
    th_ec_create("er-other", "P-256", NULL);
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:er-other"));
    TH_ONE_ERROR("403", "AccessDenied");
    th_environment_reset();
    th_context_close(&context);
}

/* Secrets are references, read when they are needed and not before: hence the
 * variable stays as it is until the token is there, here and below. */
static void a_wrong_secret(void)
{
    struct th_context context;
    long tokens;

    setenv("AZURE_CLIENT_SECRET", "not-the-secret", 1);
    th_context_open(&context, TH_LAST);
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:er-ec"));
    TH_ONE_ERROR("AADSTS7000215");
    /* The authority is left in peace for a moment. */
    tokens = th_route("POST /token");
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:er-ec"));
    TH_ONE_ERROR("AADSTS7000215");
    CU_ASSERT_EQUAL(th_route("POST /token"), tokens);
    th_environment_reset();
    th_sleep_ms(PAUSE_MS);
    EVP_PKEY_free(th_must_open(context.lib, "mhsm:er-ec"));
    th_context_close(&context);
}

static void no_secret(void)
{
    struct th_context context;

    unsetenv("AZURE_CLIENT_SECRET");
    setenv("MHSM_CREDENTIAL", "client-secret", 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_CREDENTIAL");
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:er-ec"));
    TH_ONE_ERROR("AZURE_CLIENT_SECRET");
    th_environment_reset();
    th_context_close(&context);
}

static void the_authority_fails(void)
{
    static const struct {
        const char *fault, *word;
    } rows[] = {
        {"\"action\":\"status\",\"status\":500", "500"},
        {"\"action\":\"garbage\"", "JSON"},
        {"\"action\":\"redirect\"", "302"},
        {"\"action\":\"huge\"", "large"},
    };
    struct th_context context;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        setenv("MHSM_TIMEOUT", "3s", 1);
        th_context_open(&context, TH_LAST);
        unsetenv("MHSM_TIMEOUT");
        th_fault("\"route\":\"token\",%s,\"count\":-1", rows[i].fault);
        TH_TRUE(th_open(context.lib, "mhsm:er-ec") == NULL, "%s",
                rows[i].fault);
        TH_ONE_ERROR(rows[i].word, "token");
        th_reset();
        th_sleep_ms(PAUSE_MS);
        EVP_PKEY_free(th_must_open(context.lib, "mhsm:er-ec"));
        th_context_close(&context);
    }
}

/* The token is for the HSM that asks for it: a host that is no part of the
 * resource it names gets none. */
static void the_challenge_is_checked(void)
{
    struct th_context context;
    struct th_stats before = th_stats(), after;

    setenv("MHSM_VERIFY_CHALLENGE_RESOURCE", "yes", 1);
    th_context_open(&context, TH_LAST);
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:er-ec"));
    TH_ONE_ERROR("resource", "verify-challenge-resource");
    after = th_stats();
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    CU_ASSERT(after.requests - before.requests <= 1);
    th_environment_reset();
    th_context_close(&context);
}

/* A token by explicit choice: used as it is, and nothing else is tried. */
static void a_static_token(void)
{
    struct th_context context;
    struct th_stats before, after;
    size_t i;
    static const char *const bad[] = {"nonsense", "a.b.c", ""};

    setenv("MHSM_CREDENTIAL", "token", 1);
    setenv("AZURE_CLI_ACCESS_TOKEN", th_token(), 1);
    before = th_stats();
    th_context_open(&context, TH_LAST);
    EVP_PKEY_free(th_must_open(context.lib, "mhsm:er-ec"));
    after = th_stats();
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    th_context_close(&context);
    for (i = 0; i < COUNT(bad); i++) {
        setenv("AZURE_CLI_ACCESS_TOKEN", bad[i], 1);
        th_context_open(&context, TH_LAST);
        TH_TRUE(th_open(context.lib, "mhsm:er-ec") == NULL, "%s", bad[i]);
        TH_ONE_ERROR(bad[i][0] == '\0' ? "AZURE_CLI_ACCESS_TOKEN" : "401");
        th_context_close(&context);
    }
    CU_ASSERT_EQUAL(th_stats().tokens, before.tokens);
    unsetenv("MHSM_CREDENTIAL");
    unsetenv("AZURE_CLI_ACCESS_TOKEN");
}

static void managed_identity(void)
{
    struct th_context context;
    const char *imds = getenv("MHSM_EMULATOR_IMDS");
    struct th_stats before = th_stats();
    unsigned char *signature;
    EVP_PKEY *key;
    size_t size;

    if (imds == NULL)
        th_die("the emulator told no metadata service");
    setenv("MHSM_CREDENTIAL", "managed-identity", 1);
    setenv("MHSM_IMDS_ENDPOINT", imds, 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_CREDENTIAL");
    unsetenv("MHSM_IMDS_ENDPOINT");
    key = th_must_open(context.lib, "mhsm:er-ec");
    signature = th_sign(context.lib, key, &ecdsa, "text", &size);
    CU_ASSERT_PTR_NOT_NULL(signature);
    TH_QUIET();
    CU_ASSERT_EQUAL(th_stats().imds - before.imds, 1);
    OPENSSL_free(signature);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

/* The key ------------------------------------------------------------------ */

static void disabled_keys(void)
{
    EVP_PKEY *key;
    unsigned char *signature;
    size_t size;

    th_ec_create("er-off", "P-256", NULL);
    key = th_must_open(last.lib, "mhsm:er-off");
    th_key_update("er-off", "{\"attributes\":{\"enabled\":false}}");
    signature = th_sign(last.lib, key, &ecdsa, "text", &size);
    CU_ASSERT_PTR_NULL(signature);
    TH_ONE_ERROR("403", "disabled", "er-off", "request id");
    th_key_update("er-off", "{\"attributes\":{\"enabled\":true}}");
    signature = th_sign(last.lib, key, &ecdsa, "text", &size);
    CU_ASSERT_PTR_NOT_NULL(signature);
    TH_QUIET();
    OPENSSL_free(signature);
    EVP_PKEY_free(key);
}

static void expired_keys(void)
{
    EVP_PKEY *key;
    size_t size;

    th_key_create("er-old",
                  "{\"kty\":\"EC\",\"crv\":\"P-256\","
                  "\"attributes\":{\"exp\":1000000000}}",
                  NULL);
    key = th_must_open(last.lib, "mhsm:er-old");
    CU_ASSERT_PTR_NULL(th_sign(last.lib, key, &ecdsa, "text", &size));
    TH_ONE_ERROR("expired");
    EVP_PKEY_free(key);
    th_key_create("er-new",
                  "{\"kty\":\"EC\",\"crv\":\"P-256\","
                  "\"attributes\":{\"nbf\":4000000000}}",
                  NULL);
    key = th_must_open(last.lib, "mhsm:er-new");
    CU_ASSERT_PTR_NULL(th_sign(last.lib, key, &ecdsa, "text", &size));
    TH_ONE_ERROR("not yet valid");
    EVP_PKEY_free(key);
}

static void key_operations(void)
{
    EVP_PKEY *key;
    size_t size;
    long before;

    th_key_create("er-ops",
                  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":[\"verify\"]}",
                  NULL);
    key = th_must_open(last.lib, "mhsm:er-ops");
    before = th_stats().requests;
    CU_ASSERT_PTR_NULL(th_sign(last.lib, key, &ecdsa, "text", &size));
    TH_ONE_ERROR("key_ops", "sign");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_PKEY_free(key);
}

static void deleted_keys(void)
{
    long status = 0;
    EVP_PKEY *key;
    size_t size;

    th_ec_create("er-gone", "P-256", NULL);
    key = th_must_open(last.lib, "mhsm:er-gone");
    json_object_put(th_service("DELETE", "/keys/er-gone", NULL, &status));
    CU_ASSERT_EQUAL(status, 200);
    CU_ASSERT_PTR_NULL(th_sign(last.lib, key, &ecdsa, "text", &size));
    TH_ONE_ERROR("404", "er-gone", "request id");
    EVP_PKEY_free(key);
}

/* Configuration ------------------------------------------------------------ */

/* The module refuses to start, and says which option is to blame. */
static void bad_options(void)
{
    static const char *const rows[][3] = {
        {"MHSM_TIMEOUT", "soon", "timeout"},
        {"MHSM_RETRIES", "11", "retries"},
        {"MHSM_ENDPOINT", "ftp://localhost", "endpoint"},
        {"MHSM_CREDENTIAL", "guess", "credential"},
        {"MHSM_CLIENT_SECRET", "a-literal-secret", "client-secret"},
        {"MHSM_NO_SUCH_OPTION", "1", "MHSM_NO_SUCH_OPTION"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();

        setenv(rows[i][0], rows[i][1], 1);
        OSSL_PROVIDER_set_default_search_path(lib, getenv("TEST_MODULES"));
        TH_TRUE(OSSL_PROVIDER_load(lib, "mhsm") == NULL, "%s", rows[i][0]);
        TH_ONE_ERROR(rows[i][2]);
        unsetenv(rows[i][0]);
        th_environment_reset();
        OSSL_LIB_CTX_free(lib);
    }
}

static void no_endpoint(void)
{
    struct th_context context;

    unsetenv("MHSM_ENDPOINT");
    th_context_open(&context, TH_LAST);
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:er-ec"));
    TH_ONE_ERROR("endpoint");
    th_environment_reset();
    th_context_close(&context);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a key loads", prepare},
        {"one 401", one_401_costs_one_token},
        {"one 401 for a key", one_401_for_a_key},
        {"endless 401", endless_401},
        {"a principal without a role", a_principal_without_a_role},
        {"a principal that may not sign", a_principal_that_may_not_sign},
        {"least privilege", least_privilege},
        {"a wrong secret", a_wrong_secret},
        {"no secret", no_secret},
        {"the authority fails", the_authority_fails},
        {"the challenge is checked", the_challenge_is_checked},
        {"a static token", a_static_token},
        {"managed identity", managed_identity},
        {"disabled keys", disabled_keys},
        {"expired keys", expired_keys},
        {"key operations", key_operations},
        {"deleted keys", deleted_keys},
        {"bad options", bad_options},
        {"no endpoint", no_endpoint},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: errors", tests);

    EVP_PKEY_free(ec);
    th_context_close(&last);
    return code;
}
