/* SPDX-License-Identifier: MIT
 *
 * Backup and restore of one key.  The blob is the HSM's business: nothing of
 * it is looked at.
 */
#include "auth/session.h"
#include "base/error.h"
#include "base/result.h"
#include "keys/request.h"

/* What base64url makes of it still fits a request. */
enum { blob_max = 700 * 1024 };

static const struct mhsmi_key_request backup_request = {
    .method = "POST",
    .collection = "keys",
    .verb = "backup",
    .doing = "back up key",
    .action = "keys/backup/action",
    .retry = MHSMI_RETRY_ONCE,
};

mhsm_status mhsm_key_backup(mhsm_client *client, const mhsm_uri *uri,
                            mhsm_result **blob, mhsm_error **err)
{
    struct json_object *answer = NULL;
    mhsm_result *made = NULL;
    mhsm_status st;

    if (blob == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nowhere to put the backup");
    st = mhsmi_key_request(client, uri, &backup_request, NULL, &answer, err);
    if (st != MHSM_OK)
        return st;
    made = mhsmi_result_new(blob_max);
    if (made == NULL)
        st = mhsmi_error_memory(err);
    else if (!mhsmi_json_octets(answer, "value", &made->data) ||
             made->data.size == 0)
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "cannot back up key %s: the answer holds no backup, "
                         "or one over %d octets",
                         uri->name, (int)blob_max);
    json_object_put(answer);
    if (st == MHSM_OK)
        *blob = made;
    else
        mhsm_result_free(made);
    return st;
}

static mhsm_status send_blob(mhsm_client *client, const mhsm_uri *uri,
                             struct json_object *body,
                             struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call call = {0};

    call.method = "POST";
    call.endpoint = uri->endpoint;
    call.path = "/keys/restore";
    call.body = body;
    call.retry = MHSMI_RETRY_ONCE;
    call.what = "restore the key";
    call.action = "Microsoft.KeyVault/managedHsm/keys/restore/action";
    return mhsmi_session_call(mhsmi_client_session(client), &call, answer, err);
}

mhsm_status mhsm_key_restore(mhsm_client *client, const mhsm_uri *uri,
                             const unsigned char *blob, size_t blob_size,
                             mhsm_key **key, mhsm_error **err)
{
    struct json_object *body, *answer = NULL;
    mhsm_key *made = NULL;
    mhsm_status st;

    if (client == NULL || uri == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a restore needs a client and a URI");
    if (blob == NULL || blob_size == 0 || blob_size > blob_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a backup has 1 to %d octets, this one %zu",
                           (int)blob_max, blob != NULL ? blob_size : 0);
    body = json_object_new_object();
    if (body == NULL || !mhsmi_json_add_octets(body, "value", blob, blob_size))
        st = mhsmi_error_memory(err);
    else
        st = send_blob(client, uri, body, &answer, err);
    json_object_put(body);
    if (st == MHSM_ERR_REJECTED)
        mhsmi_error_set_hint(err, "a backup is restored whole, by HSMs of the "
                                  "security domain that made it");
    if (st == MHSM_ERR_CONFLICT)
        mhsmi_error_set_hint(err, "a key comes back under its own name, which "
                                  "must be free: delete and purge the other");
    if (st == MHSM_OK)
        st = mhsmi_jwk_parse(uri->endpoint, answer, &made, err);
    json_object_put(answer);
    if (st == MHSM_OK && key != NULL)
        *key = made;
    else
        mhsm_key_free(made);
    return st;
}
