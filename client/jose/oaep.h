/* SPDX-License-Identifier: MIT
 *
 * RSAES-OAEP with SHA-256 for both its hash and MGF1 and no label: JOSE's
 * RSA-OAEP-256 (RFC 7518 section 4.3).
 */
#ifndef MHSM_CLIENT_JOSE_OAEP_H
#define MHSM_CLIENT_JOSE_OAEP_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"

/* Appends a block of the modulus's size. */
MHSM_NODISCARD mhsm_status mhsmi_oaep_encrypt(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                                              const unsigned char *data,
                                              size_t size,
                                              struct mhsmi_buf *out,
                                              mhsm_error **err);
/* MHSM_ERR_DAMAGED when it was encrypted for another key, or is damaged. */
MHSM_NODISCARD mhsm_status mhsmi_oaep_decrypt(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                                              const unsigned char *data,
                                              size_t size,
                                              struct mhsmi_secret **out,
                                              mhsm_error **err);

#endif
