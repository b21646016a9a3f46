/* SPDX-License-Identifier: MIT
 *
 * Reading for the security domain.  Files with private keys are wiped from
 * memory as soon as they were decoded.
 */
#include "cli/wrapping.h"

#include <string.h>

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

mhsm_status cli_wrapping_key_read(const char *path,
                                  struct cli_passwords *passwords,
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

static mhsm_status add_shares(const struct cli *cli,
                              mhsm_domain_opening *opening,
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
    st = cli_wrapping_key_read(combiner, passwords, &key, err);
    for (i = 0; st == MHSM_OK && i < count; i++)
        st = add_share(opening, paths[i], key, err);
    mhsm_wrapping_key_free(key);
    return st;
}

static mhsm_status add_key(mhsm_domain_opening *opening, const char *path,
                           struct cli_passwords *passwords, mhsm_error **err)
{
    mhsm_wrapping_key *key = NULL;
    mhsm_status st = cli_wrapping_key_read(path, passwords, &key, err);

    if (st == MHSM_OK)
        st = mhsm_domain_opening_add_key(opening, key, err);
    mhsm_wrapping_key_free(key);
    return st;
}

mhsm_status cli_opening_fill(const struct cli *cli,
                             mhsm_domain_opening *opening, mhsm_error **err)
{
    const char *paths[CLI_TAGS_MAX];
    size_t count = cli_repeats(cli, CLI_WRAPPING_KEY, paths), i;
    struct cli_passwords passwords;
    mhsm_status st = cli_passwords_open(cli, &passwords, err);

    for (i = 0; st == MHSM_OK && i < count; i++)
        st = add_key(opening, paths[i], &passwords, err);
    if (st == MHSM_OK)
        st = add_shares(cli, opening, &passwords, err);
    if (st == MHSM_OK)
        st = cli_passwords_end(&passwords, err);
    cli_passwords_close(&passwords);
    return st;
}
