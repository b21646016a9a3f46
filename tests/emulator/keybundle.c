/* SPDX-License-Identifier: MIT
 *
 * Key versions as JSON. Only the public members kept beside the material are
 * shown; this file never opens the material.
 */
#include "keybundle.h"

#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned op;
} ops[] = {
    {"wrapKey", EMU_OP_WRAP},    {"decrypt", EMU_OP_DECRYPT},
    {"encrypt", EMU_OP_ENCRYPT}, {"unwrapKey", EMU_OP_UNWRAP},
    {"sign", EMU_OP_SIGN},       {"verify", EMU_OP_VERIFY},
    {"import", EMU_OP_IMPORT},   {"export", EMU_OP_EXPORT},
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

unsigned emu_op_parse(const char *name)
{
    size_t i;

    for (i = 0; i < OPS; i++) {
        if (strcmp(ops[i].name, name) == 0)
            return ops[i].op;
    }
    return 0;
}

const char *emu_op_name(unsigned op)
{
    size_t i;

    for (i = 0; i < OPS; i++) {
        if (ops[i].op == op)
            return ops[i].name;
    }
    return "";
}

int emu_key_name_valid(const char *name)
{
    size_t len = strlen(name);

    return len != 0 && len < EMU_NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-") == len;
}

int emu_key_name_ok(const struct emu_request *rq, struct emu_reply *r)
{
    if (emu_key_name_valid(rq->name))
        return 1;
    emu_reply_bad(r, "The key name must be 1 to 127 letters, digits, hyphens");
    return 0;
}

int emu_key_find(struct emu_request *rq, struct emu_reply *r,
                 struct emu_version *v)
{
    int found;

    if (!emu_key_name_ok(rq, r))
        return 0;
    found = emu_keystore_find(rq->hsm->store, rq->name, rq->version, v);
    if (found == 1 && v->deleted == 0)
        return 1;
    if (found < 0) {
        emu_reply_failed(r);
        return 0;
    }
    if (found == 1)
        emu_version_free(v);
    emu_reply_error(r, 404, "KeyNotFound", "Key not found: %s", rq->name);
    return 0;
}

int emu_key_name_free(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;
    int found, deleted;

    emu_keystore_sweep(rq->hsm->store);
    found = emu_keystore_find(rq->hsm->store, rq->name, NULL, &v);
    if (found == 0)
        return 1;
    if (found < 0) {
        emu_reply_failed(r);
        return 0;
    }
    deleted = v.deleted != 0;
    emu_version_free(&v);
    if (deleted)
        emu_reply_refuse(r, 409, "Conflict", "ObjectIsDeletedButRecoverable",
                         "Key %s is deleted but recoverable; recover or purge "
                         "it first",
                         rq->name);
    return !deleted;
}

int emu_key_url(const struct emu_request *rq, const struct emu_version *v,
                int with_version, char *out, size_t size)
{
    int len = snprintf(out, size, "https://%s/keys/%s%s%s", rq->host, v->name,
                       with_version ? "/" : "", with_version ? v->version : "");

    return len > 0 && (size_t)len < size;
}

static const char *recovery_level(const struct emu_hsm *hsm)
{
    static const char *const levels[2][2] = {
        {"Recoverable+Purgeable", "Recoverable"},
        {"CustomizedRecoverable+Purgeable", "CustomizedRecoverable"}};

    return levels[emu_hsm_recoverable_days(hsm) < 90][hsm->purge_protected];
}

static struct json_object *attributes(const struct emu_request *rq,
                                      const struct emu_version *v)
{
    struct json_object *o = json_object_new_object();
    int64_t days = emu_hsm_recoverable_days(rq->hsm);
    int ok =
        emu_json_add_int(o, "created", v->created) &&
        emu_json_add_int(o, "updated", v->updated) &&
        emu_json_add(o, "enabled", json_object_new_boolean(v->enabled)) &&
        emu_json_add(o, "exportable", json_object_new_boolean(v->exportable)) &&
        emu_json_add_int(o, "recoverableDays", days) &&
        emu_json_add_string(o, "recoveryLevel", recovery_level(rq->hsm));

    if (ok && v->nbf >= 0)
        ok = emu_json_add_int(o, "nbf", v->nbf);
    if (ok && v->exp >= 0)
        ok = emu_json_add_int(o, "exp", v->exp);
    /* Before this version nobody could learn the size of a symmetric key. */
    if (ok && v->kty == EMU_OCT &&
        rq->api >= emu_version_rank("2026-01-01-preview"))
        ok = emu_json_add_int(o, "key_size", v->bits);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

static struct json_object *operations(const struct emu_version *v)
{
    struct json_object *list = json_object_new_array();
    size_t i;

    for (i = 0; list != NULL && i < OPS; i++) {
        if ((v->ops & ops[i].op) != 0)
            json_object_array_add(list, json_object_new_string(ops[i].name));
    }
    return list;
}

static struct json_object *key_member(const struct emu_request *rq,
                                      const struct emu_version *v)
{
    struct json_object *o =
        emu_json_parse(v->public_jwk, strlen(v->public_jwk));
    char url[512];

    if (o != NULL && emu_key_url(rq, v, 1, url, sizeof(url)) &&
        emu_json_add_string(o, "kid", url) &&
        emu_json_add_string(o, "kty", emu_kty_name(v->kty, v->software != 0)) &&
        emu_json_add(o, "key_ops", operations(v)))
        return o;
    json_object_put(o);
    return NULL;
}

static int add_text(struct json_object *o, const char *name, const char *text)
{
    return text == NULL ||
           emu_json_add(o, name, emu_json_parse(text, strlen(text)));
}

static int add_deletion(const struct emu_request *rq, struct json_object *o,
                        const struct emu_version *v)
{
    char url[512];

    if (v->deleted == 0)
        return 1;
    snprintf(url, sizeof(url), "https://%s/deletedkeys/%s", rq->host, v->name);
    return emu_json_add_string(o, "recoveryId", url) &&
           emu_json_add_int(o, "deletedDate", v->deleted) &&
           emu_json_add_int(o, "scheduledPurgeDate", v->purge);
}

struct json_object *emu_keybundle_json(const struct emu_request *rq,
                                       const struct emu_version *v)
{
    struct json_object *o = json_object_new_object();

    if (emu_json_add(o, "attributes", attributes(rq, v)) &&
        emu_json_add(o, "key", key_member(rq, v)) &&
        add_text(o, "tags", v->tags) &&
        add_text(o, "release_policy", v->release_policy) &&
        add_deletion(rq, o, v))
        return o;
    json_object_put(o);
    return NULL;
}

void emu_keybundle_reply(struct emu_request *rq, struct emu_reply *r,
                         const struct emu_version *v)
{
    emu_reply_json(r, 200, emu_keybundle_json(rq, v));
}

struct json_object *emu_keybundle_item(const struct emu_request *rq,
                                       const struct emu_version *v,
                                       int with_version)
{
    struct json_object *o = json_object_new_object();
    char url[512];

    if (emu_key_url(rq, v, with_version, url, sizeof(url)) &&
        emu_json_add(o, "attributes", attributes(rq, v)) &&
        emu_json_add_string(o, "kid", url) && add_text(o, "tags", v->tags) &&
        add_deletion(rq, o, v))
        return o;
    json_object_put(o);
    return NULL;
}
