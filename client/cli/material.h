/* SPDX-License-Identifier: MIT
 *
 * Private keys in files, as import and byok-package take them.
 */
#ifndef MHSM_CLIENT_CLI_MATERIAL_H
#define MHSM_CLIENT_CLI_MATERIAL_H

#include "cli/cli.h"

/* The operand or --in, with --in-format and --password. */
MHSM_NODISCARD mhsm_status cli_material_read(const struct cli *cli,
                                             mhsm_material **material,
                                             mhsm_error **err);

#endif
