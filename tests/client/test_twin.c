/* SPDX-License-Identifier: MIT
 *
 * The second of two HSMs: it gets no digest before it has shown that it holds
 * the very key, and showing that takes none of the caller's time beyond what
 * he allowed.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scripted_client.h"

/* The first one is out of reach. */
static mhsm_client *open_second(void)
{
    static char endpoint[128];

    snprintf(endpoint, sizeof(endpoint), "endpoint=https://localhost:1,%s",
             ts_url());
    return ts_open_plain(endpoint);
}

static void false_copies(void)
{
    static const char other[] =
        "{\"key\":{\"kid\":\"$E/keys/k/" TS_V1 "\",\"kty\":\"EC-HSM\","
        "\"crv\":\"P-256\",\"x\":\"" TS_X "\",\"y\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI\"}}";
    static const struct {
        const char *copy; /* what it says of the version */
        mhsm_status status;
        const char *part;
    } copies[] = {
        {other, MHSM_ERR_PROTOCOL, "another key"},
        {TS_KEY("$E/keys/k/" TS_V2), MHSM_ERR_PROTOCOL, "k"},
        {TS_KEY("https://localhost:1/keys/k/" TS_V1), MHSM_ERR_PROTOCOL, "k"},
        {"{}", MHSM_ERR_PROTOCOL, "k"},
    };
    static const unsigned char digest[32];
    size_t i;

    for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        const struct ts_answer rows[] = {
            TS_TOKEN,
            TS_GET_KEY,
            {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL, copies[i].copy},
            TS_END,
        };
        mhsm_client *client = open_second();
        mhsm_result *result = NULL;
        mhsm_error *err = NULL;
        mhsm_key *key;

        ts_script(rows);
        key = tc_key(client, "mhsm:k");
        /* It stands for the first one's key. */
        CU_ASSERT_STRING_EQUAL(mhsm_key_id(key),
                               "https://localhost:1/keys/k/" TS_V1);
        TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
                 copies[i].status, copies[i].part);
        CU_ASSERT(ts_count(TS_SIGN_ROUTE) == 0 && result == NULL);
        mhsm_key_free(key);
        mhsm_client_free(client);
    }
}

/* And once it has, it is not asked again. */
static void true_copy(void)
{
    static const struct ts_answer rows[] = {
        TS_TOKEN,
        TS_GET_KEY,
        {"GET /keys/k/" TS_V1, NULL, 1, 0, 200, NULL, NULL,
         TS_KEY("$E/keys/k/" TS_V1)},
        {TS_SIGN_ROUTE, NULL, 1, 0, 200, NULL, NULL,
         "{\"kid\":\"$E/keys/k/" TS_V1 "\",\"value\":\"" TS_SIG "\"}"},
        TS_END,
    };
    static const unsigned char digest[32];
    mhsm_client *client = open_second();
    mhsm_error *err = NULL;
    mhsm_key *key;
    int i;

    ts_script(rows);
    key = tc_key(client, "mhsm:k");
    for (i = 0; i < 3; i++) {
        mhsm_result *result = NULL;

        TC_STATUS(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
                  MHSM_OK);
        mhsm_result_free(result);
    }
    CU_ASSERT(ts_count(TS_SIGN_ROUTE) == 3 &&
              ts_count("GET /keys/k/" TS_V1) == 1);
    mhsm_key_free(key);
    mhsm_client_free(client);
}

/* Somebody listens and never answers: the port, and the socket to close. */
static int hang(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0 ||
        listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        th_die("cannot listen");
    *port = ntohs(at.sin_port);
    return fd;
}

/* The first hangs, and so does the second when it is asked for the key. */
static void in_time(void)
{
    static const unsigned char digest[32];
    char endpoint[128];
    mhsm_result *result = NULL;
    mhsm_error *err = NULL;
    mhsm_client *client;
    mhsm_key *key;
    long begun, took;
    int port, fd = hang(&port);

    tc_prepare("twin");
    snprintf(endpoint, sizeof(endpoint),
             "endpoint=https://localhost:%d,https://%s", port, th_host());
    client = tc_open(TC_OPTIONS(endpoint, "timeout=3s", "failback-after=1s",
                                "resource=https://managedhsm.azure.net"));
    key = tc_key(client, "mhsm:twin");
    th_sleep_ms(1100); /* the first is tried again, for a second */
    th_fault("\"route\":\"get\",\"action\":\"slow\",\"ms\":10000,"
             "\"count\":-1");
    begun = th_now_ms();
    TC_ERROR(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
             MHSM_ERR_TIMEOUT, "get key twin");
    took = th_now_ms() - begun;
    TH_TRUE(took >= 2500 && took < 3500, "%ld ms", took);
    CU_ASSERT(th_route("POST /keys/{name}/{version}/sign") == 0);
    th_reset();
    TC_STATUS(mhsm_sign(client, key, "ES256", digest, 32, &result, &err),
              MHSM_OK);
    mhsm_result_free(result);
    mhsm_key_free(key);
    mhsm_client_free(client);
    close(fd);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"begin", ts_begin},      {"false_copies", false_copies},
        {"true_copy", true_copy}, {"finish", ts_finish},
        {"in_time", in_time},     CU_TEST_INFO_NULL,
    };

    return th_main("client_twin", tests);
}
