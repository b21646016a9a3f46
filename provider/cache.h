/* SPDX-License-Identifier: MIT
 *
 * Keys that were loaded by URI, for as long as the option `key-cache-ttl` says:
 * a program that opens the same key for each connection asks the HSM once.
 * Any thread.  Never waits for long: when another thread stays at it, nothing is
 * found and nothing remembered, and so a fork at any moment does no harm.
 */
#ifndef MP_CACHE_H
#define MP_CACHE_H

#include "key.h"

/* 0 when out of memory. */
int mp_cache_new(struct mp_prov *prov, long ttl_ms);
void mp_cache_free(struct mp_prov *prov);
/* A reference of the caller's own; or NULL, and then it is the caller's to ask
 * the HSM, and to say by one of the other two what became of that. */
struct mp_key *mp_cache_find(struct mp_prov *prov, const char *uri);
/* Takes a reference of its own. */
void mp_cache_put(struct mp_prov *prov, const char *uri, struct mp_key *key);
void mp_cache_forget(struct mp_prov *prov, const char *uri);

#endif
