/* SPDX-License-Identifier: MIT
 *
 * Soft deletion: delete, show, recover, purge. A key is deleted whole; between
 * deletion and purge its name stays taken.
 */
#include "handlers.h"
#include "keybundle.h"

/* The deleted key of that name; otherwise the refusal is written. */
static int find_deleted(struct emu_request *rq, struct emu_reply *r,
                        struct emu_version *v)
{
    int found;

    if (!emu_key_name_ok(rq, r))
        return 0;
    emu_keystore_sweep(rq->hsm->store);
    found = emu_keystore_find(rq->hsm->store, rq->name, NULL, v);
    if (found == 1 && v->deleted != 0)
        return 1;
    if (found == 1)
        emu_version_free(v);
    if (found < 0)
        emu_reply_failed(r);
    else
        emu_reply_error(r, 404, "KeyNotFound", "Deleted Key not found: %s",
                        rq->name);
    return 0;
}

/* Runs sql for the key under the lock that found it; v is the answer's. */
static int change(struct emu_request *rq, struct emu_reply *r,
                  struct emu_version *v,
                  int (*find)(struct emu_request *, struct emu_reply *,
                              struct emu_version *),
                  const char *sql, int64_t date)
{
    int found = 0, ok = 0;

    if (!emu_store_begin(rq->hsm->store)) {
        emu_reply_failed(r);
        return 0;
    }
    found = find(rq, r, v);
    if (found)
        ok = emu_store_run(rq->hsm->store, sql, "tii", rq->name, date,
                           date + emu_hsm_recoverable_days(rq->hsm) * 86400) ==
             1;
    ok = emu_store_end(rq->hsm->store, ok);
    if (found && !ok)
        emu_reply_failed(r);
    return ok;
}

void emu_key_delete(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;
    int64_t now = emu_now();

    emu_version_init(&v);
    if (change(rq, r, &v, emu_key_find,
               "UPDATE keys SET deleted=?2,purge=?3 WHERE name=?1", now)) {
        v.deleted = now;
        v.purge = now + emu_hsm_recoverable_days(rq->hsm) * 86400;
        emu_keybundle_reply(rq, r, &v);
    }
    emu_version_free(&v);
}

void emu_deleted_show(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;

    if (!find_deleted(rq, r, &v))
        return;
    emu_keybundle_reply(rq, r, &v);
    emu_version_free(&v);
}

void emu_deleted_recover(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;

    emu_version_init(&v);
    if (change(rq, r, &v, find_deleted,
               "UPDATE keys SET deleted=0*?2,purge=0*?3 WHERE name=?1", 0)) {
        v.deleted = v.purge = 0;
        emu_keybundle_reply(rq, r, &v);
    }
    emu_version_free(&v);
}

void emu_deleted_purge(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;

    if (rq->hsm->purge_protected) {
        emu_reply_refuse(r, 403, "Forbidden", "ForbiddenByPolicy",
                         "Operation \"purge\" is not allowed because purge "
                         "protection is enabled for this HSM");
        return;
    }
    emu_version_init(&v);
    if (change(rq, r, &v, find_deleted,
               "DELETE FROM keys WHERE name=?1 AND ?2+?3>=0", 0))
        emu_reply_empty(r, 204);
    emu_version_free(&v);
}
