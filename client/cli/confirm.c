/* SPDX-License-Identifier: MIT
 *
 * The question before something is destroyed.  On stderr, so that the answer to
 * a redirected command is not lost in its output.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/text.h"

mhsm_status cli_confirm(const struct cli *cli, const char *question,
                        const char *subject, mhsm_error **err)
{
    char answer[16] = "";

    if (cli->values[CLI_YES] != NULL)
        return MHSM_OK;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--yes is needed when there is no terminal to ask "
                           "at");
    fputs(question, stderr);
    fputc(' ', stderr);
    cli_text_print(stderr, subject);
    fputs("? [y/N] ", stderr);
    fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) == NULL ||
        (strcmp(answer, "y\n") != 0 && strcmp(answer, "Y\n") != 0 &&
         strcmp(answer, "yes\n") != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "not confirmed: nothing was done");
    return MHSM_OK;
}
