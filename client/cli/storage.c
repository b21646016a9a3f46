/* SPDX-License-Identifier: MIT
 *
 * Reading a SAS token.  White space around it is what editors and shells add.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "cli/file.h"
#include "cli/out.h"
#include "cli/storage.h"

/* Nearly a day: what was made for one a moment ago will do. */
enum { SAS_MAX = 8192, ENOUGH_S = 23 * 3600 };

static const struct {
    enum cli_option_id id;
    const char *name;
} ways[] = {
    {CLI_SAS_FILE, "--sas-file"},
    {CLI_SAS_FD, "--sas-fd"},
    {CLI_SAS_ENV, "--sas-env"},
    {CLI_MANAGED_IDENTITY, "--use-managed-identity"},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* The one that is given, WAYS when none is. */
static mhsm_status find_way(const struct cli *cli, size_t *way,
                            mhsm_error **err)
{
    size_t i, found = WAYS;

    for (i = 0; i < WAYS; i++) {
        if (cli->values[ways[i].id] == NULL)
            continue;
        if (found != WAYS)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s and %s: give one",
                               ways[found].name, ways[i].name);
        found = i;
    }
    *way = found;
    return MHSM_OK;
}

static mhsm_status read_sas(const struct cli *cli, size_t way,
                            struct mhsmi_buf *out, mhsm_error **err)
{
    const char *value = cli->values[ways[way].id], *text;

    if (ways[way].id == CLI_SAS_FILE)
        return cli_file_slurp(value, out, err);
    if (ways[way].id == CLI_SAS_FD)
        return cli_descriptor_slurp(ways[way].name, value, out, err);
    text = mhsmi_config_variable(value);
    if (text == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--sas-env: there is no variable %.80s", value);
    return mhsmi_buf_puts(out, text)
               ? MHSM_OK
               : mhsmi_error(err, MHSM_ERR_ARGUMENT,
                             "--sas-env: %.80s has more than %d octets", value,
                             (int)SAS_MAX);
}

static mhsm_status trim(size_t way, struct mhsmi_buf *sas, mhsm_error **err)
{
    static const char space[] = " \t\r\n";

    while (sas->size != 0 && strchr(space, sas->data[sas->size - 1]) != NULL)
        sas->data[--sas->size] = '\0';
    if (sas->size == 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s gives no SAS token",
                           ways[way].name);
    if (memchr(sas->data, 0, sas->size) != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%s gives something else than a SAS token",
                           ways[way].name);
    return MHSM_OK;
}

/* Jobs may take hours, and the service asks for a day. */
static void warn(int64_t expires)
{
    char text[CLI_TIME_SIZE];

    if (expires != 0 && expires < (int64_t)time(NULL) + ENOUGH_S)
        fprintf(stderr,
                "mhsm: warning: the SAS token ends at %s; the service asks for "
                "one that holds for a day\n",
                cli_time_text(expires, text));
}

mhsm_status cli_storage_open(const struct cli *cli, int of_hsm,
                             struct cli_storage *storage, mhsm_error **err)
{
    int64_t expires = 0;
    size_t way = WAYS;
    mhsm_status st;

    memset(storage, 0, sizeof(*storage));
    mhsmi_buf_init(&storage->sas, SAS_MAX);
    storage->storage.container = cli->values[CLI_CONTAINER];
    st = find_way(cli, &way, err);
    if (st != MHSM_OK)
        return st;
    if (way == WAYS && of_hsm) {
        (void)mhsmi_error(err, MHSM_ERR_ARGUMENT,
                          "by what right does the HSM use the container?");
        mhsmi_error_set_hint(err, "give --sas-file, --sas-env or "
                                  "--use-managed-identity");
        return MHSM_ERR_ARGUMENT;
    }
    if (way != WAYS && ways[way].id != CLI_MANAGED_IDENTITY) {
        st = read_sas(cli, way, &storage->sas, err);
        if (st == MHSM_OK)
            st = trim(way, &storage->sas, err);
        storage->storage.sas = mhsmi_buf_text(&storage->sas);
    }
    if (st == MHSM_OK)
        st = mhsm_storage_check(cli->client, &storage->storage, &expires, err);
    if (st == MHSM_OK && of_hsm)
        warn(expires);
    return st;
}

void cli_storage_close(struct cli_storage *storage)
{
    mhsmi_buf_clear(&storage->sas);
}
