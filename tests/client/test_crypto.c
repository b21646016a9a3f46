/* SPDX-License-Identifier: MIT
 *
 * Every operation with every algorithm of the table, checked by OpenSSL where
 * the public part allows it, and by the inverse operation where it does not.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "support.h"

static mhsm_client *client;

static const char *key_name(const mhsm_algorithm *algorithm)
{
    static char name[64];
    const mhsm_curve_info *curve = mhsm_curve_find(algorithm->curve);

    if (algorithm->type == MHSM_KEY_RSA)
        snprintf(name, sizeof(name), "crypto-rsa");
    else if (algorithm->type == MHSM_KEY_EC)
        snprintf(name, sizeof(name), "crypto-%s", curve->group);
    else
        snprintf(name, sizeof(name), "crypto-oct-%u",
                 algorithm->key_bits != 0 ? algorithm->key_bits : 256);
    return name;
}

/* One key a kind, made when it is first wanted. */
static mhsm_key *key_for(const mhsm_algorithm *algorithm)
{
    const char *name = key_name(algorithm);
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    unsigned int bits = algorithm->type == MHSM_KEY_RSA ? 2048
                        : algorithm->key_bits != 0      ? algorithm->key_bits
                                                        : 256;

    if (mhsm_uri_new(client, NULL, name, NULL, &uri, NULL) != MHSM_OK)
        th_die("URI of %s", name);
    if (mhsm_key_get(client, uri, &key, NULL) != MHSM_OK)
        key = tc_create(client, name, algorithm->type,
                        algorithm->type == MHSM_KEY_EC ? 0 : bits,
                        algorithm->curve);
    mhsm_uri_free(uri);
    /* Made by an operation list that suits every row of the table. */
    return key;
}

/* The public part in OpenSSL's hands. */
static EVP_PKEY *public_of(const mhsm_key *key)
{
    return th_public_from_service(mhsm_key_name(key));
}

static void verify_rsa(const mhsm_key *key, const mhsm_algorithm *algorithm,
                       const unsigned char *digest, const unsigned char *sig,
                       size_t size)
{
    EVP_PKEY *pkey = public_of(key);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(th_plain(), pkey, NULL);
    int pss = algorithm->padding == MHSM_PADDING_PSS;
    size_t digest_size =
        algorithm->digest != NULL ? algorithm->digest_size : 36;

    CU_ASSERT_FATAL(ctx != NULL && EVP_PKEY_verify_init(ctx) == 1);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, pss ? RSA_PKCS1_PSS_PADDING
                                                    : RSA_PKCS1_PADDING) == 1);
    if (algorithm->digest != NULL)
        CU_ASSERT(EVP_PKEY_CTX_set_signature_md(
                      ctx, EVP_get_digestbyname(algorithm->digest)) == 1);
    if (pss)
        CU_ASSERT(
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
    CU_ASSERT(EVP_PKEY_verify(ctx, sig, size, digest, digest_size) == 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

static void verify_ec(const mhsm_key *key, const mhsm_algorithm *algorithm,
                      const unsigned char *digest, const unsigned char *sig,
                      size_t size)
{
    EVP_PKEY *pkey = public_of(key);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(th_plain(), pkey, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;
    int der_size;

    CU_ASSERT_FATAL(ctx != NULL && pair != NULL);
    CU_ASSERT(ECDSA_SIG_set0(pair, BN_bin2bn(sig, (int)size / 2, NULL),
                             BN_bin2bn(sig + size / 2, (int)size / 2, NULL)) ==
              1);
    der_size = i2d_ECDSA_SIG(pair, &der);
    CU_ASSERT_FATAL(der_size > 0 && EVP_PKEY_verify_init(ctx) == 1);
    CU_ASSERT(EVP_PKEY_verify(ctx, sig, 0, digest, 1) != 1);
    ERR_clear_error();
    CU_ASSERT(EVP_PKEY_verify(ctx, der, (size_t)der_size, digest,
                              algorithm->digest_size) == 1);
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

/* Ask the HSM about the right signature, a bent one, and impossible ones. */
static void verify_remote(const mhsm_key *key, const mhsm_algorithm *algorithm,
                          const unsigned char *digest, size_t digest_size,
                          const unsigned char *sig, size_t size)
{
    unsigned char bent[1024];
    mhsm_error *err = NULL;
    int valid = -1;

    TC_STATUS(mhsm_verify(client, key, algorithm->name, digest, digest_size,
                          sig, size, &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 1);
    memcpy(bent, sig, size);
    bent[size / 2] ^= 1;
    TC_STATUS(mhsm_verify(client, key, algorithm->name, digest, digest_size,
                          bent, size, &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 0);
    valid = -1;
    TC_STATUS(mhsm_verify(client, key, algorithm->name, digest, digest_size,
                          sig, size - 1, &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 0);
}

/* The same without the HSM; RSNULL has no digest and HMAC no public part. */
static void verify_local(const mhsm_key *key, const mhsm_algorithm *algorithm,
                         const unsigned char *digest, size_t digest_size,
                         const unsigned char *sig, size_t size)
{
    unsigned char bent[1024];
    mhsm_error *err = NULL;
    int valid = -1;

    if (algorithm->type == MHSM_KEY_OCT || algorithm->digest == NULL) {
        TC_STATUS(mhsm_verify_local(key, algorithm->name, digest, digest_size,
                                    sig, size, &valid, &err),
                  MHSM_ERR_UNSUPPORTED);
        CU_ASSERT(valid == -1);
        return;
    }
    TC_STATUS(mhsm_verify_local(key, algorithm->name, digest, digest_size, sig,
                                size, &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 1);
    memcpy(bent, sig, size);
    bent[size / 2] ^= 1;
    TC_STATUS(mhsm_verify_local(key, algorithm->name, digest, digest_size, bent,
                                size, &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 0);
    valid = -1;
    TC_STATUS(mhsm_verify_local(key, algorithm->name, digest, digest_size, sig,
                                size - 1, &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 0);
    TC_STATUS(mhsm_verify_local(key, algorithm->name, digest, digest_size - 1,
                                sig, size, &valid, &err),
              MHSM_ERR_UNSUPPORTED);
}

static void signing(void)
{
    const mhsm_algorithm *algorithm;
    unsigned char digest[64];
    mhsm_error *err = NULL;
    size_t i, size;

    memset(digest, 0x5a, sizeof(digest));
    for (i = 0; (algorithm = mhsm_algorithm_at(i)) != NULL; i++) {
        size_t digest_size =
            algorithm->digest != NULL ? algorithm->digest_size : 36;
        const unsigned char *sig;
        mhsm_result *result = NULL;
        mhsm_key *key;

        /* ML-DSA has a program of its own. */
        if ((algorithm->operations & MHSM_OP_SIGN) == 0 ||
            algorithm->type == MHSM_KEY_AKP)
            continue;
        key = key_for(algorithm);
        /* An oct key that may sign has to be made for it. */
        if (algorithm->type == MHSM_KEY_OCT) {
            mhsm_key_free(key);
            th_key_create("crypto-hmac",
                          "{\"kty\":\"oct-HSM\",\"key_size\":256,"
                          "\"key_ops\":[\"sign\",\"verify\"]}",
                          NULL);
            key = tc_key(client, "mhsm:crypto-hmac");
        }
        TC_STATUS(mhsm_sign(client, key, algorithm->name, digest, digest_size,
                            &result, &err),
                  MHSM_OK);
        if (result != NULL) {
            sig = mhsm_result_data(result, &size);
            if (algorithm->type == MHSM_KEY_RSA)
                verify_rsa(key, algorithm, digest, sig, size);
            else if (algorithm->type == MHSM_KEY_EC)
                verify_ec(key, algorithm, digest, sig, size);
            verify_remote(key, algorithm, digest, digest_size, sig, size);
            verify_local(key, algorithm, digest, digest_size, sig, size);
            CU_ASSERT(mhsm_result_iv(result, &size) == NULL && size == 0);
        }
        mhsm_result_free(result);
        mhsm_key_free(key);
    }
}

static void decrypt_back(const mhsm_key *key, const mhsm_algorithm *algorithm,
                         mhsm_result *sealed, const unsigned char *aad,
                         const unsigned char *text, size_t text_size)
{
    mhsm_cipher_params params = {NULL, 0, aad, aad != NULL ? 5 : 0, NULL, 0};
    const unsigned char *data, *plain;
    unsigned char bent[1024];
    mhsm_result *opened = NULL;
    mhsm_error *err = NULL;
    mhsm_status st;
    size_t size, plain_size;
    int whole;

    data = mhsm_result_data(sealed, &size);
    params.iv = mhsm_result_iv(sealed, &params.iv_size);
    params.tag = mhsm_result_tag(sealed, &params.tag_size);
    CU_ASSERT((params.tag != NULL) == (aad != NULL));
    TC_STATUS(mhsm_decrypt(client, key, algorithm->name, data, size, &params,
                           &opened, &err),
              MHSM_OK);
    if (opened != NULL) {
        plain = mhsm_result_data(opened, &plain_size);
        CU_ASSERT(plain_size == text_size &&
                  memcmp(plain, text, text_size) == 0);
    }
    mhsm_result_free(opened);
    opened = NULL;
    memcpy(bent, data, size);
    bent[0] ^= 1;
    st = mhsm_decrypt(client, key, algorithm->name, bent, size, &params,
                      &opened, &err);
    /* CBC has no integrity, PKCS#1 v1.5 little: no error is no failure. */
    whole = aad != NULL || algorithm->padding == MHSM_PADDING_OAEP;
    if (whole)
        TC_ERROR(st, MHSM_ERR_REJECTED, "damaged");
    mhsm_error_free(&err);
    mhsm_result_free(opened);
}

static void encrypting(void)
{
    static const unsigned char aad[] = "extra";
    const mhsm_algorithm *algorithm;
    unsigned char text[48];
    mhsm_error *err = NULL;
    size_t i;

    memset(text, 0x3c, sizeof(text));
    for (i = 0; (algorithm = mhsm_algorithm_at(i)) != NULL; i++) {
        int gcm = strstr(algorithm->name, "GCM") != NULL;
        mhsm_cipher_params params = {NULL, 0, aad, 5, NULL, 0};
        mhsm_result *sealed = NULL;
        mhsm_key *key;

        if ((algorithm->operations & MHSM_OP_ENCRYPT) == 0)
            continue;
        key = key_for(algorithm);
        TC_STATUS(mhsm_encrypt(client, key, algorithm->name, text, sizeof(text),
                               gcm ? &params : NULL, &sealed, &err),
                  MHSM_OK);
        if (sealed != NULL)
            decrypt_back(key, algorithm, sealed, gcm ? aad : NULL, text,
                         sizeof(text));
        mhsm_result_free(sealed);
        mhsm_key_free(key);
    }
}

static void encrypting_locally(void)
{
    const mhsm_algorithm *algorithm;
    unsigned char text[48];
    mhsm_error *err = NULL;
    size_t i;

    memset(text, 0x3c, sizeof(text));
    for (i = 0; (algorithm = mhsm_algorithm_at(i)) != NULL; i++) {
        mhsm_result *sealed = NULL;
        mhsm_key *key;

        if ((algorithm->operations & MHSM_OP_ENCRYPT) == 0)
            continue;
        key = key_for(algorithm);
        if (algorithm->type == MHSM_KEY_RSA) {
            TC_STATUS(mhsm_encrypt_local(key, algorithm->name, MHSM_OP_ENCRYPT,
                                         text, sizeof(text), &sealed, &err),
                      MHSM_OK);
            if (sealed != NULL)
                decrypt_back(key, algorithm, sealed, NULL, text, sizeof(text));
        } else {
            TC_ERROR(mhsm_encrypt_local(key, algorithm->name, MHSM_OP_ENCRYPT,
                                        text, sizeof(text), &sealed, &err),
                     MHSM_ERR_UNSUPPORTED, "public part");
        }
        mhsm_result_free(sealed);
        mhsm_key_free(key);
    }
}

static void wrapping(void)
{
    const mhsm_algorithm *algorithm;
    unsigned char dek[32], bent[1024];
    mhsm_error *err = NULL;
    size_t i, size, dek_size;

    memset(dek, 0x77, sizeof(dek));
    for (i = 0; (algorithm = mhsm_algorithm_at(i)) != NULL; i++) {
        mhsm_result *wrapped = NULL, *opened = NULL;
        const unsigned char *data;
        mhsm_key *key;

        if ((algorithm->operations & MHSM_OP_WRAP) == 0)
            continue;
        key = key_for(algorithm);
        TC_STATUS(mhsm_wrap(client, key, algorithm->name, dek, sizeof(dek),
                            &wrapped, &err),
                  MHSM_OK);
        CU_ASSERT_FATAL(wrapped != NULL);
        data = mhsm_result_data(wrapped, &size);
        TC_STATUS(mhsm_unwrap(client, key, algorithm->name, data, size, &opened,
                              &err),
                  MHSM_OK);
        CU_ASSERT_FATAL(opened != NULL);
        CU_ASSERT(memcmp(mhsm_result_data(opened, &dek_size), dek, 32) == 0);
        CU_ASSERT(dek_size == 32);
        mhsm_result_free(opened);
        opened = NULL;
        memcpy(bent, data, size);
        bent[size - 1] ^= 1;
        if (algorithm->padding != MHSM_PADDING_PKCS1)
            TC_ERROR(mhsm_unwrap(client, key, algorithm->name, bent, size,
                                 &opened, &err),
                     MHSM_ERR_REJECTED, "damaged");
        TC_ERROR(mhsm_unwrap(client, key, algorithm->name, data, size - 1,
                             &opened, &err),
                 MHSM_ERR_DAMAGED, "cannot be a ciphertext");
        CU_ASSERT(opened == NULL);
        mhsm_result_free(wrapped);
        mhsm_key_free(key);
    }
}

static void refusing(void)
{
    mhsm_key *rsa = key_for(mhsm_algorithm_find("RS256"));
    mhsm_key *ec = key_for(mhsm_algorithm_find("ES256"));
    mhsm_client_stats before, after;
    unsigned char digest[64] = {0};
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    int valid = 7;

    mhsm_client_get_stats(client, &before);
    TC_ERROR(mhsm_sign(client, rsa, "ES256", digest, 32, &result, &err),
             MHSM_ERR_UNSUPPORTED, "ES256 cannot sign with key crypto-rsa");
    TC_ERROR(mhsm_sign(client, ec, "ES384", digest, 48, &result, &err),
             MHSM_ERR_UNSUPPORTED, "P-256");
    TC_ERROR(mhsm_sign(client, rsa, "PS512", digest, 32, &result, &err),
             MHSM_ERR_UNSUPPORTED, "digest of 64 octets");
    TC_ERROR(mhsm_sign(client, rsa, "XX", digest, 32, &result, &err),
             MHSM_ERR_UNSUPPORTED, "no algorithm");
    TC_ERROR(mhsm_sign(client, rsa, NULL, digest, 32, &result, &err),
             MHSM_ERR_ARGUMENT, "algorithm");
    TC_ERROR(mhsm_sign(client, rsa, "RS256", NULL, 32, &result, &err),
             MHSM_ERR_ARGUMENT, "input");
    TC_ERROR(mhsm_sign(client, rsa, "RS256", digest, 32, NULL, &err),
             MHSM_ERR_ARGUMENT, "nowhere");
    TC_ERROR(
        mhsm_verify(client, rsa, "RS256", digest, 31, digest, 64, &valid, &err),
        MHSM_ERR_UNSUPPORTED, "digest");
    TC_ERROR(mhsm_unwrap(client, ec, "RSA-OAEP", digest, 64, &result, &err),
             MHSM_ERR_UNSUPPORTED, "unwrapKey");
    mhsm_client_get_stats(client, &after);
    CU_ASSERT(before.requests == after.requests);
    CU_ASSERT(result == NULL && valid == 7);
    /* With no error object the status still tells. */
    CU_ASSERT(mhsm_sign(client, rsa, "XX", digest, 32, &result, NULL) ==
              MHSM_ERR_UNSUPPORTED);
    mhsm_key_free(rsa);
    mhsm_key_free(ec);
}

static void states(void)
{
    mhsm_error *err = NULL;
    mhsm_result *result = NULL;
    unsigned char digest[32] = {0};
    mhsm_key *key;

    th_key_create("state", "{\"kty\":\"EC-HSM\",\"crv\":\"P-256\"}", NULL);
    key = tc_key(client, "mhsm:state");
    th_key_update("state", "{\"attributes\":{\"enabled\":false}}");
    TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
             MHSM_ERR_KEY_DISABLED, "enable");
    th_key_update("state",
                  "{\"attributes\":{\"enabled\":true,\"exp\":1500000000}}");
    TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
             MHSM_ERR_KEY_DISABLED, "exp");
    th_key_update("state", "{\"attributes\":{\"exp\":4000000000,"
                           "\"nbf\":3900000000}}");
    TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
             MHSM_ERR_KEY_DISABLED, "nbf");
    mhsm_key_free(key);
    th_key_create("state-ops",
                  "{\"kty\":\"EC-HSM\",\"crv\":\"P-256\","
                  "\"key_ops\":[\"verify\"]}",
                  NULL);
    key = tc_key(client, "mhsm:state-ops");
    TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
             MHSM_ERR_KEY_OPERATION, "key_ops");
    mhsm_key_free(key);
}

static void randomness(void)
{
    static const size_t counts[] = {1, 127, 128, 129, 1000};
    mhsm_uri *hsm = tc_uri(client, "mhsm:");
    mhsm_error *err = NULL;
    mhsm_result *result = NULL;
    size_t i, size;

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        th_reset();
        TC_STATUS(mhsm_random(client, hsm, counts[i], &result, &err), MHSM_OK);
        CU_ASSERT_FATAL(result != NULL);
        CU_ASSERT(mhsm_result_data(result, &size) != NULL);
        CU_ASSERT(size == counts[i]);
        CU_ASSERT(th_route("POST /rng") == (long)(counts[i] + 127) / 128);
        mhsm_result_free(result);
        result = NULL;
    }
    TC_ERROR(mhsm_random(client, hsm, 0, &result, &err), MHSM_ERR_ARGUMENT,
             "outside");
    TC_ERROR(mhsm_random(client, hsm, 1024 * 1024 + 1, &result, &err),
             MHSM_ERR_ARGUMENT, "outside");
    CU_ASSERT(result == NULL);
    mhsm_uri_free(hsm);
    mhsm_result_free(NULL);
}

static void open_client(void)
{
    client = tc_open(NULL);
}

static void close_client(void)
{
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"open_client", open_client},
        {"signing", signing},
        {"encrypting", encrypting},
        {"encrypting on this machine", encrypting_locally},
        {"wrapping", wrapping},
        {"refusing", refusing},
        {"states", states},
        {"randomness", randomness},
        {"close_client", close_client},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_crypto", tests);
}
