/* SPDX-License-Identifier: MIT
 *
 * Azure Key Vault: the same keys, other types, other refusals, and what a
 * vault does not have.  The server is another's: all that makes it a vault is
 * the resource that its tokens are for.
 */
#include <stdio.h>
#include <string.h>

#include "scripted_client.h"

#define V "0123456789abcdef0123456789abcdef"

#define N                                                                      \
    "4NFe5nnLDKxLqtfPGz4J4kZuyTdY3VXvdw5sKYQRkHT6aM0OFFRZiWdDyF-k8FlxMsZ6"     \
    "EJGZ9UnbVyQYXmZ6sVnT2ZbBL7yoQlC_W4CFdmiHVDkYw6mFzPbeuyVnE4WlrkQSSe5a"     \
    "TKmyoJ_u-GqcDqEdsFNcLXQeXAxRvDwzn9Wn6mBNKlkOjXMoYZzHnlxXe6Uyd5H8NSEu"     \
    "aMkfMpzMi2RtUCqAoDPXrWkKJyCmTZN3ROvDEOhVIGfzNKlHaYqVHgu8wVYzZD3ktWAQ"     \
    "RrKPdJ9YQXWbZpZn0I8NFoRR-cZWUF9SJjdlpnIcnMmxMgCRVOOcnJpGMLXQ3GZzRRHU"     \
    "iw"

#define BUNDLE(kty, material)                                                  \
    "{\"key\":{\"kid\":\"$E/keys/k/" V "\",\"kty\":\"" kty                     \
    "\",\"key_ops\":[\"sign\",\"verify\"]," material "},"                      \
    "\"attributes\":{\"enabled\":true,\"created\":1,\"updated\":1}}"
#define RSA_BUNDLE(kty) BUNDLE(kty, "\"n\":\"" N "\",\"e\":\"AQAB\"")

static const char resource[] = "resource=https://vault.azure.net";

static mhsm_client *open_vault(void)
{
    return ts_open(TC_OPTIONS("tenant-id=t-1", resource));
}

static void creating(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"POST /keys/k/create", NULL, 1, 1, 200, NULL, NULL, RSA_BUNDLE("RSA")},
        {"POST /keys/k/create", NULL, 1, 0, 200, NULL, NULL,
         RSA_BUNDLE("RSA-HSM")},
        {"GET /keys/k", NULL, 1, 0, 200, NULL, NULL, RSA_BUNDLE("RSA")},
        TS_END,
    };
    mhsm_client *client = open_vault();
    mhsm_uri *uri = tc_uri(client, "mhsm:k");
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;

    ts_script(rows);
    spec.type = MHSM_KEY_RSA;
    TC_STATUS(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_OK);
    CU_ASSERT_FATAL(key != NULL);
    CU_ASSERT(mhsm_key_get_type(key) == MHSM_KEY_RSA);
    CU_ASSERT(strstr(ts_body("POST /keys/k/create"), "\"kty\":\"RSA\"") !=
              NULL);
    mhsm_key_free(key);
    spec.hardware = 1;
    TC_STATUS(mhsm_key_create(client, uri, &spec, NULL, &err), MHSM_OK);
    CU_ASSERT(strstr(ts_body("POST /keys/k/create"), "\"kty\":\"RSA-HSM\"") !=
              NULL);
    key = tc_key(client, "mhsm:k");
    CU_ASSERT(mhsm_key_bits(key) == 2048);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* A Managed HSM has no software keys, whatever is asked for. */
static void hsm_keys(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"POST /keys/k/create", NULL, 1, 0, 200, NULL, NULL,
         RSA_BUNDLE("RSA-HSM")},
        TS_END,
    };
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:k");
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_error *err = NULL;

    ts_script(rows);
    spec.type = MHSM_KEY_RSA;
    TC_STATUS(mhsm_key_create(client, uri, &spec, NULL, &err), MHSM_OK);
    CU_ASSERT(strstr(ts_body("POST /keys/k/create"), "\"kty\":\"RSA-HSM\"") !=
              NULL);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

static void importing(void)
{
    static const char jwk[] =
        "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}";
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"PUT /keys/k", NULL, 1, 0, 200, NULL, NULL, BUNDLE("oct", "\"x\":1")},
        TS_END,
    };
    mhsm_client *client = open_vault();
    mhsm_uri *uri = tc_uri(client, "mhsm:k");
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_material *material = NULL;
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_STATUS(mhsm_material_decode((const unsigned char *)jwk, strlen(jwk),
                                   NULL, &material, &err),
              MHSM_OK);
    TC_STATUS(mhsm_key_import(client, uri, material, NULL, NULL, &err),
              MHSM_OK);
    CU_ASSERT(strstr(ts_body("PUT /keys/k"), "\"kty\":\"oct\"") != NULL);
    CU_ASSERT(strstr(ts_body("PUT /keys/k"), "\"Hsm\":false") != NULL);
    spec.hardware = 1;
    TC_STATUS(mhsm_key_import(client, uri, material, &spec, NULL, &err),
              MHSM_OK);
    CU_ASSERT(strstr(ts_body("PUT /keys/k"), "\"kty\":\"oct-HSM\"") != NULL);
    CU_ASSERT(strstr(ts_body("PUT /keys/k"), "\"Hsm\":true") != NULL);
    mhsm_material_free(material);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

static void refusals(void)
{
    static const struct {
        struct ts_answer answer;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {{"GET /keys/k", NULL, 1, 0, 403, NULL, NULL,
          "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Caller is not "
          "authorized to perform action on resource.\",\"innererror\":{"
          "\"code\":\"ForbiddenByRbac\"}}}"},
         MHSM_ERR_FORBIDDEN,
         "Key Vault Crypto User"},
        {{"GET /keys/k", NULL, 1, 0, 403, NULL, NULL,
          "{\"error\":{\"code\":\"Forbidden\",\"message\":\"The user, group or "
          "application 'appid=x' does not have keys get permission on key "
          "vault 'v'.\",\"innererror\":{\"code\":\"AccessDenied\"}}}"},
         MHSM_ERR_FORBIDDEN,
         "access policies"},
        {{"GET /keys/k", NULL, 1, 0, 400, NULL, NULL,
          "{\"error\":{\"code\":\"BadParameter\",\"message\":\"no\","
          "\"innererror\":{\"code\":\"KeyTypeNotSupported\"}}}"},
         MHSM_ERR_REJECTED,
         "Managed HSM"},
    };
    mhsm_client *client = open_vault();
    mhsm_uri *uri = tc_uri(client, "mhsm:k");
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_answer script[] = {TS_TOKEN, rows[i].answer, TS_END};

        ts_script(script);
        TC_ERROR(mhsm_key_get(client, uri, &key, &err), rows[i].status,
                 rows[i].part);
    }
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* What a vault has not costs no request. */
static void lacking(void)
{
    static const struct ts_answer rows[] = {TS_TOKEN, TS_END};
    mhsm_client *client = open_vault();
    mhsm_uri *uri = tc_uri(client, "mhsm:k"), *hsm = tc_uri(client, "mhsm:");
    mhsm_rotation_spec spec = MHSM_ROTATION_SPEC_INIT;
    mhsm_settings *settings = NULL;
    mhsm_role_list *list = NULL;
    mhsm_role_verdict *verdict = NULL;
    mhsm_result *octets = NULL;
    mhsm_client_stats stats;
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_ERROR(mhsm_random(client, hsm, 16, &octets, &err), MHSM_ERR_UNSUPPORTED,
             "Key Vault");
    TC_ERROR(mhsm_settings_get(client, hsm, NULL, &settings, &err),
             MHSM_ERR_UNSUPPORTED, "settings");
    TC_ERROR(mhsm_role_assignments(client, hsm, "/", &list, &err),
             MHSM_ERR_UNSUPPORTED, "local RBAC");
    TC_ERROR(mhsm_role_check(client, hsm, "/", "keys/sign/action", NULL,
                             &verdict, &err),
             MHSM_ERR_UNSUPPORTED, "local RBAC");
    spec.after_create = "P6D";
    TC_ERROR(mhsm_rotation_policy_set(client, uri, &spec, NULL, &err),
             MHSM_ERR_ARGUMENT, "at least 7 days");
    mhsm_client_get_stats(client, &stats);
    CU_ASSERT(stats.requests == 0 && ts_stray() == 0);
    mhsm_uri_free(uri);
    mhsm_uri_free(hsm);
    mhsm_client_free(client);
}

static void rotating(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"PUT /keys/k/rotationpolicy", NULL, 1, 0, 200, NULL, NULL,
         "{\"id\":\"$E/keys/k/rotationpolicy\",\"lifetimeActions\":[{"
         "\"trigger\":{\"timeBeforeExpiry\":\"P30D\"},\"action\":{\"type\":"
         "\"Notify\"}},{\"trigger\":{\"timeAfterCreate\":\"P7D\"},\"action\":{"
         "\"type\":\"Rotate\"}}],\"attributes\":{}}"},
        TS_END,
    };
    mhsm_client *client = open_vault();
    mhsm_uri *uri = tc_uri(client, "mhsm:k");
    mhsm_rotation_spec spec = MHSM_ROTATION_SPEC_INIT;
    mhsm_rotation_policy *policy = NULL;
    mhsm_error *err = NULL;

    ts_script(rows);
    spec.after_create = "P7D";
    TC_STATUS(mhsm_rotation_policy_set(client, uri, &spec, &policy, &err),
              MHSM_OK);
    CU_ASSERT_FATAL(policy != NULL);
    /* Not the time at which somebody is notified. */
    CU_ASSERT_STRING_EQUAL(mhsm_rotation_policy_after_create(policy), "P7D");
    CU_ASSERT(mhsm_rotation_policy_before_expiry(policy) == NULL);
    mhsm_rotation_policy_free(policy);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* A vault that is reached by another name than the one that Azure gave it, and
 * by which its ids go: nothing is sent to that one. */
static void other_names(void)
{
    static const char kid[] = "https://contoso.vault.azure.net/keys/k/" V;
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"GET /keys/k", NULL, 1, 0, 200, NULL, NULL,
         "{\"key\":{\"kid\":\"https://contoso.vault.azure.net/keys/k/" V
         "\",\"kty\":\"RSA\",\"key_ops\":[\"decrypt\"],\"n\":\"" N
         "\",\"e\":\"AQAB\"},\"attributes\":{\"enabled\":true}}"},
        {"POST /keys/k/" V "/decrypt", NULL, 1, 0, 200, NULL, NULL,
         "{\"kid\":\"https://contoso.vault.azure.net/keys/k/" V
         "\",\"value\":\"AAEC\"}"},
        {"GET /keys", NULL, 1, 0, 200, NULL, NULL,
         "{\"value\":[{\"kid\":\"https://contoso.vault.azure.net/keys/k\"}]}"},
        TS_END,
    };
    static const unsigned char text[256] = {1};
    mhsm_client *client = open_vault();
    mhsm_uri *vault = NULL;
    mhsm_key *key;
    mhsm_key_list *list = NULL;
    const mhsm_key_item *item = NULL;
    mhsm_result *plain = NULL;
    mhsm_error *err = NULL;
    size_t size = 0;

    ts_script(rows);
    key = tc_key(client, "mhsm:k");
    CU_ASSERT_STRING_EQUAL(mhsm_key_version(key), V);
    CU_ASSERT(strncmp(mhsm_key_id(key), ts_url(), strlen(ts_url())) == 0);
    CU_ASSERT(strstr(mhsm_key_json(key), kid) != NULL);
    TC_STATUS(mhsm_decrypt(client, key, "RSA-OAEP-256", text, sizeof(text),
                           NULL, &plain, &err),
              MHSM_OK);
    CU_ASSERT(plain != NULL && mhsm_result_data(plain, &size) != NULL);
    CU_ASSERT(size == 3);
    TC_STATUS(mhsm_uri_new(client, NULL, NULL, NULL, &vault, &err), MHSM_OK);
    TC_STATUS(mhsm_key_list_new(client, vault, MHSM_LIST_KEYS, &list, &err),
              MHSM_OK);
    TC_STATUS(mhsm_key_list_next(list, &item, &err), MHSM_OK);
    CU_ASSERT(item != NULL && strcmp(item->name, "k") == 0);
    CU_ASSERT(ts_stray() == 0);
    mhsm_key_list_free(list);
    mhsm_result_free(plain);
    mhsm_uri_free(vault);
    mhsm_key_free(key);
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ts_begin},  {"creating", creating},
        {"hsm_keys", hsm_keys}, {"importing", importing},
        {"refusals", refusals}, {"lacking", lacking},
        {"rotating", rotating}, {"other_names", other_names},
        {"finish", ts_finish},  CU_TEST_INFO_NULL,
    };

    return th_main("client_vault", tests);
}
