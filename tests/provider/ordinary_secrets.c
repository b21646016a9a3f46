/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: encryption, key encapsulation and agreement, and the keys
 * that are octets: derivation and authentication codes.
 */
#include "ordinary.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void encryption(struct ord *o)
{
    static const struct {
        const char *key, *options;
        size_t size;
    } rows[] = {
        {"RSA", "", 20},
        {"RSA", "", 245},
        {"RSA", "", 246},
        {"RSA", "rsa_padding_mode:none", 256},
        {"RSA", "rsa_padding_mode:none", 255},
        {"RSA", "rsa_padding_mode:oaep", 0},
        {"RSA", "rsa_padding_mode:oaep", 214},
        {"RSA", "rsa_padding_mode:oaep rsa_oaep_md:sha256", 190},
        {"RSA", "rsa_padding_mode:oaep rsa_oaep_md:sha512 rsa_mgf1_md:sha1", 9},
        {"RSA", "rsa_padding_mode:oaep rsa_oaep_label:00ff", 9},
        {"RSA", "rsa_padding_mode:oaep rsa_oaep_md:sha3-256", 9},
        {"RSA of three primes", "rsa_padding_mode:oaep", 9},
        {"RSA-1024", "", 117},
        {"RSA-PSS", "", 20},
        {"P-256", "", 20},
        {"SM2", "", 20},
        {"X25519", "", 20},
    };
    unsigned char text[256] = {0, 1, 2, 3}, sealed[512], out[512];
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY *key = ord_key(o, rows[i].key);
        EVP_PKEY *half = ord_public(o, rows[i].key);
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(o->lib, half, NULL);
        EVP_PKEY_CTX *open = EVP_PKEY_CTX_new_from_pkey(o->lib, key, NULL);
        size_t size = sizeof(sealed), got = sizeof(out);

        if (ord_result(o, EVP_PKEY_encrypt_init(ctx), "%s %s %zu", rows[i].key,
                       rows[i].options, rows[i].size) > 0 &&
            ord_options(o, ctx, rows[i].options) &&
            ord_result(o,
                       EVP_PKEY_encrypt(ctx, sealed, &size, text, rows[i].size),
                       "encrypt") > 0) {
            ord_names(o, "settable", EVP_PKEY_CTX_settable_params(ctx));
            ord_good(o, EVP_PKEY_decrypt_init(open), "decrypt");
            ord_options(o, open, rows[i].options);
            if (ord_result(o, EVP_PKEY_decrypt(open, out, &got, sealed, size),
                           "decrypted") > 0)
                ord_octets(o, "text", out, got);
            got = 1;
            ord_chance(o, EVP_PKEY_decrypt(open, out, &got, sealed, size),
                       "no room");
            got = sizeof(out);
            ord_chance(o, EVP_PKEY_decrypt(open, out, &got, sealed, size - 1),
                       "cut off");
        }
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_CTX_free(open);
        EVP_PKEY_free(key);
        EVP_PKEY_free(half);
    }
}

static void encapsulation(struct ord *o)
{
    static const char *const rows[][2] = {
        {"RSA", "RSASVE"},     {"RSA", NULL},        {"RSA-PSS", NULL},
        {"P-256", "DHKEM"},    {"P-521", "DHKEM"},   {"secp256k1", "DHKEM"},
        {"X25519", "DHKEM"},   {"ML-KEM-512", NULL}, {"ML-KEM-768", NULL},
        {"ML-KEM-1024", NULL},
    };
    unsigned char wrapped[4096], secret[512], out[512];
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        size_t size = sizeof(wrapped), had = sizeof(secret), got = sizeof(out);
        EVP_PKEY *key, *half;
        EVP_PKEY_CTX *ctx, *open;

        if (!ord_has(rows[i][0]))
            continue;
        key = ord_key(o, rows[i][0]);
        half = ord_public(o, rows[i][0]);
        ctx = EVP_PKEY_CTX_new_from_pkey(o->lib, half, NULL);
        open = EVP_PKEY_CTX_new_from_pkey(o->lib, key, NULL);
        if (ord_result(o, EVP_PKEY_encapsulate_init(ctx, NULL), "%s",
                       rows[i][0]) > 0 &&
            (rows[i][1] == NULL ||
             ord_result(o, EVP_PKEY_CTX_set_kem_op(ctx, rows[i][1]), "%s",
                        rows[i][1]) > 0) &&
            ord_result(o,
                       EVP_PKEY_encapsulate(ctx, wrapped, &size, secret, &had),
                       "encapsulated") > 0) {
            ord_text(o, "%zu %zu", size, had);
            ord_good(o, EVP_PKEY_decapsulate_init(open, NULL), "init");
            if (rows[i][1] != NULL)
                ord_good(o, EVP_PKEY_CTX_set_kem_op(open, rows[i][1]), "op");
            ord_good(o, EVP_PKEY_decapsulate(open, out, &got, wrapped, size),
                     "decapsulated");
            ord_good(o, got == had && memcmp(out, secret, got) == 0, "same");
        }
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_CTX_free(open);
        EVP_PKEY_free(key);
        EVP_PKEY_free(half);
    }
}

/* With the key's own public half, and with that of every other key. */
static void agreement(struct ord *o)
{
    static const char *const options[] = {
        "", "ecdh_cofactor_mode:1",
        "ecdh_kdf_md:sha256 kdf-type:X963KDF kdf-outlen:40"};
    EVP_PKEY *halves[64];
    const char *name;
    size_t i, j, k, count;

    for (count = 0; (name = ord_key_name(count)) != NULL; count++)
        halves[count] = ord_public(o, name);
    for (i = 0; i < count; i++) {
        EVP_PKEY *key;

        name = ord_key_name(i);
        key = ord_key(o, name);
        for (j = 0; j < count; j++) {
            for (k = 0; k < (i == j ? COUNT(options) : 1); k++) {
                EVP_PKEY_CTX *ctx =
                    EVP_PKEY_CTX_new_from_pkey(o->lib, key, NULL);
                unsigned char out[512];
                size_t size = sizeof(out);

                if (ord_result(o, EVP_PKEY_derive_init(ctx), "%s, %zu", name,
                               j) > 0 &&
                    ord_options(o, ctx, options[k]) &&
                    ord_result(o, EVP_PKEY_derive_set_peer(ctx, halves[j]),
                               "peer") > 0 &&
                    ord_result(o, EVP_PKEY_derive(ctx, out, &size), "derive") >
                        0)
                    ord_octets(o, "secret", out, size);
                EVP_PKEY_CTX_free(ctx);
            }
        }
        EVP_PKEY_free(key);
    }
    while (count > 0)
        EVP_PKEY_free(halves[--count]);
}

static void derivation(struct ord *o)
{
    static const struct {
        const char *type, *options;
    } rows[] = {
        {"HKDF", "md:SHA256 hexkey:0102 salt:salt info:info"},
        {"HKDF", "md:SHA256"},
        {"TLS1-PRF", "md:SHA384 secret:secret seed:seed"},
        {"SCRYPT", "pass:word salt:salt N:16 r:8 p:1"},
        {"SCRYPT", "pass:word salt:salt N:15"},
    };
    unsigned char out[48];
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_name(o->lib, rows[i].type, NULL);
        size_t size = sizeof(out);

        if (ord_result(o, EVP_PKEY_derive_init(ctx), "%s", rows[i].type) > 0 &&
            ord_options(o, ctx, rows[i].options) &&
            ord_result(o, EVP_PKEY_derive(ctx, out, &size), "derive") > 0)
            ord_octets(o, "out", out, size);
        EVP_PKEY_CTX_free(ctx);
    }
}

/* Authentication codes by the interface of signatures. */
static void codes(struct ord *o)
{
    static const char *const types[] = {"HMAC", "POLY1305", "SIPHASH", "RSA"};
    static const unsigned char secret[32] = {1, 2, 3};
    size_t i;

    for (i = 0; i < COUNT(types); i++) {
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(
            o->lib, types[i], NULL, secret,
            strcmp(types[i], "SIPHASH") == 0 ? 16 : 32);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        unsigned char out[64];
        size_t size = sizeof(out);

        if (ord_result(o, key != NULL, "%s", types[i]) > 0 &&
            ord_result(o,
                       EVP_DigestSignInit_ex(ctx, NULL,
                                             i == 0 ? "SHA256" : NULL, o->lib,
                                             NULL, key, NULL),
                       "init") > 0 &&
            ord_result(o, EVP_DigestSign(ctx, out, &size, secret, 9), "sign") >
                0)
            ord_octets(o, "code", out, size);
        EVP_MD_CTX_free(ctx);
        EVP_PKEY_free(key);
    }
}

const struct ord_case ord_secret_cases[] = {
    {"encryption", encryption},      {"encapsulation", encapsulation},
    {"agreement", agreement},        {"derivation of keys", derivation},
    {"authentication codes", codes}, {NULL, NULL},
};
