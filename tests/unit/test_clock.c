/* SPDX-License-Identifier: MIT
 *
 * Deadlines: monotonic, saturating, never in the past by overflow.
 */
#include "base/clock.h"

#include "check.h"

static void test_clocks(void)
{
    struct timespec nap = {0, 20 * 1000000L};
    int64_t before = mhsmi_clock_ms(), after;

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    after = mhsmi_clock_ms();
    CHECK(after >= before + 20);
    CHECK(after < before + 10000);
    CHECK(mhsmi_clock_unix() > 1700000000);
}

static void test_deadline(void)
{
    int64_t now = mhsmi_clock_ms();

    CHECK(mhsmi_clock_deadline(1000) >= now + 1000);
    CHECK(mhsmi_clock_deadline(1000) < now + 5000);
    CHECK(mhsmi_clock_deadline(INT64_MAX) == INT64_MAX);
    CHECK(mhsmi_clock_deadline(-5) >= now);
    CHECK(mhsmi_clock_deadline(INT64_MIN) >= now);
}

static void test_timespec(void)
{
    struct timespec at = mhsmi_clock_timespec(1234567);

    CHECK(at.tv_sec == 1234 && at.tv_nsec == 567000000);
    at = mhsmi_clock_timespec(-1);
    CHECK(at.tv_sec == 0 && at.tv_nsec == 0);
    at = mhsmi_clock_timespec(INT64_MAX);
    CHECK(at.tv_sec > 1000000000 && at.tv_nsec == 0);
}

int main(void)
{
    static const struct check checks[] = {
        {"clocks", test_clocks},
        {"deadline", test_deadline},
        {"timespec", test_timespec},
        {NULL, NULL},
    };

    return check_main("clock", checks);
}
