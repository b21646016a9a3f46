/* SPDX-License-Identifier: MIT
 *
 * The table of `mhsm hsm`: HSMs as resources of Azure.
 */
#include "cli/options.h"

#define NAME_OPTION                                                            \
    {                                                                          \
        CLI_NAME, "name", 'n', 0, "NAME", NULL,                                \
            "The HSM's name; --hsm NAME says the same"                         \
    }
#define GROUP_OPTION(flags, help)                                              \
    {                                                                          \
        CLI_GROUP, "resource-group", 'g', flags, "GROUP", NULL, help           \
    }
#define PROPERTIES                                                             \
    {CLI_PUBLIC_ACCESS,                                                        \
     "public-access",                                                          \
     0,                                                                        \
     0,                                                                        \
     "HOW",                                                                    \
     "Enabled|Disabled",                                                       \
     "Whether it can be reached other than by private endpoints"},             \
        {CLI_DEFAULT_ACTION,                                                   \
         "default-action",                                                     \
         0,                                                                    \
         0,                                                                    \
         "HOW",                                                                \
         "Allow|Deny",                                                         \
         "What becomes of callers that no rule is for"},                       \
        {CLI_BYPASS,                                                           \
         "bypass",                                                             \
         0,                                                                    \
         0,                                                                    \
         "WHOM",                                                               \
         "AzureServices|None",                                                 \
         "Who is let in in spite of the rules"},                               \
        {CLI_IP_RULE,                                                          \
         "ip-rule",                                                            \
         0,                                                                    \
         CLI_REPEATED,                                                         \
         "ADDRESS[/BITS]",                                                     \
         NULL,                                                                 \
         "IPv4 addresses that are let in, all of them anew"},                  \
        {CLI_NETWORK_RULE,                                                     \
         "network-rule",                                                       \
         0,                                                                    \
         CLI_REPEATED,                                                         \
         "ID",                                                                 \
         NULL,                                                                 \
         "Subnets that are let in (the service may refuse them)"},             \
        {CLI_IDENTITY,                                                         \
         "identity",                                                           \
         0,                                                                    \
         CLI_REPEATED,                                                         \
         "ID",                                                                 \
         NULL,                                                                 \
         "User-assigned managed identities that it has, by their resource "    \
         "ids, all of them anew; backups use them"},                           \
        {CLI_TAGS,                                                             \
         "tags",                                                               \
         0,                                                                    \
         CLI_REPEATED,                                                         \
         "NAME=VALUE",                                                         \
         NULL,                                                                 \
         "Its tags, all of them anew"},                                        \
    {                                                                          \
        CLI_PURGE_PROTECTION, "purge-protection", 0, 0, NULL, NULL,            \
            "Nobody may purge it, or its keys, before their time; cannot be "  \
            "undone"                                                           \
    }
#define CONNECTION_OPTION                                                      \
    {                                                                          \
        CLI_CONNECTION, "connection", 0, CLI_REQUIRED, "NAME", NULL,           \
            "The connection's name, as `mhsm hsm private-endpoint list` "      \
            "shows it"                                                         \
    }
#define REGION_OPTION                                                          \
    {                                                                          \
        CLI_REGION, "region", 'r', CLI_REQUIRED, "REGION", NULL,               \
            "The region, such as northeurope"                                  \
    }

static const struct cli_option place_options[] = {
    NAME_OPTION,
    GROUP_OPTION(0, "Its resource group; looked for in the subscription when "
                    "not given"),
    CLI_OPTIONS_END};

static const struct cli_option name_options[] = {NAME_OPTION, CLI_OPTIONS_END};

static const struct cli_option group_options[] = {
    GROUP_OPTION(0, "Only those of this resource group"), CLI_OPTIONS_END};

static const struct cli_option await_options[] = {
    {CLI_NO_WAIT, "no-wait", 0, 0, NULL, NULL,
     "Do not wait for the end of the work"},
    {CLI_WAIT, "wait", 0, 0, "SECONDS", NULL,
     "How long to wait at most; 3600 when not given"},
    CLI_OPTIONS_END};

static const struct cli_option limit_options[] = {
    {CLI_WAIT, "wait", 0, 0, "SECONDS", NULL,
     "How long to wait at most; 3600 when not given"},
    CLI_OPTIONS_END};

static const struct cli_option create_options[] = {
    NAME_OPTION,
    GROUP_OPTION(CLI_REQUIRED, "The resource group that it comes into"),
    {CLI_LOCATION, "location", 'l', CLI_REQUIRED, "REGION", NULL,
     "Where it is to be, such as westeurope"},
    {CLI_SKU, "sku", 0, 0, "SKU", NULL, "Standard_B1 when not given"},
    {CLI_ADMINISTRATOR, "administrator", 0, CLI_REPEATED, "GUID", NULL,
     "Object ids of its first administrators; whoever runs this when none is "
     "given"},
    {CLI_RETENTION, "retention-days", 0, 0, "DAYS", NULL,
     "For how long what is deleted can be recovered: 7 to 90, 90 when not "
     "given; cannot be changed"},
    PROPERTIES,
    CLI_OPTIONS_END};

static const struct cli_option update_options[] = {
    PROPERTIES,
    {CLI_NO_IP_RULES, "no-ip-rules", 0, 0, NULL, NULL, "No address any more"},
    {CLI_NO_NETWORK_RULES, "no-network-rules", 0, 0, NULL, NULL,
     "No subnet any more"},
    {CLI_NO_IDENTITIES, "no-identities", 0, 0, NULL, NULL,
     "No identity any more"},
    {CLI_NO_TAGS, "no-tags", 0, 0, NULL, NULL, "No tag any more"},
    CLI_OPTIONS_END};

static const struct cli_option region_options[] = {REGION_OPTION,
                                                   CLI_OPTIONS_END};

static const struct cli_option connection_options[] = {CONNECTION_OPTION,
                                                       CLI_OPTIONS_END};

static const struct cli_option decision_options[] = {
    CONNECTION_OPTION,
    {CLI_DESCRIPTION, "description", 0, 0, "TEXT", NULL,
     "What its owner is told"},
    CLI_OPTIONS_END};

#define NEEDS                                                                  \
    "Needs a role of Azure RBAC, such as \"Managed HSM contributor\": the "    \
    "HSM's local RBAC has no say in it. "

const struct cli_command cli_resource_commands[] = {
    {"hsm",
     "create",
     "Make an HSM",
     NEEDS "It takes some 20 minutes and costs from then on. It can be used "
           "when its security domain has been downloaded: `mhsm "
           "security-domain download`.\n\n"
           "Shows the HSM, as `mhsm hsm show` does.",
     {create_options, await_options},
     NULL,
     NULL,
     cli_hsm_create},
    {"hsm",
     "show",
     "Show an HSM",
     "Needs managedHSMs/read of Azure RBAC. json: as the service gives it. "
     "tsv: name, resource group, location, URI, state, message, activation, "
     "SKU, public access, default action, bypass, retention days, purge "
     "protection, IP rules, identities, regions.",
     {place_options},
     NULL,
     NULL,
     cli_hsm_show},
    {"hsm",
     "list",
     "List the HSMs of the subscription",
     "Needs managedHSMs/read of Azure RBAC. json: as the service gives them. "
     "tsv: name, resource group, location, state, activation, URI.",
     {group_options},
     NULL,
     NULL,
     cli_hsm_list},
    {"hsm",
     "list-deleted",
     "List the deleted HSMs of the subscription",
     "Needs deletedManagedHsms/read of Azure RBAC. tsv: name, resource group, "
     "location, when it was deleted, when it is purged, whether by the "
     "service alone.",
     {NULL},
     NULL,
     NULL,
     cli_hsm_list_deleted},
    {"hsm",
     "update",
     "Change an HSM",
     NEEDS "What is not named stays as it is. --purge-protection asks first.",
     {place_options, update_options, cli_confirm_options, await_options},
     NULL,
     NULL,
     cli_hsm_update},
    {"hsm",
     "delete",
     "Delete an HSM",
     NEEDS "Nobody reaches it any more. It can be recovered until its "
           "retention time is over, costs what it did until then or until it "
           "is purged, and its name stays taken. What it is extended to has "
           "to be removed first.",
     {place_options, cli_confirm_options, await_options},
     NULL,
     NULL,
     cli_hsm_delete},
    {"hsm",
     "recover",
     "Bring a deleted HSM back",
     NEEDS "To where it was, with all that it held.",
     {name_options, await_options},
     NULL,
     NULL,
     cli_hsm_recover},
    {"hsm",
     "purge",
     "Destroy a deleted HSM for good",
     NEEDS "With all its keys: nothing but a backup and its security domain "
           "brings them back. Not with purge protection.",
     {name_options, cli_confirm_options, await_options},
     NULL,
     NULL,
     cli_hsm_purge},
    {"hsm",
     "wait",
     "Wait for the end of what is done to an HSM",
     "Whoever began it. Shows the HSM then, or nothing when it is gone.",
     {place_options, limit_options},
     NULL,
     NULL,
     cli_hsm_wait},
    {"hsm",
     "activation",
     "Tell whether an HSM is activated",
     "By what the management plane says and by what the HSM itself answers. "
     "Exit status 0 when it serves keys, else 1. tsv: name, URI, state, "
     "activation, message, what the HSM answers.",
     {place_options},
     NULL,
     NULL,
     cli_hsm_activation},
    {"hsm",
     "check-name",
     "Tell whether an HSM may be made under a name",
     "Names are unique in all of Azure. Exit status 0 when it is available, "
     "else 1. tsv: name, yes or no, reason, message.",
     {name_options},
     NULL,
     NULL,
     cli_hsm_check_name},
    {"hsm region",
     "list",
     "List the regions of an HSM",
     "None when it is in its first region alone. tsv: region, state, primary.",
     {place_options},
     NULL,
     NULL,
     cli_hsm_region_list},
    {"hsm region",
     "add",
     "Extend an HSM to another region",
     NEEDS "One is possible. It takes up to 30 minutes.",
     {place_options, region_options, await_options},
     NULL,
     NULL,
     cli_hsm_region_add},
    {"hsm region",
     "remove",
     "Take an HSM away from a region",
     NEEDS "Its private endpoints there end to work.",
     {place_options, region_options, cli_confirm_options, await_options},
     NULL,
     NULL,
     cli_hsm_region_remove},
    {"hsm private-endpoint",
     "list",
     "List the private endpoint connections of an HSM",
     "tsv: name, state, description, id of the private endpoint.",
     {place_options},
     NULL,
     NULL,
     cli_hsm_endpoint_list},
    {"hsm private-endpoint",
     "approve",
     "Let a private endpoint in",
     NEEDS "Callers from its network reach the HSM whatever its rules are.",
     {place_options, decision_options},
     NULL,
     NULL,
     cli_hsm_endpoint_approve},
    {"hsm private-endpoint",
     "reject",
     "Refuse a private endpoint",
     NEEDS "It cannot be approved later.",
     {place_options, decision_options},
     NULL,
     NULL,
     cli_hsm_endpoint_reject},
    {"hsm private-endpoint",
     "delete",
     "Remove a private endpoint connection",
     NEEDS,
     {place_options, connection_options, cli_confirm_options, await_options},
     NULL,
     NULL,
     cli_hsm_endpoint_delete},
    CLI_COMMANDS_END};
