/* SPDX-License-Identifier: MIT
 *
 * Calls of the management plane.  What goes into a path is checked, never
 * escaped: nothing that Azure accepts as a name needs it.
 */
#include "resource/call.h"

#include <ctype.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/endpoint.h"
#include "base/error.h"

enum { group_max = 90, subscription_max = 64, location_max = 40 };

int mhsmi_segment_check(const char *text, size_t max)
{
    static const char letters[] =
        "0123456789-_.()ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t size = strspn(text, letters);

    return size != 0 && size <= max && text[size] == '\0' && text[0] != '.' &&
           text[size - 1] != '.';
}

int mhsmi_hsm_name_check(const char *name)
{
    size_t i, size = strlen(name);

    for (i = 0; i < size; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '-')
            return 0;
    }
    return size >= 3 && size <= 24 && isalpha((unsigned char)name[0]) &&
           name[size - 1] != '-' && strstr(name, "--") == NULL;
}

int mhsmi_location_check(const char *name)
{
    size_t i;

    for (i = 0; name[i] != '\0'; i++) {
        if (!isalnum((unsigned char)name[i]) || i == location_max)
            return 0;
    }
    return i != 0;
}

char *mhsmi_id_part(const char *id, const char *label)
{
    size_t size = strlen(label);

    for (; id != NULL && (id = strchr(id, '/')) != NULL; id++) {
        if (OPENSSL_strncasecmp(id, label, size) == 0)
            return mhsmi_strndup(id + size, strcspn(id + size, "/"));
    }
    return NULL;
}

static mhsm_status take_subscription(struct mhsmi_plane *plane,
                                     const mhsm_hsm_place *place,
                                     const mhsm_config *config,
                                     mhsm_error **err)
{
    const char *text = place->subscription != NULL
                           ? place->subscription
                           : mhsm_config_get(config, "subscription-id");

    if (text == NULL) {
        (void)mhsmi_error(err, MHSM_ERR_CONFIG,
                          "no subscription is named for the management plane");
        mhsmi_error_set_hint(err, "set subscription-id, AZURE_SUBSCRIPTION_ID "
                                  "or --subscription-id");
        return MHSM_ERR_CONFIG;
    }
    if (!mhsmi_segment_check(text, subscription_max))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "\"%.80s\" is no id of a subscription", text);
    plane->subscription = text;
    return MHSM_OK;
}

static mhsm_status take_group(struct mhsmi_plane *plane,
                              const mhsm_hsm_place *place,
                              enum mhsmi_plane_need need, mhsm_error **err)
{
    if (place->group == NULL && need == MHSMI_NEED_GROUP)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a resource group is needed");
    if (place->group != NULL && !mhsmi_segment_check(place->group, group_max))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "\"%.100s\" is no name of a resource group",
                           place->group);
    plane->group = place->group;
    return MHSM_OK;
}

/* The group that has the HSM: of all in the subscription the one of its name,
 * which is unique in Azure. */
static mhsm_status find_group(struct mhsmi_plane *plane, mhsm_error **err)
{
    const mhsm_hsm_place place = {plane->subscription, NULL, NULL};
    mhsm_hsm_list *list = NULL;
    mhsm_hsm *hsm = NULL;
    mhsm_status st = mhsm_hsm_list_new(plane->client, &place, 0, &list, err);

    while (st == MHSM_OK && plane->found == NULL) {
        st = mhsm_hsm_list_next(list, &hsm, err);
        if (st != MHSM_OK || hsm == NULL)
            break;
        if (OPENSSL_strcasecmp(mhsm_hsm_get_info(hsm)->name, plane->name) ==
            0) {
            plane->found = mhsmi_strdup(mhsm_hsm_get_info(hsm)->group);
            if (plane->found == NULL)
                st = mhsmi_error_memory(err);
        }
        mhsm_hsm_free(hsm);
        hsm = NULL;
    }
    mhsm_hsm_list_free(list);
    if (st == MHSM_OK && plane->found == NULL) {
        st = mhsmi_error(err, MHSM_ERR_NOT_FOUND,
                         "there is no HSM %s in subscription %s", plane->name,
                         plane->subscription);
        mhsmi_error_set_hint(err, "`mhsm hsm list` shows what there is, `mhsm "
                                  "hsm list-deleted` what is deleted");
    }
    plane->group = plane->found;
    return st;
}

static mhsm_status take_service(struct mhsmi_plane *plane,
                                const mhsm_config *config, mhsm_error **err)
{
    const char *text = mhsmi_endpoint_management(config);
    struct mhsmi_url url;

    if (mhsmi_url_parse(&url, text)) {
        if (url.path[0] == '\0' && url.query == NULL)
            plane->endpoint = mhsmi_endpoint_of_url(&url);
        mhsmi_url_clear(&url);
    }
    if (plane->endpoint == NULL)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "management-endpoint: %.200s is not an https URL "
                           "without a path",
                           text);
    plane->service.name = "the management plane";
    plane->service.resource = plane->endpoint;
    plane->service.api_version =
        mhsm_config_get(config, "management-api-version");
    return MHSM_OK;
}

mhsm_status mhsmi_plane_open(struct mhsmi_plane *plane, mhsm_client *client,
                             const mhsm_hsm_place *place,
                             enum mhsmi_plane_need need, mhsm_error **err)
{
    mhsm_status st;

    *plane = (struct mhsmi_plane){0};
    if (client == NULL || place == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a call needs a client and a place");
    plane->client = client;
    st = take_service(plane, mhsm_client_config(client), err);
    if (st == MHSM_OK)
        st = take_subscription(plane, place, mhsm_client_config(client), err);
    if (st == MHSM_OK && need != MHSMI_NEED_SUBSCRIPTION &&
        need != MHSMI_NEED_NAME)
        st = take_group(plane, place, need, err);
    if (st != MHSM_OK || need == MHSMI_NEED_SUBSCRIPTION ||
        need == MHSMI_NEED_LIST)
        return st;
    if (place->name == NULL || !mhsmi_hsm_name_check(place->name)) {
        (void)mhsmi_error(err, MHSM_ERR_ARGUMENT,
                          "\"%.80s\" is no name of an HSM",
                          place->name != NULL ? place->name : "");
        mhsmi_error_set_hint(err, "3 to 24 letters, digits and single hyphens, "
                                  "a letter first");
        return MHSM_ERR_ARGUMENT;
    }
    plane->name = place->name;
    if (need == MHSMI_NEED_HSM && plane->group == NULL)
        return find_group(plane, err);
    return MHSM_OK;
}

void mhsmi_plane_clear(struct mhsmi_plane *plane)
{
    mhsmi_free(plane->endpoint);
    mhsmi_free(plane->found);
    *plane = (struct mhsmi_plane){0};
}

static mhsm_status send(struct mhsmi_plane *plane, const char *path,
                        const struct mhsmi_plane_call *call,
                        struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call request = {0};
    struct mhsmi_buf what, action;
    mhsm_status st;

    mhsmi_buf_init(&what, MHSMI_PLANE_PATH_MAX);
    mhsmi_buf_init(&action, MHSMI_PLANE_PATH_MAX);
    if (mhsmi_buf_join(&what, call->doing, plane->name != NULL ? " " : "",
                       plane->name != NULL ? plane->name : "", NULL) &&
        mhsmi_buf_join(&action, MHSMI_PLANE_PROVIDER, call->action, NULL)) {
        request.service = &plane->service;
        request.method = call->method;
        request.endpoint = plane->endpoint;
        request.path = path;
        request.body = call->body;
        request.retry = strcmp(call->method, "GET") == 0
                            ? MHSMI_RETRY_REPEATABLE
                            : MHSMI_RETRY_ONCE;
        request.what = mhsmi_buf_text(&what);
        request.action = mhsmi_buf_text(&action);
        request.follow = call->follow;
        request.retry_after_ms = call->retry_after_ms;
        st = mhsmi_session_call(mhsmi_client_session(plane->client), &request,
                                answer, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&what);
    mhsmi_buf_clear(&action);
    return st;
}

mhsm_status mhsmi_plane_call(struct mhsmi_plane *plane,
                             const struct mhsmi_plane_call *call,
                             struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_buf path;
    mhsm_status st;

    mhsmi_buf_init(&path, MHSMI_PLANE_PATH_MAX);
    if (mhsmi_buf_join(&path, "/subscriptions/", plane->subscription,
                       "/resourceGroups/", plane->group,
                       "/providers/" MHSMI_PLANE_PROVIDER "managedHSMs/",
                       plane->name, call->tail != NULL ? call->tail : "", NULL))
        st = send(plane, mhsmi_buf_text(&path), call, answer, err);
    else
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&path);
    return st;
}

mhsm_status mhsmi_plane_call_at(struct mhsmi_plane *plane, const char *path,
                                const struct mhsmi_plane_call *call,
                                struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_buf whole;
    mhsm_status st;

    mhsmi_buf_init(&whole, MHSMI_PLANE_PATH_MAX);
    if (mhsmi_buf_join(&whole, "/subscriptions/", plane->subscription, path,
                       NULL))
        st = send(plane, mhsmi_buf_text(&whole), call, answer, err);
    else
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&whole);
    return st;
}
