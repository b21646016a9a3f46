/* SPDX-License-Identifier: MIT
 *
 * Rotation on request, and its policy. A new version has the type, size and
 * operations of the one before it.
 */
#include "duration.h"
#include "handlers.h"
#include "keybundle.h"
#include "rotation.h"
#include "vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY INT64_C(86400)

/* Takes o, which may be NULL: a key without a policy has an empty one. */
static void answer(struct emu_request *rq, struct emu_reply *r,
                   struct json_object *o)
{
    char url[512];

    /* A vault's keys have a policy to begin with. */
    if (o == NULL)
        o = json_tokener_parse(
            emu_is_vault(rq)
                ? "{\"attributes\":{},\"lifetimeActions\":[{\"action\":"
                  "{\"type\":\"Notify\"},\"trigger\":"
                  "{\"timeBeforeExpiry\":\"P30D\"}}]}"
                : "{\"attributes\":{},\"lifetimeActions\":[]}");
    snprintf(url, sizeof(url), "https://%s/keys/%s/rotationpolicy", rq->host,
             rq->name);
    if (!emu_json_add_string(o, "id", url)) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

void emu_policy_show(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;

    if (!emu_key_find(rq, r, &v))
        return;
    emu_version_free(&v);
    answer(rq, r, emu_rotation_policy(rq->hsm->store, rq->name));
}

static const char *check_action(struct json_object *one, int vault)
{
    struct json_object *trigger = emu_json_member(one, "trigger");
    const char *type = emu_json_string(emu_json_member(one, "action"), "type");
    const char *after = emu_json_string(trigger, "timeAfterCreate");
    const char *before = emu_json_string(trigger, "timeBeforeExpiry");
    int64_t seconds;

    if (type == NULL)
        return "lifetimeActions: action.type is missing";
    if (strcasecmp(type, "Rotate") != 0 &&
        !(vault && strcasecmp(type, "Notify") == 0))
        return vault ? "lifetimeActions: action.type is not supported"
                     : "lifetimeActions: only Rotate is supported";
    if ((after == NULL) == (before == NULL))
        return "lifetimeActions: one of timeAfterCreate, timeBeforeExpiry";
    seconds = emu_duration_parse(after == NULL ? before : after);
    if (seconds < 0)
        return "lifetimeActions: the time is no ISO 8601 duration";
    if (seconds < (vault ? 7 : 28) * DAY)
        return vault ? "lifetimeActions: the interval must be at least 7 days"
                     : "lifetimeActions: the interval must be at least 28 days";
    return NULL;
}

static const char *check_policy(struct json_object *o, int vault)
{
    struct json_object *list = emu_json_member(o, "lifetimeActions");
    struct json_object *attributes = emu_json_member(o, "attributes");
    const char *expiry = emu_json_string(attributes, "expiryTime");
    const char *wrong = NULL;
    size_t i, count = 0;

    if (list != NULL && !json_object_is_type(list, json_type_array))
        return "lifetimeActions must be a list";
    if (attributes != NULL &&
        !json_object_is_type(attributes, json_type_object))
        return "attributes must be an object";
    if (list != NULL)
        count = json_object_array_length(list);
    for (i = 0; wrong == NULL && i < count; i++)
        wrong = check_action(json_object_array_get_idx(list, i), vault);
    if (wrong == NULL && emu_json_member(attributes, "expiryTime") != NULL &&
        (expiry == NULL || emu_duration_parse(expiry) < 28 * DAY))
        wrong = "expiryTime must be a duration of at least 28 days";
    return wrong;
}

/* What is kept of a policy that check_policy found good. */
static struct json_object *normal_policy(struct json_object *body,
                                         int64_t created)
{
    struct json_object *o = json_object_new_object();
    struct json_object *attributes = json_object_new_object();
    struct json_object *list = emu_json_member(body, "lifetimeActions");
    const char *expiry =
        emu_json_string(emu_json_member(body, "attributes"), "expiryTime");
    int ok = emu_json_add_int(attributes, "created", created) &&
             emu_json_add_int(attributes, "updated", emu_now());

    if (ok && expiry != NULL)
        ok = emu_json_add_string(attributes, "expiryTime", expiry);
    ok = emu_json_add(o, "attributes", attributes) && ok;
    ok = emu_json_add(o, "lifetimeActions",
                      list == NULL ? json_object_new_array()
                                   : json_object_get(list)) &&
         ok;
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

/* No action and no expiry: that is how a policy is removed. */
static int is_removal(struct json_object *body)
{
    struct json_object *list = emu_json_member(body, "lifetimeActions");
    struct json_object *attributes = emu_json_member(body, "attributes");

    return (list == NULL || json_object_array_length(list) == 0) &&
           emu_json_member(attributes, "expiryTime") == NULL;
}

static void store_policy(struct emu_request *rq, struct emu_reply *r,
                         struct json_object *body)
{
    struct json_object *before = emu_rotation_policy(rq->hsm->store, rq->name),
                       *o = NULL;
    int64_t created = emu_now();
    char *text = NULL;
    int ok;

    emu_json_int(emu_json_member(before, "attributes"), "created", &created);
    json_object_put(before);
    if (!is_removal(body)) {
        o = normal_policy(body, created);
        text = o == NULL ? NULL : emu_json_text(o);
    }
    ok = (text != NULL || is_removal(body)) &&
         emu_store_run(rq->hsm->store,
                       "UPDATE keys SET policy=?2 WHERE name=?1 AND deleted=0",
                       "tt", rq->name, text) == 1;
    free(text);
    if (ok) {
        answer(rq, r, o);
    } else {
        json_object_put(o);
        emu_reply_failed(r);
    }
}

void emu_policy_update(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    const char *wrong = body == NULL ? "The request body is no JSON object"
                                     : check_policy(body, emu_is_vault(rq));
    struct emu_version v;

    if (wrong != NULL) {
        emu_reply_bad(r, "%s", wrong);
    } else if (emu_key_find(rq, r, &v)) {
        emu_version_free(&v);
        store_policy(rq, r, body);
    }
    json_object_put(body);
}

void emu_key_rotate(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *policy = NULL;
    struct emu_version v;

    emu_version_init(&v);
    if (!emu_key_find(rq, r, &v))
        return;
    policy = emu_rotation_policy(rq->hsm->store, rq->name);
    if (policy == NULL && !emu_is_vault(rq))
        emu_reply_bad(r, "The key has no rotation policy");
    else if (!emu_rotation_renew(&v, policy))
        emu_reply_failed(r);
    else if (emu_key_store_new(rq, r, &v))
        emu_keybundle_reply(rq, r, &v);
    json_object_put(policy);
    emu_version_free(&v);
}
