/* SPDX-License-Identifier: MIT
 *
 * A256CBC-HS512 (RFC 7518 section 5.2.5): AES-256 in CBC mode with PKCS #7
 * padding under the second half of the key, and half of an HMAC-SHA-512 under
 * the first half.
 */
#include "jose/content.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

enum {
    half = 32,
    cek_size = 64,
    block = 16,
    digest_size = 64,
    length_size = 8
};

static mhsm_status failed(const char *what, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_INTERNAL, "OpenSSL failed: %s", what);
}

static EVP_MAC_CTX *mac_begin(OSSL_LIB_CTX *lib, const unsigned char *key)
{
    char digest[] = "SHA512";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(lib, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;

    EVP_MAC_free(mac);
    if (ctx != NULL && EVP_MAC_init(ctx, key, half, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

/* Over the AAD, the IV, the ciphertext and the AAD's length in bits. */
static mhsm_status authenticate(OSSL_LIB_CTX *lib, const unsigned char *key,
                                const struct mhsmi_sealed *sealed,
                                unsigned char *digest, mhsm_error **err)
{
    EVP_MAC_CTX *ctx = mac_begin(lib, key);
    unsigned char length[length_size];
    size_t size = 0;
    int i, ok;

    for (i = 0; i < length_size; i++)
        length[i] =
            (unsigned char)((uint64_t)sealed->aad_size * 8 >> (56 - 8 * i));
    ok =
        ctx != NULL &&
        EVP_MAC_update(ctx, (const unsigned char *)sealed->aad,
                       sealed->aad_size) == 1 &&
        EVP_MAC_update(ctx, sealed->iv, block) == 1 &&
        EVP_MAC_update(ctx, sealed->ciphertext, sealed->ciphertext_size) == 1 &&
        EVP_MAC_update(ctx, length, sizeof(length)) == 1 &&
        EVP_MAC_final(ctx, digest, &size, digest_size) == 1;
    EVP_MAC_CTX_free(ctx);
    return ok ? MHSM_OK : failed("HMAC", err);
}

/* *size gets what came out; 1, or 0. */
static int cipher(OSSL_LIB_CTX *lib, int encrypt, const unsigned char *key,
                  const unsigned char *iv, const unsigned char *in,
                  size_t in_size, unsigned char *out, size_t *size)
{
    EVP_CIPHER *algorithm = EVP_CIPHER_fetch(lib, "AES-256-CBC", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int first = 0, last = 0;
    int ok = algorithm != NULL && ctx != NULL && in_size <= INT_MAX - block &&
             EVP_CipherInit_ex2(ctx, algorithm, key, iv, encrypt, NULL) == 1 &&
             (in_size == 0 ||
              EVP_CipherUpdate(ctx, out, &first, in, (int)in_size) == 1) &&
             EVP_CipherFinal_ex(ctx, out + first, &last) == 1;

    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(algorithm);
    *size = (size_t)first + (size_t)last;
    return ok;
}

static mhsm_status cbc_hs512_seal(OSSL_LIB_CTX *lib, const unsigned char *cek,
                                  const char *aad, const unsigned char *iv,
                                  const unsigned char *data, size_t size,
                                  struct mhsmi_buf *ciphertext,
                                  unsigned char *tag, mhsm_error **err)
{
    struct mhsmi_sealed sealed = {.aad = aad, .aad_size = strlen(aad)};
    unsigned char digest[digest_size];
    mhsm_status st;
    size_t made = 0;

    if (!mhsmi_buf_reserve(ciphertext, size + block))
        return mhsmi_error_memory(err);
    if (!cipher(lib, 1, cek + half, iv, data, size,
                ciphertext->data + ciphertext->size, &made))
        return failed("AES-256-CBC", err);
    sealed.iv = iv;
    sealed.ciphertext = ciphertext->data + ciphertext->size;
    sealed.ciphertext_size = made;
    ciphertext->size += made;
    st = authenticate(lib, cek, &sealed, digest, err);
    memcpy(tag, digest, half);
    OPENSSL_cleanse(digest, sizeof(digest));
    return st;
}

static mhsm_status cbc_hs512_open(OSSL_LIB_CTX *lib, const unsigned char *cek,
                                  const struct mhsmi_sealed *sealed,
                                  struct mhsmi_secret **data, mhsm_error **err)
{
    struct mhsmi_secret *opened;
    unsigned char digest[digest_size];
    mhsm_status st = authenticate(lib, cek, sealed, digest, err);

    if (st == MHSM_OK && CRYPTO_memcmp(digest, sealed->tag, half) != 0)
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "the authentication tag does not fit");
    OPENSSL_cleanse(digest, sizeof(digest));
    if (st != MHSM_OK)
        return st;
    opened = mhsmi_secret_new(sealed->ciphertext_size + block);
    if (opened == NULL)
        return mhsmi_error_memory(err);
    /* Who made the tag made the padding: telling that it is wrong is safe. */
    if (!cipher(lib, 0, cek + half, sealed->iv, sealed->ciphertext,
                sealed->ciphertext_size, opened->data, &opened->size)) {
        mhsmi_secret_free(opened);
        return mhsmi_error(err, MHSM_ERR_DAMAGED, "the padding is wrong");
    }
    *data = opened;
    return MHSM_OK;
}

static const struct mhsmi_content contents[] = {
    {"A256CBC-HS512", cek_size, block, half, block, cbc_hs512_seal,
     cbc_hs512_open},
};

const struct mhsmi_content *mhsmi_content_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
        if (strcmp(contents[i].name, name) == 0)
            return &contents[i];
    return NULL;
}
