/* SPDX-License-Identifier: MIT
 *
 * The metadata service of a virtual machine as it is on its bad days: being
 * started, replaced, busy, or somebody else in its place.
 */
#include <stdlib.h>
#include <string.h>

#include "identity.h"

#define MANAGED "credential=managed-identity"

static const char *imds(void)
{
    return ti_option(0, "imds-endpoint", getenv("MHSM_EMULATOR_IMDS"));
}

/* A status for some times, then the token. */
static void sequences(void)
{
    static const struct {
        int status, count;
        const char *timeout;
        mhsm_status end;
        long requests, least_ms;
    } rows[] = {
        {404, 1, "timeout=20s", MHSM_OK, 2, 1000},
        {429, 1, "timeout=20s", MHSM_OK, 2, 1000},
        {500, 2, "timeout=20s", MHSM_OK, 3, 3000},
        {501, 1, "timeout=20s", MHSM_OK, 2, 1000},
        /* Longer than the retries of others: it is being replaced. */
        {410, 2, "timeout=30s", MHSM_OK, 3, 9000},
        {404, -1, "timeout=2s", MHSM_ERR_CREDENTIAL, 2, 1000},
        {410, -1, "timeout=2s", MHSM_ERR_CREDENTIAL, 1, 0},
        {400, -1, "timeout=20s", MHSM_ERR_CREDENTIAL, 1, 0},
        {403, -1, "timeout=20s", MHSM_ERR_CREDENTIAL, 1, 0},
    };
    mhsm_error *err = NULL;
    mhsm_status st;
    long begun;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ti_nowhere();
        th_fault("\"route\":\"imds\",\"action\":\"status\",\"status\":%d,"
                 "\"count\":%d",
                 rows[i].status, rows[i].count);
        begun = th_now_ms();
        st = ti_sign(TC_OPTIONS(MANAGED, imds(), rows[i].timeout), &err);
        TH_TRUE(st == rows[i].end, "%d: %s", rows[i].status,
                mhsm_error_text(err));
        TH_TRUE(th_stats().imds == rows[i].requests, "%d: %ld requests",
                rows[i].status, th_stats().imds);
        TH_TRUE(th_now_ms() - begun >= rows[i].least_ms, "%d: %ld ms",
                rows[i].status, th_now_ms() - begun);
        mhsm_error_free(&err);
    }
    ti_nowhere();
}

/* What the user is told. */
static void stories(void)
{
    mhsm_error *err = NULL;

    ti_nowhere();
    TC_ERROR(
        ti_sign(TC_OPTIONS(MANAGED, imds(), "identity-client-id=nobody"), &err),
        MHSM_ERR_CREDENTIAL, "choose one with identity-client-id");
    th_fault("\"route\":\"imds\",\"action\":\"status\",\"status\":403,"
             "\"message\":\"connecting to 169.254.169.254:80: connect: A "
             "socket operation was attempted to an unreachable network.\"");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, imds()), &err), MHSM_ERR_CREDENTIAL,
             "container's runtime");
    th_reset();
    th_fault("\"route\":\"imds\",\"action\":\"status\",\"status\":504,"
             "\"count\":-1");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, imds(), "retries=0"), &err),
             MHSM_ERR_SERVICE, "in its place");
    ti_nowhere();
}

/* Whatever the options say of a proxy. */
static void proxies(void)
{
    const char *options[] = {MANAGED, imds(), "proxy=http://127.0.0.1:1",
                             "no-proxy=localhost", NULL};
    mhsm_error *err = NULL;

    ti_nowhere();
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    TC_STATUS(ti_sign(options, &err), MHSM_OK);
    unsetenv("http_proxy");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ti_prepare}, {"sequences", sequences}, {"stories", stories},
        {"proxies", proxies},    CU_TEST_INFO_NULL,
    };

    return th_main("client_identity_imds", tests);
}
