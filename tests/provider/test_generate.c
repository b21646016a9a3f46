/* SPDX-License-Identifier: MIT
 *
 * Making keys by OpenSSL's own interface: in the HSM when a name is given, by
 * one request and wherever the module is listed; software keys otherwise, or
 * none when the configuration says so.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CREATE       "POST /keys/{name}/create"

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

struct setting {
    const char *name, *value;
};

/* As `genpkey -provider mhsm -propquery provider=mhsm` does it: settings are
 * texts.  NULL when one is refused or no key is made. */
static EVP_PKEY *generate(OSSL_LIB_CTX *lib, const char *type,
                          const struct setting *settings)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, type, "provider=mhsm");
    EVP_PKEY *key = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    CU_ASSERT(EVP_PKEY_keygen_init(ctx) == 1);
    for (; settings->name != NULL; settings++) {
        if (EVP_PKEY_CTX_ctrl_str(ctx, settings->name, settings->value) <= 0)
            goto out;
    }
    if (EVP_PKEY_generate(ctx, &key) != 1)
        key = NULL;
out:
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static long requests(void)
{
    return th_stats().requests;
}

static int param_is(EVP_PKEY *key, const char *name, const char *expected)
{
    char text[256] = "";

    return EVP_PKEY_get_utf8_string_param(key, name, text, sizeof(text),
                                          NULL) == 1 &&
           strcmp(text, expected) == 0;
}

static void in_the_hsm(void)
{
    static const struct row {
        const char *type;
        int bits;
        struct setting settings[4];
    } rows[] = {
        {"RSA", 2048, {{"mhsm-key", "ge-rsa"}}},
        {"RSA", 3072, {{"bits", "3072"}, {"mhsm-key", "ge-rsa3"}}},
        {"EC", 256, {{"mhsm-key", "ge-ec"}}},
        {"EC", 384, {{"mhsm-key", "ge-p384"}, {"group", "P-384"}}},
        {"EC", 521, {{"group", "secp521r1"}, {"mhsm-key", "ge-p521"}}},
        {"EC", 256, {{"group", "secp256k1"}, {"mhsm-key", "ge-k1"}}},
    };
    struct th_context context;
    size_t i, j;

    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        for (j = 0; j < COUNT(rows); j++) {
            long created = th_route(CREATE), before = requests();
            EVP_PKEY *key =
                generate(context.lib, rows[j].type, rows[j].settings);
            struct th_scheme scheme;

            CU_ASSERT_PTR_NOT_NULL_FATAL(key);
            /* The first of a context finds out whom to ask for a token. */
            TH_TRUE(th_route(CREATE) - created <= (j == 0 ? 2 : 1),
                    "row %zu: %ld", j, th_route(CREATE) - created);
            TH_TRUE(requests() - before <= (j == 0 ? 3 : 1), "row %zu: %ld", j,
                    requests() - before);
            TH_TRUE(EVP_PKEY_get_bits(key) == rows[j].bits, "row %zu", j);
            scheme = th_scheme_of(key);
            TH_TRUE(th_sign_and_verify(context.lib, key, &scheme, "text"),
                    "row %zu, module %s", j, th_order_name(orders[i]));
            TH_QUIET();
            EVP_PKEY_free(key);
        }
        th_context_close(&context);
    }
}

/* A name that exists gets another version, and each key keeps its own. */
static void versions(void)
{
    static const struct setting settings[] = {{"mhsm-key", "ge-version"},
                                              {NULL, NULL}};
    struct th_scheme scheme = {"SHA256", 0};
    struct th_context context;
    EVP_PKEY *first, *second;

    th_context_open(&context, TH_LAST);
    first = generate(context.lib, "EC", settings);
    second = generate(context.lib, "EC", settings);
    CU_ASSERT_FATAL(first != NULL && second != NULL);
    CU_ASSERT(EVP_PKEY_eq(first, second) != 1);
    CU_ASSERT(th_sign_and_verify(context.lib, first, &scheme, "text"));
    CU_ASSERT(th_sign_and_verify(context.lib, second, &scheme, "text"));
    EVP_PKEY_free(first);
    EVP_PKEY_free(second);
    th_context_close(&context);
}

static void attributes(void)
{
    static const struct setting settings[] = {
        {"mhsm-key-ops", "sign,verify"},
        {"mhsm-key", "ge-attributes"},
        {"mhsm-tags", "use=tests,owner=nobody"},
        {"mhsm-expires", "4102444800"},
        {"mhsm-not-before", "1"},
        {NULL, NULL}};
    struct th_context context;
    struct json_object *bundle, *tags, *attributes, *value;
    EVP_PKEY *key;
    long status;

    th_context_open(&context, TH_LAST);
    key = generate(context.lib, "EC", settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT(param_is(key, "mhsm-key-ops", "sign,verify"));
    CU_ASSERT(param_is(key, "mhsm-kty", "EC-HSM"));
    bundle = th_service("GET", "/keys/ge-attributes", NULL, &status);
    CU_ASSERT_EQUAL(status, 200);
    tags = json_object_object_get(bundle, "tags");
    value = json_object_object_get(tags, "owner");
    CU_ASSERT_STRING_EQUAL(json_object_get_string(value), "nobody");
    CU_ASSERT_EQUAL(json_object_object_length(tags), 2);
    attributes = json_object_object_get(bundle, "attributes");
    CU_ASSERT_EQUAL(
        json_object_get_int64(json_object_object_get(attributes, "exp")),
        4102444800);
    json_object_put(bundle);
    EVP_PKEY_free(key);
    th_context_close(&context);
}

/* What can be known to be wrong is said without any request. */
static void refusals(void)
{
    static const struct row {
        const char *type, *error;
        struct setting settings[3];
    } rows[] = {
        {"RSA", "1024", {{"bits", "1024"}, {"mhsm-key", "ge-no"}}},
        {"RSA", "65537", {{"rsa_keygen_pubexp", "3"}, {"mhsm-key", "ge-no"}}},
        {"RSA", "65537", {{"primes", "3"}, {"mhsm-key", "ge-no"}}},
        {"RSA", "mhsm-key-ops", {{"mhsm-key-ops", "fly"}}},
        {"RSA", "tag 1", {{"mhsm-tags", "a"}, {"mhsm-key", "ge-no"}}},
        {"RSA", "a_b", {{"mhsm-key", "a_b"}}},
        {"RSA",
         "evil.example is not allowed",
         {{"mhsm-key", "mhsm://evil.example/keys/k"}}},
        {"EC",
         "brainpoolP256r1",
         {{"group", "brainpoolP256r1"}, {"mhsm-key", "ge-no"}}},
        {"EC", "expire", {{"mhsm-expires", "5"}, {"mhsm-not-before", "9"}}},
    };
    struct th_context context;
    long before = requests();
    size_t i;

    th_context_open(&context, TH_LAST);
    for (i = 0; i < COUNT(rows); i++) {
        struct setting settings[4] = {{NULL, NULL}};
        EVP_PKEY *key;

        memcpy(settings, rows[i].settings, sizeof(rows[i].settings));
        if (i == COUNT(rows) - 1)
            settings[2] = (struct setting){"mhsm-key", "ge-no"};
        key = generate(context.lib, rows[i].type, settings);
        TH_TRUE(key == NULL, "row %zu", i);
        TH_ONE_ERROR(rows[i].error);
        EVP_PKEY_free(key);
    }
    CU_ASSERT_EQUAL(requests(), before);
    th_context_close(&context);
}

/* A write is sent once: not again after an answer that may mean anything. */
static void sent_once(void)
{
    static const struct setting settings[] = {{"mhsm-key", "ge-once"},
                                              {NULL, NULL}};
    struct th_context context;
    EVP_PKEY *key;
    long created;

    th_context_open(&context, TH_LAST);
    key = generate(context.lib, "EC", settings);
    EVP_PKEY_free(key);
    created = th_route(CREATE);
    th_fault("\"route\":\"create\",\"action\":\"status\",\"status\":500,"
             "\"code\":\"InternalServerError\",\"message\":\"later\","
             "\"count\":-1");
    CU_ASSERT_PTR_NULL(generate(context.lib, "EC", settings));
    TH_ONE_ERROR("500");
    CU_ASSERT_EQUAL(th_route(CREATE), created + 1);
    th_reset();
    th_context_close(&context);
}

static void without_the_right(void)
{
    static const struct setting settings[] = {{"mhsm-key", "ge-right"},
                                              {NULL, NULL}};
    struct th_principal user;
    struct th_context context;

    th_principal_new("ge-user", "Managed HSM Crypto Service Encryption User",
                     "/", &user);
    th_principal_use(&user);
    th_context_open(&context, TH_LAST);
    CU_ASSERT_PTR_NULL(generate(context.lib, "EC", settings));
    TH_ONE_ERROR("403", "Managed HSM Crypto");
    th_context_close(&context);
    th_environment_reset();
}

static void software_keys(void)
{
    static const struct setting none[] = {{NULL, NULL}};
    struct th_context context;
    EVP_PKEY *key;
    long before;

    th_context_open(&context, TH_LAST);
    before = requests();
    key = generate(context.lib, "RSA", none);
    CU_ASSERT(key != NULL && EVP_PKEY_get_bits(key) == 2048);
    CU_ASSERT(!param_is(key, "mhsm-kty", "RSA-HSM"));
    EVP_PKEY_free(key);
    th_context_close(&context);
    setenv("MHSM_LOCAL_KEYGEN", "no", 1);
    th_context_open(&context, TH_LAST);
    CU_ASSERT_PTR_NULL(generate(context.lib, "RSA", none));
    TH_ONE_ERROR("local-keygen", "mhsm-key");
    th_context_close(&context);
    unsetenv("MHSM_LOCAL_KEYGEN");
    CU_ASSERT_EQUAL(requests(), before);
}

static int stop_at_once(EVP_PKEY_CTX *ctx)
{
    int *calls = EVP_PKEY_CTX_get_app_data(ctx);

    (*calls)++;
    return 0;
}

static void the_callback_may_stop_it(void)
{
    struct th_context context;
    EVP_PKEY_CTX *ctx;
    EVP_PKEY *key = NULL;
    int calls = 0;
    long before;

    th_context_open(&context, TH_LAST);
    before = requests();
    ctx = EVP_PKEY_CTX_new_from_name(context.lib, "EC", "provider=mhsm");
    EVP_PKEY_CTX_set_app_data(ctx, &calls);
    EVP_PKEY_CTX_set_cb(ctx, stop_at_once);
    CU_ASSERT(EVP_PKEY_keygen_init(ctx) == 1);
    CU_ASSERT(EVP_PKEY_CTX_ctrl_str(ctx, "mhsm-key", "ge-stop") == 1);
    CU_ASSERT(EVP_PKEY_generate(ctx, &key) != 1);
    CU_ASSERT(calls == 1 && key == NULL);
    CU_ASSERT_EQUAL(requests(), before);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    th_context_close(&context);
}

/* Every parameter of the default provider's generator is ours too. */
static void lists(void)
{
    static const char *const types[] = {"RSA", "EC"};
    struct th_context context;
    size_t i;

    th_context_open(&context, TH_LAST);
    for (i = 0; i < COUNT(types); i++) {
        EVP_KEYMGMT *theirs = EVP_KEYMGMT_fetch(th_plain(), types[i], NULL);
        EVP_KEYMGMT *ours =
            EVP_KEYMGMT_fetch(context.lib, types[i], "provider=mhsm");
        const OSSL_PARAM *param = EVP_KEYMGMT_gen_settable_params(theirs);

        for (; param->key != NULL; param++)
            TH_TRUE(
                OSSL_PARAM_locate_const(EVP_KEYMGMT_gen_settable_params(ours),
                                        param->key) != NULL,
                "%s: %s", types[i], param->key);
        EVP_KEYMGMT_free(theirs);
        EVP_KEYMGMT_free(ours);
    }
    th_context_close(&context);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"in the HSM", in_the_hsm},
        {"versions", versions},
        {"attributes", attributes},
        {"refusals", refusals},
        {"sent once", sent_once},
        {"without the right", without_the_right},
        {"software keys", software_keys},
        {"the callback may stop it", the_callback_may_stop_it},
        {"lists", lists},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: generate", tests);
}
