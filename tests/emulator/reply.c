/* SPDX-License-Identifier: MIT
 *
 * Building answers: JSON with sorted members, errors with their activity id.
 * When memory fails an answer degrades to a bare 500, never to half a body.
 */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE "application/json; charset=utf-8"

int emu_reply_init(struct emu_reply *r)
{
    memset(r, 0, sizeof(*r));
    r->status = 500;
    return emu_guid_new(r->id);
}

void emu_reply_clear(struct emu_reply *r)
{
    size_t i;

    emu_text_free(r->body);
    for (i = 0; i < r->header_count; i++)
        free(r->header_values[i]);
    r->body = NULL;
    r->len = 0;
    r->header_count = 0;
    r->content_type = JSON_TYPE;
    r->wire = EMU_WIRE_WHOLE;
    r->status = 500;
}

void emu_reply_free(struct emu_reply *r)
{
    emu_reply_clear(r);
}

void emu_reply_header(struct emu_reply *r, const char *name, const char *value)
{
    char *copy = strdup(value);

    if (copy == NULL || r->header_count == EMU_HEADERS_MAX) {
        free(copy);
        return;
    }
    r->header_names[r->header_count] = name;
    r->header_values[r->header_count++] = copy;
}

void emu_reply_empty(struct emu_reply *r, unsigned status)
{
    emu_text_free(r->body);
    r->body = NULL;
    r->len = 0;
    r->content_type = NULL;
    r->status = status;
}

void emu_reply_text(struct emu_reply *r, unsigned status, const char *type,
                    char *text)
{
    if (text == NULL) {
        emu_reply_empty(r, 500);
        return;
    }
    emu_text_free(r->body);
    r->body = text;
    r->len = strlen(text);
    r->content_type = type;
    r->status = status;
}

void emu_reply_json(struct emu_reply *r, unsigned status, struct json_object *o)
{
    if (o == NULL) {
        emu_reply_failed(r);
        return;
    }
    emu_reply_text(r, status, JSON_TYPE, emu_json_text(o));
    json_object_put(o);
}

static void error_body(struct emu_reply *r, unsigned status, const char *code,
                       const char *inner, const char *message)
{
    struct json_object *o = json_object_new_object();
    struct json_object *error = json_object_new_object();
    struct json_object *nested;
    int ok = emu_json_add_string(error, "code", code) &&
             emu_json_add_string(error, "message", message);

    if (ok && inner != NULL) {
        nested = json_object_new_object();
        ok = emu_json_add_string(nested, "code", inner);
        ok = emu_json_add(error, "innererror", nested) && ok;
    }
    ok = emu_json_add(o, "error", error) && ok;
    if (ok)
        emu_reply_text(r, status, JSON_TYPE, emu_json_text(o));
    else
        emu_reply_empty(r, 500);
    json_object_put(o);
}

__attribute__((format(printf, 5, 0))) static void
error_list(struct emu_reply *r, unsigned status, const char *code,
           const char *inner, const char *format, va_list values)
{
    char text[768], message[900];

    vsnprintf(text, sizeof(text), format, values);
    if (r->brief)
        snprintf(message, sizeof(message), "%s", text);
    else
        snprintf(message, sizeof(message), "%s (Activity ID: %s)", text, r->id);
    error_body(r, status, code, inner, message);
}

void emu_reply_error(struct emu_reply *r, unsigned status, const char *code,
                     const char *format, ...)
{
    va_list values;

    va_start(values, format);
    error_list(r, status, code, NULL, format, values);
    va_end(values);
}

void emu_reply_refuse(struct emu_reply *r, unsigned status, const char *code,
                      const char *inner, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    error_list(r, status, code, inner, format, values);
    va_end(values);
}

void emu_reply_bad(struct emu_reply *r, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    error_list(r, 400, "BadParameter", NULL, format, values);
    va_end(values);
}

void emu_reply_failed(struct emu_reply *r)
{
    emu_reply_error(r, 500, "InternalServerError",
                    "The server could not complete the request");
}

void emu_reply_problem(struct emu_reply *r, unsigned status)
{
    if (status == 413)
        emu_reply_error(r, 413, "RequestEntityTooLarge",
                        "The request body is too large");
    else if (status == 400)
        emu_reply_error(r, 400, "BadRequest", "The request is malformed");
    else
        emu_reply_failed(r);
}
