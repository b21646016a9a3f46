/* SPDX-License-Identifier: MIT
 *
 * SubjectPublicKeyInfo of ML-DSA keys, by octets written out here: read by any
 * OpenSSL, and refused when a single thing about them is wrong.
 */
#include "keys/spki.h"

#include <string.h>

#include <openssl/err.h>

#include "base/error.h"
#include "base/json.h"
#include "check.h"
#include "keys/jwk.h"
#include "mhsm/crypto.h"

#define HSM "https://h.managedhsm.azure.net"
#define KID "\"kid\":\"" HSM "/keys/k/0123456789abcdef0123456789abcdef\""

struct shape {
    unsigned char arc;    /* the last of the OID: 17, 18 or 19 */
    int parameters;       /* NULL after the OID */
    unsigned char unused; /* bits, of the BIT STRING */
    size_t size;          /* of the public key */
};

static void put_head(struct mhsmi_buf *out, unsigned char tag, size_t size)
{
    unsigned char head[4] = {tag, 0x82, (unsigned char)(size >> 8),
                             (unsigned char)size};

    CHECK_FATAL(mhsmi_buf_append(out, head, sizeof(head)));
}

static void write_spki(struct mhsmi_buf *out, const struct shape *shape)
{
    static const unsigned char oid[] = {0x06, 0x09, 0x60, 0x86, 0x48,
                                        0x01, 0x65, 0x03, 0x04, 0x03};
    static const unsigned char null[] = {0x05, 0x00};
    unsigned char algorithm[2] = {0x30, shape->parameters ? 13 : 11};
    unsigned char octet = (unsigned char)(shape->unused == 0 ? 0x5a : 0);
    size_t i;

    mhsmi_buf_init(out, 8192);
    put_head(out, 0x30, 2 + (size_t)algorithm[1] + 4 + 1 + shape->size);
    CHECK_FATAL(
        mhsmi_buf_append(out, algorithm, sizeof(algorithm)) &&
        mhsmi_buf_append(out, oid, sizeof(oid)) &&
        mhsmi_buf_append(out, &shape->arc, 1) &&
        (!shape->parameters || mhsmi_buf_append(out, null, sizeof(null))));
    put_head(out, 0x03, 1 + shape->size);
    CHECK_FATAL(mhsmi_buf_append(out, &shape->unused, 1));
    for (i = 0; i < shape->size; i++)
        CHECK_FATAL(mhsmi_buf_append(out, &octet, 1));
}

/* The members go to `jwk`. */
static mhsm_status read(const struct shape *shape, mhsm_key_type type,
                        struct json_object *jwk, mhsm_error **err)
{
    const unsigned char *at;
    struct mhsmi_spki *spki;
    struct mhsmi_buf der;
    mhsm_status st;

    write_spki(&der, shape);
    at = der.data;
    spki = (struct mhsmi_spki *)ASN1_item_d2i(NULL, &at, (long)der.size,
                                              ASN1_ITEM_rptr(mhsmi_spki));
    CHECK_FATAL(spki != NULL);
    st = mhsmi_spki_read(spki, type, jwk, err);
    mhsmi_spki_free(spki);
    mhsmi_buf_clear(&der);
    ERR_clear_error();
    return st;
}

/* Read, made a key of, and written again: the same octets. */
static void whole_circle(void)
{
    size_t i, size;

    for (i = 0; i < 3; i++) {
        const mhsm_parameter_set *set = mhsm_parameter_set_at(i);
        struct shape shape = {(unsigned char)(17 + i), 0, 0, set->public_size};
        struct json_object *bundle =
            mhsmi_json_parse("{\"key\":{" KID ",\"kty\":\"AKP-HSM\"}}",
                             strlen("{\"key\":{" KID ",\"kty\":\"AKP-HSM\"}}"));
        struct json_object *jwk = mhsmi_json_object(bundle, "key");
        mhsm_result *again = NULL;
        const unsigned char *data;
        struct mhsmi_buf der;
        mhsm_key *key = NULL;

        CHECK_FATAL(read(&shape, MHSM_KEY_AKP, jwk, NULL) == MHSM_OK);
        CHECK_TEXT(mhsmi_json_string(jwk, "alg"), set->name);
        CHECK_FATAL(mhsmi_jwk_parse(HSM, bundle, &key, NULL) == MHSM_OK);
        CHECK_FATAL(mhsm_key_spki(key, &again, NULL) == MHSM_OK);
        data = mhsm_result_data(again, &size);
        write_spki(&der, &shape);
        CHECK(size == der.size && memcmp(data, der.data, size) == 0);
        mhsmi_buf_clear(&der);
        mhsm_result_free(again);
        mhsm_key_free(key);
        json_object_put(bundle);
    }
    CHECK(ERR_peek_error() == 0);
}

static const struct {
    struct shape shape;
    mhsm_key_type type;
    mhsm_status status;
    const char *part;
} rows[] = {
    {{17, 0, 0, 1311}, MHSM_KEY_AKP, MHSM_ERR_DAMAGED, "size"},
    {{17, 0, 0, 1313}, MHSM_KEY_AKP, MHSM_ERR_DAMAGED, "size"},
    {{18, 0, 0, 1312}, MHSM_KEY_AKP, MHSM_ERR_DAMAGED, "size"},
    {{19, 0, 0, 0}, MHSM_KEY_AKP, MHSM_ERR_DAMAGED, "size"},
    {{17, 1, 0, 1312}, MHSM_KEY_AKP, MHSM_ERR_DAMAGED, "parameters"},
    {{17, 0, 3, 1312}, MHSM_KEY_AKP, MHSM_ERR_DAMAGED, "unused bits"},
    {{17, 0, 0, 1312}, MHSM_KEY_EC, MHSM_ERR_DAMAGED, "of type AKP-HSM"},
    /* SLH-DSA and a sibling that nobody uses. */
    {{20, 0, 0, 1312}, MHSM_KEY_AKP, MHSM_ERR_UNSUPPORTED, "not known"},
    {{16, 0, 0, 1312}, MHSM_KEY_AKP, MHSM_ERR_UNSUPPORTED, "not known"},
};

static void refusals(void)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_object *jwk = json_object_new_object();
        mhsm_error *err = NULL;

        CHECK(read(&rows[i].shape, rows[i].type, jwk, &err) == rows[i].status);
        CHECK(strstr(mhsm_error_text(err), rows[i].part) != NULL);
        CHECK(json_object_object_length(jwk) == 0);
        mhsm_error_free(&err);
        json_object_put(jwk);
    }
}

int main(void)
{
    static const struct check checks[] = {
        {"whole_circle", whole_circle},
        {"refusals", refusals},
        {NULL, NULL},
    };

    return check_main("spki", checks);
}
