/* SPDX-License-Identifier: MIT
 *
 * Paths of local RBAC.  A scope is taken as it is given and never widened.
 */
#include "access/call.h"

#include <string.h>

#include "base/endpoint.h"
#include "base/error.h"

#define PROVIDER "/providers/Microsoft.Authorization/"

enum { path_max = 512, name_max = 127 };

int mhsmi_guid_check(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t i;

    for (i = 0; form[i] != '\0'; i++) {
        if (text[i] == '\0' ||
            (form[i] == '-' ? text[i] != '-' : strchr(digits, text[i]) == NULL))
            return 0;
    }
    return text[i] == '\0';
}

static int is_scope(const char *scope)
{
    static const char letters[] = "0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz";
    const char *name = scope + strlen("/keys/");
    size_t size;

    if (strcmp(scope, "/") == 0 || strcmp(scope, "/keys") == 0)
        return 1;
    if (strncmp(scope, "/keys/", strlen("/keys/")) != 0)
        return 0;
    size = strspn(name, letters);
    return size != 0 && size <= name_max && name[size] == '\0';
}

mhsm_status mhsmi_access_require_hsm(const mhsm_client *client,
                                     const mhsm_uri *uri, const char *what,
                                     mhsm_error **err)
{
    const char *endpoint = mhsm_uri_endpoint(uri);

    if (!mhsmi_endpoint_is_vault(mhsm_client_config(client), endpoint))
        return MHSM_OK;
    (void)mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                      "%s is a Key Vault: it has no %s", endpoint, what);
    mhsmi_error_set_hint(err, "who may use a vault's keys is said by Azure "
                              "RBAC or by the vault's access policies");
    return MHSM_ERR_UNSUPPORTED;
}

static mhsm_status check(mhsm_client *client, const mhsm_uri *uri,
                         const char *scope, mhsm_error **err)
{
    if (client == NULL || uri == NULL || scope == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a call needs a client, a URI and a scope");
    if (!is_scope(scope))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the scope %.140s: it is /, /keys or /keys/NAME",
                           scope);
    return mhsmi_access_require_hsm(client, uri, "local RBAC", err);
}

/* The texts of a call, in buffers of path_max. */
struct texts {
    struct mhsmi_buf path, what, action;
};

static void texts_clear(struct texts *texts)
{
    mhsmi_buf_clear(&texts->path);
    mhsmi_buf_clear(&texts->what);
    mhsmi_buf_clear(&texts->action);
}

static int texts_make(struct texts *texts, const char *scope, const char *id,
                      const struct mhsmi_access_call *call)
{
    mhsmi_buf_init(&texts->path, path_max);
    mhsmi_buf_init(&texts->what, path_max);
    mhsmi_buf_init(&texts->action, path_max);
    return mhsmi_buf_printf(&texts->path, "%s" PROVIDER "%s%s%s",
                            strcmp(scope, "/") == 0 ? "" : scope,
                            call->collection, id != NULL ? "/" : "",
                            id != NULL ? id : "") &&
           mhsmi_buf_printf(&texts->what, "%s%s%s at %s", call->doing,
                            id != NULL ? " " : "", id != NULL ? id : "",
                            scope) &&
           mhsmi_buf_printf(&texts->action, MHSMI_ACTION_PREFIX "%s",
                            call->action);
}

mhsm_status mhsmi_access_call(mhsm_client *client, const mhsm_uri *uri,
                              const char *scope, const char *id,
                              const struct mhsmi_access_call *call,
                              struct json_object *body,
                              struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call request = {0};
    struct texts texts;
    mhsm_status st = check(client, uri, scope, err);

    if (st != MHSM_OK)
        return st;
    if (id == NULL || !mhsmi_guid_check(id))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%.80s is not a GUID",
                           id != NULL ? id : "nothing");
    if (texts_make(&texts, scope, id, call)) {
        request.method = call->method;
        request.endpoint = mhsm_uri_endpoint(uri);
        request.path = mhsmi_buf_text(&texts.path);
        request.body = body;
        request.retry = call->retry;
        request.what = mhsmi_buf_text(&texts.what);
        request.action = mhsmi_buf_text(&texts.action);
        st = mhsmi_session_call(mhsmi_client_session(client), &request, answer,
                                err);
    } else {
        st = mhsmi_error_memory(err);
    }
    texts_clear(&texts);
    return st;
}

mhsm_status mhsmi_access_list(mhsm_client *client, const mhsm_uri *uri,
                              const char *scope,
                              const struct mhsmi_access_call *call,
                              struct mhsmi_pages **pages, mhsm_error **err)
{
    struct mhsmi_call request = {0};
    struct texts texts;
    mhsm_status st = check(client, uri, scope, err);

    if (st != MHSM_OK)
        return st;
    if (texts_make(&texts, scope, NULL, call)) {
        request.endpoint = mhsm_uri_endpoint(uri);
        request.path = mhsmi_buf_text(&texts.path);
        request.what = mhsmi_buf_text(&texts.what);
        request.action = mhsmi_buf_text(&texts.action);
        st = mhsmi_pages_new(mhsmi_client_session(client), &request, "value",
                             pages, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    texts_clear(&texts);
    return st;
}
