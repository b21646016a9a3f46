/* SPDX-License-Identifier: MIT
 *
 * The tables of `mhsm role` and `mhsm setting`: who may do what in an HSM.
 */
#include "cli/options.h"

#define SCOPE_OPTION                                                           \
    {                                                                          \
        CLI_SCOPE, "scope", 0, 0, "SCOPE", NULL,                               \
            "/ (when not given), /keys or /keys/NAME"                          \
    }
#define ASSIGNEE_OPTION(flags, help)                                           \
    {                                                                          \
        CLI_ASSIGNEE, "assignee", 0, flags, "GUID", NULL, help                 \
    }
#define ROLE_OPTION                                                            \
    {                                                                          \
        CLI_ROLE, "role", 0, CLI_REQUIRED, "ROLE", NULL,                       \
            "The role's name (\"Managed HSM Crypto User\") or GUID"            \
    }
#define GUID_OPTION(flags, help)                                               \
    {                                                                          \
        CLI_GUID, "guid", 0, flags, "GUID", NULL, help                         \
    }
#define DEFINITION_OPTIONS                                                      \
    {CLI_ROLE_NAME, "role-name", 0, 0, "NAME", NULL, "The role's name"},        \
        {CLI_DESCRIPTION, "description", 0, 0, "TEXT", NULL, "What it is for"}, \
        {CLI_DATA_ACTIONS,                                                      \
         "data-actions",                                                        \
         0,                                                                     \
         0,                                                                     \
         "ACTION,...",                                                          \
         NULL,                                                                  \
         "What it grants, such as keys/read/action,keys/sign/action; * "        \
         "stands for anything"},                                                \
        {CLI_EXCEPT,                                                            \
         "except",                                                              \
         0,                                                                     \
         0,                                                                     \
         "ACTION,...",                                                          \
         NULL,                                                                  \
         "What it does not grant of these"},                                    \
    {                                                                           \
        CLI_ROLE_DEFINITION, "role-definition", 0, 0, "FILE", NULL,             \
            "The role as JSON: a file, - or the JSON itself; of what it says "  \
            "the options above replace their part"                              \
    }

static const struct cli_option scope_options[] = {SCOPE_OPTION,
                                                  CLI_OPTIONS_END};

static const struct cli_option role_options[] = {ROLE_OPTION, SCOPE_OPTION,
                                                 CLI_OPTIONS_END};

static const struct cli_option create_options[] = {
    DEFINITION_OPTIONS, GUID_OPTION(0, "Its GUID; a new one when not given"),
    SCOPE_OPTION, CLI_OPTIONS_END};

static const struct cli_option update_options[] = {DEFINITION_OPTIONS,
                                                   CLI_OPTIONS_END};

static const struct cli_option list_options[] = {
    SCOPE_OPTION,
    ASSIGNEE_OPTION(0, "Only those of this principal (its object id)"),
    CLI_OPTIONS_END};

static const struct cli_option assignment_options[] = {
    GUID_OPTION(CLI_REQUIRED, "The assignment's GUID"), SCOPE_OPTION,
    CLI_OPTIONS_END};

static const struct cli_option assign_options[] = {
    ROLE_OPTION, ASSIGNEE_OPTION(CLI_REQUIRED, "The principal's object id"),
    GUID_OPTION(0, "The assignment's GUID; a new one when not given"),
    SCOPE_OPTION, CLI_OPTIONS_END};

static const struct cli_option check_options[] = {
    {CLI_ACTION, "action", 0, CLI_REQUIRED, "ACTION", NULL,
     "The data action, such as keys/sign/action"},
    {CLI_NAME, "key", 0, 0, "NAME", NULL,
     "At the scope of this key, the same as --scope /keys/NAME"},
    SCOPE_OPTION,
    ASSIGNEE_OPTION(0, "The principal's object id; whoever runs this when not "
                       "given"),
    CLI_OPTIONS_END};

static const struct cli_option setting_options[] = {
    {CLI_NAME, "name", 'n', CLI_REQUIRED, "NAME", NULL, "The setting's name"},
    CLI_OPTIONS_END};

static const struct cli_option value_options[] = {
    {CLI_VALUE, "value", 0, CLI_REQUIRED, "VALUE", NULL,
     "Its new value; true or false for type boolean"},
    CLI_OPTIONS_END};

const struct cli_command cli_role_commands[] = {
    {"role definition",
     "list",
     "List the roles",
     "Needs roleDefinitions/read. tsv: name, type (built-in, custom), GUID, "
     "description.",
     {scope_options},
     NULL,
     NULL,
     cli_role_definition_list},
    {"role definition",
     "show",
     "Show what a role grants",
     "Needs roleDefinitions/read. tsv: name, type, GUID, description, data "
     "actions, exceptions. json: as the service gives it.",
     {role_options},
     NULL,
     NULL,
     cli_role_definition_show},
    {"role definition",
     "create",
     "Create a custom role",
     "By --role-name and --data-actions, or by --role-definition: JSON with "
     "the members that the Azure CLI takes (roleName, description, "
     "dataActions, notDataActions), or what role definition show -o json "
     "prints. Its GUID is not taken over. Needs roleDefinitions/write (Managed "
     "HSM Policy Administrator).",
     {create_options},
     NULL,
     NULL,
     cli_role_definition_create},
    {"role definition",
     "update",
     "Change a custom role",
     "What is not given, by an option or in the JSON, stays as it is; data "
     "actions are replaced as a whole, with their exceptions. Needs "
     "roleDefinitions/read and roleDefinitions/write.",
     {role_options, update_options},
     NULL,
     NULL,
     cli_role_definition_update},
    {"role definition",
     "delete",
     "Delete a custom role",
     "One that is assigned to nobody. Needs roleDefinitions/delete.",
     {role_options, cli_confirm_options},
     NULL,
     NULL,
     cli_role_definition_delete},
    {"role assignment",
     "list",
     "List who has which role at a scope",
     "Those made at just this scope: an assignment at a wider one holds here "
     "too and is listed there. Needs roleAssignments/read at the scope. tsv: "
     "GUID, principal, role (GUID), scope.",
     {list_options},
     NULL,
     NULL,
     cli_role_assignment_list},
    {"role assignment",
     "show",
     "Show one role assignment",
     "Needs roleAssignments/read at the scope. tsv: as list.",
     {assignment_options},
     NULL,
     NULL,
     cli_role_assignment_show},
    {"role assignment",
     "create",
     "Give a principal a role at a scope",
     "Needs roleAssignments/write at the scope and, for a custom role by name, "
     "roleDefinitions/read there. It may take minutes to act.",
     {assign_options},
     NULL,
     NULL,
     cli_role_assignment_create},
    {"role assignment",
     "delete",
     "Take a role away again",
     "Needs roleAssignments/delete at the scope.",
     {assignment_options, cli_confirm_options},
     NULL,
     NULL,
     cli_role_assignment_delete},
    {"role",
     "check",
     "Tell whether a principal may do something, and by which role",
     "Looks through the assignments at the scope and at the wider ones, which "
     "hold there too; where these may not be listed, that is told. What comes "
     "to a principal through groups is not seen, since the HSM does not tell "
     "who is in a group: ask about a group by its object id as the "
     "--assignee.\n\n"
     "Exit status 0 when an assignment grants it, 4 when none that was seen "
     "does: the principal may still have it through a group, or by what is "
     "told as not seen. Needs roleAssignments/read and roleDefinitions/read at "
     "the scope. tsv: principal, data action, scope, granted (yes, no, not "
     "known), by what, what was not seen.",
     {check_options},
     NULL,
     NULL,
     cli_role_check},
    {"setting",
     "list",
     "List the HSM's settings",
     "Needs settings/read (Managed HSM Administrator). tsv: name, type, value.",
     {NULL},
     NULL,
     NULL,
     cli_setting_list},
    {"setting",
     "show",
     "Show one setting",
     "Needs settings/read. tsv: as list.",
     {setting_options},
     NULL,
     NULL,
     cli_setting_show},
    {"setting",
     "set",
     "Change a setting",
     "Needs settings/write (Managed HSM Administrator).",
     {setting_options, value_options},
     NULL,
     NULL,
     cli_setting_set},
    CLI_COMMANDS_END};
