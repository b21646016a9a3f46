/* SPDX-License-Identifier: MIT
 *
 * ML-DSA keys in software, with the module last, first and preferred: they are
 * as with the default provider alone, octet for octet where nothing is random.
 * With an OpenSSL that has no ML-DSA the module must not pretend to have it.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const sets[] = {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
static const char message[] = "a message of no great length";
static struct th_context contexts[3];

static void prepare(void)
{
    th_contexts_open(contexts);
}

static void end(void)
{
    th_contexts_close(contexts);
    CU_ASSERT_EQUAL(th_stats().requests, 0);
    TH_QUIET();
}

#ifndef OSSL_PKEY_PARAM_ML_DSA_SEED

static void nothing(void)
{
    size_t i, size = 0;
    int order;

    for (i = 0; i < COUNT(sets); i++) {
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            EVP_PKEY *other = EVP_PKEY_Q_keygen(lib, NULL, "ED25519");
            struct th_way way = th_way_of(message, sizeof(message));
            unsigned char *sig = th_sign_message(lib, other, &way, &size);

            /* Other algorithms for messages are as they were. */
            CU_ASSERT(sig != NULL &&
                      th_verify_message(lib, other, &way, sig, size));
            OPENSSL_free(sig);
            EVP_PKEY_free(other);
            TH_QUIET();
            CU_ASSERT_PTR_NULL(EVP_KEYMGMT_fetch(lib, sets[i], NULL));
            CU_ASSERT_PTR_NULL(EVP_SIGNATURE_fetch(lib, sets[i], NULL));
            CU_ASSERT_PTR_NULL(EVP_PKEY_Q_keygen(lib, NULL, sets[i]));
            ERR_clear_error();
        }
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"contexts", prepare},
        {"nothing is offered", nothing},
        {"end", end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: ML-DSA in software, without OpenSSL 3.5", tests);
}

#else

/* OpenSSL 3.5 itself takes messages whole only; the module takes pieces. */
static int is_ours(EVP_PKEY *key)
{
    return strcmp(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)),
                  "mhsm") == 0;
}

/* The same key in `lib`, by whichever provider comes first there. */
static EVP_PKEY *copy_into(OSSL_LIB_CTX *lib, EVP_PKEY *key, int selection)
{
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_name(lib, EVP_PKEY_get0_type_name(key), NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *copy = NULL;

    CU_ASSERT(EVP_PKEY_todata(key, selection, &params) == 1 &&
              EVP_PKEY_fromdata_init(ctx) == 1 &&
              EVP_PKEY_fromdata(ctx, &copy, selection, params) == 1);
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return copy;
}

/* What is deterministic is the same, octet for octet. */
static void compare(OSSL_LIB_CTX *lib, EVP_PKEY *plain, EVP_PKEY *ours,
                    int encoding)
{
    unsigned char context[] = "ctx", entropy[32] = {1, 2, 3};
    struct th_way way = th_way_of(message, sizeof(message));
    unsigned char *a, *b, in_pieces[8192];
    size_t a_size = 0, b_size = 0, size = sizeof(in_pieces);
    int which, one = 1;

    for (which = 0; which < 2; which++) {
        way.params[0] = OSSL_PARAM_construct_octet_string(
            OSSL_SIGNATURE_PARAM_CONTEXT_STRING, context, sizeof(context));
        way.params[1] = OSSL_PARAM_construct_int(
            OSSL_SIGNATURE_PARAM_MESSAGE_ENCODING, &encoding);
        way.params[2] = which == 0
                            ? OSSL_PARAM_construct_int(
                                  OSSL_SIGNATURE_PARAM_DETERMINISTIC, &one)
                            : OSSL_PARAM_construct_octet_string(
                                  OSSL_SIGNATURE_PARAM_TEST_ENTROPY, entropy,
                                  sizeof(entropy));
        way.params[3] = OSSL_PARAM_construct_end();
        a = th_sign_message(th_plain(), plain, &way, &a_size);
        b = th_sign_message(lib, ours, &way, &b_size);
        TH_TRUE(a != NULL && b != NULL && a_size == b_size &&
                    memcmp(a, b, a_size) == 0,
                "%s %d %d", EVP_PKEY_get0_type_name(plain), encoding, which);
        if (is_ours(ours))
            TH_TRUE(th_sign_in_pieces(lib, ours, &way, 5, in_pieces, &size) &&
                        size == a_size && a != NULL &&
                        memcmp(a, in_pieces, size) == 0,
                    "%s %d %d", EVP_PKEY_get0_type_name(plain), encoding,
                    which);
        size = sizeof(in_pieces);
        OPENSSL_free(a);
        OPENSSL_free(b);
    }
}

static void verify_in_pieces(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
    struct th_way way = th_way_of(message, sizeof(message));
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    EVP_SIGNATURE *method;
    char properties[64];
    unsigned char *sig;
    size_t size;

    snprintf(properties, sizeof(properties), "provider=%s",
             OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)));
    method = EVP_SIGNATURE_fetch(lib, EVP_PKEY_get0_type_name(key), properties);
    sig = th_sign_message(lib, key, &way, &size);
    CU_ASSERT_FATAL(sig != NULL && method != NULL);
    CU_ASSERT(EVP_PKEY_verify_message_init(ctx, method, NULL) == 1);
    CU_ASSERT(EVP_PKEY_CTX_set_signature(ctx, sig, size) == 1);
    CU_ASSERT(EVP_PKEY_verify_message_update(ctx, way.data, 5) == 1);
    CU_ASSERT(EVP_PKEY_verify_message_update(ctx, way.data + 5, way.size - 5) ==
              1);
    CU_ASSERT(EVP_PKEY_verify_message_final(ctx) == 1);
    sig[9] ^= 1;
    CU_ASSERT(EVP_PKEY_verify_message_init(ctx, method, NULL) == 1);
    CU_ASSERT(EVP_PKEY_CTX_set_signature(ctx, sig, size) == 1);
    CU_ASSERT(EVP_PKEY_verify_message_update(ctx, way.data, way.size) == 1);
    CU_ASSERT(EVP_PKEY_verify_message_final(ctx) != 1);
    ERR_clear_error();
    EVP_SIGNATURE_free(method);
    EVP_PKEY_CTX_free(ctx);
    OPENSSL_free(sig);
}

static void software_keys(void)
{
    size_t i;
    int order;

    for (i = 0; i < COUNT(sets); i++) {
        EVP_PKEY *plain = EVP_PKEY_Q_keygen(th_plain(), NULL, sets[i]);

        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            EVP_PKEY *ours = copy_into(lib, plain, EVP_PKEY_KEYPAIR);
            EVP_PKEY *half = copy_into(lib, plain, EVP_PKEY_PUBLIC_KEY);
            EVP_PKEY *made = EVP_PKEY_Q_keygen(lib, NULL, sets[i]);
            EVP_PKEY *whole = EVP_PKEY_dup(ours);
            EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, ours, NULL);
            struct th_way way = th_way_of(message, sizeof(message));
            size_t size = 0;
            unsigned char *sig;

            CU_ASSERT_FATAL(ours != NULL && half != NULL && made != NULL);
            CU_ASSERT(EVP_PKEY_check(ctx) == 1);
            EVP_PKEY_CTX_free(ctx);
            CU_ASSERT(EVP_PKEY_eq(ours, half) == 1);
            CU_ASSERT(EVP_PKEY_eq(ours, made) != 1);
            ERR_clear_error();
            CU_ASSERT_PTR_NULL(th_sign_message(lib, half, &way, &size));
            ERR_clear_error();
            compare(lib, plain, ours, 1);
            compare(lib, plain, ours, 0);
            compare(lib, plain, whole, 1);
            sig = th_sign_message(lib, made, &way, &size);
            CU_ASSERT(sig != NULL &&
                      th_verify_message(lib, made, &way, sig, size));
            OPENSSL_free(sig);
            if (is_ours(made))
                verify_in_pieces(lib, made);
            TH_QUIET();
            EVP_PKEY_free(whole);
            EVP_PKEY_free(made);
            EVP_PKEY_free(half);
            EVP_PKEY_free(ours);
        }
        EVP_PKEY_free(plain);
    }
}

/* A seed is all that a private key is. */
static void seeds(void)
{
    unsigned char seed[32], pubs[3][2592];
    OSSL_PARAM params[2];
    size_t sizes[3] = {0};
    int order;

    memset(seed, 7, sizeof(seed));
    params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_DSA_SEED,
                                                  seed, sizeof(seed));
    params[1] = OSSL_PARAM_construct_end();
    for (order = TH_LAST; order <= TH_PREFERRED; order++) {
        EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_name(contexts[order].lib, "ML-DSA-87", NULL);
        EVP_PKEY *made = NULL, *taken = NULL;

        CU_ASSERT(EVP_PKEY_keygen_init(ctx) == 1);
        CU_ASSERT(EVP_PKEY_CTX_set_params(ctx, params) == 1);
        CU_ASSERT(EVP_PKEY_generate(ctx, &made) == 1);
        CU_ASSERT(EVP_PKEY_fromdata_init(ctx) == 1);
        CU_ASSERT(EVP_PKEY_fromdata(ctx, &taken, EVP_PKEY_KEYPAIR, params) ==
                  1);
        CU_ASSERT(EVP_PKEY_eq(made, taken) == 1);
        CU_ASSERT(EVP_PKEY_get_octet_string_param(
                      taken, OSSL_PKEY_PARAM_PUB_KEY, pubs[order],
                      sizeof(pubs[order]), &sizes[order]) == 1);
        CU_ASSERT(sizes[order] == sizeof(pubs[order]) &&
                  memcmp(pubs[order], pubs[0], sizeof(pubs[0])) == 0);
        EVP_PKEY_free(made);
        EVP_PKEY_free(taken);
        EVP_PKEY_CTX_free(ctx);
    }
    TH_QUIET();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"contexts", prepare}, {"software keys", software_keys},
        {"seeds", seeds},      {"end", end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: ML-DSA in software", tests);
}

#endif
