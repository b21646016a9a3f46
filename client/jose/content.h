/* SPDX-License-Identifier: MIT
 *
 * Content encryption of JWE (RFC 7518 section 5), one row an algorithm.
 */
#ifndef MHSM_CLIENT_JOSE_CONTENT_H
#define MHSM_CLIENT_JOSE_CONTENT_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"

enum { MHSMI_CEK_MAX = 64, MHSMI_IV_MAX = 16, MHSMI_TAG_MAX = 32 };

/* What was encrypted; all of it is public. */
struct mhsmi_sealed {
    const char *aad; /* the encoded header */
    size_t aad_size;
    const unsigned char *iv;
    const unsigned char *ciphertext;
    size_t ciphertext_size;
    const unsigned char *tag;
};

struct mhsmi_content {
    const char *name; /* the header's enc */
    size_t cek_size, iv_size, tag_size;
    /* The ciphertext is never empty and a multiple of this. */
    size_t unit;
    /* Appends the ciphertext and fills tag_size octets at `tag`. */
    mhsm_status (*seal)(OSSL_LIB_CTX *lib, const unsigned char *cek,
                        const char *aad, const unsigned char *iv,
                        const unsigned char *data, size_t size,
                        struct mhsmi_buf *ciphertext, unsigned char *tag,
                        mhsm_error **err);
    /* Nothing is decrypted before the tag fits: MHSM_ERR_DAMAGED. */
    mhsm_status (*open)(OSSL_LIB_CTX *lib, const unsigned char *cek,
                        const struct mhsmi_sealed *sealed,
                        struct mhsmi_secret **data, mhsm_error **err);
};

/* NULL: not one of ours. */
const struct mhsmi_content *mhsmi_content_find(const char *name);

#endif
