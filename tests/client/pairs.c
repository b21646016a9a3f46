/* SPDX-License-Identifier: MIT
 *
 * Making keys, certificates, their files, and tokens signed by them.
 */
#include "pairs.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

static void must(int ok, const char *what)
{
    if (!ok)
        th_die("pairs: %s failed", what);
}

static X509 *certify(EVP_PKEY *key, const char *name,
                     const struct tp_pair *issuer)
{
    static long serial = 1;
    X509 *made = X509_new_ex(th_plain(), NULL);
    X509_NAME *subject = X509_get_subject_name(made);
    X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                             "critical,CA:TRUE");

    must(made != NULL && ca != NULL && X509_set_version(made, X509_VERSION_3) &&
             ASN1_INTEGER_set(X509_get_serialNumber(made), serial++) &&
             X509_gmtime_adj(X509_getm_notBefore(made), -60) != NULL &&
             X509_gmtime_adj(X509_getm_notAfter(made), 86400) != NULL &&
             X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                        (const unsigned char *)name, -1, -1,
                                        0) &&
             X509_set_issuer_name(
                 made, issuer == NULL
                           ? subject
                           : X509_get_subject_name(issuer->certificate)) &&
             X509_set_pubkey(made, key) && X509_add_ext(made, ca, -1) &&
             X509_sign(made, issuer == NULL ? key : issuer->key, EVP_sha256()) >
                 0,
         "a certificate");
    X509_EXTENSION_free(ca);
    return made;
}

struct tp_pair tp_rsa(const char *name, int bits, const struct tp_pair *issuer)
{
    struct tp_pair pair = {
        EVP_PKEY_Q_keygen(th_plain(), NULL, "RSA", (size_t)bits), NULL};

    must(pair.key != NULL, "an RSA key");
    pair.certificate = certify(pair.key, name, issuer);
    return pair;
}

struct tp_pair tp_ec(const char *name)
{
    struct tp_pair pair = {EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", "P-256"),
                           NULL};

    must(pair.key != NULL, "an EC key");
    pair.certificate = certify(pair.key, name, NULL);
    return pair;
}

void tp_free(struct tp_pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
    pair->key = NULL;
    pair->certificate = NULL;
}

static char *take_text(BIO *bio)
{
    char *data = NULL, *text;
    long size = BIO_get_mem_data(bio, &data);

    must(size > 0, "PEM");
    text = calloc(1, (size_t)size + 1);
    must(text != NULL, "memory");
    memcpy(text, data, (size_t)size);
    BIO_free(bio);
    return text;
}

char *tp_key_pem(const struct tp_pair *pair, const char *password)
{
    BIO *bio = BIO_new(BIO_s_mem());

    must(PEM_write_bio_PKCS8PrivateKey(
             bio, pair->key, password != NULL ? EVP_aes_256_cbc() : NULL,
             password, password == NULL ? 0 : (int)strlen(password), NULL,
             NULL),
         "writing a key");
    return take_text(bio);
}

char *tp_certificate_pem(const struct tp_pair *pair)
{
    BIO *bio = BIO_new(BIO_s_mem());

    must(PEM_write_bio_X509(bio, pair->certificate), "writing a certificate");
    return take_text(bio);
}

char *tp_public_pem(const struct tp_pair *pair)
{
    BIO *bio = BIO_new(BIO_s_mem());

    must(PEM_write_bio_PUBKEY(bio, pair->key), "writing a public key");
    return take_text(bio);
}

/* In place of an old one by renaming, as whoever rotates does. */
const char *tp_write(const char *name, const void *data, size_t size)
{
    static char path[512];
    char draft[520];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", th_state(), name);
    snprintf(draft, sizeof(draft), "%s.new", path);
    fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size) &&
             close(fd) == 0 && rename(draft, path) == 0,
         path);
    return path;
}

const char *tp_write_texts(const char *name, ...)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL, *text;
    const char *path;
    va_list texts;

    va_start(texts, name);
    while ((text = va_arg(texts, char *)) != NULL) {
        must(BIO_puts(bio, text) >= 0, "a text");
        free(text);
    }
    va_end(texts);
    path = tp_write(name, data, 0);
    if (BIO_get_mem_data(bio, &data) > 0)
        path = tp_write(name, data, (size_t)BIO_get_mem_data(bio, &data));
    BIO_free(bio);
    return path;
}

const char *tp_write_pkcs12(const char *name, const struct tp_pair *pair,
                            const struct tp_pair *further, const char *password)
{
    STACK_OF(X509) *rest = sk_X509_new_null();
    PKCS12 *made;
    unsigned char *der = NULL;
    const char *path;
    int size;

    must(rest != NULL &&
             (further == NULL || sk_X509_push(rest, further->certificate) > 0),
         "a list");
    made = PKCS12_create_ex(password, "client", pair->key, pair->certificate,
                            rest, 0, 0, 0, 0, 0, th_plain(), NULL);
    size = i2d_PKCS12(made, &der);
    must(size > 0, "PKCS#12");
    path = tp_write(name, der, (size_t)size);
    OPENSSL_free(der);
    PKCS12_free(made);
    sk_X509_free(rest);
    return path;
}

static size_t encode(char *out, size_t max, const void *data, size_t size)
{
    size_t length, i;

    must((size + 2) / 3 * 4 < max, "base64url");
    length = (size_t)EVP_EncodeBlock((unsigned char *)out, data, (int)size);
    while (length != 0 && out[length - 1] == '=')
        length--;
    for (i = 0; i < length; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    out[length] = '\0';
    return length;
}

char *tp_jwt(const struct tp_pair *pair, const char *claims)
{
    static const char header[] = "{\"alg\":\"RS256\",\"kid\":\"one\"}";
    const struct th_scheme scheme = {"SHA256", 0};
    char text[8192];
    unsigned char *signature;
    size_t at, size = 0;

    at = encode(text, sizeof(text), header, strlen(header));
    text[at++] = '.';
    at += encode(text + at, sizeof(text) - at, claims, strlen(claims));
    signature = th_sign(th_plain(), pair->key, &scheme, text, &size);
    must(signature != NULL, "signing");
    text[at++] = '.';
    (void)encode(text + at, sizeof(text) - at, signature, size);
    OPENSSL_free(signature);
    return strdup(text);
}
