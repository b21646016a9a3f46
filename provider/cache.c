/* SPDX-License-Identifier: MIT
 *
 * The cache of keys: a few slots, the oldest of which makes room.
 *
 * When an entry's time is over, whoever sees it first finds nothing and asks
 * the HSM; meanwhile the others find the old key, and need not all ask.
 */
#include "cache.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

/* How long the one that asks may take until another asks as well. */
enum { SLOTS = 64, TRIES = 1000, ASKING_MS = 1000 };

struct mp_cache {
    atomic_flag busy;
    int64_t ttl_ms;
    struct slot {
        char *uri; /* NULL: free */
        struct mp_key *key;
        int64_t until_ms;
    } slots[SLOTS];
};

static int64_t now_ms(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Not for long: in a child, a thread that the child has not may be at it. */
static int enter(struct mp_cache *cache)
{
    for (int i = 0; cache != NULL && i < TRIES; i++) {
        if (!atomic_flag_test_and_set(&cache->busy))
            return 1;
        (void)sched_yield();
    }
    return 0;
}

static void leave(struct mp_cache *cache)
{
    atomic_flag_clear(&cache->busy);
}

static struct slot *slot_of(struct mp_cache *cache, const char *uri)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (cache->slots[i].uri != NULL &&
            strcmp(cache->slots[i].uri, uri) == 0)
            return &cache->slots[i];
    return NULL;
}

static void slot_clear(struct slot *slot)
{
    OPENSSL_free(slot->uri);
    mp_key_free(slot->key);
    memset(slot, 0, sizeof(*slot));
}

int mp_cache_new(struct mp_prov *prov, long ttl_ms)
{
    struct mp_cache *cache = OPENSSL_zalloc(sizeof(*cache));

    if (cache == NULL)
        return 0;
    atomic_flag_clear(&cache->busy);
    cache->ttl_ms = ttl_ms;
    prov->cache = cache;
    return 1;
}

void mp_cache_free(struct mp_prov *prov)
{
    struct mp_cache *cache = prov->cache;

    for (size_t i = 0; cache != NULL && i < SLOTS; i++)
        slot_clear(&cache->slots[i]);
    OPENSSL_free(cache);
    prov->cache = NULL;
}

/* A free one is older than any. */
static struct slot *oldest(struct mp_cache *cache)
{
    struct slot *slot = &cache->slots[0];

    for (size_t i = 1; i < SLOTS; i++)
        if (cache->slots[i].until_ms < slot->until_ms)
            slot = &cache->slots[i];
    return slot;
}

struct mp_key *mp_cache_find(struct mp_prov *prov, const char *uri)
{
    struct mp_cache *cache = prov->cache;
    struct mp_key *key = NULL;
    int64_t now = now_ms();
    struct slot *slot;

    if (!enter(cache))
        return NULL;
    slot = slot_of(cache, uri);
    if (slot != NULL && slot->until_ms <= now)
        slot->until_ms = now + ASKING_MS;
    else if (slot != NULL)
        key = mp_key_up_ref(slot->key);
    leave(cache);
    return key;
}

void mp_cache_put(struct mp_prov *prov, const char *uri, struct mp_key *key)
{
    struct mp_cache *cache = prov->cache;
    struct slot *slot;
    char *copy;

    if (!enter(cache))
        return;
    slot = slot_of(cache, uri);
    if (slot == NULL)
        slot = oldest(cache);
    copy = OPENSSL_strdup(uri);
    if (copy != NULL) {
        slot_clear(slot);
        slot->uri = copy;
        slot->key = mp_key_up_ref(key);
        slot->until_ms = now_ms() + cache->ttl_ms;
    }
    leave(cache);
}

void mp_cache_forget(struct mp_prov *prov, const char *uri)
{
    struct mp_cache *cache = prov->cache;
    struct slot *slot;

    if (!enter(cache))
        return;
    slot = slot_of(cache, uri);
    if (slot != NULL)
        slot_clear(slot);
    leave(cache);
}
