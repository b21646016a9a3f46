/* SPDX-License-Identifier: MIT
 *
 * Private keys of holders: here, or where they can only be asked to decrypt.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/private_key.h"
#include "domain/wrapping.h"
#include "jose/oaep.h"

enum { file_max = 64 * 1024 };

void mhsm_wrapping_key_free(mhsm_wrapping_key *key)
{
    if (key == NULL)
        return;
    if (key->release != NULL)
        key->release(key->decrypt_context);
    mhsm_wrapping_certificate_free(key->certificate);
    EVP_PKEY_free(key->pkey);
    if (key->keeper != NULL)
        (void)OSSL_PROVIDER_unload(key->keeper);
    mhsmi_private_context_close(&key->context);
    mhsmi_free(key);
}

const mhsm_wrapping_certificate *
mhsm_wrapping_key_certificate(const mhsm_wrapping_key *key)
{
    return key->certificate;
}

int mhsm_wrapping_key_is_encrypted(const unsigned char *data, size_t size)
{
    /* The label of PKCS#8, and the header of what was before it. */
    static const char word[] = "ENCRYPTED";
    const unsigned char *at = data;
    X509_SIG *sealed;
    int ok;

    if (size > file_max)
        return 0;
    if (memmem(data, size, word, sizeof(word) - 1) != NULL)
        return 1;
    (void)ERR_set_mark();
    sealed = d2i_X509_SIG(NULL, &at, (long)size);
    ok = sealed != NULL && at == data + size;
    X509_SIG_free(sealed);
    (void)ERR_pop_to_mark();
    return ok;
}

mhsm_status mhsmi_wrapping_key_new(const mhsm_wrapping_certificate *certificate,
                                   mhsm_wrapping_key **key, mhsm_error **err)
{
    mhsm_wrapping_key *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st;

    if (made == NULL) {
        (void)mhsmi_error_memory(err);
        return MHSM_ERR_MEMORY;
    }
    st = mhsm_wrapping_certificate_decode(
        certificate->der.data, certificate->der.size, &made->certificate, err);
    if (st == MHSM_OK)
        *key = made;
    else
        mhsm_wrapping_key_free(made);
    return st;
}

static mhsm_status check_pair(const mhsm_wrapping_key *key, mhsm_error **err)
{
    EVP_PKEY *certified =
        mhsmi_wrapping_public_key(key->certificate, key->context.lib);
    int is_pair = EVP_PKEY_eq(key->pkey, certified) == 1;

    EVP_PKEY_free(certified);
    if (is_pair)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "the private key does not belong to the certificate of "
                       "%s",
                       key->certificate->subject);
}

mhsm_status
mhsm_wrapping_key_decode(const unsigned char *data, size_t size,
                         const char *password,
                         const mhsm_wrapping_certificate *certificate,
                         mhsm_wrapping_key **key, mhsm_error **err)
{
    mhsm_wrapping_key *made = NULL;
    mhsm_status st;

    if (data == NULL || size == 0 || size > file_max || certificate == NULL ||
        key == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a private key has 1 to %d octets, and a "
                           "certificate",
                           (int)file_max);
    st = mhsmi_wrapping_key_new(certificate, &made, err);
    if (st != MHSM_OK)
        return st;
    (void)ERR_set_mark();
    st = mhsmi_private_context_open(&made->context, err);
    if (st == MHSM_OK)
        st = mhsmi_private_key_decode(made->context.lib, data, size, password,
                                      &made->pkey, err);
    if (st == MHSM_OK)
        st = check_pair(made, err);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *key = made;
    else
        mhsm_wrapping_key_free(made);
    return st;
}

mhsm_status
mhsm_wrapping_key_remote(const mhsm_wrapping_certificate *certificate,
                         mhsm_wrapping_decrypt decrypt,
                         void (*release)(void *context), void *context,
                         mhsm_wrapping_key **key, mhsm_error **err)
{
    mhsm_wrapping_key *made = NULL;
    mhsm_status st;

    if (certificate == NULL || decrypt == NULL || key == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a key elsewhere needs a certificate and who "
                           "decrypts");
    st = mhsmi_wrapping_key_new(certificate, &made, err);
    if (st != MHSM_OK)
        return st;
    made->decrypt = decrypt;
    made->release = release;
    made->decrypt_context = context;
    *key = made;
    return MHSM_OK;
}

/* What an unwrapper is lent. */
struct lent {
    const mhsm_wrapping_key *key;
};

static mhsm_status unwrap_here(void *context, const unsigned char *data,
                               size_t size, struct mhsmi_secret **out,
                               mhsm_error **err)
{
    const struct lent *lent = context;
    const mhsm_wrapping_key *key = lent->key;

    return mhsmi_oaep_decrypt(key->context.lib, key->pkey, data, size, out,
                              err);
}

static mhsm_status unwrap_elsewhere(void *context, const unsigned char *data,
                                    size_t size, struct mhsmi_secret **out,
                                    mhsm_error **err)
{
    const struct lent *lent = context;
    const mhsm_wrapping_key *key = lent->key;
    /* OAEP takes no more than it gives. */
    struct mhsmi_secret *opened = mhsmi_secret_new(size);
    mhsm_status st;

    if (opened == NULL)
        return mhsmi_error_memory(err);
    st = key->decrypt(key->decrypt_context, data, size, opened->data,
                      &opened->size, err);
    if (st == MHSM_OK)
        *out = opened;
    else
        mhsmi_secret_free(opened);
    return st;
}

mhsm_status mhsmi_wrapping_key_open(const mhsm_wrapping_key *key,
                                    OSSL_LIB_CTX *lib,
                                    const struct mhsmi_jwe *jwe,
                                    struct mhsmi_secret **data,
                                    mhsm_error **err)
{
    struct lent lent = {key};
    const struct mhsmi_unwrapper unwrapper = {
        key->pkey != NULL ? unwrap_here : unwrap_elsewhere, &lent};

    return mhsmi_jwe_unwrap(jwe, lib, &unwrapper, data, err);
}
