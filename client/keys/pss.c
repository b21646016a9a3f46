/* SPDX-License-Identifier: MIT
 *
 * RSA keys that are for PSS alone.  The service has no such keys: the
 * restriction is the owner's, kept in a key reference, and obeyed by whoever
 * loads it.  Only what the service can sign with may be asked for: the same
 * digest in MGF1, and a salt as long as the digest.  Must never accept two
 * encodings of one restriction.
 */
#include "keys/pss.h"

#include <string.h>

#include <openssl/objects.h>

#include "base/error.h"
#include "base/json.h"
#include "keys/jwk.h"

enum { params_size = 54, oid_at = 16, mgf1_oid_at = 46, salt_at = 53 };

/* RSASSA-PSS-params with three octets open: which SHA-2, twice, and the salt.
 * Digests have the parameter NULL. */
static const unsigned char params_template[params_size] = {
    0x30, 0x34,                                                 /* SEQUENCE */
    0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, /* hash */
    0x65, 0x03, 0x04, 0x02, 0x00, 0x05, 0x00,                   /* */
    0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, /* MGF1 */
    0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, /* of hash */
    0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x00, 0x05, 0x00, /* */
    0xa2, 0x03, 0x02, 0x01, 0x00,                               /* salt */
};

static const struct {
    const char *digest;
    unsigned char oid, salt;
} rows[] = {
    {"SHA2-256", 0x01, 32},
    {"SHA2-384", 0x02, 48},
    {"SHA2-512", 0x03, 64},
};

static void fill_params(size_t row, unsigned char params[params_size])
{
    memcpy(params, params_template, params_size);
    params[oid_at] = params[mgf1_oid_at] = rows[row].oid;
    params[salt_at] = rows[row].salt;
}

/* The row of a digest by any of OpenSSL's names: SHA256, SHA-256, SHA2-256. */
static const char *find_digest(const char *name)
{
    const size_t prefix = sizeof("SHA") - 1;
    size_t i;

    if (name[0] == '\0')
        return "";
    if (OPENSSL_strncasecmp(name, "SHA", prefix) != 0)
        return NULL;
    name += prefix;
    if (strncmp(name, "2-", 2) == 0)
        name += 2;
    else if (name[0] == '-')
        name++;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(name, rows[i].digest + sizeof("SHA2-") - 1) == 0)
            return rows[i].digest;
    return NULL;
}

int mhsmi_pss_make(const char *pss, X509_ALGOR *algorithm)
{
    unsigned char params[params_size];
    ASN1_STRING *sequence;
    size_t i;

    if (pss[0] == '\0')
        return X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss),
                               V_ASN1_UNDEF, NULL) == 1;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].digest, pss) == 0)
            break;
    if (i == sizeof(rows) / sizeof(rows[0]))
        return 0;
    fill_params(i, params);
    sequence = ASN1_STRING_new();
    if (sequence != NULL && ASN1_STRING_set(sequence, params, params_size) &&
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE,
                        sequence) == 1)
        return 1;
    ASN1_STRING_free(sequence);
    return 0;
}

const char *mhsmi_pss_read(const X509_ALGOR *algorithm)
{
    unsigned char params[params_size];
    const ASN1_OBJECT *object;
    const ASN1_STRING *sequence;
    const void *value;
    int kind;
    size_t i;

    X509_ALGOR_get0(&object, &kind, &value, algorithm);
    if (OBJ_obj2nid(object) != NID_rsassaPss)
        return NULL;
    if (kind == V_ASN1_UNDEF)
        return "";
    if (kind != V_ASN1_SEQUENCE)
        return NULL;
    sequence = value;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fill_params(i, params);
        if (ASN1_STRING_length(sequence) == params_size &&
            memcmp(ASN1_STRING_get0_data(sequence), params, params_size) == 0)
            return rows[i].digest;
    }
    return NULL;
}

const char *mhsm_key_pss(const mhsm_key *key)
{
    return key->pss;
}

mhsm_status mhsm_key_restrict_pss(const mhsm_key *key, const char *digest,
                                  mhsm_key **restricted, mhsm_error **err)
{
    struct json_object *bundle;
    const char *pss;
    mhsm_status st;

    if (key == NULL || digest == NULL || restricted == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is no key to restrict, or no digest");
    pss = find_digest(digest);
    if (key->type != MHSM_KEY_RSA)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "key %s is of type %s; only RSA keys are for PSS",
                           key->name, mhsm_key_type_name(key->type));
    if (pss == NULL)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "the HSM signs PSS with SHA-256, SHA-384 or "
                           "SHA-512, not with %.40s",
                           digest);
    bundle = mhsmi_json_parse(key->json, strlen(key->json));
    if (bundle == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_jwk_parse(key->endpoint, bundle, restricted, err);
    json_object_put(bundle);
    if (st == MHSM_OK)
        (*restricted)->pss = pss;
    return st;
}
