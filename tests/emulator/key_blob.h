/* SPDX-License-Identifier: MIT
 *
 * A key with all its versions, as backups hold it: of one key or of the whole
 * HSM.
 */
#ifndef EMU_KEY_BLOB_H
#define EMU_KEY_BLOB_H

#include "keystore.h"

#include <json-c/json.h>

#define EMU_KEY_BLOB_MAX ((size_t)2 * 1024 * 1024)

/* {"name", "versions"}; NULL on failure. The caller puts it. */
struct json_object *emu_key_blob_make(struct emu_store *s, const char *name);
/* Stores all versions, inside emu_store_begin; the last one stays in *v. 1 on
 * success. */
int emu_key_blob_store(struct emu_store *s, struct json_object *o,
                       struct emu_version *v);
/* Takes o, which may be NULL. Sealed text that the caller frees, or NULL. */
char *emu_key_blob_seal(struct emu_store *s, struct json_object *o);
/* What is sealed; NULL when it was sealed under another domain or has
 * changed. */
struct json_object *emu_key_blob_open(struct emu_store *s, const char *sealed);

#endif
