/* SPDX-License-Identifier: MIT
 *
 * Key versions as they are kept.
 */
#ifndef EMU_KEYSTORE_H
#define EMU_KEYSTORE_H

#include "material.h"
#include "store.h"

#define EMU_NAME_SIZE    128
#define EMU_VERSION_SIZE 33
#define EMU_VERSIONS_MAX 100

enum emu_op {
    EMU_OP_ENCRYPT = 1,
    EMU_OP_DECRYPT = 2,
    EMU_OP_SIGN = 4,
    EMU_OP_VERIFY = 8,
    EMU_OP_WRAP = 16,
    EMU_OP_UNWRAP = 32,
    EMU_OP_IMPORT = 64,
    EMU_OP_EXPORT = 128
};

struct emu_version {
    char name[EMU_NAME_SIZE];
    char version[EMU_VERSION_SIZE];
    enum emu_kty kty;
    char crv[16];
    int64_t bits;
    struct emu_bytes material;
    char *public_jwk; /* JSON text */
    unsigned ops;
    int enabled;
    int exportable;
    int64_t software; /* 1 for keys of a Key Vault that are in no HSM */
    int64_t nbf;      /* -1: none, as exp */
    int64_t exp;
    int64_t created;
    int64_t updated;
    char *tags;           /* JSON text or NULL */
    char *release_policy; /* JSON text or NULL */
    int64_t deleted;      /* 0: live */
    int64_t purge;
};

void emu_version_init(struct emu_version *v);
void emu_version_free(struct emu_version *v);

/* The latest version when version is NULL. Finds deleted keys too: look at
 * deleted. 1 found, 0 absent, -1 failed; *v is filled only when found. */
int emu_keystore_find(struct emu_store *s, const char *name,
                      const char *version, struct emu_version *v);
/* Gives v a version id and a public half, if it has none, and stores it as the latest one of its name. To be
 * called inside emu_store_begin. */
int emu_keystore_add(struct emu_store *s, struct emu_version *v);
/* Number of versions of the name, or -1. */
int64_t emu_keystore_count(struct emu_store *s, const char *name);
/* Writes what may change: ops, enabled, nbf, exp, updated, tags, policy. */
int emu_keystore_update(struct emu_store *s, const struct emu_version *v);
/* Forgets the deleted keys whose time is over. */
void emu_keystore_sweep(struct emu_store *s);

/* The columns that emu_keystore_read takes, in order. */
#define EMU_VERSION_COLUMNS                                                    \
    "k.name,v.version,v.kty,v.crv,v.bits,v.material,v.public,v.ops,"           \
    "v.enabled,v.exportable,v.nbf,v.exp,v.created,v.updated,v.tags,"           \
    "v.release_policy,k.deleted,k.purge,v.software"
int emu_keystore_read(sqlite3_stmt *row, struct emu_version *v);

#endif
