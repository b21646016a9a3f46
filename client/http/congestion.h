/* SPDX-License-Identifier: MIT
 *
 * How many requests a host gets at once.  A host that answers "too many" or
 * "overloaded" gets half as many, and one more for each round of answers that
 * are none (additive increase, multiplicative decrease), so that many callers
 * that all try again do not become a storm.
 *
 * One driver at a time; no locks.
 */
#ifndef MHSM_CLIENT_HTTP_CONGESTION_H
#define MHSM_CLIENT_HTTP_CONGESTION_H

#include <stdint.h>

enum { mhsmi_hosts_max = 16 };

struct mhsmi_congestion {
    struct mhsmi_congested {
        char *origin;
        double limit;       /* of requests at once */
        int64_t reduced_ms; /* when it was last halved */
    } hosts[mhsmi_hosts_max];
};

/* At most `most` requests may be under way to the origin, or fewer. */
int mhsmi_congestion_limit(struct mhsmi_congestion *congestion,
                           const char *origin, int most);
/* An answer of that HTTP status to a request that was sent at `started_ms`. */
void mhsmi_congestion_note(struct mhsmi_congestion *congestion,
                           const char *origin, int most, int status,
                           int64_t started_ms);
void mhsmi_congestion_clear(struct mhsmi_congestion *congestion);

#endif
