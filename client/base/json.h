/* SPDX-License-Identifier: MIT
 *
 * json-c with limits and typed, checked reads.  Parsing refuses nesting over
 * 32, trailing bytes, invalid UTF-8 and embedded NULs in the text.
 */
#ifndef MHSM_CLIENT_BASE_JSON_H
#define MHSM_CLIENT_BASE_JSON_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

/* A new object that the caller puts with json_object_put(), or NULL when the
 * text is not exactly one JSON value. */
struct json_object *mhsmi_json_parse(const void *text, size_t size);

/* Reads of member `name` of `object` (which may be NULL or no object): the
 * value when it is there with that type, else NULL or the fallback. */
struct json_object *mhsmi_json_object(struct json_object *object,
                                      const char *name);
struct json_object *mhsmi_json_array(struct json_object *object,
                                     const char *name);
const char *mhsmi_json_string(struct json_object *object, const char *name);
int mhsmi_json_bool(struct json_object *object, const char *name, int fallback);
/* Also accepts a string of digits, as metadata services send. */
int64_t mhsmi_json_int(struct json_object *object, const char *name,
                       int64_t fallback);
/* Member as base64url octets, appended to `out`: 1, or 0 when absent, of
 * another type or malformed. */
MHSM_NODISCARD int mhsmi_json_octets(struct json_object *object,
                                     const char *name, struct mhsmi_buf *out);

/* Add members; 1, or 0 when out of memory. */
MHSM_NODISCARD int mhsmi_json_add(struct json_object *object, const char *name,
                                  struct json_object *value); /* takes value */
MHSM_NODISCARD int mhsmi_json_add_string(struct json_object *object,
                                         const char *name, const char *value);
MHSM_NODISCARD int mhsmi_json_add_octets(struct json_object *object,
                                         const char *name, const void *data,
                                         size_t size);
/* Append `text` as a JSON string in ASCII: what is not becomes \uXXXX.  1, or 0
 * when it is no UTF-8 or the buffer is full. */
MHSM_NODISCARD int mhsmi_json_quote(struct mhsmi_buf *out, const char *text);
/* Overwrite every string below `object` (json-c does not), then put it. */
void mhsmi_json_wipe(struct json_object *object);

#endif
