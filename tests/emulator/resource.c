/* SPDX-License-Identifier: MIT
 *
 * Rows of the table of HSMs. An operation is a row of its own: it can still be
 * asked for when the HSM is gone.
 */
#include "resource.h"

#include "identities.h"
#include "json.h"
#include "operation.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS                                                                \
    "name,grp,location,document,port,created,deleted,operation,work,until,"    \
    "failure"

static int text_into(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text != NULL && snprintf(out, size, "%s", text) < (int)size;
}

static int read_row(sqlite3_stmt *row, struct emu_resource *out)
{
    const char *document = (const char *)sqlite3_column_text(row, 3);

    memset(out, 0, sizeof(*out));
    if (document != NULL)
        out->document = emu_json_parse(document, strlen(document));
    out->port = sqlite3_column_int64(row, 4);
    out->created = sqlite3_column_int64(row, 5);
    out->deleted = sqlite3_column_int64(row, 6);
    out->work = (enum emu_work)sqlite3_column_int(row, 8);
    out->until = sqlite3_column_int64(row, 9);
    return out->document != NULL &&
           text_into(row, 0, out->name, sizeof(out->name)) &&
           text_into(row, 1, out->group, sizeof(out->group)) &&
           text_into(row, 2, out->location, sizeof(out->location)) &&
           text_into(row, 7, out->operation, sizeof(out->operation)) &&
           text_into(row, 10, out->failure, sizeof(out->failure));
}

int emu_resource_find(struct emu_store *s, const char *name,
                      struct emu_resource *out)
{
    sqlite3_stmt *row;
    int found = -1, step;

    memset(out, 0, sizeof(*out));
    emu_store_lock(s);
    row = emu_store_query(s, "SELECT " COLUMNS " FROM resources WHERE name=?1",
                          "t", name);
    step = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    if (step == SQLITE_DONE)
        found = 0;
    else if (step == SQLITE_ROW && read_row(row, out))
        found = 1;
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}

void emu_resource_free(struct emu_resource *resource)
{
    json_object_put(resource->document);
    memset(resource, 0, sizeof(*resource));
}

int emu_resource_save(struct emu_store *s, const struct emu_resource *resource)
{
    char *document = emu_json_text(resource->document);
    int ok = document != NULL &&
             emu_store_run(s,
                           "INSERT OR REPLACE INTO resources(" COLUMNS
                           ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
                           "ttttiiitiit", resource->name, resource->group,
                           resource->location, document, resource->port,
                           resource->created, resource->deleted,
                           resource->operation, (int64_t)resource->work,
                           resource->until, resource->failure) == 1;

    emu_text_free(document);
    return ok;
}

int emu_resource_remove(struct emu_store *s, const char *name)
{
    return emu_store_run(s, "DELETE FROM resources WHERE name=?1", "t", name) >=
           0;
}

int emu_resource_walk(struct emu_store *s,
                      int (*each)(void *context, struct emu_resource *resource),
                      void *context)
{
    struct emu_resource one;
    sqlite3_stmt *row;
    int ok, step = SQLITE_ERROR;

    emu_store_lock(s);
    row = emu_store_query(s, "SELECT " COLUMNS " FROM resources ORDER BY name",
                          "");
    ok = row != NULL;
    while (ok && (step = sqlite3_step(row)) == SQLITE_ROW) {
        ok = read_row(row, &one) && each(context, &one);
        emu_resource_free(&one);
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return ok && step == SQLITE_DONE;
}

int emu_resource_begin(struct emu_cloud *cloud, struct emu_resource *resource,
                       enum emu_work work)
{
    resource->work = work;
    resource->until = emu_now_ms() + cloud->work_ms;
    memcpy(resource->failure, cloud->work_failure, sizeof(resource->failure));
    cloud->work_failure[0] = '\0';
    return emu_guid_new(resource->operation) &&
           emu_operation_keep(cloud->store, resource);
}

int emu_resource_busy(const struct emu_resource *resource)
{
    return resource->work != EMU_WORK_NONE && emu_now_ms() < resource->until;
}

int emu_resource_visible(const struct emu_resource *resource)
{
    return resource->deleted == 0 ||
           (resource->work == EMU_WORK_DELETE && emu_resource_busy(resource));
}

static struct json_object *properties(const struct emu_resource *resource)
{
    return emu_json_member(resource->document, "properties");
}

int64_t emu_resource_purge_date(const struct emu_resource *resource)
{
    int64_t days = 90;

    (void)emu_json_int(properties(resource), "softDeleteRetentionInDays",
                       &days);
    return resource->deleted + days * 86400;
}

int emu_resource_flag(const struct emu_resource *resource, const char *name)
{
    int value = 0;

    return emu_json_bool(properties(resource), name, &value) == 1 && value;
}

/* The first of those that it was given. */
static void apply_identity(struct emu_hsm *hsm,
                           const struct emu_resource *resource)
{
    struct json_object *all =
        emu_json_member(emu_json_member(resource->document, "identity"),
                        "userAssignedIdentities");
    struct emu_principal p = {.oid = ""};

    if (json_object_is_type(all, json_type_object)) {
        json_object_object_foreach(all, id, value)
        {
            (void)value;
            if (p.oid[0] == '\0' && !emu_identity_of(hsm->cloud, id, &p))
                p.oid[0] = '\0';
        }
    }
    emu_network_set_identity(&hsm->network, p.oid);
}

void emu_resource_apply(struct emu_hsm *hsm,
                        const struct emu_resource *resource)
{
    int64_t days = 90, ready = 0;
    int failed = resource->failure[0] != '\0';

    (void)emu_json_int(properties(resource), "softDeleteRetentionInDays",
                       &days);
    hsm->recoverable_days = days;
    hsm->purge_protected = emu_resource_flag(resource, "enablePurgeProtection");
    /* What was never made, or is gone, is not there for anybody. */
    if (resource->deleted != 0 ||
        (failed && (resource->work == EMU_WORK_CREATE)))
        ready = INT64_MAX;
    else if (resource->work == EMU_WORK_CREATE ||
             resource->work == EMU_WORK_RECOVER)
        ready = resource->until;
    emu_network_set(&hsm->network, properties(resource), ready);
    apply_identity(hsm, resource);
}

static struct json_object *first_document(const struct emu_cloud *cloud)
{
    static const char text[] =
        "{\"sku\":{\"family\":\"B\",\"name\":\"Standard_B1\"},"
        "\"properties\":{\"enablePurgeProtection\":false,"
        "\"publicNetworkAccess\":\"Enabled\",\"networkAcls\":{"
        "\"bypass\":\"AzureServices\",\"defaultAction\":\"Allow\","
        "\"ipRules\":[],\"virtualNetworkRules\":[]},"
        "\"softDeleteRetentionInDays\":7}}";
    struct json_object *o = emu_json_parse(text, sizeof(text) - 1);
    struct json_object *kept = emu_json_member(o, "properties");
    struct json_object *admins = json_object_new_array();

    if (admins != NULL &&
        json_object_array_add(admins,
                              json_object_new_string(cloud->admin_oid)) == 0 &&
        emu_json_add(kept, "initialAdminObjectIds", json_object_get(admins)) &&
        emu_json_add_string(kept, "tenantId", cloud->tenant)) {
        json_object_put(admins);
        return o;
    }
    json_object_put(admins);
    json_object_put(o);
    return NULL;
}

/* The first HSM's row, with the port that it has this time. */
static int keep_first(struct emu_fleet *f)
{
    struct emu_cloud *cloud = emu_fleet_first(f)->cloud;
    struct emu_resource first;
    int found = emu_resource_find(cloud->store, EMU_FIRST_NAME, &first), ok = 1;

    if (found == 0) {
        snprintf(first.name, sizeof(first.name), "%s", EMU_FIRST_NAME);
        snprintf(first.group, sizeof(first.group), "%s", EMU_FIRST_GROUP);
        snprintf(first.location, sizeof(first.location), "%s", EMU_FIRST_PLACE);
        first.created = emu_now();
        first.document = first_document(cloud);
        ok = first.document != NULL &&
             emu_group_add(cloud->store, EMU_FIRST_GROUP, EMU_FIRST_PLACE);
    }
    first.port = cloud->authority_port;
    ok = found >= 0 && ok && emu_resource_save(cloud->store, &first);
    if (ok)
        emu_resource_apply(emu_fleet_first(f), &first);
    emu_resource_free(&first);
    return ok;
}

/* A row is not changed here: it is under a statement that reads it. */
static int start_one(void *context, struct emu_resource *resource)
{
    struct emu_hsm *hsm = emu_fleet_find(context, resource->name);
    int64_t port = resource->port;

    if (hsm == NULL)
        hsm = emu_fleet_start(context, resource->name, &port);
    if (hsm == NULL)
        return 0;
    emu_resource_apply(hsm, resource);
    return 1;
}

int emu_resource_start(struct emu_fleet *f)
{
    struct emu_cloud *cloud = emu_fleet_first(f)->cloud;

    if (cloud->options->vault != NULL)
        return 1;
    return keep_first(f) && emu_operation_settle(f) &&
           emu_resource_walk(cloud->store, start_one, f);
}
