/* SPDX-License-Identifier: MIT
 *
 * The cache of keys: a few slots, the oldest of which makes room.
 */
#include "cache.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

enum { SLOTS = 64 };

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

struct mp_key *mp_cache_find(struct mp_prov *prov, const char *uri)
{
    struct mp_cache *cache = prov->cache;
    struct mp_key *key = NULL;
    int64_t now = now_ms();

    if (cache == NULL || atomic_flag_test_and_set(&cache->busy))
        return NULL;
    for (size_t i = 0; key == NULL && i < SLOTS; i++) {
        struct slot *slot = &cache->slots[i];

        if (slot->uri == NULL)
            continue;
        if (slot->until_ms <= now)
            slot_clear(slot);
        else if (strcmp(slot->uri, uri) == 0)
            key = mp_key_up_ref(slot->key);
    }
    atomic_flag_clear(&cache->busy);
    return key;
}

void mp_cache_put(struct mp_prov *prov, const char *uri, struct mp_key *key)
{
    struct mp_cache *cache = prov->cache;
    struct slot *oldest;
    char *copy;

    if (cache == NULL || atomic_flag_test_and_set(&cache->busy))
        return;
    oldest = &cache->slots[0];
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &cache->slots[i];

        if (slot->uri != NULL && strcmp(slot->uri, uri) == 0) {
            oldest = slot;
            break;
        }
        if (slot->until_ms < oldest->until_ms)
            oldest = slot;
    }
    copy = OPENSSL_strdup(uri);
    if (copy != NULL) {
        slot_clear(oldest);
        oldest->uri = copy;
        oldest->key = mp_key_up_ref(key);
        oldest->until_ms = now_ms() + cache->ttl_ms;
    }
    atomic_flag_clear(&cache->busy);
}
