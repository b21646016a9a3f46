/* SPDX-License-Identifier: MIT
 *
 * Options that several commands have: groups, and rows for groups of their own.
 */
#ifndef MHSM_CLIENT_CLI_OPTIONS_H
#define MHSM_CLIENT_CLI_OPTIONS_H

#include "cli/command.h"

extern const struct cli_option cli_name_options[];    /* a key as a whole */
extern const struct cli_option cli_key_options[];     /* one version of it */
extern const struct cli_option cli_confirm_options[]; /* what destroys */
extern const struct cli_option cli_wait_options[];    /* what takes time */

#define CLI_OPTIONS_END                                                        \
    {                                                                          \
        0, NULL, 0, 0, NULL, NULL, NULL                                        \
    }
#define CLI_IN_OPTION                                                          \
    {                                                                          \
        CLI_IN, "in", 'i', 0, "FILE", NULL, "Input, the same as the operand"   \
    }
#define CLI_OUT_OPTION                                                         \
    {                                                                          \
        CLI_OUT, "out", 'f', 0, "FILE", NULL,                                  \
            "Write here instead of standard output, whole or not at all"       \
    }
#define CLI_FILE_OPERAND "FILE", "Input; standard input when not given or -"
#define CLI_COMMANDS_END                                                       \
    {                                                                          \
        NULL, NULL, NULL, NULL, {NULL}, NULL, NULL, NULL                       \
    }

#endif
