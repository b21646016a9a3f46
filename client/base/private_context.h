/* SPDX-License-Identifier: MIT
 *
 * A library context with OpenSSL's default provider and nothing else, for work
 * with secrets that must not end up in whatever the host has configured.
 */
#ifndef MHSM_CLIENT_BASE_PRIVATE_CONTEXT_H
#define MHSM_CLIENT_BASE_PRIVATE_CONTEXT_H

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "base/error.h"

struct mhsmi_private_context {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *provider;
};

/* To be closed in any case. */
MHSM_NODISCARD mhsm_status mhsmi_private_context_open(
    struct mhsmi_private_context *context, mhsm_error **err);
void mhsmi_private_context_close(struct mhsmi_private_context *context);

#endif
