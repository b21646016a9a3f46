/* SPDX-License-Identifier: MIT
 *
 * Making, changing and removing HSMs. One that is made listens at once, on a
 * port of its own, but lets nobody in before its time.
 */
#include "operation.h"
#include "rbac.h"
#include "resource_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* As many as a subscription may have in a region. */
#define QUOTA 5

static int name_valid(const char *name)
{
    size_t len = strlen(name), i;

    for (i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '-')
            return 0;
    }
    return len >= 3 && len <= 24 && isalpha((unsigned char)name[0]) &&
           name[len - 1] != '-' && strstr(name, "--") == NULL;
}

#define NAME_RULE                                                              \
    "A name has 3 to 24 letters, digits and hyphens, begins with a letter, "   \
    "ends with a letter or digit, and has no two hyphens in a row."

static void not_found(struct emu_arm *call, struct emu_reply *r)
{
    emu_reply_error(r, 404, "ResourceNotFound",
                    "The Resource 'Microsoft.KeyVault/managedHSMs/%.80s' under "
                    "resource group '%.90s' was not found.",
                    call->name, call->group);
}

int emu_resource_live(struct emu_arm *call, struct emu_reply *r,
                      struct emu_resource *out)
{
    int found = emu_resource_find(call->cloud->store, call->name, out);

    if (found == 1 && emu_resource_visible(out) &&
        strcasecmp(out->group, call->group) == 0)
        return 1;
    emu_resource_free(out);
    if (found < 0)
        emu_reply_failed(r);
    else
        not_found(call, r);
    return 0;
}

static int idle(struct emu_reply *r, const struct emu_resource *resource)
{
    if (!emu_resource_busy(resource))
        return 1;
    emu_reply_error(r, 409, "Conflict",
                    "The managed HSM '%s' has another operation in progress.",
                    resource->name);
    return 0;
}

/* Begins the work, keeps what has changed, and answers. */
static void accept_work(struct emu_arm *call, struct emu_reply *r,
                        struct emu_resource *resource, enum emu_work work)
{
    struct emu_hsm *hsm = emu_fleet_find(call->fleet, resource->name);

    if (!emu_resource_begin(call->cloud, resource, work) ||
        !emu_resource_save(call->cloud->store, resource)) {
        emu_reply_failed(r);
        return;
    }
    if (hsm != NULL)
        emu_resource_apply(hsm, resource);
    emu_operation_answer(call, r, resource);
}

static int group_known(struct emu_arm *call, struct emu_reply *r)
{
    char name[EMU_GROUP_SIZE];

    if (emu_group_find(call->cloud->store, call->group, name, NULL))
        return 1;
    emu_reply_error(r, 404, "ResourceGroupNotFound",
                    "Resource group '%.90s' could not be found.", call->group);
    return 0;
}

struct tally {
    const char *location;
    size_t count;
};

static int tally(void *context, struct emu_resource *resource)
{
    struct tally *t = context;

    t->count += strcmp(resource->location, t->location) == 0;
    return 1;
}

static int in_quota(struct emu_arm *call, struct emu_reply *r,
                    const char *location)
{
    struct tally t = {location, 0};

    if (!emu_resource_walk(call->cloud->store, tally, &t)) {
        emu_reply_failed(r);
        return 0;
    }
    if (t.count < QUOTA)
        return 1;
    emu_reply_error(r, 409, "QuotaExceeded",
                    "The subscription has %d HSM's already deployed in '%s', "
                    "deleted ones included.",
                    QUOTA, location);
    return 0;
}

/* The first administrators, in the HSM's own RBAC. */
static int admit_admins(struct emu_hsm *hsm,
                        const struct emu_resource *resource)
{
    const struct emu_role *role = emu_role_by_name("Managed HSM Administrator");
    struct json_object *list =
        emu_json_member(emu_json_member(resource->document, "properties"),
                        "initialAdminObjectIds");
    char oid[EMU_GUID_SIZE];
    size_t i;
    int ok = 1;

    for (i = 0; ok && i < json_object_array_length(list); i++) {
        const char *text =
            json_object_get_string(json_object_array_get_idx(list, i));

        ok = emu_guid_lower(text, oid) &&
             emu_rbac_assign(hsm->store, oid, role->guid, "/");
    }
    return ok;
}

static void create(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource made;
    struct emu_hsm *hsm;

    memset(&made, 0, sizeof(made));
    if (!name_valid(call->name)) {
        emu_reply_error(r, 400, "AccountNameInvalid", "%s", NAME_RULE);
        return;
    }
    snprintf(made.name, sizeof(made.name), "%s", call->name);
    made.created = emu_now();
    if (group_known(call, r) &&
        emu_group_find(call->cloud->store, call->group, made.group, NULL) &&
        emu_resource_read(call, r, &made, 1, 0) &&
        in_quota(call, r, made.location)) {
        hsm = emu_fleet_start(call->fleet, made.name, &made.port);
        if (hsm != NULL && admit_admins(hsm, &made)) {
            accept_work(call, r, &made, EMU_WORK_CREATE);
        } else {
            emu_fleet_stop(call->fleet, made.name, 1);
            emu_reply_failed(r);
        }
    }
    emu_resource_free(&made);
}

static int wants_recovery(struct json_object *body)
{
    const char *mode =
        emu_json_string(emu_json_member(body, "properties"), "createMode");

    return mode != NULL && strcasecmp(mode, "recover") == 0;
}

static int same_place(struct emu_arm *call, const struct emu_resource *resource)
{
    const char *text = emu_json_string(call->body, "location");
    char location[EMU_LOCATION_SIZE];

    return strcasecmp(resource->group, call->group) == 0 &&
           (text == NULL || (emu_location_read(text, location) &&
                             strcmp(location, resource->location) == 0));
}

static void recover(struct emu_arm *call, struct emu_reply *r,
                    struct emu_resource *resource)
{
    if (!wants_recovery(call->body)) {
        emu_reply_error(r, 409, "ConflictError",
                        "A managed HSM with the name '%s' exists in deleted "
                        "state. It has to be recovered or purged first.",
                        resource->name);
        return;
    }
    if (!same_place(call, resource)) {
        emu_reply_error(r, 409, "ConflictError",
                        "The deleted managed HSM '%s' is to be recovered to "
                        "resource group '%s' in location '%s'.",
                        resource->name, resource->group, resource->location);
        return;
    }
    if (!idle(r, resource))
        return;
    resource->deleted = 0;
    accept_work(call, r, resource, EMU_WORK_RECOVER);
}

static void change(struct emu_arm *call, struct emu_reply *r,
                   struct emu_resource *resource, int is_patch)
{
    if (idle(r, resource) && emu_resource_read(call, r, resource, 0, is_patch))
        accept_work(call, r, resource, EMU_WORK_UPDATE);
}

void emu_arm_hsm_put(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;
    int found = emu_resource_find(call->cloud->store, call->name, &resource);

    if (found < 0)
        emu_reply_failed(r);
    else if (found == 0 && wants_recovery(call->body))
        not_found(call, r);
    else if (found == 0)
        create(call, r);
    else if (resource.deleted != 0)
        recover(call, r, &resource);
    else if (strcasecmp(resource.group, call->group) != 0)
        emu_reply_error(r, 409, "AlreadyExists",
                        "The name '%s' is already in use.", resource.name);
    else
        change(call, r, &resource, 0);
    emu_resource_free(&resource);
}

void emu_arm_hsm_patch(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;

    if (!emu_resource_live(call, r, &resource))
        return;
    change(call, r, &resource, 1);
    emu_resource_free(&resource);
}

void emu_arm_hsm_show(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;

    if (!emu_resource_live(call, r, &resource))
        return;
    emu_reply_json(r, 200, emu_resource_json(call, &resource));
    emu_resource_free(&resource);
}

void emu_arm_regions(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;

    if (!emu_resource_live(call, r, &resource))
        return;
    emu_arm_list(r, emu_resource_regions(&resource));
    emu_resource_free(&resource);
}

void emu_arm_hsm_delete(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;
    struct json_object *regions;
    int found = emu_resource_find(call->cloud->store, call->name, &resource);

    if (found < 0) {
        emu_reply_failed(r);
    } else if (found == 0 || resource.deleted != 0 ||
               strcasecmp(resource.group, call->group) != 0) {
        emu_reply_empty(r, 204);
    } else if (idle(r, &resource)) {
        regions = emu_resource_regions(&resource);
        if (json_object_array_length(regions) != 0) {
            emu_reply_error(r, 409, "Conflict",
                            "The extended region of '%s' has to be removed "
                            "first.",
                            resource.name);
        } else {
            resource.deleted = emu_now();
            accept_work(call, r, &resource, EMU_WORK_DELETE);
        }
        json_object_put(regions);
    }
    emu_resource_free(&resource);
}

struct listing {
    struct emu_arm *call;
    struct json_object *list;
};

static int show_one(void *context, struct emu_resource *resource)
{
    struct listing *l = context;

    if (!emu_resource_visible(resource) ||
        (l->call->group != NULL &&
         strcasecmp(resource->group, l->call->group) != 0))
        return 1;
    return json_object_array_add(l->list,
                                 emu_resource_json(l->call, resource)) == 0;
}

/* Page by page when a page has a size: the link says behind which name. */
static void answer_pages(struct emu_arm *call, struct emu_reply *r,
                         struct json_object *all)
{
    const char *top = emu_uri_parameter(&call->rq->uri, "$top");
    const char *skip = emu_uri_parameter(&call->rq->uri, "$skiptoken");
    struct json_object *o = json_object_new_object();
    struct json_object *page = json_object_new_array();
    size_t i = 0, count = json_object_array_length(all), left = count;
    char link[640];
    int ok = 1;

    if (top != NULL && top[0] >= '1' && top[0] <= '9' && strlen(top) < 4)
        left = (size_t)strtoul(top, NULL, 10);
    for (; i < count && left > 0; i++) {
        struct json_object *one = json_object_array_get_idx(all, i);

        if (skip != NULL && strcasecmp(emu_json_string(one, "name"), skip) <= 0)
            continue;
        json_object_array_add(page, json_object_get(one));
        left--;
        if (left == 0 && i + 1 < count) {
            snprintf(link, sizeof(link),
                     "https://%s/subscriptions/%s/%s%s%sproviders/"
                     "Microsoft.KeyVault/managedHSMs?api-version=%s&$top=%s"
                     "&$skiptoken=%s",
                     call->rq->host, call->cloud->tenant,
                     call->group == NULL ? "" : "resourceGroups/",
                     call->group == NULL ? "" : call->group,
                     call->group == NULL ? "" : "/",
                     emu_uri_parameter(&call->rq->uri, "api-version"), top,
                     emu_json_string(one, "name"));
            ok = emu_json_add_string(o, "nextLink", link);
        }
    }
    if (!emu_json_add(o, "value", page) || !ok) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

void emu_arm_hsm_list(struct emu_arm *call, struct emu_reply *r)
{
    struct listing l = {call, json_object_new_array()};

    if (call->group != NULL && !group_known(call, r)) {
        json_object_put(l.list);
        return;
    }
    if (emu_resource_walk(call->cloud->store, show_one, &l))
        answer_pages(call, r, l.list);
    else
        emu_reply_failed(r);
    json_object_put(l.list);
}

void emu_arm_name(struct emu_arm *call, struct emu_reply *r)
{
    const char *name = emu_json_string(call->body, "name");
    struct json_object *o = json_object_new_object();
    struct emu_resource resource;
    int valid = name != NULL && name_valid(name), taken = 0, ok;

    if (valid) {
        taken = emu_resource_find(call->cloud->store, name, &resource);
        emu_resource_free(&resource);
    }
    ok = taken >= 0 && emu_json_add(o, "nameAvailable",
                                    json_object_new_boolean(valid && !taken));
    if (ok && !valid)
        ok = emu_json_add_string(o, "reason", "AccountNameInvalid") &&
             emu_json_add_string(o, "message", NAME_RULE);
    else if (ok && taken)
        ok = emu_json_add_string(o, "reason", "AlreadyExists") &&
             emu_json_add_string(o, "message", "The name is already in use.");
    if (!ok) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}
