/* SPDX-License-Identifier: MIT
 *
 * Release and attestation.  Both bring statements that others verify.
 */
#include "mhsm/release.h"

#include <string.h>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "keys/request.h"

enum { token_max = 64 * 1024, nonce_max = 512, statement_max = 512 * 1024 };

static const struct mhsmi_key_request release_request = {
    .method = "POST",
    .collection = "keys",
    .verb = "release",
    .doing = "release key",
    .action = "keys/release/action",
    .versioned = 1,
    .retry = MHSMI_RETRY_REPEATABLE,
};
static const struct mhsmi_key_request attestation_request = {
    .method = "GET",
    .collection = "keys",
    .verb = "attestation",
    .doing = "get the attestation of key",
    .action = "keys/read/action",
    .versioned = 1,
    .retry = MHSMI_RETRY_REPEATABLE,
};

/* RFC 7515, compact: three parts of base64url. */
static int is_compact(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_";
    int part;

    for (part = 0; part < 3; part++) {
        size_t size = strspn(text, letters);

        if (size == 0 || text[size] != (part < 2 ? '.' : '\0'))
            return 0;
        text += size + 1;
    }
    return 1;
}

static mhsm_status check_request(const mhsm_release_request *request,
                                 mhsm_error **err)
{
    static const char *const wrappings[] = {
        "CKM_RSA_AES_KEY_WRAP", "RSA_AES_KEY_WRAP_256", "RSA_AES_KEY_WRAP_384"};
    size_t i = 0;

    if (request == NULL || request->attestation == NULL ||
        strlen(request->attestation) > token_max ||
        !is_compact(request->attestation))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the attestation is no JWT of at most %d octets",
                           (int)token_max);
    if (request->nonce != NULL && (strlen(request->nonce) > nonce_max ||
                                   !mhsmi_text_is_utf8(request->nonce)))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a nonce has at most %d octets of UTF-8",
                           (int)nonce_max);
    if (request->wrapping == NULL)
        return MHSM_OK;
    while (i < sizeof(wrappings) / sizeof(wrappings[0]) &&
           strcmp(wrappings[i], request->wrapping) != 0)
        i++;
    if (i < sizeof(wrappings) / sizeof(wrappings[0]))
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                       "the service does not wrap with %.40s",
                       request->wrapping);
}

static struct json_object *make_body(const mhsm_release_request *request)
{
    struct json_object *body = json_object_new_object();

    if (mhsmi_json_add_string(body, "target", request->attestation) &&
        (request->nonce == NULL ||
         mhsmi_json_add_string(body, "nonce", request->nonce)) &&
        (request->wrapping == NULL ||
         mhsmi_json_add_string(body, "enc", request->wrapping)))
        return body;
    mhsmi_json_wipe(body);
    return NULL;
}

/* A role is missing, or the policy is not met: both are a 403. */
static void hint_policy(mhsm_error **err)
{
    if (err != NULL &&
        mhsmi_text_find(mhsm_error_code(*err), "AccessDenied") == NULL)
        mhsmi_error_set_hint(err, "the attestation must meet the key's release "
                                  "policy, and the key must be exportable");
}

static mhsm_status take_statement(struct json_object *answer,
                                  mhsm_result **statement, mhsm_error **err)
{
    const char *text = mhsmi_json_string(answer, "value");
    mhsm_result *made;

    if (text == NULL || strlen(text) > statement_max || !is_compact(text))
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the answer to the release is no JWS");
    made = mhsmi_result_new(statement_max);
    if (made == NULL || !mhsmi_buf_puts(&made->data, text)) {
        mhsm_result_free(made);
        return mhsmi_error_memory(err);
    }
    *statement = made;
    return MHSM_OK;
}

mhsm_status mhsm_key_release(mhsm_client *client, const mhsm_uri *uri,
                             const mhsm_release_request *request,
                             mhsm_result **statement, mhsm_error **err)
{
    struct json_object *body, *answer = NULL;
    mhsm_status st = check_request(request, err);

    if (st != MHSM_OK)
        return st;
    body = make_body(request);
    if (body == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_key_request(client, uri, &release_request, body, &answer, err);
    mhsmi_json_wipe(body);
    if (st == MHSM_ERR_FORBIDDEN || st == MHSM_ERR_KEY_OPERATION)
        hint_policy(err);
    if (st == MHSM_OK)
        st = take_statement(answer, statement, err);
    mhsmi_json_wipe(answer);
    return st;
}

mhsm_status mhsm_key_attestation(mhsm_client *client, const mhsm_uri *uri,
                                 mhsm_key **key, mhsm_error **err)
{
    if (key == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nowhere to put the key");
    return mhsmi_key_request_key(client, uri, &attestation_request, NULL, key,
                                 err);
}
