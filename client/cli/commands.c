/* SPDX-License-Identifier: MIT
 *
 * The command line as a whole: nouns, the tables of their commands, exit
 * statuses.  To add a command is to add a row to a table commands_*.c and a
 * function in a cmd_*.c.
 */
#include "cli/command.h"

const struct cli_noun cli_nouns[] = {
    {"key", "Create, list and remove keys"},
    {"key rotation-policy", "When a key gets its next version"},
    {"role", "Who may do what in the HSM: its local RBAC"},
    {"role definition", "What each role grants"},
    {"role assignment", "Who has which role, and where"},
    {"setting", "The HSM's settings"},
    {"security-domain", "The HSM's root of trust and those who hold it"},
    {"security-domain share", "Holders who open their shares one by one"},
    {"inventory", "Which keys there were, and whether they are back"},
    {"hsm", "HSMs as Azure resources: making, changing, removing them"},
    {"hsm region", "Where an HSM is, beside its first region"},
    {"hsm private-endpoint", "Which private endpoints lead to an HSM"},
    {"backup", "All of the HSM, into a container of a storage account"},
    {"restore", "All of the HSM or one key, from a backup"},
    {"login", "Who this is to the HSM"},
    {"config", "The options in force"},
    {NULL, NULL}};

static const struct cli_command *const tables[] = {
    cli_key_commands,      cli_use_commands,
    cli_role_commands,     cli_security_domain_commands,
    cli_recovery_commands, cli_resource_commands,
    cli_backup_commands,   cli_hsm_commands};

const struct cli_command *cli_command_at(size_t index)
{
    size_t table, row;

    for (table = 0; table < sizeof(tables) / sizeof(tables[0]); table++) {
        for (row = 0; tables[table][row].verb != NULL; row++) {
            if (index-- == 0)
                return &tables[table][row];
        }
    }
    return NULL;
}

const struct cli_exit_row cli_exits[] = {
    {CLI_EXIT_DONE, "Done."},
    {CLI_EXIT_OTHER, "Any other failure, such as a file that cannot be "
                     "written; of doctor: there are findings."},
    {CLI_EXIT_USAGE,
     "The command line or the configuration is wrong, or asks for what the "
     "key or the service does not offer."},
    {CLI_EXIT_NOT_FOUND, "No such key, version, role or setting."},
    {CLI_EXIT_REFUSED, "Refused: the credential, a missing role, a disabled "
                       "or expired key, or an operation that the key does "
                       "not allow."},
    {CLI_EXIT_UNREACHABLE,
     "The HSM was not reached, did not answer in time, or answered that it "
     "cannot serve now."},
    {CLI_EXIT_DAMAGED, "The input is damaged: a signature that is not valid, "
                       "or a ciphertext that does not decrypt."},
    {CLI_EXIT_DONE, NULL}};
