/* SPDX-License-Identifier: MIT
 *
 * One generation of the engine: the queue that callers fill, and whoever
 * drives it.  At most one thread drives at a time: a caller, for as long as his
 * own request lasts, who then makes another one that waits the driver; or the
 * I/O thread, which is started where no caller can be visited (visit.h).
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

#include <openssl/types.h>

#include "http/congestion.h"
#include "http/job.h"
#include "http/sockets.h"

struct mhsmi_jobs {
    struct mhsmi_job *first, *last;
};

enum { mhsmi_spare_max = 16 };

enum mhsmi_driver {
    MHSMI_DRIVER_NONE = 0,
    MHSMI_DRIVER_CALLER = 1,
    MHSMI_DRIVER_THREAD = 2
};

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

    pthread_mutex_t lock;   /* guards what follows, and some of the jobs */
    pthread_cond_t changed; /* for the I/O thread, and who waits for its end */
    struct mhsmi_jobs queue;
    enum mhsmi_driver driver;
    pthread_t caller; /* who drives, or is to */
    enum mhsmi_thread_state state;
    pthread_t thread;
    int stopping, some_abandoned;
    int asleep;            /* the driver waits and has to be woken */
    int64_t idle_until_ms; /* then the I/O thread ends */

    /* The driver's own. */
    OSSL_LIB_CTX *tls; /* made once */
    CURLM *multi;
    struct mhsmi_jobs active, waiting;
    CURL *spare[mhsmi_spare_max]; /* handles for the next jobs */
    int spare_count;
    int64_t idle_ms;
    long cache_size;
    unsigned int unwoken; /* waits that ended without a wake-up */
    struct mhsmi_sockets sockets;
    struct mhsmi_congestion congestion;
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

/* Hand over a job (the loop takes a reference, the caller keeps his) and wait,
 * or drive.  An error is one of starting the thread. */
MHSM_NODISCARD mhsm_status mhsmi_loop_run(struct mhsmi_loop *loop,
                                          struct mhsmi_job *job,
                                          enum mhsmi_end *end,
                                          mhsm_error **err);
/* End everything, waiting at most `ms`. Callers that wait get an error.
 * Nothing can be handed over afterwards. */
void mhsmi_loop_stop(struct mhsmi_loop *loop, int ms);

/* Whether an end of the pipe still is what it was. */
int mhsmi_loop_owns(const struct mhsmi_loop *loop, int fd);

void mhsmi_jobs_append(struct mhsmi_jobs *jobs, struct mhsmi_job *job);
void mhsmi_jobs_remove(struct mhsmi_jobs *jobs, struct mhsmi_job *job);

/* drive.c, for the driver: until `own` is done, which it is soon after `until`;
 * or, with NULL, until there is no job left. */
void mhsmi_loop_drive(struct mhsmi_loop *loop, struct mhsmi_job *own,
                      int64_t until);
/* Close the connections. */
void mhsmi_loop_close(struct mhsmi_loop *loop);

/* Under the lock: whether any job has not ended. */
int mhsmi_loop_has_work(const struct mhsmi_loop *loop);
/* Under the lock: the driver drives no more. */
void mhsmi_loop_leave(struct mhsmi_loop *loop);

/* loop_thread.c, under the lock: start the I/O thread, or tell the one there
 * is; 0 or an errno.  It drives whenever there is work and nobody else does. */
int mhsmi_loop_thread_call(struct mhsmi_loop *loop);

#endif
