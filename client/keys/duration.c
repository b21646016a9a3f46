/* SPDX-License-Identifier: MIT
 *
 * Reads durations of days.  Hours and shorter are refused: no policy is so
 * fine.
 */
#include "keys/duration.h"

#include <stddef.h>

enum { days_max = 36500 };

static const struct {
    char designator;
    long days;
} units[] = {{'Y', 365}, {'M', 30}, {'W', 7}, {'D', 1}};

#define UNITS (sizeof(units) / sizeof(units[0]))

long mhsmi_duration_days(const char *text)
{
    long total = 0;
    size_t next = 0;

    if (*text++ != 'P' || *text == '\0')
        return -1;
    while (*text != '\0') {
        long number = 0;

        if (*text < '0' || *text > '9')
            return -1;
        for (; *text >= '0' && *text <= '9'; text++) {
            number = number * 10 + (*text - '0');
            if (number > days_max)
                return -1;
        }
        while (next < UNITS && units[next].designator != *text)
            next++;
        if (next == UNITS)
            return -1;
        total += number * units[next++].days;
        if (total > days_max)
            return -1;
        text++;
    }
    return total;
}
