/* SPDX-License-Identifier: MIT
 *
 * Downloading: the answer to the one request is the security domain, and what
 * is polled after that (state.c) tells only whether the HSM has it confirmed.
 */
#include <string.h>

#include "base/base64url.h"
#include "base/error.h"
#include "base/result.h"
#include "domain/call.h"

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
    call.path = "/securitydomain/download";
    call.text = &body->data;
    call.retry = MHSMI_RETRY_ONCE;
    call.what = "download the security domain";
    call.action = MHSMI_DOMAIN_ACTION "download/action";
    return mhsmi_domain_call(client, uri, &call, answer, err);
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
