/* SPDX-License-Identifier: MIT
 *
 * RSA-OAEP-256 by OpenSSL.
 */
#include "jose/oaep.h"

#include <openssl/rsa.h>

enum { block_max = 2048 }; /* RSA of 16384 bits, OpenSSL's largest */

static int set_padding(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA256", NULL) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA256", NULL) == 1;
}

mhsm_status mhsmi_oaep_encrypt(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                               const unsigned char *data, size_t size,
                               struct mhsmi_buf *out, mhsm_error **err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    unsigned char sealed[block_max];
    size_t sealed_size = sizeof(sealed);
    mhsm_status st = MHSM_OK;

    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 || !set_padding(ctx) ||
        EVP_PKEY_encrypt(ctx, sealed, &sealed_size, data, size) != 1)
        st = mhsmi_error(err, MHSM_ERR_INTERNAL,
                         "OpenSSL cannot encrypt with RSA-OAEP-256");
    else if (!mhsmi_buf_append(out, sealed, sealed_size))
        st = mhsmi_error_memory(err);
    EVP_PKEY_CTX_free(ctx);
    return st;
}

mhsm_status mhsmi_oaep_decrypt(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                               const unsigned char *data, size_t size,
                               struct mhsmi_secret **out, mhsm_error **err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    struct mhsmi_secret *opened = mhsmi_secret_new(block_max);
    mhsm_status st = MHSM_OK;

    if (opened == NULL)
        st = mhsmi_error_memory(err);
    else if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) != 1 ||
             !set_padding(ctx))
        st = mhsmi_error(err, MHSM_ERR_INTERNAL,
                         "OpenSSL cannot decrypt with RSA-OAEP-256");
    else if (EVP_PKEY_decrypt(ctx, opened->data, &opened->size, data, size) !=
             1)
        st = mhsmi_error(err, MHSM_ERR_DAMAGED,
                         "the private key does not open it");
    EVP_PKEY_CTX_free(ctx);
    if (st == MHSM_OK)
        *out = opened;
    else
        mhsmi_secret_free(opened);
    return st;
}
