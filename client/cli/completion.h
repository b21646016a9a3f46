/* SPDX-License-Identifier: MIT
 *
 * What the completions of both shells read of the tables.
 */
#ifndef MHSM_CLIENT_CLI_COMPLETION_H
#define MHSM_CLIENT_CLI_COMPLETION_H

#include <stdio.h>

#include "cli/cli.h"

/* What the operand SHELL is. */
#define CLI_SHELLS "bash zsh"

/* What may stand behind an option. */
enum cli_complete {
    CLI_COMPLETE_NONE = 0,    /* it takes nothing */
    CLI_COMPLETE_ANY = 1,     /* a value that no table knows */
    CLI_COMPLETE_FILE = 2,    /* a file's name */
    CLI_COMPLETE_CHOICES = 3, /* one of a few words */
};

enum cli_complete cli_complete_option(const struct cli_option *option);
/* *choices gets "a|b" for CHOICES. */
enum cli_complete cli_complete_setting(const mhsm_option *setting,
                                       const char **choices);
/* "a|b" with `between` for each bar. */
void cli_complete_choices(FILE *stream, const char *choices,
                          const char *between);
/* The words of a command, "key create". */
void cli_complete_path(FILE *stream, const struct cli_command *command);

/* The scripts. */
void cli_completion_bash(FILE *stream);
void cli_completion_zsh(FILE *stream);

#endif
