/* SPDX-License-Identifier: MIT
 *
 * The versions of this library and of what it stands on.  It must never start
 * up the libraries that it asks.
 */
#include <mhsm/version.h>

#include <pthread.h>
#include <stdio.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "base/libcurl.h"

static pthread_once_t details_once = PTHREAD_ONCE_INIT;
static char details[256];

static void details_make(void)
{
    const struct mhsmi_libcurl *curl = mhsmi_libcurl();

    (void)snprintf(details, sizeof(details), "%s, libcurl/%s, json-c %s",
                   OpenSSL_version(OPENSSL_VERSION),
                   curl == NULL ? "none"
                                : curl->version_info(CURLVERSION_NOW)->version,
                   json_c_version());
}

const char *mhsm_version(void)
{
    return MHSM_VERSION;
}

const char *mhsm_version_details(void)
{
    (void)pthread_once(&details_once, details_make);
    return details;
}
