/* SPDX-License-Identifier: MIT
 *
 * The key and the certificates of an application, from a file.  They live in a
 * library context of their own that holds only the default provider, so that
 * no provider of the program gets to see the key.
 */
#ifndef MHSM_CLIENT_AUTH_CERTIFICATE_H
#define MHSM_CLIENT_AUTH_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "mhsm/config.h"

struct mhsmi_certificate {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *provider;
    EVP_PKEY *key; /* RSA, 2048 bits or more */
    X509 *leaf;    /* the one of the key; also first of the chain */
    STACK_OF(X509) * chain;
};

/* Read what the options client-certificate and client-certificate-password
 * name.  Clear in any case.  The caller's error queue may get entries. */
MHSM_NODISCARD mhsm_status
mhsmi_certificate_read(const mhsm_config *config,
                       struct mhsmi_certificate *certificate, mhsm_error **err);
void mhsmi_certificate_clear(struct mhsmi_certificate *certificate);

#endif
