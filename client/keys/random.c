/* SPDX-License-Identifier: MIT
 *
 * The HSM's random generator, 128 octets a request.  Gives all that was asked
 * for or nothing.
 */
#include "auth/session.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/result.h"
#include "keys/uri.h"
#include "mhsm/crypto.h"

enum { count_max = 1024 * 1024, request_max = 128 };

static mhsm_status fetch(mhsm_client *client, const mhsm_uri *uri, size_t count,
                         mhsm_result *result, mhsm_error **err)
{
    struct json_object *body = json_object_new_object(), *answer = NULL;
    struct mhsmi_call call = {0};
    size_t before = result->data.size;
    mhsm_status st;

    if (body == NULL ||
        !mhsmi_json_add(body, "count", json_object_new_int((int)count))) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    call.method = "POST";
    call.endpoint = uri->endpoint;
    call.path = "/rng";
    call.body = body;
    call.retry = MHSMI_RETRY_REPEATABLE;
    call.key = ""; /* any HSM's octets are as good */
    call.what = "get random octets";
    call.action = "Microsoft.KeyVault/managedHsm/rng/action";
    st = mhsmi_session_call(mhsmi_client_session(client), &call, &answer, err);
    if (st == MHSM_OK && (!mhsmi_json_octets(answer, "value", &result->data) ||
                          result->data.size - before != count))
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "cannot get random octets: the answer does not hold "
                         "%zu octets",
                         count);
out:
    json_object_put(body);
    mhsmi_json_wipe(answer);
    return st;
}

mhsm_status mhsm_random(mhsm_client *client, const mhsm_uri *uri, size_t count,
                        mhsm_result **result, mhsm_error **err)
{
    mhsm_result *made;
    size_t part, left;
    mhsm_status st = MHSM_OK;

    if (client == NULL || uri == NULL || result == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "random octets need a client and a URI");
    if (count == 0 || count > count_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%zu random octets are outside 1 to %d", count,
                           (int)count_max);
    if (mhsmi_endpoint_is_vault(mhsm_client_config(client), uri->endpoint))
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "%s is a Key Vault: it gives no random octets",
                           uri->endpoint);
    /* Room for one answer too long, so that it is seen as such. */
    made = mhsmi_result_new(count + request_max);
    if (made == NULL)
        return mhsmi_error_memory(err);
    for (left = count; left != 0 && st == MHSM_OK; left -= part) {
        part = left < request_max ? left : request_max;
        st = fetch(client, uri, part, made, err);
    }
    if (st == MHSM_OK)
        *result = made;
    else
        mhsm_result_free(made);
    return st;
}
