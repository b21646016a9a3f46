/* SPDX-License-Identifier: MIT
 *
 * Key material that comes in from outside: JSON Web Keys with private members,
 * and PKCS#8 out of transfer blobs. Nothing is taken that OpenSSL does not
 * find consistent.
 */
#include "json.h"
#include "material.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 1024
#define OCT_MAX    64

static const char too_large[] = "JSON Web Key: k property of oct key is too "
                                "large, maximum size is 64";
static const char malformed[] = "JSON Web Key: a private member is missing or "
                                "malformed";
static const char inconsistent[] = "JSON Web Key: the key is not consistent";
static const char unsupported[] = "JSON Web Key: type, size or curve is not "
                                  "supported";

/* The members of an RSA key and OpenSSL's names for them. */
static const char *const rsa_members[][2] = {
    {"n", OSSL_PKEY_PARAM_RSA_N},
    {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

#define RSA_MEMBERS (sizeof(rsa_members) / sizeof(rsa_members[0]))

static int member_bytes(struct json_object *jwk, const char *name, size_t max,
                        struct emu_bytes *out)
{
    const char *text = emu_json_string(jwk, name);

    return text != NULL && emu_base64url_decode(text, max, out) &&
           out->len != 0;
}

static BIGNUM *member_number(struct json_object *jwk, const char *name)
{
    struct emu_bytes raw = {NULL, 0};
    BIGNUM *value = NULL;

    if (member_bytes(jwk, name, NUMBER_MAX, &raw)) {
        value = BN_secure_new();
        if (value != NULL && BN_bin2bn(raw.data, (int)raw.len, value) == NULL) {
            BN_clear_free(value);
            value = NULL;
        }
    }
    emu_bytes_free(&raw);
    return value;
}

static EVP_PKEY *from_builder(const char *type, int selection,
                              OSSL_PARAM_BLD *builder)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, selection, params) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Of the first members: of two a public key, of all a pair. */
static EVP_PKEY *rsa_key(struct json_object *jwk, size_t members)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *values[RSA_MEMBERS] = {NULL};
    EVP_PKEY *key = NULL;
    size_t i;
    int ok = builder != NULL;

    for (i = 0; ok && i < members; i++) {
        values[i] = member_number(jwk, rsa_members[i][0]);
        ok = values[i] != NULL &&
             OSSL_PARAM_BLD_push_BN(builder, rsa_members[i][1], values[i]) == 1;
    }
    if (ok)
        key = from_builder("RSA",
                           members == RSA_MEMBERS ? EVP_PKEY_KEYPAIR
                                                  : EVP_PKEY_PUBLIC_KEY,
                           builder);
    for (i = 0; i < RSA_MEMBERS; i++)
        BN_clear_free(values[i]);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *ec_key(struct json_object *jwk, const struct emu_curve *curve)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    struct emu_bytes x = {NULL, 0}, y = {NULL, 0};
    unsigned char point[1 + 2 * 66] = {4};
    size_t width = curve->coordinate;
    BIGNUM *d = member_number(jwk, "d");
    EVP_PKEY *key = NULL;

    if (builder == NULL || d == NULL || !member_bytes(jwk, "x", width, &x) ||
        !member_bytes(jwk, "y", width, &y))
        goto out;
    /* Some writers leave leading zeros out. */
    memcpy(point + 1 + width - x.len, x.data, x.len);
    memcpy(point + 1 + 2 * width - y.len, y.data, y.len);
    if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME,
                                        curve->group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
                                         point, 1 + 2 * width) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
        key = from_builder("EC", EVP_PKEY_KEYPAIR, builder);
out:
    BN_clear_free(d);
    emu_bytes_free(&x);
    emu_bytes_free(&y);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

EVP_PKEY *emu_material_jwk_rsa(struct json_object *jwk)
{
    EVP_PKEY *key = NULL;

    if (emu_json_string(jwk, "kty") != NULL &&
        strcmp(emu_json_string(jwk, "kty"), "RSA") == 0)
        key = rsa_key(jwk, 2);
    if (key != NULL && EVP_PKEY_get_bits(key) >= 2048 &&
        EVP_PKEY_get_bits(key) <= 4096)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static int consistent(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    int ok = ctx != NULL && EVP_PKEY_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* Whether the service has keys of that shape; sets bits and crv. */
static const char *shape(enum emu_kty kty, EVP_PKEY *key, int64_t *bits,
                         char *crv)
{
    const struct emu_curve *curve = NULL;
    char group[64];

    if (kty == EMU_RSA && EVP_PKEY_is_a(key, "RSA")) {
        int64_t size = EVP_PKEY_get_bits(key);

        if (size != 2048 && size != 3072 && size != 4096)
            return unsupported;
        *bits = size;
        crv[0] = '\0';
        return NULL;
    }
    if (kty == EMU_EC && EVP_PKEY_is_a(key, "EC") &&
        EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
        curve = emu_curve_by_group(group);
    if (curve == NULL)
        return unsupported;
    *bits = curve->bits;
    snprintf(crv, 16, "%s", curve->name);
    return NULL;
}

static const char *take_key(enum emu_kty kty, EVP_PKEY *key, int64_t *bits,
                            char *crv, struct emu_bytes *out)
{
    const char *wrong;

    if (key == NULL)
        return malformed;
    wrong = shape(kty, key, bits, crv);
    if (wrong == NULL && (!consistent(key) || !emu_material_encode(key, out)))
        wrong = inconsistent;
    return wrong;
}

static const char *take_oct(const struct emu_bytes *k, int64_t *bits, char *crv,
                            struct emu_bytes *out)
{
    if (k->len == 0)
        return malformed;
    if (k->len > OCT_MAX)
        return too_large;
    if (!emu_bytes_set(out, k->data, k->len))
        return malformed;
    *bits = (int64_t)k->len * 8;
    crv[0] = '\0';
    return NULL;
}

const char *emu_material_jwk(struct json_object *jwk, enum emu_kty *kty,
                             int64_t *bits, char *crv, struct emu_bytes *out)
{
    const char *name = emu_json_string(jwk, "kty");
    const char *curve_name = emu_json_string(jwk, "crv"), *wrong = malformed;
    int kind = name == NULL ? -1 : emu_kty_parse(name);
    const struct emu_curve *curve =
        curve_name == NULL ? NULL : emu_curve_by_name(curve_name);
    struct emu_bytes k = {NULL, 0};
    EVP_PKEY *key = NULL;

    if (kind < 0 || kind == EMU_AKP || (kind == EMU_EC && curve == NULL))
        return unsupported;
    if (kind == EMU_OCT) {
        if (member_bytes(jwk, "k", NUMBER_MAX, &k))
            wrong = take_oct(&k, bits, crv, out);
    } else {
        key = kind == EMU_EC && curve != NULL ? ec_key(jwk, curve)
                                              : rsa_key(jwk, RSA_MEMBERS);
        wrong = take_key((enum emu_kty)kind, key, bits, crv, out);
    }
    if (wrong == NULL)
        *kty = (enum emu_kty)kind;
    emu_bytes_free(&k);
    EVP_PKEY_free(key);
    return wrong;
}

const char *emu_material_take(enum emu_kty kty, const struct emu_bytes *plain,
                              int64_t *bits, char *crv, struct emu_bytes *out)
{
    EVP_PKEY *key;
    const char *wrong;

    if (kty == EMU_OCT)
        return plain->len == 16 || plain->len == 24 || plain->len == 32
                   ? take_oct(plain, bits, crv, out)
                   : unsupported;
    key = emu_material_decode(plain);
    wrong = take_key(kty, key, bits, crv, out);
    EVP_PKEY_free(key);
    return wrong;
}
