/* SPDX-License-Identifier: MIT
 *
 * Calls about one key, or about one version of it.
 */
#include "keys/request.h"

#include "base/error.h"

enum { path_max = 512 };

static int make_path(struct mhsmi_buf *path, const mhsm_uri *uri,
                     const struct mhsmi_key_request *request)
{
    return mhsmi_buf_printf(path, "/%s/%s", request->collection, uri->name) &&
           (uri->version == NULL ||
            mhsmi_buf_printf(path, "/%s", uri->version)) &&
           (request->verb == NULL ||
            mhsmi_buf_printf(path, "/%s", request->verb));
}

/* *served gets the endpoint that answered. */
static mhsm_status send_request(mhsm_client *client, const mhsm_uri *uri,
                                const struct mhsmi_key_request *request,
                                struct json_object *body, const char **served,
                                struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    struct mhsmi_buf path, what, action;
    mhsm_status st;

    if (client == NULL || uri == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a call needs a client and a URI");
    if (uri->name == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s names no key",
                           uri->text);
    /* Doing it to "a version" would surprise. */
    if (uri->version != NULL && !request->versioned)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "cannot %s: %s names one version, and this is done "
                           "to a key with all its versions",
                           request->doing, uri->text);
    mhsmi_buf_init(&path, path_max);
    mhsmi_buf_init(&what, path_max);
    mhsmi_buf_init(&action, path_max);
    if (!make_path(&path, uri, request) ||
        !mhsmi_buf_printf(&what, "%s %s", request->doing, uri->name) ||
        !mhsmi_buf_printf(&action, "Microsoft.KeyVault/managedHsm/%s",
                          request->action)) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    call.method = request->method;
    call.endpoint = uri->endpoint;
    call.path = mhsmi_buf_text(&path);
    call.body = body;
    call.retry = request->retry;
    call.what = mhsmi_buf_text(&what);
    call.action = mhsmi_buf_text(&action);
    call.served = served;
    st = mhsmi_session_call(mhsmi_client_session(client), &call, answer, err);
out:
    mhsmi_buf_clear(&path);
    mhsmi_buf_clear(&what);
    mhsmi_buf_clear(&action);
    return st;
}

mhsm_status mhsmi_key_request(mhsm_client *client, const mhsm_uri *uri,
                              const struct mhsmi_key_request *request,
                              struct json_object *body,
                              struct json_object **answer, mhsm_error **err)
{
    const char *served;

    return send_request(client, uri, request, body, &served, answer, err);
}

mhsm_status mhsmi_key_request_key(mhsm_client *client, const mhsm_uri *uri,
                                  const struct mhsmi_key_request *request,
                                  struct json_object *body, mhsm_key **key,
                                  mhsm_error **err)
{
    struct json_object *answer = NULL;
    const char *served = NULL;
    mhsm_key *made = NULL;
    mhsm_status st;

    st = send_request(client, uri, request, body, &served, &answer, err);
    if (st != MHSM_OK)
        return st;
    st = mhsmi_jwk_parse(served, answer, &made, err);
    if (st == MHSM_OK && served != uri->endpoint)
        st = mhsmi_jwk_move(made, uri->endpoint, err);
    if (st == MHSM_OK)
        st = mhsmi_jwk_is(made, uri->name, uri->version, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "cannot %s %s", request->doing, uri->name);
    json_object_put(answer);
    if (st == MHSM_OK && key != NULL)
        *key = made;
    else
        mhsm_key_free(made);
    return st;
}
