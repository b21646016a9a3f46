/* SPDX-License-Identifier: MIT
 *
 * An HSM that lies: links that lead away or round in circles, answers about
 * other keys, results of other sizes, challenges for somebody else's tokens.
 * Nothing of it may be believed, and no secret may go where it should not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted_client.h"

/* Walk a listing; the number of items, or -1 with *err. */
static int walk(mhsm_client *client, mhsm_error **err)
{
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    const mhsm_key_item *item = NULL;
    mhsm_key_list *list = NULL;
    mhsm_status st = mhsm_key_list_new(client, uri, MHSM_LIST_KEYS, &list, err);
    int count = -1;

    do {
        count++;
        if (st == MHSM_OK)
            st = mhsm_key_list_next(list, &item, err);
    } while (st == MHSM_OK && item != NULL && count < 10000);
    if (st != MHSM_OK) {
        count = -1;
        /* It must not look like the end of the list afterwards. */
        CU_ASSERT(mhsm_key_list_next(list, &item, NULL) != MHSM_OK);
    }
    mhsm_key_list_free(list);
    mhsm_uri_free(uri);
    return count;
}

#define PAGE(query, next)                                                      \
    {                                                                          \
        "GET /keys", query, 1, 0, 200, NULL, NULL,                             \
            "{\"value\":[{\"kid\":\"$E/keys/k\",\"attributes\":{}}]," next "}" \
    }

static void good_links(void)
{
    /* The service leaves api-version out, and pages may be empty. */
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        PAGE("skip=2&api-version=7.6", "\"nextLink\":\"\""),
        {"GET /keys", "skip=1", 1, 0, 200, NULL, NULL,
         "{\"value\":[],\"nextLink\":\"$E/keys?skip=2\"}"},
        PAGE("api-version=7.6&maxresults=25",
             "\"nextLink\":\"$E/keys?api-version=7.6&skip=1\""),
        TS_END,
    };
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_error *err = NULL;

    ts_script(rows);
    CU_ASSERT(walk(client, &err) == 2);
    CU_ASSERT(ts_count("GET /keys") == 3 && ts_stray() == 0);
    mhsm_error_free(&err);
    mhsm_client_free(client);
}

static void bad_links(void)
{
    static const struct ts_answer scripts[][4] = {
        {TS_TOKEN, PAGE(NULL, "\"nextLink\":\"$E/keys?skip=1\""), TS_END,
         TS_END},
        {TS_TOKEN, PAGE("skip=1", "\"nextLink\":\"$E/keys?skip=2\""),
         PAGE(NULL, "\"nextLink\":\"$E/keys?skip=1\""), TS_END},
        {TS_TOKEN, PAGE(NULL, "\"nextLink\":\"https://evil.invalid/keys\""),
         TS_END, TS_END},
        {TS_TOKEN, PAGE(NULL, "\"nextLink\":\"https://localhost:1/keys\""),
         TS_END, TS_END},
        {TS_TOKEN, PAGE(NULL, "\"nextLink\":\"http://localhost/keys\""), TS_END,
         TS_END},
        {TS_TOKEN, PAGE(NULL, "\"nextLink\":\"$E@evil.invalid/keys\""), TS_END,
         TS_END},
        {TS_TOKEN, PAGE(NULL, "\"nextLink\":\"$E/keys#x\""), TS_END, TS_END},
        {TS_TOKEN, PAGE(NULL, "\"nextLink\":\"/keys?skip=1\""), TS_END, TS_END},
        {TS_TOKEN,
         {"GET /keys", NULL, 1, 0, 200, NULL, NULL, "{\"value\":{}}"},
         TS_END,
         TS_END},
        {TS_TOKEN,
         {"GET /keys", NULL, 1, 0, 200, NULL, NULL,
          "{\"value\":[{\"kid\":\"https://evil.invalid/keys/k\"}]}"},
         TS_END,
         TS_END},
        {TS_TOKEN,
         {"GET /keys", NULL, 1, 0, 200, NULL, NULL, NULL},
         TS_END,
         TS_END},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client = ts_open_plain(NULL);

        ts_script(scripts[i]);
        TH_TRUE(walk(client, &err) == -1, "script %zu was believed", i);
        TC_ERROR(mhsm_error_status(err), MHSM_ERR_PROTOCOL,
                 i < 8 ? "list keys" : "");
        TH_TRUE(ts_count("GET /keys") < 20 && ts_stray() == 0,
                "script %zu: %d requests", i, ts_count("GET /keys"));
        mhsm_client_free(client);
    }
}

static void other_keys(void)
{
    static const struct ts_answer scripts[][3] = {
        {TS_TOKEN,
         {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL,
          TS_KEY("$E/keys/k/" TS_V2)},
         TS_END},
        {TS_TOKEN,
         {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL,
          TS_KEY("$E/keys/other/" TS_V1)},
         TS_END},
        {TS_TOKEN,
         {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL,
          TS_KEY("https://evil.invalid/keys/k/" TS_V1)},
         TS_END},
        {TS_TOKEN,
         {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL, NULL},
         TS_END},
        {TS_TOKEN,
         {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL, "[]"},
         TS_END},
        {TS_TOKEN,
         {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL,
          TS_KEY("$E/keys/k/" TS_V1) "trailing"},
         TS_END},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client = ts_open_plain(NULL);
        mhsm_uri *uri = tc_uri(client, "mhsm:k/" TS_V1);
        mhsm_key *key = NULL;

        ts_script(scripts[i]);
        TC_ERROR(mhsm_key_get(client, uri, &key, &err), MHSM_ERR_PROTOCOL,
                 "cannot get key k");
        CU_ASSERT(key == NULL);
        mhsm_uri_free(uri);
        mhsm_client_free(client);
    }
}

#define SIGNED(body)                                                           \
    {                                                                          \
        TS_TOKEN, TS_GET_KEY,                                                  \
            {TS_SIGN_ROUTE, NULL, 1, 0, 200, NULL, NULL, body}, TS_END         \
    }

static void other_results(void)
{
    static const struct {
        struct ts_answer rows[4];
        int ok;
    } scripts[] = {
        {SIGNED("{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"" TS_SIG "\"}"),
         1},
        {SIGNED("{\"kid\":\"$E/keys/K/" TS_V1 "\",\"value\":\"" TS_SIG "\"}"),
         1},
        {SIGNED("{\"kid\":\"$E/keys/k/" TS_V2 "\",\"value\":\"" TS_SIG "\"}"),
         0},
        {SIGNED("{\"kid\":\"$E/keys/l/" TS_V1 "\",\"value\":\"" TS_SIG "\"}"),
         0},
        {SIGNED("{\"kid\":\"$E/keys/k\",\"value\":\"" TS_SIG "\"}"), 0},
        {SIGNED("{\"value\":\"" TS_SIG "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"" TS_X "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"" TS_SIG "==\"}"),
         0},
        {SIGNED("{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":7}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" TS_V1 "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"" TS_SIG
                "\",\"iv\":7}"),
         0},
        {SIGNED("null"), 0},
        {SIGNED(NULL), 0},
    };
    static const unsigned char digest[32];
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client = ts_open_plain(NULL);
        mhsm_result *result = NULL;
        mhsm_key *key;
        mhsm_status st;

        ts_script(scripts[i].rows);
        key = tc_key(client, "mhsm:k");
        st = mhsm_sign(client, key, "ES256", digest, 32, &result, &err);
        TH_TRUE(st == (scripts[i].ok ? MHSM_OK : MHSM_ERR_PROTOCOL),
                "script %zu: %s", i, mhsm_error_text(err));
        CU_ASSERT((result != NULL) == (st == MHSM_OK));
        mhsm_error_free(&err);
        mhsm_result_free(result);
        mhsm_key_free(key);
        mhsm_client_free(client);
    }
}

static void odd_values(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        TS_GET_KEY,
        {"POST /keys/k/" TS_V1 "/verify", NULL, 1, 0, 200, NULL, NULL,
         "{\"value\":\"true\"}"},
        {"POST /rng", NULL, 1, 1, 200, NULL, NULL, "{\"value\":\"AAAA\"}"},
        {"POST /rng", NULL, 1, 1, 200, NULL, NULL,
         "{\"value\":\"" TS_SIG "\"}"},
        {"POST /rng", NULL, 1, 1, 200, NULL, NULL,
         "{\"value\":\"" TS_SIG TS_SIG TS_SIG TS_SIG TS_SIG "\"}"},
        TS_END,
    };
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *hsm = tc_uri(client, "mhsm:");
    static const unsigned char octets[64];
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    mhsm_key *key;
    int valid = 7, i;

    ts_script(rows);
    key = tc_key(client, "mhsm:k");
    TC_ERROR(
        mhsm_verify(client, key, "ES256", octets, 32, octets, 64, &valid, &err),
        MHSM_ERR_PROTOCOL, "neither true nor false");
    CU_ASSERT(valid == 7);
    for (i = 0; i < 3; i++)
        TC_ERROR(mhsm_random(client, hsm, 100, &result, &err),
                 MHSM_ERR_PROTOCOL, "100 octets");
    CU_ASSERT(result == NULL);
    mhsm_key_free(key);
    mhsm_uri_free(hsm);
    mhsm_client_free(client);
}

static mhsm_status get_key(mhsm_client *client, mhsm_error **err)
{
    mhsm_uri *uri = tc_uri(client, "mhsm:k");
    mhsm_key *key = NULL;
    mhsm_status st = mhsm_key_get(client, uri, &key, err);

    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}

#define CHALLENGE(authorized, text)                                            \
    {                                                                          \
        "GET /keys/k", NULL, authorized, 1, 401, "WWW-Authenticate", text,     \
            "OK"                                                               \
    }

/* No token is asked for, let alone sent, when the challenge is not right. */
static void bad_challenges(void)
{
    static const struct {
        struct ts_answer rows[4];
        mhsm_status status;
        const char *part;
    } scripts[] = {
        {{TS_TOKEN,
          CHALLENGE(0, "Bearer authorization=\"https://l/t-1\", "
                       "resource=\"https://managedhsm.azure.net\""),
          TS_GET_KEY, TS_END},
         MHSM_ERR_CREDENTIAL,
         "no part of"},
        {{TS_TOKEN,
          CHALLENGE(0, "Bearer authorization=\"https://l/t-1\", "
                       "resource=\"http://localhost\""),
          TS_GET_KEY, TS_END},
         MHSM_ERR_PROTOCOL,
         "without a bearer challenge"},
        {{TS_TOKEN, CHALLENGE(0, "Basic realm=\"x\""), TS_GET_KEY, TS_END},
         MHSM_ERR_PROTOCOL,
         "without a bearer challenge"},
        {{TS_TOKEN, CHALLENGE(0, "Bearer authorization=\"https://l/t-1\""),
          TS_GET_KEY, TS_END},
         MHSM_ERR_PROTOCOL,
         "names no resource"},
        {{TS_TOKEN,
          {"GET /keys/k", NULL, 0, 0, 200, NULL, NULL,
           TS_KEY("$E/keys/k/" TS_V1)},
          TS_GET_KEY,
          TS_END},
         MHSM_ERR_PROTOCOL,
         "without asking for a token"},
        {{TS_TOKEN,
          {"GET /keys/k", NULL, 0, 0, 302, "Location", "https://evil.invalid/",
           NULL},
          TS_GET_KEY,
          TS_END},
         MHSM_ERR_PROTOCOL,
         "redirects"},
        {{TS_TOKEN,
          {"GET /keys/k", NULL, 0, 0, 403, NULL, NULL, NULL},
          TS_GET_KEY,
          TS_END},
         MHSM_ERR_FORBIDDEN,
         "HTTP 403"},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client =
            ts_open(TC_OPTIONS("credential=client-secret", "log-level=none"));

        ts_script(scripts[i].rows);
        TC_ERROR(get_key(client, &err), scripts[i].status, scripts[i].part);
        CU_ASSERT(ts_count(TS_TOKEN_ROUTE) == 0);
        CU_ASSERT(ts_count("GET /keys/k") == 1);
        mhsm_client_free(client);
    }
}

/* Of a challenge's authority only the tenant counts; the secret is escaped. */
static void good_challenge(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        CHALLENGE(0, "Bearer authorization=\"https://evil.invalid/t-1\", "
                     "resource=\"https://managedhsm.azure.net\""),
        TS_GET_KEY,
        TS_END,
    };
    mhsm_client *client = ts_open(
        TC_OPTIONS("verify-challenge-resource=no", "credential=client-secret"));
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    CU_ASSERT(ts_count(TS_TOKEN_ROUTE) == 1 && ts_count("GET /keys/k") == 3);
    CU_ASSERT_STRING_EQUAL(
        ts_body(TS_TOKEN_ROUTE),
        "grant_type=client_credentials&client_id=c-1"
        "&scope=https%3A%2F%2Fmanagedhsm.azure.net%2F.default"
        "&client_secret=a%26b%3Dc%2Bd%25e%20f");
    mhsm_client_free(client);
}

/* Claims are decoded, passed on, and answered once. */
static void claims(void)
{
    static const struct ts_answer once[] = {
        TS_TOKEN,
        CHALLENGE(1, "Bearer error=\"insufficient_claims\", "
                     "claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\""),
        TS_GET_KEY,
        TS_END,
    };
    static const struct ts_answer always[] = {
        TS_TOKEN,
        {"GET /keys/k", NULL, 1, 0, 401, "WWW-Authenticate",
         "Bearer error=\"insufficient_claims\", claims=\"e30=\"", NULL},
        TS_END,
    };
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_error *err = NULL;

    ts_script(once);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    CU_ASSERT(ts_count(TS_TOKEN_ROUTE) == 2 && ts_count("GET /keys/k") == 2);
    CU_ASSERT(strstr(ts_body(TS_TOKEN_ROUTE),
                     "&claims=%7B%22access_token%22%3A%7B%7D%7D") != NULL);
    ts_script(always);
    TC_ERROR(get_key(client, &err), MHSM_ERR_UNAUTHORIZED,
             "insufficient_claims");
    CU_ASSERT(ts_count("GET /keys/k") == 2);
    mhsm_client_free(client);
}

/* A later challenge may not move the token elsewhere either. */
static void moved(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        CHALLENGE(1, "Bearer authorization=\"https://l/t-2\", "
                     "resource=\"https://managedhsm.azure.net\""),
        TS_GET_KEY,
        TS_END,
    };
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_ERROR(get_key(client, &err), MHSM_ERR_CREDENTIAL,
             "belongs to tenant t-2");
    CU_ASSERT(ts_count(TS_TOKEN_ROUTE) == 1 && ts_stray() == 0);
    mhsm_client_free(client);
}

static void adfs(void)
{
    static const struct ts_answer rows[] = {
        {"POST /adfs/oauth2/token", NULL, -1, 0, 200, NULL, NULL,
         "{\"access_token\":\"tok\",\"expires_in\":3600}"},
        TS_GET_KEY,
        TS_END,
    };
    mhsm_client *client = ts_open(
        TC_OPTIONS("tenant-id=adfs", "resource=https://managedhsm.azure.net"));
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    CU_ASSERT(strstr(ts_body("POST /adfs/oauth2/token"),
                     "&resource=https%3A%2F%2Fmanagedhsm.azure.net") != NULL);
    CU_ASSERT(strstr(ts_body("POST /adfs/oauth2/token"), "scope") == NULL);
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ts_begin},
        {"good_links", good_links},
        {"bad_links", bad_links},
        {"other_keys", other_keys},
        {"other_results", other_results},
        {"odd_values", odd_values},
        {"bad_challenges", bad_challenges},
        {"good_challenge", good_challenge},
        {"claims", claims},
        {"moved", moved},
        {"adfs", adfs},
        {"finish", ts_finish},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_hostile", tests);
}
