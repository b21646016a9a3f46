/* SPDX-License-Identifier: MIT
 *
 * The grammar of release policies: anyOf authorities, and under each of them
 * a tree of allOf and anyOf whose leaves compare one claim. What is not
 * understood does not hold.
 */
#include "policy.h"

#include "bytes.h"
#include "jwt.h"

#include <stdlib.h>
#include <string.h>

#define POLICY_MAX ((size_t)65536)
#define DEPTH_MAX  8

static const char malformed[] = "The release policy of the key is malformed";
static const char unmet[] = "Target environment attestation does not meet key "
                            "release policy requirements";

/* A claim by its name, or by the names on the way to it with dots between. */
static struct json_object *claim(struct json_object *o, const char *name)
{
    struct json_object *found = emu_json_member(o, name);
    const char *dot = name;

    while (found == NULL && (dot = strchr(dot, '.')) != NULL) {
        char *head = strndup(name, (size_t)(dot - name));
        struct json_object *inner =
            head == NULL ? NULL : emu_json_member(o, head);

        free(head);
        dot++;
        if (json_object_is_type(inner, json_type_object))
            found = claim(inner, dot);
    }
    return found;
}

static int holds(struct json_object *condition, struct json_object *claims,
                 int depth);

/* allOf or anyOf, by the member that is there. */
static int group(struct json_object *o, struct json_object *claims, int depth)
{
    struct json_object *all = emu_json_member(o, "allOf");
    struct json_object *list = all == NULL ? emu_json_member(o, "anyOf") : all;
    size_t i, count, good = 0;

    if (depth == DEPTH_MAX || !json_object_is_type(list, json_type_array))
        return 0;
    count = json_object_array_length(list);
    for (i = 0; i < count; i++)
        good += (size_t)holds(json_object_array_get_idx(list, i), claims,
                              depth + 1);
    return count != 0 && good >= (all == NULL ? 1 : count);
}

static int holds(struct json_object *condition, struct json_object *claims,
                 int depth)
{
    const char *name = emu_json_string(condition, "claim");
    struct json_object *wanted = emu_json_member(condition, "equals");
    struct json_object *seen;

    if (name == NULL)
        return group(condition, claims, depth);
    seen = claim(claims, name);
    return seen != NULL && wanted != NULL && json_object_equal(seen, wanted);
}

static const char *check(struct json_object *policy, struct json_object *claims)
{
    struct json_object *list = emu_json_member(policy, "anyOf");
    const char *issuer = emu_json_string(claims, "iss");
    size_t i, count;

    if (!emu_jwt_is(policy, "version", "1.0.0") ||
        !json_object_is_type(list, json_type_array))
        return malformed;
    count = json_object_array_length(list);
    for (i = 0; issuer != NULL && i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        if (emu_jwt_is(one, "authority", issuer) && group(one, claims, 0))
            return NULL;
    }
    return unmet;
}

const char *emu_policy_check(struct json_object *policy,
                             struct json_object *claims)
{
    const char *data = emu_json_string(policy, "data");
    struct emu_bytes raw = {NULL, 0};
    struct json_object *grammar = NULL;
    const char *wrong = malformed;

    if (data != NULL && emu_base64url_decode(data, POLICY_MAX, &raw))
        grammar = emu_json_parse(raw.data, raw.len);
    if (grammar != NULL)
        wrong = check(grammar, claims);
    json_object_put(grammar);
    emu_bytes_free(&raw);
    return wrong;
}
