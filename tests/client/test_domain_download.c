/* SPDX-License-Identifier: MIT
 *
 * What an HSM may answer to the download of a security domain, and what it may
 * not.
 */
#include <stdlib.h>
#include <string.h>

#include "scripted_client.h"

#define DOWNLOAD "POST /securitydomain/download"
#define PENDING  "GET /securitydomain/download/pending"

enum { HOLDERS = 3 };

static mhsm_wrapping_certificate *own[HOLDERS];
static const mhsm_wrapping_certificate *certificates[HOLDERS];

static void make(void)
{
    int i;

    for (i = 0; i < HOLDERS; i++) {
        mhsm_result *key = NULL, *pem = NULL;
        const unsigned char *data;
        size_t size;

        CU_ASSERT_FATAL(mhsm_wrapping_key_generate("holder", 2048, 10, NULL,
                                                   &key, &pem,
                                                   NULL) == MHSM_OK);
        data = mhsm_result_data(pem, &size);
        CU_ASSERT_FATAL(mhsm_wrapping_certificate_decode(data, size, &own[i],
                                                         NULL) == MHSM_OK);
        certificates[i] = own[i];
        mhsm_result_free(key);
        mhsm_result_free(pem);
    }
}

static mhsm_status download(const char *answer, mhsm_result **file,
                            mhsm_error **err)
{
    struct ts_answer rows[] = {
        TS_TOKEN, {DOWNLOAD, NULL, 1, 0, 202, NULL, NULL, answer}, TS_END};
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_status st;

    ts_script(rows);
    st = mhsm_security_domain_download(client, uri, certificates, HOLDERS, 2,
                                       file, err);
    CU_ASSERT(ts_count(DOWNLOAD) == 1 && ts_stray() == 0);
    CU_ASSERT(strncmp(ts_body(DOWNLOAD), "{\"certificates\": [{\"x5c\"", 24) ==
              0);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return st;
}

/* Octet for octet as it is told, whatever is in it: that is not judged before
 * it is saved. */
static void files(void)
{
    static const char *const rows[][2] = {
        {"{\"value\":\"{\\\"a\\\": 1}\"}", "{\"a\": 1}"},
        {"{\"value\":\"eyJhIjogMX0\"}", "{\"a\": 1}"},
    };
    size_t i, size;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsm_result *file = NULL;
        mhsm_error *err = NULL;
        const unsigned char *data;

        TC_STATUS(download(rows[i][0], &file, &err), MHSM_OK);
        if (file == NULL)
            continue;
        data = mhsm_result_data(file, &size);
        CU_ASSERT(size == strlen(rows[i][1]));
        CU_ASSERT(memcmp(data, rows[i][1], size) == 0);
        mhsm_result_free(file);
    }
}

static void no_files(void)
{
    static const char *const rows[] = {
        "{}", "{\"value\":1}", "{\"value\":\"\"}", "{\"value\":\"a+b/\"}", "[]",
        NULL};
    mhsm_result *file = NULL;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        TC_ERROR(download(rows[i], &file, &err), MHSM_ERR_PROTOCOL,
                 "holds no security domain");
    CU_ASSERT(file == NULL);
    TC_ERROR(mhsm_security_domain_download(NULL, NULL, certificates, HOLDERS, 2,
                                           &file, &err),
             MHSM_ERR_ARGUMENT, "needs a client");
}

static mhsm_status look(const char *answer, mhsm_domain_state *state,
                        mhsm_result **details, mhsm_error **err)
{
    struct ts_answer rows[] = {
        TS_TOKEN, {PENDING, NULL, 1, 0, 200, NULL, NULL, answer}, TS_END};
    mhsm_client *client = ts_open_plain(NULL);
    mhsm_uri *uri = tc_uri(client, "mhsm:");
    mhsm_status st;

    ts_script(rows);
    st = mhsm_security_domain_state(client, uri, MHSM_DOMAIN_DOWNLOAD, state,
                                    details, err);
    CU_ASSERT(ts_count(PENDING) == 1);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return st;
}

static void states(void)
{
    static const struct {
        const char *answer;
        mhsm_domain_state state;
        const char *details;
    } rows[] = {
        {"{\"status\":\"InProgress\",\"status_details\":\"one\"}",
         MHSM_DOMAIN_IN_PROGRESS, "one"},
        {"{\"status\":\"Success\",\"statusDetails\":\"two\"}", MHSM_DOMAIN_DONE,
         "two"},
        {"{\"status\":\"Succeeded\"}", MHSM_DOMAIN_DONE, ""},
        {"{\"status\":\"Failed\",\"status_details\":null}", MHSM_DOMAIN_FAILED,
         ""},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsm_domain_state state = MHSM_DOMAIN_IN_PROGRESS;
        mhsm_result *details = NULL;
        mhsm_error *err = NULL;
        const unsigned char *text;

        TC_STATUS(look(rows[i].answer, &state, &details, &err), MHSM_OK);
        CU_ASSERT(state == rows[i].state);
        text = details != NULL ? mhsm_result_data(details, NULL) : NULL;
        CU_ASSERT_STRING_EQUAL(text != NULL ? (const char *)text : "",
                               rows[i].details);
        mhsm_result_free(details);
        TC_STATUS(look(rows[i].answer, &state, NULL, &err), MHSM_OK);
    }
}

static void no_states(void)
{
    static const char *const rows[][2] = {
        {"{\"status\":\"Perhaps\"}", "is not known: Perhaps"},
        {"{}", "is not known: none"},
        {NULL, "is not known: none"},
    };
    mhsm_domain_state state = MHSM_DOMAIN_FAILED;
    mhsm_result *details = NULL;
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        TC_ERROR(look(rows[i][0], &state, &details, &err), MHSM_ERR_PROTOCOL,
                 rows[i][1]);
    CU_ASSERT(state == MHSM_DOMAIN_FAILED && details == NULL);
    TC_ERROR(mhsm_security_domain_state(NULL, NULL, MHSM_DOMAIN_DOWNLOAD,
                                        &state, NULL, &err),
             MHSM_ERR_ARGUMENT, "needs a client");
}

static void end(void)
{
    int i;

    for (i = 0; i < HOLDERS; i++)
        mhsm_wrapping_certificate_free(own[i]);
    ts_finish();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ts_begin},  {"make", make},     {"files", files},
        {"no_files", no_files}, {"states", states}, {"no_states", no_states},
        {"end", end},           CU_TEST_INFO_NULL,
    };

    return th_main("client_domain_download", tests);
}
