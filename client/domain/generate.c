/* SPDX-License-Identifier: MIT
 *
 * Key pairs of holders: RSA, PKCS#8, and the certificate of each.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>

#include "base/result.h"
#include "domain/wrapping.h"

enum {
    pem_max = 64 * 1024,
    salt_size = 16,
    iterations = 600000 /* PBKDF2 with HMAC-SHA-256 */
};

static mhsm_status failed(const char *what, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_INTERNAL, "OpenSSL failed: %s", what);
}

/* PBES2; OpenSSL's own count of iterations is one of the past. */
static int write_encrypted(BIO *bio, OSSL_LIB_CTX *lib, const EVP_PKEY *pkey,
                           const char *password)
{
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(pkey);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(lib, "AES-256-CBC", NULL);
    unsigned char salt[salt_size];
    X509_SIG *sealed = NULL;
    int ok;

    if (plain != NULL && cipher != NULL &&
        RAND_bytes_ex(lib, salt, sizeof(salt), 0) == 1)
        sealed =
            PKCS8_encrypt_ex(-1, cipher, password, (int)strlen(password), salt,
                             sizeof(salt), iterations, plain, lib, NULL);
    ok = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1;
    X509_SIG_free(sealed);
    EVP_CIPHER_free(cipher);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return ok;
}

static int take(BIO *bio, struct mhsmi_buf *out)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);

    return size > 0 && mhsmi_buf_append(out, data, (size_t)size);
}

static mhsm_status write_key(OSSL_LIB_CTX *lib, const EVP_PKEY *pkey,
                             const char *password, struct mhsmi_buf *out,
                             mhsm_error **err)
{
    /* BIO_s_mem wipes what it frees. */
    BIO *bio = BIO_new(BIO_s_mem());
    int ok = bio != NULL &&
             (password != NULL
                  ? write_encrypted(bio, lib, pkey, password)
                  : PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0,
                                                  NULL, NULL) == 1) &&
             take(bio, out);

    BIO_free(bio);
    return ok ? MHSM_OK : failed("writing a private key", err);
}

static mhsm_status write_certificate(OSSL_LIB_CTX *lib, EVP_PKEY *pkey,
                                     const char *name, unsigned int days,
                                     struct mhsmi_buf *out, mhsm_error **err)
{
    X509 *x509 = mhsmi_certificate_new(lib, pkey, name, days);
    EVP_MD *digest = EVP_MD_fetch(lib, "SHA256", NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    int ok = x509 != NULL && digest != NULL && bio != NULL &&
             X509_sign(x509, pkey, digest) != 0 &&
             PEM_write_bio_X509(bio, x509) == 1 && take(bio, out);

    BIO_free(bio);
    EVP_MD_free(digest);
    X509_free(x509);
    return ok ? MHSM_OK : failed("making a certificate", err);
}

static mhsm_status generate(OSSL_LIB_CTX *lib, const char *name,
                            unsigned int bits, unsigned int days,
                            const char *password, struct mhsmi_buf *key,
                            struct mhsmi_buf *certificate, mhsm_error **err)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(lib, NULL, "RSA", (size_t)bits);
    mhsm_status st = pkey != NULL ? MHSM_OK : failed("making an RSA key", err);

    if (st == MHSM_OK)
        st = write_certificate(lib, pkey, name, days, certificate, err);
    if (st == MHSM_OK)
        st = write_key(lib, pkey, password, key, err);
    EVP_PKEY_free(pkey);
    return st;
}

static mhsm_status check(const char *name, unsigned int bits, unsigned int days,
                         const char *password, mhsm_error **err)
{
    mhsm_status st = mhsmi_certificate_check(name, days, err);

    if (st != MHSM_OK)
        return st;
    if (bits != 2048 && bits != 3072 && bits != 4096)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "RSA keys have 2048, 3072 or 4096 bits, not %u",
                           bits);
    if (password != NULL && *password == 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "the password is empty");
    return MHSM_OK;
}

mhsm_status mhsm_wrapping_key_generate(const char *name, unsigned int bits,
                                       unsigned int days, const char *password,
                                       mhsm_result **key,
                                       mhsm_result **certificate,
                                       mhsm_error **err)
{
    struct mhsmi_private_context context = {NULL, NULL};
    mhsm_result *made_key = NULL, *made_certificate = NULL;
    mhsm_status st = check(name, bits, days, password, err);

    if (st != MHSM_OK)
        return st;
    made_key = mhsmi_result_new(pem_max);
    made_certificate = mhsmi_result_new(pem_max);
    (void)ERR_set_mark();
    if (made_key == NULL || made_certificate == NULL)
        st = mhsmi_error_memory(err);
    else if ((st = mhsmi_private_context_open(&context, err)) == MHSM_OK)
        st = generate(context.lib, name, bits, days, password, &made_key->data,
                      &made_certificate->data, err);
    mhsmi_private_context_close(&context);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK) {
        *key = made_key;
        *certificate = made_certificate;
    } else {
        mhsm_result_free(made_key);
        mhsm_result_free(made_certificate);
    }
    return st;
}
