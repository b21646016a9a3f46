/* SPDX-License-Identifier: MIT
 *
 * Managed identities by the service that hands out their tokens: App Service
 * in both of its forms, Cloud Shell and Service Fabric.  Each one signs.
 */
#include <stdlib.h>
#include <string.h>

#include "identity.h"

#define MANAGED "credential=managed-identity"

static const char resource_id[] =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/"
    "providers/Microsoft.ManagedIdentity/userAssignedIdentities/local";

static void in_app_service(void)
{
    ti_nowhere();
    ti_set("IDENTITY_ENDPOINT", "MHSM_EMULATOR_IMDS", "/msi/token");
    ti_set("IDENTITY_HEADER", "MHSM_EMULATOR_IDENTITY_HEADER", "");
}

static void in_app_service_2017(void)
{
    ti_nowhere();
    ti_set("MSI_ENDPOINT", "MHSM_EMULATOR_IMDS", "/msi/token");
    ti_set("MSI_SECRET", "MHSM_EMULATOR_IDENTITY_HEADER", "");
}

static void in_cloud_shell(void)
{
    ti_nowhere();
    ti_set("MSI_ENDPOINT", "MHSM_EMULATOR_IMDS", "/oauth2/token");
}

static void in_service_fabric(void)
{
    ti_nowhere();
    ti_set("IDENTITY_ENDPOINT", "MHSM_EMULATOR_FABRIC",
           "/metadata/identity/oauth2/token");
    ti_set("IDENTITY_HEADER", "MHSM_EMULATOR_IDENTITY_HEADER", "");
    ti_set("IDENTITY_SERVER_THUMBPRINT", "MHSM_EMULATOR_FABRIC_THUMBPRINT", "");
}

/* Which of the three ways to name an identity a host takes. */
static void ways(void (*host)(void), const char *const refused[3],
                 const char *name)
{
    const char *const good[] = {
        ti_option(0, "identity-client-id",
                  getenv("MHSM_EMULATOR_IDENTITY_CLIENT")),
        ti_option(1, "identity-object-id",
                  getenv("MHSM_EMULATOR_IDENTITY_OID")),
        ti_option(2, "identity-resource-id", resource_id)};
    static const char *const bad[] = {"identity-client-id=nobody",
                                      "identity-object-id=nobody",
                                      "identity-resource-id=/nobody"};
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < 3; i++) {
        host();
        if (refused[i] != NULL) {
            TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, good[i]), &err),
                     MHSM_ERR_CONFIG, refused[i]);
            CU_ASSERT(th_stats().tokens == 0);
            continue;
        }
        TC_STATUS(ti_sign(TC_OPTIONS(MANAGED, good[i]), &err), MHSM_OK);
        TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, bad[i]), &err),
                 MHSM_ERR_CREDENTIAL, "Identity not found");
        TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, bad[i]), &err),
                 MHSM_ERR_CREDENTIAL, name);
    }
    host();
}

/* What each service may answer, and what becomes of it. */
static void answers(void (*host)(void), const char *fault, const char *route)
{
    static const struct {
        const char *fault;
        mhsm_status status;
        long requests;
    } rows[] = {
        {"\"action\":\"status\",\"status\":500,\"count\":1", MHSM_OK, 2},
        {"\"action\":\"status\",\"status\":429,\"count\":1,"
         "\"retry_after\":\"1\"",
         MHSM_OK, 2},
        {"\"action\":\"reset\",\"count\":1", MHSM_OK, 2},
        {"\"action\":\"status\",\"status\":503,\"count\":-1", MHSM_ERR_SERVICE,
         2},
        {"\"action\":\"status\",\"status\":403,\"count\":-1",
         MHSM_ERR_CREDENTIAL, 1},
        {"\"action\":\"garbage\",\"count\":-1", MHSM_ERR_PROTOCOL, 1},
        {"\"action\":\"redirect\",\"count\":-1", MHSM_ERR_PROTOCOL, 1},
        {"\"action\":\"huge\",\"count\":-1", MHSM_ERR_PROTOCOL, 1},
    };
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        host();
        th_fault("\"route\":\"%s\",%s", fault, rows[i].fault);
        if (rows[i].status == MHSM_OK)
            TC_STATUS(ti_sign(TC_OPTIONS(MANAGED, "retries=1"), &err), MHSM_OK);
        else
            TC_ERROR(ti_sign(TC_OPTIONS(MANAGED, "retries=1"), &err),
                     rows[i].status, "managed-identity credential");
        TH_TRUE(th_route(route) == rows[i].requests, "%s: %ld requests",
                rows[i].fault, th_route(route));
    }
    host();
}

/* A URL that is none, or that leads a secret astray, is the configuration's
 * mistake: a chain does not pass over it. */
static void endpoints(void (*host)(void), const char *variable)
{
    static const char *const bad[] = {"nonsense",
                                      "ftp://127.0.0.1/token",
                                      "http://10.0.0.1/t",
                                      "http://hunter:two@127.0.0.1/t",
                                      "http://example.com/t",
                                      "http://127.0.0.1/t#f"};
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        host();
        setenv(variable, bad[i], 1);
        TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_CONFIG, variable);
        CU_ASSERT(ti_sign(NULL, &err) == MHSM_ERR_CONFIG);
        CU_ASSERT(strstr(mhsm_error_text(err), "hunter") == NULL);
        mhsm_error_free(&err);
    }
    host();
}

/* The secret that the service wants is wrong: told, and not shown. */
static void secrets(void (*host)(void), const char *variable)
{
    mhsm_error *err = NULL;

    host();
    setenv(variable, "a-wrong-secret", 1);
    CU_ASSERT(ti_sign(TC_OPTIONS(MANAGED), &err) == MHSM_ERR_CREDENTIAL);
    CU_ASSERT(mhsm_error_http_status(err) == 401);
    CU_ASSERT(strstr(mhsm_error_text(err), "a-wrong-secret") == NULL);
    mhsm_error_free(&err);
    host();
}

static void app_service(void)
{
    static const char *const refused[3] = {NULL, NULL, NULL};
    mhsm_error *err = NULL;

    in_app_service();
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    CU_ASSERT(th_route("GET /msi/token") == 1 && th_stats().imds == 0);
    ways(in_app_service, refused, "App Service");
    answers(in_app_service, "app-service", "GET /msi/token");
    endpoints(in_app_service, "IDENTITY_ENDPOINT");
    secrets(in_app_service, "IDENTITY_HEADER");
    /* It may be starting still. */
    th_fault("\"route\":\"app-service\",\"action\":\"status\",\"status\":404");
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    /* In a chain it is found without a question, and the application's id is
     * the identity's. */
    ti_set("AZURE_CLIENT_ID", "MHSM_EMULATOR_IDENTITY_CLIENT", "");
    th_reset();
    TC_STATUS(ti_sign(NULL, &err), MHSM_OK);
    CU_ASSERT(th_route("GET /msi/token") == 1);
    setenv("AZURE_CLIENT_ID", "nobody", 1);
    TC_ERROR(ti_sign(NULL, &err), MHSM_ERR_CREDENTIAL, "client-id names");
    ti_nowhere();
}

static void app_service_2017(void)
{
    static const char *const refused[3] = {NULL, "identity-object-id",
                                           "identity-resource-id"};
    mhsm_error *err = NULL;

    in_app_service_2017();
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    CU_ASSERT(th_route("GET /msi/token") == 1);
    ways(in_app_service_2017, refused, "App Service 2017");
    endpoints(in_app_service_2017, "MSI_ENDPOINT");
    secrets(in_app_service_2017, "MSI_SECRET");
    /* The identity that a job of Machine Learning has when it names none. */
    setenv("DEFAULT_IDENTITY_CLIENT_ID", "nobody", 1);
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_CREDENTIAL,
             "Identity not found");
    TC_STATUS(
        ti_sign(TC_OPTIONS(MANAGED,
                           ti_option(0, "identity-client-id",
                                     getenv("MHSM_EMULATOR_IDENTITY_CLIENT"))),
                &err),
        MHSM_OK);
    ti_set("DEFAULT_IDENTITY_CLIENT_ID", "MHSM_EMULATOR_IDENTITY_CLIENT", "");
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    ti_nowhere();
}

static void cloud_shell(void)
{
    static const char *const refused[3] = {
        "identity-client-id", "identity-object-id", "identity-resource-id"};
    mhsm_error *err = NULL;

    in_cloud_shell();
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    CU_ASSERT(th_route("POST /oauth2/token") == 1);
    ways(in_cloud_shell, refused, "Cloud Shell");
    answers(in_cloud_shell, "cloud-shell", "POST /oauth2/token");
    endpoints(in_cloud_shell, "MSI_ENDPOINT");
    /* The application's id is no way to choose. */
    setenv("AZURE_CLIENT_ID", "nobody", 1);
    TC_STATUS(ti_sign(NULL, &err), MHSM_OK);
    ti_nowhere();
}

static void service_fabric(void)
{
    static const char *const refused[3] = {
        "identity-client-id", "identity-object-id", "identity-resource-id"};
    mhsm_error *err = NULL;

    in_service_fabric();
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    CU_ASSERT(th_route("GET /service-fabric") == 1);
    ways(in_service_fabric, refused, "Service Fabric");
    answers(in_service_fabric, "service-fabric", "GET /service-fabric");
    endpoints(in_service_fabric, "IDENTITY_ENDPOINT");
    secrets(in_service_fabric, "IDENTITY_HEADER");
    /* A program without an identity stays without one. */
    th_fault("\"route\":\"service-fabric\",\"action\":\"status\","
             "\"status\":404");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_CREDENTIAL,
             "Service Fabric");
    CU_ASSERT(th_route("GET /service-fabric") == 1);
    ti_nowhere();
}

/* Whoever has another certificate gets no secret. */
static void thumbprints(void)
{
    static const char other[] = "0123456789abcdef0123456789abcdef01234567";
    char upper[64] = "";
    const char *right;
    mhsm_error *err = NULL;
    size_t i;

    in_service_fabric();
    right = getenv("IDENTITY_SERVER_THUMBPRINT");
    for (i = 0; right[i] != '\0'; i++)
        upper[i] = right[i] >= 'a' ? (char)(right[i] - 'a' + 'A') : right[i];
    setenv("IDENTITY_SERVER_THUMBPRINT", upper, 1);
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    th_reset();
    setenv("IDENTITY_SERVER_THUMBPRINT", other, 1);
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_TLS,
             "IDENTITY_SERVER_THUMBPRINT");
    setenv("IDENTITY_SERVER_THUMBPRINT", "0123", 1);
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_CONFIG, "thumbprint");
    CU_ASSERT(th_route("GET /service-fabric") == 0);
    /* Never without TLS. */
    setenv("IDENTITY_SERVER_THUMBPRINT", other, 1);
    ti_set("IDENTITY_ENDPOINT", "MHSM_EMULATOR_IMDS", "/msi/token");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_CONFIG, "https");
    CU_ASSERT(th_route("GET /msi/token") == 0);
    /* A certificate that the roots vouch for needs no thumbprint: then the
     * service itself is reached, and refuses.  The same without the roots. */
    ti_set("IDENTITY_ENDPOINT", "MHSM_ENDPOINT", "/keys");
    CU_ASSERT(ti_sign(TC_OPTIONS(MANAGED), &err) == MHSM_ERR_CREDENTIAL);
    CU_ASSERT(mhsm_error_http_status(err) == 401);
    mhsm_error_free(&err);
    unsetenv("MHSM_AUTHORITY_CA_FILE");
    TC_ERROR(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_ERR_TLS,
             "IDENTITY_SERVER_THUMBPRINT");
    ti_nowhere();
}

/* Hosts have each other's variables: the more special one is meant. */
static void order(void)
{
    mhsm_error *err = NULL;

    in_service_fabric();
    ti_set("MSI_ENDPOINT", "MHSM_EMULATOR_IMDS", "/oauth2/token");
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    CU_ASSERT(th_route("GET /service-fabric") == 1);
    in_app_service();
    ti_set("MSI_ENDPOINT", "MHSM_EMULATOR_IMDS", "/oauth2/token");
    ti_set("IMDS_ENDPOINT", "MHSM_EMULATOR_IMDS", "");
    TC_STATUS(ti_sign(TC_OPTIONS(MANAGED), &err), MHSM_OK);
    CU_ASSERT(th_route("GET /msi/token") == 1);
    CU_ASSERT(th_route("POST /oauth2/token") == 0);
    ti_nowhere();
}

/* The HSM is reached by way of a proxy that is not there, but for `no-proxy`:
 * whatever asked the proxy would fail. */
static void proxies(void)
{
    static const struct {
        void (*host)(void);
    } hosts[] = {{in_app_service}, {in_app_service_2017}, {in_cloud_shell}};
    const char *options[] = {MANAGED, "proxy=http://127.0.0.1:1",
                             "no-proxy=localhost", NULL};
    mhsm_error *err = NULL;
    size_t i;

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        hosts[i].host();
        TC_STATUS(ti_sign(options, &err), MHSM_OK);
    }
    ti_nowhere();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"prepare", ti_prepare},
        {"app_service", app_service},
        {"app_service_2017", app_service_2017},
        {"cloud_shell", cloud_shell},
        {"service_fabric", service_fabric},
        {"thumbprints", thumbprints},
        {"order", order},
        {"proxies", proxies},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_identity", tests);
}
