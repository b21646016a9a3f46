/* SPDX-License-Identifier: MIT
 *
 * How many requests a host gets at once: halved by a refusal, once for all
 * that were under way; raised by one for each round of answers.
 */
#include "base/clock.h"
#include "check.h"
#include "http/congestion.h"

static const char host[] = "https://a.example";

static struct mhsmi_congestion congestion;

static void clear(void)
{
    congestion = (struct mhsmi_congestion){0, 0};
}

static int limit(void)
{
    return mhsmi_congestion_limit(&congestion, 16);
}

static void note(int status, int64_t started_ms)
{
    mhsmi_congestion_note(&congestion, host, 16, status, started_ms);
}

static void a_refusal_halves(void)
{
    CHECK(limit() == 16);
    note(429, mhsmi_clock_ms());
    CHECK(limit() == 8);
    note(503, mhsmi_clock_ms() + 1);
    CHECK(limit() == 4);
    CHECK(mhsmi_congestion_limit(&congestion, 2) == 2);
    clear();
    CHECK(limit() == 16);
}

static void what_was_under_way_counts_once(void)
{
    int64_t before = mhsmi_clock_ms() - 1;
    int i;

    for (i = 0; i < 16; i++)
        note(429, before);
    CHECK(limit() == 8);
    clear();
}

static void it_never_stops(void)
{
    int i;

    for (i = 0; i < 100; i++)
        note(429, INT64_MAX);
    CHECK(limit() == 1);
    clear();
}

/* Some hundred answers from one at once to all sixteen; failures and other
 * answers alike. */
static void answers_raise(void)
{
    int i, last = 1, now;

    for (i = 0; i < 8; i++)
        note(429, INT64_MAX);
    for (i = 0; i < 160 && limit() < 16; i++) {
        note(i % 2 == 0 ? 200 : 404, INT64_MAX);
        now = limit();
        CHECK(now == last || now == last + 1);
        last = now;
    }
    CHECK(limit() == 16 && i > 100);
    clear();
}

int main(void)
{
    static const struct check checks[] = {
        {"a refusal halves", a_refusal_halves},
        {"what was under way counts once", what_was_under_way_counts_once},
        {"it never stops", it_never_stops},
        {"answers raise", answers_raise},
        {NULL, NULL},
    };

    return check_main("congestion", checks);
}
