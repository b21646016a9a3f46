/* SPDX-License-Identifier: MIT
 *
 * Tokens by tenant and resource.  However many threads need one, one of them
 * acquires it and the others wait, each with its own deadline; no lock is held
 * meanwhile.  A child of fork() keeps the content and gets fresh locks.
 */
#ifndef MHSM_CLIENT_AUTH_TOKEN_CACHE_H
#define MHSM_CLIENT_AUTH_TOKEN_CACHE_H

#include "auth/credential.h"

struct mhsmi_token_cache;

/* `credential` and `counters` outlive the cache. */
struct mhsmi_token_cache *
mhsmi_token_cache_new(struct mhsmi_credential *credential,
                      struct mhsmi_counters *counters);
/* Wipes every token; no call may be under way. */
void mhsmi_token_cache_free(struct mhsmi_token_cache *cache);

/* Append a usable token to `out`, acquiring it when there is none.  A recent
 * failure is reported again, without asking again, for 1 s growing to 30 s. */
MHSM_NODISCARD mhsm_status mhsmi_token_cache_get(
    struct mhsmi_token_cache *cache, const struct mhsmi_token_request *request,
    struct mhsmi_buf *out, mhsm_error **err);
/* The service refused `token`: forget it, unless another one has taken its
 * place already. */
void mhsmi_token_cache_drop(struct mhsmi_token_cache *cache, const char *tenant,
                            const char *resource, const char *token);

#endif
