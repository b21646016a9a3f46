/* SPDX-License-Identifier: MIT
 *
 * The HSM as a store of many keys: listing their names page by page, and
 * searching one by alias.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/store.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Three pages of 25, the last one not full. */
enum { KEYS = 60, NAME_SIZE = 16 };

static struct th_context last;

static void name_of(char *name, int number)
{
    snprintf(name, NAME_SIZE, "sl-%02d", number);
}

static void prepare(void)
{
    char name[NAME_SIZE];
    int i;

    for (i = 0; i < KEYS; i++) {
        name_of(name, i);
        th_ec_create(name, "P-256", NULL);
    }
    th_ec_create("sl-00", "P-256", NULL);
    th_rsa_create("sl-rsa", 2048, NULL);
    th_key_update("sl-07", "{\"attributes\":{\"enabled\":false}}");
    th_context_open(&last, TH_LAST);
    EVP_PKEY_free(th_must_open(last.lib, "mhsm:sl-01"));
}

static OSSL_STORE_CTX *open_store(const char *uri, int expect)
{
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(uri, last.lib, NULL, NULL, NULL, NULL, NULL, NULL);

    if (store == NULL)
        th_die("%s does not open", uri);
    if (expect != 0)
        CU_ASSERT_EQUAL(OSSL_STORE_expect(store, expect), 1);
    return store;
}

/* How many names, each once; the keys themselves are not asked for. */
static void every_name(void)
{
    static const int expects[] = {0, OSSL_STORE_INFO_NAME,
                                  OSSL_STORE_INFO_PKEY};
    size_t e;

    for (e = 0; e < COUNT(expects); e++) {
        OSSL_STORE_CTX *store = open_store("mhsm:", expects[e]);
        long lists = th_route("GET /keys"), requests = th_stats().requests;
        int seen[KEYS] = {0}, count = 0, number;

        while (!OSSL_STORE_eof(store)) {
            OSSL_STORE_INFO *info = OSSL_STORE_load(store);
            char uri[256];
            const char *name;

            if (info == NULL)
                break;
            CU_ASSERT_EQUAL_FATAL(OSSL_STORE_INFO_get_type(info),
                                  OSSL_STORE_INFO_NAME);
            name = OSSL_STORE_INFO_get0_NAME(info);
            snprintf(uri, sizeof(uri), "mhsm://%s/keys/sl-", th_host());
            TH_TRUE(strncmp(name, uri, strlen(uri)) == 0, "%s", name);
            if (sscanf(name + strlen(uri), "%2d", &number) == 1 &&
                number < KEYS)
                seen[number]++;
            if (number == 7)
                CU_ASSERT_STRING_EQUAL(
                    OSSL_STORE_INFO_get0_NAME_description(info),
                    "key, disabled");
            count++;
            OSSL_STORE_INFO_free(info);
        }
        TH_QUIET();
        CU_ASSERT(!OSSL_STORE_error(store));
        CU_ASSERT_EQUAL(count, KEYS + 1);
        for (number = 0; number < KEYS; number++)
            TH_TRUE(seen[number] == 1, "key %d", number);
        CU_ASSERT_EQUAL(th_route("GET /keys") - lists, 3);
        CU_ASSERT_EQUAL(th_stats().requests - requests, 3);
        OSSL_STORE_close(store);
    }
}

/* Each name is a URI that loads. */
static void names_load(void)
{
    OSSL_STORE_CTX *store = open_store("mhsm:", 0);
    OSSL_STORE_INFO *info = OSSL_STORE_load(store);
    EVP_PKEY *key;

    CU_ASSERT_PTR_NOT_NULL_FATAL(info);
    key = th_open(last.lib, OSSL_STORE_INFO_get0_NAME(info));
    CU_ASSERT_PTR_NOT_NULL(key);
    EVP_PKEY_free(key);
    OSSL_STORE_INFO_free(info);
    /* Closed in the middle of a page. */
    OSSL_STORE_close(store);
    TH_QUIET();
}

static void nothing_but_keys(void)
{
    static const int expects[] = {OSSL_STORE_INFO_CERT, OSSL_STORE_INFO_CRL,
                                  OSSL_STORE_INFO_PARAMS};
    long requests = th_stats().requests;
    size_t e;

    for (e = 0; e < COUNT(expects); e++) {
        OSSL_STORE_CTX *store = open_store("mhsm:", expects[e]);

        CU_ASSERT(OSSL_STORE_eof(store));
        OSSL_STORE_close(store);
    }
    CU_ASSERT_EQUAL(th_stats().requests, requests);
    TH_QUIET();
}

/* The fault hits the second page: what came before it was given. */
static void a_page_that_fails(void)
{
    OSSL_STORE_CTX *store = open_store("mhsm:", 0);
    OSSL_STORE_INFO *info = NULL;
    int count = 0;

    while (!OSSL_STORE_eof(store)) {
        if (count == 10)
            th_fault("\"route\":\"list\",\"action\":\"status\",\"status\":403,"
                     "\"count\":1");
        info = OSSL_STORE_load(store);
        if (info == NULL)
            break;
        count++;
        OSSL_STORE_INFO_free(info);
    }
    CU_ASSERT_EQUAL(count, 25);
    CU_ASSERT(OSSL_STORE_error(store));
    TH_ONE_ERROR("403");
    OSSL_STORE_close(store);
    th_reset();
}

static void without_rights(void)
{
    struct th_principal nobody;
    struct th_context context;
    OSSL_STORE_CTX *store;

    th_principal_new("sl-nobody", NULL, NULL, &nobody);
    th_principal_use(&nobody);
    th_context_open(&context, TH_LAST);
    store = OSSL_STORE_open_ex("mhsm:", context.lib, NULL, NULL, NULL, NULL,
                               NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_PTR_NULL(OSSL_STORE_load(store));
    CU_ASSERT(OSSL_STORE_error(store));
    TH_ONE_ERROR("403", "keys/read");
    OSSL_STORE_close(store);
    th_context_close(&context);
    th_environment_reset();
}

/* Objects that a search by alias gives: -1 when it is refused. */
static int search(const char *uri, const char *alias, int expect)
{
    OSSL_STORE_CTX *store = open_store(uri, expect);
    OSSL_STORE_SEARCH *by = OSSL_STORE_SEARCH_by_alias(alias);
    int count = -1;

    CU_ASSERT_EQUAL(
        OSSL_STORE_supports_search(store, OSSL_STORE_SEARCH_BY_ALIAS), 1);
    if (OSSL_STORE_find(store, by) == 1) {
        for (count = 0; !OSSL_STORE_eof(store);) {
            OSSL_STORE_INFO *info = OSSL_STORE_load(store);

            if (info == NULL)
                break;
            CU_ASSERT_EQUAL(OSSL_STORE_INFO_get_type(info),
                            expect != 0  ? expect
                            : count == 0 ? OSSL_STORE_INFO_PKEY
                                         : OSSL_STORE_INFO_PUBKEY);
            count++;
            OSSL_STORE_INFO_free(info);
        }
    }
    OSSL_STORE_SEARCH_free(by);
    OSSL_STORE_close(store);
    return count;
}

static void by_alias(void)
{
    char long_name[201];
    long gets = th_route("GET /keys/{name}"), lists = th_route("GET /keys");

    CU_ASSERT_EQUAL(search("mhsm:", "sl-05", 0), 2);
    CU_ASSERT_EQUAL(search("mhsm:", "sl-05", OSSL_STORE_INFO_PKEY), 1);
    CU_ASSERT_EQUAL(search("mhsm:", "sl-05", OSSL_STORE_INFO_PUBKEY), 1);
    CU_ASSERT_EQUAL(search("mhsm:sl-05", "sl-05", 0), 2);
    CU_ASSERT_EQUAL(search("mhsm:sl-05", "SL-05", 0), 2);
    TH_QUIET();
    CU_ASSERT_EQUAL(th_route("GET /keys/{name}") - gets, 5);
    CU_ASSERT_EQUAL(search("mhsm:", "sl-none", 0), 0);
    TH_QUIET();
    CU_ASSERT_EQUAL(th_route("GET /keys/{name}") - gets, 6);
    CU_ASSERT_EQUAL(search("mhsm:sl-05", "sl-06", 0), 0);
    CU_ASSERT_EQUAL(search("mhsm:", "sl-05", OSSL_STORE_INFO_CERT), 0);
    TH_QUIET();
    CU_ASSERT_EQUAL(search("mhsm:", "../sl-05", 0), -1);
    TH_ONE_ERROR("../sl-05", "127");
    CU_ASSERT_EQUAL(search("mhsm:", "", 0), -1);
    TH_ONE_ERROR("127");
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    CU_ASSERT_EQUAL(search("mhsm:", long_name, 0), -1);
    TH_ONE_ERROR("127");
    CU_ASSERT_EQUAL(th_route("GET /keys/{name}") - gets, 6);
    CU_ASSERT_EQUAL(th_route("GET /keys"), lists);
}

/* These are for certificates. */
static void other_searches(void)
{
    OSSL_STORE_CTX *store = open_store("mhsm:sl-05", 0);
    X509_NAME *name = X509_NAME_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    OSSL_STORE_SEARCH *searches[3];
    static const int types[] = {OSSL_STORE_SEARCH_BY_NAME,
                                OSSL_STORE_SEARCH_BY_ISSUER_SERIAL,
                                OSSL_STORE_SEARCH_BY_KEY_FINGERPRINT};
    size_t i;

    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)"a", -1, -1, 0);
    ASN1_INTEGER_set(serial, 1);
    searches[0] = OSSL_STORE_SEARCH_by_name(name);
    searches[1] = OSSL_STORE_SEARCH_by_issuer_serial(name, serial);
    searches[2] = OSSL_STORE_SEARCH_by_key_fingerprint(
        EVP_sha1(), (const unsigned char *)"01234567890123456789", 20);
    for (i = 0; i < COUNT(searches); i++) {
        CU_ASSERT_EQUAL(OSSL_STORE_supports_search(store, types[i]), 0);
        CU_ASSERT_EQUAL(OSSL_STORE_find(store, searches[i]), 0);
        TH_ONE_ERROR("alias");
        OSSL_STORE_SEARCH_free(searches[i]);
    }
    OSSL_STORE_close(store);
    ASN1_INTEGER_free(serial);
    X509_NAME_free(name);
}

static void end(void)
{
    th_context_close(&last);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"many keys", prepare},
        {"every name, page by page", every_name},
        {"names load", names_load},
        {"nothing but keys", nothing_but_keys},
        {"a page that fails", a_page_that_fails},
        {"without rights", without_rights},
        {"by alias", by_alias},
        {"other searches", other_searches},
        {"the end", end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: the store's lists", tests);
}
