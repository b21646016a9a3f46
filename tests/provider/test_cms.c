/* SPDX-License-Identifier: MIT
 *
 * CMS and PKCS #12, in every order of providers: with ordinary keys as with the
 * default provider alone, and with keys of the HSM as signer and recipient.
 * Every message is checked by the default provider alone.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const enum th_order orders[] = {TH_LAST, TH_FIRST, TH_PREFERRED};
static const char message[] = "a message of some length";

struct party {
    EVP_PKEY *key;
    X509 *certificate;
};

static struct party make(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
    struct party party = {key, NULL};
    struct th_scheme scheme;

    if (key == NULL)
        th_die("no key");
    scheme = th_scheme_of(key);
    party.certificate = th_certificate(lib, key, key, &scheme);
    if (party.certificate == NULL)
        th_die("no certificate");
    return party;
}

static void drop(struct party *party)
{
    EVP_PKEY_free(party->key);
    X509_free(party->certificate);
}

/* The same object in another context: over its DER form. */
static CMS_ContentInfo *carry(OSSL_LIB_CTX *lib, CMS_ContentInfo *cms)
{
    CMS_ContentInfo *there = CMS_ContentInfo_new_ex(lib, NULL);
    BIO *wire = BIO_new(BIO_s_mem());

    if (there == NULL || cms == NULL || i2d_CMS_bio(wire, cms) != 1 ||
        d2i_CMS_bio(wire, &there) == NULL) {
        CMS_ContentInfo_free(there);
        there = NULL;
    }
    BIO_free(wire);
    return there;
}

static int holds_message(BIO *out)
{
    char *data = NULL;
    long size = BIO_get_mem_data(out, &data);

    return size == (long)strlen(message) &&
           memcmp(data, message, strlen(message)) == 0;
}

static int signature(OSSL_LIB_CTX *lib, const struct party *party, int pss)
{
    BIO *in = BIO_new_mem_buf(message, -1), *out = BIO_new(BIO_s_mem());
    unsigned int flags = CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL;
    CMS_ContentInfo *made = NULL, *read = NULL;
    CMS_SignerInfo *signer;
    int good = 0;

    made = CMS_sign_ex(NULL, NULL, NULL, in, flags, lib, NULL);
    if (made == NULL)
        goto out;
    signer = CMS_add1_signer(made, party->certificate, party->key, NULL,
                             flags | (pss ? CMS_KEY_PARAM : 0U));
    if (signer == NULL ||
        (pss &&
         EVP_PKEY_CTX_set_rsa_padding(CMS_SignerInfo_get0_pkey_ctx(signer),
                                      RSA_PKCS1_PSS_PADDING) <= 0) ||
        (pss &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(CMS_SignerInfo_get0_pkey_ctx(signer),
                                          RSA_PSS_SALTLEN_DIGEST) <= 0) ||
        CMS_final(made, in, NULL, flags) != 1)
        goto out;
    read = carry(th_plain(), made);
    good = read != NULL &&
           CMS_verify(read, NULL, NULL, NULL, out,
                      CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1 &&
           holds_message(out);
out:
    CMS_ContentInfo_free(made);
    CMS_ContentInfo_free(read);
    BIO_free(in);
    BIO_free(out);
    return good;
}

/* Encrypted by the default provider alone, opened in `lib`.  `second` is a
 * recipient whose entry comes first, so that the right one is to be found.
 * CMS_DEBUG_DECRYPT: else libcrypto hides a failed decryption on purpose. */
static int envelope(OSSL_LIB_CTX *lib, const struct party *party,
                    const struct party *second, int oaep)
{
    BIO *in = BIO_new_mem_buf(message, -1), *out = BIO_new(BIO_s_mem());
    unsigned int flags = CMS_BINARY | CMS_PARTIAL;
    CMS_ContentInfo *made = NULL, *read = NULL;
    CMS_RecipientInfo *entry = NULL;
    int good = 0;

    made = CMS_encrypt_ex(NULL, in, EVP_aes_256_cbc(), flags, th_plain(), NULL);
    if (made == NULL ||
        (second != NULL &&
         CMS_add1_recipient_cert(made, second->certificate, 0) == NULL))
        goto out;
    entry = CMS_add1_recipient_cert(made, party->certificate,
                                    oaep ? CMS_KEY_PARAM : 0);
    if (entry == NULL ||
        (oaep &&
         (EVP_PKEY_CTX_set_rsa_padding(CMS_RecipientInfo_get0_pkey_ctx(entry),
                                       RSA_PKCS1_OAEP_PADDING) <= 0 ||
          EVP_PKEY_CTX_set_rsa_oaep_md_name(
              CMS_RecipientInfo_get0_pkey_ctx(entry), "SHA256", NULL) <= 0)) ||
        CMS_final(made, in, NULL, flags) != 1)
        goto out;
    read = carry(lib, made);
    good = read != NULL &&
           CMS_decrypt(read, party->key, party->certificate, NULL, out,
                       CMS_BINARY | CMS_DEBUG_DECRYPT) == 1 &&
           holds_message(out);
out:
    CMS_ContentInfo_free(made);
    CMS_ContentInfo_free(read);
    BIO_free(in);
    BIO_free(out);
    return good;
}

static int archive(OSSL_LIB_CTX *lib, const struct party *party)
{
    PKCS12 *made =
        PKCS12_create_ex("password", "name", party->key, party->certificate,
                         NULL, 0, 0, 0, 0, 0, lib, NULL);
    PKCS12 *read = PKCS12_init_ex(NID_pkcs7_data, lib, NULL);
    BIO *wire = BIO_new(BIO_s_mem());
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    int good = made != NULL && i2d_PKCS12_bio(wire, made) == 1 &&
               d2i_PKCS12_bio(wire, &read) != NULL &&
               PKCS12_parse(read, "password", &key, &certificate, NULL) == 1 &&
               EVP_PKEY_eq(key, party->key) == 1;

    EVP_PKEY_free(key);
    X509_free(certificate);
    PKCS12_free(made);
    PKCS12_free(read);
    BIO_free(wire);
    return good;
}

static void ordinary_in(OSSL_LIB_CTX *lib, const char *where)
{
    struct party rsa, ec;

    rsa = make(lib, EVP_PKEY_Q_keygen(lib, NULL, "RSA", (size_t)2048));
    ec = make(lib, EVP_PKEY_Q_keygen(lib, NULL, "EC", "P-256"));
    TH_TRUE(signature(lib, &rsa, 0), "RSA, %s", where);
    TH_TRUE(signature(lib, &rsa, 1), "RSA with PSS, %s", where);
    TH_TRUE(signature(lib, &ec, 0), "EC, %s", where);
    TH_TRUE(envelope(lib, &rsa, NULL, 0), "RSA, %s", where);
    TH_TRUE(envelope(lib, &rsa, &ec, 1), "RSA with OAEP, %s", where);
    TH_TRUE(envelope(lib, &ec, &rsa, 0), "EC, %s", where);
    TH_TRUE(archive(lib, &rsa), "RSA, %s", where);
    TH_TRUE(archive(lib, &ec), "EC, %s", where);
    ERR_clear_error();
    drop(&rsa);
    drop(&ec);
}

static void ordinary_keys(void)
{
    struct th_context context;
    long before = th_stats().requests;
    size_t i;

    ordinary_in(th_plain(), "default alone");
    for (i = 0; i < COUNT(orders); i++) {
        th_context_open(&context, orders[i]);
        ordinary_in(context.lib, th_order_name(orders[i]));
        th_context_close(&context);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

static void keys_of_the_hsm(void)
{
    struct th_context context;
    struct party rsa, ec, other;
    const char *where;
    size_t i;

    th_rsa_create("cms-rsa", 3072, NULL);
    th_ec_create("cms-ec", "P-384", NULL);
    other = make(th_plain(),
                 EVP_PKEY_Q_keygen(th_plain(), NULL, "RSA", (size_t)2048));
    for (i = 0; i < COUNT(orders); i++) {
        where = th_order_name(orders[i]);
        th_context_open(&context, orders[i]);
        rsa = make(context.lib, th_must_open(context.lib, "mhsm:cms-rsa"));
        ec = make(context.lib, th_must_open(context.lib, "mhsm:cms-ec"));
        TH_TRUE(signature(context.lib, &rsa, 0), "RSA, %s", where);
        TH_TRUE(signature(context.lib, &rsa, 1), "RSA with PSS, %s", where);
        TH_TRUE(signature(context.lib, &ec, 0), "EC, %s", where);
        TH_QUIET();
        TH_TRUE(envelope(context.lib, &rsa, NULL, 1), "OAEP, %s", where);
        TH_TRUE(envelope(context.lib, &rsa, &other, 1), "two, %s", where);
        TH_QUIET();
        drop(&rsa);
        drop(&ec);
        th_context_close(&context);
    }
    drop(&other);
}

/* PKCS#1 v1.5 recipients need the option; without it the refusal is clear. */
static void old_recipients(void)
{
    struct th_context context;
    struct party rsa;

    th_context_open(&context, TH_LAST);
    rsa = make(context.lib, th_must_open(context.lib, "mhsm:cms-rsa"));
    CU_ASSERT(!envelope(context.lib, &rsa, NULL, 0));
    TH_ONE_ERROR("pkcs1-decryption");
    drop(&rsa);
    th_context_close(&context);
    setenv("MHSM_PKCS1_DECRYPTION", "yes", 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_PKCS1_DECRYPTION");
    rsa = make(context.lib, th_must_open(context.lib, "mhsm:cms-rsa"));
    CU_ASSERT(envelope(context.lib, &rsa, NULL, 0));
    TH_QUIET();
    drop(&rsa);
    th_context_close(&context);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"ordinary keys", ordinary_keys},
        {"keys of the HSM", keys_of_the_hsm},
        {"old recipients", old_recipients},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: CMS", tests);
}
