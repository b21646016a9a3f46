/* SPDX-License-Identifier: MIT
 *
 * Everything that a client asks goes to the scripted server: keys and tokens.
 */
#include "scripted_client.h"

#include <stdio.h>
#include <stdlib.h>

enum { further_max = 8 };

void ts_begin(void)
{
    ts_start();
    unsetenv("AZURE_TENANT_ID");
    unsetenv("MHSM_VERIFY_CHALLENGE_RESOURCE");
    setenv("AZURE_CLIENT_ID", "c-1", 1);
    setenv("AZURE_CLIENT_SECRET", "a&b=c+d%e f", 1);
}

void ts_finish(void)
{
    ts_stop();
    th_environment_reset();
}

mhsm_client *ts_open(const char *const *options)
{
    char endpoint[96], authority[96], ca[160], authority_ca[160];
    const char *all[5 + further_max + 1] = {endpoint, authority, ca,
                                            authority_ca, "retries=0"};
    size_t i;

    snprintf(endpoint, sizeof(endpoint), "endpoint=%s", ts_url());
    snprintf(authority, sizeof(authority), "authority-host=%s", ts_url());
    snprintf(ca, sizeof(ca), "ca-file=%s", ts_ca());
    snprintf(authority_ca, sizeof(authority_ca), "authority-ca-file=%s",
             ts_ca());
    for (i = 0; options[i] != NULL; i++) {
        if (i == further_max)
            th_die("too many options");
        all[5 + i] = options[i];
    }
    return tc_open(all);
}

mhsm_client *ts_open_plain(const char *option)
{
    return ts_open(TC_OPTIONS("tenant-id=t-1",
                              "resource=https://managedhsm.azure.net", option));
}
