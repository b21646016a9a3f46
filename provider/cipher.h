/* SPDX-License-Identifier: MIT
 *
 * AES keys of the HSM on OpenSSL 3.5: key objects, and the ciphers that take
 * them.  Their names are their own, so that whoever asks for AES-256-GCM gets
 * OpenSSL's.
 */
#ifndef MP_CIPHER_H
#define MP_CIPHER_H

#include "dispatch.h"
#include "key.h"

#ifdef OSSL_OP_SKEYMGMT
extern const OSSL_DISPATCH mp_aes_skeymgmt[];
extern const OSSL_DISPATCH mp_aes128_gcm_cipher[];
extern const OSSL_DISPATCH mp_aes192_gcm_cipher[];
extern const OSSL_DISPATCH mp_aes256_gcm_cipher[];
extern const OSSL_DISPATCH mp_aes128_cbc_cipher[];
extern const OSSL_DISPATCH mp_aes192_cbc_cipher[];
extern const OSSL_DISPATCH mp_aes256_cbc_cipher[];
extern const OSSL_DISPATCH mp_aes128_wrap_cipher[];
extern const OSSL_DISPATCH mp_aes192_wrap_cipher[];
extern const OSSL_DISPATCH mp_aes256_wrap_cipher[];
#endif

#endif
