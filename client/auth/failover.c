/* SPDX-License-Identifier: MIT
 *
 * Which of two HSMs is asked.  The state is two numbers; whoever finds that
 * the first one's time has come tries it with his own call, once, while all
 * others go on at the second.
 */
#include "auth/failover.h"

#include <stdatomic.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/endpoint.h"
#include "base/log.h"

enum { known_max = 1024 };

struct known {
    struct known *next;
    char key[];
};

struct mhsmi_failover {
    char *first, *second;
    int64_t pause_ms;            /* between two tries of the first */
    atomic_int moved;            /* calls go to the second */
    _Atomic int64_t first_at_ms; /* when the first is tried again */
    /* Only ever added to, so that readers need no lock. */
    _Atomic(struct known *) known;
    atomic_int known_count;
};

mhsm_status mhsmi_failover_new(const mhsm_config *config,
                               struct mhsmi_failover **failover,
                               mhsm_error **err)
{
    const char *endpoint = mhsm_config_get(config, "endpoint");
    struct mhsmi_failover *made;

    *failover = NULL;
    if (endpoint == NULL || strchr(endpoint, ',') == NULL)
        return MHSM_OK;
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->first = mhsmi_endpoint_of_list(endpoint, 0);
    made->second = mhsmi_endpoint_of_list(endpoint, 1);
    made->pause_ms = mhsm_config_get_long(config, "failback-after");
    if (made->first == NULL || made->second == NULL) {
        mhsmi_failover_free(made);
        return mhsmi_error_memory(err);
    }
    *failover = made;
    return MHSM_OK;
}

void mhsmi_failover_free(struct mhsmi_failover *failover)
{
    struct known *known, *next;

    if (failover == NULL)
        return;
    for (known = atomic_load(&failover->known); known != NULL; known = next) {
        next = known->next;
        mhsmi_free(known);
    }
    mhsmi_free(failover->first);
    mhsmi_free(failover->second);
    mhsmi_free(failover);
}

int mhsmi_failover_is_for(const struct mhsmi_failover *failover,
                          const char *endpoint)
{
    return failover != NULL && strcmp(endpoint, failover->first) == 0;
}

struct mhsmi_route mhsmi_failover_route(struct mhsmi_failover *failover)
{
    const struct mhsmi_route first = {failover->first, failover->second, 0};
    const struct mhsmi_route trial = {failover->first, failover->second, 1};
    const struct mhsmi_route second = {failover->second, failover->first, 0};
    int64_t now = mhsmi_clock_ms(), at = atomic_load(&failover->first_at_ms);

    if (!atomic_load(&failover->moved))
        return first;
    /* One caller of many; the others see the next time at once. */
    if (now >= at && atomic_compare_exchange_strong(&failover->first_at_ms, &at,
                                                    now + failover->pause_ms))
        return trial;
    return second;
}

int mhsmi_failover_moves(mhsm_status st)
{
    static const mhsm_status reasons[] = {
        MHSM_ERR_RESOLVE, MHSM_ERR_CONNECT,   MHSM_ERR_TLS,
        MHSM_ERR_TIMEOUT, MHSM_ERR_TRANSPORT, MHSM_ERR_THROTTLED,
        MHSM_ERR_SERVICE,
    };
    size_t i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i] == st)
            return 1;
    }
    return 0;
}

void mhsmi_failover_served(struct mhsmi_failover *failover,
                           const char *endpoint, const char *reason)
{
    int by_second = strcmp(endpoint, failover->second) == 0;

    if (by_second && reason == NULL)
        return;
    if (by_second)
        atomic_store(&failover->first_at_ms,
                     mhsmi_clock_ms() + failover->pause_ms);
    /* Said once, by the one whose call made the change. */
    if (atomic_exchange(&failover->moved, by_second) == by_second)
        return;
    if (by_second)
        mhsmi_log(MHSMI_LOG_WARNING, "requests move from %s to %s: %s",
                  failover->first, failover->second, reason);
    else
        mhsmi_log(MHSMI_LOG_WARNING, "%s answers again: requests move back",
                  failover->first);
}

int mhsmi_failover_knows(struct mhsmi_failover *failover, const char *key)
{
    const struct known *known = atomic_load(&failover->known);

    while (known != NULL && strcmp(known->key, key) != 0)
        known = known->next;
    return known != NULL;
}

/* What does not fit is looked up each time. */
void mhsmi_failover_learn(struct mhsmi_failover *failover, const char *key)
{
    size_t size = strlen(key) + 1;
    struct known *made;

    if (atomic_fetch_add(&failover->known_count, 1) >= known_max)
        return;
    made = mhsmi_alloc(sizeof(*made) + size);
    if (made == NULL)
        return;
    memcpy(made->key, key, size);
    made->next = atomic_load(&failover->known);
    while (!atomic_compare_exchange_weak(&failover->known, &made->next, made))
        continue;
}
