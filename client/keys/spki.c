/* SPDX-License-Identifier: MIT
 *
 * SubjectPublicKeyInfo by templates of our own: OpenSSL's X509_PUBKEY would
 * look for a provider to make a key of it, and could end up in the module that
 * is calling.  One row for each algorithm; to add one is to add a row.  Must
 * never accept a second encoding of what it writes.
 */
#include "keys/spki.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/error.h"
#include "base/json.h"
#include "base/result.h"
#include "keys/pss.h"
#include "mhsm/crypto.h"

/* P-521: 0x04, x, y. */
enum {
    point_max = 1 + 2 * 66,
    point_uncompressed = 4,
    number_max = 1025,
    der_max = 8192
};

typedef struct mhsmi_spki mhsmi_spki;

ASN1_SEQUENCE(mhsmi_spki) =
    {
        ASN1_SIMPLE(mhsmi_spki, algorithm, X509_ALGOR),
        ASN1_SIMPLE(mhsmi_spki, key, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(mhsmi_spki)

    /* RFC 8017 A.1.1. */
    typedef struct rsa_public {
    ASN1_INTEGER *n, *e;
} rsa_public;

ASN1_SEQUENCE(rsa_public) =
    {
        ASN1_SIMPLE(rsa_public, n, ASN1_INTEGER),
        ASN1_SIMPLE(rsa_public, e, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END(rsa_public)

        struct row {
    int nid;
    mhsm_key_type type;
    mhsm_status (*make)(const mhsm_key *key, struct mhsmi_spki *spki,
                        mhsm_error **err);
    mhsm_status (*read)(const struct mhsmi_spki *spki, struct json_object *jwk,
                        mhsm_error **err);
};

static mhsm_status damaged(mhsm_error **err, const char *what)
{
    return mhsmi_error(err, MHSM_ERR_DAMAGED, "its public key %s", what);
}

/* Takes `octets`, of OPENSSL_malloc, when it succeeds. */
static int set_bits(struct mhsmi_spki *spki, unsigned char *octets, int size)
{
    ASN1_STRING_set0(spki->key, octets, size);
    spki->key->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 7);
    spki->key->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    return 1;
}

static int set_integer(ASN1_INTEGER *integer, const unsigned char *octets,
                       size_t size)
{
    BIGNUM *number = BN_bin2bn(octets, (int)size, NULL);
    int ok = number != NULL && BN_to_ASN1_INTEGER(number, integer) != NULL;

    BN_free(number);
    return ok;
}

static mhsm_status make_rsa(const mhsm_key *key, struct mhsmi_spki *spki,
                            mhsm_error **err)
{
    size_t n_size, e_size;
    const unsigned char *n = mhsm_key_rsa_n(key, &n_size);
    const unsigned char *e = mhsm_key_rsa_e(key, &e_size);
    rsa_public *numbers = NULL;
    unsigned char *der = NULL;
    int size, ok;

    numbers = (rsa_public *)ASN1_item_new(ASN1_ITEM_rptr(rsa_public));
    ok = numbers != NULL && set_integer(numbers->n, n, n_size) &&
         set_integer(numbers->e, e, e_size) &&
         (size = ASN1_item_i2d((ASN1_VALUE *)numbers, &der,
                               ASN1_ITEM_rptr(rsa_public))) > 0 &&
         set_bits(spki, der, size) &&
         (mhsm_key_pss(key) != NULL
              ? mhsmi_pss_make(mhsm_key_pss(key), spki->algorithm)
              : X509_ALGOR_set0(spki->algorithm, OBJ_nid2obj(NID_rsaEncryption),
                                V_ASN1_NULL, NULL) == 1);
    ASN1_item_free((ASN1_VALUE *)numbers, ASN1_ITEM_rptr(rsa_public));
    return ok ? MHSM_OK : mhsmi_error_memory(err);
}

static int add_integer(struct json_object *jwk, const char *name,
                       const ASN1_INTEGER *integer)
{
    return mhsmi_json_add_octets(jwk, name, ASN1_STRING_get0_data(integer),
                                 (size_t)ASN1_STRING_length(integer));
}

static mhsm_status read_rsa(const struct mhsmi_spki *spki,
                            struct json_object *jwk, mhsm_error **err)
{
    const unsigned char *at = ASN1_STRING_get0_data(spki->key);
    int size = ASN1_STRING_length(spki->key);
    const unsigned char *end = at + size;
    rsa_public *numbers = NULL;
    mhsm_status st = MHSM_OK;

    numbers = (rsa_public *)ASN1_item_d2i(NULL, &at, size,
                                          ASN1_ITEM_rptr(rsa_public));
    if (numbers == NULL || at != end)
        st = damaged(err, "is no RSAPublicKey");
    else if (ASN1_STRING_type(numbers->n) != V_ASN1_INTEGER ||
             ASN1_STRING_type(numbers->e) != V_ASN1_INTEGER ||
             ASN1_STRING_length(numbers->n) > number_max)
        st = damaged(err, "has a number that is negative or too long");
    else if (!add_integer(jwk, "n", numbers->n) ||
             !add_integer(jwk, "e", numbers->e))
        st = mhsmi_error_memory(err);
    ASN1_item_free((ASN1_VALUE *)numbers, ASN1_ITEM_rptr(rsa_public));
    return st;
}

static mhsm_status read_plain_rsa(const struct mhsmi_spki *spki,
                                  struct json_object *jwk, mhsm_error **err)
{
    int parameters;

    X509_ALGOR_get0(NULL, &parameters, NULL, spki->algorithm);
    if (parameters != V_ASN1_NULL)
        return damaged(err, "has parameters that RSA keys do not have");
    return read_rsa(spki, jwk, err);
}

static mhsm_status read_pss(const struct mhsmi_spki *spki,
                            struct json_object *jwk, mhsm_error **err)
{
    if (mhsmi_pss_read(spki->algorithm) == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "its public key has PSS parameters that the HSM "
                           "does not sign with");
    return read_rsa(spki, jwk, err);
}

static mhsm_status make_ec(const mhsm_key *key, struct mhsmi_spki *spki,
                           mhsm_error **err)
{
    const mhsm_curve_info *curve = mhsm_curve_find(mhsm_key_curve(key));
    size_t x_size, y_size;
    const unsigned char *x = mhsm_key_ec_x(key, &x_size);
    const unsigned char *y = mhsm_key_ec_y(key, &y_size);
    ASN1_OBJECT *group;
    unsigned char *point;

    if (curve == NULL || x_size != curve->coordinate_size || y_size != x_size ||
        1 + 2 * x_size > point_max)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "the key's curve is not known");
    group = OBJ_txt2obj(curve->group, 0);
    point = OPENSSL_malloc(1 + 2 * x_size);
    if (group == NULL || point == NULL ||
        X509_ALGOR_set0(spki->algorithm, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
                        V_ASN1_OBJECT, group) != 1) {
        ASN1_OBJECT_free(group);
        OPENSSL_free(point);
        return mhsmi_error_memory(err);
    }
    point[0] = point_uncompressed;
    memcpy(point + 1, x, x_size);
    memcpy(point + 1 + x_size, y, y_size);
    (void)set_bits(spki, point, (int)(1 + 2 * x_size));
    return MHSM_OK;
}

static mhsm_status read_ec(const struct mhsmi_spki *spki,
                           struct json_object *jwk, mhsm_error **err)
{
    const unsigned char *point = ASN1_STRING_get0_data(spki->key);
    size_t size = (size_t)ASN1_STRING_length(spki->key), half;
    const mhsm_curve_info *curve = NULL;
    const void *group = NULL;
    int kind, nid;

    X509_ALGOR_get0(NULL, &kind, &group, spki->algorithm);
    if (kind != V_ASN1_OBJECT)
        return damaged(err, "names no curve");
    nid = OBJ_obj2nid(group);
    if (nid != NID_undef)
        curve = mhsm_curve_by_name(OBJ_nid2sn(nid));
    if (curve == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "its public key is on a curve that is not known");
    half = curve->coordinate_size;
    if (size != 1 + 2 * half || point[0] != point_uncompressed)
        return damaged(err, "is no uncompressed point of its curve");
    return mhsmi_json_add_string(jwk, "crv", curve->name) &&
                   mhsmi_json_add_octets(jwk, "x", point + 1, half) &&
                   mhsmi_json_add_octets(jwk, "y", point + 1 + half, half)
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

static mhsm_status make_akp(const mhsm_key *key, struct mhsmi_spki *spki,
                            mhsm_error **err)
{
    size_t size;
    const unsigned char *octets = mhsm_key_akp_public(key, &size);
    const mhsm_parameter_set *set = mhsm_key_parameter_set(key);
    ASN1_OBJECT *algorithm = NULL;
    unsigned char *copy = NULL;

    if (set == NULL || octets == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "the key's algorithm is not known");
    algorithm = OBJ_txt2obj(set->oid, 1);
    copy = OPENSSL_memdup(octets, size);
    if (algorithm == NULL || copy == NULL ||
        X509_ALGOR_set0(spki->algorithm, algorithm, V_ASN1_UNDEF, NULL) != 1) {
        ASN1_OBJECT_free(algorithm);
        OPENSSL_free(copy);
        return mhsmi_error_memory(err);
    }
    (void)set_bits(spki, copy, (int)size);
    return MHSM_OK;
}

/* OpenSSL before 3.5 has no names for these identifiers. */
static const mhsm_parameter_set *find_set(const ASN1_OBJECT *algorithm)
{
    const mhsm_parameter_set *set;
    char oid[80];
    size_t i;

    if (OBJ_obj2txt(oid, sizeof(oid), algorithm, 1) <= 0)
        return NULL;
    for (i = 0; (set = mhsm_parameter_set_at(i)) != NULL; i++)
        if (strcmp(set->oid, oid) == 0)
            return set;
    return NULL;
}

static mhsm_status read_akp(const struct mhsmi_spki *spki,
                            struct json_object *jwk, mhsm_error **err)
{
    size_t size = (size_t)ASN1_STRING_length(spki->key);
    const ASN1_OBJECT *algorithm;
    const mhsm_parameter_set *set;
    int parameters;

    X509_ALGOR_get0(&algorithm, &parameters, NULL, spki->algorithm);
    set = find_set(algorithm);
    if (parameters != V_ASN1_UNDEF)
        return damaged(err, "has parameters that ML-DSA keys do not have");
    if (set == NULL || size != set->public_size)
        return damaged(err, "has not the size of its algorithm's keys");
    return mhsmi_json_add_string(jwk, "alg", set->name) &&
                   mhsmi_json_add_octets(jwk, "pub",
                                         ASN1_STRING_get0_data(spki->key), size)
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

/* The first row of a type is the one that is written. */
static const struct row rows[] = {
    {NID_rsaEncryption, MHSM_KEY_RSA, make_rsa, read_plain_rsa},
    {NID_rsassaPss, MHSM_KEY_RSA, make_rsa, read_pss},
    {NID_X9_62_id_ecPublicKey, MHSM_KEY_EC, make_ec, read_ec},
    {NID_undef, MHSM_KEY_AKP, make_akp, read_akp}, /* by find_set */
};

static const struct row *find_row(const ASN1_OBJECT *algorithm)
{
    int nid = OBJ_obj2nid(algorithm);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].nid == NID_undef ? find_set(algorithm) != NULL
                                     : rows[i].nid == nid)
            return &rows[i];
    return NULL;
}

mhsm_status mhsmi_spki_make(const mhsm_key *key, struct mhsmi_spki **spki,
                            mhsm_error **err)
{
    struct mhsmi_spki *made;
    mhsm_status st;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].type == mhsm_key_get_type(key))
            break;
    if (i == sizeof(rows) / sizeof(rows[0])) {
        *spki = NULL;
        return MHSM_OK;
    }
    made = (struct mhsmi_spki *)ASN1_item_new(ASN1_ITEM_rptr(mhsmi_spki));
    if (made == NULL)
        return mhsmi_error_memory(err);
    st = rows[i].make(key, made, err);
    if (st == MHSM_OK)
        *spki = made;
    else
        mhsmi_spki_free(made);
    return st;
}

void mhsmi_spki_free(struct mhsmi_spki *spki)
{
    ASN1_item_free((ASN1_VALUE *)spki, ASN1_ITEM_rptr(mhsmi_spki));
}

mhsm_status mhsmi_spki_read(const struct mhsmi_spki *spki, mhsm_key_type type,
                            struct json_object *jwk, mhsm_error **err)
{
    const ASN1_OBJECT *algorithm;
    const struct row *row;
    char name[80];

    X509_ALGOR_get0(&algorithm, NULL, NULL, spki->algorithm);
    row = find_row(algorithm);
    if (row == NULL) {
        (void)OBJ_obj2txt(name, sizeof(name), algorithm, 0);
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "its public key is of an algorithm that is not "
                           "known: %s",
                           name);
    }
    if (row->type != type)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "its public key is of type %s, and its kty is %s",
                           mhsm_key_type_name(row->type),
                           mhsm_key_type_name(type));
    if ((spki->key->flags & 7) != 0)
        return damaged(err, "has unused bits");
    return row->read(spki, jwk, err);
}

const char *mhsmi_spki_pss(const struct mhsmi_spki *spki)
{
    return spki == NULL ? NULL : mhsmi_pss_read(spki->algorithm);
}

static mhsm_status encode(const struct mhsmi_spki *spki, mhsm_result **der,
                          mhsm_error **err)
{
    mhsm_result *made = mhsmi_result_new(der_max);
    unsigned char *octets = NULL;
    int size = ASN1_item_i2d((const ASN1_VALUE *)spki, &octets,
                             ASN1_ITEM_rptr(mhsmi_spki));
    mhsm_status st = MHSM_OK;

    if (made == NULL || size <= 0 ||
        !mhsmi_buf_append(&made->data, octets, (size_t)size))
        st = mhsmi_error_memory(err);
    OPENSSL_free(octets);
    if (st == MHSM_OK)
        *der = made;
    else
        mhsm_result_free(made);
    return st;
}

mhsm_status mhsm_key_spki(const mhsm_key *key, mhsm_result **der,
                          mhsm_error **err)
{
    struct mhsmi_spki *spki = NULL;
    mhsm_status st;

    if (key == NULL || der == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is no key, or nowhere to put its octets");
    (void)ERR_set_mark();
    st = mhsmi_spki_make(key, &spki, err);
    if (st == MHSM_OK && spki == NULL)
        st = mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                         "key %s (%s) has no public key", mhsm_key_name(key),
                         mhsm_key_type_name(mhsm_key_get_type(key)));
    else if (st == MHSM_OK)
        st = encode(spki, der, err);
    mhsmi_spki_free(spki);
    (void)ERR_pop_to_mark();
    return st;
}
