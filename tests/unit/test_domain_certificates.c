/* SPDX-License-Identifier: MIT
 *
 * Certificates and keys of holders, the download request, the exchange key.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "domain/wrapping.h"
#include "holders.h"

static void reading(void)
{
    mhsm_wrapping_certificate *certificate =
        certificate_of("sd_3of2/cert_0.cer");
    mhsm_wrapping_certificate *again = NULL;
    char text[8192];
    struct mhsmi_buf pem;

    CHECK_TEXT(mhsm_wrapping_certificate_thumbprint(certificate),
               "YAzHlXoGZElzm3W9LfrEcYG9D9sferyrdEHj2Ktx2sw");
    CHECK_TEXT(mhsm_wrapping_certificate_subject(certificate), "CN=sd cert 0");
    CHECK(mhsm_wrapping_certificate_bits(certificate) == 2048);
    /* 2123-12-08 */
    CHECK(mhsm_wrapping_certificate_expires(certificate) == 4857667200);
    /* DER, and PEM behind other text. */
    CHECK(mhsm_wrapping_certificate_decode(certificate->der.data,
                                           certificate->der.size, &again,
                                           NULL) == MHSM_OK);
    CHECK_TEXT(again->thumbprint, certificate->thumbprint);
    mhsm_wrapping_certificate_free(again);
    vector_read(&pem, "sd_3of2/cert_0.cer");
    (void)snprintf(text, sizeof(text), "subject=somebody\n%s\nrest",
                   mhsmi_buf_text(&pem));
    again = NULL;
    CHECK(mhsm_wrapping_certificate_decode((const unsigned char *)text,
                                           strlen(text), &again,
                                           NULL) == MHSM_OK);
    CHECK_TEXT(again->thumbprint, certificate->thumbprint);
    mhsm_wrapping_certificate_free(again);
    mhsmi_buf_clear(&pem);
    mhsm_wrapping_certificate_free(certificate);
    mhsm_wrapping_certificate_free(NULL);
}

/* A certificate for a key of another kind. */
static void refuse_key(EVP_PKEY *pkey, const char *why)
{
    mhsm_wrapping_certificate *certificate = NULL;
    X509 *x509 = X509_new();
    unsigned char *der = NULL;
    mhsm_error *err = NULL;
    int size;

    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"J\xc3\xbcrgen", -1, -1,
                               0);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 1000);
    CHECK(X509_set_pubkey(x509, pkey) == 1);
    CHECK(X509_sign(x509, pkey, EVP_sha256()) != 0);
    size = i2d_X509(x509, &der);
    CHECK_FATAL(size > 0);
    CHECK(mhsm_wrapping_certificate_decode(der, (size_t)size, &certificate,
                                           &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, why);
    CHECK(certificate == NULL);
    OPENSSL_free(der);
    X509_free(x509);
    EVP_PKEY_free(pkey);
}

static void refused(void)
{
    mhsm_wrapping_certificate *certificate = NULL;
    mhsm_error *err = NULL;

    refuse_key(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
               "the certificate of CN=J\xc3\xbcrgen has an RSA key of 1024 "
               "bits; it takes 2048 or more");
    refuse_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
               "the certificate of CN=J\xc3\xbcrgen has no RSA key");
    CHECK(mhsm_wrapping_certificate_decode((const unsigned char *)"x", 1,
                                           &certificate,
                                           &err) == MHSM_ERR_DAMAGED);
    check_error(&err, MHSM_ERR_DAMAGED, "no certificate in PEM or DER");
    CHECK(mhsm_wrapping_certificate_decode(NULL, 0, &certificate, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
    CHECK(ERR_peek_error() == 0);
}

static void private_keys(void)
{
    mhsm_wrapping_certificate *mine = certificate_of("sd_3of2/cert_0.cer");
    mhsm_wrapping_certificate *other = certificate_of("sd_3of2/cert_1.cer");
    mhsm_wrapping_key *key = NULL;
    mhsm_error *err = NULL;
    struct mhsmi_buf der;

    vector_read(&der, "sd_3of2/cert_0.key.der");
    CHECK(mhsm_wrapping_key_decode(der.data, der.size, NULL, other, &key,
                                   &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT,
                "does not belong to the certificate of CN=sd cert 1");
    CHECK(mhsm_wrapping_key_decode(der.data, 10, NULL, mine, &key, &err) ==
          MHSM_ERR_DAMAGED);
    check_error(&err, MHSM_ERR_DAMAGED, "no private key in PEM or DER");
    CHECK(mhsm_wrapping_key_decode(NULL, 0, NULL, mine, &key, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
    mhsmi_buf_clear(&der);
    mhsm_wrapping_certificate_free(mine);
    mhsm_wrapping_certificate_free(other);
}

static void check_made(const mhsm_wrapping_certificate *certificate,
                       const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    EVP_PKEY *pkey = X509_get_pubkey(x509);

    CHECK(X509_verify(x509, pkey) == 1);
    CHECK(X509_get_key_usage(x509) ==
          (X509v3_KU_KEY_ENCIPHERMENT | X509v3_KU_DATA_ENCIPHERMENT));
    CHECK(X509_check_ca(x509) == 0);
    CHECK_TEXT(certificate->subject, "CN=Ren\xc3\xa9");
    CHECK(certificate->bits == 3072);
    EVP_PKEY_free(pkey);
    X509_free(x509);
    BIO_free(bio);
}

static void generating(void)
{
    mhsm_result *pem = NULL, *certified = NULL;
    mhsm_wrapping_certificate *certificate = NULL;
    mhsm_wrapping_key *key = NULL;
    mhsm_error *err = NULL;
    const unsigned char *data;
    size_t size;

    CHECK_FATAL(mhsm_wrapping_key_generate("Ren\xc3\xa9", 3072, 10, "secret",
                                           &pem, &certified, NULL) == MHSM_OK);
    data = mhsm_result_data(certified, &size);
    CHECK_FATAL(mhsm_wrapping_certificate_decode(data, size, &certificate,
                                                 NULL) == MHSM_OK);
    check_made(certificate, (const char *)data);
    data = mhsm_result_data(pem, &size);
    CHECK(strstr((const char *)data, "BEGIN ENCRYPTED PRIVATE KEY") != NULL);
    CHECK(mhsm_wrapping_key_decode(data, size, NULL, certificate, &key, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "it needs a password");
    CHECK(mhsm_wrapping_key_decode(data, size, "Secret", certificate, &key,
                                   &err) == MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "the password does not open");
    CHECK(mhsm_wrapping_key_decode(data, size, "secret", certificate, &key,
                                   &err) == MHSM_OK);
    CHECK_TEXT(mhsm_wrapping_certificate_thumbprint(
                   mhsm_wrapping_key_certificate(key)),
               certificate->thumbprint);
    mhsm_wrapping_key_free(key);
    mhsm_wrapping_key_free(NULL);
    mhsm_wrapping_certificate_free(certificate);
    mhsm_result_free(pem);
    mhsm_result_free(certified);
}

static void encrypted(void)
{
    static const char old[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "Proc-Type: 4,ENCRYPTED\n";
    static const unsigned char zeros[70000] = {0};
    mhsm_result *pem = NULL, *certified = NULL;
    const unsigned char *data;
    struct mhsmi_buf der;
    unsigned char *sealed = NULL;
    X509_SIG *parsed;
    BIO *bio;
    size_t size;
    int length;

    CHECK_FATAL(mhsm_wrapping_key_generate("a", 2048, 10, "secret", &pem,
                                           &certified, NULL) == MHSM_OK);
    data = mhsm_result_data(pem, &size);
    CHECK(mhsm_wrapping_key_is_encrypted(data, size));
    bio = BIO_new_mem_buf(data, (int)size);
    parsed = PEM_read_bio_PKCS8(bio, NULL, NULL, NULL);
    length = i2d_X509_SIG(parsed, &sealed);
    CHECK_FATAL(length > 0);
    CHECK(mhsm_wrapping_key_is_encrypted(sealed, (size_t)length));
    CHECK(!mhsm_wrapping_key_is_encrypted(sealed, (size_t)length - 1));
    CHECK(mhsm_wrapping_key_is_encrypted((const unsigned char *)old,
                                         strlen(old)));
    vector_read(&der, "sd_3of2/cert_0.key.der");
    CHECK(!mhsm_wrapping_key_is_encrypted(der.data, der.size));
    CHECK(!mhsm_wrapping_key_is_encrypted(zeros, sizeof(zeros)));
    CHECK(ERR_peek_error() == 0);
    mhsmi_buf_clear(&der);
    OPENSSL_free(sealed);
    X509_SIG_free(parsed);
    BIO_free(bio);
    mhsm_result_free(pem);
    mhsm_result_free(certified);
}

static void not_generated(void)
{
    static const struct {
        const char *name;
        unsigned int bits, days;
        const char *password, *why;
    } rows[] = {
        {NULL, 2048, 1, NULL, "has 1 to 64 octets"},
        {"", 2048, 1, NULL, "has 1 to 64 octets"},
        {"a", 1024, 1, NULL, "not 1024"},
        {"a", 2048, 0, NULL, "1 to 36500 days, not 0"},
        {"a", 2048, 36501, NULL, "1 to 36500 days"},
        {"a", 2048, 1, "", "the password is empty"},
    };
    mhsm_result *key = NULL, *certificate = NULL;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK(mhsm_wrapping_key_generate(
                  rows[i].name, rows[i].bits, rows[i].days, rows[i].password,
                  &key, &certificate, &err) == MHSM_ERR_ARGUMENT);
        check_error(&err, MHSM_ERR_ARGUMENT, rows[i].why);
    }
    /* A name that no certificate can have. */
    CHECK(mhsm_wrapping_key_generate("\xff", 2048, 1, NULL, &key, &certificate,
                                     &err) == MHSM_ERR_INTERNAL);
    check_error(&err, MHSM_ERR_INTERNAL, "making a certificate");
    CHECK(key == NULL && certificate == NULL);
}

static void request(void)
{
    mhsm_wrapping_certificate *own[VECTOR_HOLDERS];
    const mhsm_wrapping_certificate *many[11];
    mhsm_result *body = NULL;
    struct mhsmi_buf expected;
    mhsm_error *err = NULL;
    const unsigned char *data;
    char name[64];
    size_t size, i;

    for (i = 0; i < VECTOR_HOLDERS; i++) {
        (void)snprintf(name, sizeof(name), "sd_3of2/cert_%zu.cer", i);
        many[i] = own[i] = certificate_of(name);
    }
    CHECK(mhsm_domain_download_request(many, VECTOR_HOLDERS, 2, &body, NULL) ==
          MHSM_OK);
    vector_read(&expected, "sd_3of2/download_request_new.json");
    data = mhsm_result_data(body, &size);
    CHECK(size == expected.size);
    CHECK(memcmp(data, expected.data, size) == 0);
    mhsmi_buf_clear(&expected);
    mhsm_result_free(body);
    body = NULL;

    CHECK(mhsm_domain_download_request(many, 2, 2, &body, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "has 3 to 10 holders");
    CHECK(mhsm_domain_download_request(many, VECTOR_HOLDERS, 1, &body, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "of 3 holders it is 2 to 3");
    CHECK(mhsm_domain_download_request(many, VECTOR_HOLDERS, 4, &body, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "the quorum is 4");
    for (i = VECTOR_HOLDERS; i < 11; i++)
        many[i] = own[0];
    CHECK(mhsm_domain_download_request(many, 11, 2, &body, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT, "there are 11 certificates");
    CHECK(mhsm_domain_download_request(many, 4, 2, &body, &err) ==
          MHSM_ERR_ARGUMENT);
    check_error(&err, MHSM_ERR_ARGUMENT,
                "the certificates 1 (CN=sd cert 0) and 4 (CN=sd cert 0) have "
                "the same key");
    CHECK(body == NULL);
    for (i = 0; i < VECTOR_HOLDERS; i++)
        mhsm_wrapping_certificate_free(own[i]);
}

static mhsm_status exchange_of(const char *answer, mhsm_result **pem,
                               mhsm_error **err)
{
    return mhsm_domain_exchange_certificate((const unsigned char *)answer,
                                            strlen(answer), pem, err);
}

static void check_pem(mhsm_result *pem)
{
    struct mhsmi_buf expected;
    const unsigned char *data;
    size_t size;

    CHECK_FATAL(pem != NULL);
    vector_read(&expected, "sd_3of2/exchange.pem");
    data = mhsm_result_data(pem, &size);
    CHECK(size == expected.size);
    CHECK(memcmp(data, expected.data, size) == 0);
    mhsmi_buf_clear(&expected);
    mhsm_result_free(pem);
}

/* transfer_key as a string, as the service sends it, and as an object, as its
 * reference says. */
static void exchange(void)
{
    struct json_object *answer =
        vector_json("sd_3of2/transfer_key_response.json");
    const char *jwk = mhsmi_json_string(answer, "transfer_key");
    mhsm_result *pem = NULL;
    struct mhsmi_buf text;
    char object[8192];

    vector_read(&text, "sd_3of2/transfer_key_response.json");
    CHECK(exchange_of(mhsmi_buf_text(&text), &pem, NULL) == MHSM_OK);
    check_pem(pem);
    (void)snprintf(object, sizeof(object), "{\"transfer_key\":%s}", jwk);
    pem = NULL;
    CHECK(exchange_of(object, &pem, NULL) == MHSM_OK);
    check_pem(pem);
    mhsmi_buf_clear(&text);
    json_object_put(answer);
}

static void refuse_exchange(const char *answer, const char *why)
{
    mhsm_result *pem = NULL;
    mhsm_error *err = NULL;

    CHECK(exchange_of(answer, &pem, &err) == MHSM_ERR_DAMAGED);
    check_error(&err, MHSM_ERR_DAMAGED, why);
    CHECK(pem == NULL);
}

static void no_exchange(void)
{
    struct json_object *answer =
        vector_json("sd_3of2/transfer_key_response.json");
    const char *jwk = mhsmi_json_string(answer, "transfer_key");
    static char large[100000], other[8192], *at;

    refuse_exchange("", "has no exchange key");
    refuse_exchange("{\"transfer_key\":\"[]\"}", "has no exchange key");
    refuse_exchange("{\"transfer_key\":\"\"}", "has no exchange key");
    refuse_exchange("{\"transfer_key\":[]}", "has no exchange key");
    refuse_exchange("{\"transfer_key\":{}}", "has no certificate (x5c)");
    refuse_exchange("{\"transfer_key\":{\"x5c\":[]}}", "no certificate (x5c)");
    refuse_exchange("{\"transfer_key\":{\"x5c\":[1]}}", "no certificate (x5c)");
    refuse_exchange("{\"transfer_key\":{\"x5c\":[\"\"]}}", "is no base64");
    refuse_exchange("{\"transfer_key\":{\"x5c\":[\"AAA\"]}}", "is no base64");
    refuse_exchange("{\"transfer_key\":{\"x5c\":[\"A*AA\"]}}", "is no base64");
    refuse_exchange("{\"transfer_key\":{\"x5c\":[\"AB==\"]}}", "is no base64");
    refuse_exchange("{\"transfer_key\":{\"x5c\":[\"AA==\"]}}",
                    "no certificate in PEM or DER");
    memset(large, 'A', sizeof(large));
    memcpy(large, "{\"transfer_key\":{\"x5c\":[\"", 25);
    memcpy(large + sizeof(large) - 5, "\"]}}", 5);
    refuse_exchange(large, "is no base64");
    (void)snprintf(other, sizeof(other), "{\"transfer_key\":%s}", jwk);
    at = strstr(other, "\"n\":\"");
    CHECK_FATAL(at != NULL);
    at[6] = at[6] == 'A' ? 'B' : 'A';
    refuse_exchange(other, "do not belong together");
    json_object_put(answer);
}

int main(void)
{
    static const struct check checks[] = {{"reading", reading},
                                          {"refused", refused},
                                          {"private keys", private_keys},
                                          {"generating", generating},
                                          {"encrypted", encrypted},
                                          {"not generated", not_generated},
                                          {"download request", request},
                                          {"exchange key", exchange},
                                          {"no exchange key", no_exchange},
                                          {NULL, NULL}};

    return check_main("domain certificates", checks);
}
