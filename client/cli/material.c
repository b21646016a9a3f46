/* SPDX-License-Identifier: MIT
 *
 * Reading a private key: the file and its password are wiped when they have
 * been used.
 */
#include <string.h>

#include "base/buf.h"
#include "base/config.h"
#include "cli/envelope.h"
#include "cli/file.h"
#include "cli/material.h"

enum { FILE_MAX = 64 * 1024, PASSWORD_MAX = 1024 };

/* What a password is for: all but a JWK, as the library tells them apart. */
static int may_be_encrypted(const struct mhsmi_buf *file)
{
    const char *text = mhsmi_buf_text(file);

    return file->size != 0 && text[strspn(text, " \t\r\n")] != '{';
}

mhsm_status cli_material_read(const struct cli *cli, mhsm_material **material,
                              mhsm_error **err)
{
    const char *format = cli->values[CLI_IN_FORMAT];
    const char *reference = cli->values[CLI_PASSWORD];
    const char *path = cli_input_path(cli);
    int is_raw = format != NULL && strcmp(format, "raw") == 0;
    struct mhsmi_buf file, password;
    mhsm_status st = MHSM_OK;

    if (is_raw && reference != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--password is for private keys in PEM or DER");
    mhsmi_buf_init(&file, FILE_MAX);
    mhsmi_buf_init(&password, PASSWORD_MAX);
    if (reference != NULL)
        st = mhsmi_secret_read("--password", reference, &password, err);
    if (st == MHSM_OK)
        st = cli_file_slurp(path, &file, err);
    if (st != MHSM_OK)
        goto out;
    if (file.size == 0)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no private key");
    else
        st = is_raw
                 ? mhsm_material_symmetric(file.data, file.size, material, err)
                 : mhsm_material_decode(
                       file.data, file.size,
                       reference != NULL ? mhsmi_buf_text(&password) : NULL,
                       material, err);
    if (st != MHSM_OK) {
        mhsmi_error_prefix(
            err, "%s",
            path != NULL && strcmp(path, "-") != 0 ? path : "standard input");
        if (reference == NULL && st == MHSM_ERR_ARGUMENT && !is_raw &&
            may_be_encrypted(&file))
            mhsmi_error_set_hint(err, "give --password file:PATH or env:NAME");
    }

out:
    mhsmi_buf_clear(&file);
    mhsmi_buf_clear(&password);
    return st;
}
