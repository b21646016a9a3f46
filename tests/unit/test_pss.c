/* SPDX-License-Identifier: MIT
 *
 * RSA keys for PSS alone, in key references: what is written is read back and
 * is what OpenSSL takes it for; every changed octet; and what is refused.
 */
#include "reference.h"

#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static mhsm_key *rsa, *ec;

static void make_keys(void)
{
    char json[1024], n[343];
    size_t i;

    make_client();
    /* 2048 bits in base64url; the service cannot make it one for PSS. */
    for (i = 0; i < 342; i++)
        n[i] = i < 341 ? "xBcDyzQ"[i % 7] : 'Q';
    n[342] = '\0';
    snprintf(json, sizeof(json),
             "{\"key\":{" KID "\"kty\":\"RSA-HSM\",\"key_ops\":[\"sign\"],"
             "\"pss\":\"SHA2-256\",\"e\":\"AQAB\",\"n\":\"%s\"}}",
             n);
    rsa = key_of(json);
    ec = key_of("{\"key\":{" KID "\"kty\":\"EC-HSM\",\"key_ops\":[\"sign\"],"
                "\"crv\":\"P-256\",\"x\":\"" B32 "\",\"y\":\"" B32 "\"}}");
    CHECK(mhsm_key_pss(rsa) == NULL);
    CHECK(mhsm_key_pss(ec) == NULL);
}

static const struct {
    const char *asked, *told, *openssl;
    int salt;
} rows[] = {
    {"", "", NULL, 0},
    {"sha256", "SHA2-256", "SHA2-256", 32},
    {"SHA-384", "SHA2-384", "SHA2-384", 48},
    {"SHA2-512", "SHA2-512", "SHA2-512", 64},
    {"Sha512", "SHA2-512", "SHA2-512", 64},
};

static mhsm_key *restrict_to(const char *digest)
{
    mhsm_error *err = NULL;
    mhsm_key *made = NULL;

    CHECK_FATAL(mhsm_key_restrict_pss(rsa, digest, &made, &err) == MHSM_OK);
    CHECK(err == NULL);
    return made;
}

/* NULL when it is refused. */
static mhsm_key *read_back(const unsigned char *der, size_t size)
{
    mhsm_error *err = NULL;
    mhsm_key *key;

    (void)decode(der, size, &key, &err);
    mhsm_error_free(&err);
    return key;
}

static void round_trips(void)
{
    size_t i, size, again_size;

    for (i = 0; i < COUNT(rows); i++) {
        mhsm_key *key = restrict_to(rows[i].asked), *read;
        unsigned char *der = NULL, *again = NULL;

        CHECK_TEXT(mhsm_key_pss(key), rows[i].told);
        CHECK_TEXT(mhsm_key_uri(key), mhsm_key_uri(rsa));
        CHECK(mhsm_key_operations(key) == mhsm_key_operations(rsa));
        CHECK_FATAL(mhsm_reference_encode(key, &der, &size, NULL) == MHSM_OK);
        read = read_back(der, size);
        CHECK_FATAL(read != NULL);
        CHECK_TEXT(mhsm_key_pss(read), rows[i].told);
        CHECK_TEXT(mhsm_key_uri(read), mhsm_key_uri(rsa));
        CHECK(mhsm_key_bits(read) == 2048);
        CHECK_FATAL(mhsm_reference_encode(read, &again, &again_size, NULL) ==
                    MHSM_OK);
        CHECK(size == again_size && memcmp(der, again, size) == 0);
        mhsm_reference_free(der);
        mhsm_reference_free(again);
        mhsm_key_free(read);
        mhsm_key_free(key);
    }
    CHECK(mhsm_key_pss(rsa) == NULL);
}

/* OpenSSL reads the public key as we mean it. */
static void as_openssl_reads_it(void)
{
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        mhsm_key *key = restrict_to(rows[i].asked);
        mhsm_result *result = NULL;
        const unsigned char *at;
        char digest[64] = "", mgf1[64] = "";
        EVP_PKEY *pkey;
        size_t size;
        int salt = 0;

        CHECK_FATAL(mhsm_key_spki(key, &result, NULL) == MHSM_OK);
        at = mhsm_result_data(result, &size);
        pkey = d2i_PUBKEY(NULL, &at, (long)size);
        CHECK_FATAL(pkey != NULL);
        CHECK(EVP_PKEY_get_id(pkey) == EVP_PKEY_RSA_PSS);
        CHECK(EVP_PKEY_get_bits(pkey) == 2048);
        if (rows[i].openssl != NULL) {
            CHECK(EVP_PKEY_get_utf8_string_param(
                      pkey, OSSL_PKEY_PARAM_RSA_DIGEST, digest, sizeof(digest),
                      NULL) == 1);
            CHECK_TEXT(digest, rows[i].openssl);
            CHECK(EVP_PKEY_get_utf8_string_param(
                      pkey, OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, mgf1, sizeof(mgf1),
                      NULL) == 1);
            CHECK_TEXT(mgf1, rows[i].openssl);
            CHECK(EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN,
                                         &salt) == 1);
            CHECK(salt == rows[i].salt);
        } else
            CHECK(EVP_PKEY_get_utf8_string_param(
                      pkey, OSSL_PKEY_PARAM_RSA_DIGEST, digest, sizeof(digest),
                      NULL) != 1);
        EVP_PKEY_free(pkey);
        mhsm_result_free(result);
        mhsm_key_free(key);
        ERR_clear_error();
    }
}

/* A changed octet is refused, or is what it would be written as. */
static void every_octet_changed(void)
{
    static const unsigned char changes[] = {0x01, 0x02, 0x03, 0x10, 0x80, 0xff};
    size_t i, at, change, size, again_size, refused = 0;

    for (i = 0; i < COUNT(rows); i++) {
        mhsm_key *key = restrict_to(rows[i].asked), *read;
        unsigned char *der = NULL, *again;

        CHECK_FATAL(mhsm_reference_encode(key, &der, &size, NULL) == MHSM_OK);
        for (at = 0; at < size; at++)
            for (change = 0; change < COUNT(changes); change++) {
                der[at] ^= changes[change];
                read = read_back(der, size);
                again = NULL;
                if (read == NULL)
                    refused++;
                else if (mhsm_key_operations(read) != 0) {
                    CHECK_FATAL(mhsm_reference_encode(read, &again, &again_size,
                                                      NULL) == MHSM_OK);
                    CHECK(size == again_size && memcmp(der, again, size) == 0);
                }
                mhsm_reference_free(again);
                mhsm_key_free(read);
                der[at] ^= changes[change];
            }
        mhsm_reference_free(der);
        mhsm_key_free(key);
    }
    CHECK(refused > 0);
}

static void refusals(void)
{
    static const char *const digests[] = {
        "SHA1", "SHA224", "SHA", "SHA-",       "SHA2-",    "SHA3-256", "256",
        "any",  "sh",     "S",   "SHA512/256", "SHA--256", "SHA256 ",  "MD5"};
    mhsm_error *err = NULL;
    mhsm_key *made = NULL;
    size_t i;

    for (i = 0; i < COUNT(digests); i++) {
        CHECK(mhsm_key_restrict_pss(rsa, digests[i], &made, &err) ==
              MHSM_ERR_UNSUPPORTED);
        CHECK(made == NULL && strstr(mhsm_error_text(err), digests[i]) != NULL);
        mhsm_error_free(&err);
    }
    CHECK(mhsm_key_restrict_pss(ec, "sha256", &made, &err) ==
          MHSM_ERR_UNSUPPORTED);
    CHECK(strstr(mhsm_error_text(err), "EC-HSM") != NULL);
    mhsm_error_free(&err);
    CHECK(mhsm_key_restrict_pss(NULL, "", &made, NULL) == MHSM_ERR_ARGUMENT);
    CHECK(mhsm_key_restrict_pss(rsa, NULL, &made, NULL) == MHSM_ERR_ARGUMENT);
    CHECK(mhsm_key_restrict_pss(rsa, "", NULL, NULL) == MHSM_ERR_ARGUMENT);
    CHECK(made == NULL);
}

static int try_restrict(void)
{
    mhsm_error *err = NULL;
    mhsm_key *made = NULL;
    int ok = mhsm_key_restrict_pss(rsa, "sha256", &made, &err) == MHSM_OK;

    CHECK(ok == (made != NULL) && ok == (err == NULL));
    mhsm_error_free(&err);
    mhsm_key_free(made);
    return ok;
}

static void memory_runs_out(void)
{
    torture(try_restrict);
}

static void free_keys(void)
{
    mhsm_key_free(rsa);
    mhsm_key_free(ec);
    free_client();
}

int main(void)
{
    static const struct check checks[] = {
        {"keys", make_keys},
        {"round trips", round_trips},
        {"as OpenSSL reads it", as_openssl_reads_it},
        {"every octet changed", every_octet_changed},
        {"refusals", refusals},
        {"memory runs out", memory_runs_out},
        {"nothing is left", free_keys},
        {NULL, NULL},
    };

    return check_main("keys for PSS alone", checks);
}
