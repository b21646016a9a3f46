/* SPDX-License-Identifier: MIT
 *
 * mhsm security-domain init-recovery, upload: what an HSM is asked that is to
 * get the security domain of another.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/domain_job.h"
#include "cli/domain_source.h"
#include "cli/file.h"
#include "cli/out.h"

static const struct cli_column columns[] = {{"Thumbprint", 0},
                                            {"Subject", CLI_COLUMN_SHRINK},
                                            {"Expires", 0},
                                            {"File", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static mhsm_status print_key(const struct cli *cli, const mhsm_result *pem,
                             mhsm_error **err)
{
    static const char *const names[COLUMNS] = {"thumbprint", "subject",
                                               "expires", "file"};
    size_t size, i;
    const unsigned char *data = mhsm_result_data(pem, &size);
    mhsm_wrapping_certificate *certificate = NULL;
    struct json_object *object = NULL;
    char expires[CLI_TIME_SIZE];
    const char *cells[COLUMNS];
    mhsm_status st =
        mhsm_wrapping_certificate_decode(data, size, &certificate, err);
    int ok = 1;

    if (st != MHSM_OK)
        return st;
    cells[0] = mhsm_wrapping_certificate_thumbprint(certificate);
    cells[1] = mhsm_wrapping_certificate_subject(certificate);
    cells[2] =
        cli_time_text(mhsm_wrapping_certificate_expires(certificate), expires);
    cells[3] = cli->values[CLI_OUT];
    if (cli->output != CLI_JSON) {
        st = cli_record(cli->output, columns, COLUMNS, cells, err);
    } else {
        object = json_object_new_object();
        for (i = 0; ok && i < COLUMNS; i++)
            ok = cells[i] == NULL ||
                 mhsmi_json_add_string(object, names[i], cells[i]);
        st = ok && object != NULL ? cli_print_object(object, err)
                                  : mhsmi_error_memory(err);
        json_object_put(object);
    }
    mhsm_wrapping_certificate_free(certificate);
    return st;
}

mhsm_status cli_domain_init_recovery(struct cli *cli, mhsm_error **err)
{
    const char *out = cli->values[CLI_OUT];
    const unsigned char *data;
    mhsm_result *pem = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t size;

    if ((st = cli_file_check_new(out, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_security_domain_exchange_key(cli->client, uri, &pem, err)) !=
            MHSM_OK)
        goto out;
    data = mhsm_result_data(pem, &size);
    st = cli_file_write(out, CLI_FILE_NEW, data, size, err);
    /* On standard output the file alone. */
    if (st == MHSM_OK && strcmp(out, "-") != 0)
        st = print_key(cli, pem, err);

out:
    mhsm_result_free(pem);
    mhsm_uri_free(uri);
    return st;
}

/* The blob as somebody made it, looked at unless that is not wanted. */
static mhsm_status read_blob(const struct cli *cli, struct mhsmi_buf *blob,
                             mhsm_error **err)
{
    const char *path = cli->values[CLI_EXCHANGE_KEY], *keys[CLI_TAGS_MAX];
    mhsm_wrapping_certificate *exchange = NULL;
    mhsm_status st;

    if (cli->operand == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "which restore blob? give its file");
    if (cli_repeats(cli, CLI_WRAPPING_KEY, keys) != 0 ||
        cli_repeats(cli, CLI_SHARE, keys) != 0 ||
        cli->values[CLI_COMBINER_KEY] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--restore-blob takes no holders' keys: they were "
                           "needed to make it");
    if ((path == NULL) == (cli->values[CLI_UNCHECKED] == NULL)) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--restore-blob: either --exchange-key, to check that "
                         "the blob is for it, or --unchecked");
        return st;
    }
    st = cli_file_slurp(cli->operand, blob, err);
    if (st != MHSM_OK || path == NULL)
        return st;
    st = cli_certificate_read("--exchange-key", path, &exchange, err);
    if (st == MHSM_OK) {
        st = mhsm_domain_restore_blob_check(blob->data, blob->size, exchange,
                                            err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "%s", cli->operand);
    }
    mhsm_wrapping_certificate_free(exchange);
    return st;
}

static mhsm_status make_blob(struct cli *cli, struct mhsmi_buf *blob,
                             mhsm_error **err)
{
    mhsm_result *made = NULL;
    const unsigned char *data;
    mhsm_status st;
    size_t size;

    if (cli->values[CLI_EXCHANGE_KEY] == NULL ||
        cli->values[CLI_UNCHECKED] != NULL) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         cli->values[CLI_UNCHECKED] != NULL
                             ? "--unchecked is for --restore-blob"
                             : "--exchange-key is missing");
        mhsmi_error_set_hint(err, "get one of the HSM that is to be restored: "
                                  "mhsm security-domain init-recovery");
        return st;
    }
    st = cli_source_restore_blob(cli, &made, err);
    if (st == MHSM_OK) {
        data = mhsm_result_data(made, &size);
        if (!mhsmi_buf_append(blob, data, size))
            st = mhsmi_error_memory(err);
    }
    mhsm_result_free(made);
    return st;
}

/* Whether it came to the HSM is open after these. */
static int is_open(mhsm_status st)
{
    return st == MHSM_ERR_TIMEOUT || st == MHSM_ERR_TRANSPORT ||
           st == MHSM_ERR_SERVICE || st == MHSM_ERR_PROTOCOL;
}

static mhsm_status send(struct cli *cli, const mhsm_uri *uri,
                        const struct mhsmi_buf *blob, mhsm_error **err)
{
    const struct cli_domain_job job = {MHSM_DOMAIN_UPLOAD, uri, NULL};
    mhsm_domain_state state = MHSM_DOMAIN_IN_PROGRESS;
    mhsm_result *details = NULL;
    mhsm_status st = mhsm_security_domain_upload(
        cli->client, uri, blob->data, blob->size, &state, &details, err);

    if (st != MHSM_OK) {
        if (is_open(st))
            mhsmi_error_set_hint(err, "it may have arrived all the same: mhsm "
                                      "security-domain status tells");
        return st;
    }
    st = state == MHSM_DOMAIN_IN_PROGRESS && cli->values[CLI_NO_WAIT] == NULL
             ? cli_domain_job_await(cli, &job, err)
             : cli_domain_job_end(cli, &job, state, details, err);
    mhsm_result_free(details);
    return st;
}

mhsm_status cli_domain_upload(struct cli *cli, mhsm_error **err)
{
    struct mhsmi_buf blob;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    mhsmi_buf_init(&blob, MHSM_DOMAIN_SIZE_MAX);
    if ((st = cli->values[CLI_RESTORE_BLOB] != NULL
                  ? read_blob(cli, &blob, err)
                  : make_blob(cli, &blob, err)) == MHSM_OK &&
        (st = cli_connect(cli, err)) == MHSM_OK &&
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) == MHSM_OK)
        st = send(cli, uri, &blob, err);
    mhsm_uri_free(uri);
    mhsmi_buf_clear(&blob);
    return st;
}
