/* SPDX-License-Identifier: MIT
 *
 * Request bodies as text in a wiping buffer.  json-c's own writer keeps a copy
 * of the text that nobody overwrites, and a body may hold a key to wrap.
 */
#ifndef MHSM_CLIENT_AUTH_BODY_H
#define MHSM_CLIENT_AUTH_BODY_H

#include "base/json.h"

#define MHSMI_BODY_MAX ((size_t)1024 * 1024)

/* Append `value` as compact JSON: 1, or 0 when over the buffer's maximum,
 * out of memory, or holding a number that is no integer. */
MHSM_NODISCARD int mhsmi_body_write(struct mhsmi_buf *out,
                                    struct json_object *value);

/* An object member by member, in an empty buffer: 1, or 0 when over its maximum
 * or out of memory.  Octets are written as base64url. */
MHSM_NODISCARD int mhsmi_body_add_string(struct mhsmi_buf *out,
                                         const char *name, const char *value);
MHSM_NODISCARD int mhsmi_body_add_octets(struct mhsmi_buf *out,
                                         const char *name, const void *data,
                                         size_t size);
MHSM_NODISCARD int mhsmi_body_end(struct mhsmi_buf *out);

#endif
