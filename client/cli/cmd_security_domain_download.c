/* SPDX-License-Identifier: MIT
 *
 * mhsm security-domain download.  The file is on disk before anything else is
 * asked, and nothing that fails after that takes it away again.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cli/file.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "cli/wrapping.h"

enum {
    WAIT_DEFAULT_S = 1800,
    WAIT_MAX_S = 86400,
    EXPECTED_MS = 8 * 60 * 1000, /* as seen at the service */
    SOON_S = 30 * 24 * 3600
};

static const struct cli_column columns[] = {
    {"State", 0}, {"Details", 0}, {"File", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct download {
    struct cli *cli;
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
    mhsm_status st;
    size_t i;

    if ((st = cli_file_check_free(cli->values[CLI_OUT], err)) != MHSM_OK ||
        (st = cli_parse_number("--quorum", cli->values[CLI_QUORUM],
                               MHSM_DOMAIN_QUORUM_MIN, MHSM_DOMAIN_QUORUM_MAX,
                               &download->quorum, err)) != MHSM_OK ||
        (st = cli_certificates_read(cli, CLI_NEW_CERT, "--wrapping-cert",
                                    &download->certificates, err)) != MHSM_OK)
        return st;
    for (i = 0; i < download->certificates.count; i++)
        download->list[i] = download->certificates.items[i];
    /* A name that cannot be written to is better known now. */
    if ((st = cli_file_write(cli->values[CLI_OUT],
                             CLI_FILE_SECRET | CLI_FILE_NEW, "", 0, err)) !=
        MHSM_OK)
        return st;
    (void)remove(cli->values[CLI_OUT]);
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

/* That it is what was asked for. */
static mhsm_status check(const struct download *download, mhsm_error **err)
{
    size_t size, i, j;
    const unsigned char *data = mhsm_result_data(download->file, &size);
    mhsm_security_domain *domain = NULL;
    mhsm_status st = mhsm_security_domain_decode(data, size, &domain, err);
    size_t count =
        st == MHSM_OK ? mhsm_security_domain_holder_count(domain) : 0;

    if (st == MHSM_OK &&
        (count != download->certificates.count ||
         mhsm_security_domain_quorum(domain) != download->quorum))
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the security domain has other holders or another "
                         "quorum than was asked for");
    for (i = 0; st == MHSM_OK && i < count; i++) {
        const char *thumbprint =
            mhsm_wrapping_certificate_thumbprint(download->list[i]);

        for (j = 0; j < count; j++)
            if (strcmp(mhsm_security_domain_holder_thumbprint(domain, j),
                       thumbprint) == 0)
                break;
        if (j == count)
            st = mhsmi_error(
                err, MHSM_ERR_PROTOCOL,
                "the security domain has no share for %s",
                mhsm_wrapping_certificate_subject(download->list[i]));
        else if (mhsm_security_domain_holder_damage(domain, j) != NULL)
            st =
                mhsmi_error(err, MHSM_ERR_DAMAGED, "%s",
                            mhsm_error_message(
                                mhsm_security_domain_holder_damage(domain, j)));
    }
    mhsm_security_domain_free(domain);
    return st;
}

static mhsm_status print(const struct download *download, const char *state,
                         const char *details, mhsm_error **err)
{
    static const char *const names[COLUMNS] = {"status", "statusDetails",
                                               "file"};
    const char *cells[COLUMNS] = {state, details,
                                  download->cli->values[CLI_OUT]};
    struct json_object *object;
    mhsm_status st;
    size_t i;
    int ok;

    if (download->cli->output != CLI_JSON)
        return cli_record(download->cli->output, columns, COLUMNS, cells, err);
    object = json_object_new_object();
    for (i = 0, ok = object != NULL; ok && i < COLUMNS; i++)
        ok = mhsmi_json_add_string(object, names[i], cells[i]);
    st = ok ? cli_print_object(object, err) : mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

static mhsm_status limit(const struct cli *cli, int64_t *ms, mhsm_error **err)
{
    unsigned long seconds = WAIT_DEFAULT_S;
    mhsm_status st = MHSM_OK;

    if (cli->values[CLI_WAIT] != NULL)
        st = cli_parse_number("--wait", cli->values[CLI_WAIT], 1, WAIT_MAX_S,
                              &seconds, err);
    *ms = (int64_t)seconds * 1000;
    return st;
}

static mhsm_status await(const struct download *download, mhsm_error **err)
{
    static const char *const words[] = {"InProgress", "Success", "Failed"};
    mhsm_domain_state state = MHSM_DOMAIN_IN_PROGRESS;
    enum cli_progress_next next = CLI_PROGRESS_ASK;
    mhsm_result *details = NULL;
    struct cli_progress progress;
    int64_t limit_ms;
    const char *text = "";
    mhsm_status st = limit(download->cli, &limit_ms, err);

    if (st != MHSM_OK)
        return st;
    cli_progress_begin(&progress, "activating the HSM", EXPECTED_MS, limit_ms);
    do {
        mhsm_result_free(details);
        details = NULL;
        st = mhsm_security_domain_download_state(
            download->cli->client, download->uri, &state, &details, err);
        if (st != MHSM_OK)
            break;
        text = (const char *)mhsm_result_data(details, NULL);
        if (text == NULL)
            text = "";
        if (state != MHSM_DOMAIN_IN_PROGRESS)
            break;
        cli_progress_tell(&progress, text);
        next = cli_progress_wait(&progress, 0);
    } while (next == CLI_PROGRESS_ASK);
    cli_progress_end(&progress, download->cli);
    if (st == MHSM_OK && next != CLI_PROGRESS_ASK)
        st = mhsmi_error(
            err, MHSM_ERR_TIMEOUT, "%sthe HSM is not active yet: %s",
            next == CLI_PROGRESS_LATE ? "" : "interrupted: ", text);
    if (st == MHSM_OK)
        st = print(download, words[state], text, err);
    if (st == MHSM_OK && state == MHSM_DOMAIN_FAILED)
        st = mhsmi_error(err, MHSM_ERR_SERVICE,
                         "the HSM did not take the security domain: %s", text);
    mhsm_result_free(details);
    return st;
}

mhsm_status cli_domain_download(struct cli *cli, mhsm_error **err)
{
    struct download download = {.cli = cli};
    mhsm_status st;

    if ((st = prepare(&download, err)) != MHSM_OK ||
        (st = mhsm_security_domain_download(
             cli->client, download.uri, download.list,
             download.certificates.count, (unsigned int)download.quorum,
             &download.file, err)) != MHSM_OK ||
        (st = save(&download, err)) != MHSM_OK)
        goto out;
    if ((st = check(&download, err)) == MHSM_OK)
        st = await(&download, err);
    if (st != MHSM_OK)
        mhsmi_error_set_hint(err,
                             "%s is written: keep it. mhsm doctor tells "
                             "whether the HSM is active",
                             cli->values[CLI_OUT]);

out:
    mhsm_result_free(download.file);
    mhsm_uri_free(download.uri);
    cli_certificates_free(&download.certificates);
    return st;
}
