/* SPDX-License-Identifier: MIT
 *
 * Certificates and keys of holders inside the library.
 */
#ifndef MHSM_CLIENT_DOMAIN_WRAPPING_H
#define MHSM_CLIENT_DOMAIN_WRAPPING_H

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/private_context.h"
#include "jose/jwe.h"
#include "mhsm/security_domain.h"

enum { MHSMI_THUMBPRINT_SIZE = 32, MHSMI_THUMBPRINT_TEXT = 43 };

struct mhsm_wrapping_certificate {
    struct mhsmi_buf der;
    struct mhsmi_buf n, e; /* of the RSA key, without leading zeros */
    unsigned char digest[MHSMI_THUMBPRINT_SIZE];
    char *thumbprint, *subject;
    unsigned int bits;
    int64_t expires;
};

struct mhsm_wrapping_key {
    mhsm_wrapping_certificate *certificate;
    struct mhsmi_private_context context;
    OSSL_PROVIDER *keeper; /* of a stored key, in the context; or NULL */
    EVP_PKEY *pkey;        /* or: */
    mhsm_wrapping_decrypt decrypt;
    void (*release)(void *context); /* or NULL */
    void *decrypt_context;
};

/* The public key in that context, to be freed; NULL when memory is out. */
EVP_PKEY *
mhsmi_wrapping_public_key(const mhsm_wrapping_certificate *certificate,
                          OSSL_LIB_CTX *lib);
/* A key without anything but a copy of the certificate. */
MHSM_NODISCARD mhsm_status
mhsmi_wrapping_key_new(const mhsm_wrapping_certificate *certificate,
                       mhsm_wrapping_key **key, mhsm_error **err);

/* What certificates that are made here have to have. */
MHSM_NODISCARD mhsm_status mhsmi_certificate_check(const char *name,
                                                   unsigned int days,
                                                   mhsm_error **err);
/* All but the signature; NULL when memory is out.  The caller frees. */
X509 *mhsmi_certificate_new(OSSL_LIB_CTX *lib, EVP_PKEY *pkey, const char *name,
                            unsigned int days);

/* 3 to 10 certificates of different keys and a quorum that fits them. */
MHSM_NODISCARD mhsm_status
mhsmi_wrapping_check_set(const mhsm_wrapping_certificate *const *certificates,
                         size_t count, unsigned int quorum, mhsm_error **err);

/* Decrypt a JWE that is for that key. */
MHSM_NODISCARD mhsm_status mhsmi_wrapping_key_open(const mhsm_wrapping_key *key,
                                                   OSSL_LIB_CTX *lib,
                                                   const struct mhsmi_jwe *jwe,
                                                   struct mhsmi_secret **data,
                                                   mhsm_error **err);

#endif
