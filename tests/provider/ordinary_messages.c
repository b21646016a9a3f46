/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: CMS, PKCS#7 and PKCS#12.
 */
#include "ordinary.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const names[] = {
    "RSA", "RSA-PSS", "P-256", "P-521", "brainpoolP256r1", "ED25519", "DSA"};
static char text[] = "an ordinary message";

static BIO *message(void)
{
    return BIO_new_mem_buf(text, (int)strlen(text));
}

static void signed_messages(struct ord *o)
{
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        EVP_PKEY *key;
        X509 *certificate = ord_self_signed(o, names[i], &key);
        X509_STORE *store = X509_STORE_new();
        BIO *in = message(), *out = BIO_new(BIO_s_mem());
        CMS_ContentInfo *cms =
            CMS_sign_ex(certificate, key, NULL, in, CMS_BINARY, o->lib, NULL);
        PKCS7 *old;

        ord_good(o, X509_STORE_add_cert(store, certificate), "%s", names[i]);
        if (ord_result(o, cms != NULL, "signed") > 0) {
            ord_result(o, CMS_verify(cms, NULL, store, NULL, out, CMS_BINARY),
                       "verified");
            ord_memory(o, "text", out);
        }
        (void)BIO_reset(in);
        old = PKCS7_sign_ex(certificate, key, NULL, in, PKCS7_BINARY, o->lib,
                            NULL);
        if (ord_result(o, old != NULL, "PKCS7") > 0)
            ord_result(o,
                       PKCS7_verify(old, NULL, store, NULL, out,
                                    PKCS7_BINARY | PKCS7_NOCHAIN),
                       "verified");
        PKCS7_free(old);
        CMS_ContentInfo_free(cms);
        BIO_free(in);
        BIO_free(out);
        X509_STORE_free(store);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
}

/* Whether the key gives the message. With a wrong one the call itself may well
 * succeed, and what comes out is random. */
static int opens(CMS_ContentInfo *cms, EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *data = NULL;
    long size;
    int same;

    (void)CMS_decrypt(cms, key, NULL, NULL, out, 0);
    ERR_clear_error();
    size = BIO_get_mem_data(out, &data);
    same = size == (long)strlen(text) && memcmp(data, text, strlen(text)) == 0;
    BIO_free(out);
    return same;
}

static void sealed_messages(struct ord *o)
{
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        EVP_PKEY *key, *wrong = ord_key(o, "RSA-1024");
        X509 *certificate = ord_self_signed(o, names[i], &key);
        STACK_OF(X509) *to = sk_X509_new_null();
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(o->lib, "AES-256-CBC", NULL);
        BIO *in = message(), *out = BIO_new(BIO_s_mem());
        CMS_ContentInfo *cms;
        PKCS7 *old;

        ord_good(o, sk_X509_push(to, certificate), "%s", names[i]);
        cms = CMS_encrypt_ex(to, in, cipher, CMS_BINARY, o->lib, NULL);
        if (ord_result(o, cms != NULL, "sealed") > 0) {
            ord_result(o, CMS_decrypt(cms, key, certificate, NULL, out, 0),
                       "opened");
            ord_memory(o, "text", out);
            ord_result(o, opens(cms, wrong), "by another key");
        }
        (void)BIO_reset(in);
        old = PKCS7_encrypt_ex(to, in, cipher, PKCS7_BINARY, o->lib, NULL);
        if (ord_result(o, old != NULL, "PKCS7") > 0)
            ord_result(o, PKCS7_decrypt(old, key, certificate, out, 0),
                       "opened");
        PKCS7_free(old);
        CMS_ContentInfo_free(cms);
        EVP_CIPHER_free(cipher);
        BIO_free(in);
        BIO_free(out);
        sk_X509_free(to);
        X509_free(certificate);
        EVP_PKEY_free(key);
        EVP_PKEY_free(wrong);
    }
}

/* Without any key of a certificate. */
static void other_messages(struct ord *o)
{
    EVP_MD *md = EVP_MD_fetch(o->lib, "SHA256", NULL);
    BIO *in = message(), *out = BIO_new(BIO_s_mem());
    CMS_ContentInfo *cms =
        CMS_digest_create_ex(in, md, CMS_BINARY, o->lib, NULL);

    if (ord_good(o, cms != NULL, "digest")) {
        ord_good(o, CMS_digest_verify(cms, NULL, out, CMS_BINARY), "verified");
        ord_good(o, i2d_CMS_bio(out, cms), "written");
        ord_memory(o, "as", out);
    }
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    BIO_free(out);
    EVP_MD_free(md);
}

static void bundles(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name), *read = NULL, *none = NULL;
        PKCS12 *made = PKCS12_create_ex("word", name, key, NULL, NULL, 0, 0, 9,
                                        9, 0, o->lib, NULL);

        if (ord_result(o, made != NULL, "%s", name) > 0) {
            ord_result(o, PKCS12_verify_mac(made, "word", -1), "right");
            ord_result(o, PKCS12_verify_mac(made, "other", -1), "wrong");
            ord_result(o, PKCS12_parse(made, "word", &read, NULL, NULL),
                       "read");
            ord_result(o, read == NULL ? -2 : EVP_PKEY_eq(read, key), "eq");
            ord_result(o, PKCS12_parse(made, "other", &none, NULL, NULL),
                       "wrong");
        }
        PKCS12_free(made);
        EVP_PKEY_free(read);
        EVP_PKEY_free(none);
        EVP_PKEY_free(key);
    }
}

const struct ord_case ord_message_cases[] = {
    {"signed messages", signed_messages},
    {"sealed messages", sealed_messages},
    {"other messages", other_messages},
    {"bundles", bundles},
    {NULL, NULL},
};
