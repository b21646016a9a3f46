/* SPDX-License-Identifier: MIT
 *
 * How far the HSM is with a download or an upload.  There is one of each at an
 * HSM, without a number.
 */
#include <string.h>

#include "base/error.h"
#include "base/result.h"
#include "domain/call.h"

enum { details_max = 4096 };

mhsm_status mhsmi_domain_call(mhsm_client *client, const mhsm_uri *uri,
                              struct mhsmi_call *call,
                              struct json_object **answer, mhsm_error **err)
{
    call->endpoint = mhsm_uri_endpoint(uri);
    call->stays = 1;
    return mhsmi_session_call(mhsmi_client_session(client), call, answer, err);
}

static mhsm_status read_word(struct json_object *answer,
                             mhsm_domain_state *state, mhsm_error **err)
{
    static const struct {
        const char *word;
        mhsm_domain_state state;
    } rows[] = {
        {"InProgress", MHSM_DOMAIN_IN_PROGRESS},
        {"Success", MHSM_DOMAIN_DONE},
        {"Succeeded", MHSM_DOMAIN_DONE},
        {"Failed", MHSM_DOMAIN_FAILED},
    };
    const char *status = mhsmi_json_string(answer, "status");
    size_t i;

    for (i = 0; status != NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].word, status) == 0) {
            *state = rows[i].state;
            return MHSM_OK;
        }
    }
    return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                       "the HSM tells a state of the security domain that is "
                       "not known: %.40s",
                       status != NULL ? status : "none");
}

static mhsm_status take_details(struct json_object *answer,
                                mhsm_result **details, mhsm_error **err)
{
    const char *text = mhsmi_json_string(answer, "status_details");
    mhsm_result *made;

    if (details == NULL)
        return MHSM_OK;
    /* Older services write it so. */
    if (text == NULL)
        text = mhsmi_json_string(answer, "statusDetails");
    made = mhsmi_result_new(details_max);
    if (made == NULL ||
        !mhsmi_buf_printf(&made->data, "%.1024s", text != NULL ? text : "")) {
        mhsm_result_free(made);
        return mhsmi_error_memory(err);
    }
    *details = made;
    return MHSM_OK;
}

mhsm_status mhsmi_domain_state_read(struct json_object *answer,
                                    mhsm_domain_state *state,
                                    mhsm_result **details, mhsm_error **err)
{
    mhsm_domain_state seen = MHSM_DOMAIN_IN_PROGRESS;
    mhsm_status st = read_word(answer, &seen, err);

    if (st == MHSM_OK)
        st = take_details(answer, details, err);
    if (st == MHSM_OK)
        *state = seen;
    return st;
}

mhsm_status mhsm_security_domain_state(mhsm_client *client, const mhsm_uri *uri,
                                       mhsm_domain_operation operation,
                                       mhsm_domain_state *state,
                                       mhsm_result **details, mhsm_error **err)
{
    static const struct {
        const char *path, *what, *action;
    } rows[] = {
        {"/securitydomain/download/pending",
         "look at the download of the security domain",
         MHSMI_DOMAIN_ACTION "download/read"},
        {"/securitydomain/upload/pending",
         "look at the upload of the security domain",
         MHSMI_DOMAIN_ACTION "upload/read"},
    };
    struct json_object *answer = NULL;
    struct mhsmi_call call = {0};
    mhsm_status st;

    if (client == NULL || uri == NULL || state == NULL ||
        (unsigned int)operation >= sizeof(rows) / sizeof(rows[0]))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a state needs a client, an HSM and an operation");
    call.method = "GET";
    call.path = rows[operation].path;
    call.what = rows[operation].what;
    call.action = rows[operation].action;
    st = mhsmi_domain_call(client, uri, &call, &answer, err);
    if (st == MHSM_OK)
        st = mhsmi_domain_state_read(answer, state, details, err);
    json_object_put(answer);
    return st;
}
