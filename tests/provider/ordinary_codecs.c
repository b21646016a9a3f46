/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: encoders, decoders and stores, on which all that reads and
 * writes keys stands, with every key and every form.
 */
#include "ordinary.h"

#include <string.h>
#include <unistd.h>

#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>
#include <openssl/store.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
                ord_same(o, EVP_PKEY_get0_type_name(key), key, whole);
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

const struct ord_case ord_codec_cases[] = {
    {"encoders", encoders},
    {"decoders", decoders},
    {"stores of files", stores},
    {NULL, NULL},
};
