/* SPDX-License-Identifier: MIT
 *
 * What the emulator needs from json-c: strict bounded parsing, typed getters,
 * and text whose members come in alphabetical order, as the service's do.
 */
#ifndef EMU_JSON_H
#define EMU_JSON_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

/* One JSON object and nothing after it, or NULL. The caller puts it. */
struct json_object *emu_json_parse(const void *text, size_t len);
/* NULL when absent, no string, or a string with a NUL inside. Borrowed. */
const char *emu_json_string(struct json_object *o, const char *name);
/* The member, whatever its type; NULL when absent or null. Borrowed. */
struct json_object *emu_json_member(struct json_object *o, const char *name);
/* 1 found, 0 absent or null, -1 present but of another type. */
int emu_json_int(struct json_object *o, const char *name, int64_t *value);
int emu_json_bool(struct json_object *o, const char *name, int *value);

/* 1 on success. */
int emu_json_add(struct json_object *o, const char *name,
                 struct json_object *taken);
int emu_json_add_string(struct json_object *o, const char *name,
                        const char *value);
int emu_json_add_int(struct json_object *o, const char *name, int64_t value);
int emu_json_add_bytes(struct json_object *o, const char *name,
                       const void *data, size_t len);
/* Compact, members sorted at every depth; the caller frees. */
char *emu_json_text(struct json_object *o);

#endif
