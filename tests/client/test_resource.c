/* SPDX-License-Identifier: MIT
 *
 * What the management plane may answer, and what it may not: HSMs and lists,
 * the three ways of asking after work, and the bodies that are sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted_client.h"

#define GROUP "/subscriptions/s-1/resourceGroups/g"
#define HSMS  GROUP "/providers/Microsoft.KeyVault/managedHSMs"
#define ONE   HSMS "/two"
#define ALL   "/subscriptions/s-1/providers/Microsoft.KeyVault/managedHSMs"
#define GONE                                                                   \
    "/subscriptions/s-1/providers/Microsoft.KeyVault/deletedManagedHSMs"
#define RESULT "/subscriptions/s-1/providers/Microsoft.KeyVault/result"

#define HSM(state)                                                             \
    "{\"id\":\"" ONE "\",\"name\":\"two\",\"location\":\"westeurope\","        \
    "\"sku\":{\"name\":\"Standard_B1\",\"family\":\"B\"},"                     \
    "\"tags\":{\"a\":\"b\"},\"identity\":{\"type\":\"UserAssigned\","          \
    "\"userAssignedIdentities\":{\"/old\":{\"clientId\":\"x\"}}},"             \
    "\"properties\":{\"hsmUri\":\"https://two.managedhsm.azure.net/\","        \
    "\"provisioningState\":\"" state "\",\"statusMessage\":\"words\","         \
    "\"networkAcls\":{\"bypass\":\"None\",\"defaultAction\":\"Allow\","        \
    "\"ipRules\":[{\"value\":\"10.0.0.1/32\"}],\"virtualNetworkRules\":[]},"   \
    "\"regions\":[{\"name\":\"westeurope\",\"isPrimary\":true},"               \
    "{\"name\":\"eastus\"}],\"initialAdminObjectIds\":[\"o-1\"],"              \
    "\"securityDomainProperties\":{\"activationStatus\":\"NotActivated\"},"    \
    "\"enablePurgeProtection\":true,\"softDeleteRetentionInDays\":7}}"

#define ROW(route, status, body)                                               \
    {                                                                          \
        route, "api-version=2026-02-01", 1, 0, status, NULL, NULL, body        \
    }

static const mhsm_hsm_place place = {NULL, "g", "two"};

static mhsm_client *client_of(const struct ts_answer *rows)
{
    char management[128];

    ts_script(rows);
    (void)snprintf(management, sizeof(management), "management-endpoint=%s",
                   ts_url());
    return ts_open(
        TC_OPTIONS("tenant-id=t-1", "subscription-id=s-1", management));
}

static void shown(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN, ROW("GET " ONE, 200, HSM("Updating")), TS_END};
    mhsm_client *client = client_of(rows);
    const mhsm_hsm_info *info;
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;

    TC_STATUS(mhsm_hsm_get(client, &place, &hsm, &err), MHSM_OK);
    CU_ASSERT_FATAL(hsm != NULL);
    info = mhsm_hsm_get_info(hsm);
    CU_ASSERT_STRING_EQUAL(info->name, "two");
    CU_ASSERT_STRING_EQUAL(info->group, "g");
    CU_ASSERT_STRING_EQUAL(info->subscription, "s-1");
    CU_ASSERT_STRING_EQUAL(info->uri, "https://two.managedhsm.azure.net");
    CU_ASSERT_STRING_EQUAL(info->sku, "Standard_B1");
    CU_ASSERT_STRING_EQUAL(info->activation, "NotActivated");
    CU_ASSERT_STRING_EQUAL(info->public_access, "");
    CU_ASSERT(info->purge_protection == 1 && info->retention_days == 7);
    CU_ASSERT(mhsm_hsm_is_busy(hsm));
    CU_ASSERT_STRING_EQUAL(mhsm_hsm_item_at(hsm, MHSM_HSM_REGIONS, 1),
                           "eastus");
    CU_ASSERT_STRING_EQUAL(mhsm_hsm_item_at(hsm, MHSM_HSM_TAGS, 0), "a=b");
    CU_ASSERT_STRING_EQUAL(mhsm_hsm_item_at(hsm, MHSM_HSM_IDENTITIES, 0),
                           "/old");
    CU_ASSERT_STRING_EQUAL(mhsm_hsm_item_at(hsm, MHSM_HSM_ADMINISTRATORS, 0),
                           "o-1");
    CU_ASSERT(mhsm_hsm_item_at(hsm, MHSM_HSM_NETWORK_RULES, 0) == NULL);
    CU_ASSERT(mhsm_hsm_item_at(hsm, MHSM_HSM_TAGS, 1) == NULL);
    /* The token is for the management plane, and is not the HSM's. */
    CU_ASSERT(strstr(ts_body(TS_TOKEN_ROUTE), "%2F.default") != NULL &&
              strstr(ts_body(TS_TOKEN_ROUTE), "managedhsm") == NULL);
    mhsm_hsm_free(hsm);
    mhsm_client_free(client);
}

/* The tenant that the management plane names in its challenge. */
static void tenant(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        ROW("GET " ONE, 200, HSM("Succeeded")),
        {"GET " ONE, NULL, 0, 1, 401, "WWW-Authenticate",
         "Bearer authorization_uri=\"https://login.invalid/t-1\", "
         "error=\"invalid_token\", error_description=\"x\"",
         "{\"error\":{\"code\":\"AuthenticationFailed\"}}"},
        TS_END};
    char management[128];
    mhsm_client *client;
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;

    ts_script(rows);
    (void)snprintf(management, sizeof(management), "management-endpoint=%s",
                   ts_url());
    client = ts_open(TC_OPTIONS("subscription-id=s-1", management));
    TC_STATUS(mhsm_hsm_get(client, &place, &hsm, &err), MHSM_OK);
    CU_ASSERT(hsm != NULL && !mhsm_hsm_is_busy(hsm));
    CU_ASSERT(ts_count(TS_TOKEN_ROUTE) == 1);
    mhsm_hsm_free(hsm);
    mhsm_client_free(client);
}

static void malformed(void)
{
    static const char *const bodies[] = {
        "[]",
        "{}",
        "{\"id\":\"" ONE "\",\"name\":\"two\"}",
        "{\"id\":\"x\",\"name\":\"two\",\"properties\":{}}",
        "{\"id\":\"" ONE "\",\"name\":\"t w o\",\"properties\":{}}",
        "{\"id\":\"" ONE "\",\"properties\":{}}",
        "{\"id\":1,\"name\":2,\"properties\":3}",
    };
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct ts_answer rows[] = {TS_TOKEN, ROW("GET " ONE, 200, bodies[i]),
                                   TS_END};
        mhsm_client *client = client_of(rows);

        TC_ERROR(mhsm_hsm_get(client, &place, &hsm, &err), MHSM_ERR_PROTOCOL,
                 "without a name");
        mhsm_client_free(client);
    }
    CU_ASSERT(hsm == NULL);
}

static void errors(void)
{
    static const struct {
        int http;
        const char *body;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {403, "{\"error\":{\"code\":\"AuthorizationFailed\"}}",
         MHSM_ERR_FORBIDDEN, "Managed HSM contributor"},
        {404, "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"x\"}}",
         MHSM_ERR_NOT_FOUND, "list-deleted"},
        {404, "{\"error\":{\"code\":\"ResourceGroupNotFound\"}}",
         MHSM_ERR_NOT_FOUND, "resource group"},
        {404, "{\"error\":{\"code\":\"SubscriptionNotFound\"}}",
         MHSM_ERR_NOT_FOUND, "subscription-id"},
        {409,
         "{\"error\":{\"code\":\"ConflictError\",\"message\":\"exists in "
         "deleted state\"}}",
         MHSM_ERR_CONFLICT, "mhsm hsm recover"},
        {429, "{}", MHSM_ERR_THROTTLED, ""},
        {503, "{}", MHSM_ERR_SERVICE, ""},
        {204, NULL, MHSM_ERR_NOT_FOUND, "there is no HSM two"},
    };
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_answer script[] = {
            TS_TOKEN, ROW("GET " ONE, rows[i].http, rows[i].body), TS_END};
        mhsm_client *client = client_of(script);

        TC_ERROR(mhsm_hsm_get(client, &place, &hsm, &err), rows[i].status,
                 rows[i].part);
        mhsm_client_free(client);
    }
}

static void arguments(void)
{
    static const mhsm_hsm_place wrong[] = {
        {NULL, "g", "ab"},       {NULL, "g", "-abc"},  {NULL, "g", "a/../b"},
        {NULL, "g", NULL},       {NULL, "a/b", "two"}, {NULL, "..", "two"},
        {"s/1", "g", "two"},     {NULL, "g", "a--b"},  {NULL, "", "two"},
        {NULL, "g", "a?b=c&d=e"}};
    static const struct ts_answer rows[] = {TS_TOKEN, TS_END};
    mhsm_client *client = client_of(rows);
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;
    size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        TC_ERROR(mhsm_hsm_get(client, &wrong[i], &hsm, &err), MHSM_ERR_ARGUMENT,
                 "\" is no ");
    CU_ASSERT(ts_stray() == 0);
    mhsm_client_free(client);
    unsetenv("AZURE_SUBSCRIPTION_ID");
    client = ts_open_plain(NULL);
    TC_ERROR(mhsm_hsm_get(client, &place, &hsm, &err), MHSM_ERR_CONFIG,
             "AZURE_SUBSCRIPTION_ID");
    mhsm_client_free(client);
}

/* By the listing of the subscription when no group is named: page by page. */
static void found(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"GET " ALL, "skip=1", 1, 0, 200, NULL, NULL,
         "{\"value\":[" HSM("Succeeded") "]}"},
        {"GET " ALL, NULL, 1, 0, 200, NULL, NULL,
         "{\"value\":[],\"nextLink\":\"$E" ALL "?skip=1\"}"},
        ROW("GET " ONE, 200, HSM("Succeeded")),
        TS_END};
    static const mhsm_hsm_place nowhere = {NULL, NULL, "TWO"},
                                another = {NULL, NULL, "other"};
    mhsm_client *client = client_of(rows);
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;

    /* As it was asked for in the path, which knows no case. */
    TC_ERROR(mhsm_hsm_get(client, &another, &hsm, &err), MHSM_ERR_NOT_FOUND,
             "there is no HSM other in subscription s-1");
    TC_ERROR(mhsm_hsm_get(client, &nowhere, &hsm, &err), MHSM_ERR_NOT_FOUND,
             "");
    CU_ASSERT(ts_count("GET " HSMS "/TWO") == 1);
    mhsm_client_free(client);
}

static mhsm_status list(const char *answer, mhsm_error **err)
{
    struct ts_answer rows[] = {TS_TOKEN, ROW("GET " ALL, 200, answer), TS_END};
    static const mhsm_hsm_place all = {NULL, NULL, NULL};
    mhsm_client *client = client_of(rows);
    mhsm_hsm_list *made = NULL;
    mhsm_hsm *hsm = NULL;
    mhsm_status st = mhsm_hsm_list_new(client, &all, 0, &made, err);

    do {
        mhsm_hsm_free(hsm);
        hsm = NULL;
        if (st == MHSM_OK)
            st = mhsm_hsm_list_next(made, &hsm, err);
    } while (st == MHSM_OK && hsm != NULL);
    mhsm_hsm_list_free(made);
    mhsm_client_free(client);
    return st;
}

static void lists(void)
{
    mhsm_error *err = NULL;

    TC_STATUS(list("{\"value\":[" HSM("Failed") "]}", &err), MHSM_OK);
    TC_ERROR(list("{}", &err), MHSM_ERR_PROTOCOL, "no list");
    TC_ERROR(list("{\"value\":[null]}", &err), MHSM_ERR_PROTOCOL, "null");
    TC_ERROR(list("{\"value\":[1]}", &err), MHSM_ERR_PROTOCOL, "without a");
    TC_ERROR(list("{\"value\":[],\"nextLink\":\"https://elsewhere.invalid/\"}",
                  &err),
             MHSM_ERR_PROTOCOL, "leads away");
    TC_ERROR(list("{\"value\":[],\"nextLink\":\"$E" ALL "?x=1\"}", &err),
             MHSM_ERR_PROTOCOL, "in a circle");
}

/* One look after the other, to the end. */
static mhsm_status follow(const struct ts_answer *rows, int *looks,
                          mhsm_error **err)
{
    mhsm_operation_state state = MHSM_OPERATION_IN_PROGRESS;
    mhsm_operation *operation = NULL;
    mhsm_client *client = client_of(rows);
    int64_t wait_ms = -1;
    mhsm_status st = mhsm_hsm_delete(client, &place, &operation, err);

    *looks = 0;
    while (st == MHSM_OK && operation != NULL &&
           state == MHSM_OPERATION_IN_PROGRESS && *looks < 9) {
        st = mhsm_operation_poll(client, operation, &state, &wait_ms, err);
        if (st == MHSM_OK)
            CU_ASSERT(wait_ms >= 0);
        ++*looks;
    }
    if (operation != NULL)
        CU_ASSERT(mhsm_operation_failed(operation) == (st == MHSM_ERR_SERVICE));
    CU_ASSERT(ts_count("DELETE " ONE) == 1 && ts_stray() == 0);
    mhsm_operation_free(operation);
    mhsm_client_free(client);
    return st;
}

static void ways(void)
{
    static const struct ts_answer by_status[] = {
        TS_TOKEN,
        {"DELETE " ONE, NULL, 1, 0, 202, "Azure-AsyncOperation", "$E" RESULT,
         NULL},
        {"GET " RESULT, "api-version=", 1, 1, 200, "Retry-After", "7",
         "{\"status\":\"InProgress\"}"},
        {"GET " RESULT, NULL, 1, 1, 200, NULL, NULL,
         "{\"status\":\"Running\"}"},
        {"GET " RESULT, NULL, 1, 1, 200, NULL, NULL,
         "{\"status\":\"Succeeded\"}"},
        TS_END};
    static const struct ts_answer by_location[] = {
        TS_TOKEN,
        {"DELETE " ONE, NULL, 1, 0, 202, "Location", "$E" RESULT, NULL},
        {"GET " RESULT, NULL, 1, 1, 202, "Location", "$E" RESULT "/next", NULL},
        {"GET " RESULT "/next", NULL, 1, 1, 202, NULL, NULL, NULL},
        {"GET " RESULT "/next", NULL, 1, 1, 204, NULL, NULL, NULL},
        TS_END};
    static const struct ts_answer by_hsm[] = {
        TS_TOKEN,
        {"DELETE " ONE, NULL, 1, 0, 202, NULL, NULL, NULL},
        {"GET " ONE, NULL, 1, 1, 200, NULL, NULL, HSM("Deleting")},
        {"GET " ONE, NULL, 1, 1, 404, NULL, NULL,
         "{\"error\":{\"code\":\"ResourceNotFound\"}}"},
        TS_END};
    static const struct ts_answer at_once[] = {
        TS_TOKEN, {"DELETE " ONE, NULL, 1, 0, 204, NULL, NULL, NULL}, TS_END};
    mhsm_error *err = NULL;
    int looks = 0;

    TC_STATUS(follow(by_status, &looks, &err), MHSM_OK);
    CU_ASSERT(looks == 3);
    TC_STATUS(follow(by_location, &looks, &err), MHSM_OK);
    CU_ASSERT(looks == 3);
    TC_STATUS(follow(by_hsm, &looks, &err), MHSM_OK);
    CU_ASSERT(looks == 2);
    TC_STATUS(follow(at_once, &looks, &err), MHSM_OK);
    CU_ASSERT(looks == 0);
}

static void failures(void)
{
    static const struct {
        const char *header, *link;
        int http;
        const char *body;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {"Azure-AsyncOperation", "$E" RESULT, 200,
         "{\"status\":\"Failed\",\"error\":{\"code\":\"OutOfHardware\","
         "\"message\":\"none left\"}}",
         MHSM_ERR_SERVICE, "cannot delete HSM two: none left"},
        {"Azure-AsyncOperation", "$E" RESULT, 200, "{\"status\":\"Canceled\"}",
         MHSM_ERR_SERVICE, "the operation has failed"},
        {"Azure-AsyncOperation", "$E" RESULT, 200, "{}", MHSM_ERR_PROTOCOL,
         "has no status"},
        {"Azure-AsyncOperation", "$E" RESULT, 200, "[1]", MHSM_ERR_PROTOCOL,
         "has no status"},
        {"Azure-AsyncOperation", "$E" RESULT, 429, "{}", MHSM_ERR_THROTTLED,
         "delete HSM two"},
        {"Location", "$E" RESULT, 404, "{}", MHSM_ERR_NOT_FOUND, ""},
        {"Location", "https://elsewhere.invalid/x", 200, "{}",
         MHSM_ERR_PROTOCOL, "leads away"},
        {"Azure-AsyncOperation", "http://localhost/x", 200, "{}",
         MHSM_ERR_PROTOCOL, "leads away"},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ts_answer script[] = {
            TS_TOKEN,
            {"DELETE " ONE, NULL, 1, 0, 202, rows[i].header, rows[i].link,
             NULL},
            {"GET " RESULT, NULL, 1, 0, rows[i].http, NULL, NULL, rows[i].body},
            TS_END};
        mhsm_operation_state state = MHSM_OPERATION_IN_PROGRESS;
        mhsm_operation *operation = NULL;
        mhsm_client *client = client_of(script);

        TC_STATUS(mhsm_hsm_delete(client, &place, &operation, &err), MHSM_OK);
        CU_ASSERT_FATAL(operation != NULL);
        TC_ERROR(mhsm_operation_poll(client, operation, &state, NULL, &err),
                 rows[i].status, rows[i].part);
        CU_ASSERT(mhsm_operation_failed(operation) ==
                  (rows[i].status == MHSM_ERR_SERVICE));
        mhsm_operation_free(operation);
        mhsm_client_free(client);
    }
}

/* What is sent: all of a new one; of a change what changes, and what belongs
 * to it. */
static void bodies(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN, ROW("GET " ONE, 200, HSM("Succeeded")),
        ROW("PUT " ONE, 200, HSM("Succeeded")),
        ROW("PATCH " ONE, 200, HSM("Updating")), TS_END};
    static const char *const admins[] = {
        "00000000-0000-4000-8000-000000000001"};
    static const char *const ranges[] = {"192.0.2.0/24"};
    static const char *const identities[] = {"/new"};
    static const char *const tags[] = {"x=y=z"};
    mhsm_hsm_settings settings = {.location = "westeurope",
                                  .administrators = admins,
                                  .administrator_count = 1,
                                  .sku = "Custom_C10"};
    mhsm_client *client = client_of(rows);
    mhsm_operation *operation = NULL;
    mhsm_error *err = NULL;

    TC_STATUS(mhsm_hsm_create(client, &place, &settings, &operation, &err),
              MHSM_OK);
    CU_ASSERT(operation == NULL);
    CU_ASSERT_STRING_EQUAL(
        ts_body("PUT " ONE),
        "{\"sku\":{\"name\":\"Custom_C10\",\"family\":\"C\"},"
        "\"location\":\"westeurope\",\"properties\":{\"initialAdminObjectIds\":"
        "[\"00000000-0000-4000-8000-000000000001\"]}}");
    memset(&settings, 0, sizeof(settings));
    settings.tags = tags;
    settings.tag_count = 1;
    settings.purge_protection = 1;
    TC_STATUS(mhsm_hsm_update(client, &place, &settings, &operation, &err),
              MHSM_OK);
    CU_ASSERT_FATAL(operation != NULL);
    CU_ASSERT_STRING_EQUAL(mhsm_operation_text(operation), "Updating: words");
    CU_ASSERT_STRING_EQUAL(ts_body("PATCH " ONE),
                           "{\"tags\":{\"x\":\"y=z\"},\"properties\":{"
                           "\"enablePurgeProtection\":true}}");
    CU_ASSERT(ts_count("GET " ONE) == 0);
    mhsm_operation_free(operation);
    memset(&settings, 0, sizeof(settings));
    settings.default_action = "Deny";
    settings.ip_rules = ranges;
    settings.ip_rule_count = 1;
    settings.identities = identities;
    settings.identity_count = 1;
    operation = NULL;
    TC_STATUS(mhsm_hsm_update(client, &place, &settings, &operation, &err),
              MHSM_OK);
    CU_ASSERT_STRING_EQUAL(
        ts_body("PATCH " ONE),
        "{\"identity\":{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{"
        "\"/old\":null,\"/new\":{}}},\"properties\":{\"networkAcls\":{"
        "\"bypass\":\"None\",\"defaultAction\":\"Deny\",\"ipRules\":[{"
        "\"value\":\"192.0.2.0/24\"}],\"virtualNetworkRules\":[]}}}");
    CU_ASSERT(ts_count("GET " ONE) == 1);
    mhsm_operation_free(operation);
    operation = NULL;
    /* One that is there already costs no change. */
    TC_STATUS(mhsm_hsm_add_region(client, &place, "EastUS", &operation, &err),
              MHSM_OK);
    CU_ASSERT(operation == NULL && ts_count("PATCH " ONE) == 2);
    TC_STATUS(
        mhsm_hsm_remove_region(client, &place, "eastus", &operation, &err),
        MHSM_OK);
    CU_ASSERT_STRING_EQUAL(
        ts_body("PATCH " ONE),
        "{\"properties\":{\"regions\":[{\"name\":\"westeurope\"}]}}");
    mhsm_operation_free(operation);
    TC_ERROR(
        mhsm_hsm_remove_region(client, &place, "westeurope", &operation, &err),
        MHSM_ERR_ARGUMENT, "is the first region");
    mhsm_client_free(client);
}

static void refused_settings(void)
{
    static const char *const bad[] = {"10.0.0.0/33"}, *const no_id[] = {"x"},
                             *const no_tag[] = {"=x"};
    static const struct {
        mhsm_hsm_settings settings;
        const char *part;
    } rows[] = {
        {{.ip_rules = bad, .ip_rule_count = 1}, "IPv4 address or range"},
        {{.identities = no_id, .identity_count = 1}, "managed identity"},
        {{.network_rules = no_id, .network_rule_count = 1}, "subnet"},
        {{.tags = no_tag, .tag_count = 1}, "tag NAME=VALUE"},
        {{.bypass = "All"}, "bypass"},
        {{.default_action = "Ask"}, "default action"},
        {{.public_access = "yes"}, "public access"},
        {{.sku = "Standard_B1"}, "stay as they were"},
        {{.location = "westeurope"}, "stay as they were"},
        {{.retention_days = 9}, "stay as they were"},
    };
    static const struct ts_answer script[] = {
        TS_TOKEN, ROW("GET " ONE, 200, HSM("Succeeded")), TS_END};
    static const char *const admins[] = {"me"};
    mhsm_hsm_settings made = {.location = "x y"};
    mhsm_client *client = client_of(script);
    mhsm_operation *operation = NULL;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        TC_ERROR(mhsm_hsm_update(client, &place, &rows[i].settings, &operation,
                                 &err),
                 MHSM_ERR_ARGUMENT, rows[i].part);
    TC_ERROR(mhsm_hsm_create(client, &place, &made, &operation, &err),
             MHSM_ERR_ARGUMENT, "needs a location and an administrator");
    made.administrators = admins;
    made.administrator_count = 1;
    TC_ERROR(mhsm_hsm_create(client, &place, &made, &operation, &err),
             MHSM_ERR_ARGUMENT, "is no location");
    made.location = "westeurope";
    TC_ERROR(mhsm_hsm_create(client, &place, &made, &operation, &err),
             MHSM_ERR_ARGUMENT, "\"me\" is no object id");
    made.retention_days = 91;
    TC_ERROR(mhsm_hsm_create(client, &place, &made, &operation, &err),
             MHSM_ERR_ARGUMENT, "7 to 90 days");
    CU_ASSERT(ts_stray() == 0);
    mhsm_client_free(client);
}

static void deleted(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        ROW("GET " GONE, 200,
            "{\"value\":[{\"id\":\"/x\",\"name\":\"two\",\"properties\":{"
            "\"mhsmId\":\"" ONE "\",\"location\":\"westeurope\","
            "\"deletionDate\":\"2026-01-01T00:00:00Z\","
            "\"purgeProtectionEnabled\":true,\"tags\":{\"a\":\"b\"}}}]}"),
        ROW("PUT " ONE, 202, NULL),
        {"POST /subscriptions/s-1/providers/Microsoft.KeyVault/locations/"
         "westeurope/deletedManagedHSMs/two/purge",
         NULL, 1, 0, 202, "Location", "$E" RESULT, NULL},
        TS_END};
    static const mhsm_hsm_place two = {NULL, NULL, "two"},
                                other = {NULL, NULL, "other"};
    mhsm_client *client = client_of(rows);
    mhsm_operation *operation = NULL;
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;

    TC_STATUS(mhsm_hsm_get_deleted(client, &two, &hsm, &err), MHSM_OK);
    CU_ASSERT_FATAL(hsm != NULL);
    CU_ASSERT_STRING_EQUAL(mhsm_hsm_get_info(hsm)->group, "g");
    CU_ASSERT_STRING_EQUAL(mhsm_hsm_get_info(hsm)->location, "westeurope");
    CU_ASSERT(mhsm_hsm_get_info(hsm)->purge_protection);
    CU_ASSERT_STRING_EQUAL(mhsm_hsm_item_at(hsm, MHSM_HSM_TAGS, 0), "a=b");
    mhsm_hsm_free(hsm);
    TC_ERROR(mhsm_hsm_get_deleted(client, &other, &hsm, &err),
             MHSM_ERR_NOT_FOUND, "no deleted HSM other");
    TC_STATUS(mhsm_hsm_recover(client, &two, &operation, &err), MHSM_OK);
    CU_ASSERT_STRING_EQUAL(ts_body("PUT " ONE),
                           "{\"location\":\"westeurope\",\"properties\":{"
                           "\"createMode\":\"recover\"}}");
    mhsm_operation_free(operation);
    operation = NULL;
    TC_STATUS(mhsm_hsm_purge(client, &two, &operation, &err), MHSM_OK);
    CU_ASSERT(operation != NULL && ts_stray() == 0);
    mhsm_operation_free(operation);
    mhsm_client_free(client);
}

static void names(void)
{
    static const char check[] =
        "POST /subscriptions/s-1/providers/Microsoft.KeyVault/"
        "checkMhsmNameAvailability";
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {check, NULL, 1, 1, 200, NULL, NULL, "{\"nameAvailable\":true}"},
        {check, NULL, 1, 1, 200, NULL, NULL,
         "{\"nameAvailable\":false,\"reason\":\"AlreadyExists\","
         "\"message\":\"taken\"}"},
        {check, NULL, 1, 1, 200, NULL, NULL, "{\"nameAvailable\":1}"},
        TS_END};
    mhsm_client *client = client_of(rows);
    mhsm_name_check *seen = NULL;
    mhsm_error *err = NULL;

    TC_STATUS(mhsm_hsm_check_name(client, &place, &seen, &err), MHSM_OK);
    CU_ASSERT(seen != NULL && mhsm_name_check_available(seen));
    CU_ASSERT_STRING_EQUAL(ts_body(check), "{\"name\":\"two\"}");
    mhsm_name_check_free(seen);
    TC_STATUS(mhsm_hsm_check_name(client, &place, &seen, &err), MHSM_OK);
    CU_ASSERT(!mhsm_name_check_available(seen));
    CU_ASSERT_STRING_EQUAL(mhsm_name_check_reason(seen), "AlreadyExists");
    CU_ASSERT_STRING_EQUAL(mhsm_name_check_message(seen), "taken");
    mhsm_name_check_free(seen);
    TC_ERROR(mhsm_hsm_check_name(client, &place, &seen, &err),
             MHSM_ERR_PROTOCOL, "does not say");
    mhsm_client_free(client);
}

#define LINK(name) ONE "/privateEndpointConnections" name

static void endpoints(void)
{
    static const char link[] =
        "{\"name\":\"office\",\"properties\":{\"privateEndpoint\":{\"id\":"
        "\"/pe\"},\"privateLinkServiceConnectionState\":{\"status\":"
        "\"Pending\"}}}";
    static const char many[] =
        "{\"value\":[{\"name\":\"office\",\"properties\":{"
        "\"privateEndpoint\":{\"id\":\"/pe\"},"
        "\"privateLinkServiceConnectionState\":{\"status\":\"Pending\"}}}]}";
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        ROW("GET " LINK(""), 200, many),
        ROW("GET " LINK("/office"), 200, link),
        ROW("GET " LINK("/odd"), 200, "{}"),
        ROW("PUT " LINK("/office"), 200, link),
        ROW("DELETE " LINK("/office"), 200, link),
        ROW("GET " ONE "/regions", 200, "{\"value\":[{}]}"),
        TS_END};
    mhsm_client *client = client_of(rows);
    mhsm_operation *operation = NULL;
    const mhsm_hsm_row *row;
    mhsm_hsm_rows *list = NULL;
    mhsm_error *err = NULL;

    TC_STATUS(mhsm_hsm_get_endpoints(client, &place, &list, &err), MHSM_OK);
    CU_ASSERT_FATAL(list != NULL);
    row = mhsm_hsm_rows_at(list, 0);
    CU_ASSERT_FATAL(row != NULL);
    CU_ASSERT_STRING_EQUAL(row->name, "office");
    CU_ASSERT_STRING_EQUAL(row->state, "Pending");
    CU_ASSERT_STRING_EQUAL(row->endpoint, "/pe");
    CU_ASSERT(mhsm_hsm_rows_at(list, 1) == NULL);
    mhsm_hsm_rows_free(list);
    TC_STATUS(
        mhsm_hsm_decide_endpoint(client, &place, "office", 1, "ours", &err),
        MHSM_OK);
    CU_ASSERT(strstr(ts_body("PUT " LINK("/office")),
                     "{\"status\":\"Approved\",\"description\":\"ours\"}") !=
              NULL);
    TC_ERROR(mhsm_hsm_decide_endpoint(client, &place, "odd", 1, NULL, &err),
             MHSM_ERR_PROTOCOL, "has no state");
    TC_ERROR(mhsm_hsm_decide_endpoint(client, &place, "a/b", 1, NULL, &err),
             MHSM_ERR_ARGUMENT, "is no name");
    TC_STATUS(
        mhsm_hsm_delete_endpoint(client, &place, "office", &operation, &err),
        MHSM_OK);
    CU_ASSERT(operation == NULL);
    TC_ERROR(mhsm_hsm_get_regions(client, &place, &list, &err),
             MHSM_ERR_PROTOCOL, "without a name");
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ts_begin},    {"shown", shown},
        {"tenant", tenant},       {"malformed", malformed},
        {"errors", errors},       {"arguments", arguments},
        {"found", found},         {"lists", lists},
        {"ways", ways},           {"failures", failures},
        {"bodies", bodies},       {"refused_settings", refused_settings},
        {"deleted", deleted},     {"names", names},
        {"endpoints", endpoints}, {"finish", ts_finish},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_resource", tests);
}
