/* SPDX-License-Identifier: MIT
 *
 * Client assertions (RFC 7523): JWTs by which an application with a
 * certificate says who it is.
 */
#ifndef MHSM_CLIENT_AUTH_ASSERTION_H
#define MHSM_CLIENT_AUTH_ASSERTION_H

#include "auth/certificate.h"
#include "base/buf.h"

enum { mhsmi_assertion_max = 128 * 1024 };

struct mhsmi_assertion {
    const struct mhsmi_certificate *certificate;
    const char *client;   /* client id: issuer and subject */
    const char *audience; /* the token endpoint, exactly */
    int legacy;           /* RS256 and x5t in place of PS256 and x5t#S256 */
    int with_chain;       /* x5c */
};

/* Append one, good for ten minutes and for one use, to `out`.  The caller's
 * error queue may get entries. */
MHSM_NODISCARD mhsm_status
mhsmi_assertion_make(const struct mhsmi_assertion *assertion,
                     struct mhsmi_buf *out, mhsm_error **err);

#endif
