/* SPDX-License-Identifier: MIT
 *
 * Text from the service, from files and from the command line, made safe to
 * print: control characters, bidirectional overrides and bytes that are no
 * UTF-8 never reach a terminal as they are.
 */
#ifndef MHSM_CLIENT_CLI_TEXT_H
#define MHSM_CLIENT_CLI_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

enum cli_escape {
    CLI_ESCAPE_SHOW = 0, /* "\x1b", for people */
    CLI_ESCAPE_TSV = 1,  /* the same, and "\t", "\n", "\\": reversible */
    CLI_ESCAPE_JSON = 2  /* "\u001b": `text` is JSON already serialised */
};

/* The locale that widths come from: the user's when it is UTF-8. */
void cli_text_init(void);
/* Append `text` escaped; 1, or 0 when the buffer is full. */
MHSM_NODISCARD int cli_text_escape(struct mhsmi_buf *out, const char *text,
                                   enum cli_escape escape);
/* Cells that escaped text takes on a terminal. */
size_t cli_text_width(const char *text);
/* Octets of the longest start of escaped text that fits `width` cells, and
 * the cells that it takes. */
size_t cli_text_fit(const char *text, size_t width, size_t *used);
/* Cells in a line of the terminal that `fd` is; 0: it is none, any width will
 * do.  COLUMNS, where it is said, counts. */
size_t cli_text_columns(int fd);
/* Escape for people and print, in one piece. */
void cli_text_print(FILE *stream, const char *text);

#endif
