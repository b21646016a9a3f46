/* SPDX-License-Identifier: MIT
 *
 * Work that nobody waits for, each piece in a thread of its own that blocks all
 * signals.  Where no thread can be made the caller does it himself.
 */
#ifndef MHSM_CLIENT_BASE_BACKGROUND_H
#define MHSM_CLIENT_BASE_BACKGROUND_H

/* Run work(data) soon; 0: no thread can be made, or too many run already.  The
 * work must end by itself in bounded time. */
int mhsmi_background_start(void (*work)(void *data), void *data);
/* Wait for all work on `data` that this process has started. */
void mhsmi_background_await(const void *data);
/* Wait at most `ms` for all work; none can be started any more. */
void mhsmi_background_stop(int ms);

#endif
