/* SPDX-License-Identifier: MIT
 *
 * Keys by URI: every form that names a key, everything that does not, what a
 * caller may expect of it, and the promise that a loaded key stays the version
 * that it was.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { URI_SIZE = 512 };

static struct th_context last;
static char version[33];
static EVP_PKEY *known; /* the public key, as the service tells it */

static void prepare(void)
{
    EVP_PKEY *key;

    th_ec_create("st", "P-256", version);
    th_rsa_create("st-rsa", 2048, NULL);
    known = th_public_from_service("st");
    th_context_open(&last, TH_LAST);
    key = th_must_open(last.lib, "mhsm:st"); /* has a token from now on */
    CU_ASSERT_EQUAL(EVP_PKEY_eq(key, known), 1);
    EVP_PKEY_free(key);
    TH_QUIET();
}

/* HOST and VERSION in a form become this HSM's and the key's. */
static void expand(char *uri, const char *form)
{
    size_t at = 0;

    while (*form != '\0' && at < URI_SIZE - 1) {
        if (strncmp(form, "HOST", 4) == 0) {
            at += (size_t)snprintf(uri + at, URI_SIZE - at, "%s", th_host());
            form += 4;
        } else if (strncmp(form, "VERSION", 7) == 0) {
            at += (size_t)snprintf(uri + at, URI_SIZE - at, "%s", version);
            form += 7;
        } else
            uri[at++] = *form++;
    }
    uri[at < URI_SIZE ? at : URI_SIZE - 1] = '\0';
}

static void forms_that_name_a_key(void)
{
    static const char *const forms[] = {
        "mhsm:st",
        "mhsm:st/VERSION",
        "mhsm:st?version=VERSION",
        "mhsm://HOST/keys/st",
        "mhsm://HOST/keys/st/VERSION",
        "mhsm://HOST/keys/st?version=VERSION",
    };
    char uri[URI_SIZE];
    struct th_stats before, after;
    long gets;
    size_t i;

    for (i = 0; i < COUNT(forms); i++) {
        EVP_PKEY *key;

        expand(uri, forms[i]);
        before = th_stats();
        gets = th_key_requests();
        key = th_open(last.lib, uri);
        after = th_stats();
        TH_TRUE(key != NULL && EVP_PKEY_eq(key, known) == 1, "%s", uri);
        TH_TRUE(after.requests - before.requests == 1, "%s", uri);
        TH_TRUE(th_key_requests() - gets == 1, "%s", uri);
        TH_QUIET();
        EVP_PKEY_free(key);
    }
}

/* The form of Microsoft's provider names an HSM of the public cloud: it must
 * be tried there (here: through a proxy that is not there), and not here. */
static void microsofts_form(void)
{
    static const char *const forms[] = {
        "managedhsm:some-hsm:st",
        "managedhsm:some-hsm:st:0123456789abcdef0123456789abcdef",
        "managedhsm:some-hsm:st?version=0123456789abcdef0123456789abcdef",
    };
    struct th_context proxied;
    long before;
    size_t i;

    setenv("MHSM_PROXY", "http://127.0.0.1:9", 1);
    setenv("MHSM_NO_PROXY", "localhost", 1);
    setenv("MHSM_RETRIES", "0", 1);
    th_context_open(&proxied, TH_LAST);
    unsetenv("MHSM_PROXY");
    unsetenv("MHSM_NO_PROXY");
    unsetenv("MHSM_RETRIES");
    before = th_key_requests();
    for (i = 0; i < COUNT(forms); i++) {
        EVP_PKEY *key = th_open(proxied.lib, forms[i]);

        TH_TRUE(key == NULL, "%s", forms[i]);
        TH_ONE_ERROR("prox");
    }
    CU_ASSERT_EQUAL(th_key_requests(), before);
    th_context_close(&proxied);
}

static void junk_is_refused_at_once(void)
{
    static const char *const junk[] = {
        "mhsm:/",
        "mhsm:/st",
        "mhsm:st/",
        "mhsm: st",
        "mhsm:s t",
        "mhsm:s_t",
        "mhsm:s.t",
        "mhsm:..",
        "mhsm:../st",
        "mhsm:%73t",
        "mhsm:st\xc3\xa9",
        "mhsm:st\n",
        "mhsm:st/1",
        "mhsm:st/0123456789abcdef0123456789abcdeg",
        "mhsm:st/0123456789abcdef0123456789abcdef0",
        "mhsm:st/0123456789abcdef0123456789abcdef/sign",
        "mhsm:st?version=",
        "mhsm:st?version=1",
        "mhsm:st?other=1",
        "mhsm:st?version=0123456789abcdef0123456789abcdef&other=1",
        ("mhsm:st/0123456789abcdef0123456789abcdef"
         "?version=00000000000000000000000000000000"),
        "mhsm:st#fragment",
        "mhsm://",
        "mhsm:///keys/st",
        "mhsm://HOST/st",
        "mhsm://HOST/keys/",
        "mhsm://HOST/keys//st",
        "mhsm://HOST/KEYS/st",
        "mhsm://HOST/secrets/st",
        "mhsm://HOST/keys/st/0123456789abcdef0123456789abcdef/",
        "mhsm://HOST/keys/../keys/st",
        "mhsm://HOST/keys/st#x",
        "mhsm://user@HOST/keys/st",
        "mhsm://user:password@HOST/keys/st",
        "mhsm://localhost:99999/keys/st",
        "mhsm://localhost:x/keys/st",
        "mhsm://evil.example/keys/st",
        "mhsm://localhost.evil.example/keys/st",
        "mhsm://evil.example#.managedhsm.azure.net/keys/st",
        "mhsm://evil.example\\.managedhsm.azure.net/keys/st",
        "mhsm://evilmanagedhsm.azure.net/keys/st",
        "mhsm://a.managedhsm.azure.net.evil.example/keys/st",
        "mhsm://127.0.0.1/keys/st",
        "mhsm://[::1]/keys/st",
        "managedhsm:",
        "managedhsm:hsm",
        "managedhsm::st",
        "managedhsm:hsm:",
        "managedhsm:hsm:st:",
        "managedhsm:hsm:st:1",
        "managedhsm:hsm:st:0123456789abcdef0123456789abcdef:more",
        "managedhsm:evil.example:st",
        "managedhsm:h/sm:st",
    };
    char uri[URI_SIZE], longest[URI_SIZE];
    OSSL_STORE_CTX *store;
    long before = th_stats().requests;
    size_t i;

    for (i = 0; i < COUNT(junk); i++) {
        expand(uri, junk[i]);
        store = OSSL_STORE_open_ex(uri, last.lib, NULL, NULL, NULL, NULL, NULL,
                                   NULL);
        TH_TRUE(store == NULL, "%s", uri);
        OSSL_STORE_close(store);
        TH_ONE_ERROR("");
    }
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "mhsm:", 5);
    longest[5 + 128] = '\0';
    CU_ASSERT_PTR_NULL(th_open(last.lib, longest));
    TH_ONE_ERROR("127");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    longest[5 + 127] = '\0';
    CU_ASSERT_PTR_NULL(th_open(last.lib, longest));
    TH_ONE_ERROR("404");
    CU_ASSERT_EQUAL(th_stats().requests, before + 1);
}

/* A host that is allowed by name gets past the check, and no further here. */
static void allowed_hosts(void)
{
    struct th_context allowing;
    char uri[URI_SIZE];
    const char *port = strrchr(th_host(), ':');
    EVP_PKEY *key;

    if (port == NULL)
        th_die("no port in %s", th_host());
    snprintf(uri, sizeof(uri), "mhsm://127.0.0.1%s/keys/st", port);
    CU_ASSERT_PTR_NULL(th_open(last.lib, uri));
    TH_ONE_ERROR("127.0.0.1", "allowed-hosts");
    setenv("MHSM_ALLOWED_HOSTS", "127.0.0.1,.example.org", 1);
    th_context_open(&allowing, TH_LAST);
    unsetenv("MHSM_ALLOWED_HOSTS");
    key = th_open(allowing.lib, uri);
    CU_ASSERT(key != NULL && EVP_PKEY_eq(key, known) == 1);
    EVP_PKEY_free(key);
    TH_QUIET();
    th_context_close(&allowing);
}

static void what_is_expected(void)
{
    static const int others[] = {OSSL_STORE_INFO_CERT, OSSL_STORE_INFO_CRL,
                                 OSSL_STORE_INFO_PARAMS};
    struct th_scheme scheme = {"SHA256", 0};
    unsigned char *signature;
    EVP_PKEY *public;
    long before = th_stats().requests;
    size_t i, size;

    for (i = 0; i < COUNT(others); i++) {
        TH_TRUE(th_open_as(last.lib, "mhsm:st", others[i]) == NULL, "type %d",
                others[i]);
        TH_QUIET();
    }
    CU_ASSERT_EQUAL(th_stats().requests, before);
    public = th_open_as(last.lib, "mhsm:st", OSSL_STORE_INFO_PUBKEY);
    CU_ASSERT_PTR_NOT_NULL_FATAL(public);
    CU_ASSERT_EQUAL(EVP_PKEY_eq(public, known), 1);
    TH_QUIET();
    before = th_stats().requests;
    signature = th_sign(last.lib, public, &scheme, "text", &size);
    CU_ASSERT_PTR_NULL(signature);
    OPENSSL_free(signature);
    ERR_clear_error();
    CU_ASSERT_EQUAL(th_stats().requests, before);
    EVP_PKEY_free(public);
}

static OSSL_STORE_CTX *must_begin(const char *uri)
{
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(uri, last.lib, NULL, NULL, NULL, NULL, NULL, NULL);

    if (store == NULL)
        th_die("%s does not open", uri);
    return store;
}

/* Without an expectation: one object, the private key, then the end. */
/* Who expects nothing gets both halves, for one request. */
static void both_halves_then_the_end(void)
{
    static const int types[] = {OSSL_STORE_INFO_PKEY, OSSL_STORE_INFO_PUBKEY};
    OSSL_STORE_CTX *store;
    long before = th_stats().requests;
    size_t i;

    store = must_begin("mhsm:st");
    CU_ASSERT_EQUAL(th_stats().requests, before);
    for (i = 0; i < COUNT(types); i++) {
        OSSL_STORE_INFO *info;
        EVP_PKEY *key;

        CU_ASSERT(!OSSL_STORE_eof(store));
        info = OSSL_STORE_load(store);
        CU_ASSERT_PTR_NOT_NULL_FATAL(info);
        CU_ASSERT_EQUAL(OSSL_STORE_INFO_get_type(info), types[i]);
        key = types[i] == OSSL_STORE_INFO_PKEY
                  ? OSSL_STORE_INFO_get0_PKEY(info)
                  : OSSL_STORE_INFO_get0_PUBKEY(info);
        CU_ASSERT_EQUAL(EVP_PKEY_eq(key, known), 1);
        OSSL_STORE_INFO_free(info);
        CU_ASSERT_EQUAL(th_stats().requests, before + 1);
        TH_QUIET();
    }
    CU_ASSERT(OSSL_STORE_eof(store));
    CU_ASSERT(!OSSL_STORE_error(store));
    CU_ASSERT_PTR_NULL(OSSL_STORE_load(store));
    CU_ASSERT_EQUAL(th_stats().requests, before + 1);
    TH_QUIET();
    OSSL_STORE_close(store);
    store = must_begin("mhsm:st");
    OSSL_STORE_close(store);
    CU_ASSERT_EQUAL(th_stats().requests, before + 1);
    TH_QUIET();
}

/* Who expects one half gets that one, and the end. */
static void one_half_then_the_end(void)
{
    static const int types[] = {OSSL_STORE_INFO_PKEY, OSSL_STORE_INFO_PUBKEY};
    long before = th_stats().requests;
    size_t i;

    for (i = 0; i < COUNT(types); i++) {
        OSSL_STORE_CTX *store = must_begin("mhsm:st");
        OSSL_STORE_INFO *info;

        CU_ASSERT_EQUAL(OSSL_STORE_expect(store, types[i]), 1);
        info = OSSL_STORE_load(store);
        CU_ASSERT(info != NULL && OSSL_STORE_INFO_get_type(info) == types[i]);
        OSSL_STORE_INFO_free(info);
        CU_ASSERT(OSSL_STORE_eof(store));
        CU_ASSERT_PTR_NULL(OSSL_STORE_load(store));
        OSSL_STORE_close(store);
        TH_QUIET();
    }
    CU_ASSERT_EQUAL(th_stats().requests, before + 2);
}

static void stores_are_independent(void)
{
    OSSL_STORE_CTX *one = must_begin("mhsm:st"),
                   *two = must_begin("mhsm:st-rsa");
    OSSL_STORE_INFO *second = OSSL_STORE_load(two);
    OSSL_STORE_INFO *first = OSSL_STORE_load(one);

    OSSL_STORE_close(one);
    OSSL_STORE_close(two);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    CU_ASSERT(EVP_PKEY_is_a(OSSL_STORE_INFO_get0_PKEY(first), "EC"));
    CU_ASSERT(EVP_PKEY_is_a(OSSL_STORE_INFO_get0_PKEY(second), "RSA"));
    OSSL_STORE_INFO_free(first);
    OSSL_STORE_INFO_free(second);
    TH_QUIET();
}

static void missing_keys(void)
{
    OSSL_STORE_CTX *store = must_begin("mhsm:st-none");
    long status = 0;

    CU_ASSERT_PTR_NULL(OSSL_STORE_load(store));
    CU_ASSERT(OSSL_STORE_error(store));
    TH_ONE_ERROR("st-none", "404", "request id");
    OSSL_STORE_close(store);
    CU_ASSERT_PTR_NULL(
        th_open(last.lib, "mhsm:st/0123456789abcdef0123456789abcdef"));
    TH_ONE_ERROR("404", "request id");
    th_ec_create("st-gone", "P-256", NULL);
    json_object_put(th_service("DELETE", "/keys/st-gone", NULL, &status));
    CU_ASSERT_EQUAL(status, 200);
    CU_ASSERT_PTR_NULL(th_open(last.lib, "mhsm:st-gone"));
    TH_ONE_ERROR("st-gone", "404", "request id");
}

/* Of a type of its own, which shares no name with a cipher. */
static void symmetric_keys(void)
{
    EVP_PKEY *key;

    th_key_create("st-oct", "{\"kty\":\"oct-HSM\",\"key_size\":256}", NULL);
    key = th_must_open(last.lib, "mhsm:st-oct");
    CU_ASSERT(EVP_PKEY_is_a(key, "MHSM-AES"));
    EVP_PKEY_free(key);
}

static void loaded_keys_keep_their_version(void)
{
    struct th_scheme scheme = {"SHA256", 0};
    char newer[33], uri[URI_SIZE];
    EVP_PKEY *old, *young, *pinned, *now;

    old = th_must_open(last.lib, "mhsm:st");
    th_ec_create("st", "P-256", newer);
    CU_ASSERT_STRING_NOT_EQUAL(version, newer);
    now = th_public_from_service("st");
    CU_ASSERT_EQUAL(EVP_PKEY_eq(old, now), 0);
    CU_ASSERT(th_sign_and_verify(last.lib, old, &scheme, "after"));
    CU_ASSERT_EQUAL(EVP_PKEY_eq(old, known), 1);
    young = th_must_open(last.lib, "mhsm:st");
    CU_ASSERT_EQUAL(EVP_PKEY_eq(young, now), 1);
    CU_ASSERT(th_sign_and_verify(last.lib, young, &scheme, "young"));
    snprintf(uri, sizeof(uri), "mhsm:st/%s", version);
    pinned = th_must_open(last.lib, uri);
    CU_ASSERT_EQUAL(EVP_PKEY_eq(pinned, known), 1);
    CU_ASSERT(th_sign_and_verify(last.lib, pinned, &scheme, "pinned"));
    TH_QUIET();
    EVP_PKEY_free(old);
    EVP_PKEY_free(young);
    EVP_PKEY_free(pinned);
    EVP_PKEY_free(now);
}

/* The HSM itself is no key; whatever a listing may yield one day. */
static void the_hsm_itself_is_no_key(void)
{
    CU_ASSERT_PTR_NULL(th_open(last.lib, "mhsm:"));
    ERR_clear_error();
}

static void other_schemes_are_left_alone(void)
{
    char path[URI_SIZE];
    BIO *file;
    EVP_PKEY *made = EVP_EC_gen("P-256"), *read;

    snprintf(path, sizeof(path), "%s/key.pem", th_state());
    file = BIO_new_file(path, "w");
    CU_ASSERT(PEM_write_bio_PUBKEY(file, made) == 1);
    BIO_free(file);
    read = th_open_as(last.lib, path, OSSL_STORE_INFO_PUBKEY);
    CU_ASSERT(read != NULL && EVP_PKEY_eq(read, made) == 1);
    TH_QUIET();
    EVP_PKEY_free(read);
    EVP_PKEY_free(made);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a key loads", prepare},
        {"forms that name a key", forms_that_name_a_key},
        {"the form of Microsoft's provider", microsofts_form},
        {"junk is refused at once", junk_is_refused_at_once},
        {"allowed hosts", allowed_hosts},
        {"what is expected", what_is_expected},
        {"both halves, then the end", both_halves_then_the_end},
        {"one half, then the end", one_half_then_the_end},
        {"stores are independent", stores_are_independent},
        {"missing keys", missing_keys},
        {"symmetric keys", symmetric_keys},
        {"loaded keys keep their version", loaded_keys_keep_their_version},
        {"the HSM itself", the_hsm_itself_is_no_key},
        {"other schemes", other_schemes_are_left_alone},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: store", tests);

    EVP_PKEY_free(known);
    th_context_close(&last);
    return code;
}
