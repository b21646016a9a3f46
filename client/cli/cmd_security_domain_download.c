/* SPDX-License-Identifier: MIT
 *
 * mhsm security-domain download, rewrap --online.  The file is on disk before
 * anything else is asked, and nothing that fails after that takes it away
 * again.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/domain_job.h"
#include "cli/domain_source.h"
#include "cli/file.h"
#include "cli/out.h"
#include "cli/text.h"

enum { SOON_S = 30 * 24 * 3600 };

struct download {
    struct cli *cli;
    const char *option; /* of the certificates */
    struct cli_certificates certificates;
    const mhsm_wrapping_certificate *list[CLI_TAGS_MAX];
    unsigned long quorum;
    mhsm_uri *uri;
    mhsm_result *file;
};

/* The HSM takes them all the same; people may want to know. */
static void warn_of_expiry(const struct download *download)
{
    int64_t now = (int64_t)time(NULL);
    size_t i;

    for (i = 0; i < download->certificates.count; i++) {
        const mhsm_wrapping_certificate *one = download->list[i];
        int64_t expires = mhsm_wrapping_certificate_expires(one);
        char text[CLI_TIME_SIZE];

        if (expires == 0 || expires - now > SOON_S)
            continue;
        fputs("mhsm: warning: the certificate of ", stderr);
        cli_text_print(stderr, mhsm_wrapping_certificate_subject(one));
        fprintf(stderr, " %s %s\n", expires <= now ? "expired" : "expires",
                cli_time_text(expires, text));
    }
}

static mhsm_status prepare(struct download *download, mhsm_error **err)
{
    struct cli *cli = download->cli;
    mhsm_result *body = NULL;
    mhsm_status st;
    size_t i;

    if ((st = cli_file_check_free(cli->values[CLI_OUT], err)) != MHSM_OK ||
        (st = cli_parse_number("--quorum", cli->values[CLI_QUORUM],
                               MHSM_DOMAIN_QUORUM_MIN, MHSM_DOMAIN_QUORUM_MAX,
                               &download->quorum, err)) != MHSM_OK ||
        (st = cli_certificates_read(cli, CLI_NEW_CERT, download->option,
                                    &download->certificates, err)) != MHSM_OK)
        return st;
    for (i = 0; i < download->certificates.count; i++)
        download->list[i] = download->certificates.items[i];
    /* What the HSM will be asked is checked before a file is tried. */
    st = mhsm_domain_download_request(
        download->list, download->certificates.count,
        (unsigned int)download->quorum, &body, err);
    mhsm_result_free(body);
    if (st != MHSM_OK ||
        (st = cli_file_check_new(cli->values[CLI_OUT], err)) != MHSM_OK)
        return st;
    warn_of_expiry(download);
    if ((st = cli_connect(cli, err)) == MHSM_OK)
        st = cli_target(cli, CLI_TARGET_HSM, &download->uri, err);
    return st;
}

/* What cannot be saved is printed: it is not given twice. */
static mhsm_status save(const struct download *download, mhsm_error **err)
{
    size_t size;
    const unsigned char *data = mhsm_result_data(download->file, &size);
    mhsm_status st =
        cli_file_write(download->cli->values[CLI_OUT],
                       CLI_FILE_SECRET | CLI_FILE_NEW, data, size, err);

    if (st == MHSM_OK)
        return MHSM_OK;
    if (cli_file_write(NULL, 0, data, size, NULL) == MHSM_OK)
        mhsmi_error_set_hint(err, "the security domain is on standard output "
                                  "instead: keep it");
    return st;
}

/* That there is a share for the certificate, and a whole one. */
static mhsm_status check_holder(const mhsm_security_domain *domain,
                                const mhsm_wrapping_certificate *certificate,
                                mhsm_error **err)
{
    const char *thumbprint = mhsm_wrapping_certificate_thumbprint(certificate);
    size_t count = mhsm_security_domain_holder_count(domain), i;
    const mhsm_error *damage;

    for (i = 0; i < count; i++)
        if (strcmp(mhsm_security_domain_holder_thumbprint(domain, i),
                   thumbprint) == 0)
            break;
    if (i == count)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the security domain has no share for %s",
                           mhsm_wrapping_certificate_subject(certificate));
    damage = mhsm_security_domain_holder_damage(domain, i);
    return damage == NULL ? MHSM_OK
                          : mhsmi_error(err, MHSM_ERR_DAMAGED, "%s",
                                        mhsm_error_message(damage));
}

/* That it is what was asked for; *domain is to be freed in any case. */
static mhsm_status check(const struct download *download,
                         mhsm_security_domain **domain, mhsm_error **err)
{
    size_t size, i, count = download->certificates.count;
    const unsigned char *data = mhsm_result_data(download->file, &size);
    mhsm_status st = mhsm_security_domain_decode(data, size, domain, err);

    if (st == MHSM_OK &&
        (mhsm_security_domain_holder_count(*domain) != count ||
         mhsm_security_domain_quorum(*domain) != download->quorum))
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the security domain has other holders or another "
                         "quorum than was asked for");
    for (i = 0; st == MHSM_OK && i < count; i++)
        st = check_holder(*domain, download->list[i], err);
    return st;
}

static mhsm_status await(const struct download *download, mhsm_error **err)
{
    const struct cli_domain_job job = {MHSM_DOMAIN_DOWNLOAD, download->uri,
                                       download->cli->values[CLI_OUT]};

    return download->cli->values[CLI_NO_WAIT] != NULL
               ? cli_domain_job_end(download->cli, &job,
                                    MHSM_DOMAIN_IN_PROGRESS, NULL, err)
               : cli_domain_job_await(download->cli, &job, err);
}

/* The new holders, if they are here, prove that it opens. */
static mhsm_status finish(const struct download *download, mhsm_error **err)
{
    mhsm_security_domain *domain = NULL;
    mhsm_status st = check(download, &domain, err), opened;
    mhsm_error *damage = NULL;

    opened = st == MHSM_OK ? cli_domain_prove(download->cli, domain, &damage)
                           : MHSM_OK;
    /* The HSM works meanwhile, whatever was found. */
    if (st == MHSM_OK)
        st = await(download, err);
    if (opened != MHSM_OK && st == MHSM_OK) {
        st = opened;
        if (err != NULL) {
            *err = damage;
            damage = NULL;
        }
    }
    mhsm_error_free(&damage);
    mhsm_security_domain_free(domain);
    if (st != MHSM_OK)
        mhsmi_error_set_hint(err,
                             "%s is written: keep it. mhsm security-domain "
                             "wait --operation download tells whether the HSM "
                             "is active",
                             download->cli->values[CLI_OUT]);
    return st;
}

static mhsm_status run(struct download *download, mhsm_error **err)
{
    mhsm_status st;

    if ((st = prepare(download, err)) == MHSM_OK &&
        (st = mhsm_security_domain_download(
             download->cli->client, download->uri, download->list,
             download->certificates.count, (unsigned int)download->quorum,
             &download->file, err)) == MHSM_OK &&
        (st = save(download, err)) == MHSM_OK)
        st = finish(download, err);
    mhsm_result_free(download->file);
    mhsm_uri_free(download->uri);
    cli_certificates_free(&download->certificates);
    return st;
}

mhsm_status cli_domain_download(struct cli *cli, mhsm_error **err)
{
    struct download download = {.cli = cli, .option = "--wrapping-cert"};

    return run(&download, err);
}

mhsm_status cli_domain_rewrap_online(struct cli *cli, mhsm_error **err)
{
    struct download download = {.cli = cli, .option = "--new-wrapping-cert"};
    mhsm_security_domain *old = NULL;
    const char *keys[CLI_TAGS_MAX];
    mhsm_status st;

    if (cli_repeats(cli, CLI_WRAPPING_KEY, keys) != 0 ||
        cli_repeats(cli, CLI_SHARE, keys) != 0 ||
        cli->values[CLI_COMBINER_KEY] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--online needs no keys of the old holders: the HSM "
                           "shares the domain out anew");
    st = cli_domain_read(cli, &old, err);
    mhsm_security_domain_free(old);
    return st == MHSM_OK ? run(&download, err) : st;
}
