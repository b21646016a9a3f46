/* SPDX-License-Identifier: MIT
 *
 * Listing keys, page by page: what an item says.
 */
#include <string.h>

#include "auth/pages.h"
#include "base/error.h"
#include "keys/jwk.h"

static const struct {
    const char *path; /* of a listing without a key's name */
    const char *collection;
    const char *what, *action;
} listings[] = {
    [MHSM_LIST_KEYS] = {"/keys", "keys", "list keys", "keys/read/action"},
    [MHSM_LIST_VERSIONS] = {NULL, "keys", "list versions of key",
                            "keys/read/action"},
    [MHSM_LIST_DELETED] = {"/deletedkeys", "deletedkeys", "list deleted keys",
                           "keys/deletedKeys/read/action"},
};

struct mhsm_key_list {
    mhsm_key_listing listing;
    struct mhsmi_pages *pages;
    mhsm_key_item item;
    char *name, *version; /* of the item */
};

/* What the call is called; the caller frees all three, made or not. */
struct call_texts {
    char *path, *what, *action;
};

static int make_texts(struct call_texts *texts, mhsm_key_listing listing,
                      const char *name)
{
    int versions = listing == MHSM_LIST_VERSIONS;

    texts->path = versions ? mhsmi_asprintf("/keys/%s/versions", name)
                           : mhsmi_strdup(listings[listing].path);
    texts->what = mhsmi_asprintf("%s%s%s", listings[listing].what,
                                 versions ? " " : "", versions ? name : "");
    texts->action = mhsmi_asprintf("Microsoft.KeyVault/managedHsm/%s",
                                   listings[listing].action);
    return texts->path != NULL && texts->what != NULL && texts->action != NULL;
}

static mhsm_status open_pages(mhsm_key_list *list, mhsm_client *client,
                              const mhsm_uri *uri, mhsm_error **err)
{
    struct call_texts texts = {NULL, NULL, NULL};
    struct mhsmi_call call = {0};
    mhsm_status st;

    if (make_texts(&texts, list->listing, uri->name)) {
        call.endpoint = uri->endpoint;
        call.path = texts.path;
        call.query = "maxresults=25";
        call.what = texts.what;
        call.action = texts.action;
        st = mhsmi_pages_new(mhsmi_client_session(client), &call, "value",
                             &list->pages, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_free(texts.path);
    mhsmi_free(texts.what);
    mhsmi_free(texts.action);
    return st;
}

mhsm_status mhsm_key_list_new(mhsm_client *client, const mhsm_uri *uri,
                              mhsm_key_listing listing, mhsm_key_list **list,
                              mhsm_error **err)
{
    mhsm_key_list *made;
    mhsm_status st;

    if (client == NULL || uri == NULL || list == NULL ||
        listing < MHSM_LIST_KEYS || listing > MHSM_LIST_DELETED)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a listing needs a client, a URI and a kind");
    if (listing == MHSM_LIST_VERSIONS && uri->name == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s names no key",
                           uri->text);
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->listing = listing;
    st = open_pages(made, client, uri, err);
    if (st == MHSM_OK)
        *list = made;
    else
        mhsm_key_list_free(made);
    return st;
}

static void drop_item(mhsm_key_list *list)
{
    mhsmi_free(list->name);
    mhsmi_free(list->version);
    list->name = NULL;
    list->version = NULL;
    memset(&list->item, 0, sizeof(list->item));
}

void mhsm_key_list_free(mhsm_key_list *list)
{
    if (list == NULL)
        return;
    drop_item(list);
    mhsmi_pages_free(list->pages);
    mhsmi_free(list);
}

static mhsm_status read_item(mhsm_key_list *list, struct json_object *from,
                             mhsm_error **err)
{
    struct mhsmi_attributes attributes =
        mhsmi_attributes_read(mhsmi_json_object(from, "attributes"));
    const char *id = mhsmi_json_string(from, "kid");
    mhsm_key_item *item = &list->item;

    /* A deleted key keeps its kid and has a recoveryId beside it. */
    if (id == NULL || !mhsmi_key_id_split(id, mhsmi_pages_endpoint(list->pages),
                                          "keys", &list->name, &list->version))
        return mhsmi_pages_broken(list->pages, "an item has no kid of this HSM",
                                  err);
    if (list->listing == MHSM_LIST_VERSIONS && list->version == NULL)
        return mhsmi_pages_broken(
            list->pages, "an item of the versions names no version", err);
    item->id = id;
    item->name = list->name;
    item->version = list->listing == MHSM_LIST_VERSIONS ? list->version : "";
    item->enabled = attributes.enabled;
    item->created = attributes.created;
    item->updated = attributes.updated;
    item->not_before = attributes.not_before;
    item->expires = attributes.expires;
    if (list->listing == MHSM_LIST_DELETED) {
        item->deleted = mhsmi_json_int(from, "deletedDate", 0);
        item->purge = mhsmi_json_int(from, "scheduledPurgeDate", 0);
    }
    item->json = json_object_to_json_string_ext(
        from, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    return item->json != NULL ? MHSM_OK : mhsmi_error_memory(err);
}

mhsm_status mhsm_key_list_next(mhsm_key_list *list, const mhsm_key_item **item,
                               mhsm_error **err)
{
    struct json_object *from = NULL;
    mhsm_status st;

    if (list == NULL || item == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no listing");
    drop_item(list);
    st = mhsmi_pages_next(list->pages, &from, err);
    if (st == MHSM_OK && from != NULL)
        st = read_item(list, from, err);
    if (st == MHSM_OK)
        *item = from != NULL ? &list->item : NULL;
    return st;
}
