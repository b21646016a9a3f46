/* SPDX-License-Identifier: MIT
 *
 * Certificates that say what a holder's key is for, signed by that key: here,
 * or where the key is.
 */
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/result.h"
#include "domain/wrapping.h"

enum {
    serial_size = 16,
    name_max = 64, /* ub-common-name of RFC 5280 */
    days_max = 36500,
    file_max = 64 * 1024,
    digest_size = 32,
    signature_max = 2048
};

mhsm_status mhsmi_certificate_check(const char *name, unsigned int days,
                                    mhsm_error **err)
{
    if (name == NULL || *name == 0 || strlen(name) > name_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the name in a certificate has 1 to %d octets",
                           (int)name_max);
    if (days == 0 || days > days_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a certificate is valid for 1 to %d days, not %u",
                           (int)days_max, days);
    return MHSM_OK;
}

static int set_serial(X509 *x509, OSSL_LIB_CTX *lib)
{
    unsigned char octets[serial_size];
    BIGNUM *number;
    int ok;

    if (RAND_bytes_ex(lib, octets, sizeof(octets), 0) != 1)
        return 0;
    /* Positive, and of one length. */
    octets[0] = (octets[0] & 0x7f) | 0x40;
    number = BN_bin2bn(octets, sizeof(octets), NULL);
    ok = number != NULL &&
         BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
    BN_free(number);
    return ok;
}

static int add_extension(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    int ok = extension != NULL && X509_add_ext(x509, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return ok;
}

static int set_name(X509 *x509, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(x509);

    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)name, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(x509, subject) == 1;
}

X509 *mhsmi_certificate_new(OSSL_LIB_CTX *lib, EVP_PKEY *pkey, const char *name,
                            unsigned int days)
{
    X509 *x509 = X509_new_ex(lib, NULL);
    time_t now = time(NULL);

    if (x509 != NULL && X509_set_version(x509, X509_VERSION_3) == 1 &&
        set_serial(x509, lib) &&
        X509_time_adj_ex(X509_getm_notBefore(x509), 0, 0, &now) != NULL &&
        X509_time_adj_ex(X509_getm_notAfter(x509), (int)days, 0, &now) !=
            NULL &&
        set_name(x509, name) && X509_set_pubkey(x509, pkey) == 1 &&
        add_extension(x509, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(x509, NID_key_usage,
                      "critical,keyEncipherment,dataEncipherment"))
        return x509;
    X509_free(x509);
    return NULL;
}

/* sha256WithRSAEncryption with its NULL (RFC 4055), as DER. */
static const unsigned char algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a,
                                          0x86, 0x48, 0x86, 0xf7, 0x0d,
                                          0x01, 0x01, 0x0b, 0x05, 0x00};

/* What is signed, with the algorithm that will sign it: its size.  The caller
 * frees. */
static int encode_signed_part(X509 *x509, unsigned char **der)
{
    const X509_ALGOR *shown = X509_get0_tbs_sigalg(x509);
    X509_ALGOR *own;
    int size = -1;

    /* It is the certificate's own, and there is no setter but signing. */
    memcpy(&own, &shown, sizeof(own));
    if (X509_ALGOR_set0(own, OBJ_nid2obj(NID_sha256WithRSAEncryption),
                        V_ASN1_NULL, NULL) == 1)
        size = i2d_re_X509_tbs(x509, der);
    return size;
}

/* SEQUENCE { signed part, algorithm, BIT STRING }. */
static int assemble(const unsigned char *part, int part_size,
                    const unsigned char *signature, int signature_size,
                    struct mhsmi_buf *out)
{
    int bits = ASN1_object_size(0, signature_size + 1, V_ASN1_BIT_STRING);
    int inner = part_size + (int)sizeof(algorithm) + bits;
    unsigned char *at;

    if (!mhsmi_buf_reserve(out,
                           (size_t)ASN1_object_size(1, inner, V_ASN1_SEQUENCE)))
        return 0;
    at = out->data;
    ASN1_put_object(&at, 1, inner, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    memcpy(at, part, (size_t)part_size);
    at += part_size;
    memcpy(at, algorithm, sizeof(algorithm));
    at += sizeof(algorithm);
    ASN1_put_object(&at, 0, signature_size + 1, V_ASN1_BIT_STRING,
                    V_ASN1_UNIVERSAL);
    *at++ = 0; /* no bits are unused */
    memcpy(at, signature, (size_t)signature_size);
    out->size = (size_t)(at + signature_size - out->data);
    return 1;
}

struct signer {
    mhsm_wrapping_sign sign;
    void *context;
};

static mhsm_status sign_elsewhere(OSSL_LIB_CTX *lib, X509 *x509,
                                  const struct signer *signer,
                                  struct mhsmi_buf *out, mhsm_error **err)
{
    unsigned char digest[digest_size], signature[signature_max];
    size_t signature_size = sizeof(signature);
    unsigned char *part = NULL;
    int part_size = encode_signed_part(x509, &part);
    mhsm_status st;

    if (part == NULL || part_size <= 0 ||
        EVP_Q_digest(lib, "SHA256", NULL, part, (size_t)part_size, digest,
                     NULL) != 1) {
        OPENSSL_free(part);
        (void)mhsmi_error_memory(err);
        return MHSM_ERR_MEMORY;
    }
    st = signer->sign(signer->context, digest, sizeof(digest), signature,
                      &signature_size, err);
    if (st == MHSM_OK &&
        !assemble(part, part_size, signature, (int)signature_size, out))
        st = mhsmi_error_memory(err);
    OPENSSL_free(part);
    return st;
}

static int write_pem(const X509 *x509, struct mhsmi_buf *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long size = 0;
    int ok;

    if (bio != NULL && PEM_write_bio_X509(bio, x509) == 1)
        size = BIO_get_mem_data(bio, &text);
    ok = size > 0 && mhsmi_buf_append(pem, text, (size_t)size);
    BIO_free(bio);
    return ok;
}

/* That it is a certificate which its own key has signed; as PEM. */
static mhsm_status finish(OSSL_LIB_CTX *lib, EVP_PKEY *pkey,
                          const struct mhsmi_buf *der, struct mhsmi_buf *pem,
                          mhsm_error **err)
{
    const unsigned char *at = der->data;
    X509 *x509 = X509_new_ex(lib, NULL);
    mhsm_status st = MHSM_OK;

    if (x509 == NULL)
        return mhsmi_error_memory(err);
    if (d2i_X509(&x509, &at, (long)der->size) == NULL ||
        X509_verify(x509, pkey) != 1)
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "what came back is no signature of the key");
    else if (!write_pem(x509, pem))
        st = mhsmi_error_memory(err);
    X509_free(x509);
    return st;
}

static mhsm_status generate(OSSL_LIB_CTX *lib, EVP_PKEY *pkey, const char *name,
                            unsigned int days, const struct signer *signer,
                            struct mhsmi_buf *pem, mhsm_error **err)
{
    X509 *x509;
    struct mhsmi_buf der;
    mhsm_status st;

    if (pkey == NULL || !EVP_PKEY_is_a(pkey, "RSA"))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a holder's key is an RSA key");
    mhsmi_buf_init(&der, file_max);
    x509 = mhsmi_certificate_new(lib, pkey, name, days);
    st = x509 != NULL ? sign_elsewhere(lib, x509, signer, &der, err)
                      : mhsmi_error(err, MHSM_ERR_INTERNAL,
                                    "OpenSSL failed: making a certificate");
    if (st == MHSM_OK)
        st = finish(lib, pkey, &der, pem, err);
    mhsmi_buf_clear(&der);
    X509_free(x509);
    return st;
}

mhsm_status
mhsm_wrapping_certificate_generate(const char *name, unsigned int days,
                                   const unsigned char *spki, size_t spki_size,
                                   mhsm_wrapping_sign sign, void *context,
                                   mhsm_result **certificate, mhsm_error **err)
{
    const struct signer signer = {sign, context};
    struct mhsmi_private_context private = {NULL, NULL};
    mhsm_status st = mhsmi_certificate_check(name, days, err);
    EVP_PKEY *pkey = NULL;
    mhsm_result *made;

    if (st != MHSM_OK)
        return st;
    if (spki == NULL || spki_size > file_max || sign == NULL ||
        certificate == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a certificate takes a public key and who signs");
    made = mhsmi_result_new(file_max);
    if (made == NULL)
        return mhsmi_error_memory(err);
    (void)ERR_set_mark();
    st = mhsmi_private_context_open(&private, err);
    if (st == MHSM_OK) {
        pkey = d2i_PUBKEY_ex(NULL, &spki, (long)spki_size, private.lib, NULL);
        st = generate(private.lib, pkey, name, days, &signer, &made->data, err);
    }
    EVP_PKEY_free(pkey);
    mhsmi_private_context_close(&private);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *certificate = made;
    else
        mhsm_result_free(made);
    return st;
}
