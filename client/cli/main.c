/* SPDX-License-Identifier: MIT
 *
 * The command `mhsm`: parse, run, tell.  Whatever fails ends in one message on
 * stderr and one exit status; what could not be written is a failure too.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

#include "cli/cli.h"
#include "cli/file.h"
#include "cli/local.h"
#include "cli/out.h"
#include "cli/text.h"

static mhsm_status perform(struct cli *cli, mhsm_error **err)
{
    switch (cli->action) {
    case CLI_SHOW_HELP:
        cli_help(stdout, cli);
        return MHSM_OK;
    case CLI_SHOW_MAN:
        cli_man(stdout, cli->noun);
        return MHSM_OK;
    case CLI_RUN:
        break;
    }
    return cli->command->run(cli, err);
}

/* Keys and plaintexts pass through: a crash must not write them to a disk. */
static void forbid_core(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
    mhsm_error *err = NULL, *late = NULL;
    enum cli_exit code;
    struct cli cli;
    mhsm_status st;

    forbid_core();
    cli_file_init();
    cli_text_init();
    /* Modules that openssl.cnf names, this project's among them, are for
     * programs that use OpenSSL; here they could only do harm. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    memset(&cli, 0, sizeof(cli));
    st = cli_parse(&cli, argc, argv, &err);
    if (st == MHSM_OK)
        st = perform(&cli, &err);
    code = st == MHSM_OK ? cli.exit : cli_exit_of(st);
    if (st != MHSM_OK)
        cli_report(&cli, err);
    /* The first failure is the one to tell. */
    if (cli_finish_output(&late) != MHSM_OK && st == MHSM_OK) {
        cli_report(&cli, late);
        code = CLI_EXIT_OTHER;
    }
    mhsm_error_free(&err);
    mhsm_error_free(&late);
    cli_close(&cli);
    cli_local_end();
    /* As if it had not been caught: the shell sees why it ended. */
    if (cli.caught != 0) {
        (void)signal(cli.caught, SIG_DFL);
        (void)raise(cli.caught);
    }
    return (int)code;
}
