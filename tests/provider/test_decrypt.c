/* SPDX-License-Identifier: MIT
 *
 * RSA decryption in the HSM of what the default provider encrypted: OAEP with
 * the two digests that the service has, what it does not have, and PKCS#1 v1.5
 * only where it was asked for, and then with no outcome that tells a good
 * padding from a bad one.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ROOM = 1024, KEY_SIZE = 256 };

static const unsigned char secret[32] = "thirty-two octets of a data key";

static struct th_context last, loose; /* loose: with PKCS#1 v1.5 */
static EVP_PKEY *key, *loose_key, *judge;

static void prepare(void)
{
    th_rsa_create("dec", 2048, NULL);
    th_key_create("dec-unwrap",
                  "{\"kty\":\"RSA-HSM\",\"key_size\":3072,"
                  "\"key_ops\":[\"wrapKey\",\"unwrapKey\"]}",
                  NULL);
    th_key_create("dec-none",
                  "{\"kty\":\"RSA-HSM\",\"key_size\":2048,"
                  "\"key_ops\":[\"sign\",\"verify\"]}",
                  NULL);
    th_context_open(&last, TH_LAST);
    setenv("MHSM_PKCS1_DECRYPTION", "yes", 1);
    th_context_open(&loose, TH_LAST);
    unsetenv("MHSM_PKCS1_DECRYPTION");
    key = th_must_open(last.lib, "mhsm:dec");
    loose_key = th_must_open(loose.lib, "mhsm:dec");
    judge = th_public(key);
}

/* The message of `size` octets, encrypted with the public key by default. */
static size_t encrypt(EVP_PKEY *public, int padding, const char *md,
                      const char *mgf, const unsigned char *message,
                      size_t size, unsigned char *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(th_plain(), public, NULL);
    size_t made = ROOM;

    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0 ||
        (md != NULL && EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, md, NULL) <= 0) ||
        (mgf != NULL &&
         EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, mgf, NULL) <= 0) ||
        EVP_PKEY_encrypt(ctx, out, &made, message, size) <= 0)
        th_die("the default provider does not encrypt");
    EVP_PKEY_CTX_free(ctx);
    return made;
}

static EVP_PKEY_CTX *begin(OSSL_LIB_CTX *lib, EVP_PKEY *private, int padding,
                           const char *md)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, private, NULL);

    if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) <= 0 ||
        (padding != 0 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0) ||
        (md != NULL && EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, md, NULL) <= 0))
        th_die("a decryption does not begin");
    return ctx;
}

static int recovers(EVP_PKEY_CTX *ctx, const unsigned char *sealed, size_t size)
{
    unsigned char out[ROOM];
    size_t made = sizeof(out);

    return EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0 &&
           made == sizeof(secret) && memcmp(out, secret, made) == 0;
}

static void oaep(void)
{
    static const char *const digests[] = {NULL, "SHA1", "SHA256"};
    unsigned char sealed[ROOM], out[ROOM];
    size_t i, size, made;
    EVP_PKEY_CTX *ctx;

    for (i = 0; i < COUNT(digests); i++) {
        size = encrypt(judge, RSA_PKCS1_OAEP_PADDING, digests[i], NULL, secret,
                       sizeof(secret), sealed);
        ctx = begin(last.lib, key, RSA_PKCS1_OAEP_PADDING, digests[i]);
        made = 0;
        CU_ASSERT(EVP_PKEY_decrypt(ctx, NULL, &made, sealed, size) > 0);
        CU_ASSERT_EQUAL(made, KEY_SIZE);
        TH_TRUE(recovers(ctx, sealed, size), "%s", digests[i]);
        TH_TRUE(recovers(ctx, sealed, size), "%s again", digests[i]);
        EVP_PKEY_CTX_free(ctx);
    }
    /* The empty message is a message. */
    size = encrypt(judge, RSA_PKCS1_OAEP_PADDING, "SHA256", NULL, secret, 0,
                   sealed);
    ctx = begin(last.lib, key, RSA_PKCS1_OAEP_PADDING, "SHA256");
    made = sizeof(out);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0);
    CU_ASSERT_EQUAL(made, 0);
    EVP_PKEY_CTX_free(ctx);
    TH_QUIET();
}

/* The key's own encryption is local, and default's equal. */
static void encryption_is_local(void)
{
    static const char *const digests[] = {"SHA1", "SHA256"};
    unsigned char sealed[ROOM];
    size_t i, made;
    long before = th_stats().requests;
    EVP_PKEY_CTX *ctx;

    for (i = 0; i < COUNT(digests); i++) {
        ctx = EVP_PKEY_CTX_new_from_pkey(last.lib, key, NULL);
        made = sizeof(sealed);
        CU_ASSERT(EVP_PKEY_encrypt_init(ctx) > 0);
        CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) >
                  0);
        CU_ASSERT(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, digests[i], NULL) > 0);
        CU_ASSERT(EVP_PKEY_encrypt(ctx, sealed, &made, secret, sizeof(secret)) >
                  0);
        EVP_PKEY_CTX_free(ctx);
        CU_ASSERT_EQUAL(th_stats().requests, before);
        ctx = begin(last.lib, key, RSA_PKCS1_OAEP_PADDING, digests[i]);
        TH_TRUE(recovers(ctx, sealed, made), "%s", digests[i]);
        EVP_PKEY_CTX_free(ctx);
        before = th_stats().requests;
    }
    TH_QUIET();
}

/* What the service lacks is refused with no request. */
static void unsupported_oaep(void)
{
    unsigned char sealed[ROOM], out[ROOM], *label;
    size_t i, size, made;
    long before = th_stats().requests;
    EVP_PKEY_CTX *ctx;
    static const struct {
        const char *md, *mgf, *label, *names;
    } rows[] = {
        {"SHA512", NULL, NULL, "SHA"},        {"SHA384", NULL, NULL, "SHA"},
        {"SHA256", "SHA1", NULL, "MGF1"},     {"SHA1", "SHA256", NULL, "MGF1"},
        {"SHA256", NULL, "a label", "label"},
    };

    for (i = 0; i < COUNT(rows); i++) {
        int good;

        size = encrypt(judge, RSA_PKCS1_OAEP_PADDING, rows[i].md, rows[i].mgf,
                       secret, sizeof(secret), sealed);
        ctx = begin(last.lib, key, RSA_PKCS1_OAEP_PADDING, NULL);
        good = EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, rows[i].md, NULL) > 0;
        if (good && rows[i].mgf != NULL)
            good =
                EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, rows[i].mgf, NULL) > 0;
        if (good && rows[i].label != NULL) {
            label = (unsigned char *)OPENSSL_strdup(rows[i].label);
            good = EVP_PKEY_CTX_set0_rsa_oaep_label(
                       ctx, label, (int)strlen(rows[i].label)) > 0;
            if (!good)
                OPENSSL_free(label);
        }
        made = sizeof(out);
        good = good && EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0;
        TH_TRUE(!good, "row %zu", i);
        TH_ONE_ERROR(rows[i].names);
        EVP_PKEY_CTX_free(ctx);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

/* Raw RSA, and what has gone out of use. */
static void other_paddings(void)
{
    static const struct {
        int padding;
        const char *says;
    } rows[] = {
        {RSA_NO_PADDING, "padding oaep, not with none"},
        {RSA_X931_PADDING, "not for encryption"},
    };
    unsigned char sealed[ROOM] = {1}, out[ROOM];
    long before = th_stats().requests;
    size_t i, made;

    for (i = 0; i < COUNT(rows); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(last.lib, key, NULL);

        made = sizeof(out);
        TH_TRUE(EVP_PKEY_decrypt_init(ctx) == 1 &&
                    (EVP_PKEY_CTX_set_rsa_padding(ctx, rows[i].padding) <= 0 ||
                     EVP_PKEY_decrypt(ctx, out, &made, sealed,
                                      (size_t)EVP_PKEY_get_size(key)) <= 0),
                "padding %d", rows[i].padding);
        TH_ONE_ERROR(rows[i].says);
        EVP_PKEY_CTX_free(ctx);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

static void damaged_oaep(void)
{
    unsigned char sealed[ROOM], out[ROOM];
    size_t size, made = sizeof(out);
    EVP_PKEY_CTX *ctx = begin(last.lib, key, RSA_PKCS1_OAEP_PADDING, "SHA256");

    size = encrypt(judge, RSA_PKCS1_OAEP_PADDING, "SHA256", NULL, secret,
                   sizeof(secret), sealed);
    sealed[100] ^= 1;
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) <= 0);
    TH_ONE_ERROR("400", "request id");
    sealed[100] ^= 1;
    CU_ASSERT(recovers(ctx, sealed, size));
    TH_QUIET();
    /* The other digest's padding is damage, too. */
    EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA1", NULL);
    made = sizeof(out);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) <= 0);
    TH_ONE_ERROR("400", "request id");
    EVP_PKEY_CTX_free(ctx);
}

static void wrong_sizes(void)
{
    static const size_t sizes[] = {0, 1, KEY_SIZE - 1, KEY_SIZE + 1, 1000};
    unsigned char sealed[ROOM], out[ROOM];
    size_t i, size, made;
    long before = th_stats().requests;
    EVP_PKEY_CTX *ctx = begin(last.lib, key, RSA_PKCS1_OAEP_PADDING, "SHA256");

    memset(sealed, 1, sizeof(sealed));
    for (i = 0; i < COUNT(sizes); i++) {
        made = sizeof(out);
        TH_TRUE(EVP_PKEY_decrypt(ctx, out, &made, sealed, sizes[i]) <= 0,
                "%zu octets", sizes[i]);
        TH_ONE_ERROR("");
        TH_TRUE(th_stats().requests == before, "%zu octets", sizes[i]);
        before = th_stats().requests;
    }
    size = encrypt(judge, RSA_PKCS1_OAEP_PADDING, "SHA256", NULL, secret,
                   sizeof(secret), sealed);
    memset(out, 0xee, sizeof(out));
    made = sizeof(secret) - 1;
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) <= 0);
    CU_ASSERT_EQUAL(out[sizeof(secret) - 1], 0xee);
    TH_ONE_ERROR("buffer");
    EVP_PKEY_CTX_free(ctx);
}

static void copies_keep_their_settings(void)
{
    unsigned char sealed[ROOM];
    size_t size;
    EVP_PKEY_CTX *one, *two;

    size = encrypt(judge, RSA_PKCS1_OAEP_PADDING, "SHA256", NULL, secret,
                   sizeof(secret), sealed);
    one = begin(last.lib, key, RSA_PKCS1_OAEP_PADDING, "SHA256");
    two = EVP_PKEY_CTX_dup(one);
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    CU_ASSERT(EVP_PKEY_CTX_set_rsa_oaep_md_name(one, "SHA1", NULL) > 0);
    EVP_PKEY_CTX_free(one);
    CU_ASSERT(recovers(two, sealed, size));
    EVP_PKEY_CTX_free(two);
    TH_QUIET();
}

/* A customer-managed key is often for wrapping alone, and so is the role. */
static void unwrapping_keys(void)
{
    struct th_principal service;
    struct th_context context;
    unsigned char sealed[ROOM], out[ROOM];
    size_t size, made = sizeof(out);
    long unwraps = th_route("POST /keys/{name}/{version}/unwrapkey");
    EVP_PKEY *wrapper, *none;
    EVP_PKEY_CTX *ctx;

    th_principal_new("cmk", "Managed HSM Crypto Service Encryption User",
                     "/keys", &service);
    th_principal_use(&service);
    th_context_open(&context, TH_LAST);
    wrapper = th_must_open(context.lib, "mhsm:dec-unwrap");
    th_environment_reset(); /* its token is there now */
    size = encrypt(wrapper, RSA_PKCS1_OAEP_PADDING, "SHA256", NULL, secret,
                   sizeof(secret), sealed);
    ctx = begin(context.lib, wrapper, RSA_PKCS1_OAEP_PADDING, "SHA256");
    CU_ASSERT(recovers(ctx, sealed, size));
    EVP_PKEY_CTX_free(ctx);
    CU_ASSERT_EQUAL(th_route("POST /keys/{name}/{version}/unwrapkey"),
                    unwraps + 1);
    TH_QUIET();
    none = th_must_open(last.lib, "mhsm:dec-none");
    ctx = begin(last.lib, none, RSA_PKCS1_OAEP_PADDING, "SHA256");
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, KEY_SIZE) <= 0);
    TH_ONE_ERROR("key_ops", "cannot decrypt");
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(none);
    EVP_PKEY_free(wrapper);
    th_context_close(&context);
}

/* PKCS#1 v1.5 ------------------------------------------------------------- */

static void pkcs1_is_off_by_default(void)
{
    static const int paddings[] = {0, RSA_PKCS1_PADDING,
                                   RSA_PKCS1_WITH_TLS_PADDING};
    unsigned char sealed[ROOM], out[ROOM];
    size_t i, size, made;
    long before = th_stats().requests;

    size = encrypt(judge, RSA_PKCS1_PADDING, NULL, NULL, secret, sizeof(secret),
                   sealed);
    for (i = 0; i < COUNT(paddings); i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(last.lib, key, NULL);

        made = sizeof(out);
        TH_TRUE(EVP_PKEY_decrypt_init(ctx) <= 0 ||
                    (paddings[i] != 0 &&
                     EVP_PKEY_CTX_set_rsa_padding(ctx, paddings[i]) <= 0) ||
                    EVP_PKEY_decrypt(ctx, out, &made, sealed, size) <= 0,
                "padding %d", paddings[i]);
        TH_ONE_ERROR("pkcs1-decryption");
        EVP_PKEY_CTX_free(ctx);
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
}

static void pkcs1_works_when_asked_for(void)
{
    unsigned char sealed[ROOM];
    size_t size;
    EVP_PKEY_CTX *ctx = begin(loose.lib, loose_key, 0, NULL);

    size = encrypt(judge, RSA_PKCS1_PADDING, NULL, NULL, secret, sizeof(secret),
                   sealed);
    CU_ASSERT(recovers(ctx, sealed, size));
    EVP_PKEY_CTX_free(ctx);
    TH_QUIET();
}

/* A bad padding yields some message, always the same for one ciphertext, and
 * no trace of the failure anywhere. */
static void implicit_rejection(void)
{
    unsigned char sealed[ROOM], one[ROOM], two[ROOM], other[ROOM];
    size_t i, size, made, again, third;
    int lengths_differ = 0;
    EVP_PKEY_CTX *ctx = begin(loose.lib, loose_key, RSA_PKCS1_PADDING, NULL);

    size = encrypt(judge, RSA_PKCS1_PADDING, NULL, NULL, secret, sizeof(secret),
                   sealed);
    for (i = 0, third = sizeof(other); i < 8; i++) {
        sealed[40 + i] ^= 1;
        made = again = KEY_SIZE;
        TH_TRUE(EVP_PKEY_decrypt(ctx, one, &made, sealed, size) > 0, "%zu", i);
        TH_TRUE(EVP_PKEY_decrypt(ctx, two, &again, sealed, size) > 0, "%zu", i);
        TH_QUIET();
        CU_ASSERT(made == again && memcmp(one, two, made) == 0);
        CU_ASSERT(made <= KEY_SIZE - 11);
        CU_ASSERT(made != sizeof(secret) || memcmp(one, secret, made) != 0);
        if (i > 0 && (made != third || memcmp(one, other, made) != 0))
            lengths_differ++;
        memcpy(other, one, made);
        third = made;
    }
    CU_ASSERT_EQUAL(lengths_differ, 7);
    EVP_PKEY_CTX_free(ctx);
    /* A failure that has nothing to do with the padding is told. */
    ctx = begin(loose.lib, loose_key, RSA_PKCS1_PADDING, NULL);
    th_fault("\"route\":\"decrypt\",\"action\":\"status\",\"status\":403,"
             "\"code\":\"Forbidden\",\"message\":\"not today\",\"count\":1");
    made = sizeof(one);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, one, &made, sealed, size) <= 0);
    TH_ONE_ERROR("403", "not today");
    EVP_PKEY_CTX_free(ctx);
}

/* As libssl decrypts a premaster secret: into 48 octets, whatever comes. */
static void tls_padding(void)
{
    unsigned char premaster[48] = {3, 3}, sealed[ROOM], out[48], again[48];
    unsigned int version = TLS1_2_VERSION;
    OSSL_PARAM params[2];
    size_t size, made = sizeof(out);
    EVP_PKEY_CTX *ctx =
        begin(loose.lib, loose_key, RSA_PKCS1_WITH_TLS_PADDING, NULL);

    params[0] = OSSL_PARAM_construct_uint(
        OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, &version);
    params[1] = OSSL_PARAM_construct_end();
    CU_ASSERT(EVP_PKEY_CTX_set_params(ctx, params) > 0);
    memset(premaster + 2, 0x77, sizeof(premaster) - 2);
    size = encrypt(judge, RSA_PKCS1_PADDING, NULL, NULL, premaster,
                   sizeof(premaster), sealed);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0);
    CU_ASSERT(made == 48 && memcmp(out, premaster, 48) == 0);
    /* Damaged, of another length, or of another version: 48 random octets. */
    sealed[9] ^= 1;
    made = sizeof(out);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0);
    CU_ASSERT(made == 48 && memcmp(out, premaster, 48) != 0);
    size = encrypt(judge, RSA_PKCS1_PADDING, NULL, NULL, premaster, 47, sealed);
    made = sizeof(out);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &made, sealed, size) > 0);
    CU_ASSERT(made == 48 && memcmp(out, premaster, 47) != 0);
    premaster[1] = 1;
    size = encrypt(judge, RSA_PKCS1_PADDING, NULL, NULL, premaster, 48, sealed);
    made = sizeof(again);
    CU_ASSERT(EVP_PKEY_decrypt(ctx, again, &made, sealed, size) > 0);
    CU_ASSERT(made == 48 && memcmp(again, premaster, 48) != 0);
    EVP_PKEY_CTX_free(ctx);
    TH_QUIET();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys load", prepare},
        {"OAEP", oaep},
        {"encryption is local", encryption_is_local},
        {"unsupported OAEP", unsupported_oaep},
        {"other paddings", other_paddings},
        {"damaged OAEP", damaged_oaep},
        {"wrong sizes", wrong_sizes},
        {"copies keep their settings", copies_keep_their_settings},
        {"keys and roles for wrapping alone", unwrapping_keys},
        {"PKCS#1 v1.5 is off by default", pkcs1_is_off_by_default},
        {"PKCS#1 v1.5 works when asked for", pkcs1_works_when_asked_for},
        {"implicit rejection", implicit_rejection},
        {"TLS padding", tls_padding},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: decryption", tests);

    EVP_PKEY_free(key);
    EVP_PKEY_free(loose_key);
    EVP_PKEY_free(judge);
    th_context_close(&last);
    th_context_close(&loose);
    return code;
}
