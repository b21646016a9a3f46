/* SPDX-License-Identifier: MIT
 *
 * Versions of the service's interface: numbers up to 7.6, dates since, so that
 * any date is newer than any number.  Must never guess what a version has that
 * was not asked about.
 */
#include "keys/api_version.h"

#include <string.h>

#include "base/error.h"

enum { date_size = 10 };

static int is_date(const char *version)
{
    static const char form[] = "dddd-dd-dd";
    size_t i;

    for (i = 0; i < date_size; i++) {
        if (form[i] == 'd' ? version[i] < '0' || version[i] > '9'
                           : version[i] != form[i])
            return 0;
    }
    return 1;
}

int mhsmi_api_version_reaches(const char *version, const char *since)
{
    return is_date(version) && strncmp(version, since, date_size) >= 0;
}

mhsm_status mhsmi_api_version_require(const mhsm_client *client,
                                      const char *since, const char *what,
                                      mhsm_error **err)
{
    const char *version =
        mhsm_config_get(mhsm_client_config(client), "api-version");

    if (mhsmi_api_version_reaches(version, since))
        return MHSM_OK;
    (void)mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                      "%s need the option api-version to be %s or later, and "
                      "it is %s",
                      what, since, version);
    mhsmi_error_set_hint(err,
                         "set api-version = %s"
                         " in openssl.cnf, or MHSM_API_VERSION",
                         since);
    return MHSM_ERR_UNSUPPORTED;
}
