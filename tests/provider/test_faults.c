/* SPDX-License-Identifier: MIT
 *
 * A service that is throttled, broken, slow or talks nonsense: what passes is
 * retried in silence, what stays is told in one entry with its own words, in
 * bounded time, and the key works again as soon as the service does.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct th_scheme ecdsa = {"SHA256", 0};

static struct th_context last;
static EVP_PKEY *ec;

/* Times that suit a test: the defaults suit a data centre. */
static void prepare(void)
{
    th_ec_create("fa-ec", "P-256", NULL);
    setenv("MHSM_TIMEOUT", "4s", 1);
    setenv("MHSM_TRY_TIMEOUT", "1500ms", 1);
    th_context_open(&last, TH_LAST);
    unsetenv("MHSM_TIMEOUT");
    unsetenv("MHSM_TRY_TIMEOUT");
    ec = th_must_open(last.lib, "mhsm:fa-ec");
}

static int signs_with(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
    size_t size = 0;
    unsigned char *signature = th_sign(lib, key, &ecdsa, "text", &size);

    OPENSSL_free(signature);
    return signature != NULL;
}

static int signs(void)
{
    return signs_with(last.lib, ec);
}

static long sign_requests(void)
{
    return th_route("POST /keys/{name}/{version}/sign");
}

static void works_again(void)
{
    th_reset();
    CU_ASSERT(signs());
    TH_QUIET();
}

/* What passes -------------------------------------------------------------- */

static void passing_faults_are_retried(void)
{
    static const char *const rows[] = {
        "\"action\":\"status\",\"status\":429,\"retry_after\":\"1\"",
        "\"action\":\"status\",\"status\":429",
        "\"action\":\"status\",\"status\":500",
        "\"action\":\"status\",\"status\":502",
        "\"action\":\"status\",\"status\":503,\"retry_after\":\"1\"",
        "\"action\":\"status\",\"status\":504",
        "\"action\":\"status\",\"status\":408",
        "\"action\":\"reset\"",
        "\"action\":\"truncate\"",
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        long before = sign_requests(), begun = th_now_ms(), took;

        th_fault("\"route\":\"sign\",%s,\"count\":1", rows[i]);
        TH_TRUE(signs(), "%s", rows[i]);
        took = th_now_ms() - begun;
        TH_QUIET();
        TH_TRUE(sign_requests() - before == 2, "%s: %ld", rows[i],
                sign_requests() - before);
        if (strstr(rows[i], "retry_after") != NULL)
            TH_TRUE(took >= 1000, "%s: %ld ms", rows[i], took);
    }
    works_again();
}

/* The key's GET is retried as well. */
static void loading_is_retried(void)
{
    EVP_PKEY *key;

    th_fault("\"route\":\"get\",\"action\":\"status\",\"status\":503,"
             "\"count\":2");
    key = th_open(last.lib, "mhsm:fa-ec");
    CU_ASSERT_PTR_NOT_NULL(key);
    TH_QUIET();
    EVP_PKEY_free(key);
    works_again();
}

/* What stays ---------------------------------------------------------------- */

/* Told after one retry, to save the test's time. */
static void open_brief(struct th_context *brief, EVP_PKEY **key)
{
    setenv("MHSM_RETRIES", "1", 1);
    setenv("MHSM_TIMEOUT", "4s", 1);
    th_context_open(brief, TH_LAST);
    unsetenv("MHSM_RETRIES");
    unsetenv("MHSM_TIMEOUT");
    *key = th_must_open(brief->lib, "mhsm:fa-ec");
}

static void lasting_faults_are_told(void)
{
    static const struct {
        const char *fault, *word[3];
    } rows[] = {
        {"\"action\":\"status\",\"status\":429,\"code\":\"Throttled\","
         "\"message\":\"too much\"",
         {"429", "Throttled", "request id"}},
        {"\"action\":\"status\",\"status\":503,\"code\":\"Busy\","
         "\"message\":\"come back\"",
         {"503", "come back", "request id"}},
        {"\"action\":\"status\",\"status\":500", {"500", "request id", "HTTP"}},
        {"\"action\":\"reset\"", {"connection", "", ""}},
        {"\"action\":\"truncate\"", {"connection", "", ""}},
        {"\"action\":\"garbage\"", {"JSON", "request id", "200"}},
        {"\"action\":\"huge\"", {"answer", "large", ""}},
        {"\"action\":\"redirect\"", {"302", "redirect", ""}},
        {"\"action\":\"status\",\"status\":400,\"code\":\"BadParameter\","
         "\"message\":\"no such thing\"",
         {"400", "BadParameter", "no such thing"}},
        {"\"action\":\"status\",\"status\":418", {"418", "", ""}},
        /* What moves a terminal's cursor must not get through. */
        {"\"action\":\"status\",\"status\":400,\"code\":\"Bad\\u001b[2J\","
         "\"message\":\"\\u001b[31mred\\r\\nsecond\\u0007 line\"",
         {"400", "red", "second"}},
    };
    struct th_context brief;
    EVP_PKEY *key;
    size_t i;

    open_brief(&brief, &key);

    for (i = 0; i < COUNT(rows); i++) {
        long begun = th_now_ms();

        th_fault("\"route\":\"sign\",%s,\"count\":-1", rows[i].fault);
        TH_TRUE(!signs_with(brief.lib, key), "%s", rows[i].fault);
        TH_ONE_ERROR(rows[i].word[0], rows[i].word[1], rows[i].word[2]);
        TH_TRUE(th_now_ms() - begun < 8000, "%s: %ld ms", rows[i].fault,
                th_now_ms() - begun);
        th_reset();
        TH_TRUE(signs_with(brief.lib, key), "after %s", rows[i].fault);
        TH_QUIET();
    }
    EVP_PKEY_free(key);
    th_context_close(&brief);
}

/* No answer at all, at first use and later. */
static void time_outs(void)
{
    long begun = th_now_ms(), took;

    th_latency(20000);
    CU_ASSERT(!signs());
    took = th_now_ms() - begun;
    TH_ONE_ERROR("timed out");
    TH_TRUE(took >= 1400 && took < 7000, "%ld ms", took);
    CU_ASSERT_PTR_NULL(th_open(last.lib, "mhsm:fa-ec"));
    TH_ONE_ERROR("timed out");
    works_again();
}

/* A slow answer within the time is an answer. */
static void slow_answers(void)
{
    th_fault("\"route\":\"sign\",\"action\":\"slow\",\"ms\":700,\"count\":1");
    CU_ASSERT(signs());
    TH_QUIET();
    th_fault("\"route\":\"sign\",\"action\":\"slow\",\"ms\":2500,\"count\":1");
    CU_ASSERT(signs()); /* the first try is given up, the second is quick */
    TH_QUIET();
    works_again();
}

/* Retry-After beyond the deadline is not waited for. */
static void a_long_retry_after(void)
{
    long begun = th_now_ms();

    th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":429,"
             "\"retry_after\":\"3600\",\"count\":-1");
    CU_ASSERT(!signs());
    TH_ONE_ERROR("429", "request id");
    TH_TRUE(th_now_ms() - begun < 5000, "%ld ms", th_now_ms() - begun);
    works_again();
}

static void retries_can_be_off(void)
{
    struct th_context context;
    EVP_PKEY *key;
    long before;

    setenv("MHSM_RETRIES", "0", 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_RETRIES");
    key = th_must_open(context.lib, "mhsm:fa-ec");
    before = sign_requests();
    th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":503,"
             "\"count\":1");
    CU_ASSERT(!signs_with(context.lib, key));
    TH_ONE_ERROR("503");
    CU_ASSERT_EQUAL(sign_requests() - before, 1);
    CU_ASSERT(signs_with(context.lib, key));
    TH_QUIET();
    EVP_PKEY_free(key);
    th_context_close(&context);
    works_again();
}

/* Answers to GET that are not this key. */
static void nonsense_for_a_key(void)
{
    static const char *const rows[] = {"garbage", "huge", "truncate", "reset",
                                       "redirect"};
    struct th_context brief;
    EVP_PKEY *key;
    size_t i;

    open_brief(&brief, &key);
    EVP_PKEY_free(key);

    for (i = 0; i < COUNT(rows); i++) {
        th_fault("\"route\":\"get\",\"action\":\"%s\",\"count\":-1", rows[i]);
        TH_TRUE(th_open(brief.lib, "mhsm:fa-ec") == NULL, "%s", rows[i]);
        TH_ONE_ERROR("fa-ec");
        th_reset();
    }
    th_context_close(&brief);
    works_again();
}

/* The way there ------------------------------------------------------------- */

static void refused_with(const char *name, const char *value, const char *word)
{
    struct th_context context;

    setenv(name, value, 1);
    setenv("MHSM_TIMEOUT", "4s", 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_TIMEOUT");
    unsetenv(name);
    th_environment_reset();
    TH_TRUE(th_open(context.lib, "mhsm:fa-ec") == NULL, "%s", name);
    TH_ONE_ERROR(word);
    th_context_close(&context);
}

static void a_wrong_authority_of_certificates(void)
{
    struct th_scheme scheme = {"SHA256", 0};
    EVP_PKEY *key = EVP_PKEY_Q_keygen(th_plain(), NULL, "EC", "P-256");
    X509 *stranger = th_certificate(th_plain(), key, key, &scheme);
    char path[512];
    BIO *file;

    snprintf(path, sizeof(path), "%s/stranger.pem", th_state());
    file = BIO_new_file(path, "w");
    CU_ASSERT(file != NULL && PEM_write_bio_X509(file, stranger) == 1);
    BIO_free(file);
    refused_with("MHSM_CA_FILE", path, "certificate");
    refused_with("MHSM_AUTHORITY_CA_FILE", path, "certificate");
    refused_with("MHSM_CA_FILE", "/nowhere/ca.pem", "/nowhere/ca.pem");
    X509_free(stranger);
    EVP_PKEY_free(key);
}

static void nobody_listens(void)
{
    refused_with("MHSM_ENDPOINT", "https://localhost:9", "connect");
    refused_with("AZURE_AUTHORITY_HOST", "https://localhost:9", "connect");
    refused_with("MHSM_PROXY", "http://127.0.0.1:9", "prox");
    refused_with("MHSM_ENDPOINT", "https://no-such-hsm.invalid", "resolve");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a key loads", prepare},
        {"passing faults are retried", passing_faults_are_retried},
        {"loading is retried", loading_is_retried},
        {"lasting faults are told", lasting_faults_are_told},
        {"time-outs", time_outs},
        {"slow answers", slow_answers},
        {"a long Retry-After", a_long_retry_after},
        {"retries can be off", retries_can_be_off},
        {"nonsense for a key", nonsense_for_a_key},
        {"a wrong authority", a_wrong_authority_of_certificates},
        {"nobody listens", nobody_listens},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: faults", tests);

    EVP_PKEY_free(ec);
    th_context_close(&last);
    return code;
}
