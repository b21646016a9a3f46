/* SPDX-License-Identifier: MIT
 *
 * Keys that leave the HSM, and proofs that keys are in one: secure key release
 * (REST reference, release) and key attestation.
 */
#ifndef MHSM_RELEASE_H
#define MHSM_RELEASE_H

#include <mhsm/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Start from MHSM_RELEASE_REQUEST_INIT. */
typedef struct mhsm_release_request {
    const char *attestation; /* the environment's statement: a JWT */
    const char *nonce;       /* comes back in the answer; NULL: none */
    /* How the key is wrapped for the environment: CKM_RSA_AES_KEY_WRAP,
     * RSA_AES_KEY_WRAP_256 or RSA_AES_KEY_WRAP_384; NULL: the service's
     * choice. */
    const char *wrapping;
} mhsm_release_request;

#define MHSM_RELEASE_REQUEST_INIT                                              \
    {                                                                          \
        NULL, NULL, NULL                                                       \
    }

/* Releases the version that `uri` names, or the latest one, to an environment
 * whose attestation meets the key's release policy.  `statement` gets a compact
 * JWS, signed by the HSM, that holds the key wrapped for that environment; it
 * is not verified here.  Needs keys/release/action. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_key_release(mhsm_client *client, const mhsm_uri *uri,
                 const mhsm_release_request *request, mhsm_result **statement,
                 mhsm_error **err);

/* The key with what the HSM attests of it: mhsm_key_json() holds
 * attributes.attestation.  Nothing of it is verified here.  The option
 * api-version must be 7.6-preview.2 or later.  Needs keys/read/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_key_attestation(mhsm_client *client,
                                                         const mhsm_uri *uri,
                                                         mhsm_key **key,
                                                         mhsm_error **err);

#ifdef __cplusplus
}
#endif
#endif
