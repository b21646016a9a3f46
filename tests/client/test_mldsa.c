/* SPDX-License-Identifier: MIT
 *
 * ML-DSA through libmhsm.  What goes over the wire and what is refused are
 * told by a scripted HSM, with any OpenSSL; real signatures need an emulator
 * on OpenSSL 3.5, and with an older one its refusal is what is checked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/params.h>

#include "scripted_client.h"

#define PREVIEW "api-version=2026-05-01-preview"

/* Octets that are all zero, as the service writes them: ML-DSA-44. */
enum { PUBLIC = 1312, SIGNATURE = 2420 };
#define LETTERS(octets) (((octets)*4 + 2) / 3)

static char pub[LETTERS(PUBLIC) + 1], sig[LETTERS(SIGNATURE) + 1];
static char key_body[4096], sign_body[4096], short_body[4096];
static const unsigned char zeros[1024 * 1024];

static void prepare(void)
{
    ts_begin();
    memset(pub, 'A', sizeof(pub) - 1);
    memset(sig, 'A', sizeof(sig) - 1);
    snprintf(key_body, sizeof(key_body),
             "{\"key\":{\"kid\":\"$E/keys/k/" TS_V1 "\",\"kty\":\"AKP-HSM\","
             "\"alg\":\"ML-DSA-44\",\"pub\":\"%s\","
             "\"key_ops\":[\"sign\",\"verify\"]}}",
             pub);
    snprintf(sign_body, sizeof(sign_body),
             "{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"%s\"}", sig);
    snprintf(short_body, sizeof(short_body),
             "{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"%s\"}", sig + 4);
}

/* Every request carries the version. */
static const struct ts_answer good[] = {
    TS_TOKEN,
    {"GET /keys/k", PREVIEW, 1, 0, 200, NULL, NULL, key_body},
    {"POST /keys/k/create", PREVIEW, 1, 0, 200, NULL, NULL, key_body},
    {TS_SIGN_ROUTE, PREVIEW, 1, 0, 200, NULL, NULL, sign_body},
    {TS_VERIFY_ROUTE, PREVIEW, 1, 0, 200, NULL, NULL, "{\"value\":true}"},
    TS_END,
};

static void requests(void)
{
    static const char mu[] =
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    mhsm_message message = {.data = (const unsigned char *)"abc", .size = 3};
    mhsm_message external = {.mu = zeros};
    mhsm_client *client;
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    char expected[8192];
    mhsm_key *key;
    size_t size;
    int valid = 0;

    ts_script(good);
    client = ts_open_plain(PREVIEW);
    key = tc_key(client, "mhsm:k");
    TC_STATUS(mhsm_sign_message(client, key, &message, &result, &err), MHSM_OK);
    CU_ASSERT(mhsm_result_data(result, &size) != NULL && size == SIGNATURE);
    mhsm_result_free(result);
    CU_ASSERT_STRING_EQUAL(ts_body(TS_SIGN_ROUTE), "{\"value\":\"YWJj\"}");
    message.context = (const unsigned char *)"ctx";
    message.context_size = 3;
    TC_STATUS(mhsm_sign_message(client, key, &message, &result, &err), MHSM_OK);
    mhsm_result_free(result);
    CU_ASSERT_STRING_EQUAL(ts_body(TS_SIGN_ROUTE),
                           "{\"value\":\"YWJj\",\"context\":\"Y3R4\"}");
    TC_STATUS(mhsm_sign_message(client, key, &external, &result, &err),
              MHSM_OK);
    mhsm_result_free(result);
    snprintf(expected, sizeof(expected), "{\"external_mu\":%s}", mu);
    CU_ASSERT_STRING_EQUAL(ts_body(TS_SIGN_ROUTE), expected);
    TC_STATUS(mhsm_sign(client, key, "ML-DSA-44", zeros, 0, &result, &err),
              MHSM_OK);
    mhsm_result_free(result);
    CU_ASSERT_STRING_EQUAL(ts_body(TS_SIGN_ROUTE), "{\"value\":\"\"}");

    TC_STATUS(mhsm_verify_message(client, key, &message, zeros, SIGNATURE,
                                  &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 1);
    snprintf(expected, sizeof(expected),
             "{\"digest\":\"YWJj\",\"context\":\"Y3R4\",\"value\":\"%s\"}",
             sig);
    CU_ASSERT_STRING_EQUAL(ts_body(TS_VERIFY_ROUTE), expected);
    TC_STATUS(mhsm_verify_message(client, key, &external, zeros, SIGNATURE,
                                  &valid, &err),
              MHSM_OK);
    snprintf(expected, sizeof(expected),
             "{\"external_mu\":%s,\"value\":\"%s\"}", mu, sig);
    CU_ASSERT_STRING_EQUAL(ts_body(TS_VERIFY_ROUTE), expected);
    /* What cannot be a signature is not asked about. */
    TC_STATUS(mhsm_verify_message(client, key, &message, zeros, SIGNATURE - 1,
                                  &valid, &err),
              MHSM_OK);
    CU_ASSERT(valid == 0 && ts_count(TS_VERIFY_ROUTE) == 2);
    CU_ASSERT(ts_stray() == 0);
    mhsm_key_free(key);
    mhsm_client_free(client);
}

static void creation(void)
{
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_client *client, *old;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    mhsm_uri *uri;

    ts_script(good);
    client = ts_open_plain(PREVIEW);
    old = ts_open_plain("api-version=2026-04-01");
    uri = tc_uri(client, "mhsm:k");
    spec.type = MHSM_KEY_AKP;
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err),
             MHSM_ERR_UNSUPPORTED, "ML-DSA-65");
    spec.algorithm = "ML-DSA-66";
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err),
             MHSM_ERR_UNSUPPORTED, "ML-DSA-66");
    spec.algorithm = "ML-DSA-44";
    TC_ERROR(mhsm_key_create(old, uri, &spec, &key, &err), MHSM_ERR_UNSUPPORTED,
             "api-version");
    spec.type = MHSM_KEY_EC;
    TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_ERR_ARGUMENT,
             "only AKP");
    CU_ASSERT(ts_count("POST /keys/k/create") == 0);
    spec.type = MHSM_KEY_AKP;
    spec.operations = MHSM_OP_SIGN;
    TC_STATUS(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_OK);
    CU_ASSERT_STRING_EQUAL(ts_body("POST /keys/k/create"),
                           "{\"kty\":\"AKP-HSM\",\"alg\":\"ML-DSA-44\","
                           "\"key_ops\":[\"sign\"],\"attributes\":{}}");
    CU_ASSERT(key != NULL && mhsm_key_parameter_set(key) ==
                                 mhsm_parameter_set_find("ML-DSA-44"));
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    mhsm_client_free(old);
}

static void refusals(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"GET /keys/k", NULL, 1, 0, 200, NULL, NULL, key_body},
        TS_END,
    };
    mhsm_message message = {.data = zeros, .size = 3};
    mhsm_client *client, *old;
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    int valid = 7;
    mhsm_key *key;

    ts_script(rows);
    client = ts_open_plain(PREVIEW);
    old = ts_open_plain("api-version=7.6");
    key = tc_key(client, "mhsm:k");
    TC_ERROR(mhsm_sign_message(old, key, &message, &result, &err),
             MHSM_ERR_UNSUPPORTED, "api-version");
    TC_ERROR(mhsm_sign(old, key, "ML-DSA-44", zeros, 3, &result, &err),
             MHSM_ERR_UNSUPPORTED, "2026-05-01-preview");
    TC_ERROR(
        mhsm_verify_message(old, key, &message, zeros, SIGNATURE, &valid, &err),
        MHSM_ERR_UNSUPPORTED, "api-version");
    TC_ERROR(mhsm_sign(client, key, "ML-DSA-65", zeros, 3, &result, &err),
             MHSM_ERR_UNSUPPORTED, "ML-DSA-44");
    TC_ERROR(mhsm_sign(client, key, "ES256", zeros, 32, &result, &err),
             MHSM_ERR_UNSUPPORTED, "ES256");
    TC_ERROR(mhsm_sign_message(client, key, NULL, &result, &err),
             MHSM_ERR_ARGUMENT, "no message");
    TC_ERROR(mhsm_sign_message(client, NULL, &message, &result, &err),
             MHSM_ERR_ARGUMENT, "a key");
    message.context = zeros;
    message.context_size = 256;
    TC_ERROR(mhsm_sign_message(client, key, &message, &result, &err),
             MHSM_ERR_ARGUMENT, "at most 255");
    message.context_size = 255;
    message.mu = zeros;
    TC_ERROR(mhsm_sign_message(client, key, &message, &result, &err),
             MHSM_ERR_ARGUMENT, "either");
    message.mu = NULL;
    message.size = 512 * 1024 + 1;
    TC_ERROR(mhsm_sign_message(client, key, &message, &result, &err),
             MHSM_ERR_ARGUMENT, "too long");
    message.data = NULL;
    TC_ERROR(mhsm_verify_message(client, key, &message, zeros, SIGNATURE,
                                 &valid, &err),
             MHSM_ERR_ARGUMENT, "no message");
    CU_ASSERT(result == NULL && valid == 7);
    /* Only the key was asked for. */
    CU_ASSERT(ts_count(TS_SIGN_ROUTE) == 0 && ts_count(TS_VERIFY_ROUTE) == 0 &&
              ts_stray() == 0);
    mhsm_key_free(key);
    mhsm_client_free(client);
    mhsm_client_free(old);
}

static void lies(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        {"GET /keys/k", NULL, 1, 0, 200, NULL, NULL, key_body},
        {TS_SIGN_ROUTE, NULL, 1, 1, 200, NULL, NULL, short_body},
        {TS_SIGN_ROUTE, NULL, 1, 1, 200, NULL, NULL, "{\"value\":\"AAAA\"}"},
        {TS_VERIFY_ROUTE, NULL, 1, 0, 200, NULL, NULL, "{\"value\":1}"},
        TS_END,
    };
    mhsm_message message = {.data = zeros, .size = 3};
    mhsm_client *client;
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    int valid = 7;
    mhsm_key *key;

    ts_script(rows);
    client = ts_open_plain(PREVIEW);
    key = tc_key(client, "mhsm:k");
    TC_ERROR(mhsm_sign_message(client, key, &message, &result, &err),
             MHSM_ERR_PROTOCOL, "impossible size");
    TC_ERROR(mhsm_sign_message(client, key, &message, &result, &err),
             MHSM_ERR_PROTOCOL, "another key");
    TC_ERROR(mhsm_verify_message(client, key, &message, zeros, SIGNATURE,
                                 &valid, &err),
             MHSM_ERR_PROTOCOL, "neither true nor false");
    CU_ASSERT(result == NULL && valid == 7);
    mhsm_key_free(key);
    mhsm_client_free(client);
}

/* A key reference holds all of the key. */
static void reference(void)
{
    unsigned char *der = NULL;
    mhsm_key *key, *again = NULL;
    mhsm_result *spki = NULL;
    mhsm_error *err = NULL;
    mhsm_client *client;
    size_t size;

    ts_script(good);
    client = ts_open_plain(PREVIEW);
    key = tc_key(client, "mhsm:k");
    TC_STATUS(mhsm_reference_encode(key, &der, &size, &err), MHSM_OK);
    TC_STATUS(mhsm_reference_decode(client, der, size, &again, &err), MHSM_OK);
    CU_ASSERT_FATAL(again != NULL);
    CU_ASSERT(mhsm_key_get_type(again) == MHSM_KEY_AKP);
    CU_ASSERT(mhsm_key_parameter_set(again) == mhsm_key_parameter_set(key));
    CU_ASSERT(mhsm_key_akp_public(again, &size) != NULL && size == PUBLIC);
    CU_ASSERT_STRING_EQUAL(mhsm_key_id(again), mhsm_key_id(key));
    CU_ASSERT(mhsm_key_operations(again) == mhsm_key_operations(key));
    mhsm_key_free(again);
    mhsm_reference_free(der);
    /* SEQUENCE { SEQUENCE { OID }, BIT STRING { octets } } */
    TC_STATUS(mhsm_key_spki(key, &spki, &err), MHSM_OK);
    CU_ASSERT(mhsm_result_data(spki, &size) != NULL && size == 22 + PUBLIC);
    mhsm_result_free(spki);
    TC_ERROR(mhsm_key_spki(NULL, &spki, &err), MHSM_ERR_ARGUMENT, "no key");
    mhsm_key_free(key);
    mhsm_client_free(client);
}

static int has_mldsa(void)
{
    EVP_SIGNATURE *method = EVP_SIGNATURE_fetch(th_plain(), "ML-DSA-44", NULL);

    EVP_SIGNATURE_free(method);
    return method != NULL;
}

/* The default provider's opinion, by the numbers that the library gives. */
static int verify(const mhsm_key *key, const mhsm_message *message,
                  const unsigned char *signature, size_t size)
{
    const char *name = mhsm_key_parameter_set(key)->name;
    size_t octets_size;
    const unsigned char *octets = mhsm_key_akp_public(key, &octets_size);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(th_plain(), name, NULL,
                                                    octets, octets_size);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char context[256];
    OSSL_PARAM params[2];
    int ok;

    if (message->context_size != 0)
        memcpy(context, message->context, message->context_size);
    params[0] = OSSL_PARAM_construct_octet_string("context-string", context,
                                                  message->context_size);
    params[1] = OSSL_PARAM_construct_end();
    CU_ASSERT_FATAL(pkey != NULL && ctx != NULL);
    ok = EVP_DigestVerifyInit_ex(ctx, NULL, NULL, th_plain(), NULL, pkey,
                                 params) == 1 &&
         EVP_DigestVerify(ctx, signature, size, message->data, message->size) ==
             1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return ok;
}

static void sign_and_verify(mhsm_client *client, const mhsm_key *key,
                            const mhsm_message *message)
{
    mhsm_message other = *message;
    const unsigned char *signature;
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    int valid = 0;
    size_t size;

    TC_STATUS(mhsm_sign_message(client, key, message, &result, &err), MHSM_OK);
    CU_ASSERT_FATAL(result != NULL);
    signature = mhsm_result_data(result, &size);
    CU_ASSERT(verify(key, message, signature, size));
    TC_STATUS(mhsm_verify_message(client, key, message, signature, size, &valid,
                                  &err),
              MHSM_OK);
    CU_ASSERT(valid == 1);
    other.context = (const unsigned char *)"other";
    other.context_size = 5;
    TC_STATUS(
        mhsm_verify_message(client, key, &other, signature, size, &valid, &err),
        MHSM_OK);
    CU_ASSERT(valid == 0);
    mhsm_result_free(result);
}

static void each_set(mhsm_client *client, const mhsm_parameter_set *set)
{
    mhsm_message message = {.data = zeros, .size = 400000};
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL, *again;
    mhsm_uri *uri = NULL;

    TC_STATUS(mhsm_uri_new(client, NULL, set->name, NULL, &uri, &err), MHSM_OK);
    spec.type = MHSM_KEY_AKP;
    spec.algorithm = set->name;
    TC_STATUS(mhsm_key_create(client, uri, &spec, &key, &err), MHSM_OK);
    CU_ASSERT_FATAL(key != NULL);
    CU_ASSERT(mhsm_key_operations(key) == (MHSM_OP_SIGN | MHSM_OP_VERIFY));
    again = tc_key(client, mhsm_key_uri(key));
    CU_ASSERT(mhsm_key_parameter_set(again) == set);
    sign_and_verify(client, again, &message);
    message.size = 0;
    sign_and_verify(client, again, &message);
    message.context = zeros;
    message.context_size = 255;
    sign_and_verify(client, again, &message);
    mhsm_key_free(again);
    mhsm_key_free(key);
    TC_STATUS(mhsm_key_delete(client, uri, NULL, &err), MHSM_OK);
    TC_STATUS(mhsm_key_recover(client, uri, &key, &err), MHSM_OK);
    CU_ASSERT(key != NULL && mhsm_key_parameter_set(key) == set);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
}

/* The emulator: everything on OpenSSL 3.5, and a clear no on older ones. */
static void emulator(void)
{
    mhsm_client *client = tc_open(TC_OPTIONS(PREVIEW));
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    const mhsm_parameter_set *set;
    mhsm_error *err = NULL;
    mhsm_uri *uri = tc_uri(client, "mhsm:none");
    mhsm_key *key = NULL;
    size_t i;

    spec.type = MHSM_KEY_AKP;
    spec.algorithm = "ML-DSA-44";
    for (i = 0; has_mldsa() && (set = mhsm_parameter_set_at(i)) != NULL; i++)
        each_set(client, set);
    if (!has_mldsa())
        TC_ERROR(mhsm_key_create(client, uri, &spec, &key, &err),
                 MHSM_ERR_REJECTED, "which has no ML-DSA-44");
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

/* To an older version of its interface such a key is of no known type. */
static void older_version(void)
{
    long status = 0;
    struct json_object *answer =
        th_service("POST", "/keys/old/create",
                   "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\"}", &status);
    const char *text = answer != NULL ? json_object_to_json_string(answer) : "";

    CU_ASSERT(status == 400);
    CU_ASSERT(strstr(text, "key type is missing or not supported") != NULL);
    json_object_put(answer);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},
        {"requests", requests},
        {"creation", creation},
        {"refusals", refusals},
        {"lies", lies},
        {"reference", reference},
        {"finish", ts_finish},
        {"emulator", emulator},
        {"older_version", older_version},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_mldsa", tests);
}
