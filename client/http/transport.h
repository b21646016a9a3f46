/* SPDX-License-Identifier: MIT
 *
 * Comparing and copying transports.
 */
#ifndef MHSM_CLIENT_HTTP_TRANSPORT_H
#define MHSM_CLIENT_HTTP_TRANSPORT_H

#include "http/engine.h"

/* The number of texts that say how a host is reached; user_agent does not. */
enum { mhsmi_transport_texts = 7 };

const char *mhsmi_transport_text(const struct mhsmi_transport *transport,
                                 size_t index);
void mhsmi_transport_set_text(struct mhsmi_transport *transport, size_t index,
                              const char *text);

/* Whether a host is reached in the same way by both. */
int mhsmi_transport_equal(const struct mhsmi_transport *a,
                          const struct mhsmi_transport *b);
/* A copy, whose texts lie in *block, for mhsmi_free(); 0: no memory. */
MHSM_NODISCARD int mhsmi_transport_copy(struct mhsmi_transport *to,
                                        char **block,
                                        const struct mhsmi_transport *from);

#endif
