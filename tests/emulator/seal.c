/* SPDX-License-Identifier: MIT
 *
 * Sealing and opening. The tag is checked over everything before a byte is
 * decrypted.
 */
#include "seal.h"

#include "json.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IV_SIZE    16
#define TAG_SIZE   32
#define PARTS      5
#define HEADER_MAX 512
#define TEXT_MAX   ((size_t)8 * 1024 * 1024)

static int header_text(const char *alg, const char *kid, char *out, size_t size)
{
    int len = snprintf(
        out, size, "{\"alg\":\"%s\",\"enc\":\"A256CBC-HS512\",\"kid\":\"%s\"}",
        alg, kid);

    return len > 0 && (size_t)len < size;
}

/* The first half of the key authenticates, the second half encrypts. */
static int tag_of(const unsigned char *key, const char *header,
                  const unsigned char *iv, const struct emu_bytes *body,
                  unsigned char tag[TAG_SIZE])
{
    struct emu_bytes all = {NULL, 0};
    unsigned char mac[EVP_MAX_MD_SIZE], bits[8];
    uint64_t length = (uint64_t)strlen(header) * 8;
    size_t len = 0;
    int i, ok;

    for (i = 7; i >= 0; i--) {
        bits[i] = (unsigned char)length;
        length >>= 8;
    }
    ok = emu_bytes_append(&all, header, strlen(header)) &&
         emu_bytes_append(&all, iv, IV_SIZE) &&
         emu_bytes_append(&all, body->data, body->len) &&
         emu_bytes_append(&all, bits, sizeof(bits)) &&
         EVP_Q_mac(NULL, "HMAC", NULL, "SHA512", NULL, key, 32, all.data,
                   all.len, mac, sizeof(mac), &len) != NULL;
    if (ok)
        memcpy(tag, mac, TAG_SIZE);
    emu_bytes_free(&all);
    return ok;
}

static int cbc(const unsigned char *key, const unsigned char *iv, int encrypt,
               const struct emu_bytes *in, struct emu_bytes *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    struct emu_bytes draft = {NULL, 0};
    int first = 0, last = 0;
    int ok = ctx != NULL && emu_bytes_reserve(&draft, in->len + 32) &&
             EVP_CipherInit_ex2(ctx, EVP_aes_256_cbc(), key + 32, iv, encrypt,
                                NULL) == 1 &&
             EVP_CipherUpdate(ctx, draft.data, &first, in->data,
                              (int)in->len) == 1 &&
             EVP_CipherFinal_ex(ctx, draft.data + first, &last) == 1 &&
             emu_bytes_set(out, draft.data, (size_t)first + (size_t)last);

    emu_bytes_free(&draft);
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static char *join(const char *header, const struct emu_bytes *wrapped,
                  const unsigned char *iv, const struct emu_bytes *body,
                  const unsigned char *tag)
{
    char *k = emu_base64url_encode(wrapped->data, wrapped->len);
    char *a = emu_base64url_encode(iv, IV_SIZE);
    char *b = emu_base64url_encode(body->data, body->len);
    char *c = emu_base64url_encode(tag, TAG_SIZE);
    char *text = NULL;
    size_t size;

    if (k != NULL && a != NULL && b != NULL && c != NULL) {
        size =
            strlen(header) + strlen(k) + strlen(a) + strlen(b) + strlen(c) + 8;
        text = malloc(size);
        if (text != NULL)
            snprintf(text, size, "%s.%s.%s.%s.%s", header, k, a, b, c);
    }
    free(k);
    free(a);
    free(b);
    free(c);
    return text;
}

/* With a direct key, the encrypted one is empty. */
static char *seal(const unsigned char *key, const char *json,
                  const struct emu_bytes *wrapped,
                  const struct emu_bytes *plain)
{
    unsigned char iv[IV_SIZE], tag[TAG_SIZE];
    char *header = emu_base64url_encode(json, strlen(json)), *text = NULL;
    struct emu_bytes body = {NULL, 0};

    if (header != NULL && plain->len < TEXT_MAX &&
        RAND_bytes(iv, sizeof(iv)) == 1 && cbc(key, iv, 1, plain, &body) &&
        tag_of(key, header, iv, &body, tag))
        text = join(header, wrapped, iv, &body, tag);
    free(header);
    emu_bytes_free(&body);
    return text;
}

char *emu_seal(const unsigned char *key, const char *kid,
               const struct emu_bytes *plain)
{
    const struct emu_bytes none = {NULL, 0};
    char json[128];

    return header_text("dir", kid, json, sizeof(json))
               ? seal(key, json, &none, plain)
               : NULL;
}

static const struct way {
    int (*init)(EVP_PKEY_CTX *);
    int (*run)(EVP_PKEY_CTX *, unsigned char *, size_t *, const unsigned char *,
               size_t);
} encryption = {EVP_PKEY_encrypt_init, EVP_PKEY_encrypt},
  decryption = {EVP_PKEY_decrypt_init, EVP_PKEY_decrypt};

static int oaep(EVP_PKEY *key, const struct way *way, const unsigned char *data,
                size_t len, struct emu_bytes *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    size_t size = (size_t)EVP_PKEY_get_size(key);
    int ok = ctx != NULL && emu_bytes_reserve(out, size) &&
             way->init(ctx) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
             way->run(ctx, out->data, &size, data, len) == 1;

    if (ok)
        out->len = size;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

char *emu_seal_for(EVP_PKEY *key, const char *kid,
                   const struct emu_bytes *plain)
{
    unsigned char cek[EMU_SEAL_KEY];
    struct emu_bytes wrapped = {NULL, 0};
    char json[128], *text = NULL;

    if (header_text("RSA-OAEP-256", kid, json, sizeof(json)) &&
        RAND_bytes(cek, sizeof(cek)) == 1 &&
        oaep(key, &encryption, cek, sizeof(cek), &wrapped))
        text = seal(cek, json, &wrapped, plain);
    OPENSSL_cleanse(cek, sizeof(cek));
    emu_bytes_free(&wrapped);
    return text;
}

/* Cuts the copy at its dots; exactly five parts. */
static int split(char *text, char *parts[PARTS])
{
    int count = 0;

    while (text != NULL && count < PARTS) {
        parts[count++] = text;
        text = strchr(text, '.');
        if (text != NULL)
            *text++ = '\0';
    }
    return text == NULL && count == PARTS;
}

/* What is sealed under the key, its parts cut. */
static int open_parts(const unsigned char *key, char *parts[PARTS],
                      struct emu_bytes *plain)
{
    struct emu_bytes iv = {NULL, 0}, body = {NULL, 0}, tag = {NULL, 0};
    unsigned char expected[TAG_SIZE];
    int ok = 0;

    if (emu_base64url_decode(parts[2], IV_SIZE, &iv) && iv.len == IV_SIZE &&
        emu_base64url_decode(parts[3], TEXT_MAX, &body) &&
        emu_base64url_decode(parts[4], TAG_SIZE, &tag) && tag.len == TAG_SIZE &&
        tag_of(key, parts[0], iv.data, &body, expected) &&
        CRYPTO_memcmp(expected, tag.data, TAG_SIZE) == 0)
        ok = cbc(key, iv.data, 0, &body, plain);
    emu_bytes_free(&iv);
    emu_bytes_free(&body);
    emu_bytes_free(&tag);
    return ok;
}

int emu_unseal(const unsigned char *key, const char *kid, const char *text,
               struct emu_bytes *plain)
{
    char json[128], *copy = strdup(text), *header = NULL, *parts[PARTS];
    int ok;

    if (header_text("dir", kid, json, sizeof(json)))
        header = emu_base64url_encode(json, strlen(json));
    ok = copy != NULL && header != NULL && split(copy, parts) &&
         strcmp(parts[0], header) == 0 && parts[1][0] == '\0' &&
         open_parts(key, parts, plain);
    free(copy);
    free(header);
    return ok;
}

static int header_is(const char *part, const char *alg)
{
    struct emu_bytes text = {NULL, 0};
    struct json_object *o = emu_base64url_decode(part, HEADER_MAX, &text)
                                ? emu_json_parse(text.data, text.len)
                                : NULL;
    const char *told = emu_json_string(o, "alg");
    const char *enc = emu_json_string(o, "enc");
    int ok = told != NULL && strcmp(told, alg) == 0 && enc != NULL &&
             strcmp(enc, "A256CBC-HS512") == 0;

    json_object_put(o);
    emu_bytes_free(&text);
    return ok;
}

int emu_unseal_by(EVP_PKEY *key, const char *text, struct emu_bytes *plain)
{
    struct emu_bytes wrapped = {NULL, 0}, cek = {NULL, 0};
    char *copy = strdup(text), *parts[PARTS];
    int ok = copy != NULL && split(copy, parts) &&
             header_is(parts[0], "RSA-OAEP-256") &&
             emu_base64url_decode(parts[1], (size_t)EVP_PKEY_get_size(key),
                                  &wrapped) &&
             oaep(key, &decryption, wrapped.data, wrapped.len, &cek) &&
             cek.len == EMU_SEAL_KEY && open_parts(cek.data, parts, plain);

    free(copy);
    emu_bytes_free(&wrapped);
    emu_bytes_free(&cek);
    return ok;
}
