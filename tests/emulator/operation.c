/* SPDX-License-Identifier: MIT
 *
 * Long operations. Nothing runs: an operation is known by the time of its end,
 * and whoever comes after that finds it done.
 */
#include "operation.h"

#include "resource_text.h"

#include <stdio.h>
#include <string.h>

#define KEPT_SECONDS  86400
#define RETRY_SECONDS 10

int emu_operation_keep(struct emu_store *s, const struct emu_resource *resource)
{
    int64_t now = emu_now();

    return emu_store_run(s, "DELETE FROM operations WHERE created<?1", "i",
                         now - KEPT_SECONDS) >= 0 &&
           emu_store_run(s,
                         "INSERT INTO operations(id,name,work,until,failure,"
                         "created) VALUES(?1,?2,?3,?4,?5,?6)",
                         "ttiiti", resource->operation, resource->name,
                         (int64_t)resource->work, resource->until,
                         resource->failure, now) == 1;
}

static void retry_after(struct emu_reply *r, int64_t until)
{
    int64_t seconds = (until - emu_now_ms() + 999) / 1000;
    char text[16];

    if (seconds > RETRY_SECONDS)
        seconds = RETRY_SECONDS;
    snprintf(text, sizeof(text), "%lld",
             (long long)(seconds < 1 ? 1 : seconds));
    emu_reply_header(r, "Retry-After", text);
}

static void where(struct emu_arm *call, struct emu_reply *r, const char *header,
                  const char *location, const char *kind, const char *id)
{
    const char *api = emu_uri_parameter(&call->rq->uri, "api-version");
    char url[640];

    snprintf(url, sizeof(url),
             "https://%s/subscriptions/%s/providers/Microsoft.KeyVault/"
             "locations/%s/%s/%s?api-version=%s",
             call->rq->host, call->cloud->tenant, location, kind, id, api);
    emu_reply_header(r, header, url);
}

void emu_operation_answer(struct emu_arm *call, struct emu_reply *r,
                          const struct emu_resource *resource)
{
    if (resource->work == EMU_WORK_UPDATE) {
        emu_reply_json(r, 202, emu_resource_json(call, resource));
        where(call, r, "Azure-AsyncOperation", resource->location,
              "operationStatuses", resource->operation);
    } else {
        emu_reply_empty(r, 202);
    }
    where(call, r, "Location", resource->location, "managedHsmOperationResults",
          resource->operation);
    retry_after(r, resource->until);
}

struct operation {
    char name[EMU_NAME_SIZE];
    enum emu_work work;
    int64_t until;
    char failure[EMU_FAILURE_SIZE];
};

/* 0, with the refusal written, when there is no such operation. */
static int find(struct emu_arm *call, struct emu_reply *r,
                struct operation *out)
{
    struct emu_store *s = call->cloud->store;
    sqlite3_stmt *row;
    int found = 0;

    memset(out, 0, sizeof(*out));
    emu_store_lock(s);
    row = emu_store_query(s,
                          "SELECT name,work,until,failure FROM operations "
                          "WHERE id=?1",
                          "t", call->child);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW) {
        snprintf(out->name, sizeof(out->name), "%s",
                 (const char *)sqlite3_column_text(row, 0));
        out->work = (enum emu_work)sqlite3_column_int(row, 1);
        out->until = sqlite3_column_int64(row, 2);
        snprintf(out->failure, sizeof(out->failure), "%s",
                 (const char *)sqlite3_column_text(row, 3));
        found = 1;
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    if (!found)
        emu_reply_error(r, 404, "OperationNotFound",
                        "The operation '%.80s' could not be found",
                        call->child);
    return found;
}

static void answer_resource(struct emu_arm *call, struct emu_reply *r,
                            const struct operation *op)
{
    struct emu_resource resource;

    if (emu_resource_find(call->cloud->store, op->name, &resource) == 1)
        emu_reply_json(r, 200, emu_resource_json(call, &resource));
    else
        emu_reply_empty(r, 204);
    emu_resource_free(&resource);
}

void emu_arm_result(struct emu_arm *call, struct emu_reply *r)
{
    struct operation op;

    if (!find(call, r, &op))
        return;
    if (emu_now_ms() < op.until) {
        emu_reply_empty(r, 202);
        where(call, r, "Location", call->location, "managedHsmOperationResults",
              call->child);
        retry_after(r, op.until);
    } else if (op.failure[0] != '\0') {
        emu_reply_error(r, 500, "OperationFailed", "%s", op.failure);
    } else if (op.work == EMU_WORK_DELETE || op.work == EMU_WORK_PURGE) {
        emu_reply_empty(r, 204);
    } else {
        answer_resource(call, r, &op);
    }
}

void emu_arm_status(struct emu_arm *call, struct emu_reply *r)
{
    struct json_object *o = json_object_new_object(), *error = NULL;
    const char *status = "InProgress";
    struct operation op;
    int busy, ok;

    if (!find(call, r, &op)) {
        json_object_put(o);
        return;
    }
    busy = emu_now_ms() < op.until;
    if (!busy)
        status = op.failure[0] != '\0' ? "Failed" : "Succeeded";
    ok = emu_json_add_string(o, "name", call->child) &&
         emu_json_add_string(o, "status", status);
    if (ok && !busy && op.failure[0] != '\0') {
        error = json_object_new_object();
        ok = emu_json_add_string(error, "code", "OperationFailed") &&
             emu_json_add_string(error, "message", op.failure);
        ok = emu_json_add(o, "error", error) && ok;
    }
    if (!ok) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
    if (busy)
        retry_after(r, op.until);
}

/* What has become of the other region when the work is over. */
static void settle_extension(struct emu_resource *resource)
{
    struct json_object *kept =
        emu_json_member(resource->document, "properties");
    struct json_object *one = emu_json_member(kept, "extension");
    const char *phase = emu_json_string(one, "phase");

    if (phase != NULL && strcmp(phase, "Deleting") == 0)
        json_object_object_del(kept, "extension");
    else if (phase != NULL)
        emu_json_add_string(one, "phase", "Succeeded");
}

static int gone(const struct emu_resource *resource)
{
    if (resource->work == EMU_WORK_PURGE && resource->failure[0] == '\0')
        return 1;
    return resource->deleted != 0 &&
           emu_now() >= emu_resource_purge_date(resource);
}

static int settle_one(struct emu_fleet *f, struct emu_store *s,
                      struct emu_resource *resource)
{
    struct emu_hsm *hsm = emu_fleet_find(f, resource->name);

    if (gone(resource)) {
        emu_fleet_stop(f, resource->name, 1);
        return emu_resource_remove(s, resource->name);
    }
    if (resource->work == EMU_WORK_NONE || resource->failure[0] != '\0') {
        if (resource->work != EMU_WORK_DELETE || resource->deleted == 0)
            return 1;
        resource->deleted = 0; /* the deletion has failed */
    }
    if (resource->work == EMU_WORK_UPDATE)
        settle_extension(resource);
    if (resource->failure[0] == '\0')
        resource->work = EMU_WORK_NONE;
    if (hsm != NULL)
        emu_resource_apply(hsm, resource);
    return emu_resource_save(s, resource);
}

/* Names first: rows must not change under a statement that reads them. */
struct names {
    char names[EMU_HSMS_MAX][EMU_NAME_SIZE];
    size_t count;
};

static int collect(void *context, struct emu_resource *resource)
{
    struct names *names = context;

    if (!emu_resource_busy(resource) && names->count < EMU_HSMS_MAX)
        memcpy(names->names[names->count++], resource->name, EMU_NAME_SIZE);
    return 1;
}

int emu_operation_settle(struct emu_fleet *f)
{
    struct emu_store *s = emu_fleet_first(f)->cloud->store;
    struct names names = {.count = 0};
    struct emu_resource resource;
    size_t i;
    int ok = emu_resource_walk(s, collect, &names);

    for (i = 0; ok && i < names.count; i++) {
        ok = emu_resource_find(s, names.names[i], &resource) == 1 &&
             settle_one(f, s, &resource);
        emu_resource_free(&resource);
    }
    return ok;
}
