/* SPDX-License-Identifier: MIT
 *
 * Durations of rotation policies.
 */
#include "check.h"

#include "keys/duration.h"

static void reading(void)
{
    static const struct {
        const char *text;
        long days;
    } rows[] = {
        {"P28D", 28},     {"P4W", 28},        {"P1M", 30},
        {"P1Y", 365},     {"P1Y6M", 545},     {"P1Y1M1W1D", 403},
        {"P0D", 0},       {"P36500D", 36500}, {"P36501D", -1},
        {"P99Y366D", -1}, {"P2000M", -1},     {"", -1},
        {"P", -1},        {"90D", -1},        {"P90", -1},
        {"PD", -1},       {"P-1D", -1},       {"P+1D", -1},
        {"P1.5Y", -1},    {"PT24H", -1},      {"P1DT1H", -1},
        {"P1D1D", -1},    {"P1D1Y", -1},      {"p1d", -1},
        {"P90D ", -1},    {" P90D", -1},      {"P99999999999999999999D", -1},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(mhsmi_duration_days(rows[i].text) == rows[i].days);
}

int main(void)
{
    static const struct check checks[] = {{"reading", reading}, {NULL, NULL}};

    return check_main("duration", checks);
}
