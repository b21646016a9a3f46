/* SPDX-License-Identifier: MIT
 *
 * Transfer packages (BYOK specification, CKM_RSA_AES_KEY_WRAP): an AES key of
 * the moment under RSA-OAEP with SHA-1, which the format prescribes, and the
 * target under that AES key with AES-KWP (RFC 5649).
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/error.h"
#include "base/result.h"
#include "keys/jwk.h"
#include "keys/material.h"
#include "keys/uri.h"

enum {
    aes_size = 32,
    kek_bits_min = 2048,
    kek_bits_max = 4096,
    secret_max = 8192,
    package_max = 64 * 1024
};

struct kek {
    struct mhsmi_private_context context;
    EVP_PKEY *pkey;
    char *id; /* from a JWK; NULL: it does not say */
};

static mhsm_status failed(const char *what, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_INTERNAL, "OpenSSL failed: %s", what);
}

/* A KeyBundle has the JWK in its member "key". */
static mhsm_status kek_from_jwk(struct kek *kek, struct json_object *json,
                                mhsm_error **err)
{
    struct json_object *inner = mhsmi_json_object(json, "key");
    struct json_object *jwk = inner != NULL ? inner : json;
    const char *kty = mhsmi_json_string(jwk, "kty");
    const char *kid = mhsmi_json_string(jwk, "kid");
    int has_operations = mhsmi_json_array(jwk, "key_ops") != NULL;
    mhsm_status st;

    if (kty == NULL || strcmp(kty, "RSA-HSM") != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the key-exchange key is of type \"%.20s\", not "
                           "RSA-HSM",
                           kty != NULL ? kty : "");
    if (has_operations && mhsmi_jwk_operations(jwk) != MHSM_OP_IMPORT)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a key-exchange key has import as its one "
                           "operation, and this one has others");
    st = mhsmi_private_context_open(&kek->context, err);
    if (st != MHSM_OK)
        return st;
    kek->pkey =
        mhsmi_material_from_jwk(&kek->context, jwk, MHSM_KEY_RSA, NULL, 1);
    if (kek->pkey == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the key-exchange key lacks n or e");
    if (kid != NULL && (kek->id = mhsmi_strdup(kid)) == NULL)
        return mhsmi_error_memory(err);
    return MHSM_OK;
}

static mhsm_status kek_from_file(struct kek *kek, const unsigned char *data,
                                 size_t size, mhsm_error **err)
{
    OSSL_DECODER_CTX *decoder;
    mhsm_status st = mhsmi_private_context_open(&kek->context, err);
    int ok;

    if (st != MHSM_OK)
        return st;
    decoder = OSSL_DECODER_CTX_new_for_pkey(&kek->pkey, NULL, NULL, NULL,
                                            EVP_PKEY_PUBLIC_KEY,
                                            kek->context.lib, NULL);
    ok = decoder != NULL &&
         OSSL_DECODER_from_data(decoder, &data, &size) == 1 &&
         kek->pkey != NULL;

    OSSL_DECODER_CTX_free(decoder);
    if (ok)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "there is no public key in PEM, DER or JWK for the "
                       "key-exchange key");
}

static mhsm_status kek_open(struct kek *kek, const unsigned char *data,
                            size_t size, mhsm_error **err)
{
    struct json_object *json;
    mhsm_status st;
    int bits;

    if (mhsmi_material_is_json(data, size)) {
        json = mhsmi_json_parse(data, size);
        st = json != NULL ? kek_from_jwk(kek, json, err)
                          : mhsmi_error(err, MHSM_ERR_DAMAGED,
                                        "the key-exchange key's JWK is no "
                                        "JSON");
        json_object_put(json);
    } else {
        st = kek_from_file(kek, data, size, err);
    }
    if (st != MHSM_OK)
        return st;
    bits = EVP_PKEY_get_bits(kek->pkey);
    if (EVP_PKEY_is_a(kek->pkey, "RSA") && bits >= kek_bits_min &&
        bits <= kek_bits_max)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                       "the key-exchange key is no RSA key of %d to %d bits",
                       (int)kek_bits_min, (int)kek_bits_max);
}

static void kek_close(struct kek *kek)
{
    EVP_PKEY_free(kek->pkey);
    mhsmi_private_context_close(&kek->context);
    mhsmi_free(kek->id);
}

/* The kid with its version, as the service writes it. */
static mhsm_status kek_name(const struct kek *kek, const mhsm_uri *uri,
                            char **kid, mhsm_error **err)
{
    if (uri != NULL && (uri->name == NULL || uri->version == NULL))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%s does not name a version of the key-exchange "
                           "key",
                           uri->text);
    if (uri == NULL && kek->id == NULL) {
        (void)mhsmi_error(err, MHSM_ERR_ARGUMENT,
                          "which key is the key-exchange key? Its file does "
                          "not say");
        mhsmi_error_set_hint(err, "give --kek-id, its kid with its version, or "
                                  "the file that `mhsm key show -o json` "
                                  "writes");
        return MHSM_ERR_ARGUMENT;
    }
    *kid = uri == NULL ? mhsmi_strdup(kek->id)
                       : mhsmi_asprintf("%s/keys/%s/%s", uri->endpoint,
                                        uri->name, uri->version);
    if (*kid == NULL)
        return mhsmi_error_memory(err);
    if (kek->id != NULL && strcmp(*kid, kek->id) != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the key-exchange key is %.200s, not %s", kek->id,
                           *kid);
    return MHSM_OK;
}

/* PrivateKeyInfo in DER, or the octets of an AES key. */
static mhsm_status take_secret(const mhsm_material *material,
                               struct mhsmi_buf *secret, mhsm_error **err)
{
    size_t size = material->octets.size;
    OSSL_ENCODER_CTX *encoder;
    unsigned char *der = NULL;
    mhsm_status st = MHSM_OK;

    if (material->type == MHSM_KEY_OCT && size != 16 && size != 24 &&
        size != 32)
        return mhsmi_error(
            err, MHSM_ERR_UNSUPPORTED,
            "of symmetric keys, only AES keys can be sealed: 16, "
            "24 or 32 octets");
    if (material->curve == MHSM_CURVE_P256K)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "EC keys on P-256K cannot be sealed");
    if (material->type == MHSM_KEY_OCT)
        return mhsmi_buf_append(secret, material->octets.data, size)
                   ? MHSM_OK
                   : mhsmi_error_memory(err);
    encoder = OSSL_ENCODER_CTX_new_for_pkey(material->pkey, EVP_PKEY_KEYPAIR,
                                            "DER", "PrivateKeyInfo", NULL);
    if (encoder == NULL || OSSL_ENCODER_to_data(encoder, &der, &size) != 1)
        st = failed("encoding the private key", err);
    else if (!mhsmi_buf_append(secret, der, size))
        st = mhsmi_error_memory(err);
    OPENSSL_clear_free(der, der != NULL ? size : 0);
    OSSL_ENCODER_CTX_free(encoder);
    return st;
}

static mhsm_status seal_aes_key(const struct kek *kek, const unsigned char *aes,
                                struct mhsmi_buf *out, mhsm_error **err)
{
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_pkey(kek->context.lib, kek->pkey, NULL);
    unsigned char sealed[kek_bits_max / 8];
    size_t size = sizeof(sealed);
    mhsm_status st = MHSM_OK;

    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA1", NULL) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA1", NULL) != 1 ||
        EVP_PKEY_encrypt(ctx, sealed, &size, aes, aes_size) != 1)
        st = failed("sealing with RSA-OAEP", err);
    else if (!mhsmi_buf_append(out, sealed, size))
        st = mhsmi_error_memory(err);
    EVP_PKEY_CTX_free(ctx);
    return st;
}

static mhsm_status seal_secret(const struct kek *kek, const unsigned char *aes,
                               const struct mhsmi_buf *secret,
                               struct mhsmi_buf *out, mhsm_error **err)
{
    EVP_CIPHER *cipher =
        EVP_CIPHER_fetch(kek->context.lib, "AES-256-WRAP-PAD", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char sealed[secret_max + 16];
    mhsm_status st = MHSM_OK;
    int size = 0;

    if (ctx != NULL)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (cipher == NULL || ctx == NULL ||
        EVP_EncryptInit_ex2(ctx, cipher, aes, NULL, NULL) != 1 ||
        EVP_EncryptUpdate(ctx, sealed, &size, secret->data,
                          (int)secret->size) != 1)
        st = failed("sealing with AES-KWP", err);
    else if (!mhsmi_buf_append(out, sealed, (size_t)size))
        st = mhsmi_error_memory(err);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return st;
}

static mhsm_status seal(const struct kek *kek, const mhsm_material *material,
                        struct mhsmi_buf *out, mhsm_error **err)
{
    unsigned char aes[aes_size];
    struct mhsmi_buf secret;
    mhsm_status st;

    mhsmi_buf_init(&secret, secret_max);
    if (RAND_priv_bytes_ex(kek->context.lib, aes, sizeof(aes), 0) != 1)
        st = failed("making a key", err);
    else
        st = take_secret(material, &secret, err);
    if (st == MHSM_OK)
        st = seal_aes_key(kek, aes, out, err);
    if (st == MHSM_OK)
        st = seal_secret(kek, aes, &secret, out, err);
    OPENSSL_cleanse(aes, sizeof(aes));
    mhsmi_buf_clear(&secret);
    return st;
}

static mhsm_status write_package(const char *kid,
                                 const struct mhsmi_buf *sealed,
                                 struct mhsmi_buf *out, mhsm_error **err)
{
    struct json_object *package = json_object_new_object();
    struct json_object *header = json_object_new_object();
    mhsm_status st = MHSM_OK;
    const char *text;

    if (!mhsmi_json_add(package, "header", header) ||
        !mhsmi_json_add_string(package, "schema_version", "1.0.0") ||
        !mhsmi_json_add_string(header, "kid", kid) ||
        !mhsmi_json_add_string(header, "alg", "dir") ||
        !mhsmi_json_add_string(header, "enc", "CKM_RSA_AES_KEY_WRAP") ||
        !mhsmi_json_add_octets(package, "ciphertext", sealed->data,
                               sealed->size) ||
        !mhsmi_json_add_string(package, "generator", "mhsm") ||
        (text = json_object_to_json_string_ext(
             package, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                          JSON_C_TO_STRING_NOSLASHESCAPE)) == NULL ||
        !mhsmi_buf_puts(out, text) || !mhsmi_buf_puts(out, "\n"))
        st = mhsmi_error_memory(err);
    json_object_put(package);
    return st;
}

mhsm_status mhsm_byok_package(const mhsm_material *material,
                              const unsigned char *kek, size_t kek_size,
                              const mhsm_uri *kek_uri, mhsm_result **package,
                              mhsm_error **err)
{
    mhsm_result *made = NULL;
    struct mhsmi_buf sealed;
    struct kek open = {{NULL, NULL}, NULL, NULL};
    char *kid = NULL;
    mhsm_status st;

    if (material == NULL || kek == NULL || kek_size == 0 || package == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a transfer package needs a private key and a "
                           "key-exchange key");
    mhsmi_buf_init(&sealed, package_max);
    (void)ERR_set_mark();
    if ((st = kek_open(&open, kek, kek_size, err)) != MHSM_OK ||
        (st = kek_name(&open, kek_uri, &kid, err)) != MHSM_OK ||
        (st = seal(&open, material, &sealed, err)) != MHSM_OK)
        goto out;
    made = mhsmi_result_new(package_max);
    st = made != NULL ? write_package(kid, &sealed, &made->data, err)
                      : mhsmi_error_memory(err);
out:
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *package = made;
    else
        mhsm_result_free(made);
    mhsmi_free(kid);
    kek_close(&open);
    mhsmi_buf_clear(&sealed);
    return st;
}
