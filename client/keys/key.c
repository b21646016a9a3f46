/* SPDX-License-Identifier: MIT
 *
 * The key object: getting it, sharing it, reading it.
 */
#include "mhsm/key.h"

#include "base/error.h"
#include "keys/request.h"

static const struct mhsmi_key_request get_request = {
    .method = "GET",
    .collection = "keys",
    .doing = "get key",
    .action = "keys/read/action",
    .versioned = 1,
    .retry = MHSMI_RETRY_REPEATABLE,
};

mhsm_status mhsm_key_get(mhsm_client *client, const mhsm_uri *uri,
                         mhsm_key **key, mhsm_error **err)
{
    if (key == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nowhere to put the key");
    return mhsmi_key_request_key(client, uri, &get_request, NULL, key, err);
}

mhsm_key *mhsm_key_up_ref(mhsm_key *key)
{
    (void)__atomic_add_fetch(&key->references, 1, __ATOMIC_RELAXED);
    return key;
}

void mhsm_key_free(mhsm_key *key)
{
    if (key == NULL ||
        __atomic_sub_fetch(&key->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    mhsmi_buf_clear(&key->n);
    mhsmi_buf_clear(&key->e);
    mhsmi_buf_clear(&key->x);
    mhsmi_buf_clear(&key->y);
    mhsmi_buf_clear(&key->pub);
    mhsmi_free(key->endpoint);
    mhsmi_free(key->name);
    mhsmi_free(key->version);
    mhsmi_free(key->id);
    mhsmi_free(key->uri);
    mhsmi_free(key->json);
    mhsmi_free(key);
}

const char *mhsm_key_name(const mhsm_key *key)
{
    return key->name;
}

const char *mhsm_key_version(const mhsm_key *key)
{
    return key->version;
}

const char *mhsm_key_id(const mhsm_key *key)
{
    return key->id;
}

const char *mhsm_key_uri(const mhsm_key *key)
{
    return key->uri;
}

const char *mhsm_key_json(const mhsm_key *key)
{
    return key->json;
}

mhsm_key_type mhsm_key_get_type(const mhsm_key *key)
{
    return key->type;
}

mhsm_curve mhsm_key_curve(const mhsm_key *key)
{
    return key->curve;
}

const mhsm_parameter_set *mhsm_key_parameter_set(const mhsm_key *key)
{
    return key->set;
}

unsigned int mhsm_key_bits(const mhsm_key *key)
{
    return key->bits;
}

unsigned int mhsm_key_operations(const mhsm_key *key)
{
    return key->operations;
}

int mhsm_key_enabled(const mhsm_key *key)
{
    return key->enabled;
}

int64_t mhsm_key_created(const mhsm_key *key)
{
    return key->created;
}

int64_t mhsm_key_updated(const mhsm_key *key)
{
    return key->updated;
}

int64_t mhsm_key_not_before(const mhsm_key *key)
{
    return key->not_before;
}

int64_t mhsm_key_expires(const mhsm_key *key)
{
    return key->expires;
}

const unsigned char *mhsm_key_rsa_n(const mhsm_key *key, size_t *size)
{
    return mhsmi_buf_octets(&key->n, size);
}

const unsigned char *mhsm_key_rsa_e(const mhsm_key *key, size_t *size)
{
    return mhsmi_buf_octets(&key->e, size);
}

const unsigned char *mhsm_key_ec_x(const mhsm_key *key, size_t *size)
{
    return mhsmi_buf_octets(&key->x, size);
}

const unsigned char *mhsm_key_ec_y(const mhsm_key *key, size_t *size)
{
    return mhsmi_buf_octets(&key->y, size);
}

const unsigned char *mhsm_key_akp_public(const mhsm_key *key, size_t *size)
{
    return mhsmi_buf_octets(&key->pub, size);
}
