/* SPDX-License-Identifier: MIT
 *
 * Writes JSON (RFC 8259) of strings, integers, booleans, arrays and objects
 * straight into a wiping buffer.  It never leaves a copy elsewhere.
 */
#include "auth/body.h"

#include <string.h>

#include "base/base64url.h"

static int write_string(struct mhsmi_buf *out, const char *text, size_t size)
{
    size_t i, run;

    if (!mhsmi_buf_puts(out, "\""))
        return 0;
    for (i = 0; i < size; i += run) {
        run = 0;
        while (i + run < size && (unsigned char)text[i + run] >= 0x20 &&
               text[i + run] != '"' && text[i + run] != '\\')
            run++;
        if (run != 0) {
            if (!mhsmi_buf_append(out, text + i, run))
                return 0;
            continue;
        }
        run = 1;
        if (!mhsmi_buf_printf(out, "\\u%04x", (unsigned char)text[i]))
            return 0;
    }
    return mhsmi_buf_puts(out, "\"");
}

/* What comes before the value of a member. */
static int begin_member(struct mhsmi_buf *out, const char *name)
{
    return mhsmi_buf_puts(out, out->size == 0 ? "{" : ",") &&
           write_string(out, name, strlen(name)) && mhsmi_buf_puts(out, ":");
}

int mhsmi_body_add_string(struct mhsmi_buf *out, const char *name,
                          const char *value)
{
    return begin_member(out, name) && write_string(out, value, strlen(value));
}

int mhsmi_body_add_octets(struct mhsmi_buf *out, const char *name,
                          const void *data, size_t size)
{
    return begin_member(out, name) && mhsmi_buf_puts(out, "\"") &&
           mhsmi_base64url_encode(out, data, size) && mhsmi_buf_puts(out, "\"");
}

int mhsmi_body_end(struct mhsmi_buf *out)
{
    return mhsmi_buf_puts(out, out->size == 0 ? "{}" : "}");
}

static int write_array(struct mhsmi_buf *out, struct json_object *value)
{
    size_t i, count = json_object_array_length(value);
    int ok = mhsmi_buf_puts(out, "[");

    for (i = 0; ok && i < count; i++)
        ok = (i == 0 || mhsmi_buf_puts(out, ",")) &&
             mhsmi_body_write(out, json_object_array_get_idx(value, i));
    return ok && mhsmi_buf_puts(out, "]");
}

static int write_object(struct mhsmi_buf *out, struct json_object *value)
{
    struct json_object_iterator at = json_object_iter_begin(value);
    struct json_object_iterator end = json_object_iter_end(value);
    const char *name;
    int ok = mhsmi_buf_puts(out, "{"), first = 1;

    for (; ok && !json_object_iter_equal(&at, &end); first = 0) {
        name = json_object_iter_peek_name(&at);
        ok = (first || mhsmi_buf_puts(out, ",")) &&
             write_string(out, name, strlen(name)) &&
             mhsmi_buf_puts(out, ":") &&
             mhsmi_body_write(out, json_object_iter_peek_value(&at));
        json_object_iter_next(&at);
    }
    return ok && mhsmi_buf_puts(out, "}");
}

int mhsmi_body_write(struct mhsmi_buf *out, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return mhsmi_buf_puts(out, "null");
    case json_type_boolean:
        return mhsmi_buf_puts(out, json_object_get_boolean(value) ? "true"
                                                                  : "false");
    case json_type_int:
        return mhsmi_buf_printf(out, "%lld",
                                (long long)json_object_get_int64(value));
    case json_type_string:
        return write_string(out, json_object_get_string(value),
                            (size_t)json_object_get_string_len(value));
    case json_type_array:
        return write_array(out, value);
    case json_type_object:
        return write_object(out, value);
    case json_type_double:
        break;
    }
    return 0;
}
