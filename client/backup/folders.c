/* SPDX-License-Identifier: MIT
 *
 * The backups in a container: its blobs, gathered by the folder they lie in.
 * The store lists blobs in the order of their names, so that those of a folder
 * come one after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "backup/blob_list.h"
#include "backup/storage.h"

enum {
    folders_max = 100000,
    pages_max = 1000,
    folder_max = 255,
    page_max = 8 * 1024 * 1024
};

struct mhsm_backup_list {
    mhsm_backup *items; /* each owns its folder */
    size_t count, capacity;
};

void mhsm_backup_list_free(mhsm_backup_list *list)
{
    size_t i;

    if (list == NULL)
        return;
    for (i = 0; i < list->count; i++) {
        union {
            const char *lent;
            char *owned;
        } name;

        name.lent = list->items[i].folder;
        mhsmi_free(name.owned);
    }
    mhsmi_free(list->items);
    mhsmi_free(list);
}

const mhsm_backup *mhsm_backup_list_at(const mhsm_backup_list *list,
                                       size_t index)
{
    return index < list->count ? &list->items[index] : NULL;
}

static int grow(mhsm_backup_list *list)
{
    size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
    mhsm_backup *items;

    if (list->items != NULL && list->count < list->capacity)
        return 1;
    if (list->count >= folders_max)
        return 0;
    items = mhsmi_alloc(capacity * sizeof(*items));
    if (items == NULL)
        return 0;
    if (list->items != NULL)
        memcpy(items, list->items, list->count * sizeof(*items));
    mhsmi_free(list->items);
    list->items = items;
    list->capacity = capacity;
    return 1;
}

/* The last item, when the name lies in its folder; else a new one; NULL: no
 * memory. */
static mhsm_backup *folder_of(mhsm_backup_list *list, const char *name,
                              size_t size)
{
    mhsm_backup *last = list->count != 0 ? &list->items[list->count - 1] : NULL;

    if (last != NULL && strlen(last->folder) == size &&
        memcmp(last->folder, name, size) == 0)
        return last;
    if (!grow(list))
        return NULL;
    last = &list->items[list->count];
    last->folder = mhsmi_strndup(name, size);
    if (last->folder == NULL)
        return NULL;
    list->count++;
    return last;
}

static int take_blob(void *context, const struct mhsmi_blob *blob)
{
    size_t size = strcspn(blob->name, "/");
    mhsm_backup *folder;

    /* What lies in no folder is no backup. */
    if (blob->name[size] == '\0' || size > folder_max)
        return 1;
    folder = folder_of(context, blob->name, size);
    if (folder == NULL)
        return 0;
    folder->blobs++;
    folder->size += blob->size;
    if (blob->modified > folder->modified)
        folder->modified = blob->modified;
    return 1;
}

/* Names end in their time, so they serve when that is the same. */
static int newer(const void *a, const void *b)
{
    const mhsm_backup *one = a, *other = b;

    if (one->modified != other->modified)
        return one->modified < other->modified ? 1 : -1;
    return strcmp(other->folder, one->folder);
}

static mhsm_status read_pages(mhsm_client *client, const mhsm_uri *uri,
                              const struct mhsmi_storage *storage,
                              mhsm_backup_list *list, mhsm_error **err)
{
    char marker[MHSMI_MARKER_MAX + 1] = "", next[MHSMI_MARKER_MAX + 1];
    struct mhsmi_buf page;
    mhsm_status st = MHSM_OK;
    int pages = 0;

    mhsmi_buf_init(&page, page_max);
    do {
        mhsmi_buf_clear(&page);
        st = mhsmi_storage_page(client, uri, storage, "mhsm-", marker, &page,
                                err);
        if (st == MHSM_OK)
            st = mhsmi_blob_page_read(page.data, page.size, take_blob, list,
                                      next, err);
        if (st == MHSM_OK && (++pages == pages_max ||
                              (next[0] != '\0' && strcmp(next, marker) == 0)))
            st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                             "the list of %s does not end", storage->container);
        memcpy(marker, next, sizeof(marker));
    } while (st == MHSM_OK && marker[0] != '\0');
    mhsmi_buf_clear(&page);
    return st;
}

mhsm_status mhsm_backup_list_get(mhsm_client *client, const mhsm_uri *uri,
                                 const mhsm_storage *storage,
                                 mhsm_backup_list **list, mhsm_error **err)
{
    struct mhsmi_storage checked;
    mhsm_backup_list *made;
    mhsm_status st;

    if (uri == NULL || list == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "a list needs an HSM");
    st = mhsmi_storage_open(client, storage, &checked, err);
    if (st != MHSM_OK)
        return st;
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL) {
        mhsmi_storage_close(&checked);
        return mhsmi_error_memory(err);
    }
    st = read_pages(client, uri, &checked, made, err);
    mhsmi_storage_close(&checked);
    if (st != MHSM_OK) {
        mhsm_backup_list_free(made);
        return st;
    }
    if (made->count > 1)
        qsort(made->items, made->count, sizeof(*made->items), newer);
    *list = made;
    return MHSM_OK;
}
