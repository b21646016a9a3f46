/* SPDX-License-Identifier: MIT
 *
 * Running libcurl, and OpenSSL below it, on a thread that others use too: what
 * has to hold before, and what is put back after.
 */
#ifndef MHSM_CLIENT_HTTP_VISIT_H
#define MHSM_CLIENT_HTTP_VISIT_H

#include <stdatomic.h>

#include <openssl/types.h>

/* A context that holds only the default provider, made at the first visit and
 * kept; all zero before. */
typedef _Atomic(OSSL_LIB_CTX *) mhsmi_visit_context;

struct mhsmi_visit {
    OSSL_LIB_CTX *previous; /* the thread's default; NULL: not replaced */
    int cancel, error;
};

/* Whether the calling thread can be visited: its stack has room, and OpenSSL
 * holds no errors for it, which libcurl would clear. */
int mhsmi_visit_possible(void);

/* Make *context the thread's default, and put off its cancellation.  Any number
 * of threads may visit at once.  1, or 0 when OpenSSL cannot;
 * mhsmi_visit_end() is due in both cases. */
int mhsmi_visit_begin(struct mhsmi_visit *visit, mhsmi_visit_context *context);
/* Puts back the thread's default context, its errno and an empty queue of
 * errors. */
void mhsmi_visit_end(const struct mhsmi_visit *visit);

/* Free what OpenSSL keeps for the calling thread, before that ends, or libcrypto
 * does. */
void mhsmi_visit_thread_ends(mhsmi_visit_context *context);

#endif
