/* SPDX-License-Identifier: MIT
 *
 * Changing the attributes of one version. Neither the material nor whether it
 * may be exported can be changed.
 */
#include "handlers.h"
#include "keybundle.h"

#include <stdlib.h>
#include <string.h>

static int exportable_same(struct emu_reply *r, const struct emu_version *v,
                           int before)
{
    if (v->exportable == before)
        return 1;
    emu_reply_bad(r, "Attribute exportable cannot be changed");
    return 0;
}

/* A policy may be replaced only when it was not declared immutable. */
static int policy_changeable(struct emu_reply *r, const struct emu_version *v,
                             struct json_object *body)
{
    struct json_object *kept = NULL;
    int immutable = 0;

    if (emu_json_member(body, "release_policy") == NULL)
        return 1;
    if (v->release_policy != NULL)
        kept = emu_json_parse(v->release_policy, strlen(v->release_policy));
    emu_json_bool(kept, "immutable", &immutable);
    json_object_put(kept);
    if (immutable || !v->exportable) {
        emu_reply_bad(r, "The release policy cannot be changed");
        return 0;
    }
    return 1;
}

void emu_key_update(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    struct emu_version v;
    int ok = 0, exportable;

    emu_version_init(&v);
    if (body == NULL) {
        emu_reply_bad(r, "The request body is no JSON object");
        return;
    }
    if (!emu_store_begin(rq->hsm->store)) {
        emu_reply_failed(r);
        goto out;
    }
    if (emu_key_find(rq, r, &v)) {
        exportable = v.exportable;
        ok = policy_changeable(r, &v, body) &&
             emu_attributes_take(r, body, emu_json_member(body, "key_ops"),
                                 &v) &&
             exportable_same(r, &v, exportable);
        v.updated = emu_now();
        if (ok && !emu_keystore_update(rq->hsm->store, &v)) {
            emu_reply_failed(r);
            ok = 0;
        }
    }
    if (!emu_store_end(rq->hsm->store, ok)) {
        if (ok)
            emu_reply_failed(r);
        goto out;
    }
    emu_keybundle_reply(rq, r, &v);
out:
    json_object_put(body);
    emu_version_free(&v);
}
