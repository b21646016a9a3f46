/* SPDX-License-Identifier: MIT
 *
 * The service's error answers, turned into a status to branch on, words that
 * name what failed, and the next step for a person.
 */
#ifndef MHSM_CLIENT_AUTH_SERVICE_ERROR_H
#define MHSM_CLIENT_AUTH_SERVICE_ERROR_H

#include "auth/session.h"

/* Store the error that `response` (any status but 2xx) stands for. */
mhsm_status mhsmi_service_error(const struct mhsmi_response *response,
                                const struct mhsmi_call *call,
                                mhsm_error **err);
/* The built-in role that grants a data action; NULL when none is known. */
const char *mhsmi_role_for(const char *action);

#endif
