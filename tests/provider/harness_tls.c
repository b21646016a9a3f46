/* SPDX-License-Identifier: MIT
 *
 * Certificates, and TLS between a server and a client of the same thread over
 * memory.  Must never open a socket: what is tested is the key, not the
 * network.
 */
#include "harness.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "harness_internal.h"

enum { ROUNDS = 64, TEXT_SIZE = 32, LIST_SIZE = 256 };

static int add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    int ok = extension != NULL && X509_add_ext(certificate, extension, -1);

    X509_EXTENSION_free(extension);
    return ok;
}

static int fill(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    static atomic_int serial = 4711; /* CMS tells recipients by it */

    return X509_set_version(certificate, X509_VERSION_3) &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate),
                            atomic_fetch_add(&serial, 1)) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -60) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"localhost", -1,
                                      -1, 0) &&
           X509_set_issuer_name(certificate, name) &&
           X509_set_pubkey(certificate, key) &&
           add_extension(certificate, NID_basic_constraints,
                         "critical,CA:TRUE") &&
           add_extension(certificate, NID_subject_alt_name, "DNS:localhost");
}

X509 *th_certificate(OSSL_LIB_CTX *lib, EVP_PKEY *key, EVP_PKEY *signer,
                     const struct th_scheme *scheme)
{
    X509 *certificate = X509_new_ex(lib, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int ok = certificate != NULL && ctx != NULL && fill(certificate, key) &&
             EVP_DigestSignInit_ex(ctx, &pctx, scheme->digest, lib, NULL,
                                   signer, NULL) > 0;

    if (ok && scheme->padding == RSA_PKCS1_PSS_PADDING)
        ok = EVP_PKEY_CTX_set_rsa_padding(pctx, scheme->padding) > 0 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0;
    ok = ok && X509_sign_ctx(certificate, ctx) > 0;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

/* The macros below cast const away, hence the copy. */
static char *list_of(const char *text)
{
    static char list[LIST_SIZE];

    snprintf(list, sizeof(list), "%s", text);
    return list;
}

static SSL_CTX *context(OSSL_LIB_CTX *lib, const struct th_tls *tls)
{
    SSL_CTX *ctx = SSL_CTX_new_ex(lib, NULL, TLS_method());
    int ok = ctx != NULL && SSL_CTX_set_min_proto_version(ctx, tls->version) &&
             SSL_CTX_set_max_proto_version(ctx, tls->version);

    if (ok && tls->groups != NULL)
        ok = SSL_CTX_set1_groups_list(ctx, list_of(tls->groups)) > 0;
    if (ok && tls->ciphers != NULL)
        ok = SSL_CTX_set_cipher_list(ctx, tls->ciphers) > 0;
    if (!ok) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static int identify(SSL_CTX *ctx, X509 *certificate, EVP_PKEY *key)
{
    return SSL_CTX_use_certificate(ctx, certificate) > 0 &&
           SSL_CTX_use_PrivateKey(ctx, key) > 0 &&
           SSL_CTX_check_private_key(ctx) > 0;
}

static SSL *server_of(SSL_CTX *ctx, const struct th_tls *tls)
{
    if (ctx == NULL || !identify(ctx, tls->certificate, tls->key))
        return NULL;
    if (tls->client_key != NULL) {
        if (!X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx),
                                 tls->client_certificate))
            return NULL;
        SSL_CTX_set_verify(
            ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return SSL_new(ctx);
}

static SSL *client_of(SSL_CTX *ctx, const struct th_tls *tls)
{
    SSL *ssl;

    if (ctx == NULL ||
        !X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), tls->certificate))
        return NULL;
    if (tls->client_key != NULL &&
        !identify(ctx, tls->client_certificate, tls->client_key))
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (tls->sigalgs != NULL &&
        SSL_CTX_set1_sigalgs_list(ctx, list_of(tls->sigalgs)) <= 0)
        return NULL;
    ssl = SSL_new(ctx);
    if (ssl != NULL && !SSL_set1_host(ssl, "localhost")) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

/* Each side's output is the other's input. */
static int connect_pair(SSL *server, SSL *client)
{
    BIO *left = NULL, *right = NULL;

    if (!BIO_new_bio_pair(&left, 1 << 16, &right, 1 << 16))
        return 0;
    SSL_set_bio(server, left, left);
    SSL_set_bio(client, right, right);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    return 1;
}

static int wants_more(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);

    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static int shake(SSL *server, SSL *client)
{
    int round, at_server = 0, at_client = 0;

    for (round = 0; round < ROUNDS; round++) {
        if (at_client <= 0) {
            at_client = SSL_do_handshake(client);
            if (at_client <= 0 && !wants_more(client, at_client))
                return 0;
        }
        if (at_server <= 0) {
            at_server = SSL_do_handshake(server);
            if (at_server <= 0 && !wants_more(server, at_server))
                return 0;
        }
        if (at_client > 0 && at_server > 0)
            return 1;
    }
    return 0;
}

static int talk(SSL *from, SSL *to, const char *text)
{
    char got[TEXT_SIZE];
    int size = (int)strlen(text);

    return SSL_write(from, text, size) == size &&
           SSL_read(to, got, sizeof(got)) == size &&
           memcmp(got, text, (size_t)size) == 0;
}

int th_handshake(const struct th_tls *tls)
{
    SSL_CTX *server_ctx = context(tls->server_lib, tls);
    SSL_CTX *client_ctx = context(tls->client_lib, tls);
    SSL *server = server_of(server_ctx, tls);
    SSL *client = client_of(client_ctx, tls);
    int ok =
        server != NULL && client != NULL && connect_pair(server, client) &&
        shake(server, client) && SSL_get_verify_result(client) == X509_V_OK &&
        SSL_version(client) == tls->version &&
        talk(client, server, "a question") && talk(server, client, "an answer");

    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(server_ctx);
    SSL_CTX_free(client_ctx);
    return ok;
}
