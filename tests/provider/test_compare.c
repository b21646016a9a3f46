/* SPDX-License-Identifier: MIT
 *
 * Comparing keys.  One key has many faces: loaded by name, by version, from a
 * reference, as a public key, as a duplicate, as a public key of the default
 * provider, here or in another library context.  Between any two faces of any
 * two keys the answer must be the one that the default provider alone gives of
 * the public keys, wherever the module is listed, and without a request.
 */
#include "reference.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/store.h>

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};

/* Two versions of one name, another name, and other types and curves. */
static struct {
    const char *name, *curve;
    int latest;
    char version[33];
    EVP_PKEY *judge; /* the public key in the default provider alone */
} keys[] = {
    {"cmp-rsa", NULL, 0, "", NULL},   {"cmp-rsa", NULL, 1, "", NULL},
    {"cmp-other", NULL, 1, "", NULL}, {"cmp-ec", "P-256", 0, "", NULL},
    {"cmp-ec", "P-256", 1, "", NULL}, {"cmp-384", "P-384", 1, "", NULL},
};

enum face {
    BY_VERSION,
    BY_NAME, /* of the latest version only */
    BY_REFERENCE,
    PUBLIC_ONLY,
    DUPLICATE,
    PUBLIC_DUPLICATE,
    FROM_FILE,
    ELSEWHERE,
    FACES
};

static const char *const face_names[] = {
    "by version", "by name",          "by reference", "public only",
    "duplicate",  "public duplicate", "from a file",  "elsewhere",
};

static void prepare(void)
{
    struct th_context context;
    char uri[96];
    size_t i;

    th_context_open(&context, TH_LAST);
    for (i = 0; i < COUNT(keys); i++) {
        EVP_PKEY *key;

        if (keys[i].curve == NULL)
            th_rsa_create(keys[i].name, 2048, keys[i].version);
        else
            th_ec_create(keys[i].name, keys[i].curve, keys[i].version);
        snprintf(uri, sizeof(uri), "mhsm:%s/%s", keys[i].name, keys[i].version);
        keys[i].judge = th_public_from_service(keys[i].name);
        key = th_must_open(context.lib, uri);
        CU_ASSERT_EQUAL(EVP_PKEY_eq(key, keys[i].judge), 1);
        EVP_PKEY_free(key);
    }
    th_context_close(&context);
    TH_QUIET();
}

/* By PEM, as from a file. */
static EVP_PKEY *public_copy(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *copy = NULL;

    if (PEM_write_bio_PUBKEY(bio, key) == 1)
        copy = PEM_read_bio_PUBKEY_ex(bio, NULL, NULL, NULL, lib, NULL);
    BIO_free(bio);
    return copy;
}

static EVP_PKEY *by_reference(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *copy = NULL;

    if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
        copy = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, lib, NULL);
    BIO_free(bio);
    return copy;
}

static void show_faces(OSSL_LIB_CTX *lib, size_t i, EVP_PKEY *faces[FACES])
{
    char uri[96], latest[64];
    int face;

    snprintf(uri, sizeof(uri), "mhsm:%s/%s", keys[i].name, keys[i].version);
    snprintf(latest, sizeof(latest), "mhsm:%s", keys[i].name);
    faces[BY_VERSION] = th_must_open(lib, uri);
    faces[BY_NAME] = th_must_open(lib, keys[i].latest ? latest : uri);
    faces[BY_REFERENCE] = by_reference(lib, faces[BY_VERSION]);
    faces[PUBLIC_ONLY] = th_open_as(lib, uri, OSSL_STORE_INFO_PUBKEY);
    faces[DUPLICATE] = EVP_PKEY_dup(faces[BY_VERSION]);
    faces[PUBLIC_DUPLICATE] = EVP_PKEY_dup(faces[PUBLIC_ONLY]);
    faces[FROM_FILE] = public_copy(lib, keys[i].judge);
    faces[ELSEWHERE] = public_copy(th_plain(), keys[i].judge);
    for (face = 0; face < FACES; face++)
        if (faces[face] == NULL)
            th_die("no %s, %s", uri, face_names[face]);
    TH_QUIET();
}

typedef int comparison(const EVP_PKEY *a, const EVP_PKEY *b);

/* -1: of another type, which also leaves an error; 0; 1. */
static void judge(comparison *compare, EVP_PKEY *faces[COUNT(keys)][FACES],
                  size_t i, size_t j, const char *what)
{
    int expected = compare(keys[i].judge, keys[j].judge), a, b;
    int quiet = ERR_peek_error() == 0;

    ERR_clear_error();
    for (a = 0; a < FACES; a++)
        for (b = 0; b < FACES; b++) {
            int answer = compare(faces[i][a], faces[j][b]);

            TH_TRUE(answer == expected, "%s: key %zu %s, key %zu %s: %d", what,
                    i, face_names[a], j, face_names[b], answer);
            TH_TRUE(!quiet || ERR_peek_error() == 0,
                    "%s: key %zu %s, key %zu %s", what, i, face_names[a], j,
                    face_names[b]);
            ERR_clear_error();
        }
}

/* The same checks with the same answers as for the public key alone, and what
 * is private the HSM vouches for. */
static void checks(OSSL_LIB_CTX *lib, EVP_PKEY *const faces[FACES], size_t i)
{
    int face;

    for (face = 0; face < FACES - 1; face++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, faces[face], NULL);
        int is_private = face != PUBLIC_ONLY && face != PUBLIC_DUPLICATE &&
                         face != FROM_FILE;

        TH_TRUE(EVP_PKEY_public_check(ctx) == 1, "key %zu %s", i,
                face_names[face]);
        TH_TRUE(EVP_PKEY_public_check_quick(ctx) == 1, "key %zu %s", i,
                face_names[face]);
        TH_TRUE(keys[i].curve == NULL || EVP_PKEY_param_check(ctx) == 1,
                "key %zu %s", i, face_names[face]);
        TH_QUIET();
        TH_TRUE((EVP_PKEY_check(ctx) == 1) == is_private, "key %zu %s", i,
                face_names[face]);
        TH_TRUE((EVP_PKEY_pairwise_check(ctx) == 1) == is_private, "key %zu %s",
                i, face_names[face]);
        TH_TRUE((EVP_PKEY_private_check(ctx) == 1) == is_private, "key %zu %s",
                i, face_names[face]);
        TH_TRUE(!is_private || ERR_peek_error() == 0, "key %zu %s", i,
                face_names[face]);
        ERR_clear_error();
        EVP_PKEY_CTX_free(ctx);
    }
}

/* The same point on a curve that is told by its numbers: what the default
 * provider says of it and the named curve. */
static void explicit_curves(OSSL_LIB_CTX *lib, size_t i, EVP_PKEY *ours)
{
    EVP_PKEY *told = EVP_PKEY_dup(keys[i].judge), *there;
    int expected;

    CU_ASSERT(EVP_PKEY_set_utf8_string_param(told, OSSL_PKEY_PARAM_EC_ENCODING,
                                             OSSL_PKEY_EC_ENCODING_EXPLICIT) ==
              1);
    there = public_copy(lib, told);
    CU_ASSERT_PTR_NOT_NULL_FATAL(there);
    expected = EVP_PKEY_eq(keys[i].judge, told);
    TH_TRUE(EVP_PKEY_eq(ours, told) == expected, "key %zu", i);
    TH_TRUE(EVP_PKEY_eq(told, ours) == expected, "key %zu", i);
    TH_TRUE(EVP_PKEY_eq(ours, there) == expected, "key %zu", i);
    TH_TRUE(EVP_PKEY_eq(there, ours) == expected, "key %zu", i);
    ERR_clear_error();
    EVP_PKEY_free(there);
    EVP_PKEY_free(told);
}

static void compare_in(enum th_order order)
{
    EVP_PKEY *faces[COUNT(keys)][FACES];
    struct th_context context;
    size_t i, j;
    long before;
    int face;

    th_context_open(&context, order);
    for (i = 0; i < COUNT(keys); i++)
        show_faces(context.lib, i, faces[i]);
    before = th_stats().requests;
    for (i = 0; i < COUNT(keys); i++)
        for (j = 0; j < COUNT(keys); j++) {
            judge(EVP_PKEY_eq, faces, i, j, "eq");
            judge(EVP_PKEY_parameters_eq, faces, i, j, "parameters_eq");
        }
    for (i = 0; i < COUNT(keys); i++) {
        checks(context.lib, faces[i], i);
        if (keys[i].curve != NULL)
            explicit_curves(context.lib, i, faces[i][BY_VERSION]);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
    for (i = 0; i < COUNT(keys); i++)
        for (face = 0; face < FACES; face++)
            EVP_PKEY_free(faces[i][face]);
    th_context_close(&context);
}

static void listed_last(void)
{
    compare_in(TH_LAST);
}

static void listed_first(void)
{
    compare_in(TH_FIRST);
}

static void preferred(void)
{
    compare_in(TH_PREFERRED);
}

/* A certificate belongs to its key, to all its private faces, and to no other
 * version. */
static void certificates(void)
{
    struct th_context context;
    size_t i, j, k;

    for (k = 0; k < COUNT(orders); k++) {
        EVP_PKEY *opened[COUNT(keys)];
        X509 *made[COUNT(keys)];

        th_context_open(&context, orders[k]);
        for (i = 0; i < COUNT(keys); i++) {
            struct th_scheme scheme = th_scheme_of(keys[i].judge);
            char uri[96];

            snprintf(uri, sizeof(uri), "mhsm:%s/%s", keys[i].name,
                     keys[i].version);
            opened[i] = th_must_open(context.lib, uri);
            made[i] =
                th_certificate(context.lib, opened[i], opened[i], &scheme);
            CU_ASSERT_PTR_NOT_NULL_FATAL(made[i]);
            CU_ASSERT_EQUAL(X509_verify(made[i], keys[i].judge), 1);
        }
        for (i = 0; i < COUNT(keys); i++)
            for (j = 0; j < COUNT(keys); j++) {
                EVP_PKEY *copy = EVP_PKEY_dup(opened[j]);

                TH_TRUE(X509_check_private_key(made[i], opened[j]) == (i == j),
                        "%zu, %zu, module %s", i, j, th_order_name(orders[k]));
                TH_TRUE(X509_check_private_key(made[i], copy) == (i == j),
                        "%zu, %zu, module %s", i, j, th_order_name(orders[k]));
                TH_TRUE(i != j || ERR_peek_error() == 0, "%zu", i);
                ERR_clear_error();
                EVP_PKEY_free(copy);
            }
        for (i = 0; i < COUNT(keys); i++) {
            EVP_PKEY_free(opened[i]);
            X509_free(made[i]);
        }
        th_context_close(&context);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys", prepare},
        {"module last", listed_last},
        {"module first", listed_first},
        {"module preferred", preferred},
        {"certificates", certificates},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: comparing keys", tests);
    size_t i;

    for (i = 0; i < COUNT(keys); i++)
        EVP_PKEY_free(keys[i].judge);
    return code;
}
