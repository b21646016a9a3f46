/* SPDX-License-Identifier: MIT
 *
 * Durations as ISO 8601 writes them, as far as rotation policies use them.
 */
#ifndef EMU_DURATION_H
#define EMU_DURATION_H

#include <stdint.h>

/* Seconds, with 30 days a month and 365 a year; -1 when malformed. */
int64_t emu_duration_parse(const char *text);

#endif
