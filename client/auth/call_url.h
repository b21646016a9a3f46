/* SPDX-License-Identifier: MIT
 *
 * Where a call goes.
 */
#ifndef MHSM_CLIENT_AUTH_CALL_URL_H
#define MHSM_CLIENT_AUTH_CALL_URL_H

#include "auth/session.h"

/* Append the URL of a call with the api-version.  Errors: an endpoint without
 * TLS, and a link of the service's that leads to another origin. */
MHSM_NODISCARD mhsm_status mhsmi_call_url(const struct mhsmi_call *call,
                                          const char *version,
                                          struct mhsmi_buf *url,
                                          mhsm_error **err);

#endif
