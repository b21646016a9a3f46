/* SPDX-License-Identifier: MIT
 *
 * An inventory as JSON: the service's own KeyBundles, and beside each the
 * witness.
 */
#include <string.h>

#include "base/json.h"
#include "base/result.h"
#include "keys/jwk.h"
#include "recovery/inventory.h"

enum { FORMAT = 1 };

static int add_witness(const struct mhsmi_witness *witness,
                       struct json_object *entry)
{
    struct json_object *object;

    if (witness->wrapped.size == 0)
        return 1;
    object = json_object_new_object();
    return mhsmi_json_add(entry, "witness", object) &&
           mhsmi_json_add_string(object, "alg", witness->algorithm) &&
           mhsmi_json_add_octets(object, "value", witness->wrapped.data,
                                 witness->wrapped.size) &&
           mhsmi_json_add_octets(object, "sha256", witness->sha256,
                                 sizeof(witness->sha256));
}

static int add_item(const struct mhsmi_inventory_item *item,
                    struct json_object *list)
{
    const char *text = mhsm_key_json(item->key);
    struct json_object *entry = mhsmi_json_parse(text, strlen(text));

    if (entry == NULL || !add_witness(&item->witness, entry) ||
        json_object_array_add(list, entry) != 0) {
        json_object_put(entry);
        return 0;
    }
    return 1;
}

mhsm_status mhsm_inventory_encode(const mhsm_inventory *inventory,
                                  mhsm_result **text, mhsm_error **err)
{
    struct json_object *root = json_object_new_object();
    struct json_object *list = json_object_new_array();
    mhsm_result *made = mhsmi_result_new(MHSM_INVENTORY_SIZE_MAX);
    mhsm_status st = MHSM_OK;
    size_t i;
    int ok = made != NULL && root != NULL &&
             mhsmi_json_add(root, "inventory", json_object_new_int(FORMAT)) &&
             mhsmi_json_add_string(root, "hsm", inventory->endpoint) &&
             mhsmi_json_add(root, "taken",
                            json_object_new_int64(inventory->taken)) &&
             mhsmi_json_add(root, "keys", list);

    for (i = 0; ok && i < inventory->count; i++)
        ok = add_item(&inventory->items[i], list);
    if (!ok)
        st = mhsmi_error_memory(err);
    else if (!mhsmi_buf_puts(&made->data,
                             json_object_to_json_string_ext(
                                 root, JSON_C_TO_STRING_PLAIN |
                                           JSON_C_TO_STRING_NOSLASHESCAPE)))
        st = mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                         "an inventory takes at most %zu MiB",
                         MHSM_INVENTORY_SIZE_MAX >> 20);
    json_object_put(root);
    if (st == MHSM_OK)
        *text = made;
    else
        mhsm_result_free(made);
    return st;
}

static mhsm_status damaged(const char *part, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "this is no inventory: %s is missing or wrong", part);
}

static mhsm_status read_witness(struct json_object *entry,
                                struct mhsmi_inventory_item *item,
                                mhsm_error **err)
{
    struct json_object *object = mhsmi_json_object(entry, "witness");
    struct mhsmi_witness *witness = &item->witness;
    const char *alg = mhsmi_json_string(object, "alg");
    struct mhsmi_buf digest;
    int ok;

    if (json_object_object_get_ex(entry, "witness", NULL) == 0)
        return MHSM_OK;
    witness->algorithm = mhsmi_witness_algorithm(item->key);
    mhsmi_buf_init(&digest, sizeof(witness->sha256));
    ok = alg != NULL && witness->algorithm != NULL &&
         strcmp(alg, witness->algorithm) == 0 &&
         mhsmi_json_octets(object, "value", &witness->wrapped) &&
         witness->wrapped.size > 0 &&
         mhsmi_json_octets(object, "sha256", &digest) &&
         digest.size == sizeof(witness->sha256);
    if (ok)
        memcpy(witness->sha256, digest.data, sizeof(witness->sha256));
    mhsmi_buf_clear(&digest);
    return ok ? MHSM_OK : damaged("a witness", err);
}

static mhsm_status read_item(mhsm_inventory *inventory,
                             struct json_object *entry, mhsm_error **err)
{
    struct mhsmi_inventory_item *item = NULL;
    mhsm_key *key = NULL;
    mhsm_status st = mhsmi_jwk_parse(inventory->endpoint, entry, &key, err);

    if (st == MHSM_ERR_PROTOCOL) {
        mhsm_error_free(err);
        return damaged("a key", err);
    }
    if (st == MHSM_OK)
        st = mhsmi_inventory_add(inventory, key, &item, err);
    if (st == MHSM_OK)
        st = read_witness(entry, item, err);
    return st;
}

mhsm_status mhsm_inventory_decode(const unsigned char *data, size_t size,
                                  mhsm_inventory **inventory, mhsm_error **err)
{
    struct json_object *root =
        size <= MHSM_INVENTORY_SIZE_MAX ? mhsmi_json_parse(data, size) : NULL;
    struct json_object *list = mhsmi_json_array(root, "keys");
    const char *endpoint = mhsmi_json_string(root, "hsm");
    int64_t taken = mhsmi_json_int(root, "taken", 0);
    mhsm_inventory *made = NULL;
    mhsm_status st = MHSM_OK;
    size_t i;

    if (root == NULL)
        st = damaged("JSON of a tolerable size", err);
    else if (mhsmi_json_int(root, "inventory", 0) != FORMAT)
        st = damaged("the member \"inventory\" (version 1)", err);
    else if (endpoint == NULL || strncmp(endpoint, "https://", 8) != 0)
        st = damaged("the member \"hsm\"", err);
    else if (taken <= 0)
        st = damaged("the member \"taken\"", err);
    else if (list == NULL)
        st = damaged("the member \"keys\"", err);
    if (st == MHSM_OK)
        st = mhsmi_inventory_new(endpoint, taken, &made, err);
    for (i = 0; st == MHSM_OK && i < json_object_array_length(list); i++)
        st = read_item(made, json_object_array_get_idx(list, i), err);
    json_object_put(root);
    if (st != MHSM_OK) {
        mhsm_inventory_free(made);
        return st;
    }
    mhsmi_inventory_sort(made);
    *inventory = made;
    return MHSM_OK;
}
