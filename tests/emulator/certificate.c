/* SPDX-License-Identifier: MIT
 *
 * Making and keeping the certificates. The authority may sign nothing but the
 * leaf; its key never leaves the state file.
 */
#include "certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CA_DAYS   3650
#define NAMES_MAX 1024

struct issue {
    X509 *issuer; /* NULL: self-signed */
    EVP_PKEY *issuer_key;
    EVP_PKEY *key;
    const char *common_name;
    int days;
    long serial; /* 0: random */
    const char *const (*extensions)[2];
    const char *names;
};

static const char *const ca_extensions[][2] = {
    {"basicConstraints", "critical,CA:TRUE,pathlen:0"},
    {"keyUsage", "critical,keyCertSign,cRLSign"},
    {"subjectKeyIdentifier", "hash"},
    {NULL, NULL},
};

static const char *const leaf_extensions[][2] = {
    {"basicConstraints", "critical,CA:FALSE"},
    {"keyUsage", "critical,digitalSignature"},
    {"extendedKeyUsage", "serverAuth"},
    {"subjectKeyIdentifier", "hash"},
    {"authorityKeyIdentifier", "keyid:always"},
    {NULL, NULL},
};

/* It names no host: nothing but its thumbprint can vouch for it. */
static const char *const lone_extensions[][2] = {
    {"basicConstraints", "critical,CA:FALSE"},
    {"extendedKeyUsage", "serverAuth"},
    {NULL, NULL},
};

static const char *const self_extensions[][2] = {
    {"basicConstraints", "critical,CA:FALSE"},
    {"keyUsage", "critical,digitalSignature"},
    {NULL, NULL},
};

static int add_extension(X509 *cert, X509 *issuer, const char *name,
                         const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX ctx;
    int ok;

    X509V3_set_ctx(&ctx, issuer == NULL ? cert : issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_nconf(NULL, &ctx, name, value);
    ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static int set_serial(X509 *cert, long serial)
{
    unsigned char raw[16];
    BIGNUM *value = NULL;
    int ok;

    if (serial != 0)
        return ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    if (RAND_bytes(raw, sizeof(raw)) != 1)
        return 0;
    raw[0] &= 0x7f;
    value = BN_bin2bn(raw, sizeof(raw), NULL);
    ok = value != NULL &&
         BN_to_ASN1_INTEGER(value, X509_get_serialNumber(cert)) != NULL;
    BN_free(value);
    return ok;
}

static int fill(X509 *cert, const struct issue *how)
{
    X509_NAME *name = X509_get_subject_name(cert);
    const X509_NAME *issuer =
        how->issuer == NULL ? name : X509_get_subject_name(how->issuer);
    size_t i;

    if (!X509_set_version(cert, X509_VERSION_3) ||
        !set_serial(cert, how->serial) ||
        X509_gmtime_adj(X509_getm_notBefore(cert), -3600) == NULL ||
        X509_time_adj_ex(X509_getm_notAfter(cert), how->days, 0, NULL) ==
            NULL ||
        !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    (const unsigned char *)how->common_name, -1,
                                    -1, 0) ||
        !X509_set_issuer_name(cert, issuer) || !X509_set_pubkey(cert, how->key))
        return 0;
    for (i = 0; how->extensions[i][0] != NULL; i++) {
        if (!add_extension(cert, how->issuer, how->extensions[i][0],
                           how->extensions[i][1]))
            return 0;
    }
    return how->names == NULL ||
           add_extension(cert, how->issuer, "subjectAltName", how->names);
}

static X509 *issue(const struct issue *how)
{
    X509 *cert = X509_new();

    if (cert != NULL && fill(cert, how) &&
        X509_sign(cert, how->issuer_key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

static int bio_to(BIO *bio, struct emu_bytes *out)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    return len > 0 && emu_bytes_append(out, data, (size_t)len);
}

static int certificate_to(X509 *cert, struct emu_bytes *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int ok =
        bio != NULL && PEM_write_bio_X509(bio, cert) == 1 && bio_to(bio, out);

    BIO_free(bio);
    return ok;
}

static int key_to(EVP_PKEY *key, struct emu_bytes *out)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    int ok =
        bio != NULL &&
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
        bio_to(bio, out);

    BIO_free(bio);
    return ok;
}

static X509 *certificate_from(const struct emu_bytes *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return cert;
}

static EVP_PKEY *key_from(const struct emu_bytes *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    EVP_PKEY *key =
        bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return key;
}

static int make_ca(struct emu_store *s, struct emu_bytes *pem,
                   struct emu_bytes *key_pem)
{
    struct issue how = {.common_name = "Local Managed HSM authority",
                        .days = CA_DAYS,
                        .extensions = ca_extensions};
    X509 *cert = NULL;
    int ok;

    how.key = how.issuer_key = EVP_EC_gen("P-256");
    cert = how.key == NULL ? NULL : issue(&how);
    ok = cert != NULL && certificate_to(cert, pem) &&
         key_to(how.key, key_pem) &&
         emu_store_set(s, "ca_key", key_pem->data, key_pem->len) &&
         emu_store_set(s, "ca", pem->data, pem->len);
    X509_free(cert);
    EVP_PKEY_free(how.key);
    return ok;
}

/* "DNS:a,DNS:b" for the fixed and the extra names; 0 when one is malformed. */
static int name_list(const char *extra, char *out)
{
    size_t at;

    at = (size_t)snprintf(out, NAMES_MAX,
                          "DNS:localhost,DNS:*.localhost,IP:127.0.0.1,IP:::1");
    while (*extra != '\0') {
        size_t len = strcspn(extra, ",");

        if (len == 0 || len > 253 || at + len + 6 > NAMES_MAX ||
            strspn(extra, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789.-*") < len)
            return 0;
        at += (size_t)snprintf(out + at, NAMES_MAX - at, ",DNS:%.*s", (int)len,
                               extra);
        extra += len;
        if (*extra == ',')
            extra++;
    }
    return 1;
}

static int make_leaf(struct emu_certificate *c, struct emu_store *s,
                     const struct emu_bytes *ca_key, const char *names)
{
    struct issue how = {.common_name = "localhost",
                        .days = EMU_CERTIFICATE_DAYS,
                        .extensions = leaf_extensions,
                        .names = names};
    X509 *cert = NULL;
    int ok = 0;

    how.issuer = certificate_from(&c->ca);
    how.issuer_key = key_from(ca_key);
    how.key = EVP_EC_gen("P-256");
    if (how.issuer == NULL || how.issuer_key == NULL || how.key == NULL)
        goto out;
    emu_bytes_free(&c->leaf);
    emu_bytes_free(&c->key);
    cert = issue(&how);
    ok = cert != NULL && certificate_to(cert, &c->leaf) &&
         emu_bytes_append(&c->leaf, c->ca.data, c->ca.len) &&
         key_to(how.key, &c->key) &&
         emu_store_set(s, "leaf", c->leaf.data, c->leaf.len) &&
         emu_store_set(s, "leaf_key", c->key.data, c->key.len) &&
         emu_store_set(s, "leaf_names", names, strlen(names));
out:
    X509_free(cert);
    X509_free(how.issuer);
    EVP_PKEY_free(how.issuer_key);
    EVP_PKEY_free(how.key);
    return ok;
}

/* A leaf that is kept must be for the same names and have a month to go. */
static int leaf_usable(struct emu_certificate *c, struct emu_store *s,
                       const char *names)
{
    struct emu_bytes kept = {NULL, 0};
    X509 *cert = NULL;
    time_t month = (time_t)emu_now() + (time_t)30 * 86400;
    int ok = 0;

    if (emu_store_get(s, "leaf", &c->leaf) == 1 &&
        emu_store_get(s, "leaf_key", &c->key) == 1 &&
        emu_store_get(s, "leaf_names", &kept) == 1 &&
        strcmp((const char *)kept.data, names) == 0) {
        cert = certificate_from(&c->leaf);
        ok =
            cert != NULL && X509_cmp_time(X509_get0_notAfter(cert), &month) > 0;
    }
    X509_free(cert);
    emu_bytes_free(&kept);
    return ok;
}

X509 *emu_certificate_of(EVP_PKEY *key, const char *common_name, int days,
                         long serial)
{
    struct issue how = {.common_name = common_name,
                        .days = days,
                        .serial = serial,
                        .extensions = self_extensions};

    how.key = how.issuer_key = key;
    return issue(&how);
}

char *emu_certificate_thumbprint(const X509 *cert, const EVP_MD *digest)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    return X509_digest(cert, digest, raw, &len) == 1
               ? emu_base64url_encode(raw, len)
               : NULL;
}

char *emu_certificate_x5c(const X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    char *text = len < 0 ? NULL : emu_base64_encode(der, (size_t)len);

    OPENSSL_free(der);
    return text;
}

/* New at each start, as is its thumbprint in the environment. */
static int make_lone(struct emu_certificate *c)
{
    struct issue how = {.common_name = "lone",
                        .days = EMU_CERTIFICATE_DAYS,
                        .extensions = lone_extensions};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    X509 *cert;
    int ok;

    how.key = how.issuer_key = EVP_EC_gen("P-256");
    cert = how.key == NULL ? NULL : issue(&how);
    ok = cert != NULL && certificate_to(cert, &c->lone) &&
         key_to(how.key, &c->lone_key) &&
         X509_digest(cert, EVP_sha1(), digest, &size) == 1;
    if (ok)
        emu_hex_encode(digest, size, c->thumbprint);
    X509_free(cert);
    EVP_PKEY_free(how.key);
    return ok;
}

int emu_certificate_open(struct emu_certificate *c, struct emu_store *s,
                         const char *extra)
{
    struct emu_bytes ca_key = {NULL, 0};
    char names[NAMES_MAX];
    int ok = 0;

    memset(c, 0, sizeof(*c));
    if (!name_list(extra, names))
        goto out;
    if ((emu_store_get(s, "ca", &c->ca) != 1 ||
         emu_store_get(s, "ca_key", &ca_key) != 1) &&
        (emu_bytes_free(&c->ca), !make_ca(s, &c->ca, &ca_key)))
        goto out;
    ok = (leaf_usable(c, s, names) || make_leaf(c, s, &ca_key, names)) &&
         make_lone(c);
out:
    emu_bytes_free(&ca_key);
    if (!ok)
        emu_certificate_free(c);
    return ok;
}

void emu_certificate_free(struct emu_certificate *c)
{
    emu_bytes_free(&c->ca);
    emu_bytes_free(&c->leaf);
    emu_bytes_free(&c->key);
    emu_bytes_free(&c->lone);
    emu_bytes_free(&c->lone_key);
}
