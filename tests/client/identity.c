/* SPDX-License-Identifier: MIT
 *
 * What the tests of managed identities share.
 */
#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ti_nowhere(void)
{
    static const char *const names[] = {"AZURE_CLIENT_ID",
                                        "AZURE_CLIENT_SECRET",
                                        "AZURE_TOKEN_CREDENTIALS",
                                        "IDENTITY_ENDPOINT",
                                        "IDENTITY_HEADER",
                                        "IDENTITY_SERVER_THUMBPRINT",
                                        "IMDS_ENDPOINT",
                                        "MSI_ENDPOINT",
                                        "MSI_SECRET",
                                        "DEFAULT_IDENTITY_CLIENT_ID"};
    size_t i;

    th_reset();
    th_environment_reset();
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

void ti_set(const char *name, const char *emulator, const char *path)
{
    const char *value = getenv(emulator);
    char text[512];

    if (value == NULL)
        th_die("the emulator did not set %s", emulator);
    snprintf(text, sizeof(text), "%s%s", value, path);
    setenv(name, text, 1);
}

void ti_prepare(void)
{
    tc_prepare("identity");
}

mhsm_status ti_sign(const char *const *options, mhsm_error **err)
{
    static const unsigned char digest[32];
    mhsm_client *client = tc_open(options);
    mhsm_uri *uri = tc_uri(client, "mhsm:identity");
    mhsm_result *signature = NULL;
    mhsm_key *key = NULL;
    mhsm_status st = mhsm_key_get(client, uri, &key, err);

    if (st == MHSM_OK)
        st = mhsm_sign(client, key, "ES256", digest, sizeof(digest), &signature,
                       err);
    if ((signature != NULL) != (st == MHSM_OK))
        th_die("a status and a signature that contradict each other");
    mhsm_result_free(signature);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return st;
}

const char *ti_option(int number, const char *name, const char *value)
{
    static char texts[4][512];

    snprintf(texts[number], sizeof(texts[number]), "%s=%s", name, value);
    return texts[number];
}
