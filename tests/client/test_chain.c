/* SPDX-License-Identifier: MIT
 *
 * The chain of credentials: which of them it tries, when it goes on and when it
 * does not, and what it says in the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"

static char program[300], runs[320];

/* A client whose default metadata service is at `imds`: only there the chain
 * asks first whether anybody answers. */
static mhsm_client *open_at(const char *imds, const char *const *options)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_client *client = NULL;
    char name[64];

    if (config == NULL ||
        mhsm_config_set_environment(config, NULL) != MHSM_OK ||
        mhsm_config_set(config, "imds-endpoint", imds, MHSM_ORIGIN_DEFAULT,
                        NULL) != MHSM_OK ||
        mhsm_config_set(config, "azure-cli-path", program, MHSM_ORIGIN_FILE,
                        NULL) != MHSM_OK)
        th_die("no configuration");
    for (; options != NULL && *options != NULL; options++) {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(*options, "="),
                 *options);
        if (mhsm_config_set(config, name, strchr(*options, '=') + 1,
                            MHSM_ORIGIN_COMMAND_LINE, NULL) != MHSM_OK)
            th_die("cannot set %s", *options);
    }
    if (mhsm_client_new(config, &client, NULL) != MHSM_OK)
        th_die("cannot open a client");
    mhsm_config_free(config);
    return client;
}

static mhsm_status get_with(const char *imds, const char *const *options,
                            mhsm_error **err)
{
    mhsm_client *client = open_at(imds, options);
    mhsm_status st = tc_get_by(client, "mhsm:identity", err);

    mhsm_client_free(client);
    return st;
}

/* How often the Azure CLI was started since the last time. */
static long starts(void)
{
    struct stat status;
    long count = stat(runs, &status) == 0 ? (long)status.st_size : 0;

    unlink(runs);
    return count;
}

static const char *nobody(void)
{
    return "http://127.0.0.1:1";
}

static const char *imds(void)
{
    return getenv("MHSM_EMULATOR_IMDS");
}

static void write_program(const char *body)
{
    FILE *file = fopen(program, "w");

    if (file == NULL)
        th_die("cannot write %s", program);
    fprintf(file, "#!/bin/sh\nprintf x >>%s\n%s\n", runs, body);
    fclose(file);
    chmod(program, 0755);
    (void)starts();
}

static void write_good_program(void)
{
    char body[4096];

    snprintf(body, sizeof(body), "echo '{\"accessToken\": \"%s\"}'",
             th_token());
    write_program(body);
}

static void prepare(void)
{
    ti_prepare();
    snprintf(program, sizeof(program), "%s/az", th_state());
    snprintf(runs, sizeof(runs), "%s/az.runs", th_state());
    write_good_program();
}

/* The application's secret goes before all others, and its failure is final:
 * another credential would be another identity. */
static void first(void)
{
    mhsm_error *err = NULL;

    ti_nowhere();
    th_environment_reset();
    TC_STATUS(get_with(imds(), TC_OPTIONS("developer-credentials=yes"), &err),
              MHSM_OK);
    CU_ASSERT(th_stats().tokens == 1 && th_stats().imds == 0 && starts() == 0);
    setenv("AZURE_CLIENT_SECRET", "wrong~secret", 1);
    CU_ASSERT(get_with(imds(), TC_OPTIONS("developer-credentials=yes"), &err) ==
              MHSM_ERR_CREDENTIAL);
    CU_ASSERT(strstr(mhsm_error_text(err), "AADSTS7000215") != NULL);
    CU_ASSERT(strstr(mhsm_error_text(err),
                     "managed-identity credential: not tried") != NULL);
    CU_ASSERT(th_stats().imds == 0 && starts() == 0);
    mhsm_error_free(&err);
    ti_nowhere();
}

/* A machine without a metadata service, or without an identity, is passed
 * over; the Azure CLI comes last, and only where it may. */
static void going_on(void)
{
    mhsm_error *err = NULL;

    ti_nowhere();
    TC_STATUS(get_with(imds(), TC_OPTIONS("developer-credentials=yes"), &err),
              MHSM_OK);
    CU_ASSERT(th_stats().imds == 2 && starts() == 0);
    TC_STATUS(get_with(nobody(), TC_OPTIONS("developer-credentials=yes"), &err),
              MHSM_OK);
    CU_ASSERT(starts() == 1);
    TC_ERROR(get_with(nobody(), NULL, &err), MHSM_ERR_CREDENTIAL,
             "azure-cli credential: only by choice");
    CU_ASSERT(starts() == 0);
    th_reset();
    TC_STATUS(get_with(imds(),
                       TC_OPTIONS("developer-credentials=yes",
                                  "identity-client-id=nobody"),
                       &err),
              MHSM_OK);
    CU_ASSERT(th_stats().imds == 2 && starts() == 1);
    /* One that fails otherwise is not. */
    th_reset();
    th_fault("\"route\":\"imds\",\"action\":\"status\",\"status\":500,"
             "\"count\":-1");
    TC_ERROR(get_with(imds(),
                      TC_OPTIONS("developer-credentials=yes", "retries=0"),
                      &err),
             MHSM_ERR_SERVICE, "azure-cli credential: not tried");
    CU_ASSERT(starts() == 0);
    ti_nowhere();
}

/* When none works, each one's story is told. */
static void stories(void)
{
    mhsm_error *err = NULL;
    const char *text;

    ti_nowhere();
    write_program("echo \"Please run 'az login'\" >&2; exit 1");
    CU_ASSERT(get_with(nobody(), TC_OPTIONS("developer-credentials=yes"),
                       &err) == MHSM_ERR_CREDENTIAL);
    text = mhsm_error_message(err);
    TH_TRUE(strstr(text, "client-secret credential: not configured") != NULL,
            "%s", text);
    TH_TRUE(strstr(text, "managed-identity credential (virtual machine): no "
                         "metadata service answers") != NULL,
            "%s", text);
    TH_TRUE(strstr(text, "azure-cli credential: nobody is signed in") != NULL,
            "%s", text);
    CU_ASSERT(strstr(mhsm_error_hint(err), "az login") != NULL);
    mhsm_error_free(&err);
    write_good_program();
    ti_nowhere();
}

/* AZURE_TOKEN_CREDENTIALS, in the environment of somebody with everything. */
static void selection(void)
{
    static const struct {
        const char *value;
        long tokens, imds, starts; /* requests for tokens; probes, too */
    } rows[] = {
        {NULL, 1, 0, 0},
        {"prod", 1, 0, 0},
        {" PROD ", 1, 0, 0},
        {"EnvironmentCredential", 1, 0, 0},
        {"environmentcredential", 1, 0, 0},
        {"dev", 0, 0, 1},
        {"AzureCliCredential", 0, 0, 1},
        {"\tazureclicredential ", 0, 0, 1},
        /* Chosen alone it is there, and is not asked whether it is. */
        {"ManagedIdentityCredential", 0, 1, 0},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ti_nowhere();
        th_environment_reset();
        if (rows[i].value != NULL)
            setenv("AZURE_TOKEN_CREDENTIALS", rows[i].value, 1);
        ti_set("AZURE_CLIENT_ID",
               i == 8 ? "MHSM_EMULATOR_IDENTITY_CLIENT" : "AZURE_CLIENT_ID",
               "");
        TC_STATUS(
            get_with(imds(), TC_OPTIONS("developer-credentials=yes"), &err),
            MHSM_OK);
        TH_TRUE(th_stats().tokens == rows[i].tokens &&
                    th_stats().imds == rows[i].imds,
                "%s: %ld tokens, %ld of the machine", rows[i].value,
                th_stats().tokens, th_stats().imds);
        TH_TRUE(starts() == rows[i].starts, "%s", rows[i].value);
    }
    ti_nowhere();
}

static void selection_refused(void)
{
    mhsm_config *config = mhsm_config_new();
    mhsm_error *err = NULL;

    ti_nowhere();
    setenv("AZURE_TOKEN_CREDENTIALS", "InteractiveBrowserCredential", 1);
    TC_ERROR(mhsm_config_set_environment(config, &err), MHSM_ERR_CONFIG,
             "InteractiveBrowserCredential");
    mhsm_config_free(config);
    setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential", 1);
    TC_ERROR(get_with(imds(), NULL, &err), MHSM_ERR_CREDENTIAL,
             "managed-identity credential: not among token-credentials");
    CU_ASSERT(th_stats().imds == 0);
    /* What people are signed in to is nothing for a provider. */
    setenv("AZURE_TOKEN_CREDENTIALS", "dev", 1);
    TC_ERROR(get_with(imds(), NULL, &err), MHSM_ERR_CREDENTIAL,
             "developer-credentials");
    CU_ASSERT(th_stats().imds == 0 && starts() == 0);
    /* Chosen alone, its absence is a failure like any other. */
    setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential", 1);
    TC_ERROR(get_with(nobody(), TC_OPTIONS("retries=0"), &err),
             MHSM_ERR_CONNECT, "virtual machine");
    ti_nowhere();
}

/* The first that gave a token is asked from then on, and no other. */
static void memory(void)
{
    mhsm_client *client;
    mhsm_error *err = NULL;

    ti_nowhere();
    client = open_at(imds(), TC_OPTIONS("developer-credentials=yes",
                                        "identity-client-id=nobody"));
    TC_STATUS(tc_get_by(client, "mhsm:identity", &err), MHSM_OK);
    CU_ASSERT(th_stats().imds == 2 && starts() == 1);
    th_fault("\"route\":\"get\",\"action\":\"unauthorized\",\"count\":1");
    TC_STATUS(tc_get_by(client, "mhsm:identity", &err), MHSM_OK);
    CU_ASSERT(th_stats().imds == 2 && starts() == 1);
    /* Its failure does not bring another one into play. */
    th_fault("\"route\":\"get\",\"action\":\"unauthorized\",\"count\":1");
    write_program("exit 1");
    TC_ERROR(tc_get_by(client, "mhsm:identity", &err), MHSM_ERR_CREDENTIAL,
             "azure-cli");
    CU_ASSERT(th_stats().imds == 2);
    mhsm_client_free(client);
    write_good_program();
    ti_nowhere();
}

/* That nobody answered once is not remembered: the next token may be the
 * machine's. */
static void late(void)
{
    mhsm_client *client;
    mhsm_error *err = NULL;

    ti_nowhere();
    client = open_at(imds(), NULL);
    th_fault("\"route\":\"imds\",\"action\":\"slow\",\"ms\":3000,\"count\":1");
    TC_ERROR(tc_get_by(client, "mhsm:identity", &err), MHSM_ERR_CREDENTIAL,
             "no metadata service answers");
    th_sleep_ms(1200);
    TC_STATUS(tc_get_by(client, "mhsm:identity", &err), MHSM_OK);
    mhsm_client_free(client);
    /* A container's runtime that answers for it is nobody. */
    th_fault("\"route\":\"imds\",\"action\":\"status\",\"status\":403,"
             "\"message\":\"network unreachable\"");
    TC_ERROR(get_with(imds(), NULL, &err), MHSM_ERR_CREDENTIAL,
             "no metadata service answers");
    ti_nowhere();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", prepare},     {"first", first},
        {"going_on", going_on},   {"stories", stories},
        {"selection", selection}, {"selection_refused", selection_refused},
        {"memory", memory},       {"late", late},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_chain", tests);
}
