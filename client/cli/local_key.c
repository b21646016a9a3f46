/* SPDX-License-Identifier: MIT
 *
 * A key's public part as an EVP_PKEY of the private context, and as a file
 * that openssl reads.  There is no private part to get wrong.
 */
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "cli/local_key.h"

EVP_PKEY *cli_local_key(const mhsm_key *key)
{
    mhsm_result *der = NULL;
    EVP_PKEY *pkey = NULL;
    const unsigned char *at;
    size_t size;

    if (cli_local_context() == NULL ||
        mhsm_key_spki(key, &der, NULL) != MHSM_OK)
        return NULL;
    at = mhsm_result_data(der, &size);
    pkey = d2i_PUBKEY_ex(NULL, &at, (long)size, cli_local_context(), NULL);
    mhsm_result_free(der);
    return pkey;
}

mhsm_status cli_local_public_key(const mhsm_key *key, int is_pem,
                                 struct mhsmi_buf *out, mhsm_error **err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    mhsm_result *spki = NULL;
    const unsigned char *der;
    char *data = NULL;
    mhsm_status st;
    size_t size;
    long length;

    st = mhsm_key_spki(key, &spki, err);
    if (st != MHSM_OK)
        goto out;
    der = mhsm_result_data(spki, &size);
    if (bio == NULL ||
        (is_pem ? PEM_write_bio(bio, PEM_STRING_PUBLIC, "", der, (long)size)
                : BIO_write(bio, der, (int)size)) <= 0) {
        st = cli_local_failed("encoding the public key", err);
        goto out;
    }
    length = BIO_get_mem_data(bio, &data);
    if (length <= 0 || !mhsmi_buf_append(out, data, (size_t)length))
        st = mhsmi_error_memory(err);

out:
    mhsm_result_free(spki);
    BIO_free(bio);
    return st;
}
