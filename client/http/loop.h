/* SPDX-License-Identifier: MIT
 *
 * One generation of the engine.  Most callers carry their requests themselves,
 * each in a lane (lane.h).  The others, fibres above all, queue theirs for the
 * I/O thread, which is started at the first of them.
 *
 * A forked child never touches its parent's generation; it only keeps it
 * reachable.  The same goes for a generation whose descriptors the host has
 * closed: their numbers may be somebody else's by now.
 */
#ifndef MHSM_CLIENT_HTTP_LOOP_H
#define MHSM_CLIENT_HTTP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "http/host.h"
#include "http/job.h"
#include "http/lane.h"
#include "http/sockets.h"
#include "http/visit.h"

enum mhsmi_thread_state {
    MHSMI_THREAD_NONE = 0,
    MHSMI_THREAD_RUNNING = 1,
    MHSMI_THREAD_GONE = 2 /* has only to be joined */
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
    mhsmi_visit_context tls;
    struct mhsmi_sockets sockets;

    pthread_mutex_t lock;   /* guards what follows, and some of the jobs */
    pthread_cond_t changed; /* for the I/O thread, and who waits for an end */
    atomic_int stopping;    /* read without the lock, too */
    struct mhsmi_host *hosts;
    struct mhsmi_lanes lanes;
    struct mhsmi_jobs queue; /* of the I/O thread, all admitted */
    enum mhsmi_thread_state state;
    pthread_t thread;
    int some_abandoned;
    int asleep; /* the I/O thread waits for the network: to be woken */

    /* The I/O thread's own. */
    CURLM *multi;
    struct mhsmi_jobs active;
    struct mhsmi_handle *spare; /* for the next jobs */
    int spare_count;
    int64_t idle_ms;
    long cache_size;
    unsigned int unwoken; /* waits that ended without a wake-up */
};

/* NULL when the system has no memory or descriptor left. */
struct mhsmi_loop *mhsmi_loop_new(pid_t pid, unsigned int forks);
/* One that never ran. */
void mhsmi_loop_free(struct mhsmi_loop *loop);

/* How a job ended. */
enum mhsmi_end {
    MHSMI_END_DONE = 0,    /* the outcome is the caller's */
    MHSMI_END_UNSENT = 1,  /* overdue before it was sent */
    MHSMI_END_OVERDUE = 2, /* abandoned; it may have been sent */
    MHSMI_END_LOST = 3     /* the loop is lost, another may be asked */
};

/* Carry the job, or have it carried and wait: the loop takes a reference then,
 * the caller keeps his.  An error is one of starting the thread. */
MHSM_NODISCARD mhsm_status mhsmi_loop_run(struct mhsmi_loop *loop,
                                          struct mhsmi_job *job,
                                          enum mhsmi_end *end,
                                          mhsm_error **err);
/* End everything, waiting at most `ms`. Callers that wait get an error.
 * Nothing can be handed over afterwards. */
void mhsmi_loop_stop(struct mhsmi_loop *loop, int ms);

/* Whether an end of the pipe still is what it was. */
int mhsmi_loop_owns(const struct mhsmi_loop *loop, int fd);
/* Under the lock: an admitted job has ended, others may start; whether the I/O
 * thread has to be woken for that. */
int mhsmi_loop_release(struct mhsmi_loop *loop, struct mhsmi_job *job);

/* What libcurl needs before all else; 0: not to be had. */
int mhsmi_loop_set_up(struct mhsmi_loop *loop);

/* drive.c, for the I/O thread: until there is no job left. */
void mhsmi_loop_drive(struct mhsmi_loop *loop);
/* Close the I/O thread's connections. */
void mhsmi_loop_close(struct mhsmi_loop *loop);

/* loop_thread.c, under the lock: start the I/O thread, or tell the one there
 * is; 0 or an errno. */
int mhsmi_loop_thread_call(struct mhsmi_loop *loop);

#endif
