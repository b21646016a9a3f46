/* SPDX-License-Identifier: MIT
 *
 * Reads the service's error JSON.  The body comes from outside: its text is
 * shown bounded and on one line, and a body that is no error JSON is described
 * and never quoted.
 */
#include "auth/service_error.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "base/text.h"

enum { text_max = 600, scope_max = 200 };

#define PREFIX "Microsoft.KeyVault/managedHsm/"

/* What local RBAC calls an action, and a built-in role that has it.  The first
 * row that the action begins with counts. */
static const struct {
    const char *action;
    const char *role;
} roles[] = {
    {"keys/deletedKeys/", "Managed HSM Crypto Officer"},
    {"keys/export/", "Managed HSM Crypto Officer"},
    {"keys/release/", "Managed HSM Crypto Service Release User"},
    {"keys/wrap/", "Managed HSM Crypto User\" or \"Managed HSM Crypto Service "
                   "Encryption User"},
    {"keys/unwrap/", "Managed HSM Crypto User\" or \"Managed HSM Crypto "
                     "Service Encryption User"},
    {"keys/", "Managed HSM Crypto User"},
    {"rng/", "Managed HSM Crypto User"},
    {"roleAssignments/", "Managed HSM Policy Administrator"},
    {"roleDefinitions/", "Managed HSM Policy Administrator"},
    {"securitydomain/", "Managed HSM Administrator"},
    {"settings/", "Managed HSM Administrator"},
    {"backup/", "Managed HSM Backup"},
    {"restore/", "Managed HSM Restore"},
};

/* Rows are tried in order; NULL and 0 match anything.  `text` is looked for in
 * code, inner code and message alike, in any case: the service's inner codes
 * are not documented for HSMs, its words are steadier. */
static const struct {
    int http; /* 500: any 5xx */
    const char *text;
    mhsm_status status;
    const char *hint;
} meanings[] = {
    {0, "not activated", MHSM_ERR_NOT_ACTIVATED,
     "activate the HSM: `mhsm security-domain download`, or `upload` with the "
     "security domain of another HSM"},
    {0, "NotActivated", MHSM_ERR_NOT_ACTIVATED,
     "activate the HSM: `mhsm security-domain download`, or `upload` with the "
     "security domain of another HSM"},
    {400, "KeySizeIncorrect", MHSM_ERR_REJECTED,
     "the algorithm does not fit the size of the key"},
    {400, "KeyTypeNotSupported", MHSM_ERR_REJECTED,
     "vaults have RSA and EC keys, only premium ones in HSMs; symmetric keys "
     "need a Managed HSM"},
    {400, NULL, MHSM_ERR_REJECTED, NULL},
    {401, NULL, MHSM_ERR_UNAUTHORIZED, NULL},
    {403, "ForbiddenByFirewall", MHSM_ERR_FORBIDDEN,
     "the HSM's network rules do not admit this address"},
    {403, "ForbiddenByConnection", MHSM_ERR_FORBIDDEN,
     "public access is off: reach the HSM by its private endpoint"},
    {403, "Client address", MHSM_ERR_FORBIDDEN,
     "the HSM's network rules do not admit this address"},
    {403, "Public network access", MHSM_ERR_FORBIDDEN,
     "public access is off: reach the HSM by its private endpoint"},
    {403, "AuthorizationFailed", MHSM_ERR_FORBIDDEN,
     "this identity lacks a role of Azure RBAC at the resource group or the "
     "subscription, such as \"Managed HSM contributor\""},
    {403, "ForbiddenByRbac", MHSM_ERR_FORBIDDEN,
     "this identity lacks a role of Azure RBAC at the vault, such as \"Key "
     "Vault Crypto User\""},
    {403, "ForbiddenByPolicy", MHSM_ERR_FORBIDDEN,
     "the vault's access policies give this identity no such permission"},
    {403, "permission on key vault", MHSM_ERR_FORBIDDEN,
     "the vault's access policies give this identity no such permission"},
    {403, "KeyDisabled", MHSM_ERR_KEY_DISABLED, "enable this key version"},
    {403, "is disabled", MHSM_ERR_KEY_DISABLED, "enable this key version"},
    {403, "disabled key", MHSM_ERR_KEY_DISABLED, "enable this key version"},
    {403, "KeyExpired", MHSM_ERR_KEY_DISABLED,
     "the key is past its `exp` date: use a newer version"},
    {403, "expired", MHSM_ERR_KEY_DISABLED,
     "the key is past its `exp` date: use a newer version"},
    {403, "KeyNotYetValid", MHSM_ERR_KEY_DISABLED,
     "the key is before its `nbf` date"},
    {403, "not yet valid", MHSM_ERR_KEY_DISABLED,
     "the key is before its `nbf` date"},
    {403, "KeyOperationForbidden", MHSM_ERR_KEY_OPERATION,
     "the operation is not among the key's key_ops"},
    {403, "is not permitted on this key", MHSM_ERR_KEY_OPERATION,
     "the operation is not among the key's key_ops"},
    {403, NULL, MHSM_ERR_FORBIDDEN, NULL},
    {404, "Deleted Key not found", MHSM_ERR_NOT_FOUND,
     "no soft-deleted key has this name"},
    {404, "KeyNotFound", MHSM_ERR_NOT_FOUND,
     "check name and version; a deleted key comes back with `mhsm key "
     "recover`"},
    {404, "SubscriptionNotFound", MHSM_ERR_NOT_FOUND,
     "check subscription-id (AZURE_SUBSCRIPTION_ID), and that this identity "
     "may see the subscription"},
    {404, "ResourceGroupNotFound", MHSM_ERR_NOT_FOUND,
     "check the name of the resource group and the subscription"},
    {404, "ResourceNotFound", MHSM_ERR_NOT_FOUND,
     "`mhsm hsm list` shows what there is, `mhsm hsm list-deleted` what is "
     "deleted"},
    {404, NULL, MHSM_ERR_NOT_FOUND, NULL},
    {405, "is not allowed", MHSM_ERR_REJECTED,
     "purge protection is on: the service itself purges it at the end of its "
     "retention time"},
    {409, "ObjectIsDeletedButRecoverable", MHSM_ERR_CONFLICT,
     "a soft-deleted key holds the name: `mhsm key recover` or `mhsm key "
     "purge` it"},
    {409, "deleted but recoverable", MHSM_ERR_CONFLICT,
     "a soft-deleted key holds the name: `mhsm key recover` or `mhsm key "
     "purge` it"},
    {409, "deleted state", MHSM_ERR_CONFLICT,
     "a soft-deleted HSM holds the name: `mhsm hsm recover` or `mhsm hsm "
     "purge` it"},
    {409, "another operation in progress", MHSM_ERR_CONFLICT,
     "`mhsm hsm wait` waits for its end"},
    {409, "ObjectIsBeing", MHSM_ERR_CONFLICT, "try again in a few seconds"},
    {409, "operation is in progress", MHSM_ERR_CONFLICT,
     "one backup or restore at a time runs in an HSM: wait for its end"},
    {409, NULL, MHSM_ERR_CONFLICT, NULL},
    {429, NULL, MHSM_ERR_THROTTLED,
     "the HSM asks to slow down: use fewer connections, or more HSMs"},
    {408, NULL, MHSM_ERR_SERVICE, NULL},
    {500, NULL, MHSM_ERR_SERVICE, NULL},
};

struct story {
    const char *code, *inner, *message;
};

static int matches(size_t row, int http, const struct story *story)
{
    const char *text = meanings[row].text;

    if (meanings[row].http != 0 && meanings[row].http != http &&
        !(meanings[row].http == 500 && http >= 500 && http < 600))
        return 0;
    return text == NULL || mhsmi_text_find(story->code, text) != NULL ||
           mhsmi_text_find(story->inner, text) != NULL ||
           mhsmi_text_find(story->message, text) != NULL;
}

static struct story read_story(struct json_object *body)
{
    struct json_object *error = mhsmi_json_object(body, "error");
    struct story story;

    story.code = mhsmi_json_string(error, "code");
    story.message = mhsmi_json_string(error, "message");
    story.inner =
        mhsmi_json_string(mhsmi_json_object(error, "innererror"), "code");
    return story;
}

const char *mhsmi_role_for(const char *action)
{
    size_t i, size = strlen(PREFIX);

    if (OPENSSL_strncasecmp(action, PREFIX, size) == 0)
        action += size;
    for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (OPENSSL_strncasecmp(action, roles[i].action,
                                strlen(roles[i].action)) == 0)
            return roles[i].role;
    }
    return NULL;
}

/* From "... access ACTION on 'SCOPE' (Activity ID ...": 1, or 0 when the text
 * has no such words. */
static int read_denial(const char *text, char **action, char **scope)
{
    const char *from = mhsmi_text_find(text, PREFIX);
    size_t size;

    if (from == NULL)
        return 0;
    size = strcspn(from, " ',\"");
    *action = mhsmi_strndup(from, size < scope_max ? size : scope_max);
    from = strstr(from + size, " on ");
    if (from != NULL) {
        from += 4 + strspn(from + 4, "'\"");
        size = strcspn(from, " '\"");
        if (size != 0 && from[0] == '/')
            *scope = mhsmi_strndup(from, size < scope_max ? size : scope_max);
    }
    return *action != NULL;
}

/* Which role to assign, where: the most common obstacle of all. */
static void hint_role(const struct mhsmi_call *call, const char *message,
                      mhsm_error **err)
{
    char *action = NULL, *scope = NULL;
    const char *role, *missing;

    (void)read_denial(message, &action, &scope);
    missing = action != NULL ? action : call->action;
    role = missing != NULL ? mhsmi_role_for(missing) : NULL;
    if (role == NULL)
        role = call->role;
    if (missing != NULL && role != NULL)
        mhsmi_error_set_hint(err,
                             "this identity lacks %s: assign it the role "
                             "\"%s\" of the HSM's local RBAC at scope %s",
                             missing, role, scope != NULL ? scope : "/");
    else
        mhsmi_error_set_hint(err, "this identity lacks a role of the HSM's "
                                  "local RBAC");
    mhsmi_free(action);
    mhsmi_free(scope);
}

static void describe(const struct mhsmi_response *response,
                     const struct mhsmi_call *call, const struct story *story,
                     mhsm_status status, mhsm_error **err)
{
    const char *type = response->content_type;

    if (story->message != NULL && story->message[0] != '\0')
        (void)mhsmi_error(err, status, "cannot %s: %.*s", call->what, text_max,
                          story->message);
    else if (response->body.size == 0)
        (void)mhsmi_error(
            err, status, "cannot %s: %s answered HTTP %d with no explanation",
            call->what, call->service != NULL ? call->service->name : "the HSM",
            response->status);
    else
        (void)mhsmi_error(err, status,
                          "cannot %s: HTTP %d with %zu octets of %.60s that "
                          "are no error message of the service",
                          call->what, response->status, response->body.size,
                          type != NULL ? type : "unknown type");
}

static void set_service(const struct mhsmi_response *response,
                        const struct story *story, mhsm_error **err)
{
    char *both = NULL;
    const char *code = story->code != NULL ? story->code : "";

    if (story->inner != NULL)
        both = mhsmi_asprintf("%s/%s", code, story->inner);
    mhsmi_error_set_service(err, response->status, both != NULL ? both : code,
                            response->request_id != NULL ? response->request_id
                                                         : "");
    mhsmi_free(both);
}

mhsm_status mhsmi_service_error(const struct mhsmi_response *response,
                                const struct mhsmi_call *call, mhsm_error **err)
{
    struct json_object *body =
        mhsmi_json_parse(response->body.data, response->body.size);
    struct story story = read_story(body);
    mhsm_status status = MHSM_ERR_REJECTED;
    const char *hint = NULL;
    size_t i, rows = sizeof(meanings) / sizeof(meanings[0]);

    if (response->status < 400 || response->status > 599)
        status = MHSM_ERR_PROTOCOL;
    for (i = 0; status != MHSM_ERR_PROTOCOL && i < rows; i++) {
        if (!matches(i, response->status, &story))
            continue;
        status = meanings[i].status;
        hint = meanings[i].hint;
        break;
    }
    if (response->status == 403 &&
        mhsmi_text_find(story.code, "AccessDenied") != NULL) {
        status = MHSM_ERR_FORBIDDEN;
        hint = NULL;
    }
    describe(response, call, &story, status, err);
    set_service(response, &story, err);
    if (status == MHSM_ERR_PROTOCOL && response->status / 100 == 3)
        hint = "redirects are never followed with a token: check the endpoint "
               "and the proxy";
    if (hint != NULL)
        mhsmi_error_set_hint(err, "%s", hint);
    else if (status == MHSM_ERR_FORBIDDEN)
        hint_role(call, story.message, err);
    json_object_put(body);
    return status;
}
