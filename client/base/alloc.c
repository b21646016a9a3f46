/* SPDX-License-Identifier: MIT
 *
 * The one place where libmhsm asks for memory.  It stands alone in its file so
 * that a test program can put its own pair of functions in place of these and
 * make any allocation fail.  It must never hand out memory that is not zeroed.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Below this the C library keeps what a thread has freed for its next malloc(),
 * but until glibc 2.41 not for calloc(); above it zeroed pages may be new. */
enum { kept_max = 1024 };

void *mhsmi_alloc(size_t size)
{
    void *data;

    /* No object is larger, so the size was a mistake or an attack. */
    if (size > PTRDIFF_MAX)
        return NULL;
    if (size > kept_max)
        return calloc(1, size);
    data = malloc(size == 0 ? 1 : size);
    if (data != NULL)
        memset(data, 0, size == 0 ? 1 : size);
    return data;
}

void mhsmi_free(void *data)
{
    free(data);
}
