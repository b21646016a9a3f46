/* SPDX-License-Identifier: MIT
 *
 * Symmetric keys: HMAC, AES in GCM and CBC, and AES key wrap. The nonce of GCM
 * is made here always: a caller that could choose it could repeat it.
 */
#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define GCM_IV  12
#define GCM_TAG 16
#define CBC_IV  16

const char *emu_oct_mac(struct emu_crypto *c)
{
    const struct emu_bytes *input =
        c->op == EMU_OP_SIGN ? &c->value : &c->digest;
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t len = 0;

    if (EVP_Q_mac(NULL, "HMAC", NULL, c->alg->md, NULL, c->key->material.data,
                  c->key->material.len, input->data, input->len, mac,
                  sizeof(mac), &len) == NULL)
        return emu_crypto_failed;
    if (c->op == EMU_OP_VERIFY)
        c->verified =
            c->value.len == len && CRYPTO_memcmp(c->value.data, mac, len) == 0;
    else if (!emu_bytes_set(&c->result, mac, len))
        return emu_crypto_failed;
    return NULL;
}

/* One pass through a cipher; the context is set up already. */
static int transform(EVP_CIPHER_CTX *ctx, const struct emu_bytes *in,
                     struct emu_bytes *out)
{
    struct emu_bytes draft = {NULL, 0};
    int first = 0, last = 0, ok;

    /* Key wrap adds up to two blocks, and takes its input in one piece. */
    ok = emu_bytes_reserve(&draft, in->len + 32) &&
         EVP_CipherUpdate(ctx, draft.data, &first, in->data, (int)in->len) ==
             1 &&
         EVP_CipherFinal_ex(ctx, draft.data + first, &last) == 1 &&
         emu_bytes_set(out, draft.data, (size_t)first + (size_t)last);
    emu_bytes_free(&draft);
    return ok;
}

static const char *gcm_encrypt(struct emu_crypto *c, EVP_CIPHER_CTX *ctx,
                               const EVP_CIPHER *cipher)
{
    int len = 0;

    if (c->iv.len != 0)
        return "The service makes the iv of this algorithm itself";
    if (!emu_bytes_reserve(&c->iv, GCM_IV) ||
        RAND_bytes(c->iv.data, GCM_IV) != 1 ||
        !emu_bytes_reserve(&c->tag, GCM_TAG) ||
        EVP_EncryptInit_ex2(ctx, cipher, c->key->material.data, c->iv.data,
                            NULL) != 1 ||
        (c->aad.len != 0 && EVP_EncryptUpdate(ctx, NULL, &len, c->aad.data,
                                              (int)c->aad.len) != 1) ||
        !transform(ctx, &c->value, &c->result) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, c->tag.data) !=
            1)
        return emu_crypto_failed;
    return NULL;
}

static const char *gcm_decrypt(struct emu_crypto *c, EVP_CIPHER_CTX *ctx,
                               const EVP_CIPHER *cipher)
{
    int len = 0;

    if (c->iv.len != GCM_IV || c->tag.len != GCM_TAG)
        return "The algorithm needs an iv of 12 and a tag of 16 bytes";
    if (EVP_DecryptInit_ex2(ctx, cipher, c->key->material.data, c->iv.data,
                            NULL) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, c->tag.data) !=
            1 ||
        (c->aad.len != 0 && EVP_DecryptUpdate(ctx, NULL, &len, c->aad.data,
                                              (int)c->aad.len) != 1) ||
        !transform(ctx, &c->value, &c->result))
        return "The value cannot be decrypted";
    return NULL;
}

const char *emu_oct_gcm(struct emu_crypto *c)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, c->alg->detail, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const char *wrong = emu_crypto_failed;

    if (cipher != NULL && ctx != NULL)
        wrong = c->op == EMU_OP_ENCRYPT ? gcm_encrypt(c, ctx, cipher)
                                        : gcm_decrypt(c, ctx, cipher);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return wrong;
}

static const char *cbc_ready(struct emu_crypto *c, int padded)
{
    if (c->aad.len != 0 || c->tag.len != 0)
        return "The algorithm takes no aad and no tag";
    if (c->op == EMU_OP_ENCRYPT && c->iv.len == 0 &&
        (!emu_bytes_reserve(&c->iv, CBC_IV) ||
         RAND_bytes(c->iv.data, CBC_IV) != 1))
        return emu_crypto_failed;
    if (c->iv.len != CBC_IV)
        return "The algorithm needs an iv of 16 bytes";
    if ((!padded || c->op == EMU_OP_DECRYPT) &&
        (c->value.len == 0 || c->value.len % 16 != 0))
        return "The value must be whole blocks of 16 bytes";
    return NULL;
}

const char *emu_oct_cbc(struct emu_crypto *c)
{
    int padded = strstr(c->alg->name, "PAD") != NULL;
    const char *wrong = cbc_ready(c, padded);
    EVP_CIPHER *cipher = NULL;
    EVP_CIPHER_CTX *ctx = NULL;

    if (wrong != NULL)
        return wrong;
    cipher = EVP_CIPHER_fetch(NULL, c->alg->detail, NULL);
    ctx = EVP_CIPHER_CTX_new();
    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, c->key->material.data, c->iv.data,
                           c->op == EMU_OP_ENCRYPT, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, padded) != 1)
        wrong = emu_crypto_failed;
    else if (!transform(ctx, &c->value, &c->result))
        wrong = "The value cannot be decrypted";
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return wrong;
}

static const char *wrap_ready(const struct emu_crypto *c, int padded)
{
    size_t len = c->value.len;

    if (c->op == EMU_OP_WRAP) {
        if (padded)
            return len != 0 ? NULL : "There is nothing to wrap";
        return len >= 16 && len % 8 == 0
                   ? NULL
                   : "The value must be two or more groups of 8 bytes";
    }
    if (len % 8 == 0 && len >= (padded ? 16U : 24U))
        return NULL;
    return "The value is no wrapped key";
}

const char *emu_oct_wrap(struct emu_crypto *c)
{
    int padded = strcmp(c->alg->detail, "WRAP-PAD") == 0;
    const char *wrong = wrap_ready(c, padded);
    EVP_CIPHER_CTX *ctx = NULL;
    EVP_CIPHER *cipher = NULL;
    char name[32];

    if (wrong != NULL)
        return wrong;
    snprintf(name, sizeof(name), "AES-%lld-%s", (long long)c->key->bits,
             c->alg->detail);
    cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, c->key->material.data, NULL,
                           c->op == EMU_OP_WRAP, NULL) != 1)
        wrong = emu_crypto_failed;
    else if (!transform(ctx, &c->value, &c->result))
        wrong = "The value cannot be unwrapped";
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return wrong;
}
