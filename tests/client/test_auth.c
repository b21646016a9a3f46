/* SPDX-License-Identifier: MIT
 *
 * Credentials, tokens and connections: each way of getting a token, each way
 * of not getting one, and how many of everything it takes.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum { threads = 32, rounds = 5, calls = threads * rounds };

static void prepare(void)
{
    tc_prepare("auth");
}

/* Get the key as a client of these options would. */
static mhsm_status get_with(const char *const *options, mhsm_error **err)
{
    return tc_get("mhsm:auth", options, err);
}

/* With the tenant and the resource configured, the first request is the
 * request itself. */
static void requests(void)
{
    mhsm_error *err = NULL;

    th_reset();
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    CU_ASSERT(th_key_requests() == 2 && th_stats().tokens == 1);
    th_reset();
    TC_STATUS(
        get_with(TC_OPTIONS("resource=https://managedhsm.azure.net"), &err),
        MHSM_OK);
    CU_ASSERT(th_key_requests() == 1 && th_stats().tokens == 1);
    /* Without a tenant the challenge tells it. */
    unsetenv("AZURE_TENANT_ID");
    th_reset();
    TC_STATUS(
        get_with(TC_OPTIONS("resource=https://managedhsm.azure.net"), &err),
        MHSM_OK);
    CU_ASSERT(th_key_requests() == 2);
    TC_STATUS(get_with(TC_OPTIONS("credential=client-secret"), &err), MHSM_OK);
    th_environment_reset();
}

static void secrets(void)
{
    char path[512], option[600];
    mhsm_error *err = NULL;
    int fd;

    snprintf(path, sizeof(path), "%s/client-secret", th_state());
    snprintf(option, sizeof(option), "client-secret=file:%s", path);
    TC_ERROR(get_with(TC_OPTIONS(option), &err), MHSM_ERR_CONFIG, path);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    dprintf(fd, "%s\n", getenv("AZURE_CLIENT_SECRET"));
    close(fd);
    setenv("AZURE_CLIENT_SECRET", "in vain", 1);
    TC_STATUS(get_with(TC_OPTIONS(option), &err), MHSM_OK);
    unlink(path);
    th_environment_reset();
}

static void refused(void)
{
    mhsm_error *err = NULL;

    setenv("AZURE_CLIENT_SECRET", "wrong~secret", 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "AADSTS7000215");
    CU_ASSERT(get_with(NULL, &err) == MHSM_ERR_CREDENTIAL);
    CU_ASSERT(strstr(mhsm_error_text(err), "wrong~secret") == NULL);
    CU_ASSERT(strstr(mhsm_error_message(err), "managed-identity") != NULL);
    mhsm_error_free(&err);
    th_environment_reset();
    setenv("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000000", 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "AADSTS700016");
    th_environment_reset();
    setenv("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000000", 1);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_CREDENTIAL, "belongs to tenant");
    th_environment_reset();
    TC_ERROR(get_with(TC_OPTIONS("verify-challenge-resource=yes"), &err),
             MHSM_ERR_CREDENTIAL, "verify-challenge-resource");
    unsetenv("AZURE_CLIENT_ID");
    TC_ERROR(get_with(TC_OPTIONS("credential=client-secret"), &err),
             MHSM_ERR_CREDENTIAL, "AZURE_CLIENT_ID");
    th_environment_reset();
    unsetenv("AZURE_CLIENT_SECRET");
    TC_ERROR(get_with(TC_OPTIONS("credential=client-secret"), &err),
             MHSM_ERR_CONFIG, "AZURE_CLIENT_SECRET");
    th_environment_reset();
    /* A token for another audience is refused by the HSM itself. */
    TC_ERROR(get_with(TC_OPTIONS("resource=https://vault.azure.net"), &err),
             MHSM_ERR_UNAUTHORIZED, "https://vault.azure.net");
}

static void authority_faults(void)
{
    static const struct {
        const char *fault;
        mhsm_status status;
        const char *part;
    } faults[] = {
        {"\"action\":\"garbage\"", MHSM_ERR_PROTOCOL, "not JSON"},
        {"\"action\":\"redirect\"", MHSM_ERR_PROTOCOL, "redirect"},
        {"\"action\":\"huge\"", MHSM_ERR_PROTOCOL, "client-secret"},
        {"\"action\":\"reset\"", MHSM_ERR_TRANSPORT, "client-secret"},
        {"\"action\":\"status\",\"status\":429", MHSM_ERR_THROTTLED,
         "HTTP 429"},
        {"\"action\":\"status\",\"status\":503,\"retry_after\":\"0\"",
         MHSM_ERR_SERVICE, "HTTP 503"},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        th_reset();
        th_fault("\"route\":\"token\",%s,\"count\":-1", faults[i].fault);
        TC_ERROR(get_with(TC_OPTIONS("retries=1", "timeout=3s"), &err),
                 faults[i].status, faults[i].part);
    }
    th_reset();
    th_fault("\"route\":\"token\",\"action\":\"status\",\"status\":503,"
             "\"count\":1");
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    th_reset();
}

static void managed_identity(void)
{
    char option[256];
    mhsm_error *err = NULL;

    snprintf(option, sizeof(option), "imds-endpoint=%s",
             getenv("MHSM_EMULATOR_IMDS"));
    th_reset();
    TC_STATUS(get_with(TC_OPTIONS("credential=managed-identity", option), &err),
              MHSM_OK);
    CU_ASSERT(th_stats().imds == 1 && th_stats().tokens == 0);
    th_fault("\"route\":\"imds\",\"action\":\"status\",\"status\":404,"
             "\"count\":1");
    TC_STATUS(get_with(TC_OPTIONS("credential=managed-identity", option), &err),
              MHSM_OK);
    th_reset();
    TC_ERROR(get_with(TC_OPTIONS("credential=managed-identity", option,
                                 "identity-client-id=nobody"),
                      &err),
             MHSM_ERR_CREDENTIAL, "identity");
    /* The chain comes to it when there is no secret. */
    unsetenv("AZURE_CLIENT_SECRET");
    unsetenv("AZURE_CLIENT_ID");
    TC_STATUS(get_with(TC_OPTIONS(option), &err), MHSM_OK);
    /* Nobody there: said within the probe's second. */
    TC_ERROR(get_with(TC_OPTIONS("credential=managed-identity", "retries=0",
                                 "imds-endpoint=http://127.0.0.1:1"),
                      &err),
             MHSM_ERR_CONNECT, "managed-identity");
    th_environment_reset();
}

/* A client whose default metadata service is at `endpoint`: only there the
 * chain asks first whether anybody answers. */
static mhsm_status probe_at(const char *endpoint, mhsm_error **err)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    if (config == NULL ||
        mhsm_config_set_environment(config, NULL) != MHSM_OK ||
        mhsm_config_set(config, "imds-endpoint", endpoint, MHSM_ORIGIN_DEFAULT,
                        NULL) != MHSM_OK ||
        mhsm_client_new(config, &client, NULL) != MHSM_OK)
        th_die("cannot open a client");
    uri = tc_uri(client, "mhsm:auth");
    st = mhsm_key_get(client, uri, &key, err);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    mhsm_config_free(config);
    return st;
}

static void probing(void)
{
    mhsm_error *err = NULL;
    long begun;

    unsetenv("AZURE_CLIENT_SECRET");
    unsetenv("AZURE_CLIENT_ID");
    th_reset();
    TC_STATUS(probe_at(getenv("MHSM_EMULATOR_IMDS"), &err), MHSM_OK);
    CU_ASSERT(th_stats().imds == 2);
    th_fault("\"route\":\"imds\",\"action\":\"slow\",\"ms\":5000,"
             "\"count\":1");
    begun = th_now_ms();
    TC_ERROR(probe_at(getenv("MHSM_EMULATOR_IMDS"), &err), MHSM_ERR_CREDENTIAL,
             "no metadata service answers");
    CU_ASSERT(th_now_ms() - begun < 3000);
    th_reset();
    begun = th_now_ms();
    TC_ERROR(probe_at("http://127.0.0.1:1", &err), MHSM_ERR_CREDENTIAL,
             "client-secret credential: not configured");
    CU_ASSERT(th_now_ms() - begun < 3000);
    th_environment_reset();
}

static void static_token(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_error *err = NULL;

    TC_ERROR(get_with(TC_OPTIONS("credential=token"), &err), MHSM_ERR_CONFIG,
             "AZURE_CLI_ACCESS_TOKEN");
    setenv("AZURE_CLI_ACCESS_TOKEN", " not.a.token ", 1);
    TC_ERROR(get_with(TC_OPTIONS("credential=token"), &err),
             MHSM_ERR_UNAUTHORIZED, "refuses");
    setenv("AZURE_CLI_ACCESS_TOKEN", "two words", 1);
    TC_ERROR(get_with(TC_OPTIONS("credential=token"), &err),
             MHSM_ERR_CREDENTIAL, "no token");
    setenv("AZURE_CLI_ACCESS_TOKEN", "a.eyJleHAiOjE2MDAwMDAwMDB9.c", 1);
    TC_ERROR(get_with(TC_OPTIONS("credential=token"), &err),
             MHSM_ERR_CREDENTIAL, "expired");
    unsetenv("AZURE_CLI_ACCESS_TOKEN");
    mhsm_client_free(client);
}

struct worker {
    mhsm_client *client;
    const mhsm_key *key;
    pthread_t thread;
    int failures;
};

static void *work(void *argument)
{
    static const unsigned char digest[32];
    struct worker *worker = argument;
    int i;

    for (i = 0; i < rounds; i++) {
        mhsm_result *result = NULL;

        worker->failures += mhsm_sign(worker->client, worker->key, "ES256",
                                      digest, 32, &result, NULL) != MHSM_OK;
        mhsm_result_free(result);
    }
    return NULL;
}

static void run_threads(mhsm_client *client, const mhsm_key *key)
{
    struct worker workers[threads];
    size_t i;

    for (i = 0; i < threads; i++) {
        workers[i] = (struct worker){.client = client, .key = key};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            th_die("no thread");
    }
    for (i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        CU_ASSERT(workers[i].failures == 0);
    }
}

/* 32 threads start at once without a token: one is fetched.  Afterwards no
 * connection is opened any more. */
static void single_flight(void)
{
    mhsm_client *client = tc_open(TC_OPTIONS("max-connections=8"));
    mhsm_client *other = tc_open(NULL);
    mhsm_key *key = tc_key(other, "mhsm:auth");
    mhsm_client_stats stats;

    th_reset();
    th_fault("\"route\":\"token\",\"action\":\"slow\",\"ms\":300,\"count\":1");
    run_threads(client, key);
    CU_ASSERT(th_stats().tokens == 1);
    CU_ASSERT(th_route("POST /keys/{name}/{version}/sign") >= calls);
    mhsm_client_get_stats(client, &stats);
    CU_ASSERT(stats.tokens == 1);
    TH_TRUE(stats.connections <= 9, "%lu connections", stats.connections);
    th_reset();
    run_threads(client, key);
    TH_TRUE(th_stats().connections == 0, "%ld connections",
            th_stats().connections);
    CU_ASSERT(th_stats().tokens == 0);
    CU_ASSERT(th_route("POST /keys/{name}/{version}/sign") == calls);
    mhsm_key_free(key);
    mhsm_client_free(other);
    mhsm_client_free(client);
}

/* A token that stops being accepted is replaced once for all. */
static void revocation(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_key *key = tc_key(client, "mhsm:auth");

    run_threads(client, key);
    th_reset();
    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    run_threads(client, key);
    CU_ASSERT(th_stats().tokens == 1);
    CU_ASSERT(th_route("POST /keys/{name}/{version}/sign") == calls + 1);
    th_reset();
    mhsm_key_free(key);
    mhsm_client_free(client);
}

static mhsm_status sign_with(const char *retries, mhsm_error **err)
{
    static const unsigned char digest[32];
    mhsm_client *client = tc_open(TC_OPTIONS(retries));
    mhsm_key *key = tc_key(client, "mhsm:auth");
    mhsm_result *result = NULL;
    mhsm_status st;

    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":3");
    st = mhsm_sign(client, key, "ES256", digest, 32, &result, err);
    mhsm_result_free(result);
    mhsm_key_free(key);
    mhsm_client_free(client);
    return st;
}

/* New tokens that are refused, too: this may pass, or be the end. */
static void refused_again(void)
{
    mhsm_error *err = NULL;
    long begun = th_now_ms();

    th_reset();
    TC_STATUS(sign_with("retries=3", &err), MHSM_OK);
    CU_ASSERT(th_route("POST /keys/{name}/{version}/sign") == 4);
    CU_ASSERT(th_stats().tokens == 4);
    th_reset();
    TC_ERROR(sign_with("retries=2", &err), MHSM_ERR_UNAUTHORIZED, "refuses");
    CU_ASSERT(th_route("POST /keys/{name}/{version}/sign") == 3);
    TH_TRUE(th_now_ms() - begun < 6000, "%ld ms", th_now_ms() - begun);
    th_reset();
    begun = th_now_ms();
    TC_ERROR(sign_with("retries=0", &err), MHSM_ERR_UNAUTHORIZED, "refuses");
    CU_ASSERT(th_route("POST /keys/{name}/{version}/sign") == 2);
    TH_TRUE(th_now_ms() - begun < 600, "%ld ms", th_now_ms() - begun);
    th_reset();
}

/* The child works with the token it inherited, on its own connections; the
 * parent's connection survives. */
static void forking(void)
{
    mhsm_client *client = tc_open(NULL);
    mhsm_key *key = tc_key(client, "mhsm:auth");
    struct worker worker = {.client = client, .key = key};
    int status = 0;
    pid_t pid;

    (void)work(&worker);
    CU_ASSERT(worker.failures == 0);
    th_reset();
    pid = fork();
    if (pid == 0) {
        alarm(30);
        (void)work(&worker);
        _exit(worker.failures);
    }
    CU_ASSERT(pid > 0 && waitpid(pid, &status, 0) == pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT(th_stats().connections == 1 && th_stats().tokens == 0);
    (void)work(&worker);
    CU_ASSERT(worker.failures == 0);
    CU_ASSERT(th_stats().connections == 1);
    mhsm_key_free(key);
    mhsm_client_free(client);
}

/* Least privilege: no role, then the one that the error names. */
static void roles(void)
{
    struct th_principal principal;
    mhsm_error *err = NULL;

    th_principal_new("nobody", NULL, NULL, &principal);
    th_principal_use(&principal);
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_FORBIDDEN,
             "Microsoft.KeyVault/managedHsm/keys/read/action");
    TC_ERROR(get_with(NULL, &err), MHSM_ERR_FORBIDDEN,
             "\"Managed HSM Crypto User\"");
    th_principal_new("user", "Managed HSM Crypto User", "/keys/auth",
                     &principal);
    th_principal_use(&principal);
    TC_STATUS(get_with(NULL, &err), MHSM_OK);
    th_environment_reset();
}

static void contradictions(void)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    mhsm_error *err = NULL;

    CU_ASSERT_FATAL(config != NULL);
    TC_ERROR(mhsm_client_new(NULL, &client, &err), MHSM_ERR_ARGUMENT,
             "configuration");
    CU_ASSERT(mhsm_config_set(config, "identity-client-id", "a",
                              MHSM_ORIGIN_FILE, NULL) == MHSM_OK);
    CU_ASSERT(mhsm_config_set(config, "identity-object-id", "b",
                              MHSM_ORIGIN_FILE, NULL) == MHSM_OK);
    TC_ERROR(mhsm_client_new(config, &client, &err), MHSM_ERR_CONFIG,
             "identity-object-id");
    CU_ASSERT(client == NULL);
    mhsm_config_free(config);
    mhsm_client_free(NULL);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},
        {"requests", requests},
        {"secrets", secrets},
        {"refused", refused},
        {"authority_faults", authority_faults},
        {"managed_identity", managed_identity},
        {"probing", probing},
        {"static_token", static_token},
        {"single_flight", single_flight},
        {"revocation", revocation},
        {"refused_again", refused_again},
        {"forking", forking},
        {"roles", roles},
        {"contradictions", contradictions},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_auth", tests);
}
