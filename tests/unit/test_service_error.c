/* SPDX-License-Identifier: MIT
 *
 * The service's errors: each situation has its status, its words and its next
 * step.
 */
#include <string.h>

#include "auth/service_error.h"
#include "check.h"

#define ERROR(code, message)                                                   \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"
#define INNER(code, message, inner)                                            \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"" message                 \
    "\",\"innererror\":{\"code\":\"" inner "\"}}}"

static const struct {
    int http;
    const char *body;
    mhsm_status status;
    const char *code;
    const char *message, *hint; /* parts */
} answers[] = {
    {403,
     ERROR("AccessDenied",
           "Not authorized to access Microsoft.KeyVault/managedHsm/keys/sign/"
           "action on '/keys/k1' (Activity ID: a-1)"),
     MHSM_ERR_FORBIDDEN, "AccessDenied", "cannot sign with key k1: Not auth",
     "lacks Microsoft.KeyVault/managedHsm/keys/sign/action: assign it the role "
     "\"Managed HSM Crypto User\" of the HSM's local RBAC at scope /keys/k1"},
    {403,
     ERROR("AccessDenied",
           "Not authorized to access Microsoft.KeyVault/managedHsm/keys/"
           "deletedKeys/recover/action on '/'"),
     MHSM_ERR_FORBIDDEN, "AccessDenied", "Not auth",
     "\"Managed HSM Crypto Officer\""},
    {403, ERROR("AccessDenied", "No."), MHSM_ERR_FORBIDDEN, "AccessDenied",
     "No.", "lacks Microsoft.KeyVault/managedHsm/keys/sign/action"},
    {403, ERROR("AccessDenied", "The role assignment has expired."),
     MHSM_ERR_FORBIDDEN, "AccessDenied", "expired", "lacks"},
    {403,
     INNER("Forbidden", "Operation sign is not allowed on a disabled key.",
           "KeyDisabled"),
     MHSM_ERR_KEY_DISABLED, "Forbidden/KeyDisabled", "disabled key",
     "enable this key"},
    {403, ERROR("Forbidden", "The key k1 is disabled"), MHSM_ERR_KEY_DISABLED,
     "Forbidden", "is disabled", "enable"},
    {403, ERROR("Forbidden", "Operation get is not allowed on a disabled key."),
     MHSM_ERR_KEY_DISABLED, "Forbidden", "disabled key", "enable"},
    {403,
     ERROR("Forbidden",
           "Public network access is disabled and request is not from a "
           "trusted service nor via an approved private link."),
     MHSM_ERR_FORBIDDEN, "Forbidden", "private link", "private endpoint"},
    {403, INNER("Forbidden", "m", "KeyExpired"), MHSM_ERR_KEY_DISABLED,
     "Forbidden/KeyExpired", "m", "`exp`"},
    {403, INNER("Forbidden", "m", "KeyNotYetValid"), MHSM_ERR_KEY_DISABLED,
     "Forbidden/KeyNotYetValid", "m", "`nbf`"},
    {403, ERROR("Forbidden", "Operation 'sign' is not permitted on this key."),
     MHSM_ERR_KEY_OPERATION, "Forbidden", "permitted", "key_ops"},
    {403,
     INNER("Forbidden",
           "Client address (1.2.3.4) is not authorized and caller is not "
           "a trusted service",
           "ForbiddenByFirewall"),
     MHSM_ERR_FORBIDDEN, "Forbidden/ForbiddenByFirewall", "1.2.3.4",
     "network rules"},
    {403, ERROR("Forbidden", "The HSM is not activated."),
     MHSM_ERR_NOT_ACTIVATED, "Forbidden", "activated", "security domain"},
    {404, ERROR("KeyNotFound", "Key not found: k1"), MHSM_ERR_NOT_FOUND,
     "KeyNotFound", "Key not found", "mhsm key recover"},
    {404, ERROR("KeyNotFound", "Deleted Key not found: k1"), MHSM_ERR_NOT_FOUND,
     "KeyNotFound", "Deleted", "no soft-deleted key"},
    {409, INNER("Conflict", "m", "ObjectIsDeletedButRecoverable"),
     MHSM_ERR_CONFLICT, "Conflict/ObjectIsDeletedButRecoverable", "m", "purge"},
    {400, ERROR("BadParameter", "m"), MHSM_ERR_REJECTED, "BadParameter", "m",
     ""},
    {429, ERROR("Throttled", "m"), MHSM_ERR_THROTTLED, "Throttled", "m",
     "slow down"},
    {500, ERROR("InternalServerError", "m"), MHSM_ERR_SERVICE,
     "InternalServerError", "m", ""},
    {503, "", MHSM_ERR_SERVICE, "", "HTTP 503 with no explanation", ""},
    {502, "<html>proxy</html>", MHSM_ERR_SERVICE, "",
     "HTTP 502 with 18 octets of text/html", ""},
    {418, "", MHSM_ERR_REJECTED, "", "HTTP 418", ""},
    {302, "", MHSM_ERR_PROTOCOL, "", "HTTP 302", "redirects"},
    {100, "", MHSM_ERR_PROTOCOL, "", "HTTP 100", ""},
    {999, "", MHSM_ERR_PROTOCOL, "", "HTTP 999", ""},
    {400, "{\"error\":null}", MHSM_ERR_REJECTED, "", "HTTP 400", ""},
    {400, "{\"error\":{\"code\":7,\"message\":[1]}}", MHSM_ERR_REJECTED, "",
     "HTTP 400", ""},
    {400, "[]", MHSM_ERR_REJECTED, "", "HTTP 400", ""},
};

static void mapping(void)
{
    static const struct mhsmi_call call = {
        .what = "sign with key k1",
        .action = "Microsoft.KeyVault/managedHsm/keys/sign/action",
    };
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct mhsmi_response response;
        mhsm_error *err = NULL;
        mhsm_status st;

        mhsmi_response_init(&response);
        mhsmi_buf_init(&response.body, 100000);
        CHECK_FATAL(mhsmi_buf_puts(&response.body, answers[i].body));
        response.status = answers[i].http;
        response.request_id = mhsmi_strdup("req-1");
        response.content_type = mhsmi_strdup("text/html");
        st = mhsmi_service_error(&response, &call, &err);
        CHECK_FATAL(err != NULL);
        if (st != answers[i].status ||
            strstr(mhsm_error_message(err), answers[i].message) == NULL ||
            strstr(mhsm_error_hint(err), answers[i].hint) == NULL)
            printf("\n  %d %s -> %s\n", answers[i].http, answers[i].body,
                   mhsm_error_text(err));
        CHECK(st == answers[i].status && mhsm_error_status(err) == st);
        CHECK(mhsm_error_http_status(err) == answers[i].http);
        CHECK_TEXT(mhsm_error_code(err), answers[i].code);
        CHECK_TEXT(mhsm_error_request_id(err), "req-1");
        CHECK(strstr(mhsm_error_message(err), answers[i].message) != NULL);
        CHECK(strstr(mhsm_error_hint(err), answers[i].hint) != NULL);
        CHECK(strstr(mhsm_error_text(err), "<html>") == NULL);
        mhsm_error_free(&err);
        CHECK(mhsmi_service_error(&response, &call, NULL) == st);
        mhsmi_response_clear(&response);
    }
}

/* Service text of any length and content stays one bounded line. */
static void bounded(void)
{
    static const struct mhsmi_call call = {.what = "x"};
    struct mhsmi_response response;
    mhsm_error *err = NULL;
    int i;

    mhsmi_response_init(&response);
    mhsmi_buf_init(&response.body, 1000000);
    CHECK_FATAL(mhsmi_buf_puts(&response.body,
                               "{\"error\":{\"code\":\"C\",\"message\":\""));
    for (i = 0; i < 20000; i++)
        CHECK_FATAL(mhsmi_buf_puts(&response.body, "a\\n\\u001b[31m"));
    CHECK_FATAL(mhsmi_buf_puts(&response.body, "\"}}"));
    response.status = 400;
    CHECK(mhsmi_service_error(&response, &call, &err) == MHSM_ERR_REJECTED);
    CHECK(strlen(mhsm_error_text(err)) < 2000);
    CHECK(strpbrk(mhsm_error_text(err), "\n\x1b") == NULL);
    mhsm_error_free(&err);
    mhsmi_response_clear(&response);
}

static void roles(void)
{
    CHECK_TEXT(mhsmi_role_for("Microsoft.KeyVault/managedHsm/keys/read/action"),
               "Managed HSM Crypto User");
    CHECK_TEXT(mhsmi_role_for("keys/deletedKeys/read/action"),
               "Managed HSM Crypto Officer");
    CHECK_TEXT(mhsmi_role_for("microsoft.keyvault/managedhsm/rng/action"),
               "Managed HSM Crypto User");
    CHECK(strstr(mhsmi_role_for("keys/unwrap/action"), "Encryption User") !=
          NULL);
    CHECK(mhsmi_role_for("nonsense") == NULL);
    CHECK(mhsmi_role_for("") == NULL);
}

int main(void)
{
    static const struct check checks[] = {
        {"mapping", mapping},
        {"bounded", bounded},
        {"roles", roles},
        {NULL, NULL},
    };

    return check_main("service_error", checks);
}
