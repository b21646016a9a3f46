/* SPDX-License-Identifier: MIT
 *
 * Restoring: the exchange key of an HSM that is not active, and the upload of
 * what was made for it.
 */
#include <string.h>

#include "base/error.h"
#include "base/result.h"
#include "domain/call.h"
#include "domain/domain.h"

/* Quotes double at worst: a blob is ASCII, and this is more than any needs. */
enum { body_max = 2 * MHSM_DOMAIN_SIZE_MAX + 16 };

/* Refusals have no code that is documented; what there is to do is the same for
 * all of them. */
static void explain(mhsm_status st, const char *hint, mhsm_error **err)
{
    if ((st == MHSM_ERR_REJECTED || st == MHSM_ERR_CONFLICT ||
         st == MHSM_ERR_NOT_FOUND) &&
        err != NULL && *mhsm_error_hint(*err) == '\0')
        mhsmi_error_set_hint(err, "%s", hint);
}

/* What came is no file of the user's: what is wrong with it is the HSM's. */
static mhsm_status take_key(struct json_object *answer, mhsm_result **pem,
                            mhsm_error **err)
{
    mhsm_error *why = NULL;
    mhsm_status st = mhsmi_domain_exchange_read(answer, pem, &why);

    if (st == MHSM_OK)
        return st;
    st = st == MHSM_ERR_MEMORY ? mhsmi_error_memory(err)
                               : mhsmi_error(err, MHSM_ERR_PROTOCOL, "%s",
                                             mhsm_error_message(why));
    mhsm_error_free(&why);
    return st;
}

mhsm_status mhsm_security_domain_exchange_key(mhsm_client *client,
                                              const mhsm_uri *uri,
                                              mhsm_result **pem,
                                              mhsm_error **err)
{
    struct json_object *answer = NULL;
    struct mhsmi_call call = {0};
    mhsm_status st;

    if (client == NULL || uri == NULL || pem == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "an exchange key needs a client and an HSM");
    call.method = "GET";
    call.path = "/securitydomain/upload";
    call.what = "get an exchange key";
    call.action = MHSMI_DOMAIN_ACTION "transferkey/read";
    st = mhsmi_domain_call(client, uri, &call, &answer, err);
    if (st == MHSM_OK)
        st = take_key(answer, pem, err);
    else
        explain(st,
                "only an HSM that was never activated can be restored: one "
                "that is active keeps the security domain it has",
                err);
    json_object_put(answer);
    return st;
}

static mhsm_status make_body(const unsigned char *blob, size_t size,
                             struct mhsmi_buf *body, mhsm_error **err)
{
    char *text;
    int ok;

    if (blob == NULL || size == 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "the restore blob is empty");
    if (size > MHSM_DOMAIN_SIZE_MAX || memchr(blob, 0, size) != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the restore blob is larger than %d octets, or no "
                           "text",
                           MHSM_DOMAIN_SIZE_MAX);
    text = mhsmi_strndup((const char *)blob, size);
    ok = text != NULL && mhsmi_buf_puts(body, "{\"value\": ") &&
         mhsmi_json_quote(body, text) && mhsmi_buf_puts(body, "}");
    mhsmi_free(text);
    return ok ? MHSM_OK
              : mhsmi_error(err, MHSM_ERR_ARGUMENT,
                            "the restore blob cannot be sent: it is no text in "
                            "UTF-8");
}

static mhsm_status send(mhsm_client *client, const mhsm_uri *uri,
                        const struct mhsmi_buf *body,
                        struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    mhsm_status st;

    call.method = "POST";
    call.path = "/securitydomain/upload";
    call.text = body;
    call.retry = MHSMI_RETRY_ONCE;
    call.what = "upload the security domain";
    call.action = MHSMI_DOMAIN_ACTION "upload/action";
    st = mhsmi_domain_call(client, uri, &call, answer, err);
    if (st != MHSM_OK)
        explain(st,
                "an exchange key is for one upload to the HSM that gave it: "
                "get another with mhsm security-domain init-recovery and make "
                "the restore blob anew",
                err);
    return st;
}

mhsm_status mhsm_security_domain_upload(mhsm_client *client,
                                        const mhsm_uri *uri,
                                        const unsigned char *blob, size_t size,
                                        mhsm_domain_state *state,
                                        mhsm_result **details, mhsm_error **err)
{
    struct json_object *answer = NULL;
    struct mhsmi_buf body;
    mhsm_status st;

    if (client == NULL || uri == NULL || state == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "an upload needs a client and an HSM");
    mhsmi_buf_init(&body, body_max);
    st = make_body(blob, size, &body, err);
    if (st == MHSM_OK)
        st = send(client, uri, &body, &answer, err);
    if (st == MHSM_OK && answer == NULL) {
        /* 204: the state has to be asked for. */
        *state = MHSM_DOMAIN_IN_PROGRESS;
        if (details != NULL && (*details = mhsmi_result_new(1)) == NULL)
            st = mhsmi_error_memory(err);
    } else if (st == MHSM_OK) {
        st = mhsmi_domain_state_read(answer, state, details, err);
    }
    json_object_put(answer);
    mhsmi_buf_clear(&body);
    return st;
}
