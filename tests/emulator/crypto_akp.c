/* SPDX-License-Identifier: MIT
 *
 * ML-DSA: the message and its context, or mu, which stands for both. It is
 * OpenSSL 3.5 that knows it; with an older one there are no such keys.
 */
#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#define CONTEXT_MAX 255
#define MU          64

/* OpenSSL's names, which the headers of older versions do not have. */
#define PARAM_CONTEXT "context-string"
#define PARAM_MU      "mu"

static const char *check(const struct emu_crypto *c,
                         const struct emu_bytes *message)
{
    if (c->mu.len == 0)
        return c->context.len > CONTEXT_MAX
                   ? "context must have at most 255 bytes"
                   : NULL;
    if (c->mu.len != MU)
        return "external_mu must have 64 bytes";
    if (message->len != 0 || c->context.len != 0)
        return "external_mu excludes the message and its context";
    return NULL;
}

static const char *sign(struct emu_crypto *c, EVP_MD_CTX *ctx, EVP_PKEY *key,
                        const OSSL_PARAM *params, const struct emu_bytes *input)
{
    size_t len = 0;

    if (EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key, params) != 1 ||
        EVP_DigestSign(ctx, NULL, &len, input->data, input->len) != 1 ||
        !emu_bytes_reserve(&c->result, len) ||
        EVP_DigestSign(ctx, c->result.data, &len, input->data, input->len) != 1)
        return emu_crypto_failed;
    c->result.len = len;
    return NULL;
}

static const char *verify(struct emu_crypto *c, EVP_MD_CTX *ctx, EVP_PKEY *key,
                          const OSSL_PARAM *params,
                          const struct emu_bytes *input)
{
    if (EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, params) != 1)
        return emu_crypto_failed;
    c->verified = EVP_DigestVerify(ctx, c->value.data, c->value.len,
                                   input->data, input->len) == 1;
    return NULL;
}

const char *emu_akp_signature(struct emu_crypto *c)
{
    const struct emu_bytes *message =
        c->op == EMU_OP_SIGN ? &c->value : &c->digest;
    const struct emu_bytes *input = c->mu.len != 0 ? &c->mu : message;
    const char *wrong = check(c, message);
    OSSL_PARAM params[3];
    EVP_MD_CTX *ctx = NULL;
    EVP_PKEY *key = NULL;
    int external = c->mu.len != 0;

    if (wrong != NULL)
        return wrong;
    params[0] = OSSL_PARAM_construct_int(PARAM_MU, &external);
    params[1] = OSSL_PARAM_construct_octet_string(
        PARAM_CONTEXT, c->context.data, c->context.len);
    params[2] = OSSL_PARAM_construct_end();
    key = emu_material_decode(&c->key->material);
    ctx = EVP_MD_CTX_new();
    if (key == NULL || ctx == NULL)
        wrong = emu_crypto_failed;
    else if (c->op == EMU_OP_SIGN)
        wrong = sign(c, ctx, key, params, input);
    else
        wrong = verify(c, ctx, key, params, input);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return wrong;
}
