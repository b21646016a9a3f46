/* SPDX-License-Identifier: MIT
 *
 * The two repeated things of a provider: declaring a function by the type that
 * OpenSSL gives it, so that a wrong signature does not compile although the
 * table casts, and listing it.  Must never generate a function's body.
 */
#ifndef MP_DISPATCH_H
#define MP_DISPATCH_H

#include <openssl/core_dispatch.h>

/* FN(keymgmt, rsa, has): static OSSL_FUNC_keymgmt_has_fn rsa_keymgmt_has */
#define FN(op, type, name)                                                     \
    static OSSL_FUNC_##op##_##name##_fn type##_##op##_##name
/* The same for a function that several tables share. */
#define FN_SHARED(op, name) OSSL_FUNC_##op##_##name##_fn mp_##op##_##name

#define ENTRY(OP, NAME, function)                                              \
    {                                                                          \
        OSSL_FUNC_##OP##_##NAME, (void (*)(void))(function)                    \
    }
#define END                                                                    \
    {                                                                          \
        0, NULL                                                                \
    }

/* The tables, one per operation and key type. */
extern const OSSL_DISPATCH mp_rsa_keymgmt[];
extern const OSSL_DISPATCH mp_pss_keymgmt[];
extern const OSSL_DISPATCH mp_ec_keymgmt[];
extern const OSSL_DISPATCH mp_rsa_signature[];
extern const OSSL_DISPATCH mp_ecdsa_signature[];
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
extern const OSSL_DISPATCH mp_rsa_sha256_signature[];
extern const OSSL_DISPATCH mp_rsa_sha384_signature[];
extern const OSSL_DISPATCH mp_rsa_sha512_signature[];
extern const OSSL_DISPATCH mp_ecdsa_sha256_signature[];
extern const OSSL_DISPATCH mp_ecdsa_sha384_signature[];
extern const OSSL_DISPATCH mp_ecdsa_sha512_signature[];
#endif
extern const OSSL_DISPATCH mp_rsa_asym_cipher[];
extern const OSSL_DISPATCH mp_rand[];
extern const OSSL_DISPATCH mp_aes_keymgmt[];
extern const OSSL_DISPATCH mp_aes_asym_cipher[];
extern const OSSL_DISPATCH mp_aes_decoder[];
extern const OSSL_DISPATCH mp_store[];
extern const OSSL_DISPATCH mp_pem_decoder[];
extern const OSSL_DISPATCH mp_der_decoder[];
extern const OSSL_DISPATCH mp_rsa_decoder[];
extern const OSSL_DISPATCH mp_pss_decoder[];
extern const OSSL_DISPATCH mp_ec_decoder[];
extern const OSSL_DISPATCH mp_text_encoder[];
extern const OSSL_DISPATCH mp_pem_pki_encoder[];
extern const OSSL_DISPATCH mp_pem_epki_encoder[];
extern const OSSL_DISPATCH mp_pem_specific_encoder[];
extern const OSSL_DISPATCH mp_pem_ec_specific_encoder[];
extern const OSSL_DISPATCH mp_der_ec_specific_encoder[];
extern const OSSL_DISPATCH mp_der_pki_encoder[];
extern const OSSL_DISPATCH mp_der_epki_encoder[];
extern const OSSL_DISPATCH mp_der_specific_encoder[];
extern const OSSL_DISPATCH mp_pem_pkcs1_encoder[];
extern const OSSL_DISPATCH mp_pem_spki_encoder[];
extern const OSSL_DISPATCH mp_der_spki_encoder[];
extern const OSSL_DISPATCH mp_der_pkcs1_encoder[];

#endif
