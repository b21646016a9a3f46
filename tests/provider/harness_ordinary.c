/* SPDX-License-Identifier: MIT
 *
 * Ordinary things that programs do with keys of their own: making, storing,
 * signing, decrypting, agreeing, certificates, TLS.  Each returns 1 when all
 * came out as the default provider alone makes it.  Must never touch a key of
 * the HSM: these are the things that the module has no business with.
 */
#include "harness.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const curves[] = {"P-256", "P-384", "P-521", "secp256k1"};

static EVP_PKEY *make(OSSL_LIB_CTX *lib, const char *type, const char *curve)
{
    if (strcmp(type, "EC") == 0)
        return EVP_PKEY_Q_keygen(lib, NULL, "EC", curve);
    if (strcmp(type, "RSA") == 0)
        return EVP_PKEY_Q_keygen(lib, NULL, "RSA", (size_t)2048);
    return EVP_PKEY_Q_keygen(lib, NULL, type);
}

/* Signed here and judged by default, and judged here with the key and with its
 * public part alone. */
static int both_ways(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                     const struct th_scheme *scheme)
{
    unsigned char *der = NULL, *signature;
    const unsigned char *at;
    size_t size = 0;
    EVP_PKEY *half;
    int der_size = i2d_PUBKEY(key, &der), good;

    at = der;
    half = d2i_PUBKEY_ex(NULL, &at, der_size, lib, NULL);
    signature = th_sign(lib, key, scheme, "text", &size);
    good = half != NULL && signature != NULL &&
           th_verify(lib, key, scheme, "text", signature, size) == 1 &&
           th_verify(lib, half, scheme, "text", signature, size) == 1 &&
           th_sign_and_verify(lib, key, scheme, "text");
    OPENSSL_free(signature);
    OPENSSL_free(der);
    EVP_PKEY_free(half);
    return good;
}

static int ec_keys(OSSL_LIB_CTX *lib)
{
    size_t i;
    int good = 1;

    for (i = 0; good && i < COUNT(curves); i++) {
        EVP_PKEY *key = make(lib, "EC", curves[i]);
        struct th_scheme scheme = {"SHA256", 0}, short_one = {"SHA1", 0};
        BIGNUM *number = NULL;

        good =
            key != NULL && th_sign_and_verify(lib, key, &scheme, "text") &&
            th_sign_and_verify(lib, key, &short_one, "text") &&
            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1;
        BN_clear_free(number);
        EVP_PKEY_free(key);
    }
    return good;
}

/* Also what the service does not offer: it is no key of the service. */
static int rsa_keys(OSSL_LIB_CTX *lib)
{
    static const struct th_scheme schemes[] = {
        {"SHA256", RSA_PKCS1_PADDING},     {"SHA1", RSA_PKCS1_PADDING},
        {"SHA224", RSA_PKCS1_PSS_PADDING}, {"SHA512", RSA_PKCS1_PSS_PADDING},
        {"SHA3-256", RSA_PKCS1_PADDING},
    };
    EVP_PKEY *key = make(lib, "RSA", NULL);
    size_t i;
    int good = key != NULL;

    for (i = 0; good && i < COUNT(schemes); i++)
        good = both_ways(lib, key, &schemes[i]);
    EVP_PKEY_free(key);
    return good;
}

static int other_keys(OSSL_LIB_CTX *lib)
{
    static const char *const types[] = {"X25519", "X448", "ED25519", "ED448"};
    size_t i;
    int good = 1;

    for (i = 0; good && i < COUNT(types); i++) {
        EVP_PKEY *key = make(lib, types[i], NULL);

        good = key != NULL;
        EVP_PKEY_free(key);
    }
    return good;
}

static int seal_and_open(OSSL_LIB_CTX *lib, EVP_PKEY *key, int padding,
                         const char *md, const char *label)
{
    static const unsigned char secret[] = "what is sealed";
    unsigned char sealed[512], out[512];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    size_t size = sizeof(sealed), made = sizeof(out);
    int step, good = ctx != NULL;

    for (step = 0; good && step < 2; step++) {
        good = (step == 0 ? EVP_PKEY_encrypt_init(ctx)
                          : EVP_PKEY_decrypt_init(ctx)) > 0 &&
               EVP_PKEY_CTX_set_rsa_padding(ctx, padding) > 0 &&
               (md == NULL ||
                EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, md, NULL) > 0);
        if (good && label != NULL) {
            char *copy = OPENSSL_strdup(label);

            good = EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy,
                                                    (int)strlen(label)) > 0;
            if (!good)
                OPENSSL_free(copy);
        }
        if (good && step == 0)
            good = EVP_PKEY_encrypt(ctx, sealed, &size, secret,
                                    sizeof(secret)) > 0;
        else if (good)
            good = EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0 &&
                   made == sizeof(secret) && memcmp(out, secret, made) == 0;
    }
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static int rsa_decryption(OSSL_LIB_CTX *lib)
{
    EVP_PKEY *key = make(lib, "RSA", NULL);
    int good = key != NULL &&
               seal_and_open(lib, key, RSA_PKCS1_PADDING, NULL, NULL) &&
               seal_and_open(lib, key, RSA_PKCS1_OAEP_PADDING, NULL, NULL) &&
               seal_and_open(lib, key, RSA_PKCS1_OAEP_PADDING, "SHA512", "me");

    EVP_PKEY_free(key);
    return good;
}

static size_t derive(OSSL_LIB_CTX *lib, EVP_PKEY *mine, EVP_PKEY *theirs,
                     unsigned char *out, size_t room)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, mine, NULL);
    size_t size = room;

    if (ctx == NULL || EVP_PKEY_derive_init(ctx) <= 0 ||
        EVP_PKEY_derive_set_peer(ctx, theirs) <= 0 ||
        EVP_PKEY_derive(ctx, out, &size) <= 0)
        size = 0;
    EVP_PKEY_CTX_free(ctx);
    return size;
}

static int agreement(OSSL_LIB_CTX *lib)
{
    static const char *const types[] = {"EC", "EC", "X25519"};
    unsigned char one[128], two[128];
    size_t i, size;
    int good = 1;

    for (i = 0; good && i < COUNT(types); i++) {
        EVP_PKEY *mine = make(lib, types[i], curves[i]);
        EVP_PKEY *theirs = make(lib, types[i], curves[i]);

        good = mine != NULL && theirs != NULL;
        size = good ? derive(lib, mine, theirs, one, sizeof(one)) : 0;
        good = size > 0 &&
               derive(lib, theirs, mine, two, sizeof(two)) == size &&
               memcmp(one, two, size) == 0;
        EVP_PKEY_free(mine);
        EVP_PKEY_free(theirs);
    }
    return good;
}

/* Keys made by the default provider alone, as files; here they are read. */
static int pem_keys(OSSL_LIB_CTX *lib)
{
    static const char *const types[] = {"RSA", "EC"};
    static char password[] = "a password";
    size_t i;
    int form, good = 1;

    for (i = 0; good && i < COUNT(types); i++) {
        EVP_PKEY *made = make(th_plain(), types[i], "P-256");
        struct th_scheme scheme = th_scheme_of(made);

        for (form = 0; good && form < 3; form++) {
            const EVP_CIPHER *cipher = form == 1 ? EVP_aes_256_cbc() : NULL;
            BIO *file = BIO_new(BIO_s_mem()), *public = BIO_new(BIO_s_mem());
            EVP_PKEY *key, *half;

            good = (form == 2 ? PEM_write_bio_PrivateKey_traditional(
                                    file, made, NULL, NULL, 0, NULL, NULL)
                              : PEM_write_bio_PKCS8PrivateKey(
                                    file, made, cipher, password,
                                    (int)strlen(password), NULL, NULL)) == 1 &&
                   PEM_write_bio_PUBKEY(public, made) == 1;
            key = PEM_read_bio_PrivateKey_ex(file, NULL, NULL, password, lib,
                                             NULL);
            half = PEM_read_bio_PUBKEY_ex(public, NULL, NULL, NULL, lib, NULL);
            good = good && key != NULL && half != NULL &&
                   EVP_PKEY_eq(key, half) == 1 && EVP_PKEY_eq(key, made) == 1 &&
                   EVP_PKEY_eq(half, key) == 1 &&
                   th_sign_and_verify(lib, key, &scheme, "from a file");
            EVP_PKEY_free(key);
            EVP_PKEY_free(half);
            BIO_free(file);
            BIO_free(public);
        }
        EVP_PKEY_free(made);
    }
    return good;
}

/* And the other way round: keys made here are written and read back. */
static int keys_to_files(OSSL_LIB_CTX *lib)
{
    static const char *const types[] = {"RSA", "EC", "ED25519"};
    size_t i;
    int good = 1;

    for (i = 0; good && i < COUNT(types); i++) {
        EVP_PKEY *made = make(lib, types[i], "P-384"), *read = NULL;
        BIO *file = BIO_new(BIO_s_mem());

        good = made != NULL && PEM_write_bio_PrivateKey(file, made, NULL, NULL,
                                                        0, NULL, NULL) == 1;
        if (good)
            read = PEM_read_bio_PrivateKey_ex(file, NULL, NULL, NULL,
                                              th_plain(), NULL);
        good = good && read != NULL && EVP_PKEY_eq(read, made) == 1;
        EVP_PKEY_free(read);
        EVP_PKEY_free(made);
        BIO_free(file);
    }
    return good;
}

static int certificates(OSSL_LIB_CTX *lib)
{
    static const struct th_scheme rsa_schemes[] = {
        {"SHA256", RSA_PKCS1_PADDING}, {"SHA384", RSA_PKCS1_PSS_PADDING}};
    EVP_PKEY *rsa = make(lib, "RSA", NULL), *ec = make(lib, "EC", "P-256");
    struct th_scheme scheme = {"SHA256", 0};
    X509 *made[3] = {NULL, NULL, NULL};
    size_t i;
    int good = rsa != NULL && ec != NULL;

    if (good) {
        made[0] = th_certificate(lib, ec, ec, &scheme);
        made[1] = th_certificate(lib, rsa, rsa, &rsa_schemes[0]);
        made[2] = th_certificate(lib, ec, rsa, &rsa_schemes[1]);
    }
    for (i = 0; i < COUNT(made); i++) {
        good = good && made[i] != NULL &&
               X509_verify(made[i], i == 0 ? ec : rsa) == 1 &&
               X509_check_private_key(made[i], i == 1 ? rsa : ec) == 1;
        X509_free(made[i]);
    }
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return good;
}

static int tls_between(OSSL_LIB_CTX *server, OSSL_LIB_CTX *client)
{
    static const struct {
        int version;
        const char *groups, *ciphers;
    } rows[] = {
        {TLS1_2_VERSION, NULL, NULL},
        {TLS1_2_VERSION, "P-256", NULL},
        {TLS1_2_VERSION, "P-384:P-256", NULL},
        {TLS1_2_VERSION, "X25519:P-256", NULL},
        {TLS1_3_VERSION, NULL, NULL},
        {TLS1_3_VERSION, "P-256", NULL},
        {TLS1_3_VERSION, "P-521", NULL},
        {TLS1_3_VERSION, "X448", NULL},
        {TLS1_3_VERSION, "ffdhe2048", NULL},
    };
    static const char *const types[] = {"EC", "RSA"};
    size_t i, j;
    int good = 1;

    for (i = 0; good && i < COUNT(types); i++) {
        struct th_tls tls = {.server_lib = server, .client_lib = client};
        struct th_scheme scheme;

        tls.key = make(server, types[i], "P-256");
        if (tls.key == NULL)
            return 0;
        scheme = th_scheme_of(tls.key);
        tls.certificate = th_certificate(server, tls.key, tls.key, &scheme);
        good = tls.certificate != NULL;
        for (j = 0; good && j < COUNT(rows); j++) {
            tls.version = rows[j].version;
            tls.groups = rows[j].groups;
            tls.ciphers = rows[j].ciphers;
            good = th_handshake(&tls);
            TH_TRUE(good, "%s, row %zu", types[i], j);
        }
        /* Key transport: decryption by an ordinary key. */
        tls.version = TLS1_2_VERSION;
        tls.groups = NULL;
        tls.ciphers = "AES256-GCM-SHA384:@SECLEVEL=1";
        if (good && i == 1)
            good = th_handshake(&tls);
        X509_free(tls.certificate);
        EVP_PKEY_free(tls.key);
    }
    return good;
}

/* There and back by a file, and a server of its own. */
static int message_key(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
    static const struct th_scheme scheme = {NULL, 0};
    struct th_tls tls = {.server_lib = lib,
                         .client_lib = th_plain(),
                         .key = key,
                         .version = TLS1_3_VERSION};
    BIO *file = BIO_new(BIO_s_mem());
    EVP_PKEY *read = NULL;
    int good =
        both_ways(lib, key, &scheme) &&
        PEM_write_bio_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
        (read = PEM_read_bio_PrivateKey_ex(file, NULL, NULL, NULL, lib,
                                           NULL)) != NULL &&
        EVP_PKEY_eq(read, key) == 1 &&
        th_sign_and_verify(lib, read, &scheme, "from a file");

    tls.certificate = th_certificate(lib, key, key, &scheme);
    good = good && tls.certificate != NULL &&
           X509_verify(tls.certificate, key) == 1 && th_handshake(&tls);
    X509_free(tls.certificate);
    EVP_PKEY_free(read);
    BIO_free(file);
    return good;
}

/* Keys that sign messages and no digests; ML-DSA where OpenSSL has it. */
static int message_keys(OSSL_LIB_CTX *lib)
{
    static const char *const types[] = {"ED25519", "ED448", "ML-DSA-44",
                                        "ML-DSA-65", "ML-DSA-87"};
    size_t i;
    int good = 1;

    for (i = 0; good && i < COUNT(types); i++) {
        EVP_PKEY *model = make(th_plain(), types[i], NULL), *key = NULL;

        if (model == NULL) {
            good = i >= 2;
            ERR_clear_error();
        } else {
            key = make(lib, types[i], NULL);
            good = key != NULL && message_key(lib, key);
            TH_TRUE(good, "%s", types[i]);
        }
        EVP_PKEY_free(model);
        EVP_PKEY_free(key);
    }
    return good;
}

static int tls_servers(OSSL_LIB_CTX *lib)
{
    return tls_between(lib, th_plain());
}

static int tls_clients(OSSL_LIB_CTX *lib)
{
    return tls_between(th_plain(), lib);
}

static int random_and_digests(OSSL_LIB_CTX *lib)
{
    unsigned char octets[32], digest[64];
    size_t size = 0;

    return RAND_bytes_ex(lib, octets, sizeof(octets), 0) == 1 &&
           EVP_Q_digest(lib, "SHA512", NULL, octets, sizeof(octets), digest,
                        &size) == 1 &&
           size == 64;
}

const struct th_ordinary th_ordinary[] = {
    {"EC keys", ec_keys},
    {"RSA keys", rsa_keys},
    {"other keys", other_keys},
    {"keys that sign messages", message_keys},
    {"RSA decryption", rsa_decryption},
    {"key agreement", agreement},
    {"keys from files", pem_keys},
    {"keys to files", keys_to_files},
    {"certificates", certificates},
    {"TLS servers", tls_servers},
    {"TLS clients", tls_clients},
    {"random and digests", random_and_digests},
    {NULL, NULL},
};
