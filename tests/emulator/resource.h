/* SPDX-License-Identifier: MIT
 *
 * An HSM as the management plane knows it: a row of the cloud's state. What
 * takes time has an end; until then it is under way, and nothing runs for it.
 */
#ifndef EMU_RESOURCE_H
#define EMU_RESOURCE_H

#include "fleet.h"

#include <json-c/json.h>

#define EMU_GROUP_SIZE    91
#define EMU_LOCATION_SIZE 41
#define EMU_FIRST_GROUP   "emulator"
#define EMU_FIRST_PLACE   "local"

enum emu_work {
    EMU_WORK_NONE,
    EMU_WORK_CREATE,
    EMU_WORK_UPDATE,
    EMU_WORK_DELETE,
    EMU_WORK_RECOVER,
    EMU_WORK_PURGE
};

struct emu_resource {
    char name[EMU_NAME_SIZE];
    char group[EMU_GROUP_SIZE];
    char location[EMU_LOCATION_SIZE];
    /* sku, tags, identity and properties, as its owner gave them; with
     * regions and privateEndpointConnections as the emulator keeps them. */
    struct json_object *document;
    int64_t port;
    int64_t created;
    int64_t deleted;                /* 0: it lives */
    char operation[EMU_GUID_SIZE];  /* the last one */
    enum emu_work work;             /* what it is or was about */
    int64_t until;                  /* milliseconds: when that has its end */
    char failure[EMU_FAILURE_SIZE]; /* how it ends; empty: well */
};

/* By name without regard to case, live or deleted: 1 found, 0 unknown, -1
 * failed. To be freed in any case. */
int emu_resource_find(struct emu_store *s, const char *name,
                      struct emu_resource *out);
void emu_resource_free(struct emu_resource *resource);
/* 1 when it is stored. */
int emu_resource_save(struct emu_store *s, const struct emu_resource *resource);
int emu_resource_remove(struct emu_store *s, const char *name);
/* Calls `each` for all of them by name until it says 0; 0 then, or when the
 * state cannot be read. */
int emu_resource_walk(struct emu_store *s,
                      int (*each)(void *context, struct emu_resource *resource),
                      void *context);

/* Begins work that ends when the cloud's time for it is over. */
int emu_resource_begin(struct emu_cloud *cloud, struct emu_resource *resource,
                       enum emu_work work);
/* Something is under way. */
int emu_resource_busy(const struct emu_resource *resource);
/* It can be seen where live ones are: a deleted one for as long as its deletion
 * is under way. */
int emu_resource_visible(const struct emu_resource *resource);
/* When the service itself purges it. */
int64_t emu_resource_purge_date(const struct emu_resource *resource);
/* A property that is a flag. */
int emu_resource_flag(const struct emu_resource *resource, const char *name);
/* The group of that name, as it was written; its location too when that is not
 * NULL. */
int emu_group_find(struct emu_store *s, const char *name,
                   char out[EMU_GROUP_SIZE], char *location);
int emu_group_add(struct emu_store *s, const char *name, const char *location);
/* Makes the fleet what the state says: the first HSM gets a row, the others
 * start. */
int emu_resource_start(struct emu_fleet *f);
/* Tells the running HSM what of it concerns its port. */
void emu_resource_apply(struct emu_hsm *hsm,
                        const struct emu_resource *resource);

#endif
