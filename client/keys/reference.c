/* SPDX-License-Identifier: MIT
 *
 * Key references.  What is written is read back, and nothing else: one
 * encoding, one canonical URI, a public key that fits.  A reference names a
 * host that will get a token, so it is trusted no more than a URI that somebody
 * typed.  Makes no request, and leaves OpenSSL's error queue as it was.
 */
#include "mhsm/reference.h"

#include <string.h>

#include <openssl/err.h>

#include "base/error.h"
#include "base/json.h"
#include "keys/jwk.h"
#include "keys/spki.h"

#define FORMAT        "mhsm key reference v1"
#define FORMAT_PREFIX "mhsm key reference v"

enum { operations_max = 64, text_max = 1024, bits_max = 4096 };

typedef struct reference {
    ASN1_VISIBLESTRING *format;
    ASN1_UTF8STRING *uri;
    struct mhsmi_spki *spki;
    ASN1_UTF8STRING *kty;
    STACK_OF(ASN1_UTF8STRING) * operations;
    ASN1_INTEGER *bits;
} reference;

ASN1_SEQUENCE(reference) =
    {
        ASN1_SIMPLE(reference, format, ASN1_VISIBLESTRING),
        ASN1_SIMPLE(reference, uri, ASN1_UTF8STRING),
        ASN1_OPT(reference, spki, mhsmi_spki),
        ASN1_EXP(reference, kty, ASN1_UTF8STRING, 0),
        ASN1_EXP_SEQUENCE_OF_OPT(reference, operations, ASN1_UTF8STRING, 1),
        ASN1_EXP_OPT(reference, bits, ASN1_INTEGER, 2),
} static_ASN1_SEQUENCE_END(reference)

        static reference
    * reference_new(void)
{
    return (reference *)ASN1_item_new(ASN1_ITEM_rptr(reference));
}

static void reference_free(reference *made)
{
    ASN1_item_free((ASN1_VALUE *)made, ASN1_ITEM_rptr(reference));
}

static int add_operations(reference *made, unsigned int operations)
{
    unsigned int bit;

    if (operations == 0)
        return 1;
    made->operations = sk_ASN1_UTF8STRING_new_null();
    if (made->operations == NULL)
        return 0;
    for (bit = 1; bit != 0 && bit <= operations; bit <<= 1) {
        const char *name = mhsm_operation_name(bit);
        ASN1_UTF8STRING *text;

        if ((operations & bit) == 0 || name == NULL)
            continue;
        text = ASN1_UTF8STRING_new();
        if (text == NULL || !ASN1_STRING_set(text, name, -1) ||
            sk_ASN1_UTF8STRING_push(made->operations, text) <= 0) {
            ASN1_UTF8STRING_free(text);
            return 0;
        }
    }
    return 1;
}

static int add_bits(reference *made, const mhsm_key *key)
{
    if (key->type != MHSM_KEY_OCT || key->bits == 0)
        return 1;
    made->bits = ASN1_INTEGER_new();
    return made->bits != NULL && ASN1_INTEGER_set(made->bits, (long)key->bits);
}

static mhsm_status fill(reference *made, const mhsm_key *key, mhsm_error **err)
{
    mhsm_status st = mhsmi_spki_make(key, &made->spki, err);

    if (st != MHSM_OK)
        return st;
    return ASN1_STRING_set(made->format, FORMAT, -1) &&
                   ASN1_STRING_set(made->uri, key->uri, -1) &&
                   ASN1_STRING_set(made->kty, mhsm_key_type_name(key->type),
                                   -1) &&
                   add_operations(made, key->operations) && add_bits(made, key)
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

mhsm_status mhsm_reference_encode(const mhsm_key *key, unsigned char **der,
                                  size_t *size, mhsm_error **err)
{
    reference *made = NULL;
    unsigned char *encoded = NULL, *copy = NULL;
    mhsm_status st;
    int length;

    if (key == NULL || der == NULL || size == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is no key to refer to");
    (void)ERR_set_mark();
    made = reference_new();
    st = made != NULL ? fill(made, key, err) : mhsmi_error_memory(err);
    if (st != MHSM_OK)
        goto out;
    length =
        ASN1_item_i2d((ASN1_VALUE *)made, &encoded, ASN1_ITEM_rptr(reference));
    if (length > 0)
        copy = mhsmi_alloc((size_t)length);
    if (copy == NULL) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    memcpy(copy, encoded, (size_t)length);
    *der = copy;
    *size = (size_t)length;
out:
    OPENSSL_free(encoded);
    reference_free(made);
    (void)ERR_pop_to_mark();
    return st;
}

void mhsm_reference_free(unsigned char *der)
{
    mhsmi_free(der);
}

/* The content of a definite-length value with this tag at *at: 1, with *at at
 * the content and *size its length, which may be more than there is. */
static int open_value(const unsigned char **at, size_t *left, unsigned char tag,
                      size_t *size)
{
    const unsigned char *p = *at;
    size_t count, i;

    if (*left < 2 || p[0] != tag)
        return 0;
    *size = p[1];
    count = 0;
    if ((p[1] & 0x80) != 0) {
        count = p[1] & 0x7f;
        if (count == 0 || count > 4 || *left < 2 + count)
            return 0;
        for (*size = 0, i = 0; i < count; i++)
            *size = *size << 8 | p[2 + i];
    }
    *at += 2 + count;
    *left -= 2 + count;
    return 1;
}

size_t mhsm_reference_probe(const unsigned char *start, size_t size)
{
    const unsigned char *at = start;
    size_t left = size, whole, text;
    const size_t prefix = sizeof(FORMAT_PREFIX) - 1;

    if (start == NULL ||
        !open_value(&at, &left, V_ASN1_SEQUENCE | 0x20, &whole))
        return 0;
    whole += (size_t)(at - start);
    if (!open_value(&at, &left, V_ASN1_VISIBLESTRING, &text) || text < prefix ||
        left < prefix || memcmp(at, FORMAT_PREFIX, prefix) != 0)
        return 0;
    return whole;
}

static mhsm_status broken(mhsm_error **err, const char *what)
{
    return mhsmi_error(err, MHSM_ERR_DAMAGED, "%s", what);
}

/* A borrowed string; 0 when it is empty, too long or holds a NUL.  ASN.1
 * strings end with a NUL of their own. */
static int get_text(const ASN1_STRING *string, const char **text)
{
    int size = ASN1_STRING_length(string);
    const unsigned char *data = ASN1_STRING_get0_data(string);

    if (size <= 0 || size > text_max || memchr(data, 0, (size_t)size) != NULL)
        return 0;
    *text = (const char *)data;
    return 1;
}

/* What keeps the octets from being one whole value that may be a reference;
 * NULL when nothing does. */
static const char *misfit(const unsigned char *der, size_t size)
{
    size_t whole = mhsm_reference_probe(der, size);

    if (size > MHSM_REFERENCE_MAX)
        return "it is too large";
    if (whole == 0)
        return "what it holds does not begin as one";
    if (whole > size)
        return "its end is missing";
    return whole < size ? "something follows its end" : NULL;
}

/* One reference, whole, in DER, of the format that is known; NULL with *st. */
static reference *parse(const unsigned char *der, size_t size, mhsm_status *st,
                        mhsm_error **err)
{
    const unsigned char *at = der;
    const char *why = misfit(der, size), *format = "";
    unsigned char *again = NULL;
    reference *made = NULL;

    if (why == NULL)
        made = (reference *)ASN1_item_d2i(NULL, &at, (long)size,
                                          ASN1_ITEM_rptr(reference));
    *st = MHSM_OK;
    if (why != NULL)
        *st = broken(err, why);
    else if (made == NULL)
        *st = broken(err, "its structure is not the one of a key reference");
    else if (ASN1_item_i2d((ASN1_VALUE *)made, &again,
                           ASN1_ITEM_rptr(reference)) != (int)size ||
             memcmp(again, der, size) != 0)
        *st = broken(err, "it is not in DER");
    else if (!get_text(made->format, &format) || strcmp(format, FORMAT) != 0)
        *st = mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                          "it is of the format \"%.40s\", which this version "
                          "does not know",
                          format);
    OPENSSL_free(again);
    if (*st == MHSM_OK)
        return made;
    reference_free(made);
    return NULL;
}

static mhsm_status read_uri(const mhsm_client *client, const reference *made,
                            mhsm_uri **uri, mhsm_error **err)
{
    const char *text;
    mhsm_status st;

    if (!get_text(made->uri, &text))
        return broken(err, "its URI is empty, too long or no text");
    st = mhsm_uri_parse(client, text, uri, err);
    if (st != MHSM_OK)
        return st;
    if (mhsm_uri_version(*uri) == NULL)
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "its URI \"%.200s\" names no version of a key", text);
    else if (strcmp(text, mhsm_uri_text(*uri)) != 0)
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "its URI \"%.200s\" is not written as \"%.200s\"",
                         text, mhsm_uri_text(*uri));
    return st;
}

static mhsm_status read_operations(const reference *made,
                                   struct json_object *jwk, mhsm_error **err)
{
    int i, count = sk_ASN1_UTF8STRING_num(made->operations);
    struct json_object *names = json_object_new_array(), *item;
    const char *text;

    if (names == NULL || !mhsmi_json_add(jwk, "key_ops", names))
        return mhsmi_error_memory(err);
    if (count > operations_max)
        return broken(err, "it has too many key_ops");
    for (i = 0; i < count; i++) {
        if (!get_text(sk_ASN1_UTF8STRING_value(made->operations, i), &text))
            return broken(err, "one of its key_ops is no text");
        item = json_object_new_string(text);
        if (item == NULL || json_object_array_add(names, item) != 0) {
            json_object_put(item);
            return mhsmi_error_memory(err);
        }
    }
    return MHSM_OK;
}

static mhsm_status read_bits(const reference *made, mhsm_key_type type,
                             struct json_object *bundle, mhsm_error **err)
{
    struct json_object *attributes = json_object_new_object();
    long bits;

    if (attributes == NULL ||
        !mhsmi_json_add(bundle, "attributes", attributes) ||
        !mhsmi_json_add(attributes, "enabled", json_object_new_boolean(1)))
        return mhsmi_error_memory(err);
    if (made->bits == NULL)
        return MHSM_OK;
    bits = ASN1_INTEGER_get(made->bits);
    if (type != MHSM_KEY_OCT || bits <= 0 || bits > bits_max)
        return broken(err, "its key size is impossible");
    return mhsmi_json_add(attributes, "key_size",
                          json_object_new_int((int)bits))
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

/* As the service would describe the key. */
static mhsm_status describe(const reference *made, const mhsm_uri *uri,
                            struct json_object *bundle, mhsm_error **err)
{
    struct json_object *jwk = json_object_new_object();
    char *kid = mhsmi_asprintf("%s/keys/%s/%s", mhsm_uri_endpoint(uri),
                               mhsm_uri_name(uri), mhsm_uri_version(uri));
    mhsm_key_type type;
    const char *kty;
    mhsm_status st;
    int ok = jwk != NULL && mhsmi_json_add(bundle, "key", jwk) && kid != NULL &&
             mhsmi_json_add_string(jwk, "kid", kid);

    mhsmi_free(kid);
    if (!ok)
        return mhsmi_error_memory(err);
    if (!get_text(made->kty, &kty))
        return broken(err, "its kty is empty, too long or no text");
    type = mhsm_key_type_find(kty);
    if (type == MHSM_KEY_UNKNOWN || strcmp(kty, mhsm_key_type_name(type)) != 0)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "its kty \"%.40s\" is not known", kty);
    if ((made->spki == NULL) != (type == MHSM_KEY_OCT))
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "its kty is %s, and it has %s public key", kty,
                           made->spki == NULL ? "no" : "a");
    if (!mhsmi_json_add_string(jwk, "kty", kty))
        return mhsmi_error_memory(err);
    st = made->spki != NULL ? mhsmi_spki_read(made->spki, type, jwk, err)
                            : MHSM_OK;
    if (st == MHSM_OK)
        st = read_operations(made, jwk, err);
    if (st == MHSM_OK)
        st = read_bits(made, type, bundle, err);
    return st;
}

static mhsm_status decode(mhsm_client *client, const unsigned char *der,
                          size_t size, mhsm_key **key, mhsm_error **err)
{
    struct json_object *bundle = json_object_new_object();
    reference *made = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if (bundle == NULL)
        return mhsmi_error_memory(err);
    made = parse(der, size, &st, err);
    if (made != NULL && (st = read_uri(client, made, &uri, err)) == MHSM_OK &&
        (st = describe(made, uri, bundle, err)) == MHSM_OK)
        st = mhsmi_jwk_parse(mhsm_uri_endpoint(uri), bundle, key, err);
    if (made != NULL && st == MHSM_OK)
        (*key)->pss = mhsmi_spki_pss(made->spki);
    /* It was no answer of the service. */
    if (st == MHSM_ERR_PROTOCOL) {
        mhsm_error *why = NULL;

        if (err != NULL) {
            why = *err;
            *err = NULL;
        }
        st = mhsmi_error(err, MHSM_ERR_DAMAGED, "%s", mhsm_error_message(why));
        mhsm_error_free(&why);
    }
    mhsm_uri_free(uri);
    reference_free(made);
    json_object_put(bundle);
    return st;
}

mhsm_status mhsm_reference_decode(mhsm_client *client, const unsigned char *der,
                                  size_t size, mhsm_key **key, mhsm_error **err)
{
    mhsm_status st;

    if (client == NULL || der == NULL || key == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is no key reference to decode");
    (void)ERR_set_mark();
    st = decode(client, der, size, key, err);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        return st;
    mhsmi_error_prefix(err, "the key reference cannot be used");
    if (st == MHSM_ERR_DAMAGED)
        mhsmi_error_set_hint(err, "write it again with `mhsm key pem`");
    return st;
}
