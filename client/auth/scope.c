/* SPDX-License-Identifier: MIT
 *
 * What is known of each HSM's tenant and resource.  A list that only grows at
 * its head, by one atomic store: neither a fork nor another thread ever sees
 * half a change, and what was lent out stays valid.
 */
#include "auth/scope.h"

#include <stdatomic.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/chain.h"
#include "base/config.h"
#include "base/endpoint.h"

enum { learned_max = 256 };

struct learned {
    struct learned *next;
    char *endpoint;
    char *tenant; /* NULL: not said */
    char *resource;
};

struct mhsmi_scopes {
    const mhsm_config *config;
    const struct mhsmi_credential *credential;
    const char *tenant, *resource; /* the options; NULL: unset */
    _Atomic(struct learned *) head;
    atomic_uint count;
};

struct mhsmi_scopes *mhsmi_scopes_new(const mhsm_config *config,
                                      const struct mhsmi_credential *credential)
{
    struct mhsmi_scopes *scopes = mhsmi_alloc(sizeof(*scopes));

    if (scopes == NULL)
        return NULL;
    scopes->config = config;
    scopes->credential = credential;
    scopes->tenant = mhsm_config_get(config, "tenant-id");
    scopes->resource = mhsm_config_get(config, "resource");
    return scopes;
}

static void learned_free(struct learned *learned)
{
    if (learned == NULL)
        return;
    mhsmi_free(learned->endpoint);
    mhsmi_free(learned->tenant);
    mhsmi_free(learned->resource);
    mhsmi_free(learned);
}

void mhsmi_scopes_free(struct mhsmi_scopes *scopes)
{
    struct learned *learned, *next;

    if (scopes == NULL)
        return;
    for (learned = atomic_load(&scopes->head); learned != NULL;
         learned = next) {
        next = learned->next;
        learned_free(learned);
    }
    mhsmi_free(scopes);
}

static const char *derived_resource(const char *endpoint)
{
    struct mhsmi_url url;
    const char *resource;

    if (!mhsmi_url_parse(&url, endpoint))
        return NULL;
    resource = mhsmi_endpoint_resource(url.host);
    mhsmi_url_clear(&url);
    return resource;
}

static const struct learned *find_learned(struct mhsmi_scopes *scopes,
                                          const char *endpoint)
{
    const struct learned *learned = atomic_load(&scopes->head);

    while (learned != NULL && strcmp(learned->endpoint, endpoint) != 0)
        learned = learned->next;
    return learned;
}

int mhsmi_scope_find(struct mhsmi_scopes *scopes, const char *endpoint,
                     const char *resource, struct mhsmi_scope *scope)
{
    const struct learned *learned = find_learned(scopes, endpoint);

    scope->tenant = scopes->tenant;
    scope->resource = resource != NULL ? resource : scopes->resource;
    if (scope->resource == NULL && learned != NULL)
        scope->resource = learned->resource;
    if (scope->resource == NULL)
        scope->resource = derived_resource(endpoint);
    if (scope->tenant == NULL && learned != NULL)
        scope->tenant = learned->tenant;
    return scope->resource != NULL &&
           (scope->tenant != NULL || learned != NULL ||
            !mhsmi_credential_needs_tenant(scopes->credential));
}

/* Only ids can be compared: a domain name may stand for the very tenant. */
static int other_tenant(const struct mhsmi_scopes *scopes, const char *asked)
{
    const char *configured = scopes->tenant;

    return configured != NULL && asked != NULL &&
           strchr(configured, '.') == NULL && strchr(asked, '.') == NULL &&
           OPENSSL_strcasecmp(configured, "adfs") != 0 &&
           OPENSSL_strcasecmp(configured, asked) != 0 &&
           mhsmi_credential_needs_tenant(scopes->credential);
}

static mhsm_status check(const struct mhsmi_scopes *scopes,
                         const char *endpoint, const char *resource,
                         const struct mhsmi_challenge *challenge,
                         mhsm_error **err)
{
    mhsm_status st;

    if (other_tenant(scopes, challenge->tenant)) {
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                         "%s belongs to tenant %s, not to the configured %s",
                         endpoint, challenge->tenant, scopes->tenant);
        mhsmi_error_set_hint(err, "tokens must come from the HSM's own tenant: "
                                  "correct tenant-id (AZURE_TENANT_ID)");
        return st;
    }
    if (resource != NULL || challenge->resource == NULL ||
        !mhsm_config_get_boolean(scopes->config, "verify-challenge-resource") ||
        mhsmi_challenge_covers(challenge->resource, endpoint))
        return MHSM_OK;
    st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                     "%s asks for a token for %.200s, which it is no part of",
                     endpoint, challenge->resource);
    mhsmi_error_set_hint(err,
                         "no token was sent; when that is right, as for an "
                         "emulator or a private cloud, set resource = %.200s "
                         "(or verify-challenge-resource = no)",
                         challenge->resource);
    return st;
}

static void push(struct mhsmi_scopes *scopes, struct learned *learned)
{
    struct learned *head = atomic_load(&scopes->head);

    do
        learned->next = head;
    while (!atomic_compare_exchange_weak(&scopes->head, &head, learned));
}

static int same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Keep it unless it is known: the list grows only when an HSM changes its
 * mind, and a bound stops one that does so without end. */
static const struct learned *keep(struct mhsmi_scopes *scopes,
                                  const char *endpoint, const char *tenant,
                                  const char *resource)
{
    const struct learned *known = find_learned(scopes, endpoint);
    struct learned *learned;

    if (known != NULL && same_text(known->tenant, tenant) &&
        same_text(known->resource, resource))
        return known;
    if (atomic_fetch_add(&scopes->count, 1) >= learned_max)
        return NULL;
    learned = mhsmi_alloc(sizeof(*learned));
    if (learned == NULL)
        return NULL;
    learned->endpoint = mhsmi_strdup(endpoint);
    learned->tenant = tenant != NULL ? mhsmi_strdup(tenant) : NULL;
    learned->resource = mhsmi_strdup(resource);
    if (learned->endpoint == NULL || learned->resource == NULL ||
        (learned->tenant == NULL) != (tenant == NULL)) {
        learned_free(learned);
        return NULL;
    }
    push(scopes, learned);
    return learned;
}

mhsm_status mhsmi_scope_learn(struct mhsmi_scopes *scopes, const char *endpoint,
                              const char *resource,
                              const struct mhsmi_challenge *challenge,
                              struct mhsmi_scope *scope, mhsm_error **err)
{
    const char *fixed = resource != NULL ? resource : scopes->resource;
    const char *kept = challenge->resource;
    mhsm_status st = check(scopes, endpoint, fixed, challenge, err);

    if (st != MHSM_OK)
        return st;
    if (kept == NULL)
        kept = fixed;
    if (kept == NULL)
        kept = derived_resource(endpoint);
    if (kept == NULL)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the challenge of %s names no resource", endpoint);
    if (keep(scopes, endpoint, challenge->tenant, kept) == NULL)
        return mhsmi_error_memory(err);
    (void)mhsmi_scope_find(scopes, endpoint, resource, scope);
    return MHSM_OK;
}
