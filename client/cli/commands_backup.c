/* SPDX-License-Identifier: MIT
 *
 * The tables of `mhsm backup` and `mhsm restore`.
 */
#include "cli/options.h"

#define JOB_OPERAND "JOB", "The job's id, as start told it"
#define WAYS                                                                   \
    "The HSM works by itself once it is asked: a wait that ends early, by "    \
    "Ctrl-C or by --wait, leaves the job running and tells how to take it up " \
    "again. One backup or restore at a time runs in an HSM.\n\n"               \
    "Exit status 0 only when the job has succeeded; 3 when the container or "  \
    "the folder is not there, 4 when the storage account refuses.\n\n"
#define TSV                                                                    \
    "tsv: job, status, details, started, ended, folder, error. json: what "    \
    "the service tells, with the member folder."

static const struct cli_option container_options[] = {
    {CLI_CONTAINER, "container", 0, CLI_REQUIRED, "URL", NULL,
     "The container: https://ACCOUNT.blob.core.windows.net/CONTAINER. It must "
     "be there; another host than Azure's needs --allowed-hosts"},
    {CLI_SAS_FILE, "sas-file", 0, 0, "FILE", NULL,
     "The SAS token of the container, with the rights r, c, w, d and l, "
     "valid for a day or more; - for standard input"},
    {CLI_SAS_FD, "sas-fd", 0, 0, "NUMBER", NULL,
     "The same from a descriptor that is open"},
    {CLI_SAS_ENV, "sas-env", 0, 0, "NAME", NULL,
     "The same from a variable of the environment"},
    CLI_OPTIONS_END};

static const struct cli_option start_options[] = {
    {CLI_MANAGED_IDENTITY, "use-managed-identity", 0, 0, NULL, NULL,
     "No SAS token: the HSM uses its user-assigned managed identity, which "
     "needs the role \"Storage Blob Data Contributor\" at the container"},
    {CLI_NO_WAIT, "no-wait", 0, 0, NULL, NULL,
     "Only start it, and print its id"},
    {CLI_WAIT, "wait", 0, 0, "SECONDS", NULL,
     "Wait for its end at most so long; a day when not given"},
    {CLI_WAIT_BUSY, "wait-busy", 0, 0, "SECONDS", NULL,
     "When another one is under way, wait for that at most so long; when not "
     "given, fail at once"},
    CLI_OPTIONS_END};

static const struct cli_option check_options[] = {
    {CLI_PRECHECK, "precheck", 0, 0, NULL, NULL,
     "Only check whether it could be done, and change nothing; since 7.6 of "
     "the service's interface"},
    CLI_OPTIONS_END};

static const struct cli_option folder_options[] = {
    {CLI_FOLDER, "folder", 0, CLI_REQUIRED, "NAME", NULL,
     "The folder of the backup in the container, as backup list shows it"},
    CLI_OPTIONS_END};

static const struct cli_option folder_check_options[] = {
    {CLI_FOLDER, "folder", 0, CLI_REQUIRED, "NAME", NULL,
     "The folder of the backup in the container, as backup list shows it"},
    {CLI_PRECHECK, "precheck", 0, 0, NULL, NULL,
     "Only check whether it could be done, and change nothing; since 7.6 of "
     "the service's interface"},
    {CLI_YES, "yes", 'y', 0, NULL, NULL,
     "Do not ask; needed when there is no terminal to ask at"},
    CLI_OPTIONS_END};

static const struct cli_option wait_options[] = {
    {CLI_WAIT, "wait", 0, 0, "SECONDS", NULL,
     "At most so long; a day when not given"},
    CLI_OPTIONS_END};

const struct cli_command cli_backup_commands[] = {
    {"backup",
     "start",
     "Back up all of an HSM into a container",
     "All keys with their versions, attributes and tags, and the local RBAC; "
     "not the security domain, which a restore needs as well. The HSM stays "
     "usable. " WAYS "Needs backup/start and backup/status (Managed HSM "
     "Backup). " TSV,
     {container_options, start_options, check_options},
     NULL,
     NULL,
     cli_backup_start},
    {"backup",
     "status",
     "Tell how a backup is getting on",
     "Exit status 0 as long as it has not failed. Needs backup/status. " TSV,
     {NULL},
     JOB_OPERAND,
     cli_backup_status},
    {"backup",
     "wait",
     "Wait for the end of a backup",
     WAYS "Needs backup/status. " TSV,
     {wait_options},
     JOB_OPERAND,
     cli_backup_wait},
    {"backup",
     "list",
     "List the backups in a container, newest first",
     "Asks the storage account, with a SAS token that has the rights r and l; "
     "without one, as this identity, which needs the role \"Storage Blob Data "
     "Reader\" there.\n\n"
     "tsv: folder, modified, octets, blobs.",
     {container_options},
     NULL,
     NULL,
     cli_backup_list},
    {"restore",
     "start",
     "Replace all of an HSM by a backup",
     "All keys and the local RBAC of the HSM are destroyed, and those of the "
     "backup take their place; that is told and asked for. Meanwhile the HSM "
     "serves nobody. It must have the security domain that the backup was made "
     "under, and must have been backed up itself within the last 30 minutes, "
     "even when it is empty (the service's documents can be read otherwise; "
     "this is what fits them and was seen).\n\n" WAYS
     "Needs restore/start and restore/status (Managed HSM Restore). " TSV,
     {container_options, start_options, folder_check_options},
     NULL,
     NULL,
     cli_restore_start},
    {"restore",
     "key",
     "Bring one key back from a backup of the HSM",
     "With all its versions. No key of that name may be there, neither live "
     "nor soft-deleted: purge it first. " WAYS
     "Needs restore/start and restore/status. " TSV,
     {container_options, start_options, folder_options},
     "NAME",
     "The key's name",
     cli_restore_key},
    {"restore",
     "status",
     "Tell how a restore is getting on",
     "Exit status 0 as long as it has not failed. Needs restore/status. " TSV,
     {NULL},
     JOB_OPERAND,
     cli_restore_status},
    {"restore",
     "wait",
     "Wait for the end of a restore",
     WAYS "Needs restore/status. " TSV,
     {wait_options},
     JOB_OPERAND,
     cli_restore_wait},
    CLI_COMMANDS_END};
