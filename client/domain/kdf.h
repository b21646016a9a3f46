/* SPDX-License-Identifier: MIT
 *
 * The key derivation of the security domain: NIST SP 800-108 in counter mode
 * with HMAC-SHA-512.
 */
#ifndef MHSM_CLIENT_DOMAIN_KDF_H
#define MHSM_CLIENT_DOMAIN_KDF_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/error.h"

/* `size` octets into `out` from the `key_size` octets at `key`. */
MHSM_NODISCARD mhsm_status
mhsmi_kdf_sp800_108(OSSL_LIB_CTX *lib, const unsigned char *key,
                    size_t key_size, const char *label, const char *context,
                    unsigned char *out, size_t size, mhsm_error **err);

#endif
