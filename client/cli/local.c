/* SPDX-License-Identifier: MIT
 *
 * Digests and random octets of this machine.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "cli/file.h"
#include "cli/local_key.h"

static OSSL_LIB_CTX *context;

OSSL_LIB_CTX *cli_local_context(void)
{
    if (context == NULL)
        context = OSSL_LIB_CTX_new();
    return context;
}

void cli_local_end(void)
{
    OSSL_LIB_CTX_free(context);
    context = NULL;
}

/* OpenSSL's own words for a failure that should not be. */
mhsm_status cli_local_failed(const char *what, mhsm_error **err)
{
    char text[256];
    unsigned long code = ERR_peek_last_error();

    ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return mhsmi_error(err, MHSM_ERR_INTERNAL, "%s failed in OpenSSL: %s", what,
                       code != 0 ? text : "it does not say why");
}

mhsm_status cli_local_random(void *data, size_t size, mhsm_error **err)
{
    if (cli_local_context() == NULL ||
        RAND_bytes_ex(context, data, size, 0) != 1)
        return cli_local_failed("the random generator", err);
    return MHSM_OK;
}

mhsm_status cli_local_hash_file(EVP_MD_CTX *hash, const char *path,
                                mhsm_error **err)
{
    unsigned char block[65536];
    size_t got = 1;
    int fd = -1;
    mhsm_status st = cli_file_open(path, &fd, err);

    while (st == MHSM_OK && got > 0) {
        st = cli_file_read(fd, path, block, sizeof(block), &got, err);
        if (st == MHSM_OK && EVP_DigestUpdate(hash, block, got) != 1)
            st = cli_local_failed("hashing", err);
    }
    OPENSSL_cleanse(block, sizeof(block));
    cli_file_close(fd);
    return st;
}

mhsm_status cli_local_digest(const char *md, const char *path,
                             struct mhsmi_buf *digest, mhsm_error **err)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_MD *method = NULL;
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    mhsm_status st;

    if (cli_local_context() != NULL)
        method = EVP_MD_fetch(context, md, NULL);
    if (hash == NULL || method == NULL ||
        EVP_DigestInit_ex2(hash, method, NULL) != 1) {
        st = cli_local_failed(md, err);
        goto out;
    }
    st = cli_local_hash_file(hash, path, err);
    if (st != MHSM_OK)
        goto out;
    if (EVP_DigestFinal_ex(hash, value, &size) != 1)
        st = cli_local_failed("hashing", err);
    else if (!mhsmi_buf_append(digest, value, size))
        st = mhsmi_error_memory(err);

out:
    EVP_MD_free(method);
    EVP_MD_CTX_free(hash);
    return st;
}
