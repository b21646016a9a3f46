/* SPDX-License-Identifier: MIT
 *
 * What a download has to bring: three to ten certificates of different RSA
 * keys, each with thumbprints that are its own, and a quorum.
 */
#include "domain.h"

#include "certificate.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define BASE64_MAX 32768

void emu_domain_request_free(struct emu_domain_request *request)
{
    size_t i;

    for (i = 0; i < request->count; i++)
        EVP_PKEY_free(request->keys[i]);
    request->count = 0;
}

static X509 *decode(const char *base64)
{
    size_t size = strlen(base64);
    unsigned char *der;
    const unsigned char *at;
    X509 *x509 = NULL;
    int len;

    if (size > BASE64_MAX || (der = malloc(size + 1)) == NULL)
        return NULL;
    len = EVP_DecodeBlock(der, (const unsigned char *)base64, (int)size);
    at = der;
    if (len > 0)
        x509 = d2i_X509(NULL, &at, len);
    free(der);
    return x509;
}

static int thumbprint_is(const X509 *x509, const EVP_MD *digest,
                         const char *told, char *out)
{
    char *text = emu_certificate_thumbprint(x509, digest);
    int ok = text != NULL && told != NULL && strcmp(text, told) == 0;

    if (ok && out != NULL)
        memcpy(out, text, EMU_DOMAIN_X5T_SIZE);
    free(text);
    return ok;
}

/* A refusal, or NULL. */
static const char *take(struct emu_domain_request *out, struct json_object *jwk)
{
    struct json_object *list = emu_json_member(jwk, "x5c");
    struct json_object *first = json_object_is_type(list, json_type_array)
                                    ? json_object_array_get_idx(list, 0)
                                    : NULL;
    X509 *x509 = json_object_is_type(first, json_type_string)
                     ? decode(json_object_get_string(first))
                     : NULL;
    EVP_PKEY *key = x509 != NULL ? X509_get_pubkey(x509) : NULL;
    const char *wrong = NULL;
    size_t i;

    if (key == NULL)
        wrong = "A certificate has no x5c";
    else if (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < 2048)
        wrong = "A certificate has no RSA key of 2048 bits or more";
    else if (!thumbprint_is(x509, EVP_sha1(), emu_json_string(jwk, "x5t"),
                            NULL) ||
             !thumbprint_is(x509, EVP_sha256(),
                            emu_json_string(jwk, "x5t#S256"),
                            out->x5t[out->count]))
        wrong = "A certificate has a thumbprint of another";
    for (i = 0; wrong == NULL && i < out->count; i++)
        if (EVP_PKEY_eq(out->keys[i], key) == 1)
            wrong = "Two certificates have the same key";
    X509_free(x509);
    if (wrong == NULL)
        out->keys[out->count++] = key;
    else
        EVP_PKEY_free(key);
    return wrong;
}

int emu_domain_request_read(struct emu_domain_request *out,
                            const struct emu_bytes *body, struct emu_reply *r)
{
    struct json_object *o = emu_json_parse(body->data, body->len);
    struct json_object *list = emu_json_member(o, "certificates");
    size_t count = json_object_is_type(list, json_type_array)
                       ? json_object_array_length(list)
                       : 0;
    const char *wrong = NULL;
    int64_t required = 2;
    size_t i;

    memset(out, 0, sizeof(*out));
    if (count < 3 || count > EMU_DOMAIN_HOLDERS)
        wrong = "There must be 3 to 10 certificates";
    else if (emu_json_int(o, "required", &required) < 0 || required < 2 ||
             required > (int64_t)count)
        wrong = "required must be from 2 to the number of certificates";
    for (i = 0; wrong == NULL && i < count; i++)
        wrong = take(out, json_object_array_get_idx(list, i));
    out->quorum = (unsigned)required;
    json_object_put(o);
    if (wrong == NULL)
        return 1;
    emu_reply_bad(r, "%s", wrong);
    return 0;
}
