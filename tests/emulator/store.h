/* SPDX-License-Identifier: MIT
 *
 * The state: one SQLite file, or memory. What commits to the file is on the
 * disk before it is answered.
 */
#ifndef EMU_STORE_H
#define EMU_STORE_H

#include "bytes.h"

#include <sqlite3.h>

struct emu_store;

/* `path` NULL: in memory, gone with the process. */
int emu_store_open(struct emu_store **out, const char *path);
void emu_store_free(struct emu_store *s);

/* The lock is recursive; a statement from emu_store_query may be stepped only
 * while its caller holds it. */
void emu_store_lock(struct emu_store *s);
void emu_store_unlock(struct emu_store *s);
/* begin locks; end commits when ok, else rolls back, and unlocks. end returns
 * 1 only for what has been committed. */
int emu_store_begin(struct emu_store *s);
int emu_store_end(struct emu_store *s, int ok);

/* types has one letter a parameter: t text (NULL allowed), i int64_t,
 * b const struct emu_bytes *. NULL on failure; the caller finalizes. */
sqlite3_stmt *emu_store_query(struct emu_store *s, const char *sql,
                              const char *types, ...);
/* Runs a statement without rows: the number of changed rows, or -1. */
int emu_store_run(struct emu_store *s, const char *sql, const char *types, ...);

/* A column as text owned by the caller; NULL when it is null. */
char *emu_store_text(sqlite3_stmt *row, int column);
int emu_store_bytes(sqlite3_stmt *row, int column, struct emu_bytes *out);

/* Named values of the emulator itself. get: 1 found, 0 absent, -1 failed. */
int emu_store_get(struct emu_store *s, const char *name, struct emu_bytes *out);
int emu_store_set(struct emu_store *s, const char *name, const void *data,
                  size_t len);

#endif
