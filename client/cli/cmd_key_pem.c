/* SPDX-License-Identifier: MIT
 *
 * mhsm key pem: a key reference, for programs that know keys only as files.
 */
#include <string.h>

#include <openssl/pem.h>

#include "cli/file.h"
#include "cli/keyref.h"

static mhsm_status to_pem(const unsigned char *der, size_t size,
                          struct mhsmi_buf *out, mhsm_error **err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    mhsm_status st = MHSM_OK;
    char *text = NULL;
    long length;

    if (bio == NULL ||
        PEM_write_bio(bio, MHSM_REFERENCE_LABEL, "", der, (long)size) <= 0) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    length = BIO_get_mem_data(bio, &text);
    if (length <= 0 || !mhsmi_buf_append(out, text, (size_t)length))
        st = mhsmi_error_memory(err);

out:
    BIO_free(bio);
    return st;
}

/* *key becomes the same key for PSS alone. */
static mhsm_status restrict_to_pss(const char *digest, mhsm_key **key,
                                   mhsm_error **err)
{
    mhsm_key *restricted = NULL;
    mhsm_status st;

    if (digest == NULL)
        return MHSM_OK;
    st = mhsm_key_restrict_pss(*key, strcmp(digest, "any") == 0 ? "" : digest,
                               &restricted, err);
    if (st != MHSM_OK)
        return st;
    mhsm_key_free(*key);
    *key = restricted;
    return MHSM_OK;
}

mhsm_status cli_key_pem(struct cli *cli, mhsm_error **err)
{
    unsigned char *der = NULL;
    struct mhsmi_buf out;
    mhsm_key *key = NULL;
    mhsm_status st;
    size_t size;

    /* Base64 and line ends. */
    mhsmi_buf_init(&out, 2 * (size_t)MHSM_REFERENCE_MAX);
    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_get_key(cli, NULL, &key, err)) != MHSM_OK ||
        (st = restrict_to_pss(cli->values[CLI_PSS], &key, err)) != MHSM_OK ||
        (st = mhsm_reference_encode(key, &der, &size, err)) != MHSM_OK ||
        (st = to_pem(der, size, &out, err)) != MHSM_OK)
        goto out;
    st = cli_file_write(cli->values[CLI_OUT], 0, out.data, out.size, err);

out:
    mhsm_reference_free(der);
    mhsm_key_free(key);
    mhsmi_buf_clear(&out);
    return st;
}
