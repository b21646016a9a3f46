/* SPDX-License-Identifier: MIT
 *
 * Calls inside an ASYNC_JOB: instead of blocking its thread, the job is paused
 * on the descriptor that the client waits for, and one thread keeps hundreds
 * of handshakes in flight.  libcrypto ignores a request to pause where pauses
 * are blocked, and does not say so; then the call must block.
 */
#include "async.h"

#include <unistd.h>

#include <openssl/async.h>

#include <mhsm/mhsm.h>

static int may_pause(void)
{
    return ASYNC_get_current_job() != NULL;
}

/* The context goes while the job is paused: nobody will resume it. */
static void drop(ASYNC_WAIT_CTX *ctx, const void *key, OSSL_ASYNC_FD fd,
                 void *data)
{
    (void)ctx;
    (void)key;
    (void)data;
    (void)close(fd);
}

static int pause_job(int fd)
{
    static const char ours; /* a job waits for one thing at a time */
    ASYNC_JOB *job = ASYNC_get_current_job();
    ASYNC_WAIT_CTX *ctx = job == NULL ? NULL : ASYNC_get_wait_ctx(job);
    size_t added = 0, removed = 0;

    if (ctx == NULL ||
        ASYNC_WAIT_CTX_set_wait_fd(ctx, &ours, fd, NULL, drop) != 1)
        return 0;
    (void)ASYNC_pause_job();
    /* A job that was resumed finds its list of new descriptors empty. */
    if (ASYNC_WAIT_CTX_get_changed_fds(ctx, NULL, &added, NULL, &removed) != 1)
        added = 1;
    (void)ASYNC_WAIT_CTX_clear_fd(ctx, &ours);
    return added == 0;
}

void mp_async_install(void)
{
    static const mhsm_wait_hooks hooks = {may_pause, pause_job};

    mhsm_set_wait_hooks(&hooks);
}
