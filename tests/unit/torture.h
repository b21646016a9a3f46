/* SPDX-License-Identifier: MIT
 *
 * Memory that runs out.  A program that includes this has an allocator of its
 * own in place of the library's (client/base/alloc.c), whose n-th allocation
 * fails.
 */
#ifndef MHSM_TESTS_UNIT_TORTURE_H
#define MHSM_TESTS_UNIT_TORTURE_H

#include <stdlib.h>

#include "base/buf.h"
#include "check.h"

/* The allocation that fails, counted down; 0: none does. */
static int fail_at;
static int live;

void *mhsmi_alloc(size_t size)
{
    if (fail_at > 0 && --fail_at == 0)
        return NULL;
    live++;
    return calloc(1, size == 0 ? 1 : size);
}

void mhsmi_free(void *data)
{
    if (data != NULL)
        live--;
    free(data);
}

/* Run `attempt` with the 1st, 2nd, ... allocation failing until it passes.
 * It returns 1 for success, 0 for a failure that it has judged itself. */
static inline void torture(int (*attempt)(void))
{
    int i, passed = 0;

    for (i = 1; i < 1000 && !passed; i++) {
        int before = live;

        fail_at = i;
        passed = attempt() && fail_at != 0;
        fail_at = 0;
        CHECK(live == before);
    }
    CHECK(passed);
    CHECK(i > 2); /* at least one did fail */
}

#endif
