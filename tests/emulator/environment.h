/* SPDX-License-Identifier: MIT
 *
 * What a client needs to know of a running emulator, as shell lines.
 */
#ifndef EMU_ENVIRONMENT_H
#define EMU_ENVIRONMENT_H

#include "certificate.h"
#include "cloud.h"

struct emu_ports {
    int64_t service;
    int64_t control;
    int64_t imds;
    int64_t fabric;
    int64_t arm;
};

/* Writes DIR/ca.pem and DIR/env, each whole or not at all, and the lines of
 * env to standard output. */
int emu_environment_write(struct emu_cloud *cloud,
                          const struct emu_ports *ports,
                          const struct emu_certificate *c);
/* Takes DIR/env away: nothing listens any more. */
void emu_environment_remove(const struct emu_cloud *cloud);

#endif
