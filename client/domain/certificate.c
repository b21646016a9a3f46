/* SPDX-License-Identifier: MIT
 *
 * Certificates: what is kept is the DER and what others read from it.
 */
#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/base64url.h"
#include "domain/wrapping.h"

enum { file_max = 64 * 1024, bits_min = 2048, number_max = 2048 };

void mhsm_wrapping_certificate_free(mhsm_wrapping_certificate *certificate)
{
    if (certificate == NULL)
        return;
    mhsmi_buf_clear(&certificate->der);
    mhsmi_buf_clear(&certificate->n);
    mhsmi_buf_clear(&certificate->e);
    mhsmi_free(certificate->thumbprint);
    mhsmi_free(certificate->subject);
    mhsmi_free(certificate);
}

const char *mhsm_wrapping_certificate_thumbprint(
    const mhsm_wrapping_certificate *certificate)
{
    return certificate->thumbprint;
}

const char *
mhsm_wrapping_certificate_subject(const mhsm_wrapping_certificate *certificate)
{
    return certificate->subject;
}

unsigned int
mhsm_wrapping_certificate_bits(const mhsm_wrapping_certificate *certificate)
{
    return certificate->bits;
}

int64_t
mhsm_wrapping_certificate_expires(const mhsm_wrapping_certificate *certificate)
{
    return certificate->expires;
}

/* PEM with whatever around it, or DER. */
static X509 *read_file(OSSL_LIB_CTX *lib, const unsigned char *data,
                       size_t size)
{
    X509 *x509 = X509_new_ex(lib, NULL), *found = x509;
    BIO *bio = BIO_new_mem_buf(data, (int)size);

    if (x509 == NULL || bio == NULL ||
        (PEM_read_bio_X509(bio, &x509, NULL, NULL) == NULL &&
         (BIO_reset(bio) != 1 || d2i_X509_bio(bio, &x509) == NULL)))
        found = NULL;
    BIO_free(bio);
    if (found == NULL)
        X509_free(x509);
    return found;
}

static int take_der(mhsm_wrapping_certificate *made, const X509 *x509)
{
    unsigned char *der = NULL;
    int size = i2d_X509(x509, &der);
    int ok = size > 0 && mhsmi_buf_append(&made->der, der, (size_t)size);

    OPENSSL_free(der);
    return ok;
}

static int take_thumbprint(mhsm_wrapping_certificate *made, OSSL_LIB_CTX *lib)
{
    struct mhsmi_buf text;
    int ok;

    mhsmi_buf_init(&text, MHSMI_THUMBPRINT_TEXT);
    ok = EVP_Q_digest(lib, "SHA256", NULL, made->der.data, made->der.size,
                      made->digest, NULL) == 1 &&
         mhsmi_base64url_encode(&text, made->digest, sizeof(made->digest)) &&
         (made->thumbprint = mhsmi_strdup(mhsmi_buf_text(&text))) != NULL;
    mhsmi_buf_clear(&text);
    return ok;
}

static int take_subject(mhsm_wrapping_certificate *made, const X509 *x509)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long size = -1;

    if (bio != NULL &&
        X509_NAME_print_ex(bio, X509_get_subject_name(x509), 0,
                           XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        size = BIO_get_mem_data(bio, &text);
    if (size >= 0)
        made->subject = mhsmi_strndup(text != NULL ? text : "", (size_t)size);
    BIO_free(bio);
    return made->subject != NULL;
}

static void take_expiry(mhsm_wrapping_certificate *made, const X509 *x509)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) == 1)
        made->expires = (int64_t)timegm(&tm);
}

static int take_number(struct mhsmi_buf *out, const EVP_PKEY *pkey,
                       const char *name)
{
    unsigned char octets[number_max];
    BIGNUM *number = NULL;
    int ok = EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
             BN_num_bytes(number) <= number_max &&
             mhsmi_buf_append(out, octets, (size_t)BN_bn2bin(number, octets));

    BN_free(number);
    return ok;
}

static mhsm_status take_key(mhsm_wrapping_certificate *made, const X509 *x509,
                            mhsm_error **err)
{
    const EVP_PKEY *pkey = X509_get0_pubkey(x509);

    if (pkey == NULL || !EVP_PKEY_is_a(pkey, "RSA"))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the certificate of %s has no RSA key",
                           made->subject);
    made->bits = (unsigned int)EVP_PKEY_get_bits(pkey);
    if (made->bits < bits_min)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the certificate of %s has an RSA key of %u bits; "
                           "it takes %d or more",
                           made->subject, made->bits, (int)bits_min);
    return take_number(&made->n, pkey, OSSL_PKEY_PARAM_RSA_N) &&
                   take_number(&made->e, pkey, OSSL_PKEY_PARAM_RSA_E)
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

static mhsm_status fill(mhsm_wrapping_certificate *made, OSSL_LIB_CTX *lib,
                        const unsigned char *data, size_t size,
                        mhsm_error **err)
{
    X509 *x509 = read_file(lib, data, size);
    mhsm_status st;

    if (x509 == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "there is no certificate in PEM or DER");
    if (!take_der(made, x509) || !take_thumbprint(made, lib) ||
        !take_subject(made, x509)) {
        st = mhsmi_error_memory(err);
    } else {
        take_expiry(made, x509);
        st = take_key(made, x509, err);
    }
    X509_free(x509);
    return st;
}

mhsm_status
mhsm_wrapping_certificate_decode(const unsigned char *data, size_t size,
                                 mhsm_wrapping_certificate **certificate,
                                 mhsm_error **err)
{
    struct mhsmi_private_context context = {NULL, NULL};
    mhsm_wrapping_certificate *made;
    mhsm_status st;

    if (data == NULL || size == 0 || size > file_max || certificate == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a certificate has 1 to %d octets", (int)file_max);
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    mhsmi_buf_init(&made->der, file_max);
    mhsmi_buf_init(&made->n, number_max);
    mhsmi_buf_init(&made->e, number_max);
    (void)ERR_set_mark();
    st = mhsmi_private_context_open(&context, err);
    if (st == MHSM_OK)
        st = fill(made, context.lib, data, size, err);
    mhsmi_private_context_close(&context);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *certificate = made;
    else
        mhsm_wrapping_certificate_free(made);
    return st;
}

EVP_PKEY *
mhsmi_wrapping_public_key(const mhsm_wrapping_certificate *certificate,
                          OSSL_LIB_CTX *lib)
{
    const unsigned char *at = certificate->der.data;
    X509 *x509 = X509_new_ex(lib, NULL);
    EVP_PKEY *pkey = NULL;

    if (x509 != NULL &&
        d2i_X509(&x509, &at, (long)certificate->der.size) != NULL)
        pkey = X509_get_pubkey(x509);
    X509_free(x509);
    return pkey;
}

int mhsm_wrapping_certificate_has_key(
    const mhsm_wrapping_certificate *certificate, const unsigned char *spki,
    size_t size)
{
    struct mhsmi_private_context context = {NULL, NULL};
    EVP_PKEY *certified = NULL, *other = NULL;
    int same = 0;

    if (spki == NULL || size > file_max)
        return 0;
    (void)ERR_set_mark();
    if (mhsmi_private_context_open(&context, NULL) == MHSM_OK) {
        certified = mhsmi_wrapping_public_key(certificate, context.lib);
        other = d2i_PUBKEY_ex(NULL, &spki, (long)size, context.lib, NULL);
        same = certified != NULL && other != NULL &&
               EVP_PKEY_eq(certified, other) == 1;
    }
    EVP_PKEY_free(other);
    EVP_PKEY_free(certified);
    mhsmi_private_context_close(&context);
    (void)ERR_pop_to_mark();
    return same;
}

mhsm_status
mhsmi_wrapping_check_set(const mhsm_wrapping_certificate *const *certificates,
                         size_t count, unsigned int quorum, mhsm_error **err)
{
    size_t i, j;

    if (count < MHSM_DOMAIN_HOLDERS_MIN || count > MHSM_DOMAIN_HOLDERS_MAX)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there are %zu certificates; a security domain has "
                           "%d to %d holders",
                           count, MHSM_DOMAIN_HOLDERS_MIN,
                           MHSM_DOMAIN_HOLDERS_MAX);
    if (quorum < MHSM_DOMAIN_QUORUM_MIN || quorum > count)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the quorum is %u; of %zu holders it is %d to %zu",
                           quorum, count, MHSM_DOMAIN_QUORUM_MIN, count);
    for (i = 0; i < count; i++) {
        for (j = 0; j < i; j++) {
            const struct mhsmi_buf *a = &certificates[i]->n;
            const struct mhsmi_buf *b = &certificates[j]->n;

            if (a->size == b->size && memcmp(a->data, b->data, a->size) == 0)
                return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                                   "the certificates %zu (%s) and %zu (%s) "
                                   "have the same key",
                                   j + 1, certificates[j]->subject, i + 1,
                                   certificates[i]->subject);
        }
    }
    return MHSM_OK;
}
