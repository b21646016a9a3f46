/* SPDX-License-Identifier: MIT
 *
 * From what was typed to a client and a key's URI.  The order of the sources
 * is the library's (config.h); this file only feeds them.
 */
#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"

/* A person waits longer than a server that must answer its own clients, and
 * may be signed in by other means. */
static const struct {
    const char *name, *value;
} defaults[] = {{"timeout", "60s"}, {"developer-credentials", "yes"}};

#define DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

const char *cli_default_of(const mhsm_option *option)
{
    size_t i;

    for (i = 0; i < DEFAULTS; i++) {
        if (strcmp(option->name, defaults[i].name) == 0)
            return defaults[i].value;
    }
    return option->default_value;
}

static mhsm_status set_command_line(struct cli *cli, mhsm_error **err)
{
    mhsm_status st = MHSM_OK;
    size_t i;
    int has_endpoint = 0, has_level = 0;

    for (i = 0; st == MHSM_OK && i < cli->setting_count; i++) {
        const char *name = cli->settings[i].option->name;

        st = mhsm_config_set(cli->config, name, cli->settings[i].value,
                             MHSM_ORIGIN_COMMAND_LINE, err);
        has_endpoint |= cli->settings[i].option == mhsm_option_find("endpoint");
        has_level |= cli->settings[i].option == mhsm_option_find("log-level");
    }
    if (st == MHSM_OK && cli->values[CLI_HSM] != NULL) {
        if (has_endpoint)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--hsm and --endpoint are the same: give one");
        st = mhsm_config_set(cli->config, "endpoint", cli->values[CLI_HSM],
                             MHSM_ORIGIN_COMMAND_LINE, err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "--hsm");
    }
    if (st == MHSM_OK && cli->values[CLI_DEBUG] != NULL && !has_level)
        st = mhsm_config_set(cli->config, "log-level", "debug",
                             MHSM_ORIGIN_COMMAND_LINE, err);
    return st;
}

mhsm_status cli_configure(struct cli *cli, mhsm_error **err)
{
    mhsm_status st = MHSM_OK;
    size_t i;

    cli->config = mhsm_config_new();
    if (cli->config == NULL)
        return mhsmi_error_memory(err);
    for (i = 0; st == MHSM_OK && i < DEFAULTS; i++)
        st = mhsm_config_set(cli->config, defaults[i].name, defaults[i].value,
                             MHSM_ORIGIN_DEFAULT, err);
    if (st == MHSM_OK)
        st = cli_read_openssl_cnf(cli, err);
    if (st == MHSM_OK)
        st = mhsm_config_set_environment(cli->config, err);
    if (st == MHSM_OK)
        st = set_command_line(cli, err);
    return st;
}

mhsm_status cli_connect(struct cli *cli, mhsm_error **err)
{
    mhsm_status st;

    if (cli->client != NULL)
        return MHSM_OK;
    st = cli_configure(cli, err);
    return st == MHSM_OK ? mhsm_client_new(cli->config, &cli->client, err) : st;
}

void cli_close(struct cli *cli)
{
    mhsm_client_free(cli->client);
    mhsm_config_free(cli->config);
    mhsmi_free(cli->file);
    mhsmi_free(cli->section);
    cli->client = NULL;
    cli->config = NULL;
    cli->file = cli->section = NULL;
}

static mhsm_status target_by_id(const struct cli *cli, enum cli_target target,
                                mhsm_uri **uri, mhsm_error **err)
{
    const char *id = cli->values[CLI_ID];
    mhsm_uri *parsed = NULL;
    mhsm_status st;

    if (cli->values[CLI_NAME] != NULL || cli->values[CLI_VERSION] != NULL ||
        cli->values[CLI_HSM] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--id says it all: it excludes --name, --version "
                           "and --hsm");
    st = mhsm_uri_parse(cli->client, id, &parsed, err);
    if (st != MHSM_OK)
        return st;
    if (mhsm_uri_name(parsed) == NULL)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT, "--id %s names no key", id);
    else if (target == CLI_TARGET_NAME && mhsm_uri_version(parsed) != NULL)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--id %s names one version, but the command takes a "
                         "key as a whole",
                         id);
    if (st == MHSM_OK)
        *uri = parsed;
    else
        mhsm_uri_free(parsed);
    return st;
}

mhsm_status cli_target(const struct cli *cli, enum cli_target target,
                       mhsm_uri **uri, mhsm_error **err)
{
    if (target == CLI_TARGET_HSM)
        return mhsm_uri_new(cli->client, NULL, NULL, NULL, uri, err);
    if (cli->values[CLI_ID] != NULL)
        return target_by_id(cli, target, uri, err);
    if (cli->values[CLI_NAME] == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "which key? give --name or --id");
    return mhsm_uri_new(
        cli->client, NULL, cli->values[CLI_NAME],
        target == CLI_TARGET_KEY ? cli->values[CLI_VERSION] : NULL, uri, err);
}

mhsm_status cli_open(struct cli *cli, enum cli_target target, mhsm_uri **uri,
                     mhsm_error **err)
{
    mhsm_status st = cli_connect(cli, err);

    return st == MHSM_OK ? cli_target(cli, target, uri, err) : st;
}
