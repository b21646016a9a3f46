/* SPDX-License-Identifier: MIT
 *
 * An HSM as it was shown: the JSON is kept, and all else points into it.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"
#include "resource/call.h"

enum { list_max = 256, text_max = 1200 };

struct mhsm_hsm {
    struct json_object *json;
    mhsm_hsm_info info;
    char *group, *subscription, *uri;
    char **tags; /* as the list of them, ends with NULL */
};

static const char *text_of(struct json_object *from, const char *name)
{
    const char *text = mhsmi_json_string(from, name);

    return text != NULL ? text : "";
}

static struct json_object *properties(const mhsm_hsm *hsm)
{
    return mhsmi_json_object(hsm->json, "properties");
}

void mhsm_hsm_free(mhsm_hsm *hsm)
{
    size_t i;

    if (hsm == NULL)
        return;
    for (i = 0; hsm->tags != NULL && hsm->tags[i] != NULL; i++)
        mhsmi_free(hsm->tags[i]);
    mhsmi_free(hsm->tags);
    mhsmi_free(hsm->group);
    mhsmi_free(hsm->subscription);
    mhsmi_free(hsm->uri);
    json_object_put(hsm->json);
    mhsmi_free(hsm);
}

static int take_tags(mhsm_hsm *hsm)
{
    struct json_object *tags = mhsmi_json_object(hsm->json, "tags");
    size_t count = 0;

    if (tags == NULL)
        tags = mhsmi_json_object(properties(hsm), "tags");
    if (tags == NULL)
        return 1;
    hsm->tags = mhsmi_alloc((size_t)(json_object_object_length(tags) + 1) *
                            sizeof(*hsm->tags));
    if (hsm->tags == NULL)
        return 0;
    json_object_object_foreach(tags, name, value)
    {
        if (!json_object_is_type(value, json_type_string) || count == list_max)
            continue;
        hsm->tags[count] =
            mhsmi_asprintf("%s=%s", name, json_object_get_string(value));
        if (hsm->tags[count++] == NULL)
            return 0;
    }
    return 1;
}

/* Without the slash at its end, as endpoints are written here. */
static int take_uri(mhsm_hsm *hsm)
{
    const char *text = text_of(properties(hsm), "hsmUri");
    size_t size = strlen(text);

    while (size != 0 && text[size - 1] == '/')
        size--;
    hsm->uri = mhsmi_strndup(text, size);
    return hsm->uri != NULL;
}

/* A deleted one has another id, and its own inside. */
static int take_names(mhsm_hsm *hsm)
{
    const char *id = mhsmi_json_string(properties(hsm), "mhsmId");

    if (id == NULL)
        id = text_of(hsm->json, "id");
    hsm->info.id = id;
    hsm->info.name = text_of(hsm->json, "name");
    hsm->group = mhsmi_id_part(id, "/resourceGroups/");
    hsm->subscription = mhsmi_id_part(id, "/subscriptions/");
    return hsm->group != NULL && hsm->subscription != NULL &&
           mhsmi_hsm_name_check(hsm->info.name);
}

static void take_info(mhsm_hsm *hsm)
{
    struct json_object *from = properties(hsm);
    struct json_object *acls = mhsmi_json_object(from, "networkAcls");
    struct json_object *domain =
        mhsmi_json_object(from, "securityDomainProperties");
    mhsm_hsm_info *info = &hsm->info;
    int64_t days = mhsmi_json_int(from, "softDeleteRetentionInDays", 0);

    info->group = hsm->group;
    info->subscription = hsm->subscription;
    info->uri = hsm->uri;
    info->location = text_of(hsm->json, "location");
    if (info->location[0] == '\0')
        info->location = text_of(from, "location");
    info->sku = text_of(mhsmi_json_object(hsm->json, "sku"), "name");
    info->tenant = text_of(from, "tenantId");
    info->state = text_of(from, "provisioningState");
    info->message = text_of(from, "statusMessage");
    info->activation = text_of(domain, "activationStatus");
    info->activation_message = text_of(domain, "activationStatusMessage");
    info->public_access = text_of(from, "publicNetworkAccess");
    info->bypass = text_of(acls, "bypass");
    info->default_action = text_of(acls, "defaultAction");
    info->purge_protection =
        mhsmi_json_bool(from, "enablePurgeProtection", 0) ||
        mhsmi_json_bool(from, "purgeProtectionEnabled", 0);
    info->retention_days = days > 0 && days < 1000 ? (int)days : 0;
    info->deletion_date = text_of(from, "deletionDate");
    info->purge_date = text_of(from, "scheduledPurgeDate");
}

mhsm_status mhsmi_hsm_new(struct json_object *json, mhsm_hsm **hsm,
                          mhsm_error **err)
{
    mhsm_hsm *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st = MHSM_OK;

    if (made == NULL) {
        json_object_put(json);
        return mhsmi_error_memory(err);
    }
    made->json = json;
    if (properties(made) == NULL || !take_names(made))
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the management plane shows an HSM without a name, an "
                         "id or properties");
    else if (!take_tags(made) || !take_uri(made))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK) {
        take_info(made);
        made->info.json = json_object_to_json_string_ext(
            json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        if (made->info.json == NULL)
            st = mhsmi_error_memory(err);
    }
    if (st == MHSM_OK)
        *hsm = made;
    else
        mhsm_hsm_free(made);
    return st;
}

struct json_object *mhsmi_hsm_json(const mhsm_hsm *hsm)
{
    return hsm->json;
}

const mhsm_hsm_info *mhsm_hsm_get_info(const mhsm_hsm *hsm)
{
    return &hsm->info;
}

int mhsm_hsm_is_busy(const mhsm_hsm *hsm)
{
    static const char *const passing[] = {"Provisioning", "Updating",
                                          "Deleting", "Restoring"};
    size_t i;

    for (i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        if (OPENSSL_strcasecmp(hsm->info.state, passing[i]) == 0)
            return 1;
    }
    return 0;
}

/* The index-th text of a list of texts, or of the member of its objects. */
static const char *item(struct json_object *list, const char *member,
                        size_t index)
{
    struct json_object *one;

    if (list == NULL || index >= json_object_array_length(list) ||
        index >= list_max)
        return NULL;
    one = json_object_array_get_idx(list, index);
    if (member != NULL)
        return text_of(one, member);
    return json_object_is_type(one, json_type_string)
               ? json_object_get_string(one)
               : "";
}

static const char *identity_at(const mhsm_hsm *hsm, size_t index)
{
    struct json_object *all = mhsmi_json_object(
        mhsmi_json_object(hsm->json, "identity"), "userAssignedIdentities");

    if (all == NULL)
        return NULL;
    json_object_object_foreach(all, id, value)
    {
        (void)value;
        if (index-- == 0)
            return id;
    }
    return NULL;
}

static const char *tag_at(const mhsm_hsm *hsm, size_t index)
{
    size_t i;

    for (i = 0; hsm->tags != NULL && hsm->tags[i] != NULL; i++) {
        if (i == index)
            return hsm->tags[i];
    }
    return NULL;
}

const char *mhsm_hsm_item_at(const mhsm_hsm *hsm, mhsm_hsm_items list,
                             size_t index)
{
    struct json_object *from = properties(hsm);
    struct json_object *acls = mhsmi_json_object(from, "networkAcls");

    switch (list) {
    case MHSM_HSM_ADMINISTRATORS:
        return item(mhsmi_json_array(from, "initialAdminObjectIds"), NULL,
                    index);
    case MHSM_HSM_IP_RULES:
        return item(mhsmi_json_array(acls, "ipRules"), "value", index);
    case MHSM_HSM_NETWORK_RULES:
        return item(mhsmi_json_array(acls, "virtualNetworkRules"), "id", index);
    case MHSM_HSM_IDENTITIES:
        return identity_at(hsm, index);
    case MHSM_HSM_REGIONS:
        return item(mhsmi_json_array(from, "regions"), "name", index);
    case MHSM_HSM_TAGS:
        return tag_at(hsm, index);
    }
    return NULL;
}

mhsm_status mhsm_hsm_get(mhsm_client *client, const mhsm_hsm_place *place,
                         mhsm_hsm **hsm, mhsm_error **err)
{
    static const struct mhsmi_plane_call get = {
        .method = "GET", .doing = "get HSM", .action = "managedHSMs/read"};
    struct json_object *answer = NULL;
    struct mhsmi_plane plane;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_HSM, err);

    if (st == MHSM_OK)
        st = mhsmi_plane_call(&plane, &get, &answer, err);
    /* An old version says so of one that is not there. */
    if (st == MHSM_OK && answer == NULL)
        st = mhsmi_error(err, MHSM_ERR_NOT_FOUND,
                         "there is no HSM %s in resource group %s", plane.name,
                         plane.group);
    if (st == MHSM_OK)
        st = mhsmi_hsm_new(answer, hsm, err);
    mhsmi_plane_clear(&plane);
    return st;
}
