/* SPDX-License-Identifier: MIT
 *
 * Key references in every function that reads a private key, in each place of
 * the provider list: loading makes no request, the first signature makes the
 * first one.
 */
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>

static void by_pem(void)
{
    size_t i;
    int order;

    for (order = TH_LAST; order <= TH_PREFERRED; order++)
        for (i = 0; i < COUNT(references); i++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            long before;

            /* The first request of a context gets a token as well. */
            EVP_PKEY_free(th_must_open(lib, "mhsm:rf-ec"));
            before = requests();
            reference_judge(lib, read_pem(lib, references[i].pem),
                            &references[i], before, "PEM_read_bio_PrivateKey");
        }
}

static EVP_PKEY *decode(OSSL_LIB_CTX *lib, const struct reference *reference,
                        const char *input, const char *type, int selection)
{
    const unsigned char *data = reference->der;
    size_t size = (size_t)reference->der_size;
    EVP_PKEY *key = NULL;
    OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
        &key, input, NULL, type, selection, lib, NULL);

    if (input == NULL || strcmp(input, "PEM") == 0) {
        data = (const unsigned char *)reference->pem;
        size = strlen(reference->pem);
    }
    if (ctx == NULL || OSSL_DECODER_from_data(ctx, &data, &size) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_DECODER_CTX_free(ctx);
    return key;
}

static void by_decoder(void)
{
    static const char *const inputs[] = {"PEM", "DER", NULL};
    static const int selections[] = {EVP_PKEY_KEYPAIR, 0};
    size_t r, i, s;
    int order;

    for (order = TH_LAST; order <= TH_PREFERRED; order++)
        for (r = 0; r < COUNT(references); r++)
            for (i = 0; i < COUNT(inputs); i++)
                for (s = 0; s < COUNT(selections); s++) {
                    OSSL_LIB_CTX *lib = contexts[order].lib;
                    int rsa = strcmp(references[r].name, "rf-rsa") == 0;
                    long before = requests();

                    reference_judge(NULL,
                                    decode(lib, &references[r], inputs[i], NULL,
                                           selections[s]),
                                    &references[r], before, "OSSL_DECODER");
                    reference_judge(NULL,
                                    decode(lib, &references[r], inputs[i],
                                           rsa ? "RSA" : "EC", selections[s]),
                                    &references[r], before,
                                    "OSSL_DECODER of the type");
                    TH_TRUE(decode(lib, &references[r], inputs[i],
                                   rsa ? "EC" : "RSA", selections[s]) == NULL,
                            "%s", references[r].name);
                    ERR_clear_error();
                }
}

static void by_d2i(void)
{
    size_t i;
    int order;

    for (order = TH_LAST; order <= TH_PREFERRED; order++)
        for (i = 0; i < COUNT(references); i++) {
            const unsigned char *at = references[i].der;
            OSSL_LIB_CTX *lib = contexts[order].lib;
            long before = requests();
            int type = i == 0 ? EVP_PKEY_RSA : EVP_PKEY_EC;
            BIO *bio;

            reference_judge(lib,
                            d2i_AutoPrivateKey_ex(
                                NULL, &at, references[i].der_size, lib, NULL),
                            &references[i], before, "d2i_AutoPrivateKey");
            CU_ASSERT_PTR_EQUAL(at, references[i].der + references[i].der_size);
            before = requests();
            at = references[i].der;
            reference_judge(NULL,
                            d2i_PrivateKey_ex(type, NULL, &at,
                                              references[i].der_size, lib,
                                              NULL),
                            &references[i], before, "d2i_PrivateKey");
            bio =
                BIO_new_mem_buf(references[i].der, (int)references[i].der_size);
            reference_judge(NULL, d2i_PrivateKey_ex_bio(bio, NULL, lib, NULL),
                            &references[i], before, "d2i_PrivateKey_bio");
            BIO_free(bio);
        }
}

/* The first object, whatever it is, when it is a private key. */
static EVP_PKEY *open_any(OSSL_LIB_CTX *lib, const char *path)
{
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(path, lib, NULL, NULL, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info = store == NULL ? NULL : OSSL_STORE_load(store);
    EVP_PKEY *key = NULL;

    if (info != NULL && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
        key = OSSL_STORE_INFO_get1_PKEY(info);
    OSSL_STORE_INFO_free(info);
    OSSL_STORE_close(store);
    return key;
}

static void by_store(void)
{
    char path[PATH_ROOM];
    size_t i;
    int order;

    for (order = TH_LAST; order <= TH_PREFERRED; order++)
        for (i = 0; i < COUNT(references); i++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            long before = requests();

            write_file(path, references[i].pem, strlen(references[i].pem));
            reference_judge(NULL, th_open(lib, path), &references[i], before,
                            "OSSL_STORE of PEM");
            reference_judge(NULL, open_any(lib, path), &references[i], before,
                            "OSSL_STORE of PEM, anything");
            TH_TRUE(th_open_as(lib, path, OSSL_STORE_INFO_CERT) == NULL, "%s",
                    references[i].name);
            ERR_clear_error();
            write_file(path, references[i].der, (size_t)references[i].der_size);
            reference_judge(NULL, th_open(lib, path), &references[i], before,
                            "OSSL_STORE of DER");
            reference_judge(NULL, open_any(lib, path), &references[i], before,
                            "OSSL_STORE of DER, anything");
        }
}

/* A certificate before the key in one file, as HAProxy has it. */
static void in_tls(void)
{
    char path[PATH_ROOM], *data;
    size_t i;
    int order;

    for (order = TH_LAST; order <= TH_PREFERRED; order++)
        for (i = 0; i < COUNT(references); i++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            EVP_PKEY *key = read_pem(lib, references[i].pem);
            struct th_scheme scheme = th_scheme_of(key);
            X509 *certificate = th_certificate(lib, key, key, &scheme);
            SSL_CTX *ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method());
            struct th_tls tls = {.server_lib = lib,
                                 .client_lib = th_plain(),
                                 .version = TLS1_3_VERSION};
            BIO *file = BIO_new(BIO_s_mem());
            long before = requests();

            PEM_write_bio_X509(file, certificate);
            BIO_puts(file, references[i].pem);
            (void)BIO_get_mem_data(file, &data);
            write_file(path, data, (size_t)BIO_pending(file));
            CU_ASSERT_EQUAL(SSL_CTX_use_certificate_chain_file(ctx, path), 1);
            CU_ASSERT_EQUAL(
                SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM), 1);
            CU_ASSERT_EQUAL(SSL_CTX_check_private_key(ctx), 1);
            TH_QUIET();
            write_file(path, references[i].der, (size_t)references[i].der_size);
            CU_ASSERT_EQUAL(
                SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_ASN1), 1);
            CU_ASSERT_EQUAL(SSL_CTX_check_private_key(ctx), 1);
            CU_ASSERT_EQUAL(requests(), before);
            tls.key = key;
            tls.certificate = certificate;
            CU_ASSERT(th_handshake(&tls));
            CU_ASSERT_EQUAL(requests(), before + 1);
            TH_QUIET();
            BIO_free(file);
            SSL_CTX_free(ctx);
            X509_free(certificate);
            EVP_PKEY_free(key);
        }
}

/* The same text with each "\n" become `end`. */
static char *line_ends(const char *text, const char *end)
{
    size_t room = 3 * strlen(text) + 1, at = 0;
    char *copy = OPENSSL_malloc(room);

    for (; *text != '\0'; text++) {
        if (*text == '\n')
            at += (size_t)snprintf(copy + at, room - at, "%s", end);
        else
            copy[at++] = *text;
    }
    copy[at] = '\0';
    return copy;
}

static void in_company(void)
{
    const struct reference *reference = &references[1];
    char *other = foreign_pem("EC", "P-256"), *text, *crlf;
    int order;

    for (order = TH_LAST; order <= TH_PREFERRED; order++) {
        OSSL_LIB_CTX *lib = contexts[order].lib;
        long before = requests();
        EVP_PKEY *key;

        text = join("Some words.\n\n-----BEGIN nothing\n", reference->pem);
        reference_judge(NULL, read_pem(lib, text), reference, before,
                        "text before");
        OPENSSL_free(text);
        crlf = line_ends(reference->pem, "\r\n");
        reference_judge(NULL, read_pem(lib, crlf), reference, before, "CRLF");
        OPENSSL_free(crlf);
        crlf = line_ends(reference->pem, " \n");
        reference_judge(NULL, read_pem(lib, crlf), reference, before,
                        "trailing blanks");
        OPENSSL_free(crlf);
        text = join(reference->pem, other);
        reference_judge(NULL, read_pem(lib, text), reference, before,
                        "a key after it");
        OPENSSL_free(text);
        /* The first key of a file is the one. */
        text = join(other, reference->pem);
        key = read_pem(lib, text);
        CU_ASSERT(key != NULL && EVP_PKEY_eq(key, reference->known) != 1);
        TH_QUIET();
        EVP_PKEY_free(key);
        OPENSSL_free(text);
    }
    OPENSSL_free(other);
}

/* A reader of one line at a time, that cannot go back. */
static void from_a_pipe(void)
{
    const struct reference *reference = &references[0];
    long before = requests();
    FILE *read_end;
    int ends[2];

    if (pipe(ends) != 0 ||
        write(ends[1], reference->pem, strlen(reference->pem)) < 0)
        th_die("no pipe");
    close(ends[1]);
    read_end = fdopen(ends[0], "r");
    reference_judge(NULL,
                    PEM_read_PrivateKey_ex(read_end, NULL, NULL, NULL,
                                           contexts[TH_LAST].lib, NULL),
                    reference, before, "a pipe");
    fclose(read_end);
}

/* What is asked for is a public key: a reference is none, and is skipped. */
static void no_public_key(void)
{
    const struct reference *reference = &references[1];
    BIO *bio = BIO_new_mem_buf(reference->pem, -1), *both;
    EVP_PKEY *key;
    char *data;
    int order;

    CU_ASSERT_PTR_NULL(PEM_read_bio_PUBKEY_ex(bio, NULL, NULL, NULL,
                                              contexts[TH_LAST].lib, NULL));
    ERR_clear_error();
    BIO_free(bio);
    for (order = TH_LAST; order <= TH_PREFERRED; order++) {
        both = BIO_new(BIO_s_mem());
        BIO_puts(both, "-----BEGIN " REFERENCE_LABEL
                       "-----\nAAAA\n-----END " REFERENCE_LABEL "-----\n");
        BIO_puts(both, reference->pem);
        PEM_write_bio_PUBKEY(both, reference->known);
        (void)BIO_get_mem_data(both, &data);
        bio = BIO_new_mem_buf(data, BIO_pending(both));
        key = PEM_read_bio_PUBKEY_ex(bio, NULL, NULL, NULL, contexts[order].lib,
                                     NULL);
        CU_ASSERT(key != NULL && EVP_PKEY_eq(key, reference->known) == 1);
        TH_QUIET();
        EVP_PKEY_free(key);
        BIO_free(bio);
        BIO_free(both);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"references", references_prepare},
        {"by PEM_read_bio_PrivateKey", by_pem},
        {"by OSSL_DECODER", by_decoder},
        {"by d2i_PrivateKey", by_d2i},
        {"by OSSL_STORE", by_store},
        {"by libssl", in_tls},
        {"in company", in_company},
        {"from a pipe", from_a_pipe},
        {"a reference is no public key", no_public_key},
        {"the end", references_end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: key references", tests);
}
