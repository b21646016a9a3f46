/* SPDX-License-Identifier: MIT
 *
 * An attestation authority for tests: it says of an environment whatever it is
 * told to say, and the HSM believes it and no other.
 */
#ifndef EMU_ATTESTATION_H
#define EMU_ATTESTATION_H

#include "hsm.h"

#include <json-c/json.h>

/* The issuer of its statements, which release policies name. */
#define EMU_ATTESTATION_ISSUER "https://local.attest.invalid"

/* A statement with those claims, good for an hour. The caller frees with
 * emu_text_free; NULL on failure. */
char *emu_attestation_issue(struct emu_hsm *hsm, struct json_object *claims);
/* The claims of a statement that holds now. The caller puts; NULL when it is
 * none, not ours, or out of its time. */
struct json_object *emu_attestation_verify(struct emu_hsm *hsm,
                                           const char *statement);

#endif
