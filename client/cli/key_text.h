/* SPDX-License-Identifier: MIT
 *
 * A key for people and for scripts: the record that `key show` and its kin
 * print.
 */
#ifndef MHSM_CLIENT_CLI_KEY_TEXT_H
#define MHSM_CLIENT_CLI_KEY_TEXT_H

#include "cli/cli.h"

MHSM_NODISCARD mhsm_status cli_print_key(const struct cli *cli,
                                         const mhsm_key *key, mhsm_error **err);

#endif
