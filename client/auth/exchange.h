/* SPDX-License-Identifier: MIT
 *
 * One call to one HSM: a token, the request, answers to 401, the JSON.
 * Which HSM that is, and what happens when it cannot be used, is the session's
 * affair.
 */
#ifndef MHSM_CLIENT_AUTH_EXCHANGE_H
#define MHSM_CLIENT_AUTH_EXCHANGE_H

#include "auth/session.h"

struct mhsmi_scopes;
struct mhsmi_token_cache;

/* What the exchanges of one session have in common; all of it outlives them. */
struct mhsmi_parties {
    struct mhsmi_transport transport;
    struct mhsmi_transport beside; /* of services that are no HSM */
    /* Of the options, so that they are not looked up for each call. */
    struct mhsmi_retry_policy retry; /* of any class */
    int timeout_ms, try_timeout_ms;
    const char *api_version;
    struct mhsmi_token_cache *tokens;
    struct mhsmi_scopes *scopes;
    struct mhsmi_counters counters;
    _Atomic int64_t served_ms; /* when a call last was, 0: never */
};

/* At `call->endpoint`, until the deadline, with at most so many `retries` (-1:
 * as configured).  `answer` as for mhsmi_session_call. */
MHSM_NODISCARD mhsm_status mhsmi_exchange(struct mhsmi_parties *parties,
                                          const struct mhsmi_call *call,
                                          int64_t deadline_ms, int retries,
                                          struct json_object **answer,
                                          mhsm_error **err);
/* Append the token that `call` would carry, or one for `resource` in the same
 * tenant when that is not NULL. */
MHSM_NODISCARD mhsm_status mhsmi_exchange_token(struct mhsmi_parties *parties,
                                                const struct mhsmi_call *call,
                                                const char *resource,
                                                int64_t deadline_ms,
                                                struct mhsmi_buf *token,
                                                mhsm_error **err);

#endif
