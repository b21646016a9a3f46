/* SPDX-License-Identifier: MIT
 *
 * Managed identities that are given to HSMs: each id of one stands for a
 * principal, which is made when it is first heard of.
 */
#ifndef EMU_IDENTITIES_H
#define EMU_IDENTITIES_H

#include "cloud.h"
#include "principals.h"

#include <json-c/json.h>

/* "/subscriptions/.../Microsoft.ManagedIdentity/userAssignedIdentities/NAME" */
int emu_identity_valid(const char *id);
/* The principal of that id; 1, or 0 on failure. */
int emu_identity_of(const struct emu_cloud *cloud, const char *id,
                    struct emu_principal *out);
/* An HSM's "identity" with the numbers of the principals filled in; NULL on
 * failure. */
struct json_object *emu_identities_json(const struct emu_cloud *cloud,
                                        struct json_object *identity);

#endif
