/* SPDX-License-Identifier: MIT
 *
 * What an HSM that is to be restored may answer, and what it may not: the
 * exchange key, the upload, and the state of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted_client.h"

#define EXCHANGE "GET /securitydomain/upload"
#define UPLOAD   "POST /securitydomain/upload"
#define PENDING  "GET /securitydomain/upload/pending"

enum { FILE_SIZE_MAX = 64 * 1024 };

/* A file of the vectors; to be freed. */
static char *vector(const char *name)
{
    const char *source = getenv("TEST_SOURCE");
    char path[512], *text = calloc(1, FILE_SIZE_MAX);
    FILE *file;

    CU_ASSERT_FATAL(source != NULL && text != NULL);
    (void)snprintf(path, sizeof(path),
                   "%s/tests/data/security-domain/sd_3of2/%s", source, name);
    file = fopen(path, "rb");
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT(fread(text, 1, FILE_SIZE_MAX - 1, file) > 0);
    (void)fclose(file);
    return text;
}

static mhsm_status exchange(int status, const char *answer, mhsm_result **pem,
                            mhsm_error **err)
{
    struct ts_answer rows[] = {
        TS_TOKEN, {EXCHANGE, NULL, 1, 0, status, NULL, NULL, answer}, TS_END};
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_status st;

    ts_script(rows);
    st = mhsm_security_domain_exchange_key(client, uri, pem, err);
    CU_ASSERT(ts_count(EXCHANGE) == 1 && ts_stray() == 0);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return st;
}

/* The JWK as text in a string, and as the object that the reference has. */
static void exchange_keys(void)
{
    char *answer = vector("transfer_key_response.json");
    char *expected = vector("exchange.pem"), *object = calloc(1, FILE_SIZE_MAX);
    const char *from = strchr(strstr(answer, "\"transfer_key\""), '{');
    char *to;
    int i;

    CU_ASSERT_FATAL(from != NULL);
    to = object + snprintf(object, FILE_SIZE_MAX, "{\"transfer_key\":");
    for (; *from != '\0'; from++) {
        if (*from == '"' && from[-1] == '}')
            continue;
        if (*from != '\\')
            *to++ = *from;
    }
    for (i = 0; i < 2; i++) {
        mhsm_result *pem = NULL;
        mhsm_error *err = NULL;
        const unsigned char *data;
        size_t size = 0;

        TC_STATUS(exchange(200, i == 0 ? answer : object, &pem, &err), MHSM_OK);
        data = pem != NULL ? mhsm_result_data(pem, &size) : NULL;
        CU_ASSERT(size == strlen(expected) &&
                  memcmp(data, expected, size) == 0);
        mhsm_result_free(pem);
    }
    free(object);
    free(expected);
    free(answer);
}

static void no_exchange_keys(void)
{
    static const struct {
        int http;
        const char *answer;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {200, "{}", MHSM_ERR_PROTOCOL, "has no exchange key"},
        {200, NULL, MHSM_ERR_PROTOCOL, "has no exchange key"},
        {200, "{\"transfer_key\":\"{\"}", MHSM_ERR_PROTOCOL,
         "has no exchange key"},
        {200, "{\"transfer_key\":{\"x5c\":[]}}", MHSM_ERR_PROTOCOL,
         "has no certificate"},
        {200, "{\"transfer_key\":{\"x5c\":[\"AA==\"]}}", MHSM_ERR_PROTOCOL,
         "no certificate in PEM or DER"},
        {409, "{\"error\":{\"code\":\"Conflict\",\"message\":\"busy\"}}",
         MHSM_ERR_CONFLICT, "never activated can be restored"},
        {400, "{\"error\":{\"code\":\"BadParameter\",\"message\":\"no\"}}",
         MHSM_ERR_REJECTED, "never activated can be restored"},
        {403, "{\"error\":{\"code\":\"Forbidden\",\"message\":\"no\"}}",
         MHSM_ERR_FORBIDDEN, "Managed HSM Administrator"},
    };
    mhsm_result *pem = NULL;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        TC_ERROR(exchange(rows[i].http, rows[i].answer, &pem, &err),
                 rows[i].status, rows[i].part);
    }
    CU_ASSERT(exchange(200, "{}", &pem, NULL) == MHSM_ERR_PROTOCOL);
    CU_ASSERT(exchange(409, "{}", &pem, NULL) == MHSM_ERR_CONFLICT);
    CU_ASSERT(pem == NULL);
    TC_ERROR(mhsm_security_domain_exchange_key(NULL, NULL, &pem, &err),
             MHSM_ERR_ARGUMENT, "needs a client");
}

static mhsm_status upload(int status, const char *answer, const char *blob,
                          size_t size, mhsm_domain_state *state,
                          mhsm_result **details, mhsm_error **err)
{
    struct ts_answer rows[] = {
        TS_TOKEN, {UPLOAD, NULL, 1, 0, status, NULL, NULL, answer}, TS_END};
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_status st;

    ts_script(rows);
    st = mhsm_security_domain_upload(client, uri, (const unsigned char *)blob,
                                     size, state, details, err);
    CU_ASSERT(ts_stray() == 0);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return st;
}

/* The body decides, whatever the status is; without one, the state has to be
 * asked for. */
static void uploads(void)
{
    static const struct {
        int http;
        const char *answer;
        mhsm_domain_state state;
        const char *details;
    } rows[] = {
        {202, "{\"status\":\"InProgress\",\"status_details\":\"restoring\"}",
         MHSM_DOMAIN_IN_PROGRESS, "restoring"},
        {202, "{\"status\":\"Success\",\"statusDetails\":\"old\"}",
         MHSM_DOMAIN_DONE, "old"},
        {200, "{\"status\":\"Failed\",\"status_details\":\"no\"}",
         MHSM_DOMAIN_FAILED, "no"},
        {204, NULL, MHSM_DOMAIN_IN_PROGRESS, ""},
    };
    char *blob = vector("restore_blob_det.json");
    char *request = vector("upload_request_det.json");
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsm_domain_state state = MHSM_DOMAIN_FAILED;
        mhsm_result *details = NULL;
        mhsm_error *err = NULL;
        const unsigned char *text;

        TC_STATUS(upload(rows[i].http, rows[i].answer, blob, strlen(blob),
                         &state, &details, &err),
                  MHSM_OK);
        CU_ASSERT(state == rows[i].state);
        text = details != NULL ? mhsm_result_data(details, NULL) : NULL;
        CU_ASSERT_STRING_EQUAL(text != NULL ? (const char *)text : "",
                               rows[i].details);
        CU_ASSERT_STRING_EQUAL(ts_body(UPLOAD), request);
        CU_ASSERT(ts_count(UPLOAD) == 1);
        mhsm_result_free(details);
        TC_STATUS(upload(rows[i].http, rows[i].answer, blob, strlen(blob),
                         &state, NULL, &err),
                  MHSM_OK);
    }
    free(request);
    free(blob);
}

static void no_uploads(void)
{
    static const struct {
        int http;
        const char *answer;
        mhsm_status status;
        const char *part;
    } rows[] = {
        {202, "{\"status\":\"Perhaps\"}", MHSM_ERR_PROTOCOL, "Perhaps"},
        {202, "{}", MHSM_ERR_PROTOCOL, "not known: none"},
        {400, "{\"error\":{\"code\":\"BadParameter\",\"message\":\"used\"}}",
         MHSM_ERR_REJECTED, "init-recovery"},
        {409, "{\"error\":{\"code\":\"Conflict\",\"message\":\"active\"}}",
         MHSM_ERR_CONFLICT, "init-recovery"},
        {403, "{\"error\":{\"code\":\"Forbidden\",\"message\":\"no\"}}",
         MHSM_ERR_FORBIDDEN, "Managed HSM Administrator"},
        {503, "{}", MHSM_ERR_SERVICE, "cannot upload"},
    };
    static const struct {
        const char *blob;
        size_t size;
        const char *part;
    } blobs[] = {
        {NULL, 0, "is empty"},
        {"", 0, "is empty"},
        {"a\0b", 3, "or no text"},
        {"\xff", 1, "no text in UTF-8"},
    };
    mhsm_domain_state state = MHSM_DOMAIN_FAILED;
    mhsm_result *details = NULL;
    mhsm_error *err = NULL;
    char *large = calloc(1, MHSM_DOMAIN_SIZE_MAX + 1);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        TC_ERROR(upload(rows[i].http, rows[i].answer, "{}", 2, &state, &details,
                        &err),
                 rows[i].status, rows[i].part);
        /* It is sent once, whatever comes. */
        CU_ASSERT(ts_count(UPLOAD) == 1);
    }
    for (i = 0; i < sizeof(blobs) / sizeof(blobs[0]); i++) {
        TC_ERROR(upload(200, "{}", blobs[i].blob, blobs[i].size, &state,
                        &details, &err),
                 MHSM_ERR_ARGUMENT, blobs[i].part);
        CU_ASSERT(ts_count(UPLOAD) == 0);
    }
    CU_ASSERT_FATAL(large != NULL);
    memset(large, 'a', MHSM_DOMAIN_SIZE_MAX + 1);
    TC_ERROR(upload(200, "{}", large, MHSM_DOMAIN_SIZE_MAX + 1, &state,
                    &details, &err),
             MHSM_ERR_ARGUMENT, "larger than");
    free(large);
    CU_ASSERT(details == NULL);
    TC_ERROR(
        mhsm_security_domain_upload(NULL, NULL, NULL, 0, &state, NULL, &err),
        MHSM_ERR_ARGUMENT, "needs a client");
}

/* Each operation has a state of its own. */
static void states(void)
{
    struct ts_answer rows[] = {
        TS_TOKEN,
        {PENDING, NULL, 1, 0, 200, NULL, NULL, "{\"status\":\"Failed\"}"},
        TS_END};
    mhsm_domain_state state = MHSM_DOMAIN_DONE;
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_error *err = NULL;

    ts_script(rows);
    TC_STATUS(mhsm_security_domain_state(client, uri, MHSM_DOMAIN_UPLOAD,
                                         &state, NULL, &err),
              MHSM_OK);
    CU_ASSERT(state == MHSM_DOMAIN_FAILED && ts_count(PENDING) == 1);
    TC_ERROR(mhsm_security_domain_state(client, uri, MHSM_DOMAIN_DOWNLOAD,
                                        &state, NULL, &err),
             MHSM_ERR_NOT_FOUND, "the download of the security domain");
    TC_ERROR(mhsm_security_domain_state(client, uri, (mhsm_domain_operation)2,
                                        &state, NULL, &err),
             MHSM_ERR_ARGUMENT, "an operation");
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ts_begin},
        {"exchange_keys", exchange_keys},
        {"no_exchange_keys", no_exchange_keys},
        {"uploads", uploads},
        {"no_uploads", no_uploads},
        {"states", states},
        {"end", ts_finish},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_domain_recovery", tests);
}
