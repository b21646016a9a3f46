/* SPDX-License-Identifier: MIT
 *
 * The options that OpenSSL's configuration file gives to the provider, so that
 * one place configures openssl and this command.  Follows openssl_conf ->
 * providers -> the section whose name, identity or module is mhsm.  Reads; must
 * never load what the file names.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/buf.h"
#include "cli/cli.h"

/* What OpenSSL itself takes from a provider's section. */
static int is_reserved(const char *name)
{
    static const char *const names[] = {"identity", "soft_load", "module",
                                        "activate"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return 1;
    return 0;
}

/* OpenSSL ignores what stands before the first dot, so that one name can
 * occur several times in a section. */
static const char *skip_dot(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL ? dot + 1 : name;
}

static const char *value_in(STACK_OF(CONF_VALUE) * section, const char *name)
{
    int i;

    for (i = 0; i < sk_CONF_VALUE_num(section); i++) {
        CONF_VALUE *row = sk_CONF_VALUE_value(section, i);

        if (strcmp(skip_dot(row->name), name) == 0)
            return row->value;
    }
    return NULL;
}

static int is_ours(const char *name, STACK_OF(CONF_VALUE) * section)
{
    const char *module = value_in(section, "module"), *base;

    if (strcmp(skip_dot(name), "mhsm") == 0)
        return 1;
    if (value_in(section, "identity") != NULL &&
        strcmp(value_in(section, "identity"), "mhsm") == 0)
        return 1;
    if (module == NULL)
        return 0;
    base = strrchr(module, '/') != NULL ? strrchr(module, '/') + 1 : module;
    return strcmp(base, "mhsm.so") == 0 || strcmp(base, "mhsm") == 0;
}

/* The section of provider mhsm; NULL when the file has none. */
static STACK_OF(CONF_VALUE) * find_section(const CONF *conf, const char **name)
{
    STACK_OF(CONF_VALUE) * modules, *providers, *section;
    const char *start = NCONF_get_string(conf, NULL, "openssl_conf");
    const char *list;
    int i;

    if (start == NULL || (modules = NCONF_get_section(conf, start)) == NULL ||
        (list = value_in(modules, "providers")) == NULL ||
        (providers = NCONF_get_section(conf, list)) == NULL)
        return NULL;
    for (i = 0; i < sk_CONF_VALUE_num(providers); i++) {
        CONF_VALUE *row = sk_CONF_VALUE_value(providers, i);

        section = NCONF_get_section(conf, row->value);
        if (section != NULL && is_ours(row->name, section)) {
            *name = row->value;
            return section;
        }
    }
    return NULL;
}

static mhsm_status apply(struct cli *cli, STACK_OF(CONF_VALUE) * section,
                         mhsm_error **err)
{
    mhsm_status st = MHSM_OK;
    int i;

    for (i = 0; st == MHSM_OK && i < sk_CONF_VALUE_num(section); i++) {
        CONF_VALUE *row = sk_CONF_VALUE_value(section, i);
        const char *name = skip_dot(row->name);

        if (is_reserved(name))
            continue;
        st = mhsm_config_set(cli->config, name, row->value, MHSM_ORIGIN_FILE,
                             err);
    }
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "%s, section %s", cli->file, cli->section);
    return st;
}

static mhsm_status load(CONF *conf, const char *file, mhsm_error **err)
{
    long line = 0;

    if (NCONF_load(conf, file, &line) > 0)
        return MHSM_OK;
    if (line > 0)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "%s, line %ld: OpenSSL cannot read it", file, line);
    return mhsmi_error(err, MHSM_ERR_CONFIG, "%s: OpenSSL cannot read it",
                       file);
}

mhsm_status cli_read_openssl_cnf(struct cli *cli, mhsm_error **err)
{
    STACK_OF(CONF_VALUE) * section;
    char *file = CONF_get1_default_config_file();
    CONF *conf = NCONF_new(NULL);
    const char *name = NULL;
    mhsm_status st = MHSM_OK;

    if (file == NULL || conf == NULL) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    /* As OpenSSL: a file that is not there configures nothing. */
    if (file[0] == 0 ||
        (access(file, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)))
        goto out;
    st = load(conf, file, err);
    if (st != MHSM_OK)
        goto out;
    section = find_section(conf, &name);
    if (section == NULL)
        goto out;
    cli->file = mhsmi_strdup(file);
    cli->section = mhsmi_strdup(name);
    if (cli->file == NULL || cli->section == NULL)
        st = mhsmi_error_memory(err);
    else
        st = apply(cli, section, err);

out:
    NCONF_free(conf);
    OPENSSL_free(file);
    /* Looking up what is absent leaves entries of OpenSSL's. */
    ERR_clear_error();
    return st;
}
