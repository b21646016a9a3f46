/* SPDX-License-Identifier: MIT
 *
 * Keys brought in under a key-exchange key.
 */
#ifndef EMU_BYOK_H
#define EMU_BYOK_H

#include "hsm.h"

#include <json-c/json.h>

/* Opens the key_hsm member of a JWK. NULL on success and the plain bytes in
 * *out, else what is wrong. */
const char *emu_byok_open(struct emu_hsm *hsm, const char *key_hsm,
                          struct emu_bytes *out);

#endif
