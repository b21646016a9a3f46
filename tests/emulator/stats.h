/* SPDX-License-Identifier: MIT
 *
 * Counters of what reached the emulator, for tests that count requests.
 */
#ifndef EMU_STATS_H
#define EMU_STATS_H

#include <json-c/json.h>

struct emu_stats;

enum emu_counter {
    EMU_CONNECTIONS,
    EMU_REQUESTS,
    EMU_TOKENS,
    EMU_IMDS,
    EMU_COUNTERS
};

struct emu_stats *emu_stats_new(void);
void emu_stats_free(struct emu_stats *s);
void emu_stats_count(struct emu_stats *s, enum emu_counter which);
/* pattern is constant text that outlives the counters. */
void emu_stats_route(struct emu_stats *s, const char *method,
                     const char *pattern);
void emu_stats_reset(struct emu_stats *s);
/* The caller puts it; NULL when memory fails. */
struct json_object *emu_stats_json(struct emu_stats *s);

#endif
