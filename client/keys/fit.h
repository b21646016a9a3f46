/* SPDX-License-Identifier: MIT
 *
 * Whether an algorithm fits a key and an input fits the algorithm, and how
 * large the result must be.  Computes sizes only.
 */
#ifndef MHSM_CLIENT_KEYS_FIT_H
#define MHSM_CLIENT_KEYS_FIT_H

#include "mhsm/crypto.h"

struct mhsmi_fit {
    const mhsm_key *key;
    unsigned int operation;           /* one MHSM_OP_* */
    size_t text_size;                 /* digest, plaintext or ciphertext */
    size_t signature_size;            /* verify only */
    const mhsm_cipher_params *params; /* NULL: none */
};

/* Find the algorithm and check all of it.  MHSM_ERR_UNSUPPORTED when it does
 * not fit the key or the digest does not fit it; MHSM_ERR_ARGUMENT for other
 * impossible sizes; MHSM_ERR_DAMAGED for ciphertext of an impossible size. */
MHSM_NODISCARD mhsm_status mhsmi_fit_check(const struct mhsmi_fit *fit,
                                           const char *name,
                                           const mhsm_algorithm **algorithm,
                                           mhsm_error **err);
/* The caller gave no IV, the algorithm needs one, and the HSM makes none. */
int mhsmi_fit_makes_iv(const struct mhsmi_fit *fit,
                       const mhsm_algorithm *algorithm);
/* `size` is a possible result of the operation on `text_size` octets. */
int mhsmi_fit_result(const mhsm_key *key, const mhsm_algorithm *algorithm,
                     unsigned int operation, size_t text_size, size_t size);

#endif
