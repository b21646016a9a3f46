/* SPDX-License-Identifier: MIT
 *
 * Reading private keys by OpenSSL's decoders.  No message shows anything of a
 * key.
 */
#include "base/private_key.h"

#include <string.h>

#include <openssl/decoder.h>

/* A password that OpenSSL asks for is the one given, or none. */
struct password {
    const char *text;
    int asked;
};

static int give_password(char *buffer, int size, int writing, void *context)
{
    struct password *password = context;
    size_t length = password->text != NULL ? strlen(password->text) : 0;

    (void)writing;
    password->asked = 1;
    if (length == 0 || size < 0 || length > (size_t)size)
        return -1;
    memcpy(buffer, password->text, length);
    return (int)length;
}

static mhsm_status explain(const struct password *password, mhsm_error **err)
{
    if (password->asked && password->text == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the private key is encrypted: it needs a "
                           "password");
    if (password->asked)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the password does not open the private key");
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "there is no private key in PEM or DER");
}

mhsm_status mhsmi_private_key_decode(OSSL_LIB_CTX *lib,
                                     const unsigned char *data, size_t size,
                                     const char *password, EVP_PKEY **pkey,
                                     mhsm_error **err)
{
    struct password given = {password, 0};
    EVP_PKEY *found = NULL;
    OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(
        &found, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, lib, NULL);
    mhsm_status st;

    if (decoder == NULL || OSSL_DECODER_CTX_set_pem_password_cb(
                               decoder, give_password, &given) != 1)
        st = mhsmi_error_memory(err);
    else if (OSSL_DECODER_from_data(decoder, &data, &size) != 1 ||
             found == NULL)
        st = explain(&given, err);
    else
        st = MHSM_OK;
    OSSL_DECODER_CTX_free(decoder);
    if (st == MHSM_OK)
        *pkey = found;
    else
        EVP_PKEY_free(found);
    return st;
}
