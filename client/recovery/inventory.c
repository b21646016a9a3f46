/* SPDX-License-Identifier: MIT
 *
 * Taking an inventory: names, versions, and each version's public key.
 */
#include "recovery/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/private_context.h"

enum { COUNT_MAX = 60000, FIRST_CAPACITY = 64 };

mhsm_status mhsmi_inventory_new(const char *endpoint, int64_t taken,
                                mhsm_inventory **inventory, mhsm_error **err)
{
    mhsm_inventory *made = mhsmi_alloc(sizeof(*made));

    if (made == NULL)
        return mhsmi_error_memory(err);
    made->taken = taken;
    made->endpoint = mhsmi_strdup(endpoint);
    if (made->endpoint == NULL) {
        mhsm_inventory_free(made);
        return mhsmi_error_memory(err);
    }
    *inventory = made;
    return MHSM_OK;
}

void mhsm_inventory_free(mhsm_inventory *inventory)
{
    size_t i;

    if (inventory == NULL)
        return;
    for (i = 0; i < inventory->count; i++) {
        mhsm_key_free(inventory->items[i].key);
        mhsmi_buf_clear(&inventory->items[i].witness.wrapped);
    }
    mhsmi_free(inventory->items);
    mhsmi_free(inventory->endpoint);
    mhsmi_free(inventory);
}

static int grow(mhsm_inventory *inventory)
{
    size_t capacity =
        inventory->capacity == 0 ? FIRST_CAPACITY : 2 * inventory->capacity;
    struct mhsmi_inventory_item *items = mhsmi_alloc(capacity * sizeof(*items));

    if (items == NULL)
        return 0;
    if (inventory->count > 0)
        memcpy(items, inventory->items, inventory->count * sizeof(*items));
    mhsmi_free(inventory->items);
    inventory->items = items;
    inventory->capacity = capacity;
    return 1;
}

mhsm_status mhsmi_inventory_add(mhsm_inventory *inventory, mhsm_key *key,
                                struct mhsmi_inventory_item **item,
                                mhsm_error **err)
{
    struct mhsmi_inventory_item *made;
    mhsm_status st = MHSM_OK;

    if (inventory->count == COUNT_MAX)
        st = mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                         "an inventory has at most %d versions of keys",
                         COUNT_MAX);
    else if (inventory->count == inventory->capacity && !grow(inventory))
        st = mhsmi_error_memory(err);
    if (st != MHSM_OK) {
        mhsm_key_free(key);
        return st;
    }
    made = &inventory->items[inventory->count++];
    made->key = key;
    mhsmi_buf_init(&made->witness.wrapped, MHSMI_WITNESS_WRAPPED_MAX);
    *item = made;
    return MHSM_OK;
}

static int compare(const void *left, const void *right)
{
    const mhsm_key *a = ((const struct mhsmi_inventory_item *)left)->key;
    const mhsm_key *b = ((const struct mhsmi_inventory_item *)right)->key;
    int order = strcmp(mhsm_key_name(a), mhsm_key_name(b));

    if (order == 0)
        order = (mhsm_key_created(a) > mhsm_key_created(b)) -
                (mhsm_key_created(a) < mhsm_key_created(b));
    return order != 0 ? order
                      : strcmp(mhsm_key_version(a), mhsm_key_version(b));
}

void mhsmi_inventory_sort(mhsm_inventory *inventory)
{
    if (inventory->count > 1)
        qsort(inventory->items, inventory->count, sizeof(*inventory->items),
              compare);
}

struct taking {
    mhsm_client *client;
    const mhsm_uri *uri;
    int witnesses;
    mhsm_inventory_progress progress;
    void *arg;
    mhsm_inventory *inventory;
    struct mhsmi_private_context context;
};

static mhsm_status take_version(struct taking *taking, const char *name,
                                const char *version, mhsm_error **err)
{
    struct mhsmi_inventory_item *item = NULL;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    if (taking->progress != NULL &&
        !taking->progress(taking->arg, taking->inventory->count, name))
        return mhsmi_error(err, MHSM_ERR_TIMEOUT,
                           "stopped: there is no inventory");
    st = mhsm_uri_new(taking->client, mhsm_uri_endpoint(taking->uri), name,
                      version, &uri, err);
    if (st == MHSM_OK)
        st = mhsm_key_get(taking->client, uri, &key, err);
    mhsm_uri_free(uri);
    if (st == MHSM_OK)
        st = mhsmi_inventory_add(taking->inventory, key, &item, err);
    if (st == MHSM_OK && taking->witnesses)
        st = mhsmi_witness_make(taking->client, taking->context.lib, key,
                                &item->witness, err);
    return st;
}

static mhsm_status take_key(struct taking *taking, const char *name,
                            mhsm_error **err)
{
    const mhsm_key_item *item = NULL;
    mhsm_key_list *list = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    st = mhsm_uri_new(taking->client, mhsm_uri_endpoint(taking->uri), name,
                      NULL, &uri, err);
    if (st == MHSM_OK)
        st = mhsm_key_list_new(taking->client, uri, MHSM_LIST_VERSIONS, &list,
                               err);
    while (st == MHSM_OK) {
        st = mhsm_key_list_next(list, &item, err);
        if (st != MHSM_OK || item == NULL)
            break;
        st = take_version(taking, name, item->version, err);
    }
    mhsm_key_list_free(list);
    mhsm_uri_free(uri);
    return st;
}

static mhsm_status take_all(struct taking *taking, mhsm_error **err)
{
    const mhsm_key_item *item = NULL;
    mhsm_key_list *list = NULL;
    mhsm_status st = mhsm_key_list_new(taking->client, taking->uri,
                                       MHSM_LIST_KEYS, &list, err);

    while (st == MHSM_OK) {
        st = mhsm_key_list_next(list, &item, err);
        if (st != MHSM_OK || item == NULL)
            break;
        st = take_key(taking, item->name, err);
    }
    mhsm_key_list_free(list);
    return st;
}

mhsm_status mhsm_inventory_take(mhsm_client *client, const mhsm_uri *uri,
                                int witnesses, mhsm_inventory_progress progress,
                                void *arg, mhsm_inventory **inventory,
                                mhsm_error **err)
{
    struct taking taking = {client, uri,  witnesses,   progress,
                            arg,    NULL, {NULL, NULL}};
    mhsm_status st;

    if (client == NULL || uri == NULL || inventory == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "an inventory needs a client and an HSM");
    st = mhsmi_inventory_new(mhsm_uri_endpoint(uri), mhsmi_clock_unix(),
                             &taking.inventory, err);
    if (st == MHSM_OK)
        st = mhsmi_private_context_open(&taking.context, err);
    if (st == MHSM_OK)
        st = take_all(&taking, err);
    mhsmi_private_context_close(&taking.context);
    if (st != MHSM_OK) {
        mhsm_inventory_free(taking.inventory);
        return st;
    }
    mhsmi_inventory_sort(taking.inventory);
    *inventory = taking.inventory;
    return MHSM_OK;
}

const char *mhsm_inventory_endpoint(const mhsm_inventory *inventory)
{
    return inventory->endpoint;
}

int64_t mhsm_inventory_taken(const mhsm_inventory *inventory)
{
    return inventory->taken;
}

size_t mhsm_inventory_count(const mhsm_inventory *inventory)
{
    return inventory->count;
}

const mhsm_key *mhsm_inventory_key(const mhsm_inventory *inventory,
                                   size_t index)
{
    return inventory->items[index].key;
}
