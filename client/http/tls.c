/* SPDX-License-Identifier: MIT
 *
 * The private OpenSSL library context.  libcurl makes its SSL_CTX without
 * naming a context, which OpenSSL resolves to the calling thread's default at
 * each use; so the I/O thread makes this one its default and no provider that
 * the host has loaded, ours among them, can be called from in there.  It must
 * never read openssl.cnf.
 */
#include "http/tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

OSSL_LIB_CTX *mhsmi_tls_context_new(void)
{
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();

    if (context == NULL)
        return NULL;
    if (OSSL_PROVIDER_load(context, "default") == NULL) {
        OSSL_LIB_CTX_free(context);
        return NULL;
    }
    return context;
}

int mhsmi_tls_enter(OSSL_LIB_CTX *context)
{
    return context != NULL && OSSL_LIB_CTX_set0_default(context) != NULL;
}

void mhsmi_tls_leave(OSSL_LIB_CTX *context)
{
    if (context != NULL) {
        (void)OSSL_LIB_CTX_set0_default(OSSL_LIB_CTX_get0_global_default());
        OPENSSL_thread_stop_ex(context);
    }
    OPENSSL_thread_stop();
}
