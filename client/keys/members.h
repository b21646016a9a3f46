/* SPDX-License-Identifier: MIT
 *
 * What create, import and update say of a key beside its material: attributes,
 * operations, tags and the release policy.
 */
#ifndef MHSM_CLIENT_KEYS_MEMBERS_H
#define MHSM_CLIENT_KEYS_MEMBERS_H

#include "base/json.h"
#include "mhsm/key.h"

/* The kty to ask for: "RSA-HSM", or "RSA" for the software key of a vault. */
const char *mhsmi_members_type(const mhsm_client *client, const mhsm_uri *uri,
                               mhsm_key_type type, int hardware);
/* The part of a spec that is also what a change is made of. */
mhsm_key_change mhsmi_members_of(const mhsm_key_spec *spec);
/* MHSM_ERR_ARGUMENT says what cannot be. */
MHSM_NODISCARD mhsm_status mhsmi_members_check(const mhsm_key_change *change,
                                               mhsm_error **err);
/* Members "attributes", "tags" and "release_policy", as far as they are given;
 * 1, or 0 when out of memory. */
MHSM_NODISCARD int mhsmi_members_add(struct json_object *body,
                                     const mhsm_key_change *change,
                                     int exportable);
/* Member "key_ops", unless the mask is 0. */
MHSM_NODISCARD int mhsmi_members_add_operations(struct json_object *object,
                                                unsigned int operations);

#endif
