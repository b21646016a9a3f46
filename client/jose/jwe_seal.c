/* SPDX-License-Identifier: MIT
 *
 * Sealing.  Random octets are drawn in the order key, OAEP seed, IV.
 */
#include <string.h>

#include <openssl/rand.h>

#include "base/base64url.h"
#include "jose/jwe.h"
#include "jose/oaep.h"

static mhsm_status no_random(mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_INTERNAL,
                       "OpenSSL gives no random numbers");
}

static int add_part(struct mhsmi_buf *out, const void *data, size_t size)
{
    return mhsmi_buf_puts(out, ".") && mhsmi_base64url_encode(out, data, size);
}

/* From the encoded header and the encrypted key (or none). */
static mhsm_status finish(OSSL_LIB_CTX *lib,
                          const struct mhsmi_content *content,
                          const struct mhsmi_buf *header,
                          const struct mhsmi_buf *key, const unsigned char *cek,
                          const unsigned char *data, size_t size,
                          struct mhsmi_buf *out, mhsm_error **err)
{
    unsigned char iv[MHSMI_IV_MAX], tag[MHSMI_TAG_MAX];
    struct mhsmi_buf ciphertext;
    mhsm_status st;

    if (RAND_bytes_ex(lib, iv, content->iv_size, 0) != 1)
        return no_random(err);
    mhsmi_buf_init(&ciphertext, MHSMI_JWE_MAX);
    st = content->seal(lib, cek, mhsmi_buf_text(header), iv, data, size,
                       &ciphertext, tag, err);
    if (st == MHSM_OK && !(mhsmi_buf_append(out, header->data, header->size) &&
                           add_part(out, key->data, key->size) &&
                           add_part(out, iv, content->iv_size) &&
                           add_part(out, ciphertext.data, ciphertext.size) &&
                           add_part(out, tag, content->tag_size)))
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&ciphertext);
    return st;
}

mhsm_status mhsmi_jwe_seal(OSSL_LIB_CTX *lib, const char *enc, const char *kid,
                           const unsigned char *cek, const unsigned char *data,
                           size_t size, struct mhsmi_buf *out, mhsm_error **err)
{
    const struct mhsmi_buf none = {.data = NULL};
    struct mhsmi_buf header;
    mhsm_status st;

    mhsmi_buf_init(&header, MHSMI_JWE_HEADER_TEXT_MAX);
    if (!mhsmi_jwe_header_write(&header, MHSMI_JWE_DIR, enc, kid))
        st = mhsmi_error_memory(err);
    else
        st = finish(lib, mhsmi_content_find(enc), &header, &none, cek, data,
                    size, out, err);
    mhsmi_buf_clear(&header);
    return st;
}

mhsm_status mhsmi_jwe_wrap(OSSL_LIB_CTX *lib, EVP_PKEY *key, const char *enc,
                           const char *kid, const unsigned char *data,
                           size_t size, struct mhsmi_buf *out, mhsm_error **err)
{
    const struct mhsmi_content *content = mhsmi_content_find(enc);
    struct mhsmi_secret *cek = mhsmi_secret_new(content->cek_size);
    struct mhsmi_buf header, wrapped;
    mhsm_status st;

    if (cek == NULL) {
        (void)mhsmi_error_memory(err);
        return MHSM_ERR_MEMORY;
    }
    mhsmi_buf_init(&header, MHSMI_JWE_HEADER_TEXT_MAX);
    mhsmi_buf_init(&wrapped, MHSMI_JWE_MAX);
    if (!mhsmi_jwe_header_write(&header, MHSMI_JWE_RSA_OAEP_256, enc, kid))
        st = mhsmi_error_memory(err);
    else if (RAND_priv_bytes_ex(lib, cek->data, cek->size, 0) != 1)
        st = no_random(err);
    else
        st = mhsmi_oaep_encrypt(lib, key, cek->data, cek->size, &wrapped, err);
    if (st == MHSM_OK)
        st = finish(lib, content, &header, &wrapped, cek->data, data, size, out,
                    err);
    mhsmi_secret_free(cek);
    mhsmi_buf_clear(&header);
    mhsmi_buf_clear(&wrapped);
    return st;
}
