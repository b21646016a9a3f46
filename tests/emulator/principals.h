/* SPDX-License-Identifier: MIT
 *
 * Who can get a token: applications with a secret, and managed identities
 * without one.
 */
#ifndef EMU_PRINCIPALS_H
#define EMU_PRINCIPALS_H

#include "bytes.h"
#include "store.h"

#include <json-c/json.h>

struct emu_principal {
    char oid[EMU_GUID_SIZE];
    char client_id[EMU_GUID_SIZE];
    char secret[80]; /* empty for a managed identity */
};

/* Makes and stores one; with_secret gives it a fresh secret. */
int emu_principals_add(struct emu_store *s, const char *name, int with_secret,
                       struct emu_principal *out);
/* 1 found, 0 unknown, -1 failed. */
int emu_principals_by_oid(struct emu_store *s, const char *oid,
                          struct emu_principal *out);
int emu_principals_by_client(struct emu_store *s, const char *client_id,
                             struct emu_principal *out);
/* All of them without their secrets; NULL on failure. */
struct json_object *emu_principals_list(struct emu_store *s);

#endif
