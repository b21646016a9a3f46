/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: keys as files.  Every form that OpenSSL writes, octet by
 * octet, and what is read back; passwords; files through OSSL_STORE.
 */
#include "ordinary.h"

#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char password[] = "a password", other[] = "another";

static void write_octets(struct ord *o, const char *what, BIO *file)
{
    char *data = NULL;
    long size = BIO_get_mem_data(file, &data);

    ord_octets(o, what, data, (size_t)size);
}

/* What was read is the same key, and then freed. */
static void is_same(struct ord *o, const char *what, EVP_PKEY *read,
                    EVP_PKEY *key)
{
    ord_result(o, read == NULL ? -1 : EVP_PKEY_eq(read, key), "%s", what);
    EVP_PKEY_free(read);
}

static void der_forms(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name), *half = ord_public(o, name);
        unsigned char *der = NULL;
        const unsigned char *at;
        PKCS8_PRIV_KEY_INFO *info;
        int size;

        ord_text(o, "%s", name);
        size = i2d_PrivateKey(key, &der);
        ord_octets(o, "private", der, size > 0 ? (size_t)size : 0);
        at = der;
        if (size > 0) {
            is_same(o, "read as anything",
                    d2i_AutoPrivateKey_ex(NULL, &at, size, o->lib, NULL), key);
            at = der;
            is_same(o, "read as its type",
                    d2i_PrivateKey_ex(EVP_PKEY_get_base_id(key), NULL, &at,
                                      size, o->lib, NULL),
                    key);
            at = der;
            is_same(o, "read as another type",
                    d2i_PrivateKey_ex(EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
                                          ? EVP_PKEY_EC
                                          : EVP_PKEY_RSA,
                                      NULL, &at, size, o->lib, NULL),
                    key);
            at = der;
            is_same(o, "read cut off",
                    d2i_AutoPrivateKey_ex(NULL, &at, size - 1, o->lib, NULL),
                    key);
        }
        OPENSSL_free(der);
        der = NULL;
        size = i2d_PublicKey(half, &der);
        ord_octets(o, "public", der, size > 0 ? (size_t)size : 0);
        OPENSSL_free(der);
        der = NULL;
        size = i2d_PUBKEY(half, &der);
        ord_octets(o, "PUBKEY", der, size > 0 ? (size_t)size : 0);
        at = der;
        is_same(o, "read", d2i_PUBKEY_ex(NULL, &at, size, o->lib, NULL), key);
        at = der;
        is_same(o, "read cut off",
                d2i_PUBKEY_ex(NULL, &at, size - 1, o->lib, NULL), key);
        OPENSSL_free(der);
        der = NULL;
        size = i2d_KeyParams(half, &der);
        ord_octets(o, "parameters", der, size > 0 ? (size_t)size : 0);
        OPENSSL_free(der);
        der = NULL;
        ord_result(o, i2d_PrivateKey(half, &der), "private of public");
        OPENSSL_free(der);
        info = EVP_PKEY2PKCS8(key);
        if (ord_good(o, info != NULL, "PKCS8"))
            is_same(o, "and back", EVP_PKCS82PKEY_ex(info, o->lib, NULL), key);
        PKCS8_PRIV_KEY_INFO_free(info);
        EVP_PKEY_free(key);
        EVP_PKEY_free(half);
    }
}

static void printed(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *keys[] = {ord_key(o, name), ord_public(o, name)};
        size_t j;

        for (j = 0; j < COUNT(keys); j++) {
            BIO *out = BIO_new(BIO_s_mem());

            ord_text(o, "%s, %zu", name, j);
            ord_result(o, EVP_PKEY_print_private(out, keys[j], 2, NULL),
                       "private");
            ord_result(o, EVP_PKEY_print_public(out, keys[j], 0, NULL),
                       "public");
            ord_result(o, EVP_PKEY_print_params(out, keys[j], 4, NULL),
                       "parameters");
            ord_memory(o, "text", out);
            BIO_free(out);
            EVP_PKEY_free(keys[j]);
        }
    }
}

static void pem_forms(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name);
        BIO *files[5];
        size_t j;

        for (j = 0; j < COUNT(files); j++)
            files[j] = BIO_new(BIO_s_mem());
        ord_text(o, "%s", name);
        ord_text(o, "%d %d %d %d %d",
                 PEM_write_bio_PrivateKey_ex(files[0], key, NULL, NULL, 0, NULL,
                                             NULL, o->lib, NULL),
                 PEM_write_bio_PrivateKey_traditional(files[1], key, NULL, NULL,
                                                      0, NULL, NULL),
                 PEM_write_bio_PUBKEY_ex(files[2], key, o->lib, NULL),
                 PEM_write_bio_Parameters(files[3], key),
                 PEM_write_bio_PKCS8PrivateKey(files[4], key, NULL, NULL, 0,
                                               NULL, NULL));
        for (j = 0; j < COUNT(files); j++)
            ord_memory(o, "PEM", files[j]);
        is_same(o, "PKCS8",
                PEM_read_bio_PrivateKey_ex(files[0], NULL, NULL, NULL, o->lib,
                                           NULL),
                key);
        is_same(o, "traditional",
                PEM_read_bio_PrivateKey_ex(files[1], NULL, NULL, NULL, o->lib,
                                           NULL),
                key);
        is_same(o, "at the end",
                PEM_read_bio_PrivateKey_ex(files[1], NULL, NULL, NULL, o->lib,
                                           NULL),
                key);
        is_same(
            o, "PUBKEY",
            PEM_read_bio_PUBKEY_ex(files[2], NULL, NULL, NULL, o->lib, NULL),
            key);
        is_same(o, "parameters",
                PEM_read_bio_Parameters_ex(files[3], NULL, o->lib, NULL), key);
        is_same(
            o, "PUBKEY of a private key",
            PEM_read_bio_PUBKEY_ex(files[4], NULL, NULL, NULL, o->lib, NULL),
            key);
        for (j = 0; j < COUNT(files); j++)
            BIO_free(files[j]);
        EVP_PKEY_free(key);
    }
}

static int no_password(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

static EVP_PKEY *read_again(struct ord *o, BIO *file, pem_password_cb *callback,
                            char *with)
{
    char *data = NULL;
    long size = BIO_get_mem_data(file, &data);
    BIO *copy = BIO_new_mem_buf(data, (int)size);
    EVP_PKEY *key =
        PEM_read_bio_PrivateKey_ex(copy, NULL, callback, with, o->lib, NULL);

    BIO_free(copy);
    return key;
}

/* By chance, garbage looks like the begin of this or of that. */
static void is_wrong(struct ord *o, const char *what, EVP_PKEY *read)
{
    ord_chance(o, read != NULL, "%s", what);
    EVP_PKEY_free(read);
}

static void passwords(struct ord *o)
{
    static const char *const names[] = {"RSA",    "RSA-PSS", "P-256",
                                        "X25519", "DSA",     "explicit P-256",
                                        "DH",     "ED448"};
    static const char *const ciphers[] = {"AES-256-CBC", "DES-EDE3-CBC",
                                          "nothing"};
    size_t i, j;

    for (i = 0; i < COUNT(names); i++) {
        EVP_PKEY *key = ord_key(o, names[i]);

        for (j = 0; j < COUNT(ciphers); j++) {
            EVP_CIPHER *cipher = EVP_CIPHER_fetch(o->lib, ciphers[j], NULL);
            BIO *pkcs8 = BIO_new(BIO_s_mem()), *old = BIO_new(BIO_s_mem());

            ord_text(o, "%s %s %d", names[i], ciphers[j], cipher != NULL);
            ord_text(o, "%d",
                     PEM_write_bio_PrivateKey_ex(
                         pkcs8, key, cipher, (unsigned char *)password,
                         (int)strlen(password), NULL, NULL, o->lib, NULL));
            ord_text(o, "%d",
                     PEM_write_bio_PrivateKey_traditional(
                         old, key, cipher, (unsigned char *)password,
                         (int)strlen(password), NULL, NULL));
            ord_text(o, "%zu %zu", BIO_ctrl_pending(pkcs8),
                     BIO_ctrl_pending(old));
            is_same(o, "right", read_again(o, pkcs8, NULL, password), key);
            is_wrong(o, "wrong", read_again(o, pkcs8, NULL, other));
            is_same(o, "none", read_again(o, pkcs8, no_password, NULL), key);
            is_same(o, "right, old", read_again(o, old, NULL, password), key);
            is_wrong(o, "wrong, old", read_again(o, old, NULL, other));
            is_same(o, "none, old", read_again(o, old, no_password, NULL), key);
            BIO_free(pkcs8);
            BIO_free(old);
            EVP_CIPHER_free(cipher);
        }
        EVP_PKEY_free(key);
    }
}

static void microsoft_forms(struct ord *o)
{
    static const char *const names[] = {"RSA", "RSA-1024", "RSA-PSS",
                                        "DSA", "P-256",    "X25519"};
    size_t i;
    int level;

    for (i = 0; i < COUNT(names); i++) {
        EVP_PKEY *key = ord_key(o, names[i]);
        BIO *file = BIO_new(BIO_s_mem());

        ord_result(o, i2b_PrivateKey_bio(file, key) > 0, "%s", names[i]);
        write_octets(o, "private", file);
        is_same(o, "read", b2i_PrivateKey_bio(file), key);
        (void)BIO_reset(file);
        ord_result(o, i2b_PublicKey_bio(file, key) > 0, "public");
        write_octets(o, "public", file);
        is_same(o, "read", b2i_PublicKey_bio(file), key);
        for (level = 0; level < 2; level++) {
            (void)BIO_reset(file);
            ord_result(o,
                       i2b_PVK_bio_ex(file, key, level, NULL, password, o->lib,
                                      NULL) > 0,
                       "PVK %d", level);
            if (level == 0)
                write_octets(o, "PVK", file);
            is_same(o, "read",
                    b2i_PVK_bio_ex(file, NULL, password, o->lib, NULL), key);
        }
        BIO_free(file);
        EVP_PKEY_free(key);
    }
}

/* Every form by the interface that all of the above stand on. */
static void encoders(struct ord *o)
{
    static const struct {
        int selection;
        const char *type, *structure;
    } rows[] = {
        {EVP_PKEY_KEYPAIR, "DER", NULL},
        {EVP_PKEY_KEYPAIR, "DER", "PrivateKeyInfo"},
        {EVP_PKEY_KEYPAIR, "DER", "EncryptedPrivateKeyInfo"},
        {EVP_PKEY_KEYPAIR, "DER", "type-specific"},
        {EVP_PKEY_KEYPAIR, "DER", "pkcs1"},
        {EVP_PKEY_KEYPAIR, "DER", "X9.62"},
        {EVP_PKEY_KEYPAIR, "DER", "RSA"},
        {EVP_PKEY_KEYPAIR, "DER", "EC"},
        {EVP_PKEY_KEYPAIR, "DER", "nothing"},
        {EVP_PKEY_KEYPAIR, "PEM", NULL},
        {EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo"},
        {EVP_PKEY_KEYPAIR, "PEM", "type-specific"},
        {EVP_PKEY_KEYPAIR, "PEM", "pkcs1"},
        {EVP_PKEY_KEYPAIR, "TEXT", NULL},
        {EVP_PKEY_KEYPAIR, "MSBLOB", NULL},
        {EVP_PKEY_KEYPAIR, "PVK", NULL},
        {EVP_PKEY_KEYPAIR, "nothing", NULL},
        {EVP_PKEY_PUBLIC_KEY, "DER", NULL},
        {EVP_PKEY_PUBLIC_KEY, "DER", "SubjectPublicKeyInfo"},
        {EVP_PKEY_PUBLIC_KEY, "DER", "type-specific"},
        {EVP_PKEY_PUBLIC_KEY, "DER", "pkcs1"},
        {EVP_PKEY_PUBLIC_KEY, "DER", "PrivateKeyInfo"},
        {EVP_PKEY_PUBLIC_KEY, "PEM", "SubjectPublicKeyInfo"},
        {EVP_PKEY_PUBLIC_KEY, "PEM", "pkcs1"},
        {EVP_PKEY_PUBLIC_KEY, "TEXT", NULL},
        {EVP_PKEY_PUBLIC_KEY, "MSBLOB", NULL},
        {EVP_PKEY_KEY_PARAMETERS, "DER", NULL},
        {EVP_PKEY_KEY_PARAMETERS, "DER", "type-specific"},
        {EVP_PKEY_KEY_PARAMETERS, "PEM", "type-specific"},
        {EVP_PKEY_KEY_PARAMETERS, "PEM", "X9.62"},
        {EVP_PKEY_KEY_PARAMETERS, "TEXT", NULL},
    };
    const char *name;
    size_t i, j, k;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *keys[] = {ord_key(o, name), ord_public(o, name)};

        for (j = 0; j < COUNT(rows) * COUNT(keys); j++) {
            k = j / COUNT(keys);
            /* OpenSSL 3.0 falls over a missing private part. */
            if (j % COUNT(keys) == 1 && rows[k].selection == EVP_PKEY_KEYPAIR)
                continue;
            OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(
                keys[j % COUNT(keys)], rows[k].selection, rows[k].type,
                rows[k].structure, NULL);
            unsigned char *data = NULL;
            size_t size = 0;

            ord_text(o, "%s %zu %x %s %s: %d", name, j % COUNT(keys),
                     (unsigned int)rows[k].selection, rows[k].type,
                     rows[k].structure == NULL ? "" : rows[k].structure,
                     OSSL_ENCODER_CTX_get_num_encoders(ctx) > 0);
            ord_result(o, OSSL_ENCODER_to_data(ctx, &data, &size), "written");
            if (strcmp(rows[k].type, "PVK") != 0)
                ord_octets(o, "as", data, data == NULL ? 0 : size);
            OPENSSL_free(data);
            OSSL_ENCODER_CTX_free(ctx);
        }
        EVP_PKEY_free(keys[0]);
        EVP_PKEY_free(keys[1]);
    }
}

static void decoders(struct ord *o)
{
    static const struct {
        const char *input, *structure, *type;
        int selection;
    } rows[] = {
        {NULL, NULL, NULL, 0},
        {"DER", NULL, NULL, 0},
        {"DER", "PrivateKeyInfo", NULL, EVP_PKEY_KEYPAIR},
        {"DER", "SubjectPublicKeyInfo", NULL, EVP_PKEY_PUBLIC_KEY},
        {"DER", "type-specific", NULL, EVP_PKEY_KEYPAIR},
        {"DER", NULL, "RSA", EVP_PKEY_KEYPAIR},
        {"DER", NULL, "EC", EVP_PKEY_KEYPAIR},
        {"DER", NULL, "RSA", EVP_PKEY_PUBLIC_KEY},
        {"DER", NULL, "EC", EVP_PKEY_KEY_PARAMETERS},
        {"PEM", NULL, NULL, 0},
        {"nothing", NULL, NULL, 0},
    };
    const char *name;
    size_t i, j;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        long size;
        unsigned char *octets = ord_key_octets(name, &size);
        EVP_PKEY *whole = ord_key(o, name);

        for (j = 0; j < COUNT(rows); j++) {
            EVP_PKEY *key = NULL;
            const unsigned char *at = octets;
            size_t left = (size_t)size;
            OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
                &key, rows[j].input, rows[j].structure, rows[j].type,
                rows[j].selection, o->lib, NULL);

            ord_result(o, OSSL_DECODER_from_data(ctx, &at, &left), "%s %zu",
                       name, j);
            ord_text(o, "left %zu", left);
            if (key != NULL)
                is_same(o, EVP_PKEY_get0_type_name(key), key, whole);
            OSSL_DECODER_CTX_free(ctx);
        }
        OPENSSL_clear_free(octets, (size_t)size);
        EVP_PKEY_free(whole);
    }
}

static void write_store(struct ord *o, const char *path, int expect)
{
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(path, o->lib, NULL, NULL, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info;
    int rounds;

    ord_result(o, store != NULL, "open");
    if (store == NULL)
        return;
    if (expect != 0)
        ord_result(o, OSSL_STORE_expect(store, expect), "expect %d", expect);
    for (rounds = 0; rounds < 64 && !OSSL_STORE_eof(store); rounds++) {
        EVP_PKEY *key = NULL;

        info = OSSL_STORE_load(store);
        if (info == NULL) {
            ord_text(o, "nothing, error %d", OSSL_STORE_error(store));
            continue;
        }
        ord_text(o, "%s",
                 OSSL_STORE_INFO_type_string(OSSL_STORE_INFO_get_type(info)));
        if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
            key = OSSL_STORE_INFO_get1_PKEY(info);
        else if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PUBKEY)
            key = OSSL_STORE_INFO_get1_PUBKEY(info);
        else if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PARAMS)
            key = OSSL_STORE_INFO_get1_PARAMS(info);
        if (key != NULL) {
            BIO *out = BIO_new(BIO_s_mem());

            ord_result(o, EVP_PKEY_print_private(out, key, 0, NULL), "%s",
                       EVP_PKEY_get0_type_name(key));
            ord_memory(o, "key", out);
            BIO_free(out);
        }
        EVP_PKEY_free(key);
        OSSL_STORE_INFO_free(info);
    }
    ord_result(o, OSSL_STORE_close(store), "close");
}

/* A bundle as servers have them, with text between, and each file alone. */
static void stores(struct ord *o)
{
    static const int expected[] = {
        0, OSSL_STORE_INFO_PKEY, OSSL_STORE_INFO_PUBKEY, OSSL_STORE_INFO_PARAMS,
        OSSL_STORE_INFO_CERT};
    const char *path = ord_scratch(), *name;
    BIO *file;
    size_t i;

    file = BIO_new_file(path, "w");
    if (file == NULL)
        th_die("cannot write %s", path);
    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name);
        X509 *certificate;

        BIO_printf(file, "A text about %s\n", name);
        ord_text(
            o, "%d %d %d",
            PEM_write_bio_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL),
            PEM_write_bio_PUBKEY(file, key),
            PEM_write_bio_Parameters(file, key));
        EVP_PKEY_free(key);
        if (strcmp(name, "RSA") == 0) {
            certificate = ord_self_signed(o, name, &key);
            ord_good(o, PEM_write_bio_X509(file, certificate), "certificate");
            X509_free(certificate);
            EVP_PKEY_free(key);
        }
    }
    BIO_free(file);
    for (i = 0; i < COUNT(expected); i++)
        write_store(o, path, expected[i]);
    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        long size;
        unsigned char *octets = ord_key_octets(name, &size);

        file = BIO_new_file(path, "wb");
        BIO_write(file, octets, (int)size);
        BIO_free(file);
        write_store(o, path, 0);
        OPENSSL_clear_free(octets, (size_t)size);
    }
    (void)unlink(path);
    write_store(o, path, 0);
    write_store(o, "nothing:at-all", 0);
}

const struct ord_case ord_file_cases[] = {
    {"DER forms", der_forms},
    {"keys printed", printed},
    {"PEM forms", pem_forms},
    {"passwords of PEM", passwords},
    {"forms of Microsoft", microsoft_forms},
    {"encoders", encoders},
    {"decoders", decoders},
    {"stores of files", stores},
    {NULL, NULL},
};
