/* SPDX-License-Identifier: MIT
 *
 * The members that create, import and update have in common. They are taken
 * into a version in memory; nothing is stored when one of them is refused.
 */
#include "keybundle.h"

#include <stdlib.h>
#include <string.h>

#define TAGS_MAX     15
#define TAG_MAX      256
#define POLICY_MAX   65536
#define TIME_MAX     253402300799 /* the year 9999 */
#define EXPORT_NEEDS "Exportable keys must have release policy"
#define EXPORT_LACKS "Non-exportable keys must not have release policy"

unsigned emu_ops_default(enum emu_kty kty)
{
    static const unsigned table[EMU_KTY_COUNT] = {
        [EMU_RSA] = EMU_OP_ENCRYPT | EMU_OP_DECRYPT | EMU_OP_SIGN |
                    EMU_OP_VERIFY | EMU_OP_WRAP | EMU_OP_UNWRAP,
        [EMU_EC] = EMU_OP_SIGN | EMU_OP_VERIFY,
        [EMU_OCT] =
            EMU_OP_ENCRYPT | EMU_OP_DECRYPT | EMU_OP_WRAP | EMU_OP_UNWRAP,
        [EMU_AKP] = EMU_OP_SIGN | EMU_OP_VERIFY,
    };

    return table[kty];
}

/* What a kind of key can do at all. */
static unsigned ops_possible(enum emu_kty kty)
{
    static const unsigned more[EMU_KTY_COUNT] = {
        [EMU_RSA] = EMU_OP_IMPORT | EMU_OP_EXPORT,
        [EMU_EC] = EMU_OP_EXPORT,
        [EMU_OCT] = EMU_OP_SIGN | EMU_OP_VERIFY | EMU_OP_EXPORT,
        [EMU_AKP] = EMU_OP_EXPORT,
    };

    return emu_ops_default(kty) | more[kty];
}

static int take_ops(struct emu_reply *r, struct json_object *list,
                    struct emu_version *v)
{
    size_t i, count;
    unsigned set = 0;

    if (list == NULL)
        return 1;
    if (!json_object_is_type(list, json_type_array)) {
        emu_reply_bad(r, "key_ops must be a list");
        return 0;
    }
    count = json_object_array_length(list);
    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        unsigned op = json_object_is_type(one, json_type_string)
                          ? emu_op_parse(json_object_get_string(one))
                          : 0;

        if ((op & ops_possible(v->kty)) == 0) {
            emu_reply_bad(r, "key_ops has an operation that %s keys lack",
                          emu_kty_name(v->kty, v->software != 0));
            return 0;
        }
        set |= op;
    }
    if ((set & EMU_OP_IMPORT) != 0 && set != EMU_OP_IMPORT) {
        emu_reply_bad(r, "Operation import excludes every other one");
        return 0;
    }
    v->ops = set;
    return 1;
}

static int take_time(struct emu_reply *r, struct json_object *o,
                     const char *name, int64_t *out)
{
    int64_t value = 0;
    int given = emu_json_int(o, name, &value);

    if (given < 0 || value < 0 || value > TIME_MAX) {
        emu_reply_bad(r, "Attribute %s must be a time in seconds", name);
        return 0;
    }
    if (given)
        *out = value;
    return 1;
}

static int take_attributes(struct emu_reply *r, struct json_object *o,
                           struct emu_version *v)
{
    if (o == NULL)
        return 1;
    if (!json_object_is_type(o, json_type_object) ||
        emu_json_bool(o, "enabled", &v->enabled) < 0 ||
        emu_json_bool(o, "exportable", &v->exportable) < 0) {
        emu_reply_bad(r, "attributes is malformed");
        return 0;
    }
    if (!take_time(r, o, "nbf", &v->nbf) || !take_time(r, o, "exp", &v->exp))
        return 0;
    if (v->nbf >= 0 && v->exp >= 0 && v->exp <= v->nbf) {
        emu_reply_bad(r, "Attribute exp must be later than nbf");
        return 0;
    }
    return 1;
}

static int tags_valid(struct json_object *o)
{
    if (!json_object_is_type(o, json_type_object) ||
        json_object_object_length(o) > TAGS_MAX)
        return 0;
    json_object_object_foreach(o, name, value)
    {
        if (!json_object_is_type(value, json_type_string) ||
            strlen(name) > TAG_MAX ||
            json_object_get_string_len(value) > TAG_MAX)
            return 0;
    }
    return 1;
}

static int take_tags(struct emu_reply *r, struct json_object *o,
                     struct emu_version *v)
{
    if (o == NULL)
        return 1;
    if (!tags_valid(o)) {
        emu_reply_bad(r, "tags must be at most %d pairs of short texts",
                      TAGS_MAX);
        return 0;
    }
    free(v->tags);
    v->tags = NULL;
    /* A whole new set; an empty one leaves no member behind. */
    if (json_object_object_length(o) == 0)
        return 1;
    v->tags = emu_json_text(o);
    if (v->tags == NULL)
        emu_reply_failed(r);
    return v->tags != NULL;
}

static int take_policy(struct emu_reply *r, struct json_object *o,
                       struct emu_version *v)
{
    const char *data = emu_json_string(o, "data");
    struct emu_bytes raw = {NULL, 0};
    int valid;

    if (o == NULL)
        return 1;
    valid = data != NULL && emu_base64url_decode(data, POLICY_MAX, &raw) &&
            raw.len != 0;
    emu_bytes_free(&raw);
    if (!valid) {
        emu_reply_bad(r, "release_policy needs data in base64url");
        return 0;
    }
    free(v->release_policy);
    v->release_policy = emu_json_text(o);
    if (v->release_policy == NULL)
        emu_reply_failed(r);
    return v->release_policy != NULL;
}

int emu_attributes_take(struct emu_reply *r, struct json_object *body,
                        struct json_object *ops, struct emu_version *v)
{
    return take_ops(r, ops, v) &&
           take_attributes(r, emu_json_member(body, "attributes"), v) &&
           take_tags(r, emu_json_member(body, "tags"), v) &&
           take_policy(r, emu_json_member(body, "release_policy"), v);
}

int emu_exportable_ok(struct emu_reply *r, const struct emu_version *v)
{
    if (v->exportable != 0 && v->release_policy == NULL) {
        emu_reply_bad(r, EXPORT_NEEDS);
        return 0;
    }
    if (v->exportable == 0 && v->release_policy != NULL) {
        emu_reply_bad(r, EXPORT_LACKS);
        return 0;
    }
    return 1;
}
