/* SPDX-License-Identifier: MIT
 *
 * The api-versions of the data plane. The order is theirs in time, which is
 * not that of their names.
 */
#include "version.h"

#include <stddef.h>
#include <string.h>

static const char *const versions[] = {
    "7.0",
    "7.1",
    "7.2-preview",
    "7.2",
    "7.3-preview",
    "7.3",
    "7.4-preview.1",
    "7.4",
    "7.5-preview.1",
    "7.5",
    "7.6-preview.1",
    "7.6-preview.2",
    "7.6",
    "2025-06-01-preview",
    "2025-07-01",
    "2026-01-01-preview",
    "2026-03-01-preview",
    "2026-04-01",
    "2026-05-01-preview",
    "2026-07-01-preview",
};

int emu_version_rank(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (strcmp(versions[i], text) == 0)
            return (int)i + 1;
    }
    return 0;
}
