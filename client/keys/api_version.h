/* SPDX-License-Identifier: MIT
 *
 * What needs a newer version of the service's interface than the configured
 * one is refused before a request, by name of the option.
 */
#ifndef MHSM_CLIENT_KEYS_API_VERSION_H
#define MHSM_CLIENT_KEYS_API_VERSION_H

#include "mhsm/client.h"

/* The version that has keys of type AKP. */
#define MHSMI_API_VERSION_AKP "2026-05-01-preview"

/* Is `version` (a date, or one of the older numbers) at least `since`, which
 * is a date?  What follows the date is not compared. */
int mhsmi_api_version_reaches(const char *version, const char *since);
/* MHSM_OK, or MHSM_ERR_UNSUPPORTED: "`what` need ...". */
MHSM_NODISCARD mhsm_status mhsmi_api_version_require(const mhsm_client *client,
                                                     const char *since,
                                                     const char *what,
                                                     mhsm_error **err);

#endif
