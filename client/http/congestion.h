/* SPDX-License-Identifier: MIT
 *
 * How many requests a host gets at once.  A host that answers "too many" or
 * "overloaded" gets half as many, and one more for each round of answers that
 * are none (additive increase, multiplicative decrease), so that many callers
 * that all try again do not become a storm.
 *
 * One thread at a time; no locks.
 */
#ifndef MHSM_CLIENT_HTTP_CONGESTION_H
#define MHSM_CLIENT_HTTP_CONGESTION_H

#include <stdint.h>

/* All zero: not congested. */
struct mhsmi_congestion {
    double limit;       /* of requests at once; 0: none */
    int64_t reduced_ms; /* when it was last halved */
};

/* At most `most` requests may be under way, or fewer. */
int mhsmi_congestion_limit(const struct mhsmi_congestion *congestion, int most);
/* An answer of that HTTP status, or none (0), to a request that was sent at
 * `started_ms`; `origin` is for the log. */
void mhsmi_congestion_note(struct mhsmi_congestion *congestion,
                           const char *origin, int most, int status,
                           int64_t started_ms);

#endif
