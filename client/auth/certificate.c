/* SPDX-License-Identifier: MIT
 *
 * Reading the file of a client certificate: PEM in any order, or PKCS#12.  It
 * must say which of the many things that can be wrong with it is wrong.
 */
#include "auth/certificate.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509v3.h>

#include "base/config.h"
#include "base/file.h"
#include "base/log.h"
#include "mhsm/reference.h"

enum { objects_max = 1024, bits_min = 2048 };

static const char option[] = "client-certificate";
static const char reference_mark[] = "-----BEGIN " MHSM_REFERENCE_LABEL;

/* Everything that one reading needs, freed at its end. */
struct reading {
    const mhsm_config *config;
    const char *path;
    struct mhsmi_buf content, password;
    int asked; /* something in the file is encrypted */
    int keys;
    STACK_OF(X509) * found;
};

static mhsm_status wrong(const struct reading *reading, const char *what,
                         const char *hint, mhsm_error **err)
{
    mhsm_status st = mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: %s %s",
                                 option, reading->path, what);

    if (hint != NULL)
        mhsmi_error_set_hint(err, "%s", hint);
    return st;
}

static mhsm_status circular(const struct reading *reading, mhsm_error **err)
{
    return wrong(reading, "refers to a key in the HSM",
                 "signing in needs a key outside the HSM: the HSM signs only "
                 "for who has signed in",
                 err);
}

static mhsm_status read_content(struct reading *reading, mhsm_error **err)
{
    /* Whoever rotates certificates does so by links: certbot, Kubernetes. */
    struct mhsmi_file file = {
        .option = option, .path = reading->path, .links = 1, .secret = 1};
    mhsm_status st;

    if (strncmp(reading->path, "mhsm:", 5) == 0 ||
        strncmp(reading->path, "managedhsm:", 11) == 0)
        return circular(reading, err);
    st = mhsmi_file_read(&file, &reading->content, err);
    if (st != MHSM_OK)
        return st;
    if (reading->content.size == 0)
        return wrong(reading, "is empty", NULL, err);
    if (memmem(reading->content.data, reading->content.size, reference_mark,
               sizeof(reference_mark) - 1) != NULL)
        return circular(reading, err);
    return MHSM_OK;
}

/* The password for libcrypto, which asks only for what is encrypted. */
static int give_password(char *out, int size, int writing, void *data)
{
    struct reading *reading = data;
    size_t length = reading->password.size;

    (void)writing;
    reading->asked = 1;
    if (length == 0 || length > (size_t)size)
        return -1;
    memcpy(out, reading->password.data, length);
    return (int)length;
}

static void take(struct reading *reading, struct mhsmi_certificate *certificate,
                 OSSL_STORE_INFO *info)
{
    X509 *found;

    switch (OSSL_STORE_INFO_get_type(info)) {
    case OSSL_STORE_INFO_PKEY:
        reading->keys++;
        if (certificate->key == NULL)
            certificate->key = OSSL_STORE_INFO_get1_PKEY(info);
        break;
    case OSSL_STORE_INFO_CERT:
        found = OSSL_STORE_INFO_get1_CERT(info);
        if (found != NULL && sk_X509_push(reading->found, found) <= 0)
            X509_free(found);
        break;
    default: /* EC parameters, revocation lists: not ours */
        break;
    }
}

static mhsm_status parse(struct reading *reading,
                         struct mhsmi_certificate *certificate,
                         mhsm_error **err)
{
    UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_password, 0);
    BIO *bio =
        BIO_new_mem_buf(reading->content.data, (int)reading->content.size);
    OSSL_STORE_CTX *store = NULL;
    OSSL_STORE_INFO *info;
    mhsm_status st = MHSM_OK;
    int i;

    reading->found = sk_X509_new_null();
    if (ui != NULL && bio != NULL && reading->found != NULL)
        store = OSSL_STORE_attach(bio, "file", certificate->lib, NULL, ui,
                                  reading, NULL, NULL, NULL);
    if (store == NULL)
        st = mhsmi_error(err, MHSM_ERR_INTERNAL, "option %s: cannot read %s",
                         option, reading->path);
    /* What cannot be read is passed over: what is missing will be told. */
    for (i = 0; store != NULL && i < objects_max && !OSSL_STORE_eof(store);
         i++) {
        /* The queue is short: what one object leaves in it must not push out
         * what the program has there. */
        (void)ERR_set_mark();
        info = OSSL_STORE_load(store);
        if (info != NULL)
            take(reading, certificate, info);
        OSSL_STORE_INFO_free(info);
        (void)ERR_pop_to_mark();
    }
    (void)OSSL_STORE_close(store);
    BIO_free(bio);
    UI_destroy_method(ui);
    return st;
}

static mhsm_status check_key(const struct reading *reading,
                             const struct mhsmi_certificate *certificate,
                             mhsm_error **err)
{
    static const char hint_password[] = "set client-certificate-password (or "
                                        "AZURE_CLIENT_CERTIFICATE_PASSWORD)";
    static const char hint_ciphers[] =
        "check client-certificate-password; a PKCS#12 file in the old ciphers "
        "RC2 and RC4 has to be written anew";

    if (certificate->key == NULL && reading->asked)
        return reading->password.size == 0
                   ? wrong(reading, "is encrypted and there is no password",
                           hint_password, err)
                   : wrong(reading, "cannot be decrypted with the password",
                           hint_ciphers, err);
    if (certificate->key == NULL)
        return wrong(reading, "holds no private key that can be read",
                     "the file must hold the key and its certificate, as PEM "
                     "or PKCS#12",
                     err);
    if (reading->keys > 1)
        return wrong(reading, "holds more than one private key", NULL, err);
    if (!EVP_PKEY_is_a(certificate->key, "RSA"))
        return wrong(reading, "holds a key that is no RSA key",
                     "Entra takes assertions of RSA keys alone", err);
    if (EVP_PKEY_get_bits(certificate->key) < bits_min)
        return wrong(reading, "holds an RSA key of less than 2048 bits", NULL,
                     err);
    return MHSM_OK;
}

static X509 *find_leaf(const struct reading *reading, const EVP_PKEY *key)
{
    int i;

    for (i = 0; i < sk_X509_num(reading->found); i++) {
        X509 *one = sk_X509_value(reading->found, i);

        if (X509_get0_pubkey(one) != NULL &&
            EVP_PKEY_eq(X509_get0_pubkey(one), key) == 1)
            return one;
    }
    return NULL;
}

static X509 *find_issuer(const struct reading *reading, X509 *of)
{
    int i;

    for (i = 0; i < sk_X509_num(reading->found); i++) {
        X509 *one = sk_X509_value(reading->found, i);

        if (one != of && X509_check_issued(one, of) == X509_V_OK)
            return one;
    }
    return NULL;
}

/* Leaf first, each followed by its issuer, whatever the order in the file. */
static mhsm_status build_chain(const struct reading *reading,
                               struct mhsmi_certificate *certificate,
                               mhsm_error **err)
{
    X509 *one = find_leaf(reading, certificate->key);
    int left;

    if (sk_X509_num(reading->found) == 0)
        return wrong(reading, "holds no certificate",
                     "append the application's certificate to the key", err);
    if (one == NULL)
        return wrong(reading, "holds no certificate of its private key",
                     "key and certificate belong to different pairs", err);
    certificate->leaf = one;
    certificate->chain = sk_X509_new_null();
    if (certificate->chain == NULL)
        return mhsmi_error_memory(err);
    for (left = sk_X509_num(reading->found); one != NULL && left > 0; left--) {
        if (!X509_up_ref(one))
            return mhsmi_error_memory(err);
        if (sk_X509_push(certificate->chain, one) <= 0) {
            X509_free(one);
            return mhsmi_error_memory(err);
        }
        one = X509_check_issued(one, one) == X509_V_OK
                  ? NULL
                  : find_issuer(reading, one);
    }
    if (X509_cmp_current_time(X509_get0_notAfter(certificate->leaf)) < 0)
        mhsmi_log(MHSMI_LOG_WARNING,
                  "option %s: the certificate in %s has "
                  "expired",
                  option, reading->path);
    return MHSM_OK;
}

mhsm_status mhsmi_certificate_read(const mhsm_config *config,
                                   struct mhsmi_certificate *certificate,
                                   mhsm_error **err)
{
    struct reading reading = {.config = config,
                              .path = mhsm_config_get(config, option)};
    mhsm_status st;

    memset(certificate, 0, sizeof(*certificate));
    mhsmi_buf_init(&reading.content, MHSMI_FILE_MAX);
    mhsmi_buf_init(&reading.password, MHSMI_SECRET_MAX);
    st = read_content(&reading, err);
    if (st == MHSM_OK &&
        mhsmi_config_is_set(config, "client-certificate-password"))
        st = mhsmi_config_secret(config, "client-certificate-password",
                                 &reading.password, err);
    if (st != MHSM_OK)
        goto out;
    certificate->lib = OSSL_LIB_CTX_new();
    if (certificate->lib != NULL)
        certificate->provider = OSSL_PROVIDER_load(certificate->lib, "default");
    if (certificate->provider == NULL)
        st = mhsmi_error(err, MHSM_ERR_INTERNAL,
                         "cannot load OpenSSL's default provider");
    if (st == MHSM_OK)
        st = parse(&reading, certificate, err);
    if (st == MHSM_OK)
        st = check_key(&reading, certificate, err);
    if (st == MHSM_OK)
        st = build_chain(&reading, certificate, err);
out:
    sk_X509_pop_free(reading.found, X509_free);
    mhsmi_buf_clear(&reading.content);
    mhsmi_buf_clear(&reading.password);
    return st;
}

void mhsmi_certificate_clear(struct mhsmi_certificate *certificate)
{
    sk_X509_pop_free(certificate->chain, X509_free);
    EVP_PKEY_free(certificate->key);
    if (certificate->provider != NULL)
        (void)OSSL_PROVIDER_unload(certificate->provider);
    OSSL_LIB_CTX_free(certificate->lib);
    memset(certificate, 0, sizeof(*certificate));
}
