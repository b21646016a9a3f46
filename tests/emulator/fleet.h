/* SPDX-License-Identifier: MIT
 *
 * The HSMs of this process, each behind a port of its own. The first is there
 * from the start, and its port is the token authority's, too.
 */
#ifndef EMU_FLEET_H
#define EMU_FLEET_H

#include "certificate.h"
#include "hsm.h"

#define EMU_HSMS_MAX  32
#define EMU_NAME_SIZE 25
/* The name of the first, as clients find it. */
#define EMU_FIRST_NAME "localhost"

struct emu_fleet;

/* Starts the first one. The certificate outlives the fleet. */
int emu_fleet_open(struct emu_fleet **out, struct emu_cloud *cloud,
                   const struct emu_certificate *certificate, int64_t port);
/* Stops all of them. */
void emu_fleet_free(struct emu_fleet *f);

/* Whoever looks for an HSM by its name holds the lock for as long as the HSM is
 * used. */
void emu_fleet_lock(struct emu_fleet *f);
void emu_fleet_unlock(struct emu_fleet *f);
struct emu_hsm *emu_fleet_first(struct emu_fleet *f);
/* Under the lock; names are compared without regard to case. NULL: none. */
struct emu_hsm *emu_fleet_find(struct emu_fleet *f, const char *name);
/* Under the lock. Opens its state, which is made when it is not there, and
 * starts it; *port 0 is any, and gets the one that it has. NULL on failure. */
struct emu_hsm *emu_fleet_start(struct emu_fleet *f, const char *name,
                                int64_t *port);
/* Under the lock. Stops it, once its running calls are answered; its state goes
 * as well when `forget` says so. The first cannot be stopped. */
void emu_fleet_stop(struct emu_fleet *f, const char *name, int forget);

#endif
