/* SPDX-License-Identifier: MIT
 *
 * mhsm key backup, restore: one key and a file.  The file's octets are those
 * that the service's own tools write and read.
 */
#include <unistd.h>

#include "cli/cli.h"
#include "cli/envelope.h"
#include "cli/file.h"
#include "cli/key_text.h"

enum { BLOB_MAX = 700 * 1024 };

mhsm_status cli_key_backup(struct cli *cli, mhsm_error **err)
{
    const unsigned char *data;
    mhsm_result *blob = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t size;

    if ((st = cli_open(cli, CLI_TARGET_NAME, &uri, err)) != MHSM_OK ||
        (st = mhsm_key_backup(cli->client, uri, &blob, err)) != MHSM_OK)
        goto out;
    data = mhsm_result_data(blob, &size);
    st = cli_file_write(cli->values[CLI_OUT], 1, data, size, err);

out:
    mhsm_result_free(blob);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_key_restore(struct cli *cli, mhsm_error **err)
{
    struct mhsmi_buf blob;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    mhsmi_buf_init(&blob, BLOB_MAX);
    if ((st = cli_file_slurp(cli_input_path(cli), &blob, err)) != MHSM_OK ||
        (st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_key_restore(cli->client, uri, blob.data, blob.size, &key,
                               err)) != MHSM_OK)
        goto out;
    st = cli_print_key(cli, key, err);

out:
    mhsmi_buf_clear(&blob);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}
