/* SPDX-License-Identifier: MIT
 *
 * Resource groups: as much of them as it takes to put an HSM into one.
 */
#include "operation.h"
#include "resource_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int emu_group_find(struct emu_store *s, const char *name,
                   char out[EMU_GROUP_SIZE], char *location)
{
    sqlite3_stmt *row;
    int found;

    emu_store_lock(s);
    row = emu_store_query(
        s, "SELECT name,location FROM resource_groups WHERE name=?1", "t",
        name);
    found = row != NULL && sqlite3_step(row) == SQLITE_ROW;
    if (found) {
        snprintf(out, EMU_GROUP_SIZE, "%s",
                 (const char *)sqlite3_column_text(row, 0));
        if (location != NULL)
            snprintf(location, EMU_LOCATION_SIZE, "%s",
                     (const char *)sqlite3_column_text(row, 1));
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}

int emu_group_add(struct emu_store *s, const char *name, const char *location)
{
    return emu_store_run(s,
                         "INSERT OR IGNORE INTO resource_groups VALUES(?1,?2)",
                         "tt", name, location) >= 0;
}

static struct json_object *show(const struct emu_cloud *cloud, const char *name,
                                const char *location)
{
    struct json_object *o = json_object_new_object();
    struct json_object *properties = json_object_new_object();
    char id[160];

    snprintf(id, sizeof(id), "/subscriptions/%s/resourceGroups/%s",
             cloud->tenant, name);
    if (emu_json_add_string(o, "id", id) &&
        emu_json_add_string(o, "name", name) &&
        emu_json_add_string(o, "type", "Microsoft.Resources/resourceGroups") &&
        emu_json_add_string(o, "location", location) &&
        emu_json_add_string(properties, "provisioningState", "Succeeded") &&
        emu_json_add(o, "properties", json_object_get(properties))) {
        json_object_put(properties);
        return o;
    }
    json_object_put(properties);
    json_object_put(o);
    return NULL;
}

/* 0, with the refusal written, when there is none of that name. */
static int find(struct emu_arm *call, struct emu_reply *r, char *name,
                char *location)
{
    if (emu_group_find(call->cloud->store, call->group, name, location))
        return 1;
    emu_reply_error(r, 404, "ResourceGroupNotFound",
                    "Resource group '%.90s' could not be found.", call->group);
    return 0;
}

void emu_arm_group_show(struct emu_arm *call, struct emu_reply *r)
{
    char name[EMU_GROUP_SIZE], location[EMU_LOCATION_SIZE];

    if (!find(call, r, name, location))
        return;
    if (strcmp(call->rq->method, "HEAD") == 0)
        emu_reply_empty(r, 204);
    else
        emu_reply_json(r, 200, show(call->cloud, name, location));
}

void emu_arm_group_list(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_store *s = call->cloud->store;
    struct json_object *list = json_object_new_array();
    sqlite3_stmt *row;

    emu_store_lock(s);
    row = emu_store_query(
        s, "SELECT name,location FROM resource_groups ORDER BY name", "");
    while (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        json_object_array_add(
            list, show(call->cloud, (const char *)sqlite3_column_text(row, 0),
                       (const char *)sqlite3_column_text(row, 1)));
    sqlite3_finalize(row);
    emu_store_unlock(s);
    emu_arm_list(r, list);
}

static int name_valid(const char *name)
{
    size_t len = strlen(name), i;

    for (i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) &&
            strchr("-_.()", name[i]) == NULL)
            return 0;
    }
    return len > 0 && len < EMU_GROUP_SIZE && name[len - 1] != '.';
}

void emu_arm_group_put(struct emu_arm *call, struct emu_reply *r)
{
    char name[EMU_GROUP_SIZE], location[EMU_LOCATION_SIZE];
    int known = emu_group_find(call->cloud->store, call->group, name, location);

    if (!known && !name_valid(call->group)) {
        emu_reply_error(r, 400, "InvalidResourceGroupName",
                        "The name of the resource group is malformed.");
        return;
    }
    if (!known &&
        !emu_location_read(emu_json_string(call->body, "location"), location)) {
        emu_reply_error(r, 400, "LocationRequired",
                        "The location property is required.");
        return;
    }
    if (!known)
        snprintf(name, sizeof(name), "%s", call->group);
    if (known || emu_group_add(call->cloud->store, name, location))
        emu_reply_json(r, known ? 200 : 201, show(call->cloud, name, location));
    else
        emu_reply_failed(r);
}

static int is_in(void *context, struct emu_resource *resource)
{
    return strcasecmp(resource->group, context) != 0;
}

void emu_arm_group_delete(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_store *s = call->cloud->store;
    char name[EMU_GROUP_SIZE], location[EMU_LOCATION_SIZE];

    if (!find(call, r, name, location))
        return;
    if (!emu_resource_walk(s, is_in, name))
        emu_reply_error(r, 409, "Conflict",
                        "The resource group '%s' has managed HSMs in it, live "
                        "or deleted.",
                        name);
    else if (emu_store_run(s, "DELETE FROM resource_groups WHERE name=?1", "t",
                           name) == 1)
        emu_reply_empty(r, 200);
    else
        emu_reply_failed(r);
}
