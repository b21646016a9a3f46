/* SPDX-License-Identifier: MIT
 *
 * Memory that runs out in the rooms above base: every allocation of the
 * library fails once, at each place, and nothing leaks, crashes, half-changes
 * or is called anything but a lack of memory.  Has an allocator of its own in
 * place of the library's (client/base/alloc.c).
 */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "auth/body.h"
#include "auth/challenge.h"
#include "auth/scope.h"
#include "auth/service_error.h"
#include "auth/token_cache.h"
#include "auth/token_response.h"
#include "base/clock.h"
#include "base/config.h"
#include "check.h"
#include "keys/jwk.h"
#include "torture.h"

#define HSM "https://h.managedhsm.azure.net"
#define V   "0123456789abcdef0123456789abcdef"

/* A failure is of memory and has an object to say so. */
static int judge(mhsm_status st, mhsm_error **err)
{
    if (st == MHSM_OK) {
        CHECK(*err == NULL);
        return 1;
    }
    CHECK(*err != NULL);
    CHECK(st == MHSM_ERR_MEMORY);
    CHECK(mhsm_error_status(*err) == MHSM_ERR_MEMORY);
    mhsm_error_free(err);
    return 0;
}

static int try_config(void)
{
    mhsm_config *config = mhsm_config_new(), *copy = NULL;
    mhsm_error *err = NULL;
    int ok;

    if (config == NULL)
        return 0;
    ok =
        judge(mhsm_config_set(config, "tenant-id", "t", MHSM_ORIGIN_FILE, &err),
              &err);
    /* A failed set leaves what was there. */
    CHECK(ok == (mhsm_config_get(config, "tenant-id") != NULL));
    if (ok)
        copy = mhsmi_config_copy(config);
    mhsm_config_free(config);
    mhsm_config_free(copy);
    return copy != NULL;
}

static int try_client(void)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    mhsm_error *err = NULL;
    int ok;

    if (config == NULL)
        return 0;
    ok = judge(mhsm_client_new(config, &client, &err), &err);
    CHECK((client != NULL) == ok);
    mhsm_client_free(client);
    mhsm_config_free(config);
    return ok;
}

static mhsm_client *client;

/* What cannot be read for lack of memory may also be called malformed: the
 * parsers below do not tell the two apart. */
static int judge_parse(mhsm_status st, mhsm_error **err)
{
    if (st == MHSM_OK)
        return judge(st, err);
    CHECK(*err != NULL);
    CHECK(st == MHSM_ERR_MEMORY || st == MHSM_ERR_URI ||
          st == MHSM_ERR_PROTOCOL);
    mhsm_error_free(err);
    return 0;
}

static int try_uri(void)
{
    static const char *const texts[] = {
        "mhsm://h.managedhsm.azure.net/keys/k/" V,
        "managedhsm:hsm1:k:" V,
        "https://h.managedhsm.azure.net/keys/k?version=" V,
    };
    mhsm_error *err = NULL;
    size_t i;
    int ok = 1;

    for (i = 0; ok && i < sizeof(texts) / sizeof(texts[0]); i++) {
        mhsm_uri *uri = NULL, *copy = NULL;

        ok = judge_parse(mhsm_uri_parse(client, texts[i], &uri, &err), &err);
        CHECK((uri != NULL) == ok);
        if (ok) {
            copy = mhsmi_uri_copy(uri);
            ok = copy != NULL;
        }
        mhsm_uri_free(uri);
        mhsm_uri_free(copy);
    }
    return ok;
}

static int try_uri_new(void)
{
    mhsm_error *err = NULL;
    mhsm_uri *uri = NULL;
    int ok = judge_parse(mhsm_uri_new(client, HSM, "k", V, &uri, &err), &err);

    CHECK((uri != NULL) == ok);
    mhsm_uri_free(uri);
    return ok;
}

static struct json_object *bundle;

static int try_jwk(void)
{
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    int ok = judge_parse(mhsmi_jwk_parse(HSM, bundle, &key, &err), &err);

    CHECK((key != NULL) == ok);
    mhsm_key_free(key);
    return ok;
}

static int try_challenge(void)
{
    struct mhsmi_challenge challenge;
    int ok = mhsmi_challenge_parse(
        &challenge, "Bearer authorization=\"https://l/t-1\", "
                    "resource=\"https://r.example\", claims=\"e30=\"");

    mhsmi_challenge_clear(&challenge);
    return ok;
}

static int try_scope(void)
{
    static char tenant[] = "t-1", resource[] = "https://managedhsm.azure.net";
    struct mhsmi_challenge challenge = {.tenant = tenant, .resource = resource};
    mhsm_config *config = mhsm_config_new();
    struct mhsmi_credential *credential = NULL;
    struct mhsmi_scopes *scopes = NULL;
    struct mhsmi_scope scope;
    mhsm_error *err = NULL;
    int ok = 0;

    if (config == NULL)
        return 0;
    if (judge(mhsmi_credential_new(config, &credential, &err), &err)) {
        scopes = mhsmi_scopes_new(config, credential);
        /* Unreadable for lack of memory is not verified: refused. */
        ok = scopes != NULL && mhsmi_scope_learn(scopes, HSM, NULL, &challenge,
                                                 &scope, &err) == MHSM_OK;
        if (ok)
            CHECK_TEXT(scope.tenant, "t-1");
    }
    mhsm_error_free(&err);
    mhsmi_scopes_free(scopes);
    mhsmi_credential_free(credential);
    mhsm_config_free(config);
    return ok;
}

static mhsm_status lend(struct mhsmi_credential *self,
                        const struct mhsmi_token_request *request,
                        struct mhsmi_token *token,
                        struct mhsmi_counters *counters, mhsm_error **err)
{
    (void)self;
    (void)request;
    (void)counters;
    return mhsmi_buf_puts(&token->text, "token") ? MHSM_OK
                                                 : mhsmi_error_memory(err);
}

static int try_cache(void)
{
    static const struct mhsmi_credential_type type = {.name = "test",
                                                      .acquire = lend};
    static struct mhsmi_credential credential = {&type};
    static struct mhsmi_counters counters;
    struct mhsmi_token_request request = {"t", "r", NULL,
                                          mhsmi_clock_deadline(5000)};
    struct mhsmi_token_cache *cache =
        mhsmi_token_cache_new(&credential, &counters);
    struct mhsmi_buf out;
    mhsm_error *err = NULL;
    int ok;

    if (cache == NULL)
        return 0;
    mhsmi_buf_init(&out, 100);
    ok = judge(mhsmi_token_cache_get(cache, &request, &out, &err), &err);
    CHECK(!ok || strcmp(mhsmi_buf_text(&out), "token") == 0);
    mhsmi_buf_clear(&out);
    mhsmi_token_cache_free(cache);
    return ok;
}

static struct mhsmi_buf token_body;

static int try_token(void)
{
    struct mhsmi_token token;
    mhsm_error *err = NULL;
    int ok;

    mhsmi_token_init(&token);
    ok = judge_parse(
        mhsmi_token_response_parse(&token_body, 1700000000, &token, &err),
        &err);
    CHECK(ok || token.text.size == 0);
    mhsmi_token_clear(&token);
    return ok;
}

static struct mhsmi_response response;

/* The error itself may lack memory; its status never does. */
static int try_service_error(void)
{
    static const struct mhsmi_call call = {.what = "x"};
    mhsm_error *err = NULL;
    int ok;

    (void)mhsmi_service_error(&response, &call, &err);
    CHECK(err != NULL);
    ok = mhsm_error_status(err) == MHSM_ERR_FORBIDDEN &&
         strcmp(mhsm_error_code(err), "AccessDenied") == 0 &&
         strstr(mhsm_error_hint(err), "at scope /keys/k") != NULL;
    mhsm_error_free(&err);
    (void)mhsmi_token_response_error(&response, "who", &err);
    CHECK(err != NULL);
    mhsm_error_free(&err);
    return ok;
}

static int try_body(void)
{
    struct mhsmi_buf text;
    int ok;

    mhsmi_buf_init(&text, MHSMI_BODY_MAX);
    ok = mhsmi_body_write(&text, bundle);
    mhsmi_buf_clear(&text);
    return ok;
}

static void running_out(void)
{
    static const char key[] =
        "{\"key\":{\"kid\":\"" HSM "/keys/k/" V "\",\"kty\":\"EC-HSM\","
        "\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"Ag\",\"key_ops\":[\"sign\"]}}";
    int (*const attempts[])(void) = {
        try_config, try_client,        try_uri,   try_uri_new,
        try_jwk,    try_challenge,     try_scope, try_cache,
        try_token,  try_service_error, try_body,
    };
    mhsm_config *config = mhsm_config_new();
    size_t i;

    CHECK_FATAL(config != NULL);
    CHECK_FATAL(mhsm_client_new(config, &client, NULL) == MHSM_OK);
    bundle = mhsmi_json_parse(key, strlen(key));
    CHECK_FATAL(bundle != NULL);
    mhsmi_buf_init(&token_body, 1000);
    CHECK_FATAL(mhsmi_buf_puts(
        &token_body, "{\"access_token\":\"a.eyJleHAiOjE3MDAwMDM2MDB9.c\"}"));
    mhsmi_response_init(&response);
    mhsmi_buf_init(&response.body, 1000);
    response.status = 403;
    CHECK_FATAL(mhsmi_buf_puts(
        &response.body,
        "{\"error\":{\"code\":\"AccessDenied\",\"message\":\"Not authorized to "
        "access Microsoft.KeyVault/managedHsm/keys/sign/action on '/keys/k'\"}"
        "}"));
    for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
        torture(attempts[i]);
    mhsmi_response_clear(&response);
    mhsmi_buf_clear(&token_body);
    json_object_put(bundle);
    mhsm_client_free(client);
    mhsm_config_free(config);
}

int main(void)
{
    static const struct check checks[] = {
        {"running_out", running_out},
        {NULL, NULL},
    };

    return check_main("memory", checks);
}
