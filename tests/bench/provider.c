/* SPDX-License-Identifier: MIT
 *
 * The same signatures by EVP_DigestSign and a key of the provider: in threads,
 * and in ASYNC_JOBs of one thread.
 */
#include "bench.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include <openssl/async.h>

enum { MAX = 256 };

static int sign(void *arg)
{
    const struct th_scheme scheme = {"SHA256", 0};
    size_t size = 0;
    unsigned char *signature =
        th_sign(bench.lib, bench.key, &scheme, "test", &size);

    (void)arg;
    if (signature == NULL)
        th_die("a signature failed");
    OPENSSL_free(signature);
    return 1;
}

static void *work(void *arg)
{
    for (int i = 0; i < *(const int *)arg; i++)
        sign(NULL);
    return NULL;
}

void bench_provider_threads(int threads, int count)
{
    pthread_t thread[MAX];
    int share = count / threads;

    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, work, &share) != 0)
            th_die("no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

struct slot {
    ASYNC_JOB *job;
    ASYNC_WAIT_CTX *wait;
    int paused;
};

/* 1 when the job has ended. */
static int run(struct slot *slot)
{
    int good = 0;

    switch (ASYNC_start_job(&slot->job, slot->wait, &good, sign, NULL, 0)) {
    case ASYNC_PAUSE:
        slot->paused = 1;
        return 0;
    case ASYNC_FINISH:
        slot->job = NULL;
        slot->paused = 0;
        return 1;
    default:
        th_die("a job cannot be started");
    }
}

void bench_provider_jobs(int jobs, int count)
{
    static struct slot slots[MAX];
    struct pollfd ready[MAX];
    int started = 0, ended = 0;

    memset(slots, 0, sizeof(slots));
    if (ASYNC_init_thread((size_t)jobs, 0) != 1)
        th_die("no asynchronous jobs");
    for (int i = 0; i < jobs; i++)
        if ((slots[i].wait = ASYNC_WAIT_CTX_new()) == NULL)
            th_die("no wait context");
    while (ended < count) {
        for (int i = 0; i < jobs; i++) {
            OSSL_ASYNC_FD fd = -1;
            size_t fds = 1;

            while (!slots[i].paused && started < count) {
                started++;
                ended += run(&slots[i]);
            }
            if (slots[i].paused)
                (void)ASYNC_WAIT_CTX_get_all_fds(slots[i].wait, &fd, &fds);
            ready[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
        if (ended == count || poll(ready, (nfds_t)jobs, 1000) < 0)
            break;
        for (int i = 0; i < jobs; i++)
            if (slots[i].paused && ready[i].revents != 0)
                ended += run(&slots[i]);
    }
    for (int i = 0; i < jobs; i++)
        ASYNC_WAIT_CTX_free(slots[i].wait);
    ASYNC_cleanup_thread();
}
