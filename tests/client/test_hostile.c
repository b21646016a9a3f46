/* SPDX-License-Identifier: MIT
 *
 * An HSM that lies: links that lead away or round in circles, answers about
 * other keys, results of other sizes, challenges for somebody else's tokens.
 * Nothing of it may be believed, and no secret may go where it should not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted.h"
#include "support.h"

#define V1 "00000000000000000000000000000001"
#define V2 "00000000000000000000000000000002"
#define X  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"
#define SIG                                                                    \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAA"     \
    "AAAAAAAAAAAAAAAAAQ"
#define KEY(id)                                                                \
    "{\"key\":{\"kid\":\"" id "\",\"kty\":\"EC-HSM\",\"crv\":\"P-256\","       \
    "\"x\":\"" X "\",\"y\":\"" X "\"}}"
#define TOKEN                                                                  \
    {                                                                          \
        "POST /t-1/oauth2/v2.0/token", NULL, -1, 0, 200, NULL, NULL,           \
            "{\"access_token\":\"tok\",\"expires_in\":3600}"                   \
    }
#define GET_KEY                                                                \
    {                                                                          \
        "GET /keys/k", NULL, 1, 0, 200, NULL, NULL, KEY("$E/keys/k/" V1)       \
    }
#define END                                                                    \
    {                                                                          \
        NULL, NULL, 0, 0, 0, NULL, NULL, NULL                                  \
    }
#define SIGN_ROUTE  "POST /keys/k/" V1 "/sign"
#define TOKEN_ROUTE "POST /t-1/oauth2/v2.0/token"

static char endpoint[96], authority[96], ca[160], authority_ca[160];

static mhsm_client *open_with(const char *first, const char *second)
{
    return tc_open(TC_OPTIONS(endpoint, authority, ca, authority_ca,
                              "retries=0", first, second));
}

/* Tenant and resource are known: no challenge is needed. */
static mhsm_client *open_plain(void)
{
    return open_with("tenant-id=t-1", "resource=https://managedhsm.azure.net");
}

static void prepare(void)
{
    ts_start();
    snprintf(endpoint, sizeof(endpoint), "endpoint=%s", ts_url());
    snprintf(authority, sizeof(authority), "authority-host=%s", ts_url());
    snprintf(ca, sizeof(ca), "ca-file=%s", ts_ca());
    snprintf(authority_ca, sizeof(authority_ca), "authority-ca-file=%s",
             ts_ca());
    unsetenv("AZURE_TENANT_ID");
    unsetenv("MHSM_VERIFY_CHALLENGE_RESOURCE");
    setenv("AZURE_CLIENT_ID", "c-1", 1);
    setenv("AZURE_CLIENT_SECRET", "a&b=c+d%e f", 1);
}

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
        TOKEN,
        PAGE("skip=2&api-version=7.6", "\"nextLink\":\"\""),
        {"GET /keys", "skip=1", 1, 0, 200, NULL, NULL,
         "{\"value\":[],\"nextLink\":\"$E/keys?skip=2\"}"},
        PAGE("api-version=7.6&maxresults=25",
             "\"nextLink\":\"$E/keys?api-version=7.6&skip=1\""),
        END,
    };
    mhsm_client *client = open_plain();
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
        {TOKEN, PAGE(NULL, "\"nextLink\":\"$E/keys?skip=1\""), END, END},
        {TOKEN, PAGE("skip=1", "\"nextLink\":\"$E/keys?skip=2\""),
         PAGE(NULL, "\"nextLink\":\"$E/keys?skip=1\""), END},
        {TOKEN, PAGE(NULL, "\"nextLink\":\"https://evil.invalid/keys\""), END,
         END},
        {TOKEN, PAGE(NULL, "\"nextLink\":\"https://localhost:1/keys\""), END,
         END},
        {TOKEN, PAGE(NULL, "\"nextLink\":\"http://localhost/keys\""), END, END},
        {TOKEN, PAGE(NULL, "\"nextLink\":\"$E@evil.invalid/keys\""), END, END},
        {TOKEN, PAGE(NULL, "\"nextLink\":\"$E/keys#x\""), END, END},
        {TOKEN, PAGE(NULL, "\"nextLink\":\"/keys?skip=1\""), END, END},
        {TOKEN,
         {"GET /keys", NULL, 1, 0, 200, NULL, NULL, "{\"value\":{}}"},
         END,
         END},
        {TOKEN,
         {"GET /keys", NULL, 1, 0, 200, NULL, NULL,
          "{\"value\":[{\"kid\":\"https://evil.invalid/keys/k\"}]}"},
         END,
         END},
        {TOKEN, {"GET /keys", NULL, 1, 0, 200, NULL, NULL, NULL}, END, END},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client = open_plain();

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
        {TOKEN,
         {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL, KEY("$E/keys/k/" V2)},
         END},
        {TOKEN,
         {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL,
          KEY("$E/keys/other/" V1)},
         END},
        {TOKEN,
         {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL,
          KEY("https://evil.invalid/keys/k/" V1)},
         END},
        {TOKEN, {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL, NULL}, END},
        {TOKEN, {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL, "[]"}, END},
        {TOKEN,
         {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL,
          KEY("$E/keys/k/" V1) "trailing"},
         END},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client = open_plain();
        mhsm_uri *uri = tc_uri(client, "mhsm:k/" V1);
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
        TOKEN, GET_KEY, {SIGN_ROUTE, NULL, 1, 0, 200, NULL, NULL, body}, END   \
    }

static void other_results(void)
{
    static const struct {
        struct ts_answer rows[4];
        int ok;
    } scripts[] = {
        {SIGNED("{\"kid\":\"$E/keys/k/" V1 "\",\"value\":\"" SIG "\"}"), 1},
        {SIGNED("{\"kid\":\"$E/keys/K/" V1 "\",\"value\":\"" SIG "\"}"), 1},
        {SIGNED("{\"kid\":\"$E/keys/k/" V2 "\",\"value\":\"" SIG "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/l/" V1 "\",\"value\":\"" SIG "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k\",\"value\":\"" SIG "\"}"), 0},
        {SIGNED("{\"value\":\"" SIG "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" V1 "\",\"value\":\"" X "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" V1 "\",\"value\":\"" SIG "==\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" V1 "\",\"value\":7}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" V1 "\"}"), 0},
        {SIGNED("{\"kid\":\"$E/keys/k/" V1 "\",\"value\":\"" SIG
                "\",\"iv\":7}"),
         0},
        {SIGNED("null"), 0},
        {SIGNED(NULL), 0},
    };
    static const unsigned char digest[32];
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client = open_plain();
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
        TOKEN,
        GET_KEY,
        {"POST /keys/k/" V1 "/verify", NULL, 1, 0, 200, NULL, NULL,
         "{\"value\":\"true\"}"},
        {"POST /rng", NULL, 1, 1, 200, NULL, NULL, "{\"value\":\"AAAA\"}"},
        {"POST /rng", NULL, 1, 1, 200, NULL, NULL, "{\"value\":\"" SIG "\"}"},
        {"POST /rng", NULL, 1, 1, 200, NULL, NULL,
         "{\"value\":\"" SIG SIG SIG SIG SIG "\"}"},
        END,
    };
    mhsm_client *client = open_plain();
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
        {{TOKEN,
          CHALLENGE(0, "Bearer authorization=\"https://l/t-1\", "
                       "resource=\"https://managedhsm.azure.net\""),
          GET_KEY, END},
         MHSM_ERR_CREDENTIAL,
         "no part of"},
        {{TOKEN,
          CHALLENGE(0, "Bearer authorization=\"https://l/t-1\", "
                       "resource=\"http://localhost\""),
          GET_KEY, END},
         MHSM_ERR_PROTOCOL,
         "without a bearer challenge"},
        {{TOKEN, CHALLENGE(0, "Basic realm=\"x\""), GET_KEY, END},
         MHSM_ERR_PROTOCOL,
         "without a bearer challenge"},
        {{TOKEN, CHALLENGE(0, "Bearer authorization=\"https://l/t-1\""),
          GET_KEY, END},
         MHSM_ERR_PROTOCOL,
         "names no resource"},
        {{TOKEN,
          {"GET /keys/k", NULL, 0, 0, 200, NULL, NULL, KEY("$E/keys/k/" V1)},
          GET_KEY,
          END},
         MHSM_ERR_PROTOCOL,
         "without asking for a token"},
        {{TOKEN,
          {"GET /keys/k", NULL, 0, 0, 302, "Location", "https://evil.invalid/",
           NULL},
          GET_KEY,
          END},
         MHSM_ERR_PROTOCOL,
         "redirects"},
        {{TOKEN,
          {"GET /keys/k", NULL, 0, 0, 403, NULL, NULL, NULL},
          GET_KEY,
          END},
         MHSM_ERR_FORBIDDEN,
         "HTTP 403"},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        mhsm_client *client =
            open_with("credential=client-secret", "log-level=none");

        ts_script(scripts[i].rows);
        TC_ERROR(get_key(client, &err), scripts[i].status, scripts[i].part);
        CU_ASSERT(ts_count(TOKEN_ROUTE) == 0);
        CU_ASSERT(ts_count("GET /keys/k") == 1);
        mhsm_client_free(client);
    }
}

/* Of a challenge's authority only the tenant counts; the secret is escaped. */
static void good_challenge(void)
{
    static const struct ts_answer rows[] = {
        TOKEN,
        CHALLENGE(0, "Bearer authorization=\"https://evil.invalid/t-1\", "
                     "resource=\"https://managedhsm.azure.net\""),
        GET_KEY,
        END,
    };
    mhsm_client *client =
        open_with("verify-challenge-resource=no", "credential=client-secret");
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    CU_ASSERT(ts_count(TOKEN_ROUTE) == 1 && ts_count("GET /keys/k") == 3);
    CU_ASSERT_STRING_EQUAL(
        ts_body(TOKEN_ROUTE),
        "grant_type=client_credentials&client_id=c-1"
        "&scope=https%3A%2F%2Fmanagedhsm.azure.net%2F.default"
        "&client_secret=a%26b%3Dc%2Bd%25e%20f");
    mhsm_client_free(client);
}

/* Claims are decoded, passed on, and answered once. */
static void claims(void)
{
    static const struct ts_answer once[] = {
        TOKEN,
        CHALLENGE(1, "Bearer error=\"insufficient_claims\", "
                     "claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\""),
        GET_KEY,
        END,
    };
    static const struct ts_answer always[] = {
        TOKEN,
        {"GET /keys/k", NULL, 1, 0, 401, "WWW-Authenticate",
         "Bearer error=\"insufficient_claims\", claims=\"e30=\"", NULL},
        END,
    };
    mhsm_client *client = open_plain();
    mhsm_error *err = NULL;

    ts_script(once);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    CU_ASSERT(ts_count(TOKEN_ROUTE) == 2 && ts_count("GET /keys/k") == 2);
    CU_ASSERT(strstr(ts_body(TOKEN_ROUTE),
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
        TOKEN,
        CHALLENGE(1, "Bearer authorization=\"https://l/t-2\", "
                     "resource=\"https://managedhsm.azure.net\""),
        GET_KEY,
        END,
    };
    mhsm_client *client = open_plain();
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_ERROR(get_key(client, &err), MHSM_ERR_CREDENTIAL,
             "belongs to tenant t-2");
    CU_ASSERT(ts_count(TOKEN_ROUTE) == 1 && ts_stray() == 0);
    mhsm_client_free(client);
}

static void adfs(void)
{
    static const struct ts_answer rows[] = {
        {"POST /adfs/oauth2/token", NULL, -1, 0, 200, NULL, NULL,
         "{\"access_token\":\"tok\",\"expires_in\":3600}"},
        GET_KEY,
        END,
    };
    mhsm_client *client =
        open_with("tenant-id=adfs", "resource=https://managedhsm.azure.net");
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_STATUS(get_key(client, &err), MHSM_OK);
    CU_ASSERT(strstr(ts_body("POST /adfs/oauth2/token"),
                     "&resource=https%3A%2F%2Fmanagedhsm.azure.net") != NULL);
    CU_ASSERT(strstr(ts_body("POST /adfs/oauth2/token"), "scope") == NULL);
    mhsm_client_free(client);
}

/* A second HSM, the first being out of reach: it gets no digest before it has
 * shown that it holds the very key. */
static void false_copies(void)
{
    static const char other[] =
        "{\"key\":{\"kid\":\"$E/keys/k/" V1 "\",\"kty\":\"EC-HSM\","
        "\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI\"}}";
    static const struct {
        const char *copy; /* what it says of the version */
        mhsm_status status;
        const char *part;
    } copies[] = {
        {other, MHSM_ERR_PROTOCOL, "another key"},
        {KEY("$E/keys/k/" V2), MHSM_ERR_PROTOCOL, "k"},
        {KEY("https://localhost:1/keys/k/" V1), MHSM_ERR_PROTOCOL, "k"},
        {"{}", MHSM_ERR_PROTOCOL, "k"},
    };
    static const unsigned char digest[32];
    size_t i;

    snprintf(endpoint, sizeof(endpoint), "endpoint=https://localhost:1,%s",
             ts_url());
    for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        const struct ts_answer rows[] = {
            TOKEN,
            GET_KEY,
            {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL, copies[i].copy},
            END,
        };
        mhsm_client *client = open_plain();
        mhsm_result *result = NULL;
        mhsm_error *err = NULL;
        mhsm_key *key;

        ts_script(rows);
        key = tc_key(client, "mhsm:k");
        /* It stands for the first one's key. */
        CU_ASSERT_STRING_EQUAL(mhsm_key_id(key),
                               "https://localhost:1/keys/k/" V1);
        TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
                 copies[i].status, copies[i].part);
        CU_ASSERT(ts_count(SIGN_ROUTE) == 0 && result == NULL);
        mhsm_key_free(key);
        mhsm_client_free(client);
    }
}

/* And once it has, it is not asked again. */
static void true_copy(void)
{
    static const struct ts_answer rows[] = {
        TOKEN,
        GET_KEY,
        {"GET /keys/k/" V1, NULL, 1, 0, 200, NULL, NULL, KEY("$E/keys/k/" V1)},
        {SIGN_ROUTE, NULL, 1, 0, 200, NULL, NULL,
         "{\"kid\":\"$E/keys/k/" V1 "\",\"value\":\"" SIG "\"}"},
        END,
    };
    static const unsigned char digest[32];
    mhsm_client *client = open_plain();
    mhsm_error *err = NULL;
    mhsm_key *key;
    int i;

    ts_script(rows);
    key = tc_key(client, "mhsm:k");
    for (i = 0; i < 3; i++) {
        mhsm_result *result = NULL;

        TC_STATUS(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
                  MHSM_OK);
        mhsm_result_free(result);
    }
    CU_ASSERT(ts_count(SIGN_ROUTE) == 3 && ts_count("GET /keys/k/" V1) == 1);
    mhsm_key_free(key);
    mhsm_client_free(client);
}

static void finish(void)
{
    ts_stop();
    th_environment_reset();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},
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
        {"false_copies", false_copies},
        {"true_copy", true_copy},
        {"finish", finish},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_hostile", tests);
}
