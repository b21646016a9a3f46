/* SPDX-License-Identifier: MIT
 *
 * The one Managed HSM that this process plays: its options, identity, state
 * and counters. Set up by main before any thread exists, read-only after that
 * except for what has its own lock.
 */
#ifndef EMU_HSM_H
#define EMU_HSM_H

#include "bytes.h"
#include "faults.h"
#include "options.h"
#include "stats.h"
#include "store.h"

#include <openssl/evp.h>

struct emu_hsm {
    const struct emu_options *options;
    struct emu_store *store;
    char tenant[EMU_GUID_SIZE];
    EVP_PKEY *token_key;
    char token_kid[33];
    char admin_oid[EMU_GUID_SIZE];
    char identity_oid[EMU_GUID_SIZE];
    char identity_header[EMU_GUID_SIZE]; /* what its programs must send */
    int64_t rotation_next;               /* under the lock of the store */
    struct emu_stats *stats;
    struct emu_faults *faults;
};

/* How long what was deleted can be had again: as at a Managed HSM that was made
 * with the shortest time, or at a Key Vault. */
int64_t emu_hsm_recoverable_days(const struct emu_hsm *hsm);
/* Opens or creates everything durable in the state folder. */
int emu_hsm_open(struct emu_hsm *hsm, const struct emu_options *options);
void emu_hsm_close(struct emu_hsm *hsm);
/* An RSA key of the emulator's own, kept by that name and made when it is
 * first asked for. The caller frees; NULL on failure. */
EVP_PKEY *emu_hsm_key(struct emu_store *s, const char *name);

#endif
