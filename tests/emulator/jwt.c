/* SPDX-License-Identifier: MIT
 *
 * JWTs. Reading trusts nothing: what a claim is worth is for the caller to
 * ask after the signature.
 */
#include "jwt.h"

#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_MAX 1024

static struct json_object *part_json(const char *text, size_t len)
{
    struct emu_bytes raw = {NULL, 0};
    struct json_object *o = NULL;
    char *copy = strndup(text, len);

    if (copy != NULL && emu_base64url_decode(copy, EMU_JWT_MAX, &raw))
        o = emu_json_parse(raw.data, raw.len);
    emu_text_free(copy);
    emu_bytes_free(&raw);
    return o;
}

int emu_jwt_read(struct emu_jwt *jwt, const char *text)
{
    const char *second, *third;

    memset(jwt, 0, sizeof(*jwt));
    if (strlen(text) > EMU_JWT_MAX || (jwt->text = strdup(text)) == NULL)
        return 0;
    second = strchr(jwt->text, '.');
    third = second == NULL ? NULL : strchr(second + 1, '.');
    if (third == NULL ||
        !emu_base64url_decode(third + 1, SIGNATURE_MAX, &jwt->signature))
        return 0;
    jwt->signed_len = (size_t)(third - jwt->text);
    jwt->header = part_json(jwt->text, (size_t)(second - jwt->text));
    jwt->claims = part_json(second + 1, (size_t)(third - second - 1));
    return jwt->header != NULL && jwt->claims != NULL;
}

void emu_jwt_free(struct emu_jwt *jwt)
{
    emu_text_free(jwt->text);
    emu_bytes_free(&jwt->signature);
    json_object_put(jwt->header);
    json_object_put(jwt->claims);
    memset(jwt, 0, sizeof(*jwt));
}

int emu_jwt_is(struct json_object *o, const char *name, const char *value)
{
    const char *text = emu_json_string(o, name);

    return text != NULL && strcmp(text, value) == 0;
}

int emu_jwt_time(struct json_object *o, const char *name, int64_t *value)
{
    struct json_object *member = emu_json_member(o, name);
    double seconds;

    if (!json_object_is_type(member, json_type_double))
        return emu_json_int(o, name, value);
    seconds = json_object_get_double(member);
    if (!(seconds >= 0 && seconds < 1e15))
        return -1;
    *value = (int64_t)seconds;
    return 1;
}

int emu_jwt_holds(const struct emu_jwt *jwt, EVP_PKEY *key)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = NULL;
    int pss = emu_jwt_is(jwt->header, "alg", "PS256");
    int ok = ctx != NULL && (pss || emu_jwt_is(jwt->header, "alg", "RS256")) &&
             EVP_PKEY_is_a(key, "RSA") &&
             EVP_DigestVerifyInit(ctx, &inner, EVP_sha256(), NULL, key) == 1;

    if (ok && pss)
        ok =
            EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) > 0 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) > 0;
    ok = ok && EVP_DigestVerify(ctx, jwt->signature.data, jwt->signature.len,
                                (const unsigned char *)jwt->text,
                                jwt->signed_len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* The object as a base64url part; takes it. */
static char *part(struct json_object *o)
{
    char *text = o == NULL ? NULL : emu_json_text(o);
    char *encoded =
        text == NULL ? NULL : emu_base64url_encode(text, strlen(text));

    emu_text_free(text);
    json_object_put(o);
    return encoded;
}

static char *sign_text(EVP_PKEY *key, const char *text)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[SIGNATURE_MAX];
    size_t len = sizeof(signature);
    char *encoded = NULL;

    if (ctx != NULL &&
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text,
                       strlen(text)) == 1)
        encoded = emu_base64url_encode(signature, len);
    EVP_MD_CTX_free(ctx);
    return encoded;
}

static char *join(const char *a, const char *b)
{
    size_t size;
    char *text;

    if (a == NULL || b == NULL)
        return NULL;
    size = strlen(a) + strlen(b) + 2;
    text = malloc(size);
    if (text != NULL)
        snprintf(text, size, "%s.%s", a, b);
    return text;
}

char *emu_jwt_sign(struct json_object *header, struct json_object *claims,
                   EVP_PKEY *key)
{
    char *first = part(header), *second = part(claims);
    char *input = join(first, second);
    char *signature = input == NULL ? NULL : sign_text(key, input);
    char *token = join(input, signature);

    emu_text_free(first);
    emu_text_free(second);
    emu_text_free(input);
    emu_text_free(signature);
    return token;
}
