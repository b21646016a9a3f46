/* SPDX-License-Identifier: MIT
 *
 * Octets as text and back, in the forms of --format and --in-format.  Decoding
 * is strict, except that white space around and between is skipped.
 */
#ifndef MHSM_CLIENT_CLI_ENCODE_H
#define MHSM_CLIENT_CLI_ENCODE_H

#include "base/buf.h"
#include "base/error.h"

enum cli_format {
    CLI_FORMAT_AUTO = 0,
    CLI_FORMAT_RAW,
    CLI_FORMAT_DER, /* of ECDSA signatures only */
    CLI_FORMAT_BASE64,
    CLI_FORMAT_BASE64URL,
    CLI_FORMAT_HEX,
    CLI_FORMAT_JSON
};

/* `name` as the option tables allow it; NULL: `fallback`. */
enum cli_format cli_format_find(const char *name, enum cli_format fallback);

/* Append; 1, or 0 when memory is out.  Text forms end with a line feed.  RAW
 * and DER append as they are. */
MHSM_NODISCARD int cli_encode(struct mhsmi_buf *out, enum cli_format format,
                              const unsigned char *data, size_t size);
/* BASE64, BASE64URL and HEX are decoded, others appended as they are.  Errors:
 * MHSM_ERR_DAMAGED, naming `what`. */
MHSM_NODISCARD mhsm_status cli_decode(struct mhsmi_buf *out,
                                      enum cli_format format, const void *data,
                                      size_t size, const char *what,
                                      mhsm_error **err);

#endif
