/* SPDX-License-Identifier: MIT
 *
 * The members of a request that create, import and update have in common.
 * What the service is known to refuse costs no request.
 */
#include "keys/members.h"

#include <string.h>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/text.h"

enum { tags_max = 15, tag_text_max = 256, policy_max = 65536 };

const char *mhsmi_members_type(const mhsm_client *client, const mhsm_uri *uri,
                               mhsm_key_type type, int hardware)
{
    static const char *const software[] = {[MHSM_KEY_RSA] = "RSA",
                                           [MHSM_KEY_EC] = "EC",
                                           [MHSM_KEY_OCT] = "oct",
                                           [MHSM_KEY_AKP] = "AKP"};

    if (hardware || type == MHSM_KEY_UNKNOWN || client == NULL || uri == NULL ||
        !mhsmi_endpoint_is_vault(mhsm_client_config(client),
                                 mhsm_uri_endpoint(uri)))
        return mhsm_key_type_name(type);
    return software[type];
}

mhsm_key_change mhsmi_members_of(const mhsm_key_spec *spec)
{
    mhsm_key_change change = MHSM_KEY_CHANGE_INIT;

    if (spec->disabled)
        change.enabled = 0;
    change.not_before = spec->not_before;
    change.expires = spec->expires;
    change.operations = spec->operations;
    change.replace_tags = spec->tag_count != 0;
    change.tags = spec->tags;
    change.tag_count = spec->tag_count;
    change.policy = spec->policy;
    return change;
}

/* The service would keep the last of them without a word. */
static int has_name(const mhsm_key_change *change, size_t count,
                    const char *tag, size_t name)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strncmp(change->tags[i], tag, name + 1) == 0)
            return 1;
    }
    return 0;
}

static mhsm_status check_tags(const mhsm_key_change *change, mhsm_error **err)
{
    size_t i, name;
    const char *tag;

    if (change->tag_count > tags_max ||
        (change->tag_count != 0 && change->tags == NULL))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "a key has at most %d tags",
                           (int)tags_max);
    for (i = 0; i < change->tag_count; i++) {
        tag = change->tags[i];
        name = tag != NULL ? strcspn(tag, "=") : 0;
        if (name == 0 || tag[name] == '\0' || name > tag_text_max ||
            strlen(tag + name + 1) > tag_text_max)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "tag %zu is not NAME=VALUE with at most %d "
                               "characters each",
                               i + 1, (int)tag_text_max);
        if (!mhsmi_text_is_utf8(tag))
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "tag %zu is no UTF-8",
                               i + 1);
        if (has_name(change, i, tag, name))
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "the tag %.*s is given twice", (int)name, tag);
    }
    return MHSM_OK;
}

/* The service takes any octets for a policy, and then nobody can release. */
static mhsm_status check_policy(const mhsm_release_policy *policy,
                                mhsm_error **err)
{
    struct json_object *parsed;
    int valid;

    if (policy == NULL)
        return MHSM_OK;
    if (policy->text == NULL || policy->size == 0 || policy->size > policy_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a release policy has 1 to %d octets",
                           (int)policy_max);
    parsed = mhsmi_json_parse(policy->text, policy->size);
    valid = mhsmi_json_string(parsed, "version") != NULL &&
            (mhsmi_json_array(parsed, "anyOf") != NULL ||
             mhsmi_json_array(parsed, "allOf") != NULL);
    json_object_put(parsed);
    if (valid)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "the release policy is not a JSON object with the "
                       "members version and anyOf");
}

mhsm_status mhsmi_members_check(const mhsm_key_change *change, mhsm_error **err)
{
    unsigned int known = MHSM_OP_SIGN | MHSM_OP_VERIFY | MHSM_OP_ENCRYPT |
                         MHSM_OP_DECRYPT | MHSM_OP_WRAP | MHSM_OP_UNWRAP |
                         MHSM_OP_IMPORT | MHSM_OP_EXPORT;
    mhsm_status st;

    if ((change->operations & ~known) != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "unknown operations in the mask 0x%x",
                           change->operations);
    if ((change->operations & MHSM_OP_IMPORT) != 0 &&
        change->operations != MHSM_OP_IMPORT)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the operation import excludes every other one");
    if (change->not_before < 0 || change->expires < 0 ||
        (change->expires != 0 && change->not_before >= change->expires))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the key would expire before it becomes valid");
    st = check_tags(change, err);
    return st == MHSM_OK ? check_policy(change->policy, err) : st;
}

int mhsmi_members_add_operations(struct json_object *object,
                                 unsigned int operations)
{
    struct json_object *names;
    unsigned int bit;

    if (operations == 0)
        return 1;
    names = json_object_new_array();
    if (!mhsmi_json_add(object, "key_ops", names))
        return 0;
    for (bit = 1; bit <= MHSM_OP_EXPORT; bit <<= 1) {
        struct json_object *name;

        if ((operations & bit) == 0)
            continue;
        name = json_object_new_string(mhsm_operation_name(bit));
        if (name == NULL || json_object_array_add(names, name) != 0) {
            json_object_put(name);
            return 0;
        }
    }
    return 1;
}

static int add_time(struct json_object *attributes, const char *name,
                    int64_t seconds)
{
    return seconds == 0 ||
           mhsmi_json_add(attributes, name, json_object_new_int64(seconds));
}

static int add_attributes(struct json_object *body,
                          const mhsm_key_change *change, int exportable)
{
    struct json_object *attributes = json_object_new_object();

    return mhsmi_json_add(body, "attributes", attributes) &&
           (change->enabled < 0 ||
            mhsmi_json_add(attributes, "enabled",
                           json_object_new_boolean(change->enabled))) &&
           (!exportable || mhsmi_json_add(attributes, "exportable",
                                          json_object_new_boolean(1))) &&
           add_time(attributes, "nbf", change->not_before) &&
           add_time(attributes, "exp", change->expires);
}

static int add_tags(struct json_object *body, const mhsm_key_change *change)
{
    struct json_object *tags;
    size_t i, size;
    char *name;
    int ok;

    if (!change->replace_tags)
        return 1;
    tags = json_object_new_object();
    ok = mhsmi_json_add(body, "tags", tags);
    for (i = 0; ok && i < change->tag_count; i++) {
        size = strcspn(change->tags[i], "=");
        name = mhsmi_strndup(change->tags[i], size);
        ok = name != NULL &&
             mhsmi_json_add_string(tags, name, change->tags[i] + size + 1);
        mhsmi_free(name);
    }
    return ok;
}

static int add_policy(struct json_object *body,
                      const mhsm_release_policy *policy)
{
    struct json_object *object;

    if (policy == NULL)
        return 1;
    object = json_object_new_object();
    return mhsmi_json_add(body, "release_policy", object) &&
           mhsmi_json_add_string(object, "contentType",
                                 "application/json; charset=utf-8") &&
           mhsmi_json_add_octets(object, "data", policy->text, policy->size) &&
           (!policy->immutable ||
            mhsmi_json_add(object, "immutable", json_object_new_boolean(1)));
}

int mhsmi_members_add(struct json_object *body, const mhsm_key_change *change,
                      int exportable)
{
    return add_attributes(body, change, exportable) && add_tags(body, change) &&
           add_policy(body, change->policy);
}
