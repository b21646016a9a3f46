/* SPDX-License-Identifier: MIT
 *
 * Downloading: the answer to the one request is the security domain, and what
 * is polled after that tells only whether the HSM has it confirmed.
 */
#include <string.h>

#include "auth/session.h"
#include "base/base64url.h"
#include "base/error.h"
#include "base/result.h"
#include "mhsm/security_domain.h"

#define ACTION "Microsoft.KeyVault/managedHsm/securitydomain/"

enum { details_max = 4096 };

/* JSON text, as the service gives it, or base64url of that, as its reference
 * says. */
static mhsm_status take_value(struct json_object *answer, mhsm_result *made,
                              mhsm_error **err)
{
    const char *value = mhsmi_json_string(answer, "value");
    size_t size = value != NULL ? strlen(value) : 0;

    if (size != 0 &&
        (value[0] == '{' ? mhsmi_buf_append(&made->data, value, size)
                         : mhsmi_base64url_decode(&made->data, value, size)))
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                       "the answer holds no security domain of at most %d "
                       "octets",
                       MHSM_DOMAIN_SIZE_MAX);
}

static mhsm_status ask(mhsm_client *client, const mhsm_uri *uri,
                       const mhsm_result *body, struct json_object **answer,
                       mhsm_error **err)
{
    struct mhsmi_call call = {0};

    call.method = "POST";
    call.endpoint = mhsm_uri_endpoint(uri);
    call.path = "/securitydomain/download";
    call.text = &body->data;
    call.retry = MHSMI_RETRY_ONCE;
    call.what = "download the security domain";
    call.action = ACTION "download/action";
    return mhsmi_session_call(mhsmi_client_session(client), &call, answer, err);
}

mhsm_status mhsm_security_domain_download(
    mhsm_client *client, const mhsm_uri *uri,
    const mhsm_wrapping_certificate *const *certificates, size_t count,
    unsigned int quorum, mhsm_result **file, mhsm_error **err)
{
    struct json_object *answer = NULL;
    mhsm_result *body = NULL, *made = NULL;
    mhsm_status st;

    if (client == NULL || uri == NULL || file == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a download needs a client and an HSM");
    st = mhsm_domain_download_request(certificates, count, quorum, &body, err);
    if (st != MHSM_OK)
        return st;
    /* Nothing may be missing once the answer is here. */
    made = mhsmi_result_new(MHSM_DOMAIN_SIZE_MAX);
    if (made == NULL || !mhsmi_buf_reserve(&made->data, MHSM_DOMAIN_SIZE_MAX))
        st = mhsmi_error_memory(err);
    else
        st = ask(client, uri, body, &answer, err);
    if (st == MHSM_OK)
        st = take_value(answer, made, err);
    json_object_put(answer);
    mhsm_result_free(body);
    if (st == MHSM_OK)
        *file = made;
    else
        mhsm_result_free(made);
    return st;
}

static mhsm_status read_state(struct json_object *answer,
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

mhsm_status mhsm_security_domain_download_state(mhsm_client *client,
                                                const mhsm_uri *uri,
                                                mhsm_domain_state *state,
                                                mhsm_result **details,
                                                mhsm_error **err)
{
    mhsm_domain_state seen = MHSM_DOMAIN_IN_PROGRESS;
    struct json_object *answer = NULL;
    struct mhsmi_call call = {0};
    mhsm_status st;

    if (client == NULL || uri == NULL || state == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a state needs a client and an HSM");
    call.method = "GET";
    call.endpoint = mhsm_uri_endpoint(uri);
    call.path = "/securitydomain/download/pending";
    call.what = "look at the security domain";
    call.action = ACTION "download/read";
    st = mhsmi_session_call(mhsmi_client_session(client), &call, &answer, err);
    if (st == MHSM_OK)
        st = read_state(answer, &seen, err);
    if (st == MHSM_OK)
        st = take_details(answer, details, err);
    json_object_put(answer);
    if (st == MHSM_OK)
        *state = seen;
    return st;
}
