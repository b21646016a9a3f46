/* SPDX-License-Identifier: MIT
 *
 * Operations with a key that stays in the HSM (REST reference: sign, verify,
 * encrypt, decrypt, wrapkey, unwrapkey, rng).  Every call is one request to
 * the exact version of the key object; all are safe to repeat and are retried
 * within the option `timeout`.
 *
 * Algorithms go by their wire name ("PS256", "RSA-OAEP-256", "A256KW"; see
 * mhsm/algorithm.h).  An algorithm that does not fit the key is refused with
 * MHSM_ERR_UNSUPPORTED before any request, as is a digest of the wrong size.
 */
#ifndef MHSM_CRYPTO_H
#define MHSM_CRYPTO_H

#include <stddef.h>

#include <mhsm/error.h>
#include <mhsm/key.h>
#include <mhsm/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The public key of an RSA, EC or AKP key as SubjectPublicKeyInfo (RFC 5280)
 * in DER; MHSM_ERR_UNSUPPORTED for keys that have none.  No I/O. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_spki(const mhsm_key *key,
                                                  mhsm_result **der,
                                                  mhsm_error **err);

/* What AES modes take beside the text; NULL and 0 for what is absent. */
typedef struct mhsm_cipher_params {
    const unsigned char *iv;
    size_t iv_size;
    const unsigned char *aad;
    size_t aad_size;
    const unsigned char *tag;
    size_t tag_size;
} mhsm_cipher_params;

/* Sign a digest.  RSA: the modulus size; ECDSA: r || s, each of the curve's
 * coordinate size; HMAC: the message goes in and the tag comes out; ML-DSA:
 * the message goes in.
 * Needs keys/sign/action. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_sign(mhsm_client *client, const mhsm_key *key, const char *algorithm,
          const unsigned char *digest, size_t digest_size, mhsm_result **result,
          mhsm_error **err);

/* Ask the HSM; *valid is 1 or 0.  RSA and EC signatures are better verified
 * locally, with the public part. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_verify(mhsm_client *client, const mhsm_key *key, const char *algorithm,
            const unsigned char *digest, size_t digest_size,
            const unsigned char *signature, size_t signature_size, int *valid,
            mhsm_error **err);

/* The same without the HSM, by the public part that `key` holds, in a private
 * context of OpenSSL with its default provider.  RSA, EC and, where OpenSSL
 * knows ML-DSA, AKP (the message goes in).  A signature of another length is
 * not valid.  MHSM_ERR_UNSUPPORTED for what has no public part.  No I/O. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_verify_local(
    const mhsm_key *key, const char *algorithm, const unsigned char *digest,
    size_t digest_size, const unsigned char *signature, size_t signature_size,
    int *valid, mhsm_error **err);

/* What ML-DSA signs: a message with a context, or the mu (FIPS 204, section
 * 6.2: 64 octets) that stands for the key, the context and the message, so
 * that a message of any size can stay where it is. */
typedef struct mhsm_message {
    const unsigned char *data; /* NULL and 0 when `mu` is given */
    size_t size;
    const unsigned char *context; /* 0 to 255 octets; none with `mu` */
    size_t context_size;
    const unsigned char *mu; /* NULL, or MHSM_MU_SIZE octets */
} mhsm_message;

#define MHSM_MU_SIZE          64
#define MHSM_CONTEXT_SIZE_MAX 255

/* The same for keys of type AKP, with all that ML-DSA takes; mhsm_sign() and
 * mhsm_verify() take a message without a context.  The option api-version must
 * be 2026-05-01-preview or later. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_sign_message(
    mhsm_client *client, const mhsm_key *key, const mhsm_message *message,
    mhsm_result **result, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_verify_message(mhsm_client *client, const mhsm_key *key,
                    const mhsm_message *message, const unsigned char *signature,
                    size_t signature_size, int *valid, mhsm_error **err);

/* `params` may be NULL.  GCM: the HSM makes the IV and refuses one of yours. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_encrypt(
    mhsm_client *client, const mhsm_key *key, const char *algorithm,
    const unsigned char *text, size_t text_size,
    const mhsm_cipher_params *params, mhsm_result **result, mhsm_error **err);
/* The same without the HSM, RSA only.  `operation` is MHSM_OP_ENCRYPT or
 * MHSM_OP_WRAP: a key that is not meant for it, disabled or out of its time
 * is refused as the service would.  No I/O. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_encrypt_local(const mhsm_key *key, const char *algorithm,
                   unsigned int operation, const unsigned char *text,
                   size_t text_size, mhsm_result **result, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_decrypt(
    mhsm_client *client, const mhsm_key *key, const char *algorithm,
    const unsigned char *text, size_t text_size,
    const mhsm_cipher_params *params, mhsm_result **result, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_wrap(mhsm_client *client, const mhsm_key *key, const char *algorithm,
          const unsigned char *dek, size_t dek_size, mhsm_result **result,
          mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_unwrap(mhsm_client *client, const mhsm_key *key, const char *algorithm,
            const unsigned char *wrapped, size_t wrapped_size,
            mhsm_result **result, mhsm_error **err);

/* `count` octets (1 to 1 MiB) of the HSM's random generator, 128 a request.
 * `uri` names the HSM.  Needs rng/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_random(mhsm_client *client,
                                                const mhsm_uri *uri,
                                                size_t count,
                                                mhsm_result **result,
                                                mhsm_error **err);

#ifdef __cplusplus
}
#endif
#endif
