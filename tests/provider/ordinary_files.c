/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: keys as files.  Every form that OpenSSL writes, octet by
 * octet, and what is read back; passwords.
 */
#include "ordinary.h"

#include <string.h>

#include <openssl/pem.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char password[] = "a password", other[] = "another";

static void write_octets(struct ord *o, const char *what, BIO *file)
{
    char *data = NULL;
    long size = BIO_get_mem_data(file, &data);

    ord_octets(o, what, data, (size_t)size);
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
            ord_same(o, "read as anything",
                     d2i_AutoPrivateKey_ex(NULL, &at, size, o->lib, NULL), key);
            at = der;
            ord_same(o, "read as its type",
                     d2i_PrivateKey_ex(EVP_PKEY_get_base_id(key), NULL, &at,
                                       size, o->lib, NULL),
                     key);
            at = der;
            ord_same(o, "read as another type",
                     d2i_PrivateKey_ex(EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
                                           ? EVP_PKEY_EC
                                           : EVP_PKEY_RSA,
                                       NULL, &at, size, o->lib, NULL),
                     key);
            at = der;
            ord_same(o, "read cut off",
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
        ord_same(o, "read", d2i_PUBKEY_ex(NULL, &at, size, o->lib, NULL), key);
        at = der;
        ord_same(o, "read cut off",
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
            ord_same(o, "and back", EVP_PKCS82PKEY_ex(info, o->lib, NULL), key);
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
        ord_same(o, "PKCS8",
                 PEM_read_bio_PrivateKey_ex(files[0], NULL, NULL, NULL, o->lib,
                                            NULL),
                 key);
        ord_same(o, "traditional",
                 PEM_read_bio_PrivateKey_ex(files[1], NULL, NULL, NULL, o->lib,
                                            NULL),
                 key);
        ord_same(o, "at the end",
                 PEM_read_bio_PrivateKey_ex(files[1], NULL, NULL, NULL, o->lib,
                                            NULL),
                 key);
        ord_same(
            o, "PUBKEY",
            PEM_read_bio_PUBKEY_ex(files[2], NULL, NULL, NULL, o->lib, NULL),
            key);
        ord_same(o, "parameters",
                 PEM_read_bio_Parameters_ex(files[3], NULL, o->lib, NULL), key);
        ord_same(
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
            ord_same(o, "right", read_again(o, pkcs8, NULL, password), key);
            is_wrong(o, "wrong", read_again(o, pkcs8, NULL, other));
            ord_same(o, "none", read_again(o, pkcs8, no_password, NULL), key);
            ord_same(o, "right, old", read_again(o, old, NULL, password), key);
            is_wrong(o, "wrong, old", read_again(o, old, NULL, other));
            ord_same(o, "none, old", read_again(o, old, no_password, NULL),
                     key);
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
        ord_same(o, "read", b2i_PrivateKey_bio(file), key);
        (void)BIO_reset(file);
        ord_result(o, i2b_PublicKey_bio(file, key) > 0, "public");
        write_octets(o, "public", file);
        ord_same(o, "read", b2i_PublicKey_bio(file), key);
        for (level = 0; level < 2; level++) {
            (void)BIO_reset(file);
            ord_result(o,
                       i2b_PVK_bio_ex(file, key, level, NULL, password, o->lib,
                                      NULL) > 0,
                       "PVK %d", level);
            if (level == 0)
                write_octets(o, "PVK", file);
            ord_same(o, "read",
                     b2i_PVK_bio_ex(file, NULL, password, o->lib, NULL), key);
        }
        BIO_free(file);
        EVP_PKEY_free(key);
    }
}

const struct ord_case ord_file_cases[] = {
    {"DER forms", der_forms},
    {"keys printed", printed},
    {"PEM forms", pem_forms},
    {"passwords of PEM", passwords},
    {"forms of Microsoft", microsoft_forms},
    {NULL, NULL},
};
