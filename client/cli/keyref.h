/* SPDX-License-Identifier: MIT
 *
 * Which key and which algorithm a command works with: from its options, else
 * from what an earlier result says of itself, else the key type's default.
 */
#ifndef MHSM_CLIENT_CLI_KEYREF_H
#define MHSM_CLIENT_CLI_KEYREF_H

#include "cli/envelope.h"

/* Get the key that the options name.  A result with a kid pins the version,
 * or, when no option names a key, names it all; options that contradict it
 * are refused.  `envelope` may be NULL. */
MHSM_NODISCARD mhsm_status cli_get_key(const struct cli *cli,
                                       const struct cli_envelope *envelope,
                                       mhsm_key **key, mhsm_error **err);
/* `operation` is one MHSM_OP_*. */
MHSM_NODISCARD mhsm_status
cli_get_algorithm(const struct cli *cli, const struct cli_envelope *envelope,
                  const mhsm_key *key, unsigned int operation,
                  const mhsm_algorithm **algorithm, mhsm_error **err);

#endif
