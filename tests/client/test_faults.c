/* SPDX-License-Identifier: MIT
 *
 * What libmhsm makes of a service that misbehaves: each fault has its status,
 * its words, and its number of requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define SIGN "POST /keys/{name}/{version}/sign"

static mhsm_client *client;
static mhsm_key *key;

static mhsm_status sign(mhsm_client *with, mhsm_error **err)
{
    static const unsigned char digest[32];
    mhsm_result *result = NULL;
    mhsm_status st = mhsm_sign(with, key, "ES256", digest, 32, &result, err);

    CU_ASSERT((result != NULL) == (st == MHSM_OK));
    mhsm_result_free(result);
    return st;
}

static void prepare(void)
{
    mhsm_error *err = NULL;

    client = tc_open(NULL);
    key = tc_create(client, "faulty", MHSM_KEY_EC, 0, MHSM_CURVE_P256);
    TC_STATUS(sign(client, &err), MHSM_OK);
}

/* Passing faults: the call succeeds, after so many requests. */
static void passing(void)
{
    static const struct {
        const char *fault;
        long requests;
    } faults[] = {
        {"\"action\":\"unauthorized\",\"count\":1", 2},
        {"\"action\":\"status\",\"status\":429,\"retry_after\":\"0\","
         "\"count\":2",
         3},
        {"\"action\":\"status\",\"status\":503,\"count\":1", 2},
        {"\"action\":\"status\",\"status\":500,\"count\":1", 2},
        {"\"action\":\"reset\",\"count\":1", 2},
        {"\"action\":\"truncate\",\"count\":1", 2},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        th_reset();
        th_fault("\"route\":\"sign\",%s", faults[i].fault);
        TC_STATUS(sign(client, &err), MHSM_OK);
        TH_TRUE(th_route(SIGN) == faults[i].requests, "%s: %ld requests",
                faults[i].fault, th_route(SIGN));
        TC_STATUS(sign(client, &err), MHSM_OK);
    }
    th_reset();
}

static const struct {
    const char *fault;
    mhsm_status status;
    const char *part;
    long requests; /* 0: does not matter */
} lasting[] = {
    {"\"action\":\"unauthorized\"", MHSM_ERR_UNAUTHORIZED,
     "refuses the access token", 2},
    {"\"action\":\"status\",\"status\":403,\"code\":\"AccessDenied\","
     "\"message\":\"Not authorized to access Microsoft.KeyVault/managedHsm/"
     "keys/sign/action on '/keys/faulty'\"",
     MHSM_ERR_FORBIDDEN, "at scope /keys/faulty", 1},
    {"\"action\":\"status\",\"status\":404,\"code\":\"KeyNotFound\","
     "\"message\":\"gone\"",
     MHSM_ERR_NOT_FOUND, "cannot sign with key faulty: gone", 1},
    {"\"action\":\"status\",\"status\":400,\"code\":\"BadParameter\","
     "\"message\":\"odd\"",
     MHSM_ERR_REJECTED, "BadParameter", 1},
    {"\"action\":\"status\",\"status\":429,\"retry_after\":\"0\"",
     MHSM_ERR_THROTTLED, "HTTP 429", 0},
    {"\"action\":\"status\",\"status\":503,\"retry_after\":\"0\"",
     MHSM_ERR_SERVICE, "HTTP 503", 2},
    {"\"action\":\"status\",\"status\":501", MHSM_ERR_SERVICE, "HTTP 501", 1},
    {"\"action\":\"reset\"", MHSM_ERR_TRANSPORT, "cannot sign", 0},
    {"\"action\":\"truncate\"", MHSM_ERR_TRANSPORT, "cannot sign", 0},
    {"\"action\":\"garbage\"", MHSM_ERR_PROTOCOL, "not JSON", 1},
    {"\"action\":\"redirect\"", MHSM_ERR_PROTOCOL, "redirects", 1},
    {"\"action\":\"huge\"", MHSM_ERR_PROTOCOL, "cannot sign", 0},
    {"\"action\":\"slow\",\"ms\":3000", MHSM_ERR_TIMEOUT, "cannot sign", 0},
};

static void failing(void)
{
    mhsm_client *hasty =
        tc_open(TC_OPTIONS("retries=1", "try-timeout=400ms", "timeout=3s"));
    mhsm_error *err = NULL;
    long begun;
    size_t i;

    TC_STATUS(sign(hasty, &err), MHSM_OK);
    for (i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
        th_reset();
        th_fault("\"route\":\"sign\",%s,\"count\":-1", lasting[i].fault);
        begun = th_now_ms();
        TC_ERROR(sign(hasty, &err), lasting[i].status, lasting[i].part);
        TH_TRUE(th_now_ms() - begun < 4000, "%s: %ld ms", lasting[i].fault,
                th_now_ms() - begun);
        if (lasting[i].requests != 0)
            TH_TRUE(th_route(SIGN) == lasting[i].requests, "%s: %ld requests",
                    lasting[i].fault, th_route(SIGN));
        th_reset();
        TC_STATUS(sign(hasty, &err), MHSM_OK);
    }
    mhsm_client_free(hasty);
}

/* Every error that the service gave carries its request id. */
static void request_ids(void)
{
    mhsm_error *err = NULL;

    th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":400,"
             "\"code\":\"BadParameter\",\"message\":\"m\",\"count\":1");
    CU_ASSERT(sign(client, &err) == MHSM_ERR_REJECTED);
    CU_ASSERT(strlen(mhsm_error_request_id(err)) == 36);
    CU_ASSERT(mhsm_error_http_status(err) == 400);
    mhsm_error_free(&err);
    th_reset();
}

/* Writes: once, and on a fresh connection; 401 and 429 show that nothing was
 * done. */
static void writes(void)
{
    static const struct {
        const char *fault;
        mhsm_status status;
        long requests;
    } faults[] = {
        {"\"action\":\"status\",\"status\":500,\"count\":1", MHSM_ERR_SERVICE,
         1},
        {"\"action\":\"reset\",\"count\":1", MHSM_ERR_TRANSPORT, 1},
        {"\"action\":\"truncate\",\"count\":1", MHSM_ERR_TRANSPORT, 1},
        {"\"action\":\"garbage\",\"count\":1", MHSM_ERR_PROTOCOL, 1},
        {"\"action\":\"unauthorized\",\"count\":1", MHSM_OK, 2},
        {"\"action\":\"status\",\"status\":429,\"retry_after\":\"0\","
         "\"count\":1",
         MHSM_OK, 2},
    };
    mhsm_key_spec spec = MHSM_KEY_SPEC_INIT;
    mhsm_error *err = NULL;
    char text[64];
    size_t i;

    spec.type = MHSM_KEY_EC;
    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        mhsm_key *made = NULL;
        mhsm_uri *uri;

        snprintf(text, sizeof(text), "mhsm:write-%zu", i);
        uri = tc_uri(client, text);
        th_reset();
        th_fault("\"route\":\"create\",%s", faults[i].fault);
        TC_STATUS(mhsm_key_create(client, uri, &spec, &made, &err),
                  faults[i].status);
        CU_ASSERT((made != NULL) == (faults[i].status == MHSM_OK));
        TH_TRUE(th_route("POST /keys/{name}/create") == faults[i].requests,
                "%s: %ld requests", faults[i].fault,
                th_route("POST /keys/{name}/create"));
        CU_ASSERT(th_stats().connections >= 1);
        mhsm_key_free(made);
        mhsm_uri_free(uri);
    }
    th_reset();
}

static void no_service(void)
{
    static const struct {
        const char *endpoint;
        mhsm_status status;
        const char *part;
    } places[] = {
        {"endpoint=https://localhost:1", MHSM_ERR_CONNECT, "localhost"},
        {"endpoint=https://no-such-host.invalid", MHSM_ERR_RESOLVE,
         "no-such-host.invalid"},
    };
    mhsm_error *err = NULL;
    mhsm_key *got = NULL;
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        mhsm_client *lost =
            tc_open(TC_OPTIONS(places[i].endpoint, "retries=0"));
        mhsm_uri *uri = tc_uri(lost, "mhsm:k");

        TC_ERROR(mhsm_key_get(lost, uri, &got, &err), places[i].status,
                 places[i].part);
        mhsm_uri_free(uri);
        mhsm_client_free(lost);
    }
}

/* The system's roots do not know the emulator's certificate. */
static void untrusted(void)
{
    mhsm_client *strict;
    mhsm_error *err = NULL;
    mhsm_key *got = NULL;
    mhsm_uri *uri;

    unsetenv("MHSM_CA_FILE");
    strict = tc_open(TC_OPTIONS("retries=0"));
    uri = tc_uri(strict, "mhsm:faulty");
    TC_ERROR(mhsm_key_get(strict, uri, &got, &err), MHSM_ERR_TLS, "ca-file");
    mhsm_uri_free(uri);
    mhsm_client_free(strict);
    th_environment_reset();
}

static void listing(void)
{
    mhsm_uri *hsm = tc_uri(client, "mhsm:");
    const mhsm_key_item *item = NULL;
    mhsm_key_list *list = NULL;
    mhsm_error *err = NULL;

    TC_STATUS(mhsm_key_list_new(client, hsm, MHSM_LIST_KEYS, &list, &err),
              MHSM_OK);
    th_fault("\"route\":\"list\",\"action\":\"garbage\",\"count\":1");
    TC_ERROR(mhsm_key_list_next(list, &item, &err), MHSM_ERR_PROTOCOL,
             "cannot list keys");
    th_reset();
    TC_STATUS(mhsm_key_list_next(list, &item, &err), MHSM_OK);
    CU_ASSERT(item != NULL);
    mhsm_key_list_free(list);
    mhsm_uri_free(hsm);
}

static void finish(void)
{
    mhsm_key_free(key);
    mhsm_client_free(client);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},     {"passing", passing},
        {"failing", failing},     {"request_ids", request_ids},
        {"writes", writes},       {"no_service", no_service},
        {"untrusted", untrusted}, {"listing", listing},
        {"finish", finish},       CU_TEST_INFO_NULL,
    };

    return th_main("client_faults", tests);
}
