/* SPDX-License-Identifier: MIT
 *
 * The exchange key: a certificate inside a JWK inside the answer, whose
 * transfer_key is a JSON text in a string, or the object itself.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/result.h"
#include "domain/domain.h"

enum { answer_max = 256 * 1024, base64_max = 64 * 1024, line = 65 };

/* The padded base64 of one certificate; NULL: the JWK has none. */
static const char *first_certificate(struct json_object *jwk)
{
    struct json_object *list = mhsmi_json_array(jwk, "x5c");
    struct json_object *first =
        list != NULL ? json_object_array_get_idx(list, 0) : NULL;

    return json_object_is_type(first, json_type_string)
               ? json_object_get_string(first)
               : NULL;
}

/* Strict: the text is what encoding it again gives. */
static mhsm_status decode_base64(const char *text, struct mhsmi_buf *der,
                                 mhsm_error **err)
{
    size_t size = strlen(text);
    char again[base64_max + 1];
    int length = -1, padding;

    if (size != 0 && size <= base64_max && size % 4 == 0) {
        if (!mhsmi_buf_reserve(der, size / 4 * 3))
            return mhsmi_error_memory(err);
        length =
            EVP_DecodeBlock(der->data, (const unsigned char *)text, (int)size);
    }
    if (length > 0) {
        padding = text[size - 2] == '=' ? 2 : text[size - 1] == '=';
        der->size = (size_t)(length - padding);
        (void)EVP_EncodeBlock((unsigned char *)again, der->data,
                              (int)der->size);
        if (strcmp(again, text) == 0)
            return MHSM_OK;
    }
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "the exchange key's x5c[0] is no base64");
}

/* As the Azure CLI writes it. */
static int write_pem(struct mhsmi_buf *out, const char *base64)
{
    int ok = mhsmi_buf_puts(out, "-----BEGIN CERTIFICATE-----\n");
    size_t left = strlen(base64);

    for (; ok && left != 0;
         base64 += line < left ? line : left, left -= line < left ? line : left)
        ok = mhsmi_buf_append(out, base64, line < left ? line : left) &&
             mhsmi_buf_puts(out, "\n");
    return ok && mhsmi_buf_puts(out, "-----END CERTIFICATE-----");
}

/* The key that the JWK shows is the one that is certified. */
static mhsm_status check_key(struct json_object *jwk,
                             const mhsm_wrapping_certificate *certificate,
                             mhsm_error **err)
{
    struct mhsmi_buf n;
    int same;

    mhsmi_buf_init(&n, certificate->n.max);
    same = mhsmi_json_octets(jwk, "n", &n) && n.size == certificate->n.size &&
           memcmp(n.data, certificate->n.data, n.size) == 0;
    mhsmi_buf_clear(&n);
    return same ? MHSM_OK
                : mhsmi_error(err, MHSM_ERR_DAMAGED,
                              "the exchange key and its certificate do not "
                              "belong together");
}

static mhsm_status take_certificate(struct json_object *jwk,
                                    struct mhsmi_buf *pem, mhsm_error **err)
{
    const char *base64 = first_certificate(jwk);
    mhsm_wrapping_certificate *certificate = NULL;
    struct mhsmi_buf der;
    mhsm_status st;

    if (base64 == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the exchange key has no certificate (x5c)");
    mhsmi_buf_init(&der, base64_max);
    st = decode_base64(base64, &der, err);
    if (st == MHSM_OK)
        st = mhsm_wrapping_certificate_decode(der.data, der.size, &certificate,
                                              err);
    if (st == MHSM_OK)
        st = check_key(jwk, certificate, err);
    if (st == MHSM_OK && !write_pem(pem, base64))
        st = mhsmi_error_memory(err);
    mhsm_wrapping_certificate_free(certificate);
    mhsmi_buf_clear(&der);
    return st;
}

/* A new reference to the JWK. */
static struct json_object *transfer_key(struct json_object *answer)
{
    const char *text = mhsmi_json_string(answer, "transfer_key");

    return text != NULL
               ? mhsmi_json_parse(text, strlen(text))
               : json_object_get(mhsmi_json_object(answer, "transfer_key"));
}

mhsm_status mhsmi_domain_exchange_read(struct json_object *answer,
                                       mhsm_result **pem, mhsm_error **err)
{
    mhsm_result *made = mhsmi_result_new(answer_max);
    struct json_object *jwk = transfer_key(answer);
    mhsm_status st;

    if (made == NULL)
        st = mhsmi_error_memory(err);
    else if (!json_object_is_type(jwk, json_type_object))
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "the answer has no exchange key (transfer_key)");
    else
        st = take_certificate(jwk, &made->data, err);
    json_object_put(jwk);
    if (st == MHSM_OK)
        *pem = made;
    else
        mhsm_result_free(made);
    return st;
}

mhsm_status mhsm_domain_exchange_certificate(const unsigned char *answer,
                                             size_t size, mhsm_result **pem,
                                             mhsm_error **err)
{
    struct json_object *root = NULL;
    mhsm_status st;

    if (answer != NULL && size <= answer_max)
        root = mhsmi_json_parse(answer, size);
    st = mhsmi_domain_exchange_read(root, pem, err);
    json_object_put(root);
    return st;
}
