/* SPDX-License-Identifier: MIT
 *
 * The security domain that a command is given, and the holders who open it.
 */
#ifndef MHSM_CLIENT_CLI_DOMAIN_SOURCE_H
#define MHSM_CLIENT_CLI_DOMAIN_SOURCE_H

#include "cli/wrapping.h"

/* The operand. */
MHSM_NODISCARD mhsm_status cli_domain_read(const struct cli *cli,
                                           mhsm_security_domain **domain,
                                           mhsm_error **err);

/* The operand, opened by --key, and by --share with --combiner-key. */
struct cli_source {
    mhsm_security_domain *domain;
    mhsm_domain_opening *opening;
};

/* `source` is zeroed before, and to be closed in any case. */
MHSM_NODISCARD mhsm_status cli_source_open(struct cli *cli,
                                           struct cli_source *source,
                                           mhsm_error **err);
void cli_source_close(struct cli_source *source);

/* What such holders make for --exchange-key. */
MHSM_NODISCARD mhsm_status cli_source_restore_blob(struct cli *cli,
                                                   mhsm_result **blob,
                                                   mhsm_error **err);
/* The keys of --new-key, when there are any, open it: all of it. */
MHSM_NODISCARD mhsm_status cli_domain_prove(struct cli *cli,
                                            const mhsm_security_domain *domain,
                                            mhsm_error **err);

#endif
