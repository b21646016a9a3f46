/* SPDX-License-Identifier: MIT
 *
 * Software keys of the module, in every form that a key is written in: what
 * comes out is what the default provider alone writes, octet for octet, or
 * nothing where that writes nothing.
 */
#include "harness.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *output, *structure;
} forms[] = {
    {"TEXT", NULL},
    {"PEM", "PrivateKeyInfo"},
    {"DER", "PrivateKeyInfo"},
    {"PEM", "SubjectPublicKeyInfo"},
    {"DER", "SubjectPublicKeyInfo"},
    {"PEM", "type-specific"},
    {"DER", "type-specific"},
    {"PEM", "pkcs1"},
    {"DER", "pkcs1"},
    {"PEM", "RSA"},
    {"DER", "RSA"},
    {"PEM", "EC"},
    {"DER", "EC"},
    {"PEM", "X9.62"},
    {"DER", "X9.62"},
    {"MSBLOB", NULL},
    {"blob", NULL},
    {"PEM", "no-such-structure"},
    {"no-such-output", NULL},
};

static const int selections[] = {
    EVP_PKEY_PUBLIC_KEY, EVP_PKEY_KEYPAIR, OSSL_KEYMGMT_SELECT_ALL,
    EVP_PKEY_KEY_PARAMETERS,
    OSSL_KEYMGMT_SELECT_PRIVATE_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS};

static struct th_context contexts[3];

static void prepare(void)
{
    th_contexts_open(contexts);
}

/* The same key in `lib`, by whichever provider comes first there. */
static EVP_PKEY *copy_into(OSSL_LIB_CTX *lib, EVP_PKEY *key, int selection)
{
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_name(lib, EVP_PKEY_get0_type_name(key), NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *copy = NULL;

    if (ctx == NULL || EVP_PKEY_todata(key, selection, &params) != 1 ||
        EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &copy, selection, params) != 1)
        th_die("cannot copy a key");
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return copy;
}

struct form {
    const char *output, *structure, *cipher;
    int selection;
};

/* An allocated text of *size octets, or NULL. */
static unsigned char *encode(EVP_PKEY *key, const struct form *form,
                             size_t *size)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(
        key, form->selection, form->output, form->structure, NULL);
    unsigned char *data = NULL;
    int ok = ctx != NULL;

    *size = 0;
    if (ok && form->cipher != NULL)
        ok = OSSL_ENCODER_CTX_set_cipher(ctx, form->cipher, NULL) == 1 &&
             OSSL_ENCODER_CTX_set_passphrase(
                 ctx, (const unsigned char *)"secret", 6) == 1;
    if (!ok || OSSL_ENCODER_to_data(ctx, &data, size) != 1)
        data = NULL;
    OSSL_ENCODER_CTX_free(ctx);
    return data;
}

static void compare(EVP_PKEY *plain, EVP_PKEY *ours, const struct form *form,
                    const char *where)
{
    size_t expected_size, size;
    unsigned char *expected, *data;

    expected = encode(plain, form, &expected_size);
    ERR_clear_error();
    data = encode(ours, form, &size);
    TH_TRUE((expected == NULL) == (data == NULL), "%s %s %s %x %s",
            EVP_PKEY_get0_type_name(plain), form->output,
            form->structure != NULL ? form->structure : "",
            (unsigned int)form->selection, where);
    if (data != NULL)
        TH_QUIET();
    ERR_clear_error();
    if (expected != NULL && data != NULL)
        TH_TRUE(size == expected_size && memcmp(data, expected, size) == 0,
                "%s %s %s %x %s", EVP_PKEY_get0_type_name(plain), form->output,
                form->structure != NULL ? form->structure : "",
                (unsigned int)form->selection, where);
    OPENSSL_free(expected);
    OPENSSL_free(data);
}

/* OpenSSL itself crashes on a private blob of a public key, and writes a
 * public point where parameters alone were asked for. */
static int is_nonsense(const struct form *form, int is_public)
{
    return (is_public && strcmp(form->output, "MSBLOB") == 0 &&
            form->selection != EVP_PKEY_PUBLIC_KEY) ||
           (strcmp(form->output, "blob") == 0 &&
            form->selection == EVP_PKEY_KEY_PARAMETERS);
}

/* Whole keys and public ones. */
static void every_form(EVP_PKEY *plain)
{
    static const int parts[] = {EVP_PKEY_KEYPAIR, EVP_PKEY_PUBLIC_KEY};
    size_t part, i, j;
    int order;

    for (part = 0; part < COUNT(parts); part++) {
        EVP_PKEY *model = copy_into(th_plain(), plain, parts[part]);

        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            EVP_PKEY *ours = copy_into(contexts[order].lib, plain, parts[part]);

            for (i = 0; i < COUNT(forms); i++)
                for (j = 0; j < COUNT(selections); j++) {
                    struct form form = {forms[i].output, forms[i].structure,
                                        NULL, selections[j]};

                    if (is_nonsense(&form, part == 1))
                        continue;
                    compare(model, ours, &form,
                            th_order_name((enum th_order)order));
                }
            EVP_PKEY_free(ours);
        }
        EVP_PKEY_free(model);
    }
    EVP_PKEY_free(plain);
}

static EVP_PKEY *make_rsa(void)
{
    return EVP_PKEY_Q_keygen(th_plain(), NULL, "RSA", (size_t)2048);
}

static EVP_PKEY *make_ec(const char *curve)
{
    return EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", curve);
}

static void rsa_forms(void)
{
    every_form(make_rsa());
}

static void ec_forms(void)
{
    every_form(make_ec("P-256"));
    every_form(make_ec("P-521"));
    every_form(make_ec("brainpoolP256r1"));
}

/* Where OpenSSL has them. */
static void mldsa_forms(void)
{
    static const char *const names[] = {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(th_plain(), NULL, names[i]);

        if (key != NULL)
            every_form(key);
        else
            CU_ASSERT(EVP_KEYMGMT_fetch(contexts[TH_FIRST].lib, names[i],
                                        NULL) == NULL);
        ERR_clear_error();
    }
}

/* The salt differs each time: what is inside must not. */
static void decrypts_to(EVP_PKEY *plain, const unsigned char *data, size_t size,
                        const char *what)
{
    BIO *bio = BIO_new_mem_buf(data, (int)size);
    char pass[] = "secret", wrong[] = "wrong";
    EVP_PKEY *read =
        PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, pass, th_plain(), NULL);

    TH_TRUE(read != NULL && EVP_PKEY_eq(read, plain) == 1, "%s", what);
    EVP_PKEY_free(read);
    BIO_free(bio);
    ERR_clear_error();
    bio = BIO_new_mem_buf(data, (int)size);
    read = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, wrong, th_plain(), NULL);
    TH_TRUE(read == NULL, "%s", what);
    EVP_PKEY_free(read);
    BIO_free(bio);
    ERR_clear_error();
}

static void encrypted(void)
{
    static const struct form ciphered[] = {
        {"PEM", "EncryptedPrivateKeyInfo", "AES-256-CBC",
         OSSL_KEYMGMT_SELECT_ALL},
        {"PEM", "PrivateKeyInfo", "AES-128-CBC", OSSL_KEYMGMT_SELECT_ALL},
        {"PEM", "type-specific", "AES-256-CBC", OSSL_KEYMGMT_SELECT_ALL},
        {"PEM", "EncryptedPrivateKeyInfo", "no-such-cipher",
         OSSL_KEYMGMT_SELECT_ALL},
    };
    EVP_PKEY *keys[2] = {make_rsa(), make_ec("P-384")};
    size_t i, k, expected_size, size;
    int order;

    for (k = 0; k < COUNT(keys); k++)
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            EVP_PKEY *ours =
                copy_into(contexts[order].lib, keys[k], EVP_PKEY_KEYPAIR);

            for (i = 0; i < COUNT(ciphered); i++) {
                unsigned char *expected =
                    encode(keys[k], &ciphered[i], &expected_size);
                unsigned char *data;

                ERR_clear_error();
                data = encode(ours, &ciphered[i], &size);
                TH_TRUE((expected == NULL) == (data == NULL), "%s %s",
                        ciphered[i].structure, ciphered[i].cipher);
                if (expected != NULL && data != NULL) {
                    TH_QUIET();
                    TH_TRUE(size == expected_size, "%s", ciphered[i].structure);
                    decrypts_to(keys[k], data, size, ciphered[i].structure);
                }
                ERR_clear_error();
                OPENSSL_free(expected);
                OPENSSL_free(data);
            }
            EVP_PKEY_free(ours);
        }
    EVP_PKEY_free(keys[0]);
    EVP_PKEY_free(keys[1]);
}

/* The functions that programs call. */
static size_t by_functions(EVP_PKEY *key, int which, BIO *out)
{
    PKCS8_PRIV_KEY_INFO *p8;
    int ok = 0;

    switch (which) {
    case 0:
        ok = PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
        break;
    case 1:
        ok = PEM_write_bio_PrivateKey_traditional(out, key, NULL, NULL, 0, NULL,
                                                  NULL);
        break;
    case 2:
        ok = PEM_write_bio_PUBKEY(out, key);
        break;
    case 3:
        ok = i2d_PrivateKey_bio(out, key);
        break;
    case 4:
        ok = i2d_PUBKEY_bio(out, key);
        break;
    case 5:
        ok = EVP_PKEY_print_private(out, key, 4, NULL);
        break;
    case 6:
        ok = EVP_PKEY_print_public(out, key, 4, NULL);
        break;
    case 7:
        ok = EVP_PKEY_print_params(out, key, 0, NULL);
        break;
    case 8:
        p8 = EVP_PKEY2PKCS8(key);
        ok = p8 != NULL && i2d_PKCS8_PRIV_KEY_INFO_bio(out, p8);
        PKCS8_PRIV_KEY_INFO_free(p8);
        break;
    case 9:
        ok = PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
        break;
    default:
        ok = i2d_PKCS8PrivateKey_bio(out, key, NULL, NULL, 0, NULL, NULL);
        break;
    }
    ERR_clear_error();
    return ok > 0 ? (size_t)BIO_pending(out) : 0;
}

static void functions(void)
{
    EVP_PKEY *keys[3] = {make_rsa(), make_ec("P-256"),
                         EVP_PKEY_Q_keygen(th_plain(), NULL, "ML-DSA-44")};
    char *expected, *data;
    size_t k, size;
    int order, which;

    ERR_clear_error();
    for (k = 0; k < COUNT(keys) && keys[k] != NULL; k++)
        for (order = TH_LAST; order <= TH_PREFERRED; order++) {
            EVP_PKEY *ours =
                copy_into(contexts[order].lib, keys[k], EVP_PKEY_KEYPAIR);

            for (which = 0; which <= 10; which++) {
                BIO *a = BIO_new(BIO_s_mem()), *b = BIO_new(BIO_s_mem());

                size = by_functions(keys[k], which, a);
                TH_TRUE(by_functions(ours, which, b) == size, "%d %s", which,
                        th_order_name((enum th_order)order));
                BIO_get_mem_data(a, &expected);
                if ((size_t)BIO_get_mem_data(b, &data) == size && size != 0)
                    TH_TRUE(memcmp(expected, data, size) == 0, "%d %s", which,
                            th_order_name((enum th_order)order));
                BIO_free(a);
                BIO_free(b);
            }
            EVP_PKEY_free(ours);
        }
    EVP_PKEY_free(keys[0]);
    EVP_PKEY_free(keys[1]);
    EVP_PKEY_free(keys[2]);
}

static void end(void)
{
    th_contexts_close(contexts);
    CU_ASSERT_EQUAL(th_stats().requests, 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"contexts", prepare},
        {"RSA keys in every form", rsa_forms},
        {"EC keys in every form", ec_forms},
        {"ML-DSA keys in every form", mldsa_forms},
        {"encrypted", encrypted},
        {"by the functions that programs call", functions},
        {"no request was made", end},
        CU_TEST_INFO_NULL,
    };

    return th_main("provider: encoders and software keys", tests);
}
