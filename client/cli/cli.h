/* SPDX-License-Identifier: MIT
 *
 * One run of the command: what was typed, the configuration and the client
 * made from it.  Lives on main's stack; not for threads.
 */
#ifndef MHSM_CLIENT_CLI_CLI_H
#define MHSM_CLIENT_CLI_CLI_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/command.h"

enum cli_output { CLI_TABLE = 0, CLI_JSON = 1, CLI_TSV = 2 };

enum cli_action { CLI_RUN = 0, CLI_SHOW_HELP = 1, CLI_SHOW_MAN = 2 };

/* The service takes 15 tags, and no option is repeated more often; options of
 * the library are some 30. */
enum { CLI_TAGS_MAX = 15, CLI_REPEATS_MAX = 45, CLI_SETTINGS_MAX = 64 };

/* An option that may be given several times. */
struct cli_repeat {
    enum cli_option_id id;
    const char *value;
};

struct cli_setting {
    const mhsm_option *option;
    const char *value;
};

struct cli {
    /* Filled by cli_parse(); all text borrows from argv. */
    enum cli_action action;
    const struct cli_noun *noun;          /* for help; NULL: none named */
    const struct cli_command *command;    /* NULL only for help */
    const char *values[CLI_OPTION_COUNT]; /* "" for a flag that was given */
    struct cli_repeat repeats[CLI_REPEATS_MAX];
    size_t repeat_count;
    const char *operand;
    struct cli_setting settings[CLI_SETTINGS_MAX];
    size_t setting_count;
    enum cli_output output;
    enum cli_exit exit; /* of a command that succeeds */
    int caught;         /* the signal that ended a wait; 0: none */
    /* Filled by cli_configure() and cli_connect(). */
    mhsm_config *config;
    mhsm_client *client;
    char *file;    /* OpenSSL's configuration file, when it has a section */
    char *section; /* the section's name */
};

/* Reads the words into `cli` (zeroed before).  Errors: MHSM_ERR_ARGUMENT, with
 * a hint that names the --help to read. */
MHSM_NODISCARD mhsm_status cli_parse(struct cli *cli, int argc, char **argv,
                                     mhsm_error **err);
/* All values of an option that may be given several times, in their order; how
 * many. */
size_t cli_repeats(const struct cli *cli, enum cli_option_id id,
                   const char *values[CLI_TAGS_MAX]);
/* Decimal digits within [min, max]; errors name `what`. */
MHSM_NODISCARD mhsm_status cli_parse_number(const char *what, const char *text,
                                            unsigned long min,
                                            unsigned long max,
                                            unsigned long *value,
                                            mhsm_error **err);
/* Unix seconds, or ISO 8601: 2026-01-31, 2026-01-31T12:00:00Z (or +01:00). */
MHSM_NODISCARD mhsm_status cli_parse_time(const char *what, const char *text,
                                          int64_t *value, mhsm_error **err);

/* Help of the level that `cli` names: all, a noun's, a command's. */
void cli_help(FILE *stream, const struct cli *cli);
/* Words of `text` on lines of at most 79 columns, from column `at` and later
 * from column `indent`, and the end of the line. */
void cli_fold(FILE *stream, const char *text, size_t at, size_t indent);
/* mhsm(1) in roff, or the page of a noun. */
void cli_man(FILE *stream, const struct cli_noun *noun);

/* An option's default as the command has it, which is not always the
 * library's; NULL: unset. */
const char *cli_default_of(const mhsm_option *option);
/* Options: defaults < openssl.cnf < environment < command line. */
MHSM_NODISCARD mhsm_status cli_configure(struct cli *cli, mhsm_error **err);
/* cli_configure() and a client, unless there is one.  No I/O but the
 * configuration file. */
MHSM_NODISCARD mhsm_status cli_connect(struct cli *cli, mhsm_error **err);
void cli_close(struct cli *cli);

/* The section of module mhsm in OpenSSL's configuration file into
 * cli->config; notes file and section in `cli`.  A file that is not there is
 * no error. */
MHSM_NODISCARD mhsm_status cli_read_openssl_cnf(struct cli *cli,
                                                mhsm_error **err);

enum cli_target {
    CLI_TARGET_HSM = 0,  /* --hsm only */
    CLI_TARGET_NAME = 1, /* --id or --name, all versions */
    CLI_TARGET_KEY = 2   /* --id, or --name with --version: latest if none */
};
/* What --hsm, --id, --name and --version name; the caller frees. */
MHSM_NODISCARD mhsm_status cli_target(const struct cli *cli,
                                      enum cli_target target, mhsm_uri **uri,
                                      mhsm_error **err);
/* cli_connect() and cli_target(). */
MHSM_NODISCARD mhsm_status cli_open(struct cli *cli, enum cli_target target,
                                    mhsm_uri **uri, mhsm_error **err);

/* Ask at the terminal "QUESTION SUBJECT? [y/N]"; MHSM_OK with --yes or when the
 * answer is yes.  Without a terminal there is no yes. */
MHSM_NODISCARD mhsm_status cli_confirm(const struct cli *cli,
                                       const char *question,
                                       const char *subject, mhsm_error **err);

/* Tell a failure on stderr (one JSON object with -o json). */
void cli_report(const struct cli *cli, const mhsm_error *err);
enum cli_exit cli_exit_of(mhsm_status status);

#endif
