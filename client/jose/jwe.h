/* SPDX-License-Identifier: MIT
 *
 * JSON Web Encryption in its compact form (RFC 7516 section 7.1): read
 * strictly, opened, and sealed.  Key management is dir (RFC 7518 section 4.5)
 * or RSA-OAEP-256.
 */
#ifndef MHSM_CLIENT_JOSE_JWE_H
#define MHSM_CLIENT_JOSE_JWE_H

#include "jose/content.h"

enum {
    MHSMI_JWE_MAX = 1024 * 1024,
    MHSMI_JWE_HEADER_MAX = 4096,
    MHSMI_JWE_HEADER_TEXT_MAX = MHSMI_JWE_HEADER_MAX / 3 * 4 + 4
};

enum mhsmi_jwe_alg { MHSMI_JWE_DIR = 0, MHSMI_JWE_RSA_OAEP_256 = 1 };

struct mhsmi_jwe {
    enum mhsmi_jwe_alg alg;
    const struct mhsmi_content *content;
    char *kid;    /* NULL: none */
    char *header; /* as it was encoded */
    struct mhsmi_buf key, iv, ciphertext, tag;
};

/* Who has the private key of RSA-OAEP-256: an EVP_PKEY, or an HSM. */
struct mhsmi_unwrapper {
    mhsm_status (*unwrap)(void *context, const unsigned char *data, size_t size,
                          struct mhsmi_secret **key, mhsm_error **err);
    void *context;
};

/* Errors: MHSM_ERR_DAMAGED, with what is wrong ("it has 4 parts, not 5").  In
 * any case `jwe` is to be cleared. */
MHSM_NODISCARD mhsm_status mhsmi_jwe_parse(struct mhsmi_jwe *jwe,
                                           const char *text, size_t size,
                                           mhsm_error **err);
void mhsmi_jwe_clear(struct mhsmi_jwe *jwe);

/* The plaintext, which may be empty.  `cek` has content->cek_size octets. */
MHSM_NODISCARD mhsm_status mhsmi_jwe_open(const struct mhsmi_jwe *jwe,
                                          OSSL_LIB_CTX *lib,
                                          const unsigned char *cek,
                                          struct mhsmi_secret **data,
                                          mhsm_error **err);
MHSM_NODISCARD mhsm_status
mhsmi_jwe_unwrap(const struct mhsmi_jwe *jwe, OSSL_LIB_CTX *lib,
                 const struct mhsmi_unwrapper *unwrapper,
                 struct mhsmi_secret **data, mhsm_error **err);

/* Append a JWE of alg dir, or of RSA-OAEP-256 under a new key for `key`. */
MHSM_NODISCARD mhsm_status mhsmi_jwe_seal(OSSL_LIB_CTX *lib, const char *enc,
                                          const char *kid,
                                          const unsigned char *cek,
                                          const unsigned char *data,
                                          size_t size, struct mhsmi_buf *out,
                                          mhsm_error **err);
MHSM_NODISCARD mhsm_status mhsmi_jwe_wrap(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                                          const char *enc, const char *kid,
                                          const unsigned char *data,
                                          size_t size, struct mhsmi_buf *out,
                                          mhsm_error **err);

/* Between the files of this room. */
MHSM_NODISCARD mhsm_status mhsmi_jwe_header_read(struct mhsmi_jwe *jwe,
                                                 const unsigned char *text,
                                                 size_t size, mhsm_error **err);
/* Appends the encoded header {"alg":...,"enc":...,"kid":...}. */
MHSM_NODISCARD int mhsmi_jwe_header_write(struct mhsmi_buf *out,
                                          enum mhsmi_jwe_alg alg,
                                          const char *enc, const char *kid);

#endif
