/* SPDX-License-Identifier: MIT
 *
 * One of the Managed HSMs that this process plays: its state, its counters and
 * its faults. What they have in common is the cloud's.
 */
#ifndef EMU_HSM_H
#define EMU_HSM_H

#include "cloud.h"
#include "faults.h"
#include "network.h"
#include "stats.h"

struct emu_hsm {
    struct emu_cloud *cloud;
    const struct emu_options *options;
    struct emu_store *store;
    int64_t rotation_next; /* under the lock of the store */
    struct emu_stats *stats;
    struct emu_faults *faults;
    struct emu_jobs *jobs;
    struct emu_network network;
    /* Set by the management plane. */
    _Atomic int64_t recoverable_days;
    _Atomic int purge_protected;
};

/* Over a state that it takes, also when it fails; the cloud's own stays the
 * cloud's. */
int emu_hsm_open(struct emu_hsm *hsm, struct emu_cloud *cloud,
                 struct emu_store *store);
void emu_hsm_close(struct emu_hsm *hsm);
/* Whether it is the one that the emulator began with, whose port is the token
 * authority's as well. */
int emu_hsm_is_first(const struct emu_hsm *hsm);
/* How long what was deleted can be had again. */
int64_t emu_hsm_recoverable_days(const struct emu_hsm *hsm);

#endif
