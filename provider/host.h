/* SPDX-License-Identifier: MIT
 *
 * Which other providers are at work in the library context that loaded us, and
 * what the program has set for them.
 */
#ifndef MP_HOST_H
#define MP_HOST_H

#include <stddef.h>

#include "prov.h"

struct mp_host_setting {
    const char *name;
    char value[256]; /* "": not set, or too long */
};

/* Whether the program has loaded the provider of this name by now. */
int mp_host_has(const struct mp_prov *prov, const char *name);
/* Fill in the values that it has given to that provider. */
void mp_host_settings(const struct mp_prov *prov, const char *name,
                      struct mp_host_setting *settings, size_t count);

#endif
