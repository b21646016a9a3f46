/* SPDX-License-Identifier: MIT
 *
 * Key release policies: what an attestation must say before a key goes out.
 */
#ifndef EMU_POLICY_H
#define EMU_POLICY_H

#include "json.h"

/* policy is the release_policy of a key. NULL when an authority in it is the
 * issuer of the claims and the conditions beside it hold; else what is wrong.
 */
const char *emu_policy_check(struct json_object *policy,
                             struct json_object *claims);

#endif
