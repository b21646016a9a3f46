/* SPDX-License-Identifier: MIT
 *
 * Calls at one of two HSMs, or at the only one.
 */
#include "auth/session.h"

#include <string.h>

#include "auth/exchange.h"
#include "auth/failover.h"
#include "auth/scope.h"
#include "auth/token_cache.h"
#include "auth/transport.h"
#include "base/clock.h"
#include "base/log.h"

/* What one caller spends on trying whether the first HSM is back. */
enum { trial_max_ms = 1000 };

struct mhsmi_session {
    char *user_agent;
    struct mhsmi_credential *credential;
    struct mhsmi_failover *failover; /* NULL: there is one HSM */
    struct mhsmi_parties parties;
};

mhsm_status mhsmi_session_new(const mhsm_config *config,
                              struct mhsmi_session **session, mhsm_error **err)
{
    struct mhsmi_session *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st;

    if (made == NULL)
        return mhsmi_error_memory(err);
    made->parties.retry = mhsmi_retry_policy_of(config, MHSMI_RETRY_REPEATABLE);
    made->parties.timeout_ms = (int)mhsm_config_get_long(config, "timeout");
    made->parties.try_timeout_ms =
        (int)mhsm_config_get_long(config, "try-timeout");
    made->parties.api_version = mhsm_config_get(config, "api-version");
    st = mhsmi_credential_new(config, &made->credential, err);
    if (st != MHSM_OK)
        goto fail;
    made->user_agent = mhsmi_user_agent();
    made->parties.tokens =
        mhsmi_token_cache_new(made->credential, &made->parties.counters);
    made->parties.scopes = mhsmi_scopes_new(config, made->credential);
    st = mhsmi_failover_new(config, &made->failover, err);
    if (st != MHSM_OK)
        goto fail;
    if (made->user_agent == NULL || made->parties.tokens == NULL ||
        made->parties.scopes == NULL) {
        st = mhsmi_error_memory(err);
        goto fail;
    }
    mhsmi_transport_init(&made->parties.transport, config, MHSMI_HOST_HSM,
                         made->user_agent);
    mhsmi_transport_init(&made->parties.beside, config, MHSMI_HOST_AUTHORITY,
                         made->user_agent);
    *session = made;
    return MHSM_OK;
fail:
    mhsmi_session_free(made);
    return st;
}

void mhsmi_session_free(struct mhsmi_session *session)
{
    if (session == NULL)
        return;
    mhsmi_token_cache_free(session->parties.tokens);
    mhsmi_scopes_free(session->parties.scopes);
    mhsmi_failover_free(session->failover);
    mhsmi_credential_free(session->credential);
    mhsmi_free(session->user_agent);
    mhsmi_free(session);
}

struct mhsmi_counters *mhsmi_session_counters(struct mhsmi_session *session)
{
    return &session->parties.counters;
}

const struct mhsmi_credential *
mhsmi_session_credential(const struct mhsmi_session *session)
{
    return session->credential;
}

/* Many programs show nothing of OpenSSL's error queue: then the log is all that
 * tells what went wrong. */
static void pass_failure(mhsm_error *failure, mhsm_error **err)
{
    mhsmi_log(MHSMI_LOG_ERROR, "%s", mhsm_error_text(failure));
    if (err != NULL)
        *err = failure;
    else
        mhsm_error_free(&failure);
}

/* The whole of it at one HSM, until the deadline. */
static mhsm_status call_at(struct mhsmi_session *session,
                           const struct mhsmi_call *call, const char *endpoint,
                           int64_t deadline_ms, int retries,
                           struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call there = *call;
    mhsm_status st;

    there.endpoint = endpoint;
    st = mhsmi_exchange(&session->parties, &there, deadline_ms, retries, answer,
                        err);
    if (st == MHSM_OK && call->served != NULL)
        *call->served = endpoint;
    return st;
}

void mhsmi_follow_clear(struct mhsmi_follow *follow)
{
    mhsmi_free(follow->location);
    mhsmi_free(follow->operation);
    *follow = (struct mhsmi_follow){0};
}

static int may_move(const struct mhsmi_session *session,
                    const struct mhsmi_call *call)
{
    return call->service == NULL &&
           mhsmi_failover_is_for(session->failover, call->endpoint) &&
           call->url == NULL && !call->stays &&
           call->retry == MHSMI_RETRY_REPEATABLE &&
           (call->key != NULL || strcmp(call->method, "GET") == 0);
}

/* The same at one of two HSMs; the second has to have the key. */
static mhsm_status call_at_either(struct mhsmi_session *session,
                                  const struct mhsmi_call *call,
                                  const char *endpoint, int64_t deadline_ms,
                                  int retries, struct json_object **answer,
                                  mhsm_error **err)
{
    struct mhsmi_failover *failover = session->failover;
    mhsm_status st = MHSM_OK;

    if (call->vet != NULL && !mhsmi_failover_is_for(failover, endpoint) &&
        !mhsmi_failover_knows(failover, call->key)) {
        st = call->vet(call->vetted, endpoint, deadline_ms, err);
        if (st != MHSM_OK)
            return st;
        mhsmi_failover_learn(failover, call->key);
    }
    return call_at(session, call, endpoint, deadline_ms, retries, answer, err);
}

/* One of two HSMs, then the other: the first try has half of the time. */
static mhsm_status call_movable(struct mhsmi_session *session,
                                const struct mhsmi_call *call,
                                int64_t deadline_ms,
                                struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_route route = mhsmi_failover_route(session->failover);
    int64_t now = mhsmi_clock_ms(), share_ms = (deadline_ms - now) / 2;
    mhsm_error *first = NULL;
    mhsm_status st;

    if (route.is_trial && share_ms > trial_max_ms)
        share_ms = trial_max_ms;
    st = call_at_either(session, call, route.now, now + share_ms,
                        route.is_trial ? 0 : 1, answer, &first);
    if (st == MHSM_OK) {
        mhsmi_failover_served(session->failover, route.now, NULL);
        return st;
    }
    if (!mhsmi_failover_moves(st)) {
        *err = first;
        return st;
    }
    mhsmi_log(MHSMI_LOG_INFO, "%s: %s", route.now, mhsm_error_text(first));
    st =
        call_at_either(session, call, route.then, deadline_ms, -1, answer, err);
    if (st == MHSM_OK)
        mhsmi_failover_served(session->failover, route.then,
                              mhsm_error_message(first));
    else
        mhsmi_error_prefix(err, "%s; and the other HSM",
                           mhsm_error_message(first));
    mhsm_error_free(&first);
    return st;
}

static int64_t deadline_of(const struct mhsmi_session *session,
                           const struct mhsmi_call *call)
{
    if (call->deadline_ms != 0)
        return call->deadline_ms;
    return mhsmi_clock_deadline(session->parties.timeout_ms);
}

mhsm_status mhsmi_session_call(struct mhsmi_session *session,
                               const struct mhsmi_call *call,
                               struct json_object **answer, mhsm_error **err)
{
    int64_t deadline_ms = deadline_of(session, call);
    mhsm_error *failure = NULL;
    mhsm_status st;

    if (may_move(session, call))
        st = call_movable(session, call, deadline_ms, answer, &failure);
    else
        st = call_at(session, call, call->endpoint, deadline_ms, -1, answer,
                     &failure);
    if (st != MHSM_OK)
        pass_failure(failure, err);
    return st;
}

mhsm_status mhsmi_session_token(struct mhsmi_session *session,
                                const struct mhsmi_call *call,
                                struct mhsmi_buf *token, mhsm_error **err)
{
    return mhsmi_exchange_token(&session->parties, call, NULL,
                                deadline_of(session, call), token, err);
}

mhsm_status mhsmi_session_resource_token(struct mhsmi_session *session,
                                         const struct mhsmi_call *call,
                                         const char *resource,
                                         struct mhsmi_buf *token,
                                         mhsm_error **err)
{
    return mhsmi_exchange_token(&session->parties, call, resource,
                                deadline_of(session, call), token, err);
}
