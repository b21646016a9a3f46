/* SPDX-License-Identifier: MIT
 *
 * ISO 8601 durations. No fractions, no sign, designators in their order.
 */
#include "duration.h"

#include <stddef.h>
#include <string.h>

#define NUMBER_MAX 1000000

static const struct {
    char designator;
    int time;
    int64_t seconds;
} units[] = {
    {'Y', 0, INT64_C(365) * 86400},
    {'M', 0, INT64_C(30) * 86400},
    {'W', 0, INT64_C(7) * 86400},
    {'D', 0, 86400},
    {'H', 1, 3600},
    {'M', 1, 60},
    {'S', 1, 1},
};

#define UNITS (sizeof(units) / sizeof(units[0]))

int64_t emu_duration_parse(const char *text)
{
    int64_t total = 0;
    size_t next = 0;
    int time = 0;

    if (*text++ != 'P' || *text == '\0')
        return -1;
    while (*text != '\0') {
        int64_t number = 0;

        if (*text == 'T' && !time) {
            time = 1;
            text++;
        }
        if (*text < '0' || *text > '9')
            return -1;
        for (; *text >= '0' && *text <= '9'; text++) {
            number = number * 10 + (*text - '0');
            if (number > NUMBER_MAX)
                return -1;
        }
        while (next < UNITS &&
               (units[next].designator != *text || units[next].time != time))
            next++;
        if (next == UNITS)
            return -1;
        total += number * units[next++].seconds;
        text++;
    }
    return total;
}
