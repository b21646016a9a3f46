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
enum {
    MP_CIPHER_BLOCK = 16,
    MP_CIPHER_NONCE = 12,
    MP_CIPHER_TAG = 16,
    MP_CIPHER_AAD_MAX = 64 * 1024
};

/* What one cipher is. */
struct mp_cipher_mode {
    int evp;                    /* EVP_CIPH_*_MODE */
    const char *padded, *plain; /* "A256CBCPAD", "A256CBC" */
    size_t key_size, iv_size, block;
};

/* An operation. */
struct mp_cipher {
    struct mp_prov *prov;
    const struct mp_cipher_mode *mode;
    struct mp_key *key;
    int encrypts, padding, done, has_iv, has_tag;
    unsigned char iv[MP_CIPHER_BLOCK], tag[MP_CIPHER_TAG];
    unsigned char *aad;
    size_t aad_size;
};

/* cipher_params.c */
FN_SHARED(cipher, set_ctx_params);
FN_SHARED(cipher, settable_ctx_params);
FN_SHARED(cipher, get_ctx_params);
FN_SHARED(cipher, gettable_ctx_params);
FN_SHARED(cipher, gettable_params);
int mp_cipher_mode_params(const struct mp_cipher_mode *mode,
                          OSSL_PARAM params[]);

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
