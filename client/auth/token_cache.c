/* SPDX-License-Identifier: MIT
 *
 * The token cache.  Everything that a fork could tear lives behind a pointer
 * that is swapped in one store: a generation belongs to one process, and the
 * first use in a child builds a new one from what the old one holds, never
 * touching the old one's locks, which some thread of the parent may have held.
 */
#include "auth/token_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "auth/held.h"
#include "base/background.h"
#include "base/change.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"

enum {
    first_pause_ms = 1000, /* after a failure */
    last_pause_ms = 30000,
    entries_max = 64,
    ahead_max_ms = 2000, /* for a renewal that nobody needs yet */
    lost_ms = 1000 /* past its deadline an acquisition is taken for lost */
};

struct entry {
    struct entry *next;
    char *tenant; /* "" when unknown */
    char *resource;
    _Atomic(struct mhsmi_held *) held; /* NULL: none */
    int64_t refresh_pause_ms;          /* no renewal ahead before */
    int64_t pause_until_ms;            /* no acquisition before */
    int64_t pause_ms;
    mhsm_error *failure; /* what is reported meanwhile */
};

struct generation {
    pid_t pid;
    struct generation *previous; /* of the parent: only its memory counts */
    pthread_mutex_t lock;
    struct mhsmi_change changed;
    /* Who is acquiring, 0: nobody; and when he has given up for sure, if he is
     * a fibre that its host never resumes. */
    unsigned int busy, tickets;
    int64_t busy_until_ms;
    _Atomic(struct entry *) entries;
    size_t count;
};

struct mhsmi_token_cache {
    struct mhsmi_credential *credential;
    struct mhsmi_counters *counters;
    _Atomic(struct generation *) current;
    /* What the background renews, one thing at a time: whoever sets it is
     * `busy`. */
    struct {
        struct generation *generation;
        struct entry *entry;
        unsigned int ticket;
        int64_t deadline_ms;
    } ahead;
};

static void entry_free(struct entry *entry)
{
    if (entry == NULL)
        return;
    mhsmi_held_free(atomic_load(&entry->held));
    mhsm_error_free(&entry->failure);
    mhsmi_free(entry->tenant);
    mhsmi_free(entry->resource);
    mhsmi_free(entry);
}

/* Of another process's generation the locks are left alone: they may be
 * held for ever. */
static void generation_free(struct generation *generation)
{
    struct generation *previous;
    struct entry *entry, *next;

    for (; generation != NULL; generation = previous) {
        previous = generation->previous;
        for (entry = atomic_load(&generation->entries); entry != NULL;
             entry = next) {
            next = entry->next;
            entry_free(entry);
        }
        if (generation->pid == mhsmi_process_id()) {
            mhsmi_change_clear(&generation->changed);
            pthread_mutex_destroy(&generation->lock);
        }
        mhsmi_free(generation);
    }
}

static struct generation *generation_new(void)
{
    struct generation *generation = mhsmi_alloc(sizeof(*generation));

    if (generation == NULL)
        return NULL;
    if (!mhsmi_change_init(&generation->changed)) {
        mhsmi_free(generation);
        return NULL;
    }
    generation->pid = mhsmi_process_id();
    pthread_mutex_init(&generation->lock, NULL);
    return generation;
}

static struct entry *entry_new(const char *tenant, const char *resource)
{
    struct entry *entry = mhsmi_alloc(sizeof(*entry));

    if (entry == NULL)
        return NULL;
    entry->tenant = mhsmi_strdup(tenant);
    entry->resource = mhsmi_strdup(resource);
    if (entry->tenant == NULL || entry->resource == NULL) {
        entry_free(entry);
        return NULL;
    }
    return entry;
}

/* Out of memory here only costs a token that will be acquired again. */
static void inherit(struct generation *child, const struct generation *parent)
{
    struct entry *entry, *from = atomic_load(&parent->entries);
    struct mhsmi_held *held;

    for (; from != NULL; from = from->next) {
        held = atomic_load(&from->held);
        entry = held != NULL ? entry_new(from->tenant, from->resource) : NULL;
        if (entry == NULL)
            continue;
        atomic_store(&entry->held, mhsmi_held_copy(held));
        entry->next = atomic_load(&child->entries);
        atomic_store(&child->entries, entry);
        child->count++;
    }
}

/* This process's generation; NULL when out of memory. */
static struct generation *current(struct mhsmi_token_cache *cache)
{
    struct generation *seen = atomic_load(&cache->current), *made;

    if (seen->pid == mhsmi_process_id())
        return seen;
    made = generation_new();
    if (made == NULL)
        return NULL;
    inherit(made, seen);
    made->previous = seen;
    if (atomic_compare_exchange_strong(&cache->current, &seen, made))
        return made;
    /* Another thread of this process was faster. */
    made->previous = NULL;
    generation_free(made);
    return seen;
}

struct mhsmi_token_cache *
mhsmi_token_cache_new(struct mhsmi_credential *credential,
                      struct mhsmi_counters *counters)
{
    struct mhsmi_token_cache *cache = mhsmi_alloc(sizeof(*cache));
    struct generation *first;

    if (cache == NULL)
        return NULL;
    first = generation_new();
    if (first == NULL) {
        mhsmi_free(cache);
        return NULL;
    }
    cache->credential = credential;
    cache->counters = counters;
    atomic_store(&cache->current, first);
    return cache;
}

void mhsmi_token_cache_free(struct mhsmi_token_cache *cache)
{
    if (cache == NULL)
        return;
    mhsmi_background_await(cache);
    generation_free(atomic_load(&cache->current));
    mhsmi_free(cache);
}

static struct entry *find(struct generation *generation, const char *tenant,
                          const char *resource)
{
    struct entry *entry = atomic_load(&generation->entries);

    while (entry != NULL && (strcmp(entry->tenant, tenant) != 0 ||
                             strcmp(entry->resource, resource) != 0))
        entry = entry->next;
    return entry;
}

static struct entry *find_or_add(struct generation *generation,
                                 const struct mhsmi_token_request *request)
{
    const char *tenant = request->tenant != NULL ? request->tenant : "";
    struct entry *entry = find(generation, tenant, request->resource);

    if (entry != NULL || generation->count == entries_max)
        return entry;
    entry = entry_new(tenant, request->resource);
    if (entry == NULL)
        return NULL;
    entry->next = atomic_load(&generation->entries);
    atomic_store(&generation->entries, entry);
    generation->count++;
    return entry;
}

static void publish(struct entry *entry, struct mhsmi_held *held)
{
    mhsmi_held_free(atomic_exchange(&entry->held, held));
    mhsm_error_free(&entry->failure);
    entry->pause_ms = 0;
    entry->pause_until_ms = 0;
    entry->refresh_pause_ms = 0;
}

static mhsm_status report_again(const mhsm_error *failure, mhsm_error **err)
{
    mhsm_status st = mhsmi_error(err, mhsm_error_status(failure), "%s",
                                 mhsm_error_message(failure));

    if (mhsm_error_hint(failure)[0] != '\0')
        mhsmi_error_set_hint(err, "%s", mhsm_error_hint(failure));
    mhsmi_error_set_service(err, mhsm_error_http_status(failure),
                            mhsm_error_code(failure),
                            mhsm_error_request_id(failure));
    return st;
}

/* Keep the failure and how long to leave the authority in peace. */
static void remember_failure(struct entry *entry, mhsm_error **failure)
{
    entry->pause_ms = entry->pause_ms == 0 ? first_pause_ms
                      : entry->pause_ms * 2 > last_pause_ms
                          ? last_pause_ms
                          : entry->pause_ms * 2;
    entry->pause_until_ms = mhsmi_clock_deadline(entry->pause_ms);
    mhsm_error_free(&entry->failure);
    entry->failure = *failure;
    *failure = NULL;
}

static int is_busy(const struct generation *generation)
{
    return generation->busy != 0 &&
           mhsmi_clock_ms() < generation->busy_until_ms;
}

static unsigned int get_busy(struct generation *generation, int64_t deadline_ms)
{
    generation->busy = ++generation->tickets == 0 ? ++generation->tickets
                                                  : generation->tickets;
    generation->busy_until_ms =
        deadline_ms > INT64_MAX - lost_ms ? INT64_MAX : deadline_ms + lost_ms;
    return generation->busy;
}

/* Called with the lock held by who is `busy`, and gives the lock up meanwhile. */
static mhsm_status
acquire_as(struct mhsmi_token_cache *cache, struct generation *generation,
           struct entry *entry, const struct mhsmi_token_request *request,
           unsigned int ticket, struct mhsmi_buf *out, mhsm_error **err)
{
    const struct mhsmi_credential_type *type = cache->credential->type;
    struct mhsmi_token token;
    struct mhsmi_held *held = NULL;
    mhsm_error *failure = NULL;
    mhsm_status st;

    pthread_mutex_unlock(&generation->lock);
    mhsmi_token_init(&token);
    st = type->acquire(cache->credential, request, &token, cache->counters,
                       &failure);
    if (st == MHSM_OK) {
        held = mhsmi_held_new(&token);
        if (held == NULL ||
            (out != NULL &&
             !mhsmi_buf_append(out, token.text.data, token.text.size)))
            st = mhsmi_error_memory(&failure);
    }
    mhsmi_token_clear(&token);
    if (st == MHSM_OK) {
        __atomic_add_fetch(&cache->counters->tokens, 1, __ATOMIC_RELAXED);
        mhsmi_log(MHSMI_LOG_INFO, "acquired a token for %s (%s)",
                  request->resource, type->name);
    } else {
        mhsmi_log(MHSMI_LOG_WARNING, "%s", mhsm_error_text(failure));
    }
    pthread_mutex_lock(&generation->lock);
    if (generation->busy == ticket)
        generation->busy = 0;
    if (st == MHSM_OK) {
        publish(entry, held);
    } else {
        mhsmi_held_free(held);
        (void)report_again(failure, err);
        if (mhsmi_held_is_usable(atomic_load(&entry->held)))
            entry->refresh_pause_ms = mhsmi_clock_deadline(last_pause_ms);
        else
            remember_failure(entry, &failure);
        mhsm_error_free(&failure);
    }
    mhsmi_change_tell_all(&generation->changed);
    return st;
}

/* The same by who becomes busy with it. */
static mhsm_status acquire(struct mhsmi_token_cache *cache,
                           struct generation *generation, struct entry *entry,
                           const struct mhsmi_token_request *request,
                           struct mhsmi_buf *out, mhsm_error **err)
{
    unsigned int ticket = get_busy(generation, request->deadline_ms);

    return acquire_as(cache, generation, entry, request, ticket, out, err);
}

static void renew(void *data)
{
    struct mhsmi_token_cache *cache = data;
    struct generation *generation = cache->ahead.generation;
    struct entry *entry = cache->ahead.entry;
    struct mhsmi_token_request request = {
        .tenant = *entry->tenant != '\0' ? entry->tenant : NULL,
        .resource = entry->resource,
        .deadline_ms = cache->ahead.deadline_ms,
    };

    pthread_mutex_lock(&generation->lock);
    (void)acquire_as(cache, generation, entry, &request, cache->ahead.ticket,
                     NULL, NULL);
    pthread_mutex_unlock(&generation->lock);
}

/* Under the lock: renew a token ahead of need, so that nobody waits for it.
 * Where no thread can be made one caller does it, who must not spend the time
 * that his own request needs.  A failure is nobody's business yet. */
static void renew_ahead(struct mhsmi_token_cache *cache,
                        struct generation *generation, struct entry *entry,
                        const struct mhsmi_token_request *request)
{
    struct mhsmi_token_request ahead = *request;
    int64_t now = mhsmi_clock_ms(), share = (request->deadline_ms - now) / 4;

    cache->ahead.generation = generation;
    cache->ahead.entry = entry;
    cache->ahead.deadline_ms = now + ahead_max_ms;
    cache->ahead.ticket = get_busy(generation, cache->ahead.deadline_ms);
    if (mhsmi_background_start(renew, cache))
        return;
    ahead.deadline_ms = now + (share < ahead_max_ms ? share : ahead_max_ms);
    (void)acquire_as(cache, generation, entry, &ahead, cache->ahead.ticket,
                     NULL, NULL);
}

static mhsm_status use_held(struct mhsmi_token_cache *cache,
                            struct generation *generation, struct entry *entry,
                            const struct mhsmi_token_request *request,
                            struct mhsmi_buf *out, mhsm_error **err)
{
    const struct mhsmi_held *held = atomic_load(&entry->held);
    int64_t now = mhsmi_clock_ms();

    if (!mhsmi_buf_append(out, held->text.data, held->text.size))
        return mhsmi_error_memory(err);
    if (now >= held->refresh_ms && now >= entry->refresh_pause_ms &&
        !is_busy(generation))
        renew_ahead(cache, generation, entry, request);
    return MHSM_OK;
}

/* One step under the lock: 1 when `*st` is final, 0 to look again. */
static int step(struct mhsmi_token_cache *cache, struct generation *generation,
                const struct mhsmi_token_request *request,
                struct mhsmi_buf *out, mhsm_status *st, mhsm_error **err)
{
    struct entry *entry = find_or_add(generation, request);

    if (entry == NULL) {
        *st = mhsmi_error_memory(err);
        return 1;
    }
    if (mhsmi_held_is_usable(atomic_load(&entry->held))) {
        *st = use_held(cache, generation, entry, request, out, err);
        return 1;
    }
    if (entry->failure != NULL && mhsmi_clock_ms() < entry->pause_until_ms) {
        *st = report_again(entry->failure, err);
        return 1;
    }
    if (mhsmi_clock_ms() >= request->deadline_ms) {
        *st = mhsmi_error(err, MHSM_ERR_TIMEOUT,
                          "no access token within the time allowed");
        return 1;
    }
    if (!is_busy(generation)) {
        *st = acquire(cache, generation, entry, request, out, err);
        return 1;
    }
    mhsmi_change_await(&generation->changed, &generation->lock,
                       request->deadline_ms);
    return 0;
}

mhsm_status mhsmi_token_cache_get(struct mhsmi_token_cache *cache,
                                  const struct mhsmi_token_request *request,
                                  struct mhsmi_buf *out, mhsm_error **err)
{
    struct generation *generation = current(cache);
    mhsm_status st = MHSM_OK;

    if (generation == NULL)
        return mhsmi_error_memory(err);
    pthread_mutex_lock(&generation->lock);
    while (!step(cache, generation, request, out, &st, err))
        continue;
    pthread_mutex_unlock(&generation->lock);
    return st;
}

void mhsmi_token_cache_drop(struct mhsmi_token_cache *cache, const char *tenant,
                            const char *resource, const char *token)
{
    struct generation *generation = current(cache);
    const struct mhsmi_held *held;
    struct entry *entry;

    if (generation == NULL)
        return;
    pthread_mutex_lock(&generation->lock);
    entry = find(generation, tenant != NULL ? tenant : "", resource);
    held = entry != NULL ? atomic_load(&entry->held) : NULL;
    if (held != NULL && strcmp(mhsmi_buf_text(&held->text), token) == 0)
        mhsmi_held_free(atomic_exchange(&entry->held, NULL));
    pthread_mutex_unlock(&generation->lock);
}
