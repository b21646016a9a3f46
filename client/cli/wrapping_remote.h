/* SPDX-License-Identifier: MIT
 *
 * Holders' keys that are no files: in an HSM, or kept by an OpenSSL provider.
 */
#ifndef MHSM_CLIENT_CLI_WRAPPING_REMOTE_H
#define MHSM_CLIENT_CLI_WRAPPING_REMOTE_H

#include "cli/password.h"

/* Whether the value of --key is a URI and not a file. */
int cli_is_key_uri(const char *text);
/* Connects when the key is in an HSM.  Its certificate is among those of
 * --cert. */
MHSM_NODISCARD mhsm_status cli_wrapping_key_remote(
    struct cli *cli, const char *uri, struct cli_passwords *passwords,
    mhsm_wrapping_key **key, mhsm_error **err);
/* A certificate of a key in an HSM, signed there; PEM. */
MHSM_NODISCARD mhsm_status
cli_wrapping_certify(struct cli *cli, const char *uri, const char *name,
                     unsigned int days, mhsm_result **pem, mhsm_error **err);

#endif
