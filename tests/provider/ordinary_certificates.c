/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: certificates, requests and revocation lists, made, written,
 * read and verified.  Their dates are fixed, so that those with deterministic
 * signatures are the same octets each time.
 */
#include "ordinary.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BEFORE       "20200101000000Z"
#define AFTER        "21200101000000Z"

static int set_name(X509_NAME *name, const char *subject)
{
    return X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1, 0);
}

static int add_extension(X509 *certificate, X509 *issuer, const char *line)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    char name[64];
    size_t size = strcspn(line, "=");
    int ok;

    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    OPENSSL_strlcpy(name, line, size + 1 < sizeof(name) ? size + 1 : 1);
    extension = X509V3_EXT_nconf(NULL, &ctx, name, line + size + 1);
    ok = extension != NULL && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

X509 *ord_certificate(struct ord *o, const struct ord_request *request)
{
    X509 *certificate = X509_new_ex(o->lib, NULL);
    X509 *issuer = request->issuer == NULL ? certificate : request->issuer;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const char *const *line;
    int ok =
        X509_set_version(certificate, X509_VERSION_3) &&
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), request->serial) &&
        ASN1_TIME_set_string(X509_getm_notBefore(certificate), BEFORE) &&
        ASN1_TIME_set_string(X509_getm_notAfter(certificate), AFTER) &&
        set_name(X509_get_subject_name(certificate), request->subject) &&
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) &&
        X509_set_pubkey(certificate, request->key);

    for (line = request->extensions; ok && line != NULL && *line != NULL;
         line++)
        ok = add_extension(certificate, issuer, *line);
    ok = ok &&
         EVP_DigestSignInit_ex(ctx, NULL, request->digest, o->lib, NULL,
                               request->issuer_key, NULL) > 0 &&
         X509_sign_ctx(certificate, ctx) > 0;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

X509 *ord_self_signed(struct ord *o, const char *name, EVP_PKEY **key)
{
    static const char *const extensions[] = {
        "basicConstraints=critical,CA:TRUE", "subjectKeyIdentifier=hash",
        "subjectAltName=DNS:localhost,email:a@b.c", NULL};
    struct ord_request request = {.subject = "localhost", .serial = 1};
    X509 *certificate;

    *key = ord_key(o, name);
    request.key = request.issuer_key = *key;
    request.digest = ord_digest_of(*key);
    request.extensions = extensions;
    certificate = ord_certificate(o, &request);
    if (certificate == NULL) {
        ERR_print_errors_fp(stderr);
        th_die("%s: no certificate with %s", o->name, name);
    }
    return certificate;
}

static int signs(const char *name)
{
    static const char *const others[] = {"X25519", "X448", "D", "ML-KEM", NULL};
    size_t i;

    for (i = 0; others[i] != NULL; i++) {
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return strcmp(name, "DSA") == 0;
    }
    return 1;
}

static void write_der(struct ord *o, const char *what, X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);

    ord_octets(o, what, der, size > 0 ? (size_t)size : 0);
    OPENSSL_free(der);
}

/* Signed by every key that signs, and verified by all that may. */
static void self_signed(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key, *half;
        X509 *certificate, *read = NULL;
        BIO *file = BIO_new(BIO_s_mem());
        int nid = 0, pknid = 0, bits = 0;
        uint32_t flags = 0;

        if (signs(name)) {
            certificate = ord_self_signed(o, name, &key);
            half = ord_public(o, name);
            if (strncmp(name, "RSA", 3) == 0 && strstr(name, "PSS") == NULL)
                write_der(o, name, certificate);
            ord_result(o, X509_verify(certificate, key), "%s", name);
            ord_result(o, X509_verify(certificate, half), "by half");
            ord_result(o, X509_self_signed(certificate, 1), "self-signed");
            ord_result(o, X509_check_private_key(certificate, key), "key");
            ord_result(o, X509_check_private_key(certificate, half), "half");
            ord_result(o,
                       X509_get_signature_info(certificate, &nid, &pknid, &bits,
                                               &flags),
                       "info %d %d %d %u", nid, pknid, bits, flags);
            ord_result(o, PEM_write_bio_X509(file, certificate), "written");
            read = X509_new_ex(o->lib, NULL);
            ord_result(o, PEM_read_bio_X509(file, &read, NULL, NULL) != NULL,
                       "read");
            ord_result(o, X509_cmp(read, certificate), "cmp");
            ord_result(o, X509_verify(read, X509_get0_pubkey(read)),
                       "verified");
            (void)BIO_reset(file);
            ord_result(
                o,
                X509_print_ex(file, read, 0,
                              X509_FLAG_NO_SIGDUMP | X509_FLAG_NO_HEADER),
                "printed");
            ord_memory(o, "text", file);
            X509_free(read);
            X509_free(certificate);
            EVP_PKEY_free(key);
            EVP_PKEY_free(half);
        }
        BIO_free(file);
    }
}

/* Every key in a certificate of an RSA authority, which has fixed octets. */
static void issued(struct ord *o)
{
    static const char *const extensions[] = {
        "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid,issuer",
        "extendedKeyUsage=serverAuth", "keyUsage=digitalSignature", NULL};
    EVP_PKEY *authority_key;
    X509 *authority = ord_self_signed(o, "RSA", &authority_key);
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        struct ord_request request = {.subject = name,
                                      .serial = (long)i + 2,
                                      .key = ord_key(o, name),
                                      .issuer = authority,
                                      .issuer_key = authority_key,
                                      .digest = "SHA512",
                                      .extensions = extensions};
        X509 *certificate = ord_certificate(o, &request);

        if (ord_good(o, certificate != NULL, "%s", name)) {
            write_der(o, "certificate", certificate);
            ord_result(o, X509_verify(certificate, authority_key), "verified");
            ord_chance(o, X509_verify(certificate, request.key) == 1,
                       "by another key");
            ord_result(o, X509_check_private_key(certificate, request.key),
                       "key");
            ord_result(o, X509_check_private_key(certificate, authority_key),
                       "another key");
            ord_result(o, X509_check_issued(authority, certificate), "issued");
            ord_result(o,
                       EVP_PKEY_eq(X509_get0_pubkey(certificate), request.key),
                       "eq");
        }
        X509_free(certificate);
        EVP_PKEY_free(request.key);
    }
    X509_free(authority);
    EVP_PKEY_free(authority_key);
}

static void with_padding(struct ord *o)
{
    static const struct {
        const char *key, *digest;
        int padding, salt;
    } rows[] = {
        {"RSA", "SHA256", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST},
        {"RSA", "SHA384", RSA_PKCS1_PSS_PADDING, 0},
        {"RSA", "SHA1", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_MAX},
        {"RSA", "SHA3-256", RSA_PKCS1_PADDING, 0},
        {"RSA-PSS", "SHA256", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO},
        {"RSA-PSS of SHA-384", "SHA384", RSA_PKCS1_PSS_PADDING, 48},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY *key;
        X509 *certificate = ord_self_signed(o, rows[i].key, &key);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pctx = NULL;
        const X509_ALGOR *algorithm = NULL;
        unsigned char *der = NULL;
        int size;

        ord_good(o,
                 EVP_DigestSignInit_ex(ctx, &pctx, rows[i].digest, o->lib, NULL,
                                       key, NULL),
                 "%zu", i);
        if (ord_result(o, EVP_PKEY_CTX_set_rsa_padding(pctx, rows[i].padding),
                       "padding") > 0)
            ord_result(o, EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, rows[i].salt),
                       "salt");
        ord_result(o, X509_sign_ctx(certificate, ctx) > 0, "signed");
        X509_get0_signature(NULL, &algorithm, certificate);
        size = i2d_X509_ALGOR(algorithm, &der);
        ord_octets(o, "algorithm", der, size > 0 ? (size_t)size : 0);
        OPENSSL_free(der);
        ord_result(o, X509_verify(certificate, key), "verified");
        EVP_MD_CTX_free(ctx);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
}

static void requests(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key, *wrong;
        X509_REQ *request;
        EVP_MD_CTX *ctx;
        BIO *file;

        if (!signs(name))
            continue;
        key = ord_key(o, name);
        wrong = ord_key(o, "RSA-1024");
        request = X509_REQ_new_ex(o->lib, NULL);
        ctx = EVP_MD_CTX_new();
        file = BIO_new(BIO_s_mem());
        ord_good(o, set_name(X509_REQ_get_subject_name(request), name), "%s",
                 name);
        ord_good(o, X509_REQ_set_version(request, X509_REQ_VERSION_1), "v");
        ord_good(o, X509_REQ_set_pubkey(request, key), "key");
        ord_good(o,
                 EVP_DigestSignInit_ex(ctx, NULL, ord_digest_of(key), o->lib,
                                       NULL, key, NULL),
                 "init");
        ord_good(o, X509_REQ_sign_ctx(request, ctx), "sign");
        ord_good(o, X509_REQ_verify_ex(request, key, o->lib, NULL), "verify");
        ord_chance(o, X509_REQ_verify_ex(request, wrong, o->lib, NULL) == 1,
                   "verify by another");
        ord_result(o, X509_REQ_check_private_key(request, key), "its key");
        ord_result(o, X509_REQ_check_private_key(request, wrong), "another");
        ord_result(o, X509_REQ_print_ex(file, request, 0, X509_FLAG_NO_SIGDUMP),
                   "print");
        ord_memory(o, "text", file);
        (void)BIO_reset(file);
        ord_result(o, i2d_X509_REQ_bio(file, request), "write");
        if (strcmp(name, "RSA") == 0)
            ord_memory(o, "request", file);
        BIO_free(file);
        EVP_MD_CTX_free(ctx);
        X509_REQ_free(request);
        EVP_PKEY_free(key);
        EVP_PKEY_free(wrong);
    }
}

static void revocation(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        ASN1_TIME *when = ASN1_TIME_new();
        X509_REVOKED *entry = X509_REVOKED_new(), *found = NULL;
        ASN1_INTEGER *serial = ASN1_INTEGER_new();
        X509_CRL *crl = X509_CRL_new_ex(o->lib, NULL);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        BIO *file = BIO_new(BIO_s_mem());
        EVP_PKEY *key = ord_key(o, name), *wrong = ord_key(o, "P-224");

        if (signs(name)) {
            X509_NAME *issuer = X509_NAME_new();

            ord_good(o, set_name(issuer, "an authority"), "%s", name);
            ord_good(o, X509_CRL_set_version(crl, X509_CRL_VERSION_2), "v");
            ord_good(o, X509_CRL_set_issuer_name(crl, issuer), "issuer");
            ord_good(o, ASN1_TIME_set_string(when, BEFORE), "when");
            ord_good(o, X509_CRL_set1_lastUpdate(crl, when), "last");
            ASN1_INTEGER_set(serial, 77);
            ord_good(o, X509_REVOKED_set_serialNumber(entry, serial), "serial");
            ord_good(o, X509_REVOKED_set_revocationDate(entry, when), "date");
            ord_good(o, X509_CRL_add0_revoked(crl, entry), "entry");
            entry = NULL;
            ord_good(o,
                     EVP_DigestSignInit_ex(ctx, NULL, ord_digest_of(key),
                                           o->lib, NULL, key, NULL),
                     "init");
            ord_good(o, X509_CRL_sign_ctx(crl, ctx), "sign");
            ord_good(o, X509_CRL_verify(crl, key), "verify");
            ord_chance(o, X509_CRL_verify(crl, wrong) == 1, "by another");
            ord_result(o, X509_CRL_get0_by_serial(crl, &found, serial), "77");
            ord_result(o, i2d_X509_CRL_bio(file, crl), "write");
            if (strncmp(name, "ED", 2) == 0)
                ord_memory(o, "list", file);
            X509_NAME_free(issuer);
        }
        X509_REVOKED_free(entry);
        ASN1_TIME_free(when);
        ASN1_INTEGER_free(serial);
        X509_CRL_free(crl);
        EVP_MD_CTX_free(ctx);
        BIO_free(file);
        EVP_PKEY_free(key);
        EVP_PKEY_free(wrong);
    }
}

const struct ord_case ord_certificate_cases[] = {
    {"certificates signed by themselves", self_signed},
    {"certificates issued", issued},
    {"certificates with padding", with_padding},
    {"requests", requests},
    {"revocation lists", revocation},
    {NULL, NULL},
};
