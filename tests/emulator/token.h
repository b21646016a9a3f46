/* SPDX-License-Identifier: MIT
 *
 * Access tokens: JWTs signed with RS256 by the authority's own key.
 */
#ifndef EMU_TOKEN_H
#define EMU_TOKEN_H

#include "hsm.h"

struct emu_token_claims {
    const char *audience;
    const char *oid;
    const char *client_id;
    int64_t lifetime;
};

/* The caller frees with emu_text_free; NULL on failure. */
char *emu_token_issue(struct emu_hsm *hsm, const struct emu_token_claims *c);
/* authorization is the header's value or NULL. 1 when the token in it was
 * signed here, for this tenant and audience, and is in its time; then oid
 * (EMU_GUID_SIZE bytes) names the caller. */
int emu_token_verify(struct emu_hsm *hsm, const char *authorization,
                     const char *audience, char *oid);
/* The public key as a JWK for the authority's key set; NULL on failure. */
struct json_object *emu_token_jwk(struct emu_hsm *hsm);

#endif
