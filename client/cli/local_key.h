/* SPDX-License-Identifier: MIT
 *
 * What the files of local cryptography share.
 */
#ifndef MHSM_CLIENT_CLI_LOCAL_KEY_H
#define MHSM_CLIENT_CLI_LOCAL_KEY_H

#include <openssl/evp.h>

#include "cli/local.h"

/* The private context; NULL when memory is out. */
OSSL_LIB_CTX *cli_local_context(void);
/* Hash all that `path` (NULL or "-": standard input) holds. */
MHSM_NODISCARD mhsm_status cli_local_hash_file(EVP_MD_CTX *hash,
                                               const char *path,
                                               mhsm_error **err);
/* A key's public part; the caller frees. NULL on failure, also when this
 * OpenSSL does not know the algorithm of an AKP key. */
EVP_PKEY *cli_local_key(const mhsm_key *key);
/* An error with OpenSSL's own words, which leave its queue. */
mhsm_status cli_local_failed(const char *what, mhsm_error **err);

#endif
