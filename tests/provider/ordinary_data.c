/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: keys as data.  What a key tells of itself, by every
 * selection, and the keys that are made of that; copies, comparisons, changes.
 */
#include "ordinary.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name;
    int selection;
} selections[] = {
    {"private", OSSL_KEYMGMT_SELECT_PRIVATE_KEY},
    {"public", OSSL_KEYMGMT_SELECT_PUBLIC_KEY},
    {"pair", OSSL_KEYMGMT_SELECT_KEYPAIR},
    {"EVP_PKEY_KEYPAIR", EVP_PKEY_KEYPAIR},
    {"EVP_PKEY_PUBLIC_KEY", EVP_PKEY_PUBLIC_KEY},
    {"EVP_PKEY_KEY_PARAMETERS", EVP_PKEY_KEY_PARAMETERS},
    {"other parameters", OSSL_KEYMGMT_SELECT_OTHER_PARAMETERS},
    {"nothing", 0},
};

static void write_check(struct ord *o, EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(o->lib, key, NULL);

    ord_text(o, "checks: %d %d %d %d %d", EVP_PKEY_check(ctx),
             EVP_PKEY_public_check(ctx), EVP_PKEY_public_check_quick(ctx),
             EVP_PKEY_private_check(ctx), EVP_PKEY_param_check_quick(ctx));
    EVP_PKEY_CTX_free(ctx);
}

/* Every selection of a key, and new keys of each. */
static void write_selections(struct ord *o, EVP_PKEY *key)
{
    size_t i, j;

    for (i = 0; i < COUNT(selections); i++) {
        OSSL_PARAM *params = NULL;

        ord_result(o, EVP_PKEY_todata(key, selections[i].selection, &params),
                   "to data: %s", selections[i].name);
        if (params == NULL)
            continue;
        ord_params(o, selections[i].name, params);
        for (j = 0; j < COUNT(selections); j++) {
            EVP_PKEY_CTX *ctx;
            EVP_PKEY *made = NULL;

            if (j != i && selections[j].selection != EVP_PKEY_KEYPAIR)
                continue;
            ctx = EVP_PKEY_CTX_new_from_name(
                o->lib, EVP_PKEY_get0_type_name(key), NULL);
            ord_good(o, EVP_PKEY_fromdata_init(ctx), "from data");
            if (ord_result(o,
                           EVP_PKEY_fromdata(ctx, &made,
                                             selections[j].selection, params),
                           "from data: %s", selections[j].name) > 0) {
                ord_result(o, EVP_PKEY_eq(made, key), "eq");
                ord_result(o, EVP_PKEY_eq(key, made), "eq, turned round");
                if (i == j)
                    write_check(o, made);
            }
            EVP_PKEY_free(made);
            EVP_PKEY_CTX_free(ctx);
        }
        OSSL_PARAM_free(params);
    }
}

static void selections_private(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name);

        ord_text(o, "%s", name);
        write_selections(o, key);
        EVP_PKEY_free(key);
    }
}

static void selections_public(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_public(o, name);

        ord_text(o, "%s", name);
        write_selections(o, key);
        EVP_PKEY_free(key);
    }
}

/* Importable and exportable names, type by type. */
static void names(struct ord *o)
{
    static const char *const types[] = {"RSA", "RSA-PSS", "EC",  "SM2",
                                        "DSA", "DH",      "DHX", "X25519"};
    size_t i, j;

    for (i = 0; i < COUNT(types); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(o->lib, types[i], NULL);

        ord_text(o, "%s", types[i]);
        for (j = 0; j < COUNT(selections); j++)
            ord_names(o, selections[j].name,
                      EVP_PKEY_fromdata_settable(ctx, selections[j].selection));
        EVP_PKEY_CTX_free(ctx);
    }
}

static void write_gettable(struct ord *o, EVP_PKEY *key)
{
    const OSSL_PARAM *gettable = EVP_PKEY_gettable_params(key);
    size_t size;

    ord_names(o, "gettable", gettable);
    for (; gettable != NULL && gettable->key != NULL; gettable++) {
        unsigned char octets[8192] = {0};
        BIGNUM *number = NULL;
        int value = 0, got;

        if (strncmp(gettable->key, "mhsm", 4) == 0)
            continue;
        size = 0;
        switch (gettable->data_type) {
        case OSSL_PARAM_UTF8_STRING:
            got = EVP_PKEY_get_utf8_string_param(
                key, gettable->key, (char *)octets, sizeof(octets), &size);
            ord_result(o, got, "%s = %s", gettable->key, (char *)octets);
            break;
        case OSSL_PARAM_OCTET_STRING:
            got = EVP_PKEY_get_octet_string_param(key, gettable->key, octets,
                                                  sizeof(octets), &size);
            ord_result(o, got, "%s", gettable->key);
            ord_octets(o, "  octets", octets, got == 1 ? size : 0);
            break;
        case OSSL_PARAM_UNSIGNED_INTEGER: {
            char *text = NULL;

            got = EVP_PKEY_get_bn_param(key, gettable->key, &number);
            if (got == 1)
                text = BN_bn2hex(number);
            ord_result(o, got, "%s = %s", gettable->key,
                       text == NULL ? "none" : text);
            OPENSSL_free(text);
            BN_clear_free(number);
            break;
        }
        default:
            got = EVP_PKEY_get_int_param(key, gettable->key, &value);
            ord_result(o, got, "%s = %d", gettable->key, value);
        }
    }
}

/* By name, in the order of the default provider's list. */
static void parameters_by_name(struct ord *o)
{
    static const char *const list[] = {
        OSSL_PKEY_PARAM_BITS,
        OSSL_PKEY_PARAM_SECURITY_BITS,
        OSSL_PKEY_PARAM_MAX_SIZE,
        OSSL_PKEY_PARAM_DEFAULT_DIGEST,
        OSSL_PKEY_PARAM_MANDATORY_DIGEST,
        OSSL_PKEY_PARAM_GROUP_NAME,
        OSSL_PKEY_PARAM_EC_ENCODING,
        OSSL_PKEY_PARAM_EC_FIELD_TYPE,
        OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
        OSSL_PKEY_PARAM_EC_P,
        OSSL_PKEY_PARAM_EC_GENERATOR,
        OSSL_PKEY_PARAM_EC_CHAR2_TYPE,
        OSSL_PKEY_PARAM_EC_CHAR2_TP_BASIS,
        OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
        OSSL_PKEY_PARAM_EC_PUB_X,
        OSSL_PKEY_PARAM_PUB_KEY,
        OSSL_PKEY_PARAM_PRIV_KEY,
        OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
        OSSL_PKEY_PARAM_RSA_N,
        OSSL_PKEY_PARAM_RSA_D,
        OSSL_PKEY_PARAM_RSA_FACTOR3,
        OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
        OSSL_PKEY_PARAM_RSA_DIGEST,
        OSSL_PKEY_PARAM_RSA_MGF1_DIGEST,
        OSSL_PKEY_PARAM_RSA_MASKGENFUNC,
        OSSL_PKEY_PARAM_RSA_PSS_SALTLEN,
        OSSL_PKEY_PARAM_FFC_P,
        OSSL_PKEY_PARAM_USE_COFACTOR_ECDH,
        "nothing",
    };
    const char *name;
    size_t i, j, size;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *keys[] = {ord_key(o, name), ord_public(o, name)};

        ord_text(o, "%s", name);
        write_gettable(o, keys[0]);
        for (j = 0; j < COUNT(list); j++) {
            unsigned char octets[4096];
            char text[128] = "";
            BIGNUM *number = NULL;
            int whole = 0;

            ord_text(o, "%s: %d %d %d %d %d", list[j],
                     EVP_PKEY_get_int_param(keys[1], list[j], &whole),
                     EVP_PKEY_get_utf8_string_param(keys[1], list[j], text,
                                                    sizeof(text), NULL),
                     EVP_PKEY_get_octet_string_param(keys[1], list[j], octets,
                                                     sizeof(octets), &size),
                     EVP_PKEY_get_octet_string_param(keys[0], list[j], octets,
                                                     1, &size),
                     EVP_PKEY_get_bn_param(keys[1], list[j], &number));
            ord_text(o, "  %d %s", whole, text);
            BN_free(number);
        }
        EVP_PKEY_free(keys[0]);
        EVP_PKEY_free(keys[1]);
    }
}

static void copies(struct ord *o)
{
    EVP_PKEY *others[64];
    const char *name;
    size_t i, j, count;

    for (count = 0; (name = ord_key_name(count)) != NULL; count++)
        others[count] = ord_public(o, name);
    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name), *half = ord_public(o, name);
        EVP_PKEY *copy = EVP_PKEY_dup(key), *half_copy = EVP_PKEY_dup(half);

        ord_good(o, copy != NULL && half_copy != NULL, "%s", name);
        ord_text(o, "eq: %d %d %d %d %d %d", EVP_PKEY_eq(key, copy),
                 EVP_PKEY_eq(copy, key), EVP_PKEY_eq(key, half),
                 EVP_PKEY_eq(half, key), EVP_PKEY_eq(half, half_copy),
                 EVP_PKEY_parameters_eq(half, key));
        write_check(o, copy);
        for (j = 0; j < count; j++)
            ord_text(o, "with %zu: %d %d", j, EVP_PKEY_eq(key, others[j]),
                     EVP_PKEY_parameters_eq(key, others[j]));
        EVP_PKEY_free(key);
        EVP_PKEY_free(half);
        EVP_PKEY_free(copy);
        EVP_PKEY_free(half_copy);
    }
    while (count > 0)
        EVP_PKEY_free(others[--count]);
}

static void write_raw(struct ord *o, EVP_PKEY *key)
{
    unsigned char octets[8192], *encoded = NULL;
    size_t size = sizeof(octets);
    int got = EVP_PKEY_get_raw_private_key(key, octets, &size);

    ord_result(o, got, "raw private");
    ord_octets(o, "octets", octets, got == 1 ? size : 0);
    size = sizeof(octets);
    got = EVP_PKEY_get_raw_public_key(key, octets, &size);
    ord_result(o, got, "raw public");
    ord_octets(o, "octets", octets, got == 1 ? size : 0);
    size = EVP_PKEY_get1_encoded_public_key(key, &encoded);
    ord_octets(o, "encoded", encoded, size);
    if (size > 0) {
        EVP_PKEY *peer = EVP_PKEY_new();

        ord_result(o, EVP_PKEY_copy_parameters(peer, key), "parameters");
        if (EVP_PKEY_get_id(key) != EVP_PKEY_NONE)
            ord_result(o, EVP_PKEY_set1_encoded_public_key(peer, encoded, size),
                       "encoded taken");
        ord_result(o, EVP_PKEY_eq(peer, key), "is the same");
        encoded[size / 2] ^= 1;
        ord_result(o, EVP_PKEY_set1_encoded_public_key(peer, encoded, size),
                   "damaged taken");
        EVP_PKEY_free(peer);
    }
    OPENSSL_free(encoded);
}

static void raw_keys(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name);

        ord_text(o, "%s", name);
        write_raw(o, key);
        EVP_PKEY_free(key);
    }
}

/* What may be changed in a key, and what comes of it. */
static void changes(struct ord *o)
{
    static const struct {
        const char *key, *param, *value;
    } rows[] = {
        {"P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"},
        {"P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"},
        {"P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "nothing"},
        {"P-384", OSSL_PKEY_PARAM_EC_ENCODING, "explicit"},
        {"P-384", OSSL_PKEY_PARAM_EC_ENCODING, "nothing"},
        {"explicit P-256", OSSL_PKEY_PARAM_EC_ENCODING, "named_curve"},
        {"P-521", OSSL_PKEY_PARAM_GROUP_NAME, "P-256"},
        {"sect283k1", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"},
        {"RSA", OSSL_PKEY_PARAM_RSA_DIGEST, "SHA1"},
        {"RSA-PSS", OSSL_PKEY_PARAM_RSA_DIGEST, "SHA1"},
        {"X25519", OSSL_PKEY_PARAM_PROPERTIES, "provider=default"},
    };
    size_t i;
    int flag;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY *key = ord_key(o, rows[i].key), *copy;
        BIO *file = BIO_new(BIO_s_mem());

        ord_result(
            o,
            EVP_PKEY_set_utf8_string_param(key, rows[i].param, rows[i].value),
            "%s: %s %s", rows[i].key, rows[i].param, rows[i].value);
        ord_names(o, "settable", EVP_PKEY_settable_params(key));
        copy = EVP_PKEY_dup(key);
        ord_result(o, i2d_PUBKEY_bio(file, copy), "written");
        ord_result(o, i2d_PrivateKey_bio(file, copy), "written");
        ord_result(o, i2d_PrivateKey_bio(file, key), "written");
        {
            char *data;
            long size = BIO_get_mem_data(file, &data);

            ord_octets(o, "as", data, (size_t)size);
        }
        for (flag = 0; flag < 3; flag++)
            ord_text(o, "flags: %d %d",
                     EVP_PKEY_set_int_param(
                         copy, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, flag),
                     EVP_PKEY_set_int_param(
                         copy, OSSL_PKEY_PARAM_USE_COFACTOR_ECDH, flag));
        BIO_free(file);
        EVP_PKEY_free(copy);
        EVP_PKEY_free(key);
    }
}

static void damaged(struct ord *o)
{
    static unsigned char one[] = {1}, point[65] = {4};
    static char curve[] = "P-256", nothing[] = "P-1";
    OSSL_PARAM rsa_n[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, one, sizeof(one)), OSSL_PARAM_END};
    OSSL_PARAM rsa[] = {OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, one, sizeof(one)),
                        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, one, sizeof(one)),
                        OSSL_PARAM_END};
    OSSL_PARAM ec[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 5),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_END};
    OSSL_PARAM unknown[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nothing, 3),
        OSSL_PARAM_END};
    OSSL_PARAM none[] = {OSSL_PARAM_END};
    const struct {
        const char *type;
        OSSL_PARAM *params;
    } rows[] = {{"RSA", rsa_n},     {"RSA", rsa},     {"RSA", none},
                {"RSA-PSS", rsa_n}, {"RSA-PSS", rsa}, {"EC", ec},
                {"EC", unknown},    {"EC", none},     {"EC", rsa},
                {"RSA", ec},        {"X25519", ec},   {"DH", unknown}};
    size_t i, j;

    for (i = 0; i < COUNT(rows); i++) {
        for (j = 0; j < COUNT(selections); j++) {
            EVP_PKEY_CTX *ctx =
                EVP_PKEY_CTX_new_from_name(o->lib, rows[i].type, NULL);
            EVP_PKEY *key = NULL;

            ord_good(o, EVP_PKEY_fromdata_init(ctx), "init");
            ord_result(o,
                       EVP_PKEY_fromdata(ctx, &key, selections[j].selection,
                                         rows[i].params),
                       "%zu, %s: %s", i, rows[i].type, selections[j].name);
            if (key != NULL) {
                write_check(o, key);
                ord_text(o, "%d %d %d", EVP_PKEY_get_bits(key),
                         EVP_PKEY_get_size(key),
                         EVP_PKEY_get_security_bits(key));
            }
            EVP_PKEY_free(key);
            EVP_PKEY_CTX_free(ctx);
        }
    }
}

const struct ord_case ord_data_cases[] = {
    {"selections of private keys", selections_private},
    {"selections of public keys", selections_public},
    {"names of data", names},
    {"parameters by name", parameters_by_name},
    {"copies and comparisons", copies},
    {"raw keys", raw_keys},
    {"changes to keys", changes},
    {"damaged data", damaged},
    {NULL, NULL},
};
