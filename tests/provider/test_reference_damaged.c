/* SPDX-License-Identifier: MIT
 *
 * Damaged and altered key references: whatever reads them, nothing is loaded,
 * no request is made, and the reason is said once.
 */
#include "reference.h"

#include <stdlib.h>

#include <openssl/err.h>

static struct reference ec = {"rd-ec", "", NULL, NULL, 0, NULL};

static void prepare(void)
{
    th_ec_create(ec.name, "P-256", ec.version);
    th_contexts_open(contexts);
    reference_make(&ec, contexts[TH_LAST].lib);
}

/* Changes to a good PEM text: the first `from` becomes `to`. */
static const struct {
    const char *from, *to, *says;
} damages[] = {
    {"-----END", "-----FIN", "end line"},
    {"END MHSM KEY REFERENCE", "END KEY REFERENCE", "end line"},
    {"-----\nM", "-----\n!", "base64"},
    {"-----\nMI", "-----\nNI", "begin"},
    {"-----\nMI", "-----\nAAAAMI", "begin"},
    {"-----\nM", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: NONE\n\nM", ""},
    {"-----\nM", "-----\nX: y\n\nM", "PEM headers"},
    {"\n-----END", "\nAAAA\n-----END", ""},
};

static char *replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    size_t size = strlen(text) + strlen(to) + 1;
    char *changed = OPENSSL_malloc(size);

    if (at == NULL)
        th_die("no %s", from);
    snprintf(changed, size, "%.*s%s%s", (int)(at - text), text, to,
             at + strlen(from));
    return changed;
}

static void damaged(void)
{
    char path[PATH_ROOM];
    size_t i;
    int order;

    for (order = TH_LAST; order <= TH_PREFERRED; order++)
        for (i = 0; i < COUNT(damages); i++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            char *text = replace(ec.pem, damages[i].from, damages[i].to);
            long before = th_stats().requests;
            SSL_CTX *ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method());

            TH_TRUE(read_pem(lib, text) == NULL, "%s", text);
            if (damages[i].says[0] != '\0')
                TH_ONE_ERROR("key reference", damages[i].says);
            ERR_clear_error();
            write_file(path, text, strlen(text));
            TH_TRUE(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) !=
                        1,
                    "%s", text);
            if (damages[i].says[0] != '\0')
                TH_ONE_ERROR("key reference", damages[i].says);
            ERR_clear_error();
            TH_TRUE(th_open(lib, path) == NULL, "%s", text);
            if (damages[i].says[0] != '\0')
                TH_ONE_ERROR("key reference", damages[i].says);
            ERR_clear_error();
            CU_ASSERT_EQUAL(th_stats().requests, before);
            SSL_CTX_free(ctx);
            OPENSSL_free(text);
        }
}

/* DER again as a PEM of our label. */
static char *to_pem(const unsigned char *der, long size)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *data, *text;

    PEM_write_bio(out, REFERENCE_LABEL, "", der, size);
    size = BIO_get_mem_data(out, &data);
    text = OPENSSL_strndup(data, (size_t)size);
    BIO_free(out);
    return text;
}

static void altered_der(const unsigned char *der, size_t size, const char *says)
{
    OSSL_LIB_CTX *lib = contexts[TH_LAST].lib;
    SSL_CTX *ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method());
    const unsigned char *at = der;
    char path[PATH_ROOM];

    write_file(path, der, size);
    TH_TRUE(th_open(lib, path) == NULL, "%s", says);
    TH_ONE_ERROR(says);
    TH_TRUE(d2i_AutoPrivateKey_ex(NULL, &at, (long)size, lib, NULL) == NULL,
            "%s", says);
    /* A point off its curve is found by OpenSSL, each time that it looks. */
    if (strcmp(says, "public key") != 0)
        TH_ONE_ERROR(says);
    ERR_clear_error();
    TH_TRUE(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_ASN1) != 1,
            "%s", says);
    if (strcmp(says, "public key") != 0)
        TH_ONE_ERROR(says);
    ERR_clear_error();
    SSL_CTX_free(ctx);
}

/* One octet of what it holds changed; `find` begins there. */
static void altered(void)
{
    static const struct {
        const char *find;
        int offset;
        unsigned char octet;
        const char *says;
    } rows[] = {
        {"mhsm key reference v1", 20, '2', "\"mhsm key reference v2\""},
        {"localhost", 0, 'e', "eocalhost"},
        {"rd-ec/", 5, '-', "URI"},
        {"EC-HSM", 0, 'X', "XC-HSM"},
        {"EC-HSM", 5, 0, "kty"},
        /* A point that is not on its curve. */
        {"EC-HSM", -6, 1, "public key"},
    };
    size_t size = (size_t)ec.der_size, i;

    for (i = 0; i < COUNT(rows); i++) {
        unsigned char *der = OPENSSL_memdup(ec.der, size);
        unsigned char *at =
            memmem(der, size, rows[i].find, strlen(rows[i].find));
        char *text;

        if (at == NULL)
            th_die("no %s in the reference", rows[i].find);
        at += rows[i].offset;
        *at = *at == rows[i].octet ? (unsigned char)(*at + 1) : rows[i].octet;
        altered_der(der, size, rows[i].says);
        text = to_pem(der, (long)size);
        TH_TRUE(read_pem(contexts[TH_LAST].lib, text) == NULL, "%s",
                rows[i].says);
        TH_ONE_ERROR(rows[i].says);
        OPENSSL_free(text);
        OPENSSL_free(der);
    }
}

static unsigned int next_random(void)
{
    static unsigned int state = 2463534242U;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Characters changed, of what is between the lines of dashes and of these: no
 * key and an error, or a key and none; and never a request. */
static void mutated(void)
{
    static const char characters[] = "ABCabc019+/=-\n\r\t: \x80";
    size_t size = strlen(ec.pem);
    long before = th_stats().requests;
    int round, changes;

    for (round = 0; round < 600; round++) {
        OSSL_LIB_CTX *lib = contexts[round % 3].lib;
        char *text = OPENSSL_strdup(ec.pem);
        EVP_PKEY *key;

        for (changes = (int)(next_random() % 3); changes >= 0; changes--)
            text[next_random() % size] =
                characters[next_random() % (sizeof(characters) - 1)];
        key = read_pem(lib, text);
        TH_TRUE((key == NULL) == (ERR_peek_error() != 0), "%s", text);
        ERR_clear_error();
        EVP_PKEY_free(key);
        OPENSSL_free(text);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

static void end(void)
{
    th_contexts_close(contexts);
    reference_free(&ec);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a reference", prepare},
        {"damaged PEM", damaged},
        {"altered content", altered},
        {"mutated text", mutated},
        {"the end", end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: damaged key references", tests);
}
