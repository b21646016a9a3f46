/* SPDX-License-Identifier: MIT
 *
 * Private JSON Web Keys (RFC 7518, section 6): members to numbers of OpenSSL
 * and back, by one table.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "keys/material.h"

enum { number_max = 1024, numbers_max = 8, point_max = 1 + 2 * 66 };

struct member {
    const char *name, *param;
    int is_private;
};

static const struct member rsa_members[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N, 0},
    {"e", OSSL_PKEY_PARAM_RSA_E, 0},
    {"d", OSSL_PKEY_PARAM_RSA_D, 1},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1, 1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2, 1},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, 1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, 1},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 1},
};
static const struct member ec_members[] = {
    {"x", OSSL_PKEY_PARAM_EC_PUB_X, 0},
    {"y", OSSL_PKEY_PARAM_EC_PUB_Y, 0},
    {"d", OSSL_PKEY_PARAM_PRIV_KEY, 1},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static BIGNUM *read_number(struct json_object *jwk, const char *name)
{
    BIGNUM *number = NULL;
    struct mhsmi_buf octets;

    mhsmi_buf_init(&octets, number_max);
    if (mhsmi_json_octets(jwk, name, &octets) && octets.size != 0) {
        number = BN_secure_new();
        if (number != NULL &&
            BN_bin2bn(octets.data, (int)octets.size, number) == NULL) {
            BN_clear_free(number);
            number = NULL;
        }
    }
    mhsmi_buf_clear(&octets);
    return number;
}

/* 0x04 || x || y. */
static int push_point(OSSL_PARAM_BLD *build, const mhsm_curve_info *curve,
                      const BIGNUM *x, const BIGNUM *y, unsigned char *point)
{
    int size = (int)curve->coordinate_size;

    point[0] = 4;
    return BN_bn2binpad(x, point + 1, size) == size &&
           BN_bn2binpad(y, point + 1 + size, size) == size &&
           OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                           curve->group, 0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, 1 + 2 * (size_t)size) == 1;
}

static EVP_PKEY *make_pkey(struct mhsmi_private_context *context,
                           const char *type, OSSL_PARAM_BLD *build,
                           int is_public)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(context->lib, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (params == NULL || maker == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &pkey,
                          is_public ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
                          params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(maker);
    OSSL_PARAM_free(params);
    return pkey;
}

EVP_PKEY *mhsmi_material_from_jwk(struct mhsmi_private_context *context,
                                  struct json_object *jwk, mhsm_key_type type,
                                  const mhsm_curve_info *curve, int is_public)
{
    int is_rsa = type == MHSM_KEY_RSA, ok;
    const struct member *members = is_rsa ? rsa_members : ec_members;
    size_t count = is_rsa ? COUNT(rsa_members) : COUNT(ec_members), i;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[numbers_max] = {NULL};
    unsigned char point[point_max];
    EVP_PKEY *pkey = NULL;

    ok = build != NULL;
    for (i = 0; ok && i < count; i++) {
        if (members[i].is_private && is_public)
            continue;
        numbers[i] = read_number(jwk, members[i].name);
        ok = numbers[i] != NULL;
        /* An EC key's coordinates go in as a point. */
        if (ok && (is_rsa || members[i].is_private))
            ok = OSSL_PARAM_BLD_push_BN(build, members[i].param, numbers[i]);
    }
    if (ok && !is_rsa)
        ok = push_point(build, curve, numbers[0], numbers[1], point);
    if (ok)
        pkey = make_pkey(context, is_rsa ? "RSA" : "EC", build, is_public);
    OSSL_PARAM_BLD_free(build);
    for (i = 0; i < count; i++)
        BN_clear_free(numbers[i]);
    return pkey;
}

/* `size` 0: as long as the number is. */
static int add_number(struct json_object *jwk, const EVP_PKEY *pkey,
                      const struct member *member, int size)
{
    unsigned char octets[number_max];
    BIGNUM *number = NULL;
    int ok = EVP_PKEY_get_bn_param(pkey, member->param, &number) == 1;

    if (ok && size == 0)
        size = BN_num_bytes(number);
    ok = ok && size <= number_max &&
         BN_bn2binpad(number, octets, size) == size &&
         mhsmi_json_add_octets(jwk, member->name, octets, (size_t)size);
    OPENSSL_cleanse(octets, sizeof(octets));
    BN_clear_free(number);
    return ok;
}

int mhsmi_material_to_jwk(const mhsm_material *material,
                          struct json_object *jwk)
{
    int is_rsa = material->type == MHSM_KEY_RSA, ok = 1, size = 0;
    const struct member *members = is_rsa ? rsa_members : ec_members;
    size_t count = is_rsa ? COUNT(rsa_members) : COUNT(ec_members), i;
    const mhsm_curve_info *curve = mhsm_curve_find(material->curve);

    if (material->type == MHSM_KEY_OCT)
        return mhsmi_json_add_octets(jwk, "k", material->octets.data,
                                     material->octets.size);
    if (curve != NULL) {
        ok = mhsmi_json_add_string(jwk, "crv", curve->name);
        size = (int)curve->coordinate_size;
    }
    for (i = 0; ok && i < count; i++)
        ok = add_number(jwk, material->pkey, &members[i], size);
    return ok;
}
