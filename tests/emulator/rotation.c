/* SPDX-License-Identifier: MIT
 *
 * Rotation as the service does it by itself. Nobody waits for it here: what is
 * due is rotated before the next request is answered, so a client sees what it
 * would have seen at any service that was in time.
 */
#include "rotation.h"

#include "duration.h"
#include "json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INTERVAL 60

struct json_object *emu_rotation_policy(struct emu_store *s, const char *name)
{
    struct json_object *o = NULL;
    sqlite3_stmt *row;
    char *text = NULL;

    emu_store_lock(s);
    row =
        emu_store_query(s, "SELECT policy FROM keys WHERE name=?1", "t", name);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        text = emu_store_text(row, 0);
    sqlite3_finalize(row);
    emu_store_unlock(s);
    if (text != NULL)
        o = emu_json_parse(text, strlen(text));
    free(text);
    return o;
}

int emu_rotation_renew(struct emu_version *v, struct json_object *policy)
{
    const char *expiry =
        emu_json_string(emu_json_member(policy, "attributes"), "expiryTime");

    v->version[0] = '\0';
    free(v->public_jwk);
    v->public_jwk = NULL;
    v->enabled = 1;
    v->nbf = -1;
    v->created = v->updated = emu_now();
    v->exp = expiry == NULL ? -1 : v->created + emu_duration_parse(expiry);
    return emu_material_generate(v->kty, v->bits, v->crv, &v->material);
}

static int action_due(struct json_object *one, const struct emu_version *v)
{
    struct json_object *trigger = emu_json_member(one, "trigger");
    const char *type = emu_json_string(emu_json_member(one, "action"), "type");
    const char *after = emu_json_string(trigger, "timeAfterCreate");
    const char *before = emu_json_string(trigger, "timeBeforeExpiry");
    int64_t now = emu_now();

    if (type == NULL || strcasecmp(type, "Rotate") != 0)
        return 0;
    if (after != NULL)
        return now >= v->created + emu_duration_parse(after);
    return before != NULL && v->exp >= 0 &&
           now >= v->exp - emu_duration_parse(before);
}

static int due(struct json_object *policy, const struct emu_version *v)
{
    struct json_object *list = emu_json_member(policy, "lifetimeActions");
    size_t i, count = json_object_is_type(list, json_type_array)
                          ? json_object_array_length(list)
                          : 0;

    for (i = 0; i < count; i++) {
        if (action_due(json_object_array_get_idx(list, i), v))
            return 1;
    }
    return 0;
}

/* One key, if it is due still. A failure leaves it as it was, to be tried at
 * the next look. */
static void rotate(struct emu_store *s, const char *name)
{
    struct json_object *policy = NULL;
    struct emu_version v;
    int ok = 0;

    if (!emu_store_begin(s))
        return;
    if (emu_keystore_find(s, name, NULL, &v) == 1) {
        policy = emu_rotation_policy(s, name);
        ok = v.deleted == 0 && due(policy, &v) &&
             emu_keystore_count(s, name) < EMU_VERSIONS_MAX &&
             emu_rotation_renew(&v, policy) && emu_keystore_add(s, &v);
        json_object_put(policy);
        emu_version_free(&v);
    }
    emu_store_end(s, ok);
}

/* The names of the keys that have a policy, one after the other. */
static char *next_name(struct emu_store *s, const char *behind)
{
    sqlite3_stmt *row;
    char *name = NULL;

    emu_store_lock(s);
    row = emu_store_query(s,
                          "SELECT name FROM keys WHERE policy IS NOT NULL AND"
                          " deleted=0 AND name>?1 ORDER BY name LIMIT 1",
                          "t", behind);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        name = emu_store_text(row, 0);
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return name;
}

/* Whether it is this caller's turn to look. */
static int turn(struct emu_hsm *hsm)
{
    int64_t now = emu_now();
    int mine;

    emu_store_lock(hsm->store);
    mine = now >= hsm->rotation_next;
    if (mine)
        hsm->rotation_next = now + INTERVAL;
    emu_store_unlock(hsm->store);
    return mine;
}

void emu_rotation_run(struct emu_hsm *hsm)
{
    char *name = NULL, *next;

    if (!turn(hsm))
        return;
    next = next_name(hsm->store, "");
    while (next != NULL) {
        free(name);
        name = next;
        rotate(hsm->store, name);
        next = next_name(hsm->store, name);
    }
    free(name);
}
