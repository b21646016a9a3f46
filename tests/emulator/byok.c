/* SPDX-License-Identifier: MIT
 *
 * Transfer blobs: an AES key under RSA-OAEP of somebody's public key, and the
 * target under that AES key. Every failure to open one reads the same.
 */
#include "byok.h"

#include "json.h"
#include "keystore.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOB_MAX 65536

static const char malformed[] = "The transfer blob is malformed";
static const char closed[] = "The transfer blob cannot be opened";

static int text_is(struct json_object *o, const char *name, const char *value)
{
    const char *text = emu_json_string(o, name);

    return text != NULL && strcmp(text, value) == 0;
}

/* Finds the key-exchange key by the name and version at the end of its kid. */
static int find_kek(struct emu_hsm *hsm, const char *kid, struct emu_version *v)
{
    const char *at = strstr(kid, "/keys/"), *slash;
    char name[EMU_NAME_SIZE];

    if (at == NULL)
        return 0;
    at += strlen("/keys/");
    slash = strchr(at, '/');
    if (slash == NULL || (size_t)(slash - at) >= sizeof(name))
        return 0;
    memcpy(name, at, (size_t)(slash - at));
    name[slash - at] = '\0';
    if (emu_keystore_find(hsm->store, name, slash + 1, v) != 1)
        return 0;
    if (v->kty == EMU_RSA && v->deleted == 0 && v->enabled &&
        v->ops == EMU_OP_IMPORT)
        return 1;
    emu_version_free(v);
    return 0;
}

static int oaep(const struct emu_bytes *material, const unsigned char *data,
                size_t size, struct emu_bytes *out)
{
    EVP_PKEY *key = emu_material_decode(material);
    EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    struct emu_bytes plain = {NULL, 0};
    size_t len = size;
    int ok = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha1()) == 1 &&
             emu_bytes_reserve(&plain, size) &&
             EVP_PKEY_decrypt(ctx, plain.data, &len, data, size) == 1 &&
             len == 32 && emu_bytes_set(out, plain.data, len);

    emu_bytes_free(&plain);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

/* AES-KWP, either way by `encrypt`. */
static int wrap(int encrypt, const unsigned char *key,
                const unsigned char *data, size_t size, struct emu_bytes *out)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    struct emu_bytes draft = {NULL, 0};
    int len = 0, ok = 0;

    if (ctx != NULL)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (cipher != NULL && ctx != NULL && size <= BLOB_MAX &&
        emu_bytes_reserve(&draft, size + 16) &&
        EVP_CipherInit_ex2(ctx, cipher, key, NULL, encrypt, NULL) == 1 &&
        EVP_CipherUpdate(ctx, draft.data, &len, data, (int)size) == 1)
        ok = emu_bytes_set(out, draft.data, (size_t)len);
    emu_bytes_free(&draft);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return ok;
}

static int unwrap(const struct emu_bytes *key, const unsigned char *data,
                  size_t size, struct emu_bytes *out)
{
    return size >= 16 && size % 8 == 0 && wrap(0, key->data, data, size, out);
}

static const char *open_parsed(struct emu_hsm *hsm, struct json_object *blob,
                               struct emu_bytes *out)
{
    struct json_object *header = emu_json_member(blob, "header");
    const char *kid = emu_json_string(header, "kid");
    const char *text = emu_json_string(blob, "ciphertext");
    struct emu_bytes data = {NULL, 0}, aes = {NULL, 0};
    const char *wrong = malformed;
    struct emu_version kek;
    size_t head;

    if (!text_is(blob, "schema_version", "1.0.0") ||
        !text_is(header, "alg", "dir") ||
        !text_is(header, "enc", "CKM_RSA_AES_KEY_WRAP") || kid == NULL ||
        text == NULL || !emu_base64url_decode(text, BLOB_MAX, &data))
        goto out;
    wrong = "The key-exchange key of the transfer blob is not usable";
    if (!find_kek(hsm, kid, &kek))
        goto out;
    wrong = closed;
    head = (size_t)kek.bits / 8;
    if (data.len > head && oaep(&kek.material, data.data, head, &aes) &&
        unwrap(&aes, data.data + head, data.len - head, out))
        wrong = NULL;
    emu_version_free(&kek);
out:
    emu_bytes_free(&data);
    emu_bytes_free(&aes);
    return wrong;
}

const char *emu_byok_open(struct emu_hsm *hsm, const char *key_hsm,
                          struct emu_bytes *out)
{
    struct emu_bytes raw = {NULL, 0};
    struct json_object *blob = NULL;
    const char *wrong = malformed;

    if (emu_base64url_decode(key_hsm, BLOB_MAX, &raw))
        blob = emu_json_parse(raw.data, raw.len);
    if (blob != NULL)
        wrong = open_parsed(hsm, blob, out);
    json_object_put(blob);
    emu_bytes_free(&raw);
    return wrong;
}

int emu_byok_seal(EVP_PKEY *to, const EVP_MD *md, const struct emu_bytes *plain,
                  struct emu_bytes *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(to, NULL);
    struct emu_bytes head = {NULL, 0}, tail = {NULL, 0};
    unsigned char aes[32];
    size_t len = (size_t)EVP_PKEY_get_size(to);
    int ok = ctx != NULL && RAND_priv_bytes(aes, sizeof(aes)) == 1 &&
             EVP_PKEY_encrypt_init(ctx) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
             emu_bytes_reserve(&head, len) &&
             EVP_PKEY_encrypt(ctx, head.data, &len, aes, sizeof(aes)) == 1 &&
             wrap(1, aes, plain->data, plain->len, &tail) &&
             emu_bytes_set(out, head.data, len) &&
             emu_bytes_append(out, tail.data, tail.len);

    OPENSSL_cleanse(aes, sizeof(aes));
    emu_bytes_free(&head);
    emu_bytes_free(&tail);
    EVP_PKEY_CTX_free(ctx);
    return ok;
}
