/* SPDX-License-Identifier: MIT
 *
 * The token endpoint's answers to an application: what each code means to
 * somebody who configures a signer, when to come again, and forms of a good
 * answer that few authorities use.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support.h"

static void prepare(void)
{
    tc_prepare("auth");
}

static mhsm_status get_with(const char *const *options, mhsm_error **err)
{
    return tc_get("mhsm:auth", options, err);
}

/* Code and words reach the person, with what to do; asking again would not
 * help, so nobody does. */
static void codes(void)
{
    static const struct {
        long code;
        const char *part;
    } rows[] = {
        {7000215, "its id was pasted"},
        {7000222, "expired"},
        {700016, "check client-id and tenant-id"},
        {700011, "check client-id and tenant-id"},
        {700027, "does not have this certificate"},
        {700021, "check client-id"},
        {700023, "authority-host"},
        {50027, "assertion-algorithm"},
        {700024, "clock"},
        {700030, "send-certificate-chain"},
        {700025, "public client"},
        {70021, "federated credential"},
        {700213, "service account"},
        {7002131, "service account"},
        {70001, "disabled"},
        {7000112, "disabled"},
        {90002, "tenant-id and authority-host"},
        {900023, "malformed"},
        {500011, "wrong cloud"},
        {650052, "wrong cloud"},
        {50001, "wrong cloud"},
        {70011, "`resource`"},
        {53003, "conditional access"},
        {50196, "loop"},
        {90033, "try again later"},
        {90055, "try again later"},
    };
    char code[32];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mhsm_error *err = NULL;

        th_reset();
        th_fault("\"route\":\"token\",\"action\":\"status\",\"status\":400,"
                 "\"code\":\"invalid_client\",\"message\":\"AADSTS%ld: It was "
                 "refused.\\r\\nTrace ID: 1\",\"count\":-1",
                 rows[i].code);
        CU_ASSERT(get_with(NULL, &err) == MHSM_ERR_CREDENTIAL);
        snprintf(code, sizeof(code), "AADSTS%ld: It was refused.",
                 rows[i].code);
        TH_TRUE(strstr(mhsm_error_text(err), code) != NULL, "%s: %s", code,
                mhsm_error_text(err));
        TH_TRUE(strstr(mhsm_error_hint(err), rows[i].part) != NULL, "%s: %s",
                code, mhsm_error_hint(err));
        CU_ASSERT(strstr(mhsm_error_text(err), "Trace ID") == NULL);
        CU_ASSERT(strcmp(mhsm_error_code(err), "invalid_client") == 0);
        CU_ASSERT(th_route("POST /token") == 1);
        mhsm_error_free(&err);
    }
    th_reset();
}

/* Numbers as text are numbers: the token is kept. */
static void strings(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_error *err = NULL;

    th_reset();
    th_fault("\"route\":\"token\",\"action\":\"strings\",\"count\":-1");
    TC_STATUS(tc_get_by(client, "mhsm:auth", &err), MHSM_OK);
    TC_STATUS(tc_get_by(client, "mhsm:auth", &err), MHSM_OK);
    CU_ASSERT(th_stats().tokens == 1);
    th_reset();
    mhsm_client_free(client);
}

/* One refusal that says when to come again, then success: the wait is what
 * was asked for. */
static void wait_for(int status, const char *header, const char *value,
                     long least, long most)
{
    mhsm_error *err = NULL;
    long begun;

    th_reset();
    th_fault("\"route\":\"token\",\"action\":\"status\",\"status\":%d,"
             "\"retry_header\":\"%s\",\"retry_after\":\"%s\",\"count\":1",
             status, header, value);
    begun = th_now_ms();
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    TH_TRUE(th_now_ms() - begun >= least, "%s: %s: %ld ms", header, value,
            th_now_ms() - begun);
    TH_TRUE(th_now_ms() - begun <= most, "%s: %s: %ld ms", header, value,
            th_now_ms() - begun);
    CU_ASSERT(th_route("POST /token") == 2);
    th_reset();
}

static void retry_after(void)
{
    time_t soon;
    struct tm tm;
    char date[64];

    wait_for(429, "retry-after", "2", 2000, 8000);
    wait_for(503, "retry-after", "0", 0, 600);
    wait_for(429, "retry-after-ms", "1500", 1500, 7000);
    wait_for(500, "x-ms-retry-after-ms", "1500", 1500, 7000);
    soon = time(NULL) + 3;
    gmtime_r(&soon, &tm);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    wait_for(429, "retry-after", date, 1500, 8000);
}

/* Failures that pass, and an answer that takes its time. */
static void passing(void)
{
    static const char *const faults[] = {
        "\"action\":\"status\",\"status\":500",
        "\"action\":\"status\",\"status\":502",
        "\"action\":\"status\",\"status\":504",
        "\"action\":\"truncate\"",
        "\"action\":\"reset\"",
        "\"action\":\"slow\",\"ms\":1500",
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        th_reset();
        th_fault("\"route\":\"token\",%s,\"count\":1", faults[i]);
        TC_STATUS(get_with(NULL, &err), MHSM_OK);
        TH_TRUE(th_stats().tokens >= 1, "%s", faults[i]);
    }
    th_reset();
    /* Slower than a try may be, and than the whole call. */
    th_fault("\"route\":\"token\",\"action\":\"slow\",\"ms\":3000,"
             "\"count\":-1");
    TC_ERROR(get_with(TC_OPTIONS("try-timeout=500ms", "timeout=2s"), &err),
             MHSM_ERR_TIMEOUT, "no answer in time");
    th_reset();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare}, {"codes", codes},
        {"strings", strings}, {"retry_after", retry_after},
        {"passing", passing}, CU_TEST_INFO_NULL,
    };

    return th_main("client_auth_entra", tests);
}
