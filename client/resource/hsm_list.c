/* SPDX-License-Identifier: MIT
 *
 * Lists of HSMs.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"
#include "resource/call.h"

struct mhsm_hsm_list {
    struct mhsmi_plane plane;
    struct mhsmi_pages *pages;
};

void mhsm_hsm_list_free(mhsm_hsm_list *list)
{
    if (list == NULL)
        return;
    mhsmi_pages_free(list->pages);
    mhsmi_plane_clear(&list->plane);
    mhsmi_free(list);
}

static mhsm_status open_pages(mhsm_hsm_list *list, int deleted,
                              mhsm_error **err)
{
    struct mhsmi_plane *plane = &list->plane;
    struct mhsmi_call call = {.service = &plane->service,
                              .endpoint = plane->endpoint};
    const char *group = deleted ? NULL : plane->group;
    struct mhsmi_buf path;
    mhsm_status st;

    call.what = deleted ? "list the deleted HSMs" : "list the HSMs";
    call.action = deleted ? "Microsoft.KeyVault/deletedManagedHsms/read"
                          : "Microsoft.KeyVault/managedHSMs/read";
    mhsmi_buf_init(&path, MHSMI_PLANE_PATH_MAX);
    if (mhsmi_buf_join(&path, "/subscriptions/", plane->subscription,
                       group != NULL ? "/resourceGroups/" : "",
                       group != NULL ? group : "",
                       "/providers/" MHSMI_PLANE_PROVIDER,
                       deleted ? "deletedManagedHSMs" : "managedHSMs", NULL)) {
        call.path = mhsmi_buf_text(&path);
        st = mhsmi_pages_new(mhsmi_client_session(plane->client), &call,
                             "value", &list->pages, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&path);
    return st;
}

mhsm_status mhsm_hsm_list_new(mhsm_client *client, const mhsm_hsm_place *place,
                              int deleted, mhsm_hsm_list **list,
                              mhsm_error **err)
{
    mhsm_hsm_list *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st;

    if (made == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_plane_open(&made->plane, client, place,
                          deleted ? MHSMI_NEED_SUBSCRIPTION : MHSMI_NEED_LIST,
                          err);
    if (st == MHSM_OK)
        st = open_pages(made, deleted, err);
    if (st == MHSM_OK)
        *list = made;
    else
        mhsm_hsm_list_free(made);
    return st;
}

mhsm_status mhsm_hsm_list_next(mhsm_hsm_list *list, mhsm_hsm **hsm,
                               mhsm_error **err)
{
    struct json_object *item = NULL;
    mhsm_hsm *made = NULL;
    mhsm_status st;

    if (list == NULL || hsm == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no list");
    st = mhsmi_pages_next(list->pages, &item, err);
    if (st == MHSM_OK && item != NULL)
        st = mhsmi_hsm_new(json_object_get(item), &made, err);
    if (st == MHSM_OK)
        *hsm = made;
    return st;
}

mhsm_status mhsm_hsm_get_deleted(mhsm_client *client,
                                 const mhsm_hsm_place *place, mhsm_hsm **hsm,
                                 mhsm_error **err)
{
    struct mhsmi_plane plane;
    mhsm_hsm_list *list = NULL;
    mhsm_hsm *one = NULL;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_NAME, err);

    if (st == MHSM_OK)
        st = mhsm_hsm_list_new(client, place, 1, &list, err);
    while (st == MHSM_OK) {
        st = mhsm_hsm_list_next(list, &one, err);
        if (st != MHSM_OK || one == NULL ||
            OPENSSL_strcasecmp(mhsm_hsm_get_info(one)->name, plane.name) == 0)
            break;
        mhsm_hsm_free(one);
        one = NULL;
    }
    mhsm_hsm_list_free(list);
    if (st == MHSM_OK && one == NULL) {
        st = mhsmi_error(err, MHSM_ERR_NOT_FOUND,
                         "there is no deleted HSM %s in subscription %s",
                         plane.name, plane.subscription);
        mhsmi_error_set_hint(err, "`mhsm hsm list-deleted` shows what there "
                                  "is");
    }
    if (st == MHSM_OK)
        *hsm = one;
    mhsmi_plane_clear(&plane);
    return st;
}
