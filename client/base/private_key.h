/* SPDX-License-Identifier: MIT
 *
 * Private keys in PEM or DER: PKCS#8, encrypted or not, or traditional.
 */
#ifndef MHSM_CLIENT_BASE_PRIVATE_KEY_H
#define MHSM_CLIENT_BASE_PRIVATE_KEY_H

#include <stddef.h>

#include <openssl/evp.h>

#include "base/error.h"

/* `password` is NULL when there is none: nobody is ever asked at a terminal.
 * MHSM_ERR_ARGUMENT when one is needed or does not fit, MHSM_ERR_DAMAGED when
 * there is no private key. */
MHSM_NODISCARD mhsm_status mhsmi_private_key_decode(
    OSSL_LIB_CTX *lib, const unsigned char *data, size_t size,
    const char *password, EVP_PKEY **pkey, mhsm_error **err);

#endif
