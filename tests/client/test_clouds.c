/* SPDX-License-Identifier: MIT
 *
 * Sovereign clouds: the HSM's name alone says which authority gets the secret.
 * Nothing leaves this machine: what would is sent to a proxy that is not there,
 * and the error says for whom it was.
 */
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void lead_to(const char *hsm, const char *authority)
{
    const char *options[] = {"proxy=http://127.0.0.1:1", "retries=0", NULL,
                             NULL};
    mhsm_client *client;
    mhsm_error *err = NULL;
    mhsm_key *key = NULL;
    mhsm_uri *uri;

    options[2] = hsm;
    client = tc_open(options);
    uri = tc_uri(client, "mhsm:k");
    TC_ERROR(mhsm_key_get(client, uri, &key, &err), MHSM_ERR_CONNECT,
             authority);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
}

static void clouds(void)
{
    unsetenv("AZURE_AUTHORITY_HOST");
    lead_to("endpoint=contoso", "login.microsoftonline.com");
    lead_to("endpoint=contoso.managedhsm.azure.net",
            "login.microsoftonline.com");
    lead_to("endpoint=contoso.managedhsm.usgovcloudapi.net",
            "login.microsoftonline.us");
    lead_to("endpoint=contoso.managedhsm.azure.cn", "login.chinacloudapi.cn");
    /* But what is configured is what is meant. */
    setenv("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com", 1);
    lead_to("endpoint=contoso.managedhsm.azure.cn",
            "login.microsoftonline.com");
    th_environment_reset();
}

/* The same of the management plane: of the HSM's cloud, or of the authority's.
 * A token that is there already needs no authority. */
static void manage(const char *option, const char *management)
{
    static const mhsm_hsm_place place = {"s-1", "g", "contoso"};
    const char *options[] = {
        "proxy=http://127.0.0.1:1", "retries=0", "credential=token",
        "token=env:TEST_TOKEN",     option,      NULL};
    mhsm_client *client;
    mhsm_error *err = NULL;
    mhsm_hsm *hsm = NULL;

    client = tc_open(options);
    TC_ERROR(mhsm_hsm_get(client, &place, &hsm, &err), MHSM_ERR_CONNECT,
             management);
    mhsm_client_free(client);
}

static void planes(void)
{
    unsetenv("AZURE_AUTHORITY_HOST");
    unsetenv("MHSM_MANAGEMENT_ENDPOINT");
    unsetenv("MHSM_ENDPOINT");
    setenv("TEST_TOKEN", "x", 1);
    manage(NULL, "management.azure.com");
    manage("endpoint=contoso", "management.azure.com");
    manage("endpoint=contoso.managedhsm.usgovcloudapi.net",
           "management.usgovcloudapi.net");
    manage("endpoint=contoso.managedhsm.azure.cn",
           "management.chinacloudapi.cn");
    manage("authority-host=https://login.microsoftonline.us",
           "management.usgovcloudapi.net");
    manage("management-endpoint=https://arm.example.net", "arm.example.net");
    unsetenv("TEST_TOKEN");
    th_environment_reset();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"clouds", clouds},
        {"planes", planes},
        CU_TEST_INFO_NULL,
    };

    return th_main("client_clouds", tests);
}
