/* SPDX-License-Identifier: MIT
 *
 * base64url without padding (RFC 4648 section 5, RFC 7515 section 2), strict:
 * any other character, "=", white space, an impossible length or non-zero
 * trailing bits are refused.
 */
#ifndef MHSM_CLIENT_BASE_BASE64URL_H
#define MHSM_CLIENT_BASE_BASE64URL_H

#include "base/buf.h"

/* Append; 1, or 0 when malformed or over the buffer's maximum. */
MHSM_NODISCARD int mhsmi_base64url_encode(struct mhsmi_buf *out,
                                          const void *data, size_t size);
MHSM_NODISCARD int mhsmi_base64url_decode(struct mhsmi_buf *out,
                                          const char *text, size_t size);

#endif
