/* SPDX-License-Identifier: MIT
 *
 * mhsm key download: the public key in the form that everything else reads.
 */
#include <string.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/keyref.h"
#include "cli/local.h"

enum { KEY_MAX = 16384 };

mhsm_status cli_key_download(struct cli *cli, mhsm_error **err)
{
    const char *encoding = cli->values[CLI_ENCODING];
    int is_pem = encoding == NULL || strcmp(encoding, "PEM") == 0;
    struct mhsmi_buf out;
    mhsm_key *key = NULL;
    mhsm_status st;

    if (!is_pem && cli->values[CLI_OUT] == NULL && isatty(STDOUT_FILENO))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "DER would garble the terminal: give --out FILE");
    mhsmi_buf_init(&out, KEY_MAX);
    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_get_key(cli, NULL, &key, err)) != MHSM_OK ||
        (st = cli_local_public_key(key, is_pem, &out, err)) != MHSM_OK)
        goto out;
    st = cli_file_write(cli->values[CLI_OUT], 0, out.data, out.size, err);

out:
    mhsm_key_free(key);
    mhsmi_buf_clear(&out);
    return st;
}
