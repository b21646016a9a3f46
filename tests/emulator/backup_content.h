/* SPDX-License-Identifier: MIT
 *
 * What a backup of the whole HSM holds: a list, and a text for each key.
 */
#ifndef EMU_BACKUP_CONTENT_H
#define EMU_BACKUP_CONTENT_H

#include "keystore.h"

#include <json-c/json.h>

#define EMU_BACKUP_LIST "backup"
/* Behind the folder: the blob of a key. */
#define EMU_BACKUP_KEY "keys/%s"

/* {"hsm", "created", "keys": [names], "definitions", "assignments"}; NULL on
 * failure. */
struct json_object *emu_backup_list(struct emu_store *s, const char *hsm_name);
/* A key as key_blob.h has it, and its policy and what became of it. */
struct json_object *emu_backup_key(struct emu_store *s, const char *name);

/* Inside emu_store_begin: forgets all keys and roles. */
int emu_backup_wipe(struct emu_store *s);
int emu_backup_store_roles(struct emu_store *s, struct json_object *list);
int emu_backup_store_key(struct emu_store *s, struct json_object *key);

#endif
