/* SPDX-License-Identifier: MIT
 *
 * The two forms of an ECDSA signature: r || s, each as long as a coordinate
 * (RFC 7518, 3.4: what the service makes), and DER (what OpenSSL makes).
 */
#ifndef MHSM_CLIENT_BASE_ECDSA_H
#define MHSM_CLIENT_BASE_ECDSA_H

#include "base/buf.h"

/* Append the other form; 1 or 0.  `raw` is two equal halves; DER is strict and
 * minimal, for `coordinate` octets each. */
MHSM_NODISCARD int mhsmi_ecdsa_to_der(struct mhsmi_buf *out,
                                      const unsigned char *raw, size_t size);
MHSM_NODISCARD int mhsmi_ecdsa_from_der(struct mhsmi_buf *out,
                                        const unsigned char *der, size_t size,
                                        size_t coordinate);

#endif
