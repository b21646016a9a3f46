/* SPDX-License-Identifier: MIT
 *
 * ECDSA with signatures of fixed width: r and s, each as wide as the curve.
 */
#include "crypto.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

static EVP_PKEY_CTX *open_key(struct emu_crypto *c)
{
    EVP_PKEY *key = emu_material_decode(&c->key->material);
    EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);

    EVP_PKEY_free(key);
    return ctx;
}

static int from_der(const struct emu_bytes *der, size_t width,
                    struct emu_bytes *out)
{
    const unsigned char *at = der->data;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der->len);
    int ok =
        sig != NULL && emu_bytes_reserve(out, 2 * width) &&
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), out->data, (int)width) >= 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out->data + width, (int)width) >= 0;

    ECDSA_SIG_free(sig);
    return ok;
}

static int to_der(const struct emu_bytes *fixed, size_t width,
                  struct emu_bytes *out)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(fixed->data, (int)width, NULL);
    BIGNUM *s = BN_bin2bn(fixed->data + width, (int)width, NULL);
    unsigned char *der = NULL;
    int len = -1;

    if (sig != NULL && r != NULL && s != NULL &&
        ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL;
        len = i2d_ECDSA_SIG(sig, &der);
    }
    if (len > 0 && !emu_bytes_set(out, der, (size_t)len))
        len = -1;
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len > 0;
}

static const char *sign(struct emu_crypto *c, EVP_PKEY_CTX *ctx, size_t width)
{
    const char *wrong = emu_crypto_failed;
    struct emu_bytes der = {NULL, 0};
    size_t len = 0;

    if (EVP_PKEY_sign_init(ctx) == 1 &&
        EVP_PKEY_sign(ctx, NULL, &len, c->value.data, c->value.len) == 1 &&
        emu_bytes_reserve(&der, len) &&
        EVP_PKEY_sign(ctx, der.data, &len, c->value.data, c->value.len) == 1) {
        der.len = len;
        if (from_der(&der, width, &c->result))
            wrong = NULL;
    }
    emu_bytes_free(&der);
    return wrong;
}

static const char *verify(struct emu_crypto *c, EVP_PKEY_CTX *ctx, size_t width)
{
    struct emu_bytes der = {NULL, 0};
    const char *wrong = emu_crypto_failed;

    /* A signature of the wrong size is a wrong signature, not an error. */
    if (c->value.len != 2 * width)
        return NULL;
    if (to_der(&c->value, width, &der) && EVP_PKEY_verify_init(ctx) == 1) {
        c->verified = EVP_PKEY_verify(ctx, der.data, der.len, c->digest.data,
                                      c->digest.len) == 1;
        wrong = NULL;
    }
    emu_bytes_free(&der);
    return wrong;
}

const char *emu_ec_signature(struct emu_crypto *c)
{
    const struct emu_curve *curve = emu_curve_by_name(c->key->crv);
    const struct emu_bytes *digest =
        c->op == EMU_OP_SIGN ? &c->value : &c->digest;
    const EVP_MD *md = EVP_get_digestbyname(c->alg->md);
    const char *wrong = emu_crypto_failed;
    EVP_PKEY_CTX *ctx;

    if (curve == NULL || md == NULL)
        return wrong;
    if (digest->len != (size_t)EVP_MD_get_size(md))
        return "The digest has the wrong length for the algorithm";
    ctx = open_key(c);
    if (ctx != NULL)
        wrong = c->op == EMU_OP_SIGN ? sign(c, ctx, curve->coordinate)
                                     : verify(c, ctx, curve->coordinate);
    EVP_PKEY_CTX_free(ctx);
    return wrong;
}
