/* SPDX-License-Identifier: MIT
 *
 * The command line as data: every noun, verb and option of `mhsm` is a row of
 * the tables declared here (commands*.c), and the parser, the usage errors,
 * --help and the manual page all read those rows.  A command must take nothing
 * that its table does not list.
 */
#ifndef MHSM_CLIENT_CLI_COMMAND_H
#define MHSM_CLIENT_CLI_COMMAND_H

#include <stddef.h>

#include <mhsm/mhsm.h>

/* Exit statuses; the texts are in commands.c (cli_exits). */
enum cli_exit {
    CLI_EXIT_DONE = 0,
    CLI_EXIT_OTHER = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_NOT_FOUND = 3,
    CLI_EXIT_REFUSED = 4,
    CLI_EXIT_UNREACHABLE = 5,
    CLI_EXIT_DAMAGED = 6
};

enum cli_option_id {
    CLI_HELP = 0,
    CLI_OUTPUT,
    CLI_HSM,
    CLI_DEBUG,
    CLI_ID,
    CLI_NAME,
    CLI_VERSION,
    CLI_KTY,
    CLI_SIZE,
    CLI_CURVE,
    CLI_OPS,
    CLI_TAGS,
    CLI_NOT_BEFORE,
    CLI_EXPIRES,
    CLI_DISABLED,
    CLI_EXPORTABLE,
    CLI_YES,
    CLI_ALGORITHM,
    CLI_DIGEST,
    CLI_CONTEXT,
    CLI_IN,
    CLI_OUT,
    CLI_FORMAT,
    CLI_IN_FORMAT,
    CLI_SIGNATURE,
    CLI_REMOTE,
    CLI_IV,
    CLI_AAD,
    CLI_TAG,
    CLI_COUNT,
    CLI_ENCODING,
    CLI_PSS,
    CLI_ENABLED,
    CLI_NO_TAGS,
    CLI_POLICY,
    CLI_IMMUTABLE,
    CLI_AFTER_CREATE,
    CLI_BEFORE_EXPIRY,
    CLI_EXPIRY,
    CLI_PASSWORD,
    CLI_BYOK,
    CLI_KEK,
    CLI_KEK_ID,
    CLI_SCOPE,
    CLI_ROLE,
    CLI_ASSIGNEE,
    CLI_GUID,
    CLI_ROLE_NAME,
    CLI_ROLE_DEFINITION,
    CLI_DESCRIPTION,
    CLI_DATA_ACTIONS,
    CLI_EXCEPT,
    CLI_ACTION,
    CLI_VALUE,
    CLI_ATTESTATION,
    CLI_NONCE,
    CLI_WRAPPING,
    CLI_WAIT,
    CLI_HARDWARE,
    CLI_WRAPPING_KEY,
    CLI_CERT,
    CLI_SHARE,
    CLI_COMBINER,
    CLI_COMBINER_KEY,
    CLI_EXCHANGE_KEY,
    CLI_HOLDER,
    CLI_NEW_CERT,
    CLI_QUORUM,
    CLI_DAYS,
    CLI_PASSWORD_FILE,
    CLI_PASSWORD_FD,
    CLI_DIRECTORIES,
    CLI_UNENCRYPTED,
    CLI_RESTORE_BLOB,
    CLI_UNCHECKED,
    CLI_NO_WAIT,
    CLI_OPERATION,
    CLI_ONLINE,
    CLI_NEW_KEY,
    CLI_KEY_PROVIDER,
    CLI_NO_WITNESSES,
    CLI_GROUP,
    CLI_LOCATION,
    CLI_SKU,
    CLI_ADMINISTRATOR,
    CLI_RETENTION,
    CLI_PURGE_PROTECTION,
    CLI_PUBLIC_ACCESS,
    CLI_BYPASS,
    CLI_DEFAULT_ACTION,
    CLI_IP_RULE,
    CLI_NO_IP_RULES,
    CLI_NETWORK_RULE,
    CLI_NO_NETWORK_RULES,
    CLI_IDENTITY,
    CLI_NO_IDENTITIES,
    CLI_REGION,
    CLI_CONNECTION,
    CLI_CONTAINER,
    CLI_SAS_FILE,
    CLI_SAS_FD,
    CLI_SAS_ENV,
    CLI_MANAGED_IDENTITY,
    CLI_FOLDER,
    CLI_PRECHECK,
    CLI_WAIT_BUSY,
    CLI_OPTION_COUNT
};

enum {
    CLI_REQUIRED = 1 << 0,
    CLI_REPEATED = 1 << 1 /* may be given several times */
};

/* A row; a group of rows ends with a NULL name. */
struct cli_option {
    enum cli_option_id id;
    const char *name; /* without "--" */
    char letter;      /* or 0 */
    unsigned int flags;
    const char *argument; /* placeholder in help; NULL: takes none */
    const char *choices;  /* "a|b", or NULL */
    const char *help;
};

enum { CLI_GROUPS = 6 };

struct cli;

struct cli_command {
    const char *noun; /* NULL: the verb stands alone */
    const char *verb;
    const char *summary; /* one line */
    const char *details; /* paragraphs separated by blank lines, or NULL */
    const struct cli_option *groups[CLI_GROUPS]; /* NULL past the last */
    const char *operand; /* placeholder of the one word it takes, or NULL */
    const char *operand_help;
    mhsm_status (*run)(struct cli *cli, mhsm_error **err);
};

struct cli_noun {
    const char *name; /* "key", or "key rotation-policy" below another */
    const char *summary;
};

struct cli_exit_row {
    enum cli_exit code;
    const char *help;
};

/* Tables end with a NULL name or verb, but cli_exits with a NULL help. */
extern const struct cli_command cli_key_commands[];
extern const struct cli_command cli_use_commands[];
extern const struct cli_command cli_role_commands[];
extern const struct cli_command cli_security_domain_commands[];
extern const struct cli_command cli_recovery_commands[];
extern const struct cli_command cli_resource_commands[];
extern const struct cli_command cli_backup_commands[];
extern const struct cli_command cli_hsm_commands[];
extern const struct cli_noun cli_nouns[];
extern const struct cli_option cli_global_options[];
extern const struct cli_exit_row cli_exits[];

/* Every command of every table, in the order of help; NULL past the end. */
const struct cli_command *cli_command_at(size_t index);

/* What the tables run, by file cmd_*.c. */
mhsm_status cli_key_create(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_import(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_byok_package(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_update(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_rotate(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_backup(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_restore(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_release(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_attestation(struct cli *cli, mhsm_error **err);
mhsm_status cli_rotation_policy_show(struct cli *cli, mhsm_error **err);
mhsm_status cli_rotation_policy_set(struct cli *cli, mhsm_error **err);
mhsm_status cli_rotation_policy_remove(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_show(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_show_deleted(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_delete(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_recover(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_purge(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_download(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_pem(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_list_versions(struct cli *cli, mhsm_error **err);
mhsm_status cli_key_list_deleted(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_definition_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_definition_show(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_definition_create(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_definition_update(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_definition_delete(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_assignment_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_assignment_show(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_assignment_create(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_assignment_delete(struct cli *cli, mhsm_error **err);
mhsm_status cli_role_check(struct cli *cli, mhsm_error **err);
mhsm_status cli_setting_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_setting_show(struct cli *cli, mhsm_error **err);
mhsm_status cli_setting_set(struct cli *cli, mhsm_error **err);
mhsm_status cli_sign(struct cli *cli, mhsm_error **err);
mhsm_status cli_verify(struct cli *cli, mhsm_error **err);
mhsm_status cli_encrypt(struct cli *cli, mhsm_error **err);
mhsm_status cli_decrypt(struct cli *cli, mhsm_error **err);
mhsm_status cli_wrap(struct cli *cli, mhsm_error **err);
mhsm_status cli_unwrap(struct cli *cli, mhsm_error **err);
mhsm_status cli_random(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_keygen(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_download(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_inspect(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_verify(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_restore_blob(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_rewrap(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_rewrap_online(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_init_recovery(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_upload(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_status(struct cli *cli, mhsm_error **err);
mhsm_status cli_domain_wait(struct cli *cli, mhsm_error **err);
mhsm_status cli_share_prepare(struct cli *cli, mhsm_error **err);
mhsm_status cli_share_open(struct cli *cli, mhsm_error **err);
mhsm_status cli_inventory_take(struct cli *cli, mhsm_error **err);
mhsm_status cli_inventory_prove(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_create(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_show(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_list_deleted(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_update(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_delete(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_recover(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_purge(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_wait(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_activation(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_check_name(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_region_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_region_add(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_region_remove(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_endpoint_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_endpoint_approve(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_endpoint_reject(struct cli *cli, mhsm_error **err);
mhsm_status cli_hsm_endpoint_delete(struct cli *cli, mhsm_error **err);
mhsm_status cli_backup_start(struct cli *cli, mhsm_error **err);
mhsm_status cli_backup_status(struct cli *cli, mhsm_error **err);
mhsm_status cli_backup_wait(struct cli *cli, mhsm_error **err);
mhsm_status cli_backup_list(struct cli *cli, mhsm_error **err);
mhsm_status cli_restore_start(struct cli *cli, mhsm_error **err);
mhsm_status cli_restore_key(struct cli *cli, mhsm_error **err);
mhsm_status cli_restore_status(struct cli *cli, mhsm_error **err);
mhsm_status cli_restore_wait(struct cli *cli, mhsm_error **err);
mhsm_status cli_login_test(struct cli *cli, mhsm_error **err);
mhsm_status cli_doctor(struct cli *cli, mhsm_error **err);
mhsm_status cli_config_show(struct cli *cli, mhsm_error **err);
mhsm_status cli_completion(struct cli *cli, mhsm_error **err);
mhsm_status cli_version(struct cli *cli, mhsm_error **err);

#endif
