/* SPDX-License-Identifier: MIT
 *
 * What token endpoints answer: tokens with their life, and refusals in the
 * shapes that Microsoft Entra and the metadata services use.
 */
#ifndef MHSM_CLIENT_AUTH_TOKEN_RESPONSE_H
#define MHSM_CLIENT_AUTH_TOKEN_RESPONSE_H

#include "auth/credential.h"

#define MHSMI_TOKEN_RESPONSE_MAX 65536

/* A 200: fill `token`.  `now` is Unix seconds.  MHSM_ERR_PROTOCOL says what is
 * wrong, never what the body holds. */
MHSM_NODISCARD mhsm_status
mhsmi_token_response_parse(const struct mhsmi_buf *body, int64_t now,
                           struct mhsmi_token *token, mhsm_error **err);
/* Any other status: store the error that `who` ("client-secret credential")
 * met, with what Entra's code means and what to do. */
mhsm_status mhsmi_token_response_error(const struct mhsmi_response *response,
                                       const char *who, mhsm_error **err);
/* The exp claim of a JWT, unverified; 0 when it is no JWT or has none. */
int64_t mhsmi_token_expiry(const char *jwt);
/* Unix seconds of "2026-01-31T10:00:00+00:00", of an HTTP date, or of the
 * interface of 2017's "1/31/2026 10:00:00 AM +00:00"; 0 when it is neither. */
int64_t mhsmi_token_date(const char *text);
/* Printable, no spaces, not huge: fit for a header. */
int mhsmi_token_check(const char *text);
/* Append the token that a file or a variable holds, without the white space
 * around it, which editors and shells add; 0 when it holds none. */
MHSM_NODISCARD int mhsmi_token_take(const struct mhsmi_buf *raw,
                                    struct mhsmi_buf *text);

#endif
