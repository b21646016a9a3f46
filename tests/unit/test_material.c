/* SPDX-License-Identifier: MIT
 *
 * Private material: read, sealed, opened by OpenSSL alone, and what becomes of
 * it when memory runs out.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "torture.h"

#include "base/json.h"
#include "mhsm/import.h"

static char *private_pem;
static size_t private_size;
static EVP_PKEY *private_key, *kek_key;

static const unsigned char *octets(const char *text)
{
    return (const unsigned char *)text;
}

static char *to_pem(EVP_PKEY *pkey, size_t *size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *copy = NULL;
    long length;

    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0,
                                                     NULL, NULL) == 1) {
        length = BIO_get_mem_data(bio, &data);
        copy = malloc((size_t)length);
        if (copy != NULL)
            memcpy(copy, data, (size_t)length);
        *size = (size_t)length;
    }
    BIO_free(bio);
    return copy;
}

static const char octets_jwk[] =
    "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\",\"key_ops\":["
    "\"wrapKey\"]"
    "}";

static void jwk_of_octets(void)
{
    mhsm_material *material = NULL;
    mhsm_error *err = NULL;

    CHECK(mhsm_material_decode(octets(octets_jwk), sizeof(octets_jwk) - 1, NULL,
                               &material, &err) == MHSM_OK);
    CHECK_FATAL(material != NULL);
    CHECK(mhsm_material_type(material) == MHSM_KEY_OCT);
    mhsm_material_free(material);
    mhsm_material_free(NULL);
}

/* The caller's error queue stays as it was, whatever fails. */
static void error_queue(void)
{
    mhsm_material *material = NULL;
    mhsm_error *err = NULL;

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 1);
    CHECK(mhsm_material_decode(octets("nonsense"), 8, "x", &material, &err) ==
          MHSM_ERR_DAMAGED);
    mhsm_error_free(&err);
    CHECK(ERR_GET_REASON(ERR_get_error()) == 1);
    CHECK(ERR_peek_error() == 0);
    CHECK(mhsm_material_decode(NULL, 0, NULL, &material, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
    CHECK(mhsm_material_symmetric(octets("short"), 5, &material, &err) ==
          MHSM_ERR_ARGUMENT);
    mhsm_error_free(&err);
    CHECK(material == NULL);
}

static int is_expected(mhsm_status st, mhsm_error **err)
{
    mhsm_error_free(err);
    /* A number that there is no room for reads like one that is no number. */
    CHECK(st == MHSM_OK || st == MHSM_ERR_MEMORY || st == MHSM_ERR_DAMAGED);
    return st == MHSM_OK;
}

static int decoding(void)
{
    mhsm_material *material = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_material_decode(octets(private_pem), private_size,
                                          NULL, &material, &err);

    mhsm_material_free(material);
    return is_expected(st, &err);
}

static mhsm_status package(mhsm_result **result, mhsm_error **err)
{
    static const char kid[] = "https://h.managedhsm.azure.net/keys/k/"
                              "0123456789abcdef0123456789abcdef";
    struct json_object *jwk = json_object_new_object();
    mhsm_material *material = NULL;
    unsigned char number[512];
    BIGNUM *n = NULL;
    const char *text;
    mhsm_status st = MHSM_ERR_MEMORY;
    int size, saved = fail_at;

    /* Only what is under test may fail. */
    fail_at = 0;
    CHECK_FATAL(EVP_PKEY_get_bn_param(kek_key, "n", &n) == 1);
    size = BN_bn2bin(n, number);
    BN_free(n);
    CHECK_FATAL(mhsmi_json_add_string(jwk, "kty", "RSA-HSM") &&
                mhsmi_json_add_string(jwk, "kid", kid) &&
                mhsmi_json_add_octets(jwk, "n", number, (size_t)size) &&
                mhsmi_json_add_string(jwk, "e", "AQAB"));
    text = json_object_to_json_string(jwk);
    CHECK_FATAL(mhsm_material_decode(octets(private_pem), private_size, NULL,
                                     &material, err) == MHSM_OK);
    fail_at = saved;
    st = mhsm_byok_package(material, octets(text), strlen(text), NULL, result,
                           err);
    saved = fail_at;
    fail_at = 0;
    mhsm_material_free(material);
    fail_at = saved;
    json_object_put(jwk);
    return st;
}

static int packaging(void)
{
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = package(&result, &err);

    mhsm_result_free(result);
    return is_expected(st, &err);
}

static void running_out(void)
{
    torture(decoding);
    torture(packaging);
}

/* What the HSM does with a package, by OpenSSL's plainest calls. */
static void opening(void)
{
    unsigned char sealed[8192], aes[512], plain[8192];
    struct json_object *json;
    mhsm_result *result = NULL;
    struct mhsmi_buf text;
    mhsm_error *err = NULL;
    EVP_PKEY_CTX *rsa;
    EVP_CIPHER_CTX *ctx;
    EVP_PKEY *opened;
    const unsigned char *data, *at = plain;
    size_t size, aes_size = sizeof(aes);
    int length = 0;

    CHECK_FATAL(package(&result, &err) == MHSM_OK);
    data = mhsm_result_data(result, &size);
    json = mhsmi_json_parse(data, size);
    mhsmi_buf_init(&text, sizeof(sealed));
    CHECK_FATAL(mhsmi_json_octets(json, "ciphertext", &text));
    memcpy(sealed, text.data, text.size);
    rsa = EVP_PKEY_CTX_new(kek_key, NULL);
    CHECK_FATAL(EVP_PKEY_decrypt_init(rsa) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_OAEP_PADDING) == 1);
    CHECK_FATAL(EVP_PKEY_decrypt(rsa, aes, &aes_size, sealed, 256) == 1);
    CHECK(aes_size == 32);
    ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    CHECK_FATAL(
        EVP_DecryptInit_ex(ctx, EVP_aes_256_wrap_pad(), NULL, aes, NULL) == 1 &&
        EVP_DecryptUpdate(ctx, plain, &length, sealed + 256,
                          (int)text.size - 256) == 1);
    opened = d2i_AutoPrivateKey(NULL, &at, length);
    CHECK_FATAL(opened != NULL);
    CHECK(EVP_PKEY_eq(opened, private_key) == 1);
    EVP_PKEY_free(opened);
    EVP_CIPHER_CTX_free(ctx);
    EVP_PKEY_CTX_free(rsa);
    mhsmi_buf_clear(&text);
    json_object_put(json);
    mhsm_result_free(result);
}

int main(void)
{
    static const struct check checks[] = {{"jwk_of_octets", jwk_of_octets},
                                          {"error_queue", error_queue},
                                          {"running_out", running_out},
                                          {"opening", opening},
                                          {NULL, NULL}};
    int bad;

    private_key = EVP_EC_gen("P-256");
    kek_key = EVP_RSA_gen(2048);
    if (private_key == NULL || kek_key == NULL)
        return 1;
    private_pem = to_pem(private_key, &private_size);
    if (private_pem == NULL)
        return 1;
    bad = check_main("material", checks);
    free(private_pem);
    EVP_PKEY_free(private_key);
    EVP_PKEY_free(kek_key);
    return bad;
}
