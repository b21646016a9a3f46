/* SPDX-License-Identifier: MIT
 *
 * Passwords of private keys: asked for at the terminal without echo, or the
 * lines of --password-file or --password-fd, one for each password that is
 * needed, in that order.  Never words of the command line.
 */
#ifndef MHSM_CLIENT_CLI_PASSWORD_H
#define MHSM_CLIENT_CLI_PASSWORD_H

#include "base/buf.h"
#include "cli/cli.h"

struct cli_passwords {
    struct mhsmi_buf lines;
    size_t at;
    const char *source; /* NULL: the terminal */
};

/* To be closed in any case. */
MHSM_NODISCARD mhsm_status cli_passwords_open(const struct cli *cli,
                                              struct cli_passwords *passwords,
                                              mhsm_error **err);
void cli_passwords_close(struct cli_passwords *passwords);
/* The next one, that of `what`, into `out`; `is_new`: asked for twice. */
MHSM_NODISCARD mhsm_status cli_passwords_next(struct cli_passwords *passwords,
                                              const char *what, int is_new,
                                              struct mhsmi_buf *out,
                                              mhsm_error **err);
/* That none is left over, which would be one too many or a wrong order. */
MHSM_NODISCARD mhsm_status
cli_passwords_end(const struct cli_passwords *passwords, mhsm_error **err);

enum { CLI_PASSWORD_MAX = 1024 };

#endif
