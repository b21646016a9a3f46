/* SPDX-License-Identifier: MIT
 *
 * Key material. The functions that show a key read its public parameters only;
 * there is no function that shows the private ones.
 */
#include "material.h"

#include "json.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

static const char *const kty_names[EMU_KTY_COUNT][2] = {
    [EMU_RSA] = {"RSA", "RSA-HSM"},
    [EMU_EC] = {"EC", "EC-HSM"},
    [EMU_OCT] = {"oct", "oct-HSM"},
    [EMU_AKP] = {"AKP", "AKP-HSM"},
};

static const struct emu_curve curves[] = {
    {"P-256", "prime256v1", 256, 32},
    {"P-256K", "secp256k1", 256, 32},
    {"P-384", "secp384r1", 384, 48},
    {"P-521", "secp521r1", 521, 66},
};

int emu_kty_parse(const char *text)
{
    int i;

    for (i = 0; i < EMU_KTY_COUNT; i++) {
        if (strcmp(text, kty_names[i][0]) == 0 ||
            strcmp(text, kty_names[i][1]) == 0)
            return i;
    }
    return -1;
}

const char *emu_kty_name(enum emu_kty kty, int software)
{
    return kty_names[kty][software ? 0 : 1];
}

const struct emu_curve *emu_curve_by_name(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(curves[i].name, name) == 0)
            return &curves[i];
    }
    return NULL;
}

const struct emu_curve *emu_curve_by_group(const char *group)
{
    size_t i;

    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(curves[i].group, group) == 0)
            return &curves[i];
    }
    return NULL;
}

int emu_akp_known(const char *name)
{
    return strcmp(name, "ML-DSA-44") == 0 || strcmp(name, "ML-DSA-65") == 0 ||
           strcmp(name, "ML-DSA-87") == 0;
}

int emu_akp_supported(const char *name)
{
    EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(NULL, name, NULL);
    int ok = keymgmt != NULL;

    EVP_KEYMGMT_free(keymgmt);
    return ok;
}

int emu_material_encode(EVP_PKEY *key, struct emu_bytes *der)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *raw = NULL;
    int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &raw);
    int ok = len > 0 && emu_bytes_set(der, raw, (size_t)len);

    if (len > 0)
        OPENSSL_clear_free(raw, (size_t)len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return ok;
}

int emu_material_generate(enum emu_kty kty, int64_t bits, const char *crv,
                          struct emu_bytes *out)
{
    EVP_PKEY *key = NULL;
    int ok;

    if (kty == EMU_OCT)
        return emu_bytes_reserve(out, (size_t)bits / 8) &&
               RAND_priv_bytes(out->data, (int)out->len) == 1;
    if (kty == EMU_RSA)
        key = EVP_RSA_gen((size_t)bits);
    else if (kty == EMU_AKP)
        key = EVP_PKEY_Q_keygen(NULL, NULL, crv);
    else if (emu_curve_by_name(crv) != NULL)
        key = EVP_EC_gen(emu_curve_by_name(crv)->group);
    ok = key != NULL && emu_material_encode(key, out);
    EVP_PKEY_free(key);
    return ok;
}

static int add_number(struct json_object *o, const char *name,
                      const EVP_PKEY *key, const char *parameter, size_t len)
{
    unsigned char raw[1024];
    BIGNUM *value = NULL;
    int ok = 0;

    if (EVP_PKEY_get_bn_param(key, parameter, &value) == 1) {
        if (len == 0)
            len = (size_t)BN_num_bytes(value);
        if (len <= sizeof(raw) && BN_bn2binpad(value, raw, (int)len) >= 0)
            ok = emu_json_add_bytes(o, name, raw, len);
    }
    BN_free(value);
    return ok;
}

static int add_point(struct json_object *o, const EVP_PKEY *key)
{
    const struct emu_curve *curve = NULL;
    char group[64];

    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
        curve = emu_curve_by_group(group);
    return curve != NULL && emu_json_add_string(o, "crv", curve->name) &&
           add_number(o, "x", key, OSSL_PKEY_PARAM_EC_PUB_X,
                      curve->coordinate) &&
           add_number(o, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->coordinate);
}

/* The largest public key, of ML-DSA-87, has 2592 bytes. */
static int add_akp(struct json_object *o, const EVP_PKEY *key)
{
    const char *name = EVP_PKEY_get0_type_name(key);
    unsigned char raw[2592];
    size_t len = 0;

    return name != NULL && emu_akp_known(name) &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, raw,
                                           sizeof(raw), &len) == 1 &&
           emu_json_add_string(o, "alg", name) &&
           emu_json_add_bytes(o, "pub", raw, len);
}

struct json_object *emu_material_public(enum emu_kty kty,
                                        const struct emu_bytes *material)
{
    struct json_object *o = json_object_new_object();
    EVP_PKEY *key = NULL;
    int ok = kty == EMU_OCT;

    if (!ok)
        key = emu_material_decode(material);
    if (key != NULL && kty == EMU_RSA)
        ok = add_number(o, "n", key, OSSL_PKEY_PARAM_RSA_N, 0) &&
             add_number(o, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
    else if (key != NULL && kty == EMU_AKP)
        ok = add_akp(o, key);
    else if (key != NULL)
        ok = add_point(o, key);
    EVP_PKEY_free(key);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}
