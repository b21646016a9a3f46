/* SPDX-License-Identifier: MIT
 *
 * The target of a request, taken apart: decoded path segments and decoded
 * query parameters.
 */
#ifndef EMU_URI_H
#define EMU_URI_H

#include <stddef.h>

#define EMU_SEGMENTS_MAX   12
#define EMU_PARAMETERS_MAX 32

struct emu_uri {
    char *text;
    char *segments[EMU_SEGMENTS_MAX];
    size_t segment_count;
    char *names[EMU_PARAMETERS_MAX];
    char *values[EMU_PARAMETERS_MAX];
    size_t parameter_count;
};

/* 1 on success. On failure *uri is empty. Doubled slashes at the front are
 * one; an empty segment inside stays, an empty one at the end goes. */
int emu_uri_parse(struct emu_uri *uri, const char *target);
/* The first of that name, NULL when absent. */
const char *emu_uri_parameter(const struct emu_uri *uri, const char *name);
void emu_uri_free(struct emu_uri *uri);
/* Decodes in place; plus means a space in forms and queries only. 0 when the
 * text is malformed or would hold a NUL. */
int emu_uri_decode(char *text, int plus);

#endif
