/* SPDX-License-Identifier: MIT
 *
 * Writes to keys: create, delete, recover, purge.  Each is sent once: nothing
 * here repeats what may have been done already.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "keys/api_version.h"
#include "keys/request.h"

enum {
    tags_max = 15,
    tag_text_max = 256,
    default_rsa = 2048,
    default_oct = 256
};

static const struct mhsmi_key_request create_request = {
    .method = "POST",
    .collection = "keys",
    .verb = "create",
    .doing = "create key",
    .action = "keys/create/action",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_key_request delete_request = {
    .method = "DELETE",
    .collection = "keys",
    .doing = "delete key",
    .action = "keys/delete",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_key_request get_deleted_request = {
    .method = "GET",
    .collection = "deletedkeys",
    .doing = "get deleted key",
    .action = "keys/deletedKeys/read/action",
    .retry = MHSMI_RETRY_REPEATABLE,
};
static const struct mhsmi_key_request recover_request = {
    .method = "POST",
    .collection = "deletedkeys",
    .verb = "recover",
    .doing = "recover key",
    .action = "keys/deletedKeys/recover/action",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_key_request purge_request = {
    .method = "DELETE",
    .collection = "deletedkeys",
    .doing = "purge key",
    .action = "keys/deletedKeys/delete",
    .retry = MHSMI_RETRY_ONCE,
};

/* The sizes on offer, in bits. */
static const struct {
    mhsm_key_type type;
    unsigned int bits;
} sizes[] = {
    {MHSM_KEY_RSA, 2048}, {MHSM_KEY_RSA, 3072}, {MHSM_KEY_RSA, 4096},
    {MHSM_KEY_OCT, 128},  {MHSM_KEY_OCT, 192},  {MHSM_KEY_OCT, 256},
};

static int size_offered(mhsm_key_type type, unsigned int bits)
{
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (sizes[i].type == type && sizes[i].bits == bits)
            return 1;
    }
    return 0;
}

static unsigned int spec_bits(const mhsm_key_spec *spec)
{
    if (spec->bits != 0)
        return spec->bits;
    return spec->type == MHSM_KEY_OCT ? default_oct : default_rsa;
}

static const mhsm_curve_info *spec_curve(const mhsm_key_spec *spec)
{
    return mhsm_curve_find(spec->curve == MHSM_CURVE_NONE ? MHSM_CURVE_P256
                                                          : spec->curve);
}

static mhsm_status check_tags(const mhsm_key_spec *spec, mhsm_error **err)
{
    size_t i, name;
    const char *tag;

    if (spec->tag_count > tags_max ||
        (spec->tag_count != 0 && spec->tags == NULL))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "a key has at most %d tags",
                           (int)tags_max);
    for (i = 0; i < spec->tag_count; i++) {
        tag = spec->tags[i];
        name = tag != NULL ? strcspn(tag, "=") : 0;
        if (name == 0 || tag[name] == '\0' || name > tag_text_max ||
            strlen(tag + name + 1) > tag_text_max)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "tag %zu is not NAME=VALUE with at most %d "
                               "characters each",
                               i + 1, (int)tag_text_max);
    }
    return MHSM_OK;
}

/* What makes the key that of its type: a curve, an algorithm or a size. */
static mhsm_status check_kind(const mhsm_key_spec *spec, mhsm_error **err)
{
    if (spec->type == MHSM_KEY_AKP) {
        if (mhsm_parameter_set_find(spec->algorithm) == NULL)
            return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                               "an AKP key needs an algorithm (ML-DSA-44, "
                               "ML-DSA-65 or ML-DSA-87), not \"%.40s\"",
                               spec->algorithm != NULL ? spec->algorithm : "");
    } else if (spec->algorithm != NULL) {
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "only AKP keys are made for an algorithm");
    } else if (spec->type == MHSM_KEY_EC) {
        if (spec_curve(spec) == NULL)
            return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                               "there is no curve number %d", (int)spec->curve);
    } else if (!size_offered(spec->type, spec_bits(spec))) {
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "the service makes no %s key of %u bits",
                           mhsm_key_type_name(spec->type), spec_bits(spec));
    }
    return MHSM_OK;
}

static mhsm_status check_spec(const mhsm_key_spec *spec, mhsm_error **err)
{
    unsigned int known = MHSM_OP_SIGN | MHSM_OP_VERIFY | MHSM_OP_ENCRYPT |
                         MHSM_OP_DECRYPT | MHSM_OP_WRAP | MHSM_OP_UNWRAP |
                         MHSM_OP_IMPORT | MHSM_OP_EXPORT;
    mhsm_status st;

    if (spec == NULL ||
        mhsm_key_type_find(mhsm_key_type_name(spec->type)) == MHSM_KEY_UNKNOWN)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a key to create needs a type: RSA, EC, oct or AKP");
    st = check_kind(spec, err);
    if (st != MHSM_OK)
        return st;
    if ((spec->operations & ~known) != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "unknown operations in the mask 0x%x",
                           spec->operations);
    if (spec->not_before < 0 || spec->expires < 0 ||
        (spec->expires != 0 && spec->not_before >= spec->expires))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the key would expire before it becomes valid");
    return check_tags(spec, err);
}

static int add_operations(struct json_object *body, unsigned int operations)
{
    struct json_object *names = json_object_new_array();
    unsigned int bit;

    if (!mhsmi_json_add(body, "key_ops", names))
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

static int add_attributes(struct json_object *body, const mhsm_key_spec *spec)
{
    struct json_object *attributes = json_object_new_object();

    return mhsmi_json_add(body, "attributes", attributes) &&
           (!spec->disabled || mhsmi_json_add(attributes, "enabled",
                                              json_object_new_boolean(0))) &&
           (!spec->exportable || mhsmi_json_add(attributes, "exportable",
                                                json_object_new_boolean(1))) &&
           (spec->not_before == 0 ||
            mhsmi_json_add(attributes, "nbf",
                           json_object_new_int64(spec->not_before))) &&
           (spec->expires == 0 ||
            mhsmi_json_add(attributes, "exp",
                           json_object_new_int64(spec->expires)));
}

static int add_tags(struct json_object *body, const mhsm_key_spec *spec)
{
    struct json_object *tags = json_object_new_object();
    size_t i, size;
    char *name;
    int ok = mhsmi_json_add(body, "tags", tags);

    for (i = 0; ok && i < spec->tag_count; i++) {
        size = strcspn(spec->tags[i], "=");
        name = mhsmi_strndup(spec->tags[i], size);
        ok = name != NULL &&
             mhsmi_json_add_string(tags, name, spec->tags[i] + size + 1);
        mhsmi_free(name);
    }
    return ok;
}

static struct json_object *make_body(const mhsm_key_spec *spec)
{
    struct json_object *body = json_object_new_object();
    int ok = body != NULL &&
             mhsmi_json_add_string(body, "kty", mhsm_key_type_name(spec->type));

    if (ok && spec->type == MHSM_KEY_EC)
        ok = mhsmi_json_add_string(body, "crv", spec_curve(spec)->name);
    else if (ok && spec->type == MHSM_KEY_AKP)
        ok = mhsmi_json_add_string(
            body, "alg", mhsm_parameter_set_find(spec->algorithm)->name);
    else if (ok)
        ok = mhsmi_json_add(body, "key_size",
                            json_object_new_int((int)spec_bits(spec)));
    if (ok && spec->operations != 0)
        ok = add_operations(body, spec->operations);
    ok = ok && add_attributes(body, spec) &&
         (spec->tag_count == 0 || add_tags(body, spec));
    if (!ok) {
        json_object_put(body);
        return NULL;
    }
    return body;
}

mhsm_status mhsm_key_create(mhsm_client *client, const mhsm_uri *uri,
                            const mhsm_key_spec *spec, mhsm_key **key,
                            mhsm_error **err)
{
    struct json_object *body;
    mhsm_status st = check_spec(spec, err);

    if (st == MHSM_OK && client != NULL && spec->type == MHSM_KEY_AKP)
        st = mhsmi_api_version_require(client, MHSMI_API_VERSION_AKP,
                                       "keys of type AKP", err);
    if (st != MHSM_OK)
        return st;
    if (uri != NULL && uri->version != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%s: the service chooses the version of a new key",
                           uri->text);
    body = make_body(spec);
    if (body == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_key_request_key(client, uri, &create_request, body, key, err);
    json_object_put(body);
    return st;
}

/* These are about the whole key; doing it to "a version" would surprise. */
static mhsm_status refuse_version(const mhsm_uri *uri, mhsm_error **err)
{
    if (uri == NULL || uri->version == NULL)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "%s names one version, but this is done to a key with "
                       "all its versions",
                       uri->text);
}

mhsm_status mhsm_key_delete(mhsm_client *client, const mhsm_uri *uri,
                            mhsm_key **deleted, mhsm_error **err)
{
    mhsm_status st = refuse_version(uri, err);

    return st != MHSM_OK ? st
                         : mhsmi_key_request_key(client, uri, &delete_request,
                                                 NULL, deleted, err);
}

mhsm_status mhsm_key_get_deleted(mhsm_client *client, const mhsm_uri *uri,
                                 mhsm_key **deleted, mhsm_error **err)
{
    mhsm_status st = refuse_version(uri, err);

    return st != MHSM_OK
               ? st
               : mhsmi_key_request_key(client, uri, &get_deleted_request, NULL,
                                       deleted, err);
}

mhsm_status mhsm_key_recover(mhsm_client *client, const mhsm_uri *uri,
                             mhsm_key **key, mhsm_error **err)
{
    mhsm_status st = refuse_version(uri, err);

    return st != MHSM_OK ? st
                         : mhsmi_key_request_key(client, uri, &recover_request,
                                                 NULL, key, err);
}

mhsm_status mhsm_key_purge(mhsm_client *client, const mhsm_uri *uri,
                           mhsm_error **err)
{
    mhsm_status st = refuse_version(uri, err);

    return st != MHSM_OK ? st
                         : mhsmi_key_request(client, uri, &purge_request, NULL,
                                             NULL, err);
}
