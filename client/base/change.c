/* SPDX-License-Identifier: MIT
 *
 * Waiting for a change.  What stands for a fibre in the list is never on its
 * stack: a host that drops a paused fibre frees that.
 */
#include "base/change.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/waiter.h"

/* So long past its deadline a fibre is taken for dropped. */
enum { lost_ms = 1000 };

struct mhsmi_paused {
    struct mhsmi_paused *next;
    unsigned long ticket;
    int64_t deadline_ms;
    int wake_fd;
};

int mhsmi_change_init(struct mhsmi_change *change)
{
    pthread_condattr_t attributes;
    int ok;

    change->fibres = NULL;
    change->tickets = 0;
    if (pthread_condattr_init(&attributes) != 0)
        return 0;
    ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&change->threads, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return ok;
}

/* Free the fibre at `link`; the next one takes its place. */
static void drop(struct mhsmi_paused **link)
{
    struct mhsmi_paused *paused = *link;

    *link = paused->next;
    mhsmi_waiter_close(paused->wake_fd);
    mhsmi_free(paused);
}

void mhsmi_change_clear(struct mhsmi_change *change)
{
    while (change->fibres != NULL)
        drop(&change->fibres);
    (void)pthread_cond_destroy(&change->threads);
}

static void drop_lost(struct mhsmi_change *change)
{
    struct mhsmi_paused **link = &change->fibres;
    int64_t now = mhsmi_clock_ms();

    while (*link != NULL) {
        if (now > (*link)->deadline_ms && now - (*link)->deadline_ms > lost_ms)
            drop(link);
        else
            link = &(*link)->next;
    }
}

static struct mhsmi_paused *enter(struct mhsmi_change *change,
                                  int64_t deadline_ms, int wake_fd)
{
    struct mhsmi_paused *paused = mhsmi_alloc(sizeof(*paused));

    if (paused == NULL)
        return NULL;
    paused->ticket = ++change->tickets;
    paused->deadline_ms = deadline_ms;
    paused->wake_fd = wake_fd;
    paused->next = change->fibres;
    change->fibres = paused;
    return paused;
}

static void leave(struct mhsmi_change *change, unsigned long ticket)
{
    struct mhsmi_paused **link = &change->fibres;

    while (*link != NULL && (*link)->ticket != ticket)
        link = &(*link)->next;
    if (*link != NULL)
        drop(link);
}

void mhsmi_change_await(struct mhsmi_change *change, pthread_mutex_t *lock,
                        int64_t deadline_ms)
{
    struct timespec until = mhsmi_clock_timespec(deadline_ms);
    const struct mhsmi_paused *paused;
    struct mhsmi_waiter waiter;
    unsigned long ticket;
    int wake_fd;

    drop_lost(change);
    if (!mhsmi_waiter_begin(&waiter, deadline_ms, &wake_fd)) {
        (void)pthread_cond_timedwait(&change->threads, lock, &until);
        return;
    }
    paused = enter(change, deadline_ms, wake_fd);
    if (paused == NULL) { /* no memory: then at the deadline */
        mhsmi_waiter_close(wake_fd);
        ticket = 0;
    } else {
        ticket = paused->ticket;
    }
    (void)pthread_mutex_unlock(lock);
    mhsmi_waiter_pause(&waiter);
    (void)pthread_mutex_lock(lock);
    leave(change, ticket);
    mhsmi_waiter_end(&waiter);
}

void mhsmi_change_tell_all(struct mhsmi_change *change)
{
    const struct mhsmi_paused *paused;

    for (paused = change->fibres; paused != NULL; paused = paused->next)
        mhsmi_waiter_wake(paused->wake_fd);
    (void)pthread_cond_broadcast(&change->threads);
}
