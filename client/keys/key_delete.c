/* SPDX-License-Identifier: MIT
 *
 * The end of keys: delete, recover, purge.  Each write is sent once: nothing
 * here repeats what may have been done already.
 */
#include "keys/request.h"

static const struct mhsmi_key_request delete_request = {
    .method = "DELETE",
    .collection = "keys",
    .doing = "delete key",
    .action = "keys/delete",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_key_request get_deleted_request = {
    .method = "GET",
    .collection = "deletedkeys",
    .doing = "get deleted key",
    .action = "keys/deletedKeys/read/action",
    .retry = MHSMI_RETRY_REPEATABLE,
};
static const struct mhsmi_key_request recover_request = {
    .method = "POST",
    .collection = "deletedkeys",
    .verb = "recover",
    .doing = "recover key",
    .action = "keys/deletedKeys/recover/action",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_key_request purge_request = {
    .method = "DELETE",
    .collection = "deletedkeys",
    .doing = "purge key",
    .action = "keys/deletedKeys/delete",
    .retry = MHSMI_RETRY_ONCE,
};

mhsm_status mhsm_key_delete(mhsm_client *client, const mhsm_uri *uri,
                            mhsm_key **deleted, mhsm_error **err)
{
    return mhsmi_key_request_key(client, uri, &delete_request, NULL, deleted,
                                 err);
}

mhsm_status mhsm_key_get_deleted(mhsm_client *client, const mhsm_uri *uri,
                                 mhsm_key **deleted, mhsm_error **err)
{
    return mhsmi_key_request_key(client, uri, &get_deleted_request, NULL,
                                 deleted, err);
}

mhsm_status mhsm_key_recover(mhsm_client *client, const mhsm_uri *uri,
                             mhsm_key **key, mhsm_error **err)
{
    return mhsmi_key_request_key(client, uri, &recover_request, NULL, key, err);
}

mhsm_status mhsm_key_purge(mhsm_client *client, const mhsm_uri *uri,
                           mhsm_error **err)
{
    return mhsmi_key_request(client, uri, &purge_request, NULL, NULL, err);
}
