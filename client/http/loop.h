/* SPDX-License-Identifier: MIT
 *
 * One generation of the engine: the queue that callers fill and the I/O thread
 * that empties it.  A forked child never touches its parent's generation; it
 * only keeps it reachable.  The same goes for a generation whose descriptors
 * the host has closed: their numbers may be somebody else's by now.
 */
#ifndef MHSM_CLIENT_HTTP_LOOP_H
#define MHSM_CLIENT_HTTP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <openssl/types.h>

#include "http/job.h"
#include "http/sockets.h"

struct mhsmi_jobs {
    struct mhsmi_job *first, *last;
};

enum { mhsmi_spare_max = 16 };

enum mhsmi_thread_state {
    MHSMI_THREAD_NONE = 0,
    MHSMI_THREAD_RUNNING = 1,
    MHSMI_THREAD_LEAVING = 2, /* takes no more jobs */
    MHSMI_THREAD_GONE = 3     /* has only to be joined */
};

struct mhsmi_loop {
    pid_t pid;
    unsigned int forks;
    struct mhsmi_loop *inherited; /* the parent's or a lost one, abandoned */
    atomic_int lost; /* the host has closed our descriptors: touch nothing */
    /* A pipe, because its inode tells whether the number is still ours. */
    int wake_fd, wake_write_fd;
    dev_t wake_device;
    ino_t wake_inode;

    pthread_mutex_t lock; /* guards what follows, and some of the jobs */
    pthread_cond_t changed;
    struct mhsmi_jobs queue;
    enum mhsmi_thread_state state;
    pthread_t thread;
    int stopping, some_abandoned;
    int asleep; /* the thread waits and has to be woken */

    /* The I/O thread's own. */
    OSSL_LIB_CTX *tls; /* made once, kept for the next thread */
    CURLM *multi;
    struct mhsmi_jobs active, waiting;
    CURL *spare[mhsmi_spare_max]; /* handles for the next jobs */
    int spare_count;
    int64_t idle_ms, last_work_ms;
    long cache_size;
    unsigned int unwoken; /* waits that ended without a wake-up */
    struct mhsmi_sockets sockets;
};

/* NULL when the system has no memory or descriptor left. */
struct mhsmi_loop *mhsmi_loop_new(pid_t pid, unsigned int forks);
/* One that never ran. */
void mhsmi_loop_free(struct mhsmi_loop *loop);

/* How the wait for a job ended. */
enum mhsmi_end {
    MHSMI_END_DONE = 0,    /* the outcome is the caller's */
    MHSMI_END_UNSENT = 1,  /* overdue before the I/O thread took it */
    MHSMI_END_OVERDUE = 2, /* abandoned; it may have been sent */
    MHSMI_END_LOST = 3     /* the loop is lost, another may be asked */
};

/* Hand over a job (the loop takes a reference, the caller keeps his) and wait.
 * An error is one of starting the thread. */
MHSM_NODISCARD mhsm_status mhsmi_loop_run(struct mhsmi_loop *loop,
                                          struct mhsmi_job *job,
                                          enum mhsmi_end *end,
                                          mhsm_error **err);
/* Make the thread leave, waiting at most `ms`. Callers that wait get an error.
 * Nothing can be handed over afterwards. */
void mhsmi_loop_stop(struct mhsmi_loop *loop, int ms);

/* Whether an end of the pipe still is what it was. */
int mhsmi_loop_owns(const struct mhsmi_loop *loop, int fd);

/* loop_thread.c: the thread itself. */
void *mhsmi_loop_thread(void *loop);
void mhsmi_jobs_append(struct mhsmi_jobs *jobs, struct mhsmi_job *job);
void mhsmi_jobs_remove(struct mhsmi_jobs *jobs, struct mhsmi_job *job);

#endif
