/* SPDX-License-Identifier: MIT
 *
 * What the HSMs of one emulator have in common: tenant and token authority,
 * the principals, and the state that they lie in. Set up by main before any
 * thread exists, read-only after that except for what has its own lock.
 */
#ifndef EMU_CLOUD_H
#define EMU_CLOUD_H

#include "bytes.h"
#include "options.h"
#include "store.h"

#include <openssl/evp.h>

#define EMU_FAILURE_SIZE 256

struct emu_fleet;

struct emu_cloud {
    const struct emu_options *options;
    struct emu_store *store; /* the first HSM's, too */
    char tenant[EMU_GUID_SIZE];
    EVP_PKEY *token_key;
    char token_kid[33];
    char admin_oid[EMU_GUID_SIZE];
    char identity_oid[EMU_GUID_SIZE];
    char identity_header[EMU_GUID_SIZE]; /* what its programs must send */
    int64_t authority_port;
    struct emu_fleet *fleet;
    /* Under the fleet's lock: how long work of the management plane takes, and
     * how the next one ends; empty: well. */
    int64_t work_ms;
    char work_failure[EMU_FAILURE_SIZE];
};

/* Opens or creates everything durable in the state folder. */
int emu_cloud_open(struct emu_cloud *cloud, const struct emu_options *options);
void emu_cloud_close(struct emu_cloud *cloud);
/* An RSA key of the emulator's own, kept by that name and made when it is
 * first asked for. The caller frees; NULL on failure. */
EVP_PKEY *emu_cloud_key(struct emu_store *s, const char *name);

#endif
