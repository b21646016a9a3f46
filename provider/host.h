/* SPDX-License-Identifier: MIT
 *
 * Which other providers are at work in the library context that loaded us.
 */
#ifndef MP_HOST_H
#define MP_HOST_H

#include "prov.h"

/* Whether the program has loaded the provider of this name by now. */
int mp_host_has(const struct mp_prov *prov, const char *name);

#endif
