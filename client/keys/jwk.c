/* SPDX-License-Identifier: MIT
 *
 * JSON Web Keys (RFC 7517, 7518) as the service writes them.  Sizes are
 * checked here; whether a point lies on its curve is for whoever computes with
 * it.  What does not hold together is refused, never repaired.
 */
#include "keys/jwk.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"

enum {
    octets_max = 1024 + 1,
    public_max = 2592, /* ML-DSA-87 */
    rsa_bits_min = 2048,
    rsa_bits_max = 8192
};

static mhsm_status broken(mhsm_error **err, const char *what)
{
    return mhsmi_error(err, MHSM_ERR_PROTOCOL, "the key is malformed: %s",
                       what);
}

static void strip_zeros(struct mhsmi_buf *number)
{
    size_t zeros = 0;

    while (zeros < number->size && number->data[zeros] == 0)
        zeros++;
    if (zeros == 0)
        return;
    memmove(number->data, number->data + zeros, number->size - zeros);
    number->size -= zeros;
    number->data[number->size] = 0;
}

/* Bits of a number without leading zeros. */
static unsigned int count_bits(const struct mhsmi_buf *number)
{
    unsigned int bits = (unsigned int)number->size * 8;
    unsigned char top = number->size != 0 ? number->data[0] : 0;

    while (bits != 0 && (top & 0x80) == 0) {
        top = (unsigned char)(top << 1);
        bits--;
    }
    return bits;
}

static mhsm_status parse_rsa(mhsm_key *key, struct json_object *jwk,
                             mhsm_error **err)
{
    if (!mhsmi_json_octets(jwk, "n", &key->n) ||
        !mhsmi_json_octets(jwk, "e", &key->e))
        return broken(err, "n or e is missing or no base64url");
    strip_zeros(&key->n);
    strip_zeros(&key->e);
    key->bits = count_bits(&key->n);
    if (key->bits < rsa_bits_min || key->bits > rsa_bits_max)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "an RSA key of %u bits is outside %d to %d",
                           key->bits, (int)rsa_bits_min, (int)rsa_bits_max);
    if ((key->n.data[key->n.size - 1] & 1) == 0)
        return broken(err, "the modulus is even");
    if (key->e.size == 0 || key->e.size > 8 ||
        (key->e.data[key->e.size - 1] & 1) == 0 ||
        (key->e.size == 1 && key->e.data[0] == 1))
        return broken(err, "the public exponent is even, 1 or too long");
    return MHSM_OK;
}

/* The service pads coordinates; accept one that it should have padded. */
static int pad_left(struct mhsmi_buf *number, size_t size)
{
    unsigned char padded[66] = {0};

    strip_zeros(number);
    if (number->size > size || size > sizeof(padded))
        return 0;
    if (number->size != 0)
        memcpy(padded + size - number->size, number->data, number->size);
    mhsmi_buf_clear(number);
    return mhsmi_buf_append(number, padded, size);
}

static mhsm_status parse_ec(mhsm_key *key, struct json_object *jwk,
                            mhsm_error **err)
{
    const char *name = mhsmi_json_string(jwk, "crv");
    const mhsm_curve_info *curve;

    if (name == NULL)
        return broken(err, "crv is missing");
    curve = mhsm_curve_by_name(name);
    if (curve == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "the key's curve \"%.40s\" is not known", name);
    key->curve = curve->curve;
    key->bits = curve->bits;
    if (!mhsmi_json_octets(jwk, "x", &key->x) ||
        !mhsmi_json_octets(jwk, "y", &key->y))
        return broken(err, "x or y is missing or no base64url");
    if (!pad_left(&key->x, curve->coordinate_size) ||
        !pad_left(&key->y, curve->coordinate_size))
        return broken(err, "a coordinate is longer than the curve's field");
    return MHSM_OK;
}

static mhsm_status parse_oct(mhsm_key *key, struct json_object *bundle,
                             mhsm_error **err)
{
    struct json_object *attributes = mhsmi_json_object(bundle, "attributes");
    int64_t bits = mhsmi_json_int(attributes, "key_size", 0);

    if (bits < 0 || bits > 4096)
        return broken(err, "key_size is impossible");
    key->bits = (unsigned int)bits;
    return MHSM_OK;
}

static mhsm_status parse_akp(mhsm_key *key, struct json_object *jwk,
                             mhsm_error **err)
{
    const char *name = mhsmi_json_string(jwk, "alg");

    if (name == NULL)
        return broken(err, "alg is missing");
    key->set = mhsm_parameter_set_find(name);
    if (key->set == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "the key's algorithm \"%.40s\" is not known", name);
    if (!mhsmi_json_octets(jwk, "pub", &key->pub))
        return broken(err, "pub is missing, too long or no base64url");
    if (key->pub.size != key->set->public_size)
        return broken(err, "pub has not the size of its algorithm's keys");
    return MHSM_OK;
}

/* Values that are not known belong to newer versions of the service: they say
 * nothing about what is known. */
unsigned int mhsmi_jwk_operations(struct json_object *jwk)
{
    struct json_object *names = mhsmi_json_array(jwk, "key_ops"), *item;
    size_t i, count = names != NULL ? json_object_array_length(names) : 0;
    unsigned int operations = 0;

    for (i = 0; i < count && i < 64; i++) {
        item = json_object_array_get_idx(names, i);
        if (json_object_is_type(item, json_type_string))
            operations |= mhsm_operation_find(json_object_get_string(item));
    }
    return operations;
}

struct mhsmi_attributes mhsmi_attributes_read(struct json_object *attributes)
{
    struct mhsmi_attributes read;

    read.enabled = mhsmi_json_bool(attributes, "enabled", 1);
    read.created = mhsmi_json_int(attributes, "created", 0);
    read.updated = mhsmi_json_int(attributes, "updated", 0);
    read.not_before = mhsmi_json_int(attributes, "nbf", 0);
    read.expires = mhsmi_json_int(attributes, "exp", 0);
    return read;
}

mhsm_status mhsmi_jwk_move(mhsm_key *key, const char *endpoint,
                           mhsm_error **err)
{
    mhsmi_free(key->endpoint);
    mhsmi_free(key->id);
    mhsmi_free(key->uri);
    key->endpoint = mhsmi_strdup(endpoint);
    key->id =
        mhsmi_asprintf("%s/keys/%s/%s", endpoint, key->name, key->version);
    key->uri = mhsmi_uri_format(endpoint, key->name, key->version);
    return key->endpoint != NULL && key->id != NULL && key->uri != NULL
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

static mhsm_status parse_id(mhsm_key *key, const char *endpoint,
                            struct json_object *jwk, mhsm_error **err)
{
    const char *kid = mhsmi_json_string(jwk, "kid");

    if (kid == NULL)
        return broken(err, "there is no kid");
    if (!mhsmi_key_id_split(kid, endpoint, "keys", &key->name, &key->version) ||
        key->version == NULL)
        return broken(err, "its kid is not of the form "
                           "https://HOST/keys/NAME/VERSION at this HSM");
    return mhsmi_jwk_move(key, endpoint, err);
}

static mhsm_status parse_material(mhsm_key *key, struct json_object *bundle,
                                  struct json_object *jwk, mhsm_error **err)
{
    const char *kty = mhsmi_json_string(jwk, "kty");

    if (kty == NULL)
        return broken(err, "kty is missing");
    key->type = mhsm_key_type_find(kty);
    switch (key->type) {
    case MHSM_KEY_RSA:
        return parse_rsa(key, jwk, err);
    case MHSM_KEY_EC:
        return parse_ec(key, jwk, err);
    case MHSM_KEY_OCT:
        return parse_oct(key, bundle, err);
    case MHSM_KEY_AKP:
        return parse_akp(key, jwk, err);
    case MHSM_KEY_UNKNOWN:
        break;
    }
    return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                       "the key's type \"%.40s\" is not known", kty);
}

static mhsm_key *key_new(void)
{
    mhsm_key *key = mhsmi_alloc(sizeof(*key));

    if (key == NULL)
        return NULL;
    key->references = 1;
    mhsmi_buf_init(&key->n, octets_max);
    mhsmi_buf_init(&key->e, octets_max);
    mhsmi_buf_init(&key->x, octets_max);
    mhsmi_buf_init(&key->y, octets_max);
    mhsmi_buf_init(&key->pub, public_max);
    return key;
}

static int copy_json(mhsm_key *key, struct json_object *bundle)
{
    const char *text = json_object_to_json_string_ext(
        bundle, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

    key->json = text != NULL ? mhsmi_strdup(text) : NULL;
    return key->json != NULL;
}

mhsm_status mhsmi_jwk_parse(const char *endpoint, struct json_object *bundle,
                            mhsm_key **key, mhsm_error **err)
{
    struct json_object *jwk = mhsmi_json_object(bundle, "key");
    struct mhsmi_attributes attributes =
        mhsmi_attributes_read(mhsmi_json_object(bundle, "attributes"));
    mhsm_key *made;
    mhsm_status st;

    if (jwk == NULL)
        return broken(err, "there is no key in the answer");
    made = key_new();
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->enabled = attributes.enabled;
    made->created = attributes.created;
    made->updated = attributes.updated;
    made->not_before = attributes.not_before;
    made->expires = attributes.expires;
    made->operations = mhsmi_jwk_operations(jwk);
    st = parse_id(made, endpoint, jwk, err);
    if (st == MHSM_OK)
        st = parse_material(made, bundle, jwk, err);
    if (st == MHSM_OK && !copy_json(made, bundle))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK)
        *key = made;
    else
        mhsm_key_free(made);
    return st;
}

mhsm_status mhsmi_jwk_is(const mhsm_key *key, const char *name,
                         const char *version, mhsm_error **err)
{
    if (OPENSSL_strcasecmp(key->name, name) == 0 &&
        (version == NULL || OPENSSL_strcasecmp(key->version, version) == 0))
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                       "the service answered with another key: %s", key->id);
}
