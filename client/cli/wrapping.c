/* SPDX-License-Identifier: MIT
 *
 * Certificates and keys of holders, read.  Files with private keys are wiped
 * from memory as soon as they were decoded.
 */
#include "cli/wrapping.h"

#include <string.h>

#include "cli/file.h"
#include "cli/wrapping_remote.h"

enum { FILE_SIZE_MAX = 64 * 1024 };

mhsm_status cli_certificate_read(const char *option, const char *path,
                                 mhsm_wrapping_certificate **certificate,
                                 mhsm_error **err)
{
    struct mhsmi_buf pem;
    mhsm_status st;

    mhsmi_buf_init(&pem, FILE_SIZE_MAX);
    st = cli_file_slurp(path, &pem, err);
    if (st == MHSM_OK) {
        st = mhsm_wrapping_certificate_decode(pem.data, pem.size, certificate,
                                              err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "%s %s", option, path);
    }
    mhsmi_buf_clear(&pem);
    return st;
}

/* PATH with `ending` in place of what follows the last dot of its last part;
 * the caller frees. */
static char *beside(const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');
    size_t size = dot != NULL ? (size_t)(dot - path) : strlen(path);

    return mhsmi_asprintf("%.*s%s", (int)size, path, ending);
}

static mhsm_status read_beside(const char *path,
                               mhsm_wrapping_certificate **certificate,
                               mhsm_error **err)
{
    static const char *const endings[] = {".cer", ".crt"};
    mhsm_status st = MHSM_ERR_IO;
    size_t i;

    for (i = 0; st == MHSM_ERR_IO && i < 2; i++) {
        char *name = beside(path, endings[i]);

        mhsm_error_free(err);
        if (name == NULL)
            return mhsmi_error_memory(err);
        st = cli_certificate_read("--key: the certificate", name, certificate,
                                  err);
        mhsmi_free(name);
    }
    if (st == MHSM_ERR_IO) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--key %s: its certificate is missing", path);
        mhsmi_error_set_hint(err, "put it beside the key, under the same name "
                                  "with .cer in place of what follows the "
                                  "last dot, or into the same file");
    }
    return st;
}

static mhsm_status find_certificate(const char *path,
                                    const struct mhsmi_buf *file,
                                    mhsm_wrapping_certificate **certificate,
                                    mhsm_error **err)
{
    static const char mark[] = "-----BEGIN CERTIFICATE-----";
    mhsm_status st;

    if (file->size == 0 ||
        memmem(file->data, file->size, mark, sizeof(mark) - 1) == NULL)
        return read_beside(path, certificate, err);
    st = mhsm_wrapping_certificate_decode(file->data, file->size, certificate,
                                          err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "--key %s", path);
    return st;
}

static mhsm_status read_key(const char *path, struct cli_passwords *passwords,
                            mhsm_wrapping_key **key, mhsm_error **err)
{
    mhsm_wrapping_certificate *certificate = NULL;
    struct mhsmi_buf file, password;
    int is_encrypted = 0;
    mhsm_status st;

    mhsmi_buf_init(&file, FILE_SIZE_MAX);
    mhsmi_buf_init(&password, CLI_PASSWORD_MAX);
    if ((st = cli_file_slurp(path, &file, err)) != MHSM_OK ||
        (st = find_certificate(path, &file, &certificate, err)) != MHSM_OK)
        goto out;
    is_encrypted = mhsm_wrapping_key_is_encrypted(file.data, file.size);
    if (is_encrypted)
        st = cli_passwords_next(passwords, path, 0, &password, err);
    if (st == MHSM_OK) {
        st = mhsm_wrapping_key_decode(file.data, file.size,
                                      is_encrypted ? mhsmi_buf_text(&password)
                                                   : NULL,
                                      certificate, key, err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "--key %s", path);
    }

out:
    mhsm_wrapping_certificate_free(certificate);
    mhsmi_buf_clear(&password);
    mhsmi_buf_clear(&file);
    return st;
}

mhsm_status cli_wrapping_key_read(struct cli *cli, const char *name,
                                  struct cli_passwords *passwords,
                                  mhsm_wrapping_key **key, mhsm_error **err)
{
    return cli_is_key_uri(name)
               ? cli_wrapping_key_remote(cli, name, passwords, key, err)
               : read_key(name, passwords, key, err);
}

mhsm_status cli_certificates_read(const struct cli *cli, enum cli_option_id id,
                                  const char *option,
                                  struct cli_certificates *certificates,
                                  mhsm_error **err)
{
    const char *paths[CLI_TAGS_MAX];
    size_t count = cli_repeats(cli, id, paths);
    mhsm_status st = MHSM_OK;

    memset(certificates, 0, sizeof(*certificates));
    while (st == MHSM_OK && certificates->count < count) {
        size_t i = certificates->count;

        st = cli_certificate_read(option, paths[i], &certificates->items[i],
                                  err);
        if (st == MHSM_OK)
            certificates->count++;
    }
    return st;
}

void cli_certificates_free(struct cli_certificates *certificates)
{
    while (certificates->count > 0)
        mhsm_wrapping_certificate_free(
            certificates->items[--certificates->count]);
}

const mhsm_wrapping_certificate *
cli_certificates_find(const struct cli_certificates *certificates,
                      const char *thumbprint)
{
    size_t i;

    for (i = 0; i < certificates->count; i++)
        if (strcmp(mhsm_wrapping_certificate_thumbprint(certificates->items[i]),
                   thumbprint) == 0)
            return certificates->items[i];
    return NULL;
}
