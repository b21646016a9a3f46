/* SPDX-License-Identifier: MIT
 *
 * An answer under construction. A handler fills it; the server sends it.
 */
#ifndef EMU_REPLY_H
#define EMU_REPLY_H

#include "bytes.h"
#include "json.h"

#include <stddef.h>

#define EMU_HEADERS_MAX 16

/* How the answer goes over the wire. */
enum emu_wire { EMU_WIRE_WHOLE, EMU_WIRE_CUT, EMU_WIRE_RESET };

struct emu_reply {
    unsigned status;
    char id[EMU_GUID_SIZE];
    char *body;
    size_t len;
    const char *content_type;
    enum emu_wire wire;
    int brief; /* errors do not tell the activity id */
    const char *header_names[EMU_HEADERS_MAX];
    char *header_values[EMU_HEADERS_MAX];
    size_t header_count;
};

int emu_reply_init(struct emu_reply *r);
void emu_reply_free(struct emu_reply *r);
/* Forgets body and headers, keeps the id. */
void emu_reply_clear(struct emu_reply *r);
void emu_reply_header(struct emu_reply *r, const char *name, const char *value);
/* Takes o, which may be NULL: then the answer is an internal error. */
void emu_reply_json(struct emu_reply *r, unsigned status,
                    struct json_object *o);
/* Takes text. */
void emu_reply_text(struct emu_reply *r, unsigned status, const char *type,
                    char *text);
void emu_reply_empty(struct emu_reply *r, unsigned status);
/* {"error":{code,message}}; the activity id is put behind the message. */
__attribute__((format(printf, 4, 5))) void
emu_reply_error(struct emu_reply *r, unsigned status, const char *code,
                const char *format, ...);
/* The same with an innererror. */
__attribute__((format(printf, 5, 6))) void
emu_reply_refuse(struct emu_reply *r, unsigned status, const char *code,
                 const char *inner, const char *format, ...);
/* 400 BadParameter, the most frequent of them. */
__attribute__((format(printf, 2, 3))) void
emu_reply_bad(struct emu_reply *r, const char *format, ...);
void emu_reply_failed(struct emu_reply *r);
/* The refusal for a request that could not be read: 400, 413 or 500. */
void emu_reply_problem(struct emu_reply *r, unsigned status);

#endif
