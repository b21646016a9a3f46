/* SPDX-License-Identifier: MIT
 *
 * Time: deadlines are milliseconds of the monotonic clock, so that a step of
 * the wall clock neither hangs nor kills a request.
 */
#ifndef MHSM_CLIENT_BASE_CLOCK_H
#define MHSM_CLIENT_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t mhsmi_clock_ms(void);   /* monotonic */
int64_t mhsmi_clock_unix(void); /* wall clock, seconds */
/* `ms` from now, saturating. */
int64_t mhsmi_clock_deadline(int64_t ms);
/* A monotonic deadline for pthread_cond_timedwait on a CLOCK_MONOTONIC cond. */
struct timespec mhsmi_clock_timespec(int64_t deadline_ms);

#endif
