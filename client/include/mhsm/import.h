/* SPDX-License-Identifier: MIT
 *
 * Keys from outside: private material on its way into an HSM, either as a JSON
 * Web Key that the service takes inside TLS, or sealed for one HSM's key (BYOK,
 * "bring your own key"), so that nothing in between can read it.
 *
 * Material is immutable and wiped when freed.  It is read and sealed by
 * OpenSSL's own implementations in a library context apart from the caller's.
 */
#ifndef MHSM_IMPORT_H
#define MHSM_IMPORT_H

#include <mhsm/key.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_material mhsm_material;

/* A private key: PKCS#8, encrypted or not, or a traditional RSA or EC key, in
 * PEM or DER; or a JWK (RFC 7517) of type RSA, EC or oct.  `password` is NULL
 * when there is none.  MHSM_ERR_ARGUMENT when one is needed or does not fit,
 * MHSM_ERR_DAMAGED when it is no key or one that does not hold together,
 * MHSM_ERR_UNSUPPORTED for keys that the service does not take. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_material_decode(
    const unsigned char *data, size_t size, const char *password,
    mhsm_material **material, mhsm_error **err);
/* The octets of a symmetric key, 16 to 64 of them; AES has 16, 24 or 32. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_material_symmetric(const unsigned char *data, size_t size,
                        mhsm_material **material, mhsm_error **err);
/* NULL is accepted. */
MHSM_API void mhsm_material_free(mhsm_material *material);
MHSM_API mhsm_key_type mhsm_material_type(const mhsm_material *material);

/* Makes a key of it, or a new version of one.  `spec` may be NULL; its type,
 * bits, curve and algorithm are the material's and are not looked at.  Sent
 * once.  Needs keys/import/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_import(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_material *material,
    const mhsm_key_spec *spec, mhsm_key **key, mhsm_error **err);

/* Seal material for the HSM that has the key-exchange key `kek`: an RSA key of
 * that HSM with the one operation import, given by its public part: PEM or
 * DER, a JWK, or a KeyBundle.  `kek_uri` names it with its version; NULL when a
 * JWK says that by its kid.  No I/O.  RSA keys of 2048 to 4096 bits, EC keys on
 * P-256, P-384 and P-521, and AES keys can be sealed. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_byok_package(
    const mhsm_material *material, const unsigned char *kek, size_t kek_size,
    const mhsm_uri *kek_uri, mhsm_result **package, mhsm_error **err);
/* Import such a package, made by whatever tool.  spec->type says what is in it;
 * spec->bits, curve and algorithm are not looked at.  Sent once.  Needs
 * keys/import/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_import_byok(
    mhsm_client *client, const mhsm_uri *uri, const unsigned char *package,
    size_t package_size, const mhsm_key_spec *spec, mhsm_key **key,
    mhsm_error **err);

#ifdef __cplusplus
}
#endif
#endif
