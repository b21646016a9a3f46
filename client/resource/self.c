/* SPDX-License-Identifier: MIT
 *
 * Who this is.  The token's claims are read, not checked: the service will say
 * whether it knows that administrator.
 */
#include "auth/claims.h"
#include "base/error.h"
#include "resource/call.h"

enum { token_max = 65536 };

void mhsm_hsm_text_free(char *text)
{
    mhsmi_free(text);
}

static mhsm_status read_id(const struct mhsmi_buf *token, char **object_id,
                           mhsm_error **err)
{
    struct mhsmi_claims claims = {0};
    mhsm_status st = MHSM_OK;

    if (mhsmi_claims_read(&claims, mhsmi_buf_text(token)) &&
        claims.object_id != NULL) {
        *object_id = claims.object_id;
        claims.object_id = NULL;
    } else {
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                         "the access token does not say whose it is");
        mhsmi_error_set_hint(err, "name the HSM's administrators by their "
                                  "object ids");
    }
    mhsmi_claims_clear(&claims);
    return st;
}

mhsm_status mhsm_hsm_self(mhsm_client *client, char **object_id,
                          mhsm_error **err)
{
    static const mhsm_hsm_place place = {NULL, NULL, NULL};
    struct mhsmi_call call = {.method = "GET",
                              .what = "get a token for the management plane",
                              .action = "Microsoft.KeyVault/managedHSMs/read",
                              .retry = MHSMI_RETRY_REPEATABLE};
    struct mhsmi_plane plane;
    struct mhsmi_buf token;
    char *path = NULL;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, &place, MHSMI_NEED_SUBSCRIPTION, err);

    mhsmi_buf_init(&token, token_max);
    if (st == MHSM_OK) {
        path = mhsmi_asprintf("/subscriptions/%s/providers/"
                              "Microsoft.KeyVault/managedHSMs",
                              plane.subscription);
        if (path == NULL)
            st = mhsmi_error_memory(err);
    }
    if (st == MHSM_OK) {
        call.service = &plane.service;
        call.endpoint = plane.endpoint;
        call.path = path;
        st = mhsmi_session_token(mhsmi_client_session(client), &call, &token,
                                 err);
    }
    if (st == MHSM_OK)
        st = read_id(&token, object_id, err);
    mhsmi_buf_clear(&token);
    mhsmi_free(path);
    mhsmi_plane_clear(&plane);
    return st;
}
