/* SPDX-License-Identifier: MIT
 *
 * A condition that threads and fibres wait for under the same lock.  A fibre
 * gives its thread to others meanwhile, and may never be resumed.
 */
#ifndef MHSM_CLIENT_BASE_CHANGE_H
#define MHSM_CLIENT_BASE_CHANGE_H

#include <pthread.h>
#include <stdint.h>

struct mhsmi_paused;

struct mhsmi_change {
    pthread_cond_t threads;
    struct mhsmi_paused *fibres;
    unsigned long tickets;
};

/* 1, or 0 when the system is out of resources. */
int mhsmi_change_init(struct mhsmi_change *change);
void mhsmi_change_clear(struct mhsmi_change *change);

/* All under `lock`, which waiting gives up meanwhile.  A wait may end for no
 * reason, and does not end later than at `deadline_ms`. */
void mhsmi_change_await(struct mhsmi_change *change, pthread_mutex_t *lock,
                        int64_t deadline_ms);
void mhsmi_change_tell_all(struct mhsmi_change *change);

#endif
