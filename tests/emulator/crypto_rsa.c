/* SPDX-License-Identifier: MIT
 *
 * RSA: signatures over digests made elsewhere, and encryption. What fails on a
 * ciphertext is told in one text for every cause.
 */
#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

static EVP_PKEY_CTX *open_key(struct emu_crypto *c)
{
    EVP_PKEY *key = emu_material_decode(&c->key->material);
    EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);

    EVP_PKEY_free(key);
    return ctx;
}

static int configure(EVP_PKEY_CTX *ctx, const struct emu_crypto *c)
{
    const EVP_MD *md =
        c->alg->md == NULL ? NULL : EVP_get_digestbyname(c->alg->md);
    int padding = c->alg->padding;

    if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1)
        return 0;
    if (padding == RSA_PKCS1_OAEP_PADDING)
        return EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1;
    if (md != NULL && EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
        return 0;
    if (padding == RSA_PKCS1_PSS_PADDING)
        return EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
                   1;
    return 1;
}

/* With RSNULL the caller's bytes are padded as they are. */
static int digest_fits(const struct emu_crypto *c,
                       const struct emu_bytes *digest)
{
    if (c->alg->md == NULL)
        return digest->len != 0 && digest->len <= (size_t)c->key->bits / 8 - 11;
    return digest->len ==
           (size_t)EVP_MD_get_size(EVP_get_digestbyname(c->alg->md));
}

const char *emu_rsa_signature(struct emu_crypto *c)
{
    const struct emu_bytes *digest =
        c->op == EMU_OP_SIGN ? &c->value : &c->digest;
    const char *wrong = emu_crypto_failed;
    size_t len = (size_t)c->key->bits / 8;
    EVP_PKEY_CTX *ctx;

    if (!digest_fits(c, digest))
        return "The digest has the wrong length for the algorithm";
    ctx = open_key(c);
    if (ctx == NULL)
        return wrong;
    if (c->op == EMU_OP_SIGN) {
        if (EVP_PKEY_sign_init(ctx) == 1 && configure(ctx, c) &&
            emu_bytes_reserve(&c->result, len) &&
            EVP_PKEY_sign(ctx, c->result.data, &len, digest->data,
                          digest->len) == 1)
            wrong = NULL;
    } else if (EVP_PKEY_verify_init(ctx) == 1 && configure(ctx, c)) {
        c->verified = EVP_PKEY_verify(ctx, c->value.data, c->value.len,
                                      digest->data, digest->len) == 1;
        wrong = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return wrong;
}

static const char *encrypt(struct emu_crypto *c, EVP_PKEY_CTX *ctx)
{
    size_t len = (size_t)c->key->bits / 8, room = len - 11;

    if (c->alg->md != NULL)
        room = len - 2 -
               2 * (size_t)EVP_MD_get_size(EVP_get_digestbyname(c->alg->md));
    if (c->value.len > room)
        return "The value is too long for the key and algorithm";
    if (EVP_PKEY_encrypt_init(ctx) == 1 && configure(ctx, c) &&
        emu_bytes_reserve(&c->result, len) &&
        EVP_PKEY_encrypt(ctx, c->result.data, &len, c->value.data,
                         c->value.len) == 1)
        return NULL;
    return emu_crypto_failed;
}

static const char *decrypt(struct emu_crypto *c, EVP_PKEY_CTX *ctx)
{
    struct emu_bytes plain = {NULL, 0};
    size_t len = (size_t)c->key->bits / 8;
    const char *wrong = "The value cannot be decrypted";

    if (c->value.len == len && EVP_PKEY_decrypt_init(ctx) == 1 &&
        configure(ctx, c) && emu_bytes_reserve(&plain, len) &&
        EVP_PKEY_decrypt(ctx, plain.data, &len, c->value.data, c->value.len) ==
            1 &&
        emu_bytes_set(&c->result, plain.data, len))
        wrong = NULL;
    emu_bytes_free(&plain);
    return wrong;
}

const char *emu_rsa_cipher(struct emu_crypto *c)
{
    EVP_PKEY_CTX *ctx = open_key(c);
    const char *wrong = emu_crypto_failed;

    if (ctx != NULL)
        wrong = (c->op & (EMU_OP_ENCRYPT | EMU_OP_WRAP)) != 0 ? encrypt(c, ctx)
                                                              : decrypt(c, ctx);
    EVP_PKEY_CTX_free(ctx);
    return wrong;
}
