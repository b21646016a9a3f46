/* SPDX-License-Identifier: MIT
 *
 * The challenge of a 401 (RFC 6750 with Microsoft's parameters): which tenant
 * and which resource a token must be for.  The authority's host is never taken
 * from it, so that a hostile endpoint cannot have the client secret sent
 * elsewhere.
 */
#ifndef MHSM_CLIENT_AUTH_CHALLENGE_H
#define MHSM_CLIENT_AUTH_CHALLENGE_H

#include "base/buf.h"
#include "base/error.h"

struct mhsmi_challenge {
    char *tenant;   /* NULL: not said */
    char *resource; /* "https://HOST", no final slash; NULL: not said */
    char *claims;   /* decoded JSON of a claims challenge, NULL: none */
    char *error;    /* "invalid_token", NULL: not said */
};

/* Read the Bearer challenge of a WWW-Authenticate header, which may hold
 * others too.  1, or 0 when there is none, it is malformed, or memory is
 * out; clear in any case. */
MHSM_NODISCARD int mhsmi_challenge_parse(struct mhsmi_challenge *challenge,
                                         const char *header);
void mhsmi_challenge_clear(struct mhsmi_challenge *challenge);

/* The HSM at `endpoint` may ask for tokens for `resource`: https, and a child
 * of the resource's host, compared with the dot. */
int mhsmi_challenge_covers(const char *resource, const char *endpoint);

#endif
