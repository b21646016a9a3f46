/* SPDX-License-Identifier: MIT
 *
 * Files that are none of ours: with the module loaded, in each place of the
 * provider list, they give the same key, the same errors and the same requests
 * for a pass phrase as without it.
 */
#include "reference.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/store.h>
#include <openssl/ui.h>

static void prepare(void)
{
    th_contexts_open(contexts);
}

/* The reasons in the queue, which it empties. */
static void reasons(char *text, size_t size)
{
    unsigned long code;
    size_t at = 0;

    text[0] = '\0';
    while ((code = ERR_get_error()) != 0)
        if (at < size)
            at += (size_t)snprintf(text + at, size - at, "%lx ", code);
}

/* Input that is not ours: the same key, or the same errors, as without us. */
static void foreign(void)
{
    static const char *const fixed[] = {
        "",
        "words\n",
        "-----BEGIN SOMETHING-----\nAAAA\n-----END SOMETHING-----\n",
        "-----BEGIN SOMETHING-----\n!!!!\n-----END SOMETHING-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        "-----BEGIN MHSM KEY-----\nMAA=\n-----END MHSM KEY-----\n",
        ("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
         "-----END EC PARAMETERS-----\n"),
    };
    char *texts[COUNT(fixed) + 5], expected[1024], seen[1024], path[PATH_ROOM];
    size_t i;
    int order;

    for (i = 0; i < COUNT(fixed); i++)
        texts[i] = OPENSSL_strdup(fixed[i]);
    texts[i++] = foreign_pem("EC", "P-384");
    texts[i++] = foreign_pem("ED25519", NULL);
    texts[i++] = foreign_pem("X25519", NULL);
    texts[i] = join(fixed[2], texts[i - 1]);
    i++;
    texts[i] = join(texts[i - 2], fixed[2]);
    for (order = TH_LAST; order <= TH_PREFERRED; order++)
        for (i = 0; i < COUNT(texts); i++) {
            OSSL_LIB_CTX *lib = contexts[order].lib;
            EVP_PKEY *without = read_pem(th_plain(), texts[i]), *with;

            reasons(expected, sizeof(expected));
            with = read_pem(lib, texts[i]);
            reasons(seen, sizeof(seen));
            TH_TRUE((with == NULL) == (without == NULL), "%s", texts[i]);
            TH_TRUE(strcmp(expected, seen) == 0, "%s: %s, not %s", texts[i],
                    seen, expected);
            if (with != NULL && without != NULL)
                CU_ASSERT_EQUAL(EVP_PKEY_eq(with, without), 1);
            EVP_PKEY_free(with);
            EVP_PKEY_free(without);
            write_file(path, texts[i], strlen(texts[i]));
            without = th_open(th_plain(), path);
            reasons(expected, sizeof(expected));
            with = th_open(lib, path);
            reasons(seen, sizeof(seen));
            TH_TRUE((with == NULL) == (without == NULL), "%s", texts[i]);
            TH_TRUE(strcmp(expected, seen) == 0, "%s: %s, not %s", texts[i],
                    seen, expected);
            EVP_PKEY_free(with);
            EVP_PKEY_free(without);
        }
    for (i = 0; i < COUNT(texts); i++)
        OPENSSL_free(texts[i]);
}

/* An ordinary key in the DER form `which`, into `path`. */
static void write_foreign_der(char *path, EVP_PKEY *key, int which)
{
    static const unsigned char near[] = "0\x0a\x1a\x08mhsm key";
    BIO *out = BIO_new(BIO_s_mem());
    X509 *certificate = NULL;
    struct th_scheme scheme = th_scheme_of(key);
    char pass[] = "secret", *data;
    PKCS8_PRIV_KEY_INFO *p8 = NULL;
    int ok = 1;

    switch (which) {
    case 0:
        ok = i2d_PrivateKey_bio(out, key);
        break;
    case 1:
        p8 = EVP_PKEY2PKCS8(key);
        ok = i2d_PKCS8_PRIV_KEY_INFO_bio(out, p8);
        break;
    case 2:
        ok = i2d_PKCS8PrivateKey_bio(out, key, EVP_aes_128_cbc(), pass, 6, NULL,
                                     NULL);
        break;
    case 3:
        ok = i2d_PUBKEY_bio(out, key);
        break;
    case 4:
        certificate = th_certificate(th_plain(), key, key, &scheme);
        ok = i2d_X509_bio(out, certificate);
        break;
    case 5:
        BIO_write(out, near, sizeof(near) - 1);
        break;
    default:
        BIO_write(out, near, 5);
        break;
    }
    if (ok != 1)
        th_die("no DER of form %d", which);
    (void)BIO_get_mem_data(out, &data);
    write_file(path, data, (size_t)BIO_pending(out));
    PKCS8_PRIV_KEY_INFO_free(p8);
    X509_free(certificate);
    BIO_free(out);
}

static int passes; /* how often one was asked for */

static int give_pass(char *buffer, int size, int writing, void *arg)
{
    (void)writing;
    (void)arg;
    passes++;
    return snprintf(buffer, (size_t)size, "secret");
}

/* By d2i and by OSSL_STORE; what came of it as text. */
static void outcome(OSSL_LIB_CTX *lib, const char *path, EVP_PKEY *known,
                    char *text, size_t size)
{
    UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_pass, 0);
    BIO *file = BIO_new_file(path, "rb");
    EVP_PKEY *key = d2i_PrivateKey_ex_bio(file, NULL, lib, NULL);
    OSSL_STORE_CTX *store;
    OSSL_STORE_INFO *info = NULL;
    size_t at;

    at = (size_t)snprintf(text, size, "%d ",
                          key == NULL ? -1 : EVP_PKEY_eq(key, known));
    reasons(text + at, size - at);
    EVP_PKEY_free(key);
    BIO_free(file);
    passes = 0;
    store = OSSL_STORE_open_ex(path, lib, NULL, ui, NULL, NULL, NULL, NULL);
    while (store != NULL && info == NULL && !OSSL_STORE_eof(store))
        info = OSSL_STORE_load(store);
    at = strlen(text);
    at += (size_t)snprintf(text + at, size - at, "/ %d %d ",
                           info == NULL ? -1 : OSSL_STORE_INFO_get_type(info),
                           passes);
    reasons(text + at, size - at);
    OSSL_STORE_INFO_free(info);
    OSSL_STORE_close(store);
    UI_destroy_method(ui);
}

static void foreign_der(void)
{
    EVP_PKEY *keys[2] = {
        EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", "P-256"),
        EVP_PKEY_Q_keygen(th_plain(), NULL, "RSA", (size_t)2048)};
    char path[PATH_ROOM], expected[2048], seen[2048];
    int order, which;
    size_t k;

    for (k = 0; k < COUNT(keys); k++)
        for (which = 0; which <= 6; which++) {
            write_foreign_der(path, keys[k], which);
            outcome(th_plain(), path, keys[k], expected, sizeof(expected));
            for (order = TH_LAST; order <= TH_PREFERRED; order++) {
                outcome(contexts[order].lib, path, keys[k], seen, sizeof(seen));
                TH_TRUE(strcmp(expected, seen) == 0, "form %d, %s: %s, not %s",
                        which, th_order_name((enum th_order)order), seen,
                        expected);
            }
        }
    EVP_PKEY_free(keys[0]);
    EVP_PKEY_free(keys[1]);
}

static void end(void)
{
    th_contexts_close(contexts);
    CU_ASSERT_EQUAL(th_stats().requests, 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"contexts", prepare},        {"PEM", foreign},  {"DER", foreign_der},
        {"no request was made", end}, CU_TEST_INFO_NULL,
    };

    return th_main("provider: foreign files", tests);
}
