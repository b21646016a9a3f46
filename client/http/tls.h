/* SPDX-License-Identifier: MIT
 *
 * The private OpenSSL library context under which all TLS of ours runs.
 */
#ifndef MHSM_CLIENT_HTTP_TLS_H
#define MHSM_CLIENT_HTTP_TLS_H

#include <openssl/types.h>

/* A context that holds only the default provider; NULL when OpenSSL cannot. */
OSSL_LIB_CTX *mhsmi_tls_context_new(void);
/* Make it the calling thread's default, for the thread's whole life; 1 or 0. */
int mhsmi_tls_enter(OSSL_LIB_CTX *context);
/* Free what OpenSSL keeps for the calling thread, before the thread ends. */
void mhsmi_tls_leave(OSSL_LIB_CTX *context);

#endif
