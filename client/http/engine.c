/* SPDX-License-Identifier: MIT
 *
 * The engine's front: one loop per process generation, and a request performed
 * on it.  Outside of a visit (visit.h), so it must never call libcurl's
 * transfer functions nor anything of OpenSSL that could touch the caller's
 * error queue.
 */
#include "http/engine.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>

#include <openssl/crypto.h>

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "http/loop.h"

enum { stop_ms = 2000 };

/* The loop of this process, or of the one that forked us. Replaced by compare
 * and exchange, because a lock could be held by a thread that a fork left
 * behind. */
static _Atomic(struct mhsmi_loop *) current;
/* Tells generations apart even when a process id comes round again. */
static atomic_uint forks;
static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static int is_ours(const struct mhsmi_loop *loop)
{
    return loop->pid == mhsmi_process_id() &&
           loop->forks == atomic_load(&forks) && !atomic_load(&loop->lost);
}

static void after_fork(void)
{
    atomic_fetch_add(&forks, 1);
}

/* Runs before libcrypto takes itself apart. A forked child has no I/O thread
 * until its own first request. */
static void at_exit(void)
{
    struct mhsmi_loop *loop = atomic_load(&current);

    if (loop != NULL && is_ours(loop))
        mhsmi_loop_stop(loop, stop_ms);
    /* Whatever works in the background has just been refused its requests. */
    mhsmi_background_stop(stop_ms);
}

/* Our code must outlive the I/O thread and the two hooks, even when the host
 * unloads the library or plugin that holds it. */
static void stay_loaded(void)
{
    struct link_map *map = NULL;
    void *found = NULL;
    Dl_info info;

    if (dladdr1(&hooks_once, &info, &found, RTLD_DL_LINKMAP) == 0)
        return;
    map = found;
    if (map != NULL && map->l_name != NULL && *map->l_name != 0)
        (void)dlopen(map->l_name, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static void install_hooks(void)
{
    stay_loaded();
    (void)pthread_atfork(NULL, NULL, after_fork);
    (void)OPENSSL_atexit(at_exit);
}

static struct mhsmi_loop *get_loop(void)
{
    struct mhsmi_loop *found = atomic_load(&current), *made;

    (void)pthread_once(&hooks_once, install_hooks);
    while (found == NULL || !is_ours(found)) {
        made = mhsmi_loop_new(mhsmi_process_id(), atomic_load(&forks));
        if (made == NULL)
            return NULL;
        made->inherited = found;
        if (!atomic_compare_exchange_strong(&current, &found, made)) {
            mhsmi_loop_free(made);
            continue;
        }
        if (found != NULL)
            mhsmi_sockets_abandon(&found->sockets);
        found = made;
    }
    return found;
}

static void count(const struct mhsmi_response *response,
                  struct mhsmi_counters *counters)
{
    if (counters == NULL)
        return;
    if (response->sent)
        (void)__atomic_fetch_add(&counters->requests, 1, __ATOMIC_RELAXED);
    (void)__atomic_fetch_add(&counters->connections,
                             (unsigned long)response->new_connections,
                             __ATOMIC_RELAXED);
}

static void log_outcome(const struct mhsmi_job *job,
                        const struct mhsmi_response *response, int64_t began)
{
    if (!mhsmi_log_enabled(MHSMI_LOG_DEBUG))
        return;
    mhsmi_log(MHSMI_LOG_DEBUG,
              "%s %s: status %d, request id %s, %d new "
              "connection(s), %lld ms",
              job->method, job->origin, response->status,
              response->request_id == NULL ? "-" : response->request_id,
              response->new_connections, (long long)(mhsmi_clock_ms() - began));
}

/* The outcome of a finished job, moved into `response`. */
static mhsm_status give(struct mhsmi_job *job, struct mhsmi_response *response,
                        mhsm_error **err)
{
    mhsm_status st =
        job->code == CURLE_OK ? MHSM_OK : mhsmi_job_error(job, err);

    *response = job->response;
    response->transient = mhsmi_job_is_transient(job);
    mhsmi_response_init(&job->response);
    return st;
}

/* Run the job on a loop that works. */
static mhsm_status run(struct mhsmi_job *job, enum mhsmi_end *end,
                       mhsm_error **err)
{
    enum { loops_max = 3 };
    struct mhsmi_loop *loop;
    mhsm_status st = MHSM_OK;
    int i;

    *end = MHSMI_END_LOST;
    for (i = 0; st == MHSM_OK && *end == MHSMI_END_LOST && i < loops_max; i++) {
        loop = get_loop();
        if (loop == NULL)
            return mhsmi_error(err, MHSM_ERR_INTERNAL,
                               "no memory or descriptor left for the engine");
        st = mhsmi_loop_run(loop, job, end, err);
    }
    return st;
}

mhsm_status mhsmi_engine_perform(const struct mhsmi_request *request,
                                 struct mhsmi_response *response,
                                 struct mhsmi_counters *counters,
                                 mhsm_error **err)
{
    int64_t began = mhsmi_clock_ms();
    enum mhsmi_end end = MHSMI_END_LOST;
    struct mhsmi_job *job = NULL;
    mhsm_status st;

    mhsmi_response_clear(response);
    st = mhsmi_job_new(request, &job, err);
    if (st != MHSM_OK)
        return st;
    st = run(job, &end, err);
    if (st == MHSM_OK && end == MHSMI_END_DONE) {
        st = give(job, response, err);
    } else if (st == MHSM_OK) {
        /* The I/O thread may be using the job; its names never change. */
        response->sent = end == MHSMI_END_OVERDUE;
        response->transient = 1;
        st = mhsmi_job_overdue(job->host, err);
    }
    count(response, counters);
    log_outcome(job, response, began);
    mhsmi_job_free(job);
    return st;
}
