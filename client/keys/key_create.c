/* SPDX-License-Identifier: MIT
 *
 * Making keys and versions: create, rotate, and what can be changed of one.
 * Each is sent once: nothing here repeats what may have been done already.
 */
#include "base/endpoint.h"
#include "base/error.h"
#include "keys/api_version.h"
#include "keys/members.h"
#include "keys/request.h"

enum { default_rsa = 2048, default_oct = 256 };

static const struct mhsmi_key_request create_request = {
    .method = "POST",
    .collection = "keys",
    .verb = "create",
    .doing = "create key",
    .action = "keys/create",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_key_request rotate_request = {
    .method = "POST",
    .collection = "keys",
    .verb = "rotate",
    .doing = "rotate key",
    .action = "keys/rotate/action",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_key_request update_request = {
    .method = "PATCH",
    .collection = "keys",
    .doing = "update key",
    .action = "keys/write/action",
    .versioned = 1,
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

/* What makes the key that of its type: a curve, an algorithm or a size. */
static mhsm_status check_kind(const mhsm_key_spec *spec, mhsm_error **err)
{
    if (mhsm_key_type_find(mhsm_key_type_name(spec->type)) == MHSM_KEY_UNKNOWN)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a key to create needs a type: RSA, EC, oct or AKP");
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
                           "the service makes no %s key of %u bits, but of %s",
                           mhsm_key_type_name(spec->type), spec_bits(spec),
                           spec->type == MHSM_KEY_RSA ? "2048, 3072 and 4096"
                                                      : "128, 192 and 256");
    }
    return MHSM_OK;
}

static mhsm_status check_spec(const mhsm_key_spec *spec,
                              const mhsm_key_change *members, mhsm_error **err)
{
    mhsm_status st = check_kind(spec, err);

    /* The other way round, a further version may do without. */
    if (st == MHSM_OK && members->policy != NULL && !spec->exportable)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "a release policy is for exportable keys");
    return st == MHSM_OK ? mhsmi_members_check(members, err) : st;
}

static struct json_object *make_body(const char *kty, const mhsm_key_spec *spec,
                                     const mhsm_key_change *members)
{
    struct json_object *body = json_object_new_object();
    int ok = body != NULL && mhsmi_json_add_string(body, "kty", kty);

    if (ok && spec->type == MHSM_KEY_EC)
        ok = mhsmi_json_add_string(body, "crv", spec_curve(spec)->name);
    else if (ok && spec->type == MHSM_KEY_AKP)
        ok = mhsmi_json_add_string(
            body, "alg", mhsm_parameter_set_find(spec->algorithm)->name);
    else if (ok)
        ok = mhsmi_json_add(body, "key_size",
                            json_object_new_int((int)spec_bits(spec)));
    if (ok && mhsmi_members_add_operations(body, members->operations) &&
        mhsmi_members_add(body, members, spec->exportable))
        return body;
    json_object_put(body);
    return NULL;
}

mhsm_status mhsm_key_create(mhsm_client *client, const mhsm_uri *uri,
                            const mhsm_key_spec *spec, mhsm_key **key,
                            mhsm_error **err)
{
    mhsm_key_change members;
    struct json_object *body;
    mhsm_status st;

    if (spec == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nothing to create");
    members = mhsmi_members_of(spec);
    st = check_spec(spec, &members, err);
    if (st == MHSM_OK && client != NULL && spec->type == MHSM_KEY_AKP)
        st = mhsmi_api_version_require(client, MHSMI_API_VERSION_AKP,
                                       "keys of type AKP", err);
    if (st != MHSM_OK)
        return st;
    body =
        make_body(mhsmi_members_type(client, uri, spec->type, spec->hardware),
                  spec, &members);
    if (body == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_key_request_key(client, uri, &create_request, body, key, err);
    json_object_put(body);
    return st;
}

mhsm_status mhsm_key_rotate(mhsm_client *client, const mhsm_uri *uri,
                            mhsm_key **key, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_key_request_key(client, uri, &rotate_request, NULL, key, err);

    /* A Key Vault rotates any key. */
    if (st == MHSM_ERR_REJECTED &&
        !mhsmi_endpoint_is_vault(mhsm_client_config(client),
                                 mhsm_uri_endpoint(uri)))
        mhsmi_error_set_hint(err, "a key needs a rotation policy before it can "
                                  "be rotated: `mhsm key rotation-policy set`");
    return st;
}

static int changes_nothing(const mhsm_key_change *change)
{
    return change->enabled < 0 && change->not_before == 0 &&
           change->expires == 0 && change->operations == 0 &&
           !change->replace_tags && change->policy == NULL;
}

mhsm_status mhsm_key_update(mhsm_client *client, const mhsm_uri *uri,
                            const mhsm_key_change *change, mhsm_key **key,
                            mhsm_error **err)
{
    struct json_object *body;
    mhsm_status st;

    if (change == NULL || changes_nothing(change))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nothing to change");
    st = mhsmi_members_check(change, err);
    if (st != MHSM_OK)
        return st;
    body = json_object_new_object();
    if (body == NULL ||
        !mhsmi_members_add_operations(body, change->operations) ||
        !mhsmi_members_add(body, change, 0))
        st = mhsmi_error_memory(err);
    else
        st =
            mhsmi_key_request_key(client, uri, &update_request, body, key, err);
    json_object_put(body);
    return st;
}
