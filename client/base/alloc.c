/* SPDX-License-Identifier: MIT
 *
 * The one place where libmhsm asks for memory.  It stands alone in its file so
 * that a test program can put its own pair of functions in place of these and
 * make any allocation fail.  It must never hand out memory that is not zeroed.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>

void *mhsmi_alloc(size_t size)
{
    /* No object is larger, so the size was a mistake or an attack. */
    if (size > PTRDIFF_MAX)
        return NULL;
    return calloc(1, size == 0 ? 1 : size);
}

void mhsmi_free(void *data)
{
    free(data);
}
