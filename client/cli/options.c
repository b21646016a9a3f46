/* SPDX-License-Identifier: MIT
 *
 * The groups of options that several commands have.
 */
#include "cli/options.h"

const struct cli_option cli_global_options[] = {
    {CLI_OUTPUT, "output", 'o', 0, "FORMAT", "table|json|tsv",
     "How results are printed; table when not given"},
    {CLI_HSM, "hsm", 0, 0, "NAME|URL", NULL,
     "The HSM: its name (NAME.managedhsm.azure.net) or URL; the same as "
     "--endpoint"},
    {CLI_HSM, "hsm-name", 0, 0, "NAME|URL", NULL, "The same as --hsm"},
    {CLI_DEBUG, "debug", 0, 0, NULL, NULL,
     "Log requests on standard error; the same as --log-level debug"},
    {CLI_HELP, "help", 'h', 0, NULL, NULL, "Show help and exit"},
    CLI_OPTIONS_END};

const struct cli_option cli_name_options[] = {
    {CLI_NAME, "name", 'n', 0, "NAME", NULL, "The key's name"},
    {CLI_ID, "id", 0, 0, "URI", NULL,
     "The key's URI (mhsm:NAME, mhsm://HOST/keys/NAME) or its kid "
     "(https://HOST/keys/NAME), in place of --name and --hsm"},
    CLI_OPTIONS_END};

const struct cli_option cli_key_options[] = {
    {CLI_NAME, "name", 'n', 0, "NAME", NULL, "The key's name"},
    {CLI_VERSION, "version", 'v', 0, "VERSION", NULL,
     "The key's version; the latest one when not given"},
    {CLI_ID, "id", 0, 0, "URI", NULL,
     "The key's URI (mhsm:NAME[/VERSION], mhsm://HOST/keys/NAME[/VERSION]) or "
     "its kid (https://HOST/keys/NAME/VERSION), in place of --name, "
     "--version and --hsm"},
    CLI_OPTIONS_END};

const struct cli_option cli_confirm_options[] = {
    {CLI_YES, "yes", 'y', 0, NULL, NULL,
     "Do not ask; needed when there is no terminal to ask at"},
    CLI_OPTIONS_END};

const struct cli_option cli_wait_options[] = {
    {CLI_WAIT, "wait", 0, 0, "SECONDS", NULL,
     "Wait, at most so long, until the service has done it: other requests, "
     "and other regions, may not see it at once"},
    CLI_OPTIONS_END};
