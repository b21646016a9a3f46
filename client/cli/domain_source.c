/* SPDX-License-Identifier: MIT
 *
 * A security domain, opened by whom the command line names.
 */
#include "cli/domain_source.h"

#include "cli/file.h"

enum { FILE_SIZE_MAX = 64 * 1024 };

mhsm_status cli_domain_read(const struct cli *cli,
                            mhsm_security_domain **domain, mhsm_error **err)
{
    const char *path = cli->operand;
    struct mhsmi_buf text;
    mhsm_status st;

    if (path == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "which security domain? give its file");
    mhsmi_buf_init(&text, MHSM_DOMAIN_SIZE_MAX);
    st = cli_file_slurp(path, &text, err);
    if (st == MHSM_OK) {
        st = mhsm_security_domain_decode(text.data, text.size, domain, err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "%s", path);
    }
    mhsmi_buf_clear(&text);
    return st;
}

static mhsm_status add_share(mhsm_domain_opening *opening, const char *path,
                             const mhsm_wrapping_key *key, mhsm_error **err)
{
    struct mhsmi_buf text;
    mhsm_status st;

    mhsmi_buf_init(&text, FILE_SIZE_MAX);
    st = cli_file_slurp(path, &text, err);
    if (st == MHSM_OK) {
        st = mhsm_domain_opening_add_share(opening, text.data, text.size, key,
                                           err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "--share %s", path);
    }
    mhsmi_buf_clear(&text);
    return st;
}

static mhsm_status add_shares(struct cli *cli, mhsm_domain_opening *opening,
                              struct cli_passwords *passwords, mhsm_error **err)
{
    const char *paths[CLI_TAGS_MAX], *combiner = cli->values[CLI_COMBINER_KEY];
    size_t count = cli_repeats(cli, CLI_SHARE, paths), i;
    mhsm_wrapping_key *key = NULL;
    mhsm_status st;

    if (count == 0 && combiner == NULL)
        return MHSM_OK;
    if (count == 0 || combiner == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--share and --combiner-key go together");
    st = cli_wrapping_key_read(cli, combiner, passwords, &key, err);
    for (i = 0; st == MHSM_OK && i < count; i++)
        st = add_share(opening, paths[i], key, err);
    mhsm_wrapping_key_free(key);
    return st;
}

static mhsm_status add_key(struct cli *cli, mhsm_domain_opening *opening,
                           const char *path, struct cli_passwords *passwords,
                           mhsm_error **err)
{
    mhsm_wrapping_key *key = NULL;
    mhsm_status st = cli_wrapping_key_read(cli, path, passwords, &key, err);

    if (st == MHSM_OK)
        st = mhsm_domain_opening_add_key(opening, key, err);
    mhsm_wrapping_key_free(key);
    return st;
}

static mhsm_status add_keys(struct cli *cli, enum cli_option_id id,
                            mhsm_domain_opening *opening,
                            struct cli_passwords *passwords, mhsm_error **err)
{
    const char *names[CLI_TAGS_MAX];
    size_t count = cli_repeats(cli, id, names), i;
    mhsm_status st = MHSM_OK;

    for (i = 0; st == MHSM_OK && i < count; i++)
        st = add_key(cli, opening, names[i], passwords, err);
    return st;
}

/* The shares of --key, and of --share with --combiner-key. */
static mhsm_status fill(struct cli *cli, mhsm_domain_opening *opening,
                        mhsm_error **err)
{
    struct cli_passwords passwords;
    mhsm_status st = cli_passwords_open(cli, &passwords, err);

    if (st == MHSM_OK)
        st = add_keys(cli, CLI_WRAPPING_KEY, opening, &passwords, err);
    if (st == MHSM_OK)
        st = add_shares(cli, opening, &passwords, err);
    if (st == MHSM_OK)
        st = cli_passwords_end(&passwords, err);
    cli_passwords_close(&passwords);
    return st;
}

mhsm_status cli_source_open(struct cli *cli, struct cli_source *source,
                            mhsm_error **err)
{
    mhsm_status st;

    if ((st = cli_domain_read(cli, &source->domain, err)) == MHSM_OK &&
        (st = mhsm_domain_opening_new(source->domain, &source->opening, err)) ==
            MHSM_OK)
        st = fill(cli, source->opening, err);
    return st;
}

void cli_source_close(struct cli_source *source)
{
    mhsm_domain_opening_free(source->opening);
    mhsm_security_domain_free(source->domain);
}

mhsm_status cli_source_restore_blob(struct cli *cli, mhsm_result **blob,
                                    mhsm_error **err)
{
    mhsm_wrapping_certificate *exchange = NULL;
    struct cli_source source = {NULL, NULL};
    mhsm_status st;

    if ((st = cli_certificate_read("--exchange-key",
                                   cli->values[CLI_EXCHANGE_KEY], &exchange,
                                   err)) == MHSM_OK &&
        (st = cli_source_open(cli, &source, err)) == MHSM_OK)
        st = mhsm_domain_opening_restore_blob(source.opening, exchange, blob,
                                              err);
    cli_source_close(&source);
    mhsm_wrapping_certificate_free(exchange);
    return st;
}

mhsm_status cli_domain_prove(struct cli *cli,
                             const mhsm_security_domain *domain,
                             mhsm_error **err)
{
    mhsm_domain_opening *opening = NULL;
    const char *names[CLI_TAGS_MAX];
    struct cli_passwords passwords;
    mhsm_status st;

    if (cli_repeats(cli, CLI_NEW_KEY, names) == 0)
        return MHSM_OK;
    if ((st = cli_passwords_open(cli, &passwords, err)) == MHSM_OK &&
        (st = mhsm_domain_opening_new(domain, &opening, err)) == MHSM_OK &&
        (st = add_keys(cli, CLI_NEW_KEY, opening, &passwords, err)) ==
            MHSM_OK &&
        (st = cli_passwords_end(&passwords, err)) == MHSM_OK)
        st = mhsm_domain_opening_verify(opening, err);
    cli_passwords_close(&passwords);
    mhsm_domain_opening_free(opening);
    return st;
}
