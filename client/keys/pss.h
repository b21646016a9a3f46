/* SPDX-License-Identifier: MIT
 *
 * The restriction of an RSA key to PSS as an AlgorithmIdentifier (RFC 4055),
 * for the public key in a key reference.
 */
#ifndef MHSM_CLIENT_KEYS_PSS_H
#define MHSM_CLIENT_KEYS_PSS_H

#include <openssl/x509.h>

/* `pss` as mhsm_key_pss() tells it, not NULL; 0 when out of memory. */
int mhsmi_pss_make(const char *pss, X509_ALGOR *algorithm);
/* The same back, static; NULL when it is another algorithm or has parameters
 * that the service does not sign with. */
const char *mhsmi_pss_read(const X509_ALGOR *algorithm);

#endif
