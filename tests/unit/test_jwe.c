/* SPDX-License-Identifier: MIT
 *
 * JWE by the vectors: what is sealed with their random octets is theirs, what
 * they sealed is opened, and what is malformed is refused with the reason.
 */
#include "jose/jwe.h"

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/base64url.h"
#include "fixed_random.h"
#include "jose/oaep.h"
#include "vectors.h"

enum { DATA_MAX = 8192 };

static struct json_object *vectors;
static struct mhsmi_private_context context;
static EVP_PKEY *pair;

static const char enc[] = "A256CBC-HS512";

static void loading(void)
{
    struct mhsmi_buf der;
    const unsigned char *at;

    vectors = vector_json("jwe.json");
    CHECK_FATAL(mhsmi_private_context_open(&context, NULL) == MHSM_OK);
    vector_read(&der, "sd_3of2/cert_0.key.der");
    at = der.data;
    pair = d2i_AutoPrivateKey_ex(NULL, &at, (long)der.size, context.lib, NULL);
    CHECK_FATAL(pair != NULL);
    mhsmi_buf_clear(&der);
}

static struct json_object *cases_of(struct json_object *object)
{
    return mhsmi_json_array(object, "cases");
}

static mhsm_status parse(struct mhsmi_jwe *jwe, const char *text,
                         mhsm_error **err)
{
    return mhsmi_jwe_parse(jwe, text, strlen(text), err);
}

static mhsm_status unwrap(void *arg, const unsigned char *data, size_t size,
                          struct mhsmi_secret **key, mhsm_error **err)
{
    return mhsmi_oaep_decrypt(context.lib, arg, data, size, key, err);
}

/* RFC 7518, appendix B.3. */
static void content(void)
{
    struct json_object *test = mhsmi_json_object(vectors, "rfc7518_b3");
    const struct mhsmi_content *algorithm = mhsmi_content_find(enc);
    const char *plaintext = mhsmi_json_string(test, "plaintext");
    unsigned char cek[64], iv[16], ciphertext[256], tag[32], made_tag[32];
    struct mhsmi_sealed sealed = {.aad = mhsmi_json_string(test, "aad"),
                                  .iv = iv,
                                  .ciphertext = ciphertext,
                                  .tag = tag};
    struct mhsmi_secret *opened = NULL;
    struct mhsmi_buf made;

    CHECK(hex_member(test, "k_hex", cek, 64) == 64);
    CHECK(hex_member(test, "iv_hex", iv, 16) == 16);
    CHECK(hex_member(test, "tag_hex", tag, 32) == 32);
    sealed.ciphertext_size = hex_member(test, "ct_hex", ciphertext, 256);
    sealed.aad_size = strlen(sealed.aad);
    mhsmi_buf_init(&made, 256);
    CHECK(algorithm->seal(context.lib, cek, sealed.aad, iv,
                          (const unsigned char *)plaintext, strlen(plaintext),
                          &made, made_tag, NULL) == MHSM_OK);
    CHECK(made.size == sealed.ciphertext_size);
    CHECK(memcmp(made.data, ciphertext, made.size) == 0);
    CHECK(memcmp(made_tag, tag, sizeof(tag)) == 0);
    mhsmi_buf_clear(&made);
    CHECK_FATAL(algorithm->open(context.lib, cek, &sealed, &opened, NULL) ==
                MHSM_OK);
    CHECK(opened->size == strlen(plaintext));
    CHECK(memcmp(opened->data, plaintext, opened->size) == 0);
    mhsmi_secret_free(opened);
    /* No room for the ciphertext. */
    mhsmi_buf_init(&made, 100);
    CHECK(algorithm->seal(context.lib, cek, sealed.aad, iv,
                          (const unsigned char *)plaintext, strlen(plaintext),
                          &made, made_tag, NULL) == MHSM_ERR_MEMORY);
    CHECK(mhsmi_content_find("A128CBC-HS256") == NULL);
}

static void check_opened(const struct mhsmi_secret *opened,
                         const unsigned char *data, size_t size)
{
    CHECK_FATAL(opened != NULL);
    CHECK(opened->size == size);
    CHECK(memcmp(opened->data, data, size) == 0);
}

static void direct(void)
{
    struct json_object *cases = mhsmi_json_array(vectors, "dir");
    static unsigned char data[DATA_MAX];
    size_t i;

    CHECK(json_object_array_length(cases) == 10);
    for (i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *test = json_object_array_get_idx(cases, i);
        const char *text = mhsmi_json_string(test, "jwe");
        size_t size = hex_member(test, "plaintext_hex", data, sizeof(data));
        struct mhsmi_secret *opened = NULL;
        unsigned char cek[64], iv[16];
        struct mhsmi_buf made;
        struct mhsmi_jwe jwe;

        hex_member(test, "cek_hex", cek, sizeof(cek));
        hex_member(test, "iv_hex", iv, sizeof(iv));
        CHECK(parse(&jwe, text, NULL) == MHSM_OK);
        CHECK(jwe.alg == MHSMI_JWE_DIR);
        CHECK_TEXT(jwe.kid, mhsmi_json_string(test, "kid"));
        CHECK(mhsmi_jwe_open(&jwe, context.lib, cek, &opened, NULL) == MHSM_OK);
        check_opened(opened, data, size);
        mhsmi_secret_free(opened);
        mhsmi_jwe_clear(&jwe);

        fixed_random_reset();
        fixed_random_feed(iv, sizeof(iv));
        mhsmi_buf_init(&made, MHSMI_JWE_MAX);
        CHECK(mhsmi_jwe_seal(context.lib, enc, mhsmi_json_string(test, "kid"),
                             cek, data, size, &made, NULL) == MHSM_OK);
        CHECK_TEXT(mhsmi_buf_text(&made), text);
        CHECK(fixed_random_left() == 0);
        mhsmi_buf_clear(&made);
    }
}

static void wrapped(void)
{
    struct json_object *cases =
        cases_of(mhsmi_json_object(vectors, "rsa_oaep_256"));
    const struct mhsmi_unwrapper unwrapper = {unwrap, pair};
    static unsigned char data[DATA_MAX];
    size_t i;

    CHECK(json_object_array_length(cases) == 4);
    for (i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *test = json_object_array_get_idx(cases, i);
        const char *text = mhsmi_json_string(test, "jwe");
        size_t size = hex_member(test, "plaintext_hex", data, sizeof(data));
        struct mhsmi_secret *opened = NULL;
        unsigned char octets[64];
        struct mhsmi_buf made;
        struct mhsmi_jwe jwe;

        CHECK(parse(&jwe, text, NULL) == MHSM_OK);
        CHECK(jwe.alg == MHSMI_JWE_RSA_OAEP_256);
        CHECK(mhsmi_jwe_unwrap(&jwe, context.lib, &unwrapper, &opened, NULL) ==
              MHSM_OK);
        check_opened(opened, data, size);
        mhsmi_secret_free(opened);
        mhsmi_jwe_clear(&jwe);

        fixed_random_reset();
        fixed_random_feed(octets, hex_member(test, "cek_hex", octets, 64));
        fixed_random_feed(octets,
                          hex_member(test, "oaep_seed_hex", octets, 64));
        fixed_random_feed(octets, hex_member(test, "iv_hex", octets, 64));
        mhsmi_buf_init(&made, MHSMI_JWE_MAX);
        CHECK(mhsmi_jwe_wrap(context.lib, pair, enc,
                             mhsmi_json_string(test, "kid"), data, size, &made,
                             NULL) == MHSM_OK);
        CHECK_TEXT(mhsmi_buf_text(&made), text);
        CHECK(fixed_random_left() == 0);
        mhsmi_buf_clear(&made);
    }
}

static void refuse(const char *text, const unsigned char *cek, const char *why)
{
    struct mhsmi_secret *opened = NULL;
    mhsm_error *err = NULL;
    struct mhsmi_jwe jwe;
    mhsm_status st = parse(&jwe, text, &err);

    if (st == MHSM_OK)
        st = mhsmi_jwe_open(&jwe, context.lib, cek, &opened, &err);
    CHECK(st == MHSM_ERR_DAMAGED);
    CHECK(opened == NULL);
    if (strstr(mhsm_error_message(err), why) == NULL)
        (void)fprintf(stderr, "%s: %s\n", why, mhsm_error_message(err));
    CHECK(strstr(mhsm_error_message(err), why) != NULL);
    mhsm_error_free(&err);
    mhsmi_jwe_clear(&jwe);
}

static void refused(void)
{
    /* In the order of the vectors. */
    static const char *const reasons[] = {
        "tag does not fit",         "tag has 16 octets, not 32",
        "tag has 0 octets, not 32", "tag does not fit",
        "tag does not fit",         "which are no whole blocks",
        "tag does not fit",         "enc that is not known: A128CBC-HS256",
        "it has 4 parts, not 5",    "it has 6 parts, not 5",
    };
    struct json_object *object = mhsmi_json_object(vectors, "must_reject_dir");
    struct json_object *cases = cases_of(object);
    unsigned char cek[64];
    size_t i;

    hex_member(object, "cek_hex", cek, sizeof(cek));
    CHECK_FATAL(json_object_array_length(cases) ==
                sizeof(reasons) / sizeof(reasons[0]));
    for (i = 0; i < json_object_array_length(cases); i++)
        refuse(mhsmi_json_string(json_object_array_get_idx(cases, i), "jwe"),
               cek, reasons[i]);
}

/* A JWE of parts, of which the first is JSON. */
static void refuse_header(const char *header, const char *rest, const char *why)
{
    struct mhsmi_buf text;

    mhsmi_buf_init(&text, 65536);
    CHECK(mhsmi_base64url_encode(&text, header, strlen(header)));
    CHECK(mhsmi_buf_puts(&text, rest));
    refuse(mhsmi_buf_text(&text), NULL, why);
    mhsmi_buf_clear(&text);
}

#define IV  "AAAAAAAAAAAAAAAAAAAAAA"
#define TAG "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define DIR "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\"}"
#define RSA "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256CBC-HS512\"}"

static void refused_too(void)
{
    static char large[MHSMI_JWE_MAX + 2], header[MHSMI_JWE_HEADER_MAX * 2];
    static const char rest[] = ".." IV "." IV "." TAG;
    struct mhsmi_unwrapper unwrapper = {unwrap, pair};
    struct mhsmi_secret *opened = NULL;
    struct mhsmi_jwe jwe;
    struct mhsmi_buf text;

    refuse("", NULL, "it has 1 parts, not 5");
    refuse("....", NULL, "its header is no JSON object");
    refuse("e30=....", NULL, "its header is no base64url");
    refuse_header("[]", rest, "its header is no JSON object");
    refuse_header("{", rest, "its header is no JSON object");
    refuse_header("{}", rest, "its header has no alg");
    refuse_header("{\"alg\":1}", rest, "its header has no alg");
    refuse_header("{\"alg\":\"RSA1_5\",\"enc\":\"A256CBC-HS512\"}", rest,
                  "alg that is not known: RSA1_5");
    refuse_header("{\"alg\":\"RSA-OAEP\",\"enc\":\"A256CBC-HS512\"}", rest,
                  "alg that is not known: RSA-OAEP");
    refuse_header("{\"alg\":\"dir\"}", rest, "its header has no enc");
    refuse_header("{\"crit\":[],\"alg\":\"dir\"}", rest, "the member crit");
    refuse_header("{\"zip\":\"DEF\",\"alg\":\"dir\"}", rest, "the member zip");
    refuse_header(DIR, ".AAAA." IV "." IV "." TAG, "which alg dir has not");
    refuse_header(RSA, rest, "it has no encrypted key");
    refuse_header(DIR, "..AAAA." IV "." TAG, "vector has 3 octets, not 16");
    refuse_header(DIR, ".." IV IV "." IV "." TAG, "vector is no base64url");
    refuse_header(DIR, ".." IV ".." TAG, "ciphertext has 0 octets");
    refuse_header(DIR, ".." IV ".A+AA." TAG, "ciphertext is no base64url");
    refuse_header(DIR, ".." IV "." IV ".AAAA", "tag has 3 octets, not 32");
    memset(header, ' ', sizeof(header) - 1);
    header[0] = '{';
    header[sizeof(header) - 2] = '}';
    refuse_header(header, rest, "its header is no base64url, or too long");
    memset(large, 'A', sizeof(large) - 1);
    refuse(large, NULL, "longer than");

    /* A JWE for a key pair, where it is not one; and a key of another size. */
    mhsmi_buf_init(&text, 65536);
    CHECK(mhsmi_base64url_encode(&text, DIR, strlen(DIR)));
    CHECK(mhsmi_buf_puts(&text, rest));
    CHECK(parse(&jwe, mhsmi_buf_text(&text), NULL) == MHSM_OK);
    CHECK(mhsmi_jwe_unwrap(&jwe, context.lib, &unwrapper, &opened, NULL) ==
          MHSM_ERR_DAMAGED);
    CHECK(jwe.kid == NULL);
    mhsmi_jwe_clear(&jwe);
    mhsmi_buf_clear(&text);
}

static void other_keys(void)
{
    const struct mhsmi_unwrapper unwrapper = {unwrap, pair};
    EVP_PKEY *other = EVP_PKEY_Q_keygen(context.lib, NULL, "RSA", (size_t)2048);
    static const unsigned char octets[32] = {1};
    struct mhsmi_secret *opened = NULL;
    struct mhsmi_buf made, key;
    mhsm_error *err = NULL;
    struct mhsmi_jwe jwe;

    CHECK_FATAL(other != NULL);
    fixed_random_reset();
    mhsmi_buf_init(&made, MHSMI_JWE_MAX);
    CHECK(mhsmi_jwe_wrap(context.lib, other, enc, "not used", octets, 32, &made,
                         NULL) == MHSM_OK);
    CHECK(parse(&jwe, mhsmi_buf_text(&made), NULL) == MHSM_OK);
    CHECK(mhsmi_jwe_unwrap(&jwe, context.lib, &unwrapper, &opened, &err) ==
          MHSM_ERR_DAMAGED);
    CHECK_TEXT(mhsm_error_message(err), "the private key does not open it");
    mhsm_error_free(&err);

    /* The right key, with a content key of 32 octets in it. */
    mhsmi_buf_init(&key, 2048);
    CHECK(mhsmi_oaep_encrypt(context.lib, pair, octets, 32, &key, NULL) ==
          MHSM_OK);
    mhsmi_buf_clear(&jwe.key);
    jwe.key = key;
    CHECK(mhsmi_jwe_unwrap(&jwe, context.lib, &unwrapper, &opened, &err) ==
          MHSM_ERR_DAMAGED);
    CHECK_TEXT(mhsm_error_message(err),
               "its encrypted key has 32 octets, not 64");
    mhsm_error_free(&err);
    mhsmi_jwe_clear(&jwe);
    mhsmi_buf_clear(&made);
    EVP_PKEY_free(other);
    ERR_clear_error();
}

/* Sealing that cannot be: no room, no numbers, too much for RSA. */
static void no_sealing(void)
{
    static const unsigned char octets[1024] = {1};
    EVP_PKEY *curve = EVP_PKEY_Q_keygen(context.lib, NULL, "EC", "P-256");
    struct mhsmi_secret *opened = NULL;
    struct mhsmi_buf small;

    mhsmi_buf_init(&small, 100);
    fixed_random_reset();
    CHECK(mhsmi_jwe_seal(context.lib, enc, "k", octets, octets, 32, &small,
                         NULL) == MHSM_ERR_MEMORY);
    CHECK(mhsmi_jwe_seal(context.lib, enc, "\xff", octets, octets, 32, &small,
                         NULL) == MHSM_ERR_MEMORY);
    CHECK(mhsmi_jwe_wrap(context.lib, pair, enc, "\xff", octets, 32, &small,
                         NULL) == MHSM_ERR_MEMORY);
    CHECK(mhsmi_oaep_encrypt(context.lib, pair, octets, 32, &small, NULL) ==
          MHSM_ERR_MEMORY);
    CHECK(mhsmi_oaep_encrypt(context.lib, pair, octets, sizeof(octets), &small,
                             NULL) == MHSM_ERR_INTERNAL);
    CHECK(mhsmi_jwe_wrap(context.lib, curve, enc, "k", octets, 32, &small,
                         NULL) == MHSM_ERR_INTERNAL);
    CHECK(mhsmi_oaep_decrypt(context.lib, curve, octets, 64, &opened, NULL) ==
          MHSM_ERR_INTERNAL);
    CHECK(opened == NULL);
    fixed_random_feed(octets, 1);
    CHECK(mhsmi_jwe_seal(context.lib, enc, "k", octets, octets, 32, &small,
                         NULL) == MHSM_ERR_INTERNAL);
    CHECK(mhsmi_jwe_wrap(context.lib, pair, enc, "k", octets, 32, &small,
                         NULL) == MHSM_ERR_INTERNAL);
    fixed_random_reset();
    mhsmi_buf_clear(&small);
    EVP_PKEY_free(curve);
    ERR_clear_error();
}

/* A tag that fits and a padding that does not: made by who has the key, and an
 * error all the same. */
static void padding(void)
{
    static const unsigned char cek[64] = {1};
    unsigned char text[3 + 16 + 16 + 8] = "aad", digest[64];
    struct mhsmi_sealed sealed = {.aad = "aad",
                                  .aad_size = 3,
                                  .iv = text + 3,
                                  .ciphertext = text + 19,
                                  .ciphertext_size = 16,
                                  .tag = digest};
    struct mhsmi_secret *opened = NULL;
    mhsm_error *err = NULL;
    size_t size = 0;

    text[sizeof(text) - 1] = 3 * 8;
    CHECK(EVP_Q_mac(context.lib, "HMAC", NULL, "SHA512", NULL, cek, 32, text,
                    sizeof(text), digest, sizeof(digest), &size) != NULL);
    CHECK(mhsmi_content_find(enc)->open(context.lib, cek, &sealed, &opened,
                                        &err) == MHSM_ERR_DAMAGED);
    CHECK_TEXT(mhsm_error_message(err), "the padding is wrong");
    mhsm_error_free(&err);
    ERR_clear_error();
}

/* A context that has no algorithms. */
static void no_algorithms(void)
{
    OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *none = OSSL_PROVIDER_load(lib, "null");
    static const unsigned char octets[64] = {0};
    const struct mhsmi_sealed sealed = {.aad = "aad",
                                        .aad_size = 3,
                                        .iv = octets,
                                        .ciphertext = octets,
                                        .ciphertext_size = 16,
                                        .tag = octets};
    const struct mhsmi_content *content_of = mhsmi_content_find(enc);
    struct mhsmi_secret *opened = NULL;
    unsigned char tag[32];
    struct mhsmi_buf out;

    mhsmi_buf_init(&out, 4096);
    CHECK(content_of->seal(lib, octets, "aad", octets, octets, 16, &out, tag,
                           NULL) == MHSM_ERR_INTERNAL);
    CHECK(content_of->open(lib, octets, &sealed, &opened, NULL) ==
          MHSM_ERR_INTERNAL);
    CHECK(opened == NULL);
    mhsmi_buf_clear(&out);
    OSSL_PROVIDER_unload(none);
    OSSL_LIB_CTX_free(lib);
    ERR_clear_error();
}

/* Text as Python writes it. */
static void quoting(void)
{
    struct mhsmi_buf out;

    mhsmi_buf_init(&out, 200);
    CHECK(mhsmi_json_quote(&out, "a\"\\/\b\f\n\r\t\x01\x7f"
                                 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91"));
    CHECK_TEXT(mhsmi_buf_text(&out), "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f"
                                     "\\u00e9\\u20ac\\ud83d\\udd11\"");
    CHECK(!mhsmi_json_quote(&out, "\xff"));
    mhsmi_buf_clear(&out);
}

int main(void)
{
    static const struct check checks[] = {{"loading", loading},
                                          {"content", content},
                                          {"dir", direct},
                                          {"RSA-OAEP-256", wrapped},
                                          {"refused", refused},
                                          {"refused, too", refused_too},
                                          {"other keys", other_keys},
                                          {"no sealing", no_sealing},
                                          {"padding", padding},
                                          {"no algorithms", no_algorithms},
                                          {"quoting", quoting},
                                          {NULL, NULL}};
    int bad = check_main("jwe", checks);

    EVP_PKEY_free(pair);
    mhsmi_private_context_close(&context);
    json_object_put(vectors);
    return bad;
}
