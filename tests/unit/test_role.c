/* SPDX-License-Identifier: MIT
 *
 * What role definitions grant, and answers that are none.
 */
#include "check.h"

#include <string.h>

#include "access/role.h"
#include "base/endpoint.h"

#define GUID   "05c8363b-3997-4bbf-b2ac-e50f70530b26"
#define PREFIX "Microsoft.KeyVault/managedHsm/"

static mhsm_status read_text(const char *text,
                             mhsm_role_definition **definition)
{
    struct json_object *answer = mhsmi_json_parse(text, strlen(text));
    mhsm_error *err = NULL;
    void *object = NULL;
    mhsm_status st = mhsmi_definition_read(answer, &object, &err);

    CHECK((st == MHSM_OK) == (err == NULL));
    mhsm_error_free(&err);
    json_object_put(answer);
    if (st == MHSM_OK)
        *definition = object;
    return st;
}

static void granting(void)
{
    static const char text[] =
        "{\"name\":\"" GUID "\",\"properties\":{\"roleName\":\"r\","
        "\"type\":\"CustomRole\",\"permissions\":["
        "{\"dataActions\":[\"" PREFIX "keys/*/action\",\"" PREFIX
        "keys/create\"],"
        "\"notDataActions\":[\"" PREFIX "keys/s*/action\"]},"
        "{\"dataActions\":[\"" PREFIX "keys/sign/action\",7]},17]}}";
    static const struct {
        const char *action;
        int granted;
    } rows[] = {
        {"keys/read/action", 1},
        {"KEYS/READ/ACTION", 1},
        {PREFIX "keys/read/action", 1},
        {"keys/deletedKeys/read/action", 1},
        {"keys/create", 1},
        {"keys/create/action", 1},
        {"keys/sign/action", 1}, /* by the second permission */
        {"keys/setup/action", 0},
        {"keys/delete", 0},
        {"keys/read/actions", 0},
        {"rng/action", 0},
        {"", 0},
    };
    mhsm_role_definition *role = NULL;
    size_t i;

    CHECK(read_text(text, &role) == MHSM_OK);
    CHECK_FATAL(role != NULL);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(mhsm_role_definition_grants(role, rows[i].action) ==
              rows[i].granted);
    CHECK(!mhsm_role_definition_is_builtin(role));
    CHECK_TEXT(mhsm_role_definition_action(role, 0, 2),
               PREFIX "keys/sign/action");
    CHECK_TEXT(mhsm_role_definition_action(role, 0, 3), "");
    CHECK(mhsm_role_definition_action(role, 0, 4) == NULL);
    CHECK_TEXT(mhsm_role_definition_action(role, 1, 0),
               PREFIX "keys/s*/action");
    CHECK(mhsm_role_definition_action(role, 1, 1) == NULL);
    mhsm_role_definition_free(role);
    mhsm_role_definition_free(NULL);
}

static void malformed(void)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"name\":\"" GUID "\"}",
        "{\"name\":\"" GUID "\",\"properties\":{}}",
        "{\"name\":\"x\",\"properties\":{\"roleName\":\"r\"}}",
        "{\"name\":7,\"properties\":{\"roleName\":\"r\"}}",
    };
    mhsm_role_definition *role = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(read_text(rows[i], &role) == MHSM_ERR_PROTOCOL);
    CHECK(role == NULL);
    /* One that grants nothing is no less one. */
    CHECK(read_text("{\"name\":\"" GUID "\",\"properties\":{\"roleName\":"
                    "\"r\",\"permissions\":\"none\"}}",
                    &role) == MHSM_OK);
    CHECK_FATAL(role != NULL);
    CHECK(!mhsm_role_definition_grants(role, "keys/read/action"));
    CHECK(mhsm_role_definition_action(role, 0, 0) == NULL);
    mhsm_role_definition_free(role);
}

static void guids(void)
{
    CHECK(mhsmi_guid_check(GUID));
    CHECK(mhsmi_guid_check("05C8363B-3997-4BBF-B2AC-E50F70530B26"));
    CHECK(!mhsmi_guid_check(""));
    CHECK(!mhsmi_guid_check("05c8363b"));
    CHECK(!mhsmi_guid_check(GUID "0"));
    CHECK(!mhsmi_guid_check("05c8363bx3997-4bbf-b2ac-e50f70530b26"));
    CHECK(!mhsmi_guid_check("g5c8363b-3997-4bbf-b2ac-e50f70530b26"));
    CHECK_TEXT(mhsmi_builtin_find("managed hsm crypto user"),
               "21dbd100-6940-42c2-9190-5d6cb909625b");
    CHECK(mhsmi_builtin_find("Managed HSM Crypto") == NULL);
}

static void vaults(void)
{
    static const struct {
        const char *endpoint;
        int is_vault;
    } rows[] = {
        {"https://v.vault.azure.net", 1},
        {"https://v.vault.azure.net:8443", 1},
        {"https://V.VAULT.azure.cn", 1},
        {"https://v.vault.usgovcloudapi.net", 1},
        {"https://v.managedhsm.azure.net", 0},
        {"https://vault.azure.net", 0},
        {"https://v.vault.azure.net.example.org", 0},
        {"https://localhost:8443", 0},
    };
    mhsm_config *config = mhsm_config_new();
    mhsm_error *err = NULL;
    size_t i;

    CHECK_FATAL(config != NULL);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(mhsmi_endpoint_is_vault(config, rows[i].endpoint) ==
              rows[i].is_vault);
    /* What tokens are for says it, wherever that is. */
    CHECK(mhsm_config_set(config, "resource", "https://vault.azure.net",
                          MHSM_ORIGIN_FILE, &err) == MHSM_OK);
    CHECK(mhsmi_endpoint_is_vault(config, "https://localhost:8443"));
    CHECK(mhsm_config_set(config, "resource", "https://managedhsm.azure.net",
                          MHSM_ORIGIN_FILE, &err) == MHSM_OK);
    CHECK(!mhsmi_endpoint_is_vault(config, "https://v.vault.azure.net"));
    mhsm_config_free(config);
}

int main(void)
{
    static const struct check checks[] = {{"granting", granting},
                                          {"malformed", malformed},
                                          {"guids", guids},
                                          {"vaults", vaults},
                                          {NULL, NULL}};

    return check_main("role", checks);
}
