/* SPDX-License-Identifier: MIT
 *
 * Rotation by policy: the policies as they are kept, the next version, and the
 * keys whose time has come.
 */
#ifndef EMU_ROTATION_H
#define EMU_ROTATION_H

#include "hsm.h"
#include "keystore.h"

#include <json-c/json.h>

/* The policy of a key; NULL when it has none. The caller puts it. */
struct json_object *emu_rotation_policy(struct emu_store *s, const char *name);
/* Makes the latest version the next one, with new material and the lifetime
 * that the policy says, which may be NULL. 1 on success. */
int emu_rotation_renew(struct emu_version *v, struct json_object *policy);
/* Rotates what is due. To be called often: it looks once a minute, and when
 * the clock was advanced. */
void emu_rotation_run(struct emu_hsm *hsm);

#endif
