/* SPDX-License-Identifier: MIT
 *
 * The versions that the library reports are those it was built as and runs on.
 */
#include <mhsm/version.h>

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "check.h"

static void test_version(void)
{
    char expected[64];

    (void)snprintf(expected, sizeof(expected), "%d.%d.%d", MHSM_VERSION_MAJOR,
                   MHSM_VERSION_MINOR, MHSM_VERSION_PATCH);
    CHECK_TEXT(mhsm_version(), expected);
    CHECK_TEXT(MHSM_VERSION, expected);
}

static void test_details(void)
{
    const char *details = mhsm_version_details();

    CHECK(strncmp(details, OpenSSL_version(OPENSSL_VERSION),
                  strlen(OpenSSL_version(OPENSSL_VERSION))) == 0);
    CHECK(strstr(details, ", libcurl/") != NULL);
    CHECK(strstr(details, ", json-c 0.") != NULL);
    CHECK(mhsm_version_details() == details);
}

int main(void)
{
    static const struct check checks[] = {
        {"version", test_version},
        {"details", test_details},
        {NULL, NULL},
    };

    return check_main("version", checks);
}
