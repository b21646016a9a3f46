/* SPDX-License-Identifier: MIT
 *
 * Key references in the tests: how they are made, and judged.
 */
#include "reference.h"

#include <stdio.h>
#include <string.h>

#include <openssl/pem.h>

struct reference references[3] = {
    {"rf-rsa", "", NULL, NULL, 0, NULL},
    {"rf-ec", "", NULL, NULL, 0, NULL},
    {"rf-big", "", NULL, NULL, 0, NULL},
};
struct th_context contexts[3];

void references_prepare(void)
{
    size_t i;

    th_rsa_create("rf-rsa", 2048, references[0].version);
    th_ec_create("rf-ec", "P-256", references[1].version);
    th_ec_create("rf-big", "P-521", references[2].version);
    th_contexts_open(contexts);
    for (i = 0; i < COUNT(references); i++)
        reference_make(&references[i], contexts[TH_LAST].lib);
}

void references_end(void)
{
    size_t i;

    th_contexts_close(contexts);
    for (i = 0; i < COUNT(references); i++)
        reference_free(&references[i]);
}

long requests(void)
{
    return th_stats().requests;
}

void reference_make(struct reference *reference, OSSL_LIB_CTX *lib)
{
    BIO *out = BIO_new(BIO_s_mem());
    char uri[64], *data, *label = NULL, *header = NULL;
    EVP_PKEY *key;
    long size;

    snprintf(uri, sizeof(uri), "mhsm:%s", reference->name);
    key = th_must_open(lib, uri);
    if (PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
        th_die("no reference of %s", reference->name);
    size = BIO_get_mem_data(out, &data);
    reference->pem = OPENSSL_strndup(data, (size_t)size);
    if (PEM_read_bio(out, &label, &header, &reference->der,
                     &reference->der_size) != 1)
        th_die("no PEM of %s", reference->name);
    CU_ASSERT_STRING_EQUAL(label, REFERENCE_LABEL);
    CU_ASSERT_STRING_EQUAL(header, "");
    reference->known = th_public_from_service(reference->name);
    OPENSSL_free(label);
    OPENSSL_free(header);
    EVP_PKEY_free(key);
    BIO_free(out);
    TH_QUIET();
}

void reference_free(struct reference *reference)
{
    OPENSSL_free(reference->pem);
    OPENSSL_free(reference->der);
    EVP_PKEY_free(reference->known);
}

EVP_PKEY *read_pem(OSSL_LIB_CTX *lib, const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key =
        PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, lib, NULL);

    BIO_free(bio);
    return key;
}

void write_file(char *path, const void *data, size_t size)
{
    FILE *file;

    snprintf(path, PATH_ROOM, "%s/file", th_state());
    file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size ||
        fclose(file) != 0)
        th_die("cannot write %s", path);
}

char *join(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    char *text = OPENSSL_malloc(size);

    snprintf(text, size, "%s%s", a, b);
    return text;
}

char *foreign_pem(const char *type, const char *group)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(th_plain(), NULL, type, group);
    BIO *out = BIO_new(BIO_s_mem());
    char *data, *text;
    long size;

    if (PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
        th_die("no %s key", type);
    size = BIO_get_mem_data(out, &data);
    text = OPENSSL_strndup(data, (size_t)size);
    EVP_PKEY_free(key);
    BIO_free(out);
    return text;
}

void reference_judge(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                     const struct reference *reference, long before,
                     const char *what)
{
    char uri[256] = "";

    TH_TRUE(key != NULL, "%s of %s", what, reference->name);
    TH_QUIET();
    if (key == NULL)
        return;
    TH_TRUE(requests() == before, "%s of %s", what, reference->name);
    TH_TRUE(EVP_PKEY_eq(key, reference->known) == 1, "%s", what);
    TH_TRUE(EVP_PKEY_get_utf8_string_param(key, "mhsm-uri", uri, sizeof(uri),
                                           NULL) == 1 &&
                strstr(uri, reference->version) != NULL,
            "%s: %s", what, uri);
    TH_TRUE(requests() == before, "%s of %s", what, reference->name);
    TH_QUIET();
    if (lib != NULL) {
        struct th_scheme scheme = th_scheme_of(key);

        TH_TRUE(th_sign_and_verify(lib, key, &scheme, "text"), "%s", what);
        TH_TRUE(requests() == before + 1, "%s of %s: %ld", what,
                reference->name, requests() - before);
        TH_QUIET();
    }
    EVP_PKEY_free(key);
}
