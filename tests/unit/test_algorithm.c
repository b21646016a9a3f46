/* SPDX-License-Identifier: MIT
 *
 * The algorithm table: complete, consistent with OpenSSL, and selected from
 * without ambiguity.
 */
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "check.h"
#include "mhsm/algorithm.h"

static void table(void)
{
    const mhsm_algorithm *row;
    size_t i;

    for (i = 0; (row = mhsm_algorithm_at(i)) != NULL; i++) {
        CHECK(mhsm_algorithm_find(row->name) == row);
        CHECK(row->help != NULL && row->operations != 0);
        CHECK((row->curve != MHSM_CURVE_NONE) == (row->type == MHSM_KEY_EC));
        CHECK(row->key_bits == 0 || row->type == MHSM_KEY_OCT);
        if (row->digest != NULL) {
            EVP_MD *md = EVP_MD_fetch(NULL, row->digest, NULL);

            CHECK_FATAL(md != NULL);
            CHECK((size_t)EVP_MD_get_size(md) == row->digest_size);
            EVP_MD_free(md);
        } else {
            CHECK(row->digest_size == 0);
        }
    }
    CHECK(i == 34);
    CHECK(mhsm_algorithm_find("rs256") == NULL);
    CHECK(mhsm_algorithm_find("") == NULL);
    CHECK(mhsm_algorithm_find(NULL) == NULL);
}

static const struct {
    unsigned int operation;
    mhsm_key_type type;
    mhsm_curve curve;
    mhsm_padding padding;
    size_t digest;
    const char *name; /* NULL: none */
} picks[] = {
    {MHSM_OP_SIGN, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_PKCS1, 32,
     "RS256"},
    {MHSM_OP_VERIFY, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_PKCS1, 64,
     "RS512"},
    {MHSM_OP_SIGN, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_PKCS1, 20, NULL},
    {MHSM_OP_SIGN, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_PSS, 48,
     "PS384"},
    {MHSM_OP_SIGN, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_PKCS1, 0,
     "RSNULL"},
    {MHSM_OP_SIGN, MHSM_KEY_EC, MHSM_CURVE_P256, MHSM_PADDING_NONE, 32,
     "ES256"},
    {MHSM_OP_SIGN, MHSM_KEY_EC, MHSM_CURVE_P256K, MHSM_PADDING_NONE, 32,
     "ES256K"},
    {MHSM_OP_SIGN, MHSM_KEY_EC, MHSM_CURVE_P521, MHSM_PADDING_NONE, 64,
     "ES512"},
    {MHSM_OP_SIGN, MHSM_KEY_EC, MHSM_CURVE_P384, MHSM_PADDING_NONE, 32, NULL},
    {MHSM_OP_DECRYPT, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_OAEP, 20,
     "RSA-OAEP"},
    {MHSM_OP_UNWRAP, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_OAEP, 32,
     "RSA-OAEP-256"},
    {MHSM_OP_DECRYPT, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_PKCS1, 0,
     "RSA1_5"},
    {MHSM_OP_DECRYPT, MHSM_KEY_EC, MHSM_CURVE_P256, MHSM_PADDING_OAEP, 32,
     NULL},
    {MHSM_OP_SIGN, MHSM_KEY_OCT, MHSM_CURVE_NONE, MHSM_PADDING_NONE, 32,
     "HS256"},
    {MHSM_OP_ENCRYPT, MHSM_KEY_OCT, MHSM_CURVE_NONE, MHSM_PADDING_NONE, 0,
     NULL},
    /* The parameter set decides, and it was not asked about. */
    {MHSM_OP_SIGN, MHSM_KEY_AKP, MHSM_CURVE_NONE, MHSM_PADDING_NONE, 0, NULL},
    {MHSM_OP_SIGN | MHSM_OP_VERIFY, MHSM_KEY_RSA, MHSM_CURVE_NONE,
     MHSM_PADDING_PSS, 32, NULL},
    {0, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_PSS, 32, NULL},
    {MHSM_OP_EXPORT, MHSM_KEY_RSA, MHSM_CURVE_NONE, MHSM_PADDING_NONE, 0, NULL},
};

static void selection(void)
{
    size_t i;

    for (i = 0; i < sizeof(picks) / sizeof(picks[0]); i++) {
        const mhsm_algorithm *found = mhsm_algorithm_select(
            picks[i].operation, picks[i].type, picks[i].curve, picks[i].padding,
            picks[i].digest);

        CHECK(found == mhsm_algorithm_find(picks[i].name));
    }
}

static void curves(void)
{
    static const struct {
        const char *name;
        mhsm_curve curve;
    } names[] = {
        {"P-256", MHSM_CURVE_P256},      {"prime256v1", MHSM_CURVE_P256},
        {"secp256r1", MHSM_CURVE_P256},  {"p-384", MHSM_CURVE_P384},
        {"SECP384R1", MHSM_CURVE_P384},  {"P-521", MHSM_CURVE_P521},
        {"secp256k1", MHSM_CURVE_P256K}, {"SECP256K1", MHSM_CURVE_P256K},
        {"P-256K", MHSM_CURVE_P256K},    {"P-192", MHSM_CURVE_NONE},
        {"", MHSM_CURVE_NONE},
    };
    size_t i;
    int curve;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const mhsm_curve_info *info = mhsm_curve_by_name(names[i].name);

        CHECK((info != NULL ? info->curve : MHSM_CURVE_NONE) == names[i].curve);
    }
    for (curve = MHSM_CURVE_P256; curve <= MHSM_CURVE_P256K; curve++) {
        const mhsm_curve_info *info = mhsm_curve_find((mhsm_curve)curve);
        EC_GROUP *group;

        CHECK_FATAL(info != NULL);
        group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(info->group));
        CHECK_FATAL(group != NULL);
        CHECK((unsigned int)EC_GROUP_get_degree(group) == info->bits);
        CHECK((info->bits + 7) / 8 == info->coordinate_size);
        EC_GROUP_free(group);
    }
    CHECK(mhsm_curve_find(MHSM_CURVE_NONE) == NULL);
    CHECK(mhsm_curve_by_name(NULL) == NULL);
}

/* FIPS 204, table 2, and the identifiers of NIST's register. */
static void parameter_sets(void)
{
    static const mhsm_parameter_set known[] = {
        {"ML-DSA-44", "2.16.840.1.101.3.4.3.17", 1312, 2420},
        {"ML-DSA-65", "2.16.840.1.101.3.4.3.18", 1952, 3309},
        {"ML-DSA-87", "2.16.840.1.101.3.4.3.19", 2592, 4627},
    };
    const mhsm_parameter_set *set;
    const mhsm_algorithm *row;
    size_t i;

    for (i = 0; (set = mhsm_parameter_set_at(i)) != NULL; i++) {
        CHECK_FATAL(i < sizeof(known) / sizeof(known[0]));
        CHECK_TEXT(set->name, known[i].name);
        CHECK_TEXT(set->oid, known[i].oid);
        CHECK(set->public_size == known[i].public_size);
        CHECK(set->signature_size == known[i].signature_size);
        CHECK(mhsm_parameter_set_find(set->name) == set);
        row = mhsm_algorithm_find(set->name);
        CHECK_FATAL(row != NULL);
        CHECK(row->type == MHSM_KEY_AKP);
        CHECK(row->operations == (MHSM_OP_SIGN | MHSM_OP_VERIFY));
    }
    CHECK(i == 3);
    CHECK(mhsm_parameter_set_find("ml-dsa-65") == mhsm_parameter_set_at(1));
    CHECK(mhsm_parameter_set_find("ML-DSA") == NULL);
    CHECK(mhsm_parameter_set_find(NULL) == NULL);
}

static void names(void)
{
    unsigned int bit;

    for (bit = 1; bit <= MHSM_OP_EXPORT; bit <<= 1)
        CHECK(mhsm_operation_find(mhsm_operation_name(bit)) == bit);
    CHECK(mhsm_operation_name(3) == NULL);
    CHECK(mhsm_operation_name(1 << 8) == NULL);
    CHECK(mhsm_operation_find("WrapKey") == 0);
    CHECK(mhsm_operation_find(NULL) == 0);
    CHECK(mhsm_key_type_find("rsa") == MHSM_KEY_RSA);
    CHECK(mhsm_key_type_find("EC-HSM") == MHSM_KEY_EC);
    CHECK(mhsm_key_type_find("OCT-hsm") == MHSM_KEY_OCT);
    CHECK(mhsm_key_type_find("akp-hsm") == MHSM_KEY_AKP);
    CHECK(mhsm_key_type_find("AKP") == MHSM_KEY_AKP);
    CHECK(mhsm_key_type_find("OKP") == MHSM_KEY_UNKNOWN);
    CHECK(mhsm_key_type_find(NULL) == MHSM_KEY_UNKNOWN);
    CHECK_TEXT(mhsm_key_type_name(MHSM_KEY_OCT), "oct-HSM");
    CHECK_TEXT(mhsm_key_type_name(MHSM_KEY_UNKNOWN), "unknown");
}

int main(void)
{
    static const struct check checks[] = {
        {"table", table},
        {"selection", selection},
        {"curves", curves},
        {"names", names},
        {"parameter_sets", parameter_sets},
        {NULL, NULL},
    };

    return check_main("algorithm", checks);
}
