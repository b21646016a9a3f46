/* SPDX-License-Identifier: MIT
 *
 * What is tried again, and when: 408, 429, 500, 502, 503, 504 and transport
 * failures, with exponential back-off and jitter or the server's Retry-After,
 * always within the request's deadline.  A 429 asks only for patience: it is
 * not counted, so that a busy HSM makes callers slow and not unsuccessful; nor
 * are failures that others do not have.
 */
#ifndef MHSM_CLIENT_HTTP_RETRY_H
#define MHSM_CLIENT_HTTP_RETRY_H

#include "http/engine.h"

enum mhsmi_retry_class {
    /* Reads and private operations: repeated on any transient failure. */
    MHSMI_RETRY_REPEATABLE = 0,
    /* Writes: only when the request provably did not reach the server, or on
     * 429 or 503 that says Retry-After. Sent on a fresh connection. */
    MHSMI_RETRY_ONCE = 1,
    /* The metadata service of virtual machines: also 404, all of 5xx, and 410,
     * which it answers for up to 70 s while it is replaced. */
    MHSMI_RETRY_METADATA = 2,
    /* Other services of managed identities: also 404, while they start. */
    MHSMI_RETRY_IDENTITY = 3
};

struct mhsmi_retry_policy {
    enum mhsmi_retry_class class;
    int max_retries;   /* 0: none at all */
    int base_delay_ms; /* 800: doubled each time, times 0.8 to 1.3 */
    int max_delay_ms;  /* 60000 */
    /* NULL, or kept up to date: when the host last answered 2xx to any of those
     * who share this.  While it serves others, what is repeatable is tried
     * again until the deadline. */
    _Atomic int64_t *served_ms;
};

/* mhsmi_engine_perform with retries.  Returns MHSM_OK with the last answer,
 * whatever its HTTP status, or the last transport failure; when the
 * deadline cuts the last try short, the answer to the one before.  A delay that would
 * pass the deadline is not begun. */
MHSM_NODISCARD mhsm_status mhsmi_http_send(
    const struct mhsmi_request *request,
    const struct mhsmi_retry_policy *policy, struct mhsmi_response *response,
    struct mhsmi_counters *counters, mhsm_error **err);

/* Sleep as before try number `attempt` + 1 (the first is 0) of a request; 0, at
 * once, when that would pass the deadline. */
MHSM_NODISCARD int mhsmi_retry_pause(const struct mhsmi_retry_policy *policy,
                                     int attempt, int64_t deadline_ms);

/* Milliseconds that the answer asks to wait, or -1: retry-after-ms, then
 * Retry-After in seconds or as an HTTP date (against `now`, Unix seconds). */
int64_t mhsmi_retry_after(const struct mhsmi_response *response, int64_t now);

#endif
