/* SPDX-License-Identifier: MIT
 *
 * Reading private keys.  Files are decoded by OpenSSL; what it takes is then
 * held against what the service takes.  No message shows anything of a key.
 */
#include "keys/material.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "base/error.h"
#include "base/private_key.h"
#include "keys/jwk.h"

enum {
    octets_min = 16,
    octets_max = 64,
    rsa_bits_min = 2048,
    rsa_bits_max = 4096,
    group_size = 80
};

static mhsm_material *material_new(mhsm_error **err)
{
    mhsm_material *made = mhsmi_alloc(sizeof(*made));

    if (made == NULL) {
        (void)mhsmi_error_memory(err);
        return NULL;
    }
    mhsmi_buf_init(&made->octets, octets_max);
    return made;
}

void mhsm_material_free(mhsm_material *material)
{
    if (material == NULL)
        return;
    EVP_PKEY_free(material->pkey);
    mhsmi_buf_clear(&material->octets);
    mhsmi_private_context_close(&material->context);
    mhsmi_free(material);
}

mhsm_key_type mhsm_material_type(const mhsm_material *material)
{
    return material->type;
}

static mhsm_status decode_file(mhsm_material *material,
                               const unsigned char *data, size_t size,
                               const char *password, mhsm_error **err)
{
    mhsm_status st = mhsmi_private_key_decode(material->context.lib, data, size,
                                              password, &material->pkey, err);

    return st == MHSM_ERR_DAMAGED
               ? mhsmi_error(err, st,
                             "there is no private key in PEM, DER or JWK")
               : st;
}

static mhsm_status unsupported(const char *what, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                       "the service takes RSA keys of 2048 to 4096 bits, EC "
                       "keys on P-256, P-256K, P-384 and P-521, and symmetric "
                       "keys, not %.60s",
                       what);
}

static mhsm_status check_rsa(mhsm_material *material, mhsm_error **err)
{
    int bits = EVP_PKEY_get_bits(material->pkey);
    BIGNUM *third = NULL;
    int is_multiprime;

    material->type = MHSM_KEY_RSA;
    if (bits < rsa_bits_min || bits > rsa_bits_max || bits % 1024 != 0)
        return unsupported("an RSA key of another size", err);
    is_multiprime = EVP_PKEY_get_bn_param(material->pkey,
                                          OSSL_PKEY_PARAM_RSA_FACTOR3, &third);
    BN_clear_free(third);
    return is_multiprime ? unsupported("an RSA key of three primes", err)
                         : MHSM_OK;
}

static mhsm_status check_ec(mhsm_material *material, mhsm_error **err)
{
    const mhsm_curve_info *curve;
    char group[group_size] = "";

    material->type = MHSM_KEY_EC;
    if (EVP_PKEY_get_group_name(material->pkey, group, sizeof(group), NULL) !=
        1)
        return unsupported("a curve without a name", err);
    curve = mhsm_curve_by_name(group);
    if (curve == NULL)
        return unsupported(group, err);
    material->curve = curve->curve;
    return MHSM_OK;
}

/* A public key has no private part, and some halves do not belong together. */
static mhsm_status check_pair(mhsm_material *material, mhsm_error **err)
{
    EVP_PKEY_CTX *check =
        EVP_PKEY_CTX_new_from_pkey(material->context.lib, material->pkey, NULL);
    int is_pair = check != NULL && EVP_PKEY_check(check) == 1;

    EVP_PKEY_CTX_free(check);
    if (is_pair)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "the private key does not hold together");
}

static mhsm_status check_pkey(mhsm_material *material, mhsm_error **err)
{
    const char *name = EVP_PKEY_get0_type_name(material->pkey);
    mhsm_status st;

    if (EVP_PKEY_is_a(material->pkey, "RSA"))
        st = check_rsa(material, err);
    else if (EVP_PKEY_is_a(material->pkey, "EC"))
        st = check_ec(material, err);
    else
        st = unsupported(name != NULL ? name : "this one", err);
    return st == MHSM_OK ? check_pair(material, err) : st;
}

static mhsm_status set_octets(mhsm_material *material, mhsm_error **err)
{
    material->type = MHSM_KEY_OCT;
    if (material->octets.size >= octets_min)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "a symmetric key has %d to %d octets (AES: 16, 24 or "
                       "32)",
                       (int)octets_min, (int)octets_max);
}

static mhsm_status decode_jwk(mhsm_material *material, struct json_object *jwk,
                              mhsm_error **err)
{
    const char *kty = mhsmi_json_string(jwk, "kty");
    const char *crv = mhsmi_json_string(jwk, "crv");
    const mhsm_curve_info *curve = crv != NULL ? mhsm_curve_by_name(crv) : NULL;
    mhsm_key_type type =
        kty != NULL ? mhsm_key_type_find(kty) : MHSM_KEY_UNKNOWN;
    mhsm_status st;

    material->operations = mhsmi_jwk_operations(jwk);
    if (type == MHSM_KEY_OCT)
        return mhsmi_json_octets(jwk, "k", &material->octets)
                   ? set_octets(material, err)
                   : mhsmi_error(err, MHSM_ERR_DAMAGED,
                                 "the JWK's k is missing, no base64url or "
                                 "over %d octets",
                                 (int)octets_max);
    if (type != MHSM_KEY_RSA && type != MHSM_KEY_EC)
        return unsupported(kty != NULL ? kty : "a JWK without kty", err);
    if (type == MHSM_KEY_EC && curve == NULL)
        return unsupported(crv != NULL ? crv : "a JWK without crv", err);
    st = mhsmi_private_context_open(&material->context, err);
    if (st != MHSM_OK)
        return st;
    material->pkey =
        mhsmi_material_from_jwk(&material->context, jwk, type, curve, 0);
    if (material->pkey == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the JWK lacks a private member, or one is "
                           "malformed");
    return check_pkey(material, err);
}

int mhsmi_material_is_json(const unsigned char *data, size_t size)
{
    size_t i = 0;

    while (i < size && strchr(" \t\r\n", data[i]) != NULL && data[i] != 0)
        i++;
    return i < size && data[i] == '{';
}

static mhsm_status decode(mhsm_material *material, const unsigned char *data,
                          size_t size, const char *password, mhsm_error **err)
{
    struct json_object *jwk;
    mhsm_status st;

    if (!mhsmi_material_is_json(data, size)) {
        st = mhsmi_private_context_open(&material->context, err);
        if (st == MHSM_OK)
            st = decode_file(material, data, size, password, err);
        return st == MHSM_OK ? check_pkey(material, err) : st;
    }
    jwk = mhsmi_json_parse(data, size);
    if (jwk == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED, "the JWK is no JSON");
    st = decode_jwk(material, jwk, err);
    mhsmi_json_wipe(jwk);
    return st;
}

mhsm_status mhsm_material_decode(const unsigned char *data, size_t size,
                                 const char *password, mhsm_material **material,
                                 mhsm_error **err)
{
    mhsm_material *made;
    mhsm_status st;

    if (data == NULL || size == 0 || material == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no private key");
    made = material_new(err);
    if (made == NULL)
        return MHSM_ERR_MEMORY;
    /* The caller's errors are not ours to lose. */
    (void)ERR_set_mark();
    st = decode(made, data, size, password, err);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *material = made;
    else
        mhsm_material_free(made);
    return st;
}

mhsm_status mhsm_material_symmetric(const unsigned char *data, size_t size,
                                    mhsm_material **material, mhsm_error **err)
{
    mhsm_material *made;
    mhsm_status st;

    if (data == NULL || material == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no symmetric key");
    made = material_new(err);
    if (made == NULL)
        return MHSM_ERR_MEMORY;
    if (size <= octets_max && !mhsmi_buf_append(&made->octets, data, size))
        st = mhsmi_error_memory(err);
    else
        st = set_octets(made, err);
    if (st == MHSM_OK)
        *material = made;
    else
        mhsm_material_free(made);
    return st;
}
