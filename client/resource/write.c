/* SPDX-License-Identifier: MIT
 *
 * Making, changing and removing HSMs.  Each is one request, sent once, whose
 * work then goes on by itself.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"
#include "resource/call.h"

/* Sends, and turns the answer into an operation. */
static mhsm_status begin(struct mhsmi_plane *plane,
                         const struct mhsmi_plane_call *call, const char *path,
                         int is_gone, mhsm_operation **operation,
                         mhsm_error **err)
{
    struct mhsmi_plane_call request = *call;
    struct mhsmi_follow follow = {0};
    struct json_object *answer = NULL;
    mhsm_status st;

    request.follow = &follow;
    st = path != NULL ? mhsmi_plane_call_at(plane, path, &request, &answer, err)
                      : mhsmi_plane_call(plane, &request, &answer, err);
    if (st == MHSM_OK)
        st = mhsmi_operation_new(plane, call->doing, is_gone, &follow, answer,
                                 operation, err);
    mhsmi_follow_clear(&follow);
    json_object_put(answer);
    return st;
}

mhsm_status mhsm_hsm_create(mhsm_client *client, const mhsm_hsm_place *place,
                            const mhsm_hsm_settings *settings,
                            mhsm_operation **operation, mhsm_error **err)
{
    struct mhsmi_plane_call put = {
        .method = "PUT", .doing = "make HSM", .action = "managedHSMs/write"};
    struct mhsmi_plane plane;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_GROUP, err);

    if (st == MHSM_OK &&
        (settings->location == NULL || settings->administrator_count == 0))
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "an HSM needs a location and an administrator");
    if (st == MHSM_OK)
        st = mhsmi_settings_write(settings, NULL, &put.body, err);
    if (st == MHSM_OK)
        st = begin(&plane, &put, NULL, 0, operation, err);
    json_object_put(put.body);
    mhsmi_plane_clear(&plane);
    return st;
}

mhsm_status mhsm_hsm_update(mhsm_client *client, const mhsm_hsm_place *place,
                            const mhsm_hsm_settings *settings,
                            mhsm_operation **operation, mhsm_error **err)
{
    struct mhsmi_plane_call patch = {.method = "PATCH",
                                     .doing = "change HSM",
                                     .action = "managedHSMs/write"};
    struct mhsmi_plane plane;
    mhsm_hsm *hsm = NULL;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_HSM, err);

    if (st == MHSM_OK &&
        (settings->location != NULL || settings->administrator_count != 0 ||
         settings->retention_days != 0 || settings->sku != NULL))
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "location, SKU, administrators and retention time of "
                         "an HSM stay as they were at its making");
    if (st == MHSM_OK && mhsmi_settings_need_hsm(settings)) {
        mhsm_hsm_place found = {plane.subscription, plane.group, plane.name};

        st = mhsm_hsm_get(client, &found, &hsm, err);
    }
    if (st == MHSM_OK)
        st = mhsmi_settings_write(settings, hsm, &patch.body, err);
    if (st == MHSM_OK)
        st = begin(&plane, &patch, NULL, 0, operation, err);
    json_object_put(patch.body);
    mhsm_hsm_free(hsm);
    mhsmi_plane_clear(&plane);
    return st;
}

mhsm_status mhsm_hsm_delete(mhsm_client *client, const mhsm_hsm_place *place,
                            mhsm_operation **operation, mhsm_error **err)
{
    struct mhsmi_plane_call remove = {.method = "DELETE",
                                      .doing = "delete HSM",
                                      .action = "managedHSMs/delete"};
    struct mhsmi_plane plane;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_HSM, err);

    if (st == MHSM_OK)
        st = begin(&plane, &remove, NULL, 1, operation, err);
    mhsmi_plane_clear(&plane);
    return st;
}

/* Where a deleted one was, from what is known of it. */
static mhsm_status recovery_body(const mhsm_hsm *hsm, struct json_object **body,
                                 mhsm_error **err)
{
    struct json_object *made = json_object_new_object();
    struct json_object *inside = json_object_new_object();
    int ok = made != NULL && inside != NULL &&
             mhsmi_json_add_string(made, "location",
                                   mhsm_hsm_get_info(hsm)->location) &&
             mhsmi_json_add_string(inside, "createMode", "recover") &&
             mhsmi_json_add(made, "properties", json_object_get(inside));

    json_object_put(inside);
    if (ok) {
        *body = made;
        return MHSM_OK;
    }
    json_object_put(made);
    return mhsmi_error_memory(err);
}

mhsm_status mhsm_hsm_recover(mhsm_client *client, const mhsm_hsm_place *place,
                             mhsm_operation **operation, mhsm_error **err)
{
    struct mhsmi_plane_call put = {
        .method = "PUT", .doing = "recover HSM", .action = "managedHSMs/write"};
    struct mhsmi_plane plane = {0};
    mhsm_hsm *hsm = NULL;
    mhsm_status st = mhsm_hsm_get_deleted(client, place, &hsm, err);

    if (st == MHSM_OK) {
        const mhsm_hsm_info *info = mhsm_hsm_get_info(hsm);
        mhsm_hsm_place where = {info->subscription, info->group, info->name};

        st = mhsmi_plane_open(&plane, client, &where, MHSMI_NEED_GROUP, err);
    }
    if (st == MHSM_OK)
        st = recovery_body(hsm, &put.body, err);
    if (st == MHSM_OK)
        st = begin(&plane, &put, NULL, 0, operation, err);
    json_object_put(put.body);
    mhsmi_plane_clear(&plane);
    mhsm_hsm_free(hsm);
    return st;
}

mhsm_status mhsm_hsm_purge(mhsm_client *client, const mhsm_hsm_place *place,
                           mhsm_operation **operation, mhsm_error **err)
{
    struct mhsmi_plane_call post = {
        .method = "POST",
        .doing = "purge HSM",
        .action = "locations/deletedManagedHsms/purge/action"};
    struct mhsmi_plane plane;
    struct mhsmi_buf path;
    mhsm_hsm *hsm = NULL;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_NAME, err);

    mhsmi_buf_init(&path, MHSMI_PLANE_PATH_MAX);
    if (st == MHSM_OK)
        st = mhsm_hsm_get_deleted(client, place, &hsm, err);
    if (st == MHSM_OK &&
        !mhsmi_location_check(mhsm_hsm_get_info(hsm)->location))
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the management plane shows a deleted HSM without a "
                         "location");
    if (st == MHSM_OK &&
        !mhsmi_buf_join(&path, "/providers/" MHSMI_PLANE_PROVIDER "locations/",
                        mhsm_hsm_get_info(hsm)->location,
                        "/deletedManagedHSMs/", plane.name, "/purge", NULL))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK)
        st = begin(&plane, &post, mhsmi_buf_text(&path), 1, operation, err);
    mhsmi_buf_clear(&path);
    mhsm_hsm_free(hsm);
    mhsmi_plane_clear(&plane);
    return st;
}

/* All regions but one, and one more. */
static mhsm_status region_body(const mhsm_hsm *hsm, const char *without,
                               const char *with, struct json_object **body,
                               mhsm_error **err)
{
    struct json_object *made = json_object_new_object();
    struct json_object *inside = json_object_new_object();
    struct json_object *list = json_object_new_array(), *one;
    const char *name = NULL;
    int ok = made != NULL && inside != NULL && list != NULL;
    size_t i;

    for (i = 0; ok; i++) {
        name = mhsm_hsm_item_at(hsm, MHSM_HSM_REGIONS, i);
        if (name == NULL) {
            name = with;
            with = NULL;
        }
        if (name == NULL)
            break;
        if (without != NULL && OPENSSL_strcasecmp(name, without) == 0)
            continue;
        one = json_object_new_object();
        ok = one != NULL && mhsmi_json_add_string(one, "name", name) &&
             json_object_array_add(list, json_object_get(one)) == 0;
        json_object_put(one);
    }
    ok = ok && mhsmi_json_add(inside, "regions", json_object_get(list)) &&
         mhsmi_json_add(made, "properties", json_object_get(inside));
    json_object_put(list);
    json_object_put(inside);
    if (ok) {
        *body = made;
        return MHSM_OK;
    }
    json_object_put(made);
    return mhsmi_error_memory(err);
}

static int has_region(const mhsm_hsm *hsm, const char *region)
{
    const char *name;
    size_t i;

    for (i = 0; (name = mhsm_hsm_item_at(hsm, MHSM_HSM_REGIONS, i)) != NULL;
         i++) {
        if (OPENSSL_strcasecmp(name, region) == 0)
            return 1;
    }
    return 0;
}

static mhsm_status change_region(mhsm_client *client,
                                 const mhsm_hsm_place *place,
                                 const char *region, int add,
                                 mhsm_operation **operation, mhsm_error **err)
{
    struct mhsmi_plane_call patch = {.method = "PATCH",
                                     .doing = add ? "add a region to HSM"
                                                  : "remove a region from HSM",
                                     .action = "managedHSMs/write"};
    struct mhsmi_plane plane;
    mhsm_hsm *hsm = NULL;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_HSM, err);

    if (st == MHSM_OK && (region == NULL || !mhsmi_location_check(region)))
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "\"%.80s\" is no region, such as westeurope",
                         region != NULL ? region : "");
    if (st == MHSM_OK) {
        mhsm_hsm_place found = {plane.subscription, plane.group, plane.name};

        st = mhsm_hsm_get(client, &found, &hsm, err);
    }
    if (st == MHSM_OK &&
        OPENSSL_strcasecmp(mhsm_hsm_get_info(hsm)->location, region) == 0)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "%s is the first region of HSM %s: it cannot be added "
                         "or removed",
                         region, plane.name);
    if (st == MHSM_OK && has_region(hsm, region) == add) {
        *operation = NULL;
    } else if (st == MHSM_OK) {
        st = region_body(hsm, add ? NULL : region, add ? region : NULL,
                         &patch.body, err);
        if (st == MHSM_OK)
            st = begin(&plane, &patch, NULL, 0, operation, err);
    }
    json_object_put(patch.body);
    mhsm_hsm_free(hsm);
    mhsmi_plane_clear(&plane);
    return st;
}

mhsm_status mhsm_hsm_add_region(mhsm_client *client,
                                const mhsm_hsm_place *place, const char *region,
                                mhsm_operation **operation, mhsm_error **err)
{
    return change_region(client, place, region, 1, operation, err);
}

mhsm_status mhsm_hsm_remove_region(mhsm_client *client,
                                   const mhsm_hsm_place *place,
                                   const char *region,
                                   mhsm_operation **operation, mhsm_error **err)
{
    return change_region(client, place, region, 0, operation, err);
}
