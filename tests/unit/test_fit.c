/* SPDX-License-Identifier: MIT
 *
 * Sizes: what may be sent to the HSM, and what may come back.
 */
#include <string.h>

#include "check.h"
#include "keys/fit.h"
#include "keys/jwk.h"

/* A key of which only type, curve and size matter. */
static mhsm_key key_of(mhsm_key_type type, mhsm_curve curve, unsigned int bits)
{
    mhsm_key key;
    static char name[] = "k";

    memset(&key, 0, sizeof(key));
    key.type = type;
    key.curve = curve;
    key.bits = bits;
    key.name = name;
    return key;
}

static const struct {
    const char *algorithm;
    mhsm_key_type type;
    mhsm_curve curve;
    unsigned int bits, operation;
    size_t size;
    mhsm_status status;
} sizes[] = {
    {"RS256", MHSM_KEY_RSA, 0, 2048, MHSM_OP_SIGN, 32, MHSM_OK},
    {"RS256", MHSM_KEY_RSA, 0, 2048, MHSM_OP_SIGN, 31, MHSM_ERR_UNSUPPORTED},
    {"RS256", MHSM_KEY_RSA, 0, 2048, MHSM_OP_DECRYPT, 256,
     MHSM_ERR_UNSUPPORTED},
    {"RS256", MHSM_KEY_EC, MHSM_CURVE_P256, 256, MHSM_OP_SIGN, 32,
     MHSM_ERR_UNSUPPORTED},
    {"rs256", MHSM_KEY_RSA, 0, 2048, MHSM_OP_SIGN, 32, MHSM_ERR_UNSUPPORTED},
    {"RSNULL", MHSM_KEY_RSA, 0, 2048, MHSM_OP_SIGN, 36, MHSM_OK},
    {"RSNULL", MHSM_KEY_RSA, 0, 2048, MHSM_OP_SIGN, 245, MHSM_OK},
    {"RSNULL", MHSM_KEY_RSA, 0, 2048, MHSM_OP_SIGN, 246, MHSM_ERR_UNSUPPORTED},
    {"RSNULL", MHSM_KEY_RSA, 0, 2048, MHSM_OP_SIGN, 0, MHSM_ERR_UNSUPPORTED},
    {"ES256", MHSM_KEY_EC, MHSM_CURVE_P256, 256, MHSM_OP_SIGN, 32, MHSM_OK},
    {"ES256", MHSM_KEY_EC, MHSM_CURVE_P256K, 256, MHSM_OP_SIGN, 32,
     MHSM_ERR_UNSUPPORTED},
    {"ES512", MHSM_KEY_EC, MHSM_CURVE_P521, 521, MHSM_OP_VERIFY, 64, MHSM_OK},
    {"HS256", MHSM_KEY_OCT, 0, 0, MHSM_OP_SIGN, 0, MHSM_OK},
    {"HS256", MHSM_KEY_OCT, 0, 256, MHSM_OP_SIGN, 100000, MHSM_OK},
    {"HS256", MHSM_KEY_OCT, 0, 256, MHSM_OP_SIGN, 10000000, MHSM_ERR_ARGUMENT},
    {"RSA-OAEP", MHSM_KEY_RSA, 0, 2048, MHSM_OP_ENCRYPT, 214, MHSM_OK},
    {"RSA-OAEP", MHSM_KEY_RSA, 0, 2048, MHSM_OP_ENCRYPT, 215,
     MHSM_ERR_ARGUMENT},
    {"RSA-OAEP-256", MHSM_KEY_RSA, 0, 2048, MHSM_OP_WRAP, 190, MHSM_OK},
    {"RSA-OAEP-256", MHSM_KEY_RSA, 0, 2048, MHSM_OP_WRAP, 191,
     MHSM_ERR_ARGUMENT},
    {"RSA1_5", MHSM_KEY_RSA, 0, 2048, MHSM_OP_ENCRYPT, 245, MHSM_OK},
    {"RSA1_5", MHSM_KEY_RSA, 0, 2048, MHSM_OP_ENCRYPT, 246, MHSM_ERR_ARGUMENT},
    {"RSA-OAEP", MHSM_KEY_RSA, 0, 3072, MHSM_OP_DECRYPT, 384, MHSM_OK},
    {"RSA-OAEP", MHSM_KEY_RSA, 0, 3072, MHSM_OP_DECRYPT, 383, MHSM_ERR_DAMAGED},
    {"RSA-OAEP", MHSM_KEY_RSA, 0, 3072, MHSM_OP_UNWRAP, 0, MHSM_ERR_DAMAGED},
    {"A256GCM", MHSM_KEY_OCT, 0, 256, MHSM_OP_ENCRYPT, 0, MHSM_OK},
    {"A256GCM", MHSM_KEY_OCT, 0, 128, MHSM_OP_ENCRYPT, 0, MHSM_ERR_UNSUPPORTED},
    {"A256GCM", MHSM_KEY_OCT, 0, 0, MHSM_OP_ENCRYPT, 5, MHSM_OK},
    {"A256GCM", MHSM_KEY_OCT, 0, 0, MHSM_OP_WRAP, 5, MHSM_ERR_UNSUPPORTED},
    {"A128CBC", MHSM_KEY_OCT, 0, 128, MHSM_OP_ENCRYPT, 32, MHSM_OK},
    {"A128CBC", MHSM_KEY_OCT, 0, 128, MHSM_OP_ENCRYPT, 31, MHSM_ERR_ARGUMENT},
    {"A128CBCPAD", MHSM_KEY_OCT, 0, 128, MHSM_OP_ENCRYPT, 0, MHSM_OK},
    {"A128CBCPAD", MHSM_KEY_OCT, 0, 128, MHSM_OP_ENCRYPT, 600000,
     MHSM_ERR_ARGUMENT},
    {"A256KW", MHSM_KEY_OCT, 0, 256, MHSM_OP_WRAP, 32, MHSM_OK},
    {"A256KW", MHSM_KEY_OCT, 0, 256, MHSM_OP_WRAP, 8, MHSM_ERR_ARGUMENT},
    {"A256KW", MHSM_KEY_OCT, 0, 256, MHSM_OP_WRAP, 33, MHSM_ERR_ARGUMENT},
    {"A256KW", MHSM_KEY_OCT, 0, 256, MHSM_OP_UNWRAP, 40, MHSM_OK},
    {"A256KW", MHSM_KEY_OCT, 0, 256, MHSM_OP_UNWRAP, 16, MHSM_ERR_DAMAGED},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_KEY_OCT, 0, 192, MHSM_OP_WRAP, 1, MHSM_OK},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_KEY_OCT, 0, 192, MHSM_OP_WRAP, 0,
     MHSM_ERR_ARGUMENT},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_KEY_OCT, 0, 192, MHSM_OP_UNWRAP, 16, MHSM_OK},
};

static void inputs(void)
{
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        mhsm_key key = key_of(sizes[i].type, sizes[i].curve, sizes[i].bits);
        struct mhsmi_fit fit = {&key, sizes[i].operation, sizes[i].size, 0,
                                NULL};
        const mhsm_algorithm *algorithm = NULL;
        mhsm_error *err = NULL;
        mhsm_status st =
            mhsmi_fit_check(&fit, sizes[i].algorithm, &algorithm, &err);

        if (st != sizes[i].status)
            printf("\n  row %zu %s %zu: %s\n", i, sizes[i].algorithm,
                   sizes[i].size, mhsm_error_text(err));
        CHECK(st == sizes[i].status);
        CHECK((algorithm != NULL) == (st == MHSM_OK));
        mhsm_error_free(&err);
    }
}

static mhsm_status with_params(const char *name, unsigned int operation,
                               size_t iv, size_t aad, size_t tag)
{
    static const unsigned char octets[64];
    mhsm_cipher_params params = {iv != 0 ? octets : NULL,  iv,
                                 aad != 0 ? octets : NULL, aad,
                                 tag != 0 ? octets : NULL, tag};
    mhsm_key key = key_of(MHSM_KEY_OCT, MHSM_CURVE_NONE, 256);
    struct mhsmi_fit fit = {&key, operation, 32, 0, &params};
    const mhsm_algorithm *algorithm;

    return mhsmi_fit_check(&fit, name, &algorithm, NULL);
}

static void parameters(void)
{
    CHECK(with_params("A256GCM", MHSM_OP_ENCRYPT, 0, 9, 0) == MHSM_OK);
    CHECK(with_params("A256GCM", MHSM_OP_ENCRYPT, 12, 0, 0) ==
          MHSM_ERR_ARGUMENT);
    CHECK(with_params("A256GCM", MHSM_OP_ENCRYPT, 0, 0, 16) ==
          MHSM_ERR_ARGUMENT);
    CHECK(with_params("A256GCM", MHSM_OP_DECRYPT, 12, 9, 16) == MHSM_OK);
    CHECK(with_params("A256GCM", MHSM_OP_DECRYPT, 12, 0, 12) ==
          MHSM_ERR_ARGUMENT);
    CHECK(with_params("A256GCM", MHSM_OP_DECRYPT, 0, 0, 16) ==
          MHSM_ERR_ARGUMENT);
    CHECK(with_params("A256CBC", MHSM_OP_ENCRYPT, 0, 0, 0) == MHSM_OK);
    CHECK(with_params("A256CBC", MHSM_OP_ENCRYPT, 16, 0, 0) == MHSM_OK);
    CHECK(with_params("A256CBC", MHSM_OP_ENCRYPT, 12, 0, 0) ==
          MHSM_ERR_ARGUMENT);
    CHECK(with_params("A256CBC", MHSM_OP_ENCRYPT, 16, 1, 0) ==
          MHSM_ERR_ARGUMENT);
    CHECK(with_params("A256CBCPAD", MHSM_OP_DECRYPT, 0, 0, 0) ==
          MHSM_ERR_ARGUMENT);
    CHECK(with_params("A256CBCPAD", MHSM_OP_DECRYPT, 16, 0, 16) ==
          MHSM_ERR_ARGUMENT);
}

static const struct {
    const char *algorithm;
    unsigned int operation;
    size_t text, size;
    int ok;
} results[] = {
    {"PS256", MHSM_OP_SIGN, 32, 256, 1},
    {"PS256", MHSM_OP_SIGN, 32, 255, 0},
    {"RSA-OAEP", MHSM_OP_ENCRYPT, 10, 256, 1},
    {"RSA-OAEP", MHSM_OP_DECRYPT, 256, 0, 1},
    {"RSA-OAEP", MHSM_OP_DECRYPT, 256, 214, 1},
    {"RSA-OAEP", MHSM_OP_DECRYPT, 256, 215, 0},
    {"HS384", MHSM_OP_SIGN, 5, 48, 1},
    {"HS384", MHSM_OP_SIGN, 5, 32, 0},
    {"A256GCM", MHSM_OP_ENCRYPT, 5, 5, 1},
    {"A256GCM", MHSM_OP_DECRYPT, 5, 6, 0},
    {"A256CBC", MHSM_OP_ENCRYPT, 32, 32, 1},
    {"A256CBCPAD", MHSM_OP_ENCRYPT, 32, 48, 1},
    {"A256CBCPAD", MHSM_OP_ENCRYPT, 31, 32, 1},
    {"A256CBCPAD", MHSM_OP_ENCRYPT, 31, 48, 0},
    {"A256CBCPAD", MHSM_OP_DECRYPT, 32, 31, 1},
    {"A256CBCPAD", MHSM_OP_DECRYPT, 32, 16, 1},
    {"A256CBCPAD", MHSM_OP_DECRYPT, 32, 15, 0},
    {"A256CBCPAD", MHSM_OP_DECRYPT, 32, 32, 0},
    {"A256KW", MHSM_OP_WRAP, 32, 40, 1},
    {"A256KW", MHSM_OP_UNWRAP, 40, 32, 1},
    {"A256KW", MHSM_OP_UNWRAP, 40, 40, 0},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_OP_WRAP, 20, 32, 1},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_OP_UNWRAP, 32, 20, 1},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_OP_UNWRAP, 32, 24, 1},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_OP_UNWRAP, 32, 16, 0},
    {"CKM_AES_KEY_WRAP_PAD", MHSM_OP_UNWRAP, 32, 25, 0},
};

static void outputs(void)
{
    mhsm_key ec = key_of(MHSM_KEY_EC, MHSM_CURVE_P521, 521);
    size_t i;

    for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        const mhsm_algorithm *algorithm =
            mhsm_algorithm_find(results[i].algorithm);
        mhsm_key key = key_of(algorithm->type, MHSM_CURVE_NONE,
                              algorithm->type == MHSM_KEY_RSA ? 2048 : 256);

        CHECK(mhsmi_fit_result(&key, algorithm, results[i].operation,
                               results[i].text,
                               results[i].size) == results[i].ok);
    }
    CHECK(mhsmi_fit_result(&ec, mhsm_algorithm_find("ES512"), MHSM_OP_SIGN, 64,
                           132));
    CHECK(!mhsmi_fit_result(&ec, mhsm_algorithm_find("ES512"), MHSM_OP_SIGN, 64,
                            139));
}

static void akp(void)
{
    mhsm_key key = key_of(MHSM_KEY_AKP, MHSM_CURVE_NONE, 0);
    struct mhsmi_fit fit = {&key, MHSM_OP_SIGN, 0, 0, NULL};
    const mhsm_algorithm *algorithm = NULL;
    mhsm_error *err = NULL;

    key.set = mhsm_parameter_set_find("ML-DSA-65");
    CHECK(mhsmi_fit_check(&fit, "ML-DSA-65", &algorithm, NULL) == MHSM_OK);
    CHECK_FATAL(algorithm == mhsm_algorithm_find("ML-DSA-65"));
    CHECK(mhsmi_fit_result(&key, algorithm, MHSM_OP_SIGN, 0, 3309));
    CHECK(!mhsmi_fit_result(&key, algorithm, MHSM_OP_SIGN, 0, 3308));
    CHECK(!mhsmi_fit_result(&key, algorithm, MHSM_OP_SIGN, 0, 2420));
    CHECK(!mhsmi_fit_result(&key, algorithm, MHSM_OP_SIGN, 0, 0));
    CHECK(mhsmi_fit_check(&fit, "ML-DSA-44", &algorithm, &err) ==
          MHSM_ERR_UNSUPPORTED);
    CHECK(strstr(mhsm_error_text(err), "ML-DSA-65") != NULL);
    mhsm_error_free(&err);
    CHECK(mhsmi_fit_check(&fit, "PS256", &algorithm, NULL) ==
          MHSM_ERR_UNSUPPORTED);
    fit.operation = MHSM_OP_DECRYPT;
    CHECK(mhsmi_fit_check(&fit, "ML-DSA-65", &algorithm, NULL) ==
          MHSM_ERR_UNSUPPORTED);
    fit.operation = MHSM_OP_VERIFY;
    fit.text_size = 512 * 1024;
    CHECK(mhsmi_fit_check(&fit, "ML-DSA-65", &algorithm, NULL) == MHSM_OK);
    fit.text_size++;
    CHECK(mhsmi_fit_check(&fit, "ML-DSA-65", &algorithm, NULL) ==
          MHSM_ERR_ARGUMENT);
}

int main(void)
{
    static const struct check checks[] = {
        {"inputs", inputs},   {"parameters", parameters},
        {"outputs", outputs}, {"akp", akp},
        {NULL, NULL},
    };

    return check_main("fit", checks);
}
