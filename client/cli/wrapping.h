/* SPDX-License-Identifier: MIT
 *
 * What the commands of the security domain read: certificates, and keys with
 * the certificates beside them.
 */
#ifndef MHSM_CLIENT_CLI_WRAPPING_H
#define MHSM_CLIENT_CLI_WRAPPING_H

#include "cli/cli.h"
#include "cli/password.h"

/* `option` is for messages. */
MHSM_NODISCARD mhsm_status
cli_certificate_read(const char *option, const char *path,
                     mhsm_wrapping_certificate **certificate, mhsm_error **err);
/* A private key whose certificate is in the same file, or beside it under the
 * same name with .cer or .crt at its end; or the URI of one that is no file,
 * whose certificate is among those of --cert. */
MHSM_NODISCARD mhsm_status cli_wrapping_key_read(
    struct cli *cli, const char *name, struct cli_passwords *passwords,
    mhsm_wrapping_key **key, mhsm_error **err);

/* Certificates of an option that is repeated. */
struct cli_certificates {
    mhsm_wrapping_certificate *items[CLI_TAGS_MAX];
    size_t count;
};
/* To be freed in any case. */
MHSM_NODISCARD mhsm_status cli_certificates_read(
    const struct cli *cli, enum cli_option_id id, const char *option,
    struct cli_certificates *certificates, mhsm_error **err);
void cli_certificates_free(struct cli_certificates *certificates);
/* The one with that thumbprint, or NULL. */
const mhsm_wrapping_certificate *
cli_certificates_find(const struct cli_certificates *certificates,
                      const char *thumbprint);

#endif
