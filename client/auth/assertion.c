/* SPDX-License-Identifier: MIT
 *
 * Writing and signing a JWT.  All of OpenSSL's work is done in the
 * certificate's own library context, and so are its random octets.
 */
#include "auth/assertion.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include "auth/body.h"
#include "auth/transport.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/json.h"

enum { lifetime_s = 600, signature_max = 2048 };

/* What is the same for old and new authorities but for its names. */
static const struct style {
    const char *alg, *thumbprint, *digest;
    int padding;
} styles[] = {
    {"PS256", "x5t#S256", "SHA256", RSA_PKCS1_PSS_PADDING},
    {"RS256", "x5t", "SHA1", RSA_PKCS1_PADDING},
};

static int add_thumbprint(struct json_object *header, OSSL_LIB_CTX *lib,
                          X509 *leaf, const struct style *style)
{
    unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
    int size = i2d_X509(leaf, &der), ok;
    size_t length = 0;

    ok = size > 0 &&
         EVP_Q_digest(lib, style->digest, NULL, der, (size_t)size, digest,
                      &length) == 1 &&
         mhsmi_json_add_octets(header, style->thumbprint, digest, length);
    OPENSSL_free(der);
    return ok;
}

/* One certificate as ordinary base64, which is what x5c holds. */
static struct json_object *encode_certificate(X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    struct json_object *text = NULL;
    char *encoded = size > 0 ? mhsmi_alloc((size_t)size / 3 * 4 + 5) : NULL;

    if (encoded != NULL) {
        (void)EVP_EncodeBlock((unsigned char *)encoded, der, size);
        text = json_object_new_string(encoded);
    }
    mhsmi_free(encoded);
    OPENSSL_free(der);
    return text;
}

static int add_chain(struct json_object *header, STACK_OF(X509) * chain)
{
    struct json_object *list = json_object_new_array(), *one;
    int i;

    for (i = 0; list != NULL && i < sk_X509_num(chain); i++) {
        one = encode_certificate(sk_X509_value(chain, i));
        if (one == NULL || json_object_array_add(list, one) != 0) {
            json_object_put(one);
            json_object_put(list);
            return 0;
        }
    }
    return list != NULL && mhsmi_json_add(header, "x5c", list);
}

/* Append the object as a part of a JWT; takes it. */
static int add_part(struct mhsmi_buf *out, struct json_object *object)
{
    struct mhsmi_buf text;
    int ok;

    mhsmi_buf_init(&text, mhsmi_assertion_max);
    ok = mhsmi_body_write(&text, object) &&
         mhsmi_base64url_encode(out, text.data, text.size);
    mhsmi_buf_clear(&text);
    json_object_put(object);
    return ok;
}

static int add_header(const struct mhsmi_assertion *assertion,
                      const struct style *style, struct mhsmi_buf *out)
{
    const struct mhsmi_certificate *from = assertion->certificate;
    struct json_object *header = json_object_new_object();

    if (header != NULL && mhsmi_json_add_string(header, "alg", style->alg) &&
        mhsmi_json_add_string(header, "typ", "JWT") &&
        add_thumbprint(header, from->lib, from->leaf, style) &&
        (!assertion->with_chain || add_chain(header, from->chain)))
        return add_part(out, header);
    json_object_put(header);
    return 0;
}

static int add_time(struct json_object *claims, const char *name, int64_t value)
{
    return mhsmi_json_add(claims, name, json_object_new_int64(value));
}

static int add_claims(const struct mhsmi_assertion *assertion,
                      struct mhsmi_buf *out)
{
    struct json_object *claims = json_object_new_object();
    int64_t now = mhsmi_clock_unix();
    char uuid[MHSMI_UUID_SIZE];

    if (claims != NULL && mhsmi_uuid(uuid) &&
        mhsmi_json_add_string(claims, "aud", assertion->audience) &&
        mhsmi_json_add_string(claims, "iss", assertion->client) &&
        mhsmi_json_add_string(claims, "sub", assertion->client) &&
        mhsmi_json_add_string(claims, "jti", uuid) &&
        add_time(claims, "nbf", now) && add_time(claims, "iat", now) &&
        add_time(claims, "exp", now + lifetime_s))
        return add_part(out, claims);
    json_object_put(claims);
    return 0;
}

static mhsm_status sign(const struct mhsmi_certificate *certificate,
                        const struct style *style, struct mhsmi_buf *out,
                        mhsm_error **err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = NULL;
    unsigned char signature[signature_max];
    size_t size = sizeof(signature);
    mhsm_status st = MHSM_OK;

    if (ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, &inner, "SHA256", certificate->lib, NULL,
                              certificate->key, NULL) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(inner, style->padding) <= 0 ||
        (style->padding == RSA_PKCS1_PSS_PADDING &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) <=
             0) ||
        EVP_DigestSign(ctx, signature, &size, out->data, out->size) != 1)
        st = mhsmi_error(err, MHSM_ERR_INTERNAL,
                         "cannot sign with the client certificate's key");
    else if (!mhsmi_buf_puts(out, ".") ||
             !mhsmi_base64url_encode(out, signature, size))
        st = mhsmi_error_memory(err);
    EVP_MD_CTX_free(ctx);
    OPENSSL_cleanse(signature, sizeof(signature));
    return st;
}

mhsm_status mhsmi_assertion_make(const struct mhsmi_assertion *assertion,
                                 struct mhsmi_buf *out, mhsm_error **err)
{
    const struct style *style = &styles[assertion->legacy ? 1 : 0];

    if (!add_header(assertion, style, out) || !mhsmi_buf_puts(out, ".") ||
        !add_claims(assertion, out))
        return mhsmi_error_memory(err);
    return sign(assertion->certificate, style, out, err);
}
