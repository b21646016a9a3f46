/* SPDX-License-Identifier: MIT
 *
 * The client: a configuration, a token cache and a pool of connections.
 *
 * Thread-safe: one client serves any number of threads, and each call blocks
 * only its caller.  Fork-safe: a child builds its own connections at its first
 * call and leaves the parent's alone.  Creating one does no I/O and starts no
 * thread.  A call makes its requests on its caller's thread, or, where that
 * thread has a small stack, errors of OpenSSL's to keep or fibres to serve, on
 * the one I/O thread of the process, which it starts.
 */
#ifndef MHSM_CLIENT_H
#define MHSM_CLIENT_H

#include <mhsm/config.h>
#include <mhsm/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_client mhsm_client;

/* `config` is copied.  Errors: MHSM_ERR_CONFIG when options contradict each
 * other.  The caller frees with mhsm_client_free(). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_client_new(const mhsm_config *config,
                                                    mhsm_client **client,
                                                    mhsm_error **err);
/* No call on the client may be under way.  Tokens are wiped. */
MHSM_API void mhsm_client_free(mhsm_client *client);

/* The configuration in force; borrowed from the client. */
MHSM_API const mhsm_config *mhsm_client_config(const mhsm_client *client);

/* Counters since the client was made, for monitoring and tests. */
typedef struct mhsm_client_stats {
    unsigned long requests;    /* HTTP requests sent, retries included */
    unsigned long connections; /* TCP connections opened */
    unsigned long retries;
    unsigned long tokens; /* tokens acquired */
} mhsm_client_stats;

MHSM_API void mhsm_client_get_stats(const mhsm_client *client,
                                    mhsm_client_stats *stats);

/* For hosts that run many calls on one thread, each in a fibre of its own.  A
 * call that has to wait hands the descriptor that becomes readable at the end
 * of its wait to `pause`, and nothing is locked meanwhile. */
typedef struct mhsm_wait_hooks {
    /* Whether the caller runs in a fibre that can be suspended. */
    int (*may_pause)(void);
    /* Suspend the caller until `fd` is readable; returning early does no harm.
     * 0 when it was not suspended: then the call blocks its thread. */
    int (*pause)(int fd);
} mhsm_wait_hooks;

/* For the whole process; `hooks` must stay, NULL: every call blocks. */
MHSM_API void mhsm_set_wait_hooks(const mhsm_wait_hooks *hooks);

#ifdef __cplusplus
}
#endif
#endif
