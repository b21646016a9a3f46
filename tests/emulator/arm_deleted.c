/* SPDX-License-Identifier: MIT
 *
 * HSMs that are deleted: they can be looked at, and purged.
 */
#include "operation.h"
#include "resource_text.h"

#include <string.h>
#include <strings.h>

static int is_deleted(const struct emu_resource *resource)
{
    return resource->deleted != 0 && !emu_resource_visible(resource);
}

static int find(struct emu_arm *call, struct emu_reply *r,
                struct emu_resource *out)
{
    int found = emu_resource_find(call->cloud->store, call->name, out);
    char location[EMU_LOCATION_SIZE];

    if (found == 1 && is_deleted(out) &&
        emu_location_read(call->location, location) &&
        strcmp(location, out->location) == 0)
        return 1;
    emu_resource_free(out);
    if (found < 0)
        emu_reply_failed(r);
    else
        emu_reply_error(r, 404, "ResourceNotFound",
                        "The deleted managed HSM '%.80s' was not found in "
                        "location '%.40s'.",
                        call->name, call->location);
    return 0;
}

void emu_arm_deleted_show(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;

    if (!find(call, r, &resource))
        return;
    emu_reply_json(r, 200, emu_resource_deleted_json(call, &resource));
    emu_resource_free(&resource);
}

struct listing {
    struct emu_arm *call;
    struct json_object *list;
};

static int show_one(void *context, struct emu_resource *resource)
{
    struct listing *l = context;

    return !is_deleted(resource) ||
           json_object_array_add(
               l->list, emu_resource_deleted_json(l->call, resource)) == 0;
}

void emu_arm_deleted_list(struct emu_arm *call, struct emu_reply *r)
{
    struct listing l = {call, json_object_new_array()};

    if (emu_resource_walk(call->cloud->store, show_one, &l)) {
        emu_arm_list(r, l.list);
    } else {
        json_object_put(l.list);
        emu_reply_failed(r);
    }
}

static void purge(struct emu_arm *call, struct emu_reply *r,
                  struct emu_resource *resource)
{
    if (emu_resource_flag(resource, "enablePurgeProtection")) {
        emu_reply_error(r, 405, "MethodNotAllowed",
                        "Operation 'DeletedManagedHsmPurge' is not allowed: "
                        "purge protection is enabled for '%s'.",
                        resource->name);
    } else if (strcasecmp(resource->name, EMU_FIRST_NAME) == 0) {
        emu_reply_error(r, 405, "MethodNotAllowed",
                        "The HSM that the emulator began with cannot be "
                        "purged: it is the token authority, too.");
    } else if (emu_resource_busy(resource)) {
        emu_reply_error(r, 409, "Conflict",
                        "The managed HSM '%s' has another operation in "
                        "progress.",
                        resource->name);
    } else if (emu_resource_begin(call->cloud, resource, EMU_WORK_PURGE) &&
               emu_resource_save(call->cloud->store, resource)) {
        emu_operation_answer(call, r, resource);
    } else {
        emu_reply_failed(r);
    }
}

void emu_arm_purge(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;

    if (!find(call, r, &resource))
        return;
    purge(call, r, &resource);
    emu_resource_free(&resource);
}
