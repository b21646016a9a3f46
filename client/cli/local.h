/* SPDX-License-Identifier: MIT
 *
 * Cryptography that needs no HSM: digests, ML-DSA's mu, public keys as files.  In a private OSSL_LIB_CTX with nothing but OpenSSL's default
 * provider, whatever the machine's openssl.cnf says.
 */
#ifndef MHSM_CLIENT_CLI_LOCAL_H
#define MHSM_CLIENT_CLI_LOCAL_H

#include <mhsm/mhsm.h>

#include "base/buf.h"
#include "base/error.h"

/* Hash all that `path` (NULL or "-": standard input) holds. */
MHSM_NODISCARD mhsm_status cli_local_digest(const char *md, const char *path,
                                            struct mhsmi_buf *digest,
                                            mhsm_error **err);
/* ML-DSA: the mu (MHSM_MU_SIZE octets) of all that `path` holds. */
MHSM_NODISCARD mhsm_status cli_local_mu(const mhsm_key *key,
                                        const struct mhsmi_buf *context,
                                        const char *path, struct mhsmi_buf *mu,
                                        mhsm_error **err);
/* Does this OpenSSL know the parameter set? */
int cli_local_has(const mhsm_parameter_set *set);
/* When it does: verify a signature of the key by mu. */
MHSM_NODISCARD mhsm_status cli_local_verify_mu(
    const mhsm_key *key, const struct mhsmi_buf *mu,
    const struct mhsmi_buf *signature, int *valid, mhsm_error **err);
/* The SubjectPublicKeyInfo of a key that has one. */
MHSM_NODISCARD mhsm_status cli_local_public_key(const mhsm_key *key, int is_pem,
                                                struct mhsmi_buf *out,
                                                mhsm_error **err);
MHSM_NODISCARD mhsm_status cli_local_random(void *data, size_t size,
                                            mhsm_error **err);
/* Drop the private context. */
void cli_local_end(void);

#endif
