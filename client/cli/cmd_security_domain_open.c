/* SPDX-License-Identifier: MIT
 *
 * mhsm security-domain restore-blob, rewrap, share open, share combine: what
 * holders make of a file with their keys.
 */
#include <stdio.h>

#include "cli/domain_source.h"
#include "cli/file.h"
#include "cli/text.h"

enum { TEXT_MAX = 4096 };

static mhsm_status write_result(const struct cli *cli, int flags,
                                const mhsm_result *result, mhsm_error **err)
{
    size_t size;
    const unsigned char *data = mhsm_result_data(result, &size);

    return cli_file_write(cli->values[CLI_OUT], flags, data, size, err);
}

mhsm_status cli_domain_restore_blob(struct cli *cli, mhsm_error **err)
{
    mhsm_result *blob = NULL;
    mhsm_status st = cli_source_restore_blob(cli, &blob, err);

    if (st == MHSM_OK)
        st = write_result(cli, CLI_FILE_SECRET, blob, err);
    mhsm_result_free(blob);
    return st;
}

static mhsm_status rewrap(struct cli *cli, mhsm_error **err)
{
    const mhsm_wrapping_certificate *list[CLI_TAGS_MAX];
    struct cli_certificates certificates = {.count = 0};
    struct cli_source source = {NULL, NULL};
    mhsm_result *file = NULL;
    unsigned long quorum = 0;
    mhsm_status st;
    size_t i;

    if ((st = cli_file_check_free(cli->values[CLI_OUT], err)) != MHSM_OK ||
        (st = cli_parse_number("--quorum", cli->values[CLI_QUORUM],
                               MHSM_DOMAIN_QUORUM_MIN, MHSM_DOMAIN_QUORUM_MAX,
                               &quorum, err)) != MHSM_OK ||
        (st = cli_certificates_read(cli, CLI_NEW_CERT, "--new-wrapping-cert",
                                    &certificates, err)) != MHSM_OK ||
        (st = cli_source_open(cli, &source, err)) != MHSM_OK)
        goto out;
    for (i = 0; i < certificates.count; i++)
        list[i] = certificates.items[i];
    if ((st = mhsm_domain_opening_rewrap(
             source.opening, list, certificates.count, (unsigned int)quorum,
             &file, err)) == MHSM_OK)
        st = write_result(cli, CLI_FILE_SECRET | CLI_FILE_NEW, file, err);

out:
    mhsm_result_free(file);
    cli_source_close(&source);
    cli_certificates_free(&certificates);
    return st;
}

mhsm_status cli_domain_rewrap(struct cli *cli, mhsm_error **err)
{
    const char *keys[CLI_TAGS_MAX];

    if (cli->values[CLI_ONLINE] != NULL)
        return cli_domain_rewrap_online(cli, err);
    if (cli->values[CLI_WAIT] != NULL || cli->values[CLI_NO_WAIT] != NULL ||
        cli_repeats(cli, CLI_NEW_KEY, keys) != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--new-key, --wait and --no-wait are for --online");
    return rewrap(cli, err);
}

/* So that a holder can compare it with what he was told by other means. */
static mhsm_status tell_combiner(const mhsm_wrapping_certificate *combiner,
                                 mhsm_error **err)
{
    struct mhsmi_buf text;
    mhsm_status st = MHSM_OK;

    mhsmi_buf_init(&text, TEXT_MAX);
    if (!mhsmi_buf_puts(&text, "sealed for ") ||
        !cli_text_escape(&text, mhsm_wrapping_certificate_subject(combiner),
                         CLI_ESCAPE_SHOW) ||
        !mhsmi_buf_printf(&text, " (%s)\n",
                          mhsm_wrapping_certificate_thumbprint(combiner)))
        st = mhsmi_error_memory(err);
    else
        fputs(mhsmi_buf_text(&text), stderr);
    mhsmi_buf_clear(&text);
    return st;
}

static mhsm_status open_share(struct cli *cli,
                              const mhsm_security_domain *domain,
                              const mhsm_wrapping_certificate *combiner,
                              mhsm_result **share, mhsm_error **err)
{
    const char *paths[CLI_TAGS_MAX];
    mhsm_wrapping_key *key = NULL;
    struct cli_passwords passwords;
    mhsm_status st;

    if (cli_repeats(cli, CLI_WRAPPING_KEY, paths) != 1)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--key: one holder's, on the holder's machine");
    if ((st = cli_passwords_open(cli, &passwords, err)) == MHSM_OK &&
        (st = cli_wrapping_key_read(cli, paths[0], &passwords, &key, err)) ==
            MHSM_OK &&
        (st = cli_passwords_end(&passwords, err)) == MHSM_OK)
        st = mhsm_domain_share_open(domain, key, combiner, share, err);
    cli_passwords_close(&passwords);
    mhsm_wrapping_key_free(key);
    return st;
}

mhsm_status cli_share_open(struct cli *cli, mhsm_error **err)
{
    mhsm_wrapping_certificate *combiner = NULL;
    mhsm_security_domain *domain = NULL;
    mhsm_result *share = NULL;
    mhsm_status st;

    if ((st = cli_domain_read(cli, &domain, err)) != MHSM_OK ||
        (st = cli_certificate_read("--combiner", cli->values[CLI_COMBINER],
                                   &combiner, err)) != MHSM_OK ||
        (st = open_share(cli, domain, combiner, &share, err)) != MHSM_OK ||
        (st = write_result(cli, CLI_FILE_SECRET, share, err)) != MHSM_OK)
        goto out;
    st = tell_combiner(combiner, err);

out:
    mhsm_result_free(share);
    mhsm_wrapping_certificate_free(combiner);
    mhsm_security_domain_free(domain);
    return st;
}
