/* SPDX-License-Identifier: MIT
 *
 * ASYM_CIPHER for AES keys of the HSM: encrypting is wrapping a data key by
 * RFC 3394 and decrypting is unwrapping one, as `openssl pkeyutl -encrypt` and
 * `-decrypt` have it.  Needs the operations wrapKey and unwrapKey alone.  The
 * data key passes through wiped memory and is never kept.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "dispatch.h"
#include "err.h"
#include "key.h"

FN(asym_cipher, aes, newctx);
FN(asym_cipher, aes, freectx);
FN(asym_cipher, aes, dupctx);
FN(asym_cipher, aes, encrypt_init);
FN(asym_cipher, aes, encrypt);
FN(asym_cipher, aes, decrypt_init);
FN(asym_cipher, aes, decrypt);

/* RFC 3394: in eights, and eight more when wrapped. */
enum { BLOCK = 8, DEK_MIN = 16 };

struct wrapping {
    struct mp_prov *prov;
    struct mp_key *key;
};

static void *aes_asym_cipher_newctx(void *provctx)
{
    struct wrapping *ctx = OPENSSL_zalloc(sizeof(*ctx));

    if (ctx != NULL)
        ctx->prov = provctx;
    return ctx;
}

static void aes_asym_cipher_freectx(void *vctx)
{
    struct wrapping *ctx = vctx;

    if (ctx == NULL)
        return;
    mp_key_free(ctx->key);
    OPENSSL_free(ctx);
}

static void *aes_asym_cipher_dupctx(void *vctx)
{
    const struct wrapping *ctx = vctx;
    struct wrapping *copy =
        ctx == NULL ? NULL : aes_asym_cipher_newctx(ctx->prov);

    if (copy != NULL)
        copy->key = mp_key_up_ref(ctx->key);
    return copy;
}

static int init(struct wrapping *ctx, struct mp_key *key)
{
    if (ctx == NULL)
        return 0;
    if (key == NULL)
        key = ctx->key;
    if (key == NULL || key->hsm == NULL || key->type != MHSM_KEY_OCT) {
        mp_raise(ctx->prov, MP_R_NO_KEY, "no AES key of the HSM to wrap with");
        return 0;
    }
    if (key != ctx->key) {
        mp_key_free(ctx->key);
        ctx->key = mp_key_up_ref(key);
    }
    return 1;
}

static int aes_asym_cipher_encrypt_init(void *ctx, void *provkey,
                                        const OSSL_PARAM params[])
{
    (void)params;
    return init(ctx, provkey);
}

static int aes_asym_cipher_decrypt_init(void *ctx, void *provkey,
                                        const OSSL_PARAM params[])
{
    (void)params;
    return init(ctx, provkey);
}

/* By the key's own size, or by the name that is for all of them. */
static const char *algorithm_of(const struct mp_key *key)
{
    switch (mhsm_key_bits(key->hsm)) {
    case 128:
        return "A128KW";
    case 192:
        return "A192KW";
    case 256:
        return "A256KW";
    default:
        return "CKM_AES_KEY_WRAP";
    }
}

static int fits(const struct wrapping *ctx, size_t size, size_t least,
                const char *what)
{
    size_t most = MP_AES_WRAP_MAX + (least - DEK_MIN);

    if (size >= least && size <= most && size % BLOCK == 0)
        return 1;
    mp_raise(ctx->prov, MP_R_INPUT_LENGTH,
             "a %s has %zu to %zu octets, in eights, and this has %zu", what,
             least, most, size);
    return 0;
}

static int give(const struct wrapping *ctx, mhsm_result *result,
                unsigned char *out, size_t *outlen, size_t expected)
{
    size_t size = 0;
    const unsigned char *data = mhsm_result_data(result, &size);
    int ok = data != NULL && size == expected;

    if (ok) {
        memcpy(out, data, size);
        *outlen = size;
    } else {
        mp_raise(ctx->prov, MP_R_ANSWER,
                 "the HSM gave %zu octets where %zu were due", size, expected);
    }
    mhsm_result_free(result);
    return ok;
}

static int aes_asym_cipher_encrypt(void *vctx, unsigned char *out,
                                   size_t *outlen, size_t outsize,
                                   const unsigned char *in, size_t inlen)
{
    struct wrapping *ctx = vctx;
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;

    if (ctx == NULL || !init(ctx, NULL) ||
        !fits(ctx, inlen, DEK_MIN, "key to be wrapped"))
        return 0;
    if (out == NULL) {
        *outlen = inlen + BLOCK;
        return 1;
    }
    if (!mp_has_room(ctx->prov, inlen + BLOCK, outsize) ||
        !mp_key_require(ctx->key, MHSM_OP_WRAP, "wrap"))
        return 0;
    if (mhsm_wrap(ctx->prov->client, ctx->key->hsm, algorithm_of(ctx->key), in,
                  inlen, &result, &err) != MHSM_OK) {
        mp_raise_client(ctx->prov, &err);
        return 0;
    }
    return give(ctx, result, out, outlen, inlen + BLOCK);
}

static int aes_asym_cipher_decrypt(void *vctx, unsigned char *out,
                                   size_t *outlen, size_t outsize,
                                   const unsigned char *in, size_t inlen)
{
    struct wrapping *ctx = vctx;
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;

    if (ctx == NULL || !init(ctx, NULL) ||
        !fits(ctx, inlen, DEK_MIN + BLOCK, "wrapped key"))
        return 0;
    if (out == NULL) {
        *outlen = inlen - BLOCK;
        return 1;
    }
    if (!mp_has_room(ctx->prov, inlen - BLOCK, outsize) ||
        !mp_key_require(ctx->key, MHSM_OP_UNWRAP, "unwrap"))
        return 0;
    if (mhsm_unwrap(ctx->prov->client, ctx->key->hsm, algorithm_of(ctx->key),
                    in, inlen, &result, &err) != MHSM_OK) {
        mp_raise_client(ctx->prov, &err);
        return 0;
    }
    return give(ctx, result, out, outlen, inlen - BLOCK);
}

const OSSL_DISPATCH mp_aes_asym_cipher[] = {
    ENTRY(ASYM_CIPHER, NEWCTX, aes_asym_cipher_newctx),
    ENTRY(ASYM_CIPHER, FREECTX, aes_asym_cipher_freectx),
    ENTRY(ASYM_CIPHER, DUPCTX, aes_asym_cipher_dupctx),
    ENTRY(ASYM_CIPHER, ENCRYPT_INIT, aes_asym_cipher_encrypt_init),
    ENTRY(ASYM_CIPHER, ENCRYPT, aes_asym_cipher_encrypt),
    ENTRY(ASYM_CIPHER, DECRYPT_INIT, aes_asym_cipher_decrypt_init),
    ENTRY(ASYM_CIPHER, DECRYPT, aes_asym_cipher_decrypt),
    END,
};
