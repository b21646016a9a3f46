/* SPDX-License-Identifier: MIT
 *
 * Listing keys, page by page.  The link to the next page comes from the
 * service: it is followed only within the HSM's own origin, and never in a
 * circle.
 */
#include <string.h>

#include "auth/session.h"
#include "base/error.h"
#include "keys/jwk.h"

enum { pages_max = 100000, link_max = 8000 };

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
    mhsm_client *client;
    mhsm_key_listing listing;
    char *endpoint, *path, *what, *action;
    char *next; /* link to the next page */
    int begun, failed;
    struct json_object *page; /* owns what `items` and `item` point to */
    struct json_object *items;
    size_t at;
    mhsm_key_item item;
    char *name, *version; /* of the item */
    /* Brent's cycle detection: one remembered link, replaced ever more
     * rarely, meets any circle without remembering all. */
    char *landmark;
    size_t pages, until_landmark, stride;
};

mhsm_status mhsm_key_list_new(mhsm_client *client, const mhsm_uri *uri,
                              mhsm_key_listing listing, mhsm_key_list **list,
                              mhsm_error **err)
{
    mhsm_key_list *made;
    int versions = listing == MHSM_LIST_VERSIONS;

    if (client == NULL || uri == NULL || list == NULL ||
        listing < MHSM_LIST_KEYS || listing > MHSM_LIST_DELETED)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a listing needs a client, a URI and a kind");
    if (versions && uri->name == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s names no key",
                           uri->text);
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->client = client;
    made->listing = listing;
    made->stride = 1;
    made->until_landmark = 1;
    made->endpoint = mhsmi_strdup(uri->endpoint);
    made->path = versions ? mhsmi_asprintf("/keys/%s/versions", uri->name)
                          : mhsmi_strdup(listings[listing].path);
    made->what = mhsmi_asprintf("%s%s%s", listings[listing].what,
                                versions ? " " : "", versions ? uri->name : "");
    made->action = mhsmi_asprintf("Microsoft.KeyVault/managedHsm/%s",
                                  listings[listing].action);
    if (made->endpoint == NULL || made->path == NULL || made->what == NULL ||
        made->action == NULL) {
        mhsm_key_list_free(made);
        return mhsmi_error_memory(err);
    }
    *list = made;
    return MHSM_OK;
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
    json_object_put(list->page);
    mhsmi_free(list->endpoint);
    mhsmi_free(list->path);
    mhsmi_free(list->what);
    mhsmi_free(list->action);
    mhsmi_free(list->next);
    mhsmi_free(list->landmark);
    mhsmi_free(list);
}

static mhsm_status broken(const mhsm_key_list *list, const char *why,
                          mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_PROTOCOL, "cannot %s: %s", list->what,
                       why);
}

/* Take the page's link; refuse one that leads back. */
static mhsm_status take_link(mhsm_key_list *list, const char *link,
                             mhsm_error **err)
{
    mhsmi_free(list->next);
    list->next = NULL;
    if (link == NULL || link[0] == '\0')
        return MHSM_OK;
    if (strlen(link) > link_max)
        return broken(list, "the link to the next page is too long", err);
    if ((list->landmark != NULL && strcmp(list->landmark, link) == 0) ||
        ++list->pages > pages_max)
        return broken(list, "the pages go round in a circle", err);
    list->next = mhsmi_strdup(link);
    if (list->next == NULL)
        return mhsmi_error_memory(err);
    if (--list->until_landmark != 0)
        return MHSM_OK;
    list->stride *= 2;
    list->until_landmark = list->stride;
    mhsmi_free(list->landmark);
    list->landmark = mhsmi_strdup(link);
    return list->landmark != NULL ? MHSM_OK : mhsmi_error_memory(err);
}

/* A list is of the HSM that sent its first page. */
static mhsm_status stay_at(mhsm_key_list *list, const char *served,
                           mhsm_error **err)
{
    char *endpoint;

    if (strcmp(list->endpoint, served) == 0)
        return MHSM_OK;
    endpoint = mhsmi_strdup(served);
    if (endpoint == NULL)
        return mhsmi_error_memory(err);
    mhsmi_free(list->endpoint);
    list->endpoint = endpoint;
    return MHSM_OK;
}

static mhsm_status fetch_page(mhsm_key_list *list, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    struct json_object *page = NULL;
    const char *served = NULL;
    mhsm_status st;

    call.method = "GET";
    call.endpoint = list->endpoint;
    call.path = list->path;
    call.query = "maxresults=25";
    call.url = list->next;
    call.retry = MHSMI_RETRY_REPEATABLE;
    call.what = list->what;
    call.action = list->action;
    call.served = &served;
    st = mhsmi_session_call(mhsmi_client_session(list->client), &call, &page,
                            err);
    if (st == MHSM_OK)
        st = stay_at(list, served, err);
    if (st != MHSM_OK) {
        json_object_put(page);
        return st;
    }
    json_object_put(list->page);
    list->page = page;
    list->items = mhsmi_json_array(page, "value");
    list->at = 0;
    list->begun = 1;
    if (list->items == NULL) {
        st = broken(list, "the answer is no list", err);
        list->begun = 0;
        return st;
    }
    st = take_link(list, mhsmi_json_string(page, "nextLink"), err);
    /* The rest cannot be reached: that must not look like the end. */
    list->failed = st != MHSM_OK;
    return st;
}

static mhsm_status read_item(mhsm_key_list *list, struct json_object *from,
                             mhsm_error **err)
{
    struct mhsmi_attributes attributes =
        mhsmi_attributes_read(mhsmi_json_object(from, "attributes"));
    const char *id = mhsmi_json_string(from, "kid");
    mhsm_key_item *item = &list->item;

    /* A deleted key keeps its kid and has a recoveryId beside it. */
    if (id == NULL || !mhsmi_key_id_split(id, list->endpoint, "keys",
                                          &list->name, &list->version))
        return broken(list, "an item has no kid of this HSM", err);
    if (list->listing == MHSM_LIST_VERSIONS && list->version == NULL)
        return broken(list, "an item of the versions names no version", err);
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
    struct json_object *from;
    mhsm_status st;

    if (list == NULL || item == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no listing");
    drop_item(list);
    if (list->failed)
        return broken(list, "the listing has failed before", err);
    /* A page may be empty and still have a successor. */
    while (list->items == NULL ||
           list->at == json_object_array_length(list->items)) {
        if (list->begun && list->next == NULL) {
            *item = NULL;
            return MHSM_OK;
        }
        st = fetch_page(list, err);
        if (st != MHSM_OK)
            return st;
    }
    from = json_object_array_get_idx(list->items, list->at++);
    st = read_item(list, from, err);
    list->failed = st != MHSM_OK;
    if (st == MHSM_OK)
        *item = &list->item;
    return st;
}
