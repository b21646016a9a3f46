/* SPDX-License-Identifier: MIT
 *
 * One call to an HSM: a token, the request, at most one answer to a 401, the
 * JSON.  The token goes to the endpoint's origin over https and nowhere else;
 * nothing here follows a redirect.
 */
#include "auth/session.h"

#include <string.h>

#include "auth/body.h"
#include "auth/call_url.h"
#include "auth/failover.h"
#include "auth/scope.h"
#include "auth/service_error.h"
#include "auth/token_cache.h"
#include "auth/transport.h"
#include "base/clock.h"
#include "base/log.h"

/* What one caller spends on trying whether the first HSM is back. */
enum { trial_max_ms = 1000 };
enum { url_max = 8192, answer_max = 1024 * 1024, header_max = 40000 };

struct mhsmi_session {
    const mhsm_config *config;
    char *user_agent;
    struct mhsmi_transport transport;
    struct mhsmi_credential *credential;
    struct mhsmi_token_cache *tokens;
    struct mhsmi_scopes *scopes;
    struct mhsmi_failover *failover; /* NULL: there is one HSM */
    struct mhsmi_counters counters;
};

/* One call under way. */
struct exchange {
    struct mhsmi_session *session;
    const struct mhsmi_call *call;
    struct mhsmi_buf url, body, token;
    char uuid[MHSMI_UUID_SIZE];
    int64_t deadline_ms;
    int retries; /* at most, -1: as configured */
    struct mhsmi_scope scope;
    struct mhsmi_response response;
};

mhsm_status mhsmi_session_new(const mhsm_config *config,
                              struct mhsmi_session **session, mhsm_error **err)
{
    struct mhsmi_session *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st;

    if (made == NULL)
        return mhsmi_error_memory(err);
    made->config = config;
    st = mhsmi_credential_new(config, &made->credential, err);
    if (st != MHSM_OK)
        goto fail;
    made->user_agent = mhsmi_user_agent();
    made->tokens = mhsmi_token_cache_new(made->credential, &made->counters);
    made->scopes = mhsmi_scopes_new(config, made->credential);
    st = mhsmi_failover_new(config, &made->failover, err);
    if (st != MHSM_OK)
        goto fail;
    if (made->user_agent == NULL || made->tokens == NULL ||
        made->scopes == NULL) {
        st = mhsmi_error_memory(err);
        goto fail;
    }
    mhsmi_transport_init(&made->transport, config, MHSMI_HOST_HSM,
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
    mhsmi_token_cache_free(session->tokens);
    mhsmi_scopes_free(session->scopes);
    mhsmi_failover_free(session->failover);
    mhsmi_credential_free(session->credential);
    mhsmi_free(session->user_agent);
    mhsmi_free(session);
}

struct mhsmi_counters *mhsmi_session_counters(struct mhsmi_session *session)
{
    return &session->counters;
}

const struct mhsmi_credential *
mhsmi_session_credential(const struct mhsmi_session *session)
{
    return session->credential;
}

/* Send once more or for the first time; `authorization` NULL: the probe, with
 * neither token nor body. */
static mhsm_status send_request(struct exchange *x, const char *authorization,
                                mhsm_error **err)
{
    const mhsm_config *config = x->session->config;
    struct mhsmi_header headers[4] = {
        {"Accept", "application/json"},
        {"x-ms-client-request-id", x->uuid},
    };
    enum mhsmi_retry_class class =
        authorization != NULL ? x->call->retry : MHSMI_RETRY_REPEATABLE;
    struct mhsmi_retry_policy policy = mhsmi_retry_policy_of(config, class);
    struct mhsmi_request request = {0};
    mhsm_status st;

    if (x->retries >= 0 && policy.max_retries > x->retries)
        policy.max_retries = x->retries;
    request.transport = &x->session->transport;
    request.method = x->call->method;
    request.url = mhsmi_buf_text(&x->url);
    request.headers = headers;
    request.header_count = 2;
    request.max_response = answer_max;
    request.deadline_ms = x->deadline_ms;
    request.try_timeout_ms = (int)mhsm_config_get_long(config, "try-timeout");
    /* What is sent once must get the whole time: a time-out would leave
     * nobody knowing whether it was done. */
    if (class == MHSMI_RETRY_ONCE) {
        request.fresh_connection = 1;
        request.try_timeout_ms = (int)mhsm_config_get_long(config, "timeout");
    }
    if (authorization != NULL) {
        headers[request.header_count].name = "Authorization";
        headers[request.header_count++].value = authorization;
        if (x->call->body != NULL) {
            headers[request.header_count].name = "Content-Type";
            headers[request.header_count++].value = "application/json";
            request.body = x->body.data;
            request.body_size = x->body.size;
        }
    }
    mhsmi_response_clear(&x->response);
    st = mhsmi_http_send(&request, &policy, &x->response, &x->session->counters,
                         err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "cannot %s", x->call->what);
    else
        mhsmi_log(MHSMI_LOG_DEBUG, "%s: HTTP %d, request id %s", x->call->what,
                  x->response.status,
                  x->response.request_id != NULL ? x->response.request_id
                                                 : "none");
    return st;
}

/* Get a token for the scope and send with it. */
static mhsm_status send_with_token(struct exchange *x, const char *claims,
                                   mhsm_error **err)
{
    struct mhsmi_token_request request = {x->scope.tenant, x->scope.resource,
                                          claims, x->deadline_ms};
    struct mhsmi_buf header;
    mhsm_status st;

    mhsmi_buf_init(&header, header_max);
    mhsmi_buf_clear(&x->token);
    st = mhsmi_token_cache_get(x->session->tokens, &request, &x->token, err);
    if (st != MHSM_OK) {
        mhsmi_error_prefix(err, "cannot %s", x->call->what);
        goto out;
    }
    if (!mhsmi_buf_puts(&header, "Bearer ") ||
        !mhsmi_buf_append(&header, x->token.data, x->token.size)) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    st = send_request(x, mhsmi_buf_text(&header), err);
out:
    mhsmi_buf_clear(&header);
    return st;
}

/* Learn tenant and resource from a request that carries neither token nor
 * body and so cannot be acted upon. */
static mhsm_status fetch_challenge(struct exchange *x, mhsm_error **err)
{
    struct mhsmi_challenge challenge = {0};
    mhsm_status st = send_request(x, NULL, err);

    if (st != MHSM_OK)
        return st;
    if (x->response.status / 100 == 2)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "%s answers without asking for a token: it is no "
                           "HSM",
                           x->call->endpoint);
    if (x->response.status != 401)
        return mhsmi_service_error(&x->response, x->call, err);
    if (mhsmi_challenge_parse(&challenge, x->response.www_authenticate))
        st = mhsmi_scope_learn(x->session->scopes, x->call->endpoint,
                               &challenge, &x->scope, err);
    else
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "%s answers 401 without a bearer challenge",
                         x->call->endpoint);
    mhsmi_challenge_clear(&challenge);
    return st;
}

static mhsm_status refused_twice(const struct exchange *x, mhsm_error **err)
{
    struct mhsmi_challenge challenge = {0};
    mhsm_status st = mhsmi_error(err, MHSM_ERR_UNAUTHORIZED,
                                 "cannot %s: the HSM refuses the access token",
                                 x->call->what);

    mhsmi_error_set_hint(err,
                         "the token was for %s: check tenant-id, resource and "
                         "this machine's clock",
                         x->scope.resource);
    if (!mhsmi_challenge_parse(&challenge, x->response.www_authenticate))
        mhsmi_challenge_clear(&challenge);
    mhsmi_error_set_service(
        err, 401, challenge.error != NULL ? challenge.error : "",
        x->response.request_id != NULL ? x->response.request_id : "");
    mhsmi_challenge_clear(&challenge);
    return st;
}

/* The token was refused: look at what the HSM asks for and try once more.  A
 * 401 means that nothing was done, so this is right for writes, too. */
static mhsm_status answer_challenge(struct exchange *x, mhsm_error **err)
{
    struct mhsmi_challenge challenge = {0};
    struct mhsmi_scope refused = x->scope;
    mhsm_status st = MHSM_OK;

    /* A claims challenge may name no resource: what is known then stays. */
    if (mhsmi_challenge_parse(&challenge, x->response.www_authenticate) &&
        (challenge.resource != NULL || challenge.tenant != NULL))
        st = mhsmi_scope_learn(x->session->scopes, x->call->endpoint,
                               &challenge, &x->scope, err);
    if (st != MHSM_OK)
        goto out;
    mhsmi_token_cache_drop(x->session->tokens, refused.tenant, refused.resource,
                           mhsmi_buf_text(&x->token));
    st = send_with_token(x, challenge.claims, err);
    if (st == MHSM_OK && x->response.status == 401) {
        mhsmi_token_cache_drop(x->session->tokens, x->scope.tenant,
                               x->scope.resource, mhsmi_buf_text(&x->token));
        st = refused_twice(x, err);
    }
out:
    mhsmi_challenge_clear(&challenge);
    return st;
}

static void exchange_init(struct exchange *x, struct mhsmi_session *session,
                          const struct mhsmi_call *call, int64_t deadline_ms,
                          int retries)
{
    *x = (struct exchange){.session = session,
                           .call = call,
                           .deadline_ms = deadline_ms,
                           .retries = retries};
    mhsmi_buf_init(&x->url, url_max);
    mhsmi_buf_init(&x->body, MHSMI_BODY_MAX);
    mhsmi_buf_init(&x->token, header_max);
    mhsmi_response_init(&x->response);
}

static void exchange_clear(struct exchange *x)
{
    mhsmi_response_clear(&x->response);
    mhsmi_buf_clear(&x->token);
    mhsmi_buf_clear(&x->body);
    mhsmi_buf_clear(&x->url);
}

/* All that comes before the token. */
static mhsm_status exchange_prepare(struct exchange *x, mhsm_error **err)
{
    mhsm_status st = mhsmi_call_url(
        x->call, mhsm_config_get(x->session->config, "api-version"), &x->url,
        err);

    if (st != MHSM_OK)
        return st;
    if (x->call->body != NULL && !mhsmi_body_write(&x->body, x->call->body))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "cannot %s: the request is too large",
                           x->call->what);
    if (!mhsmi_uuid(x->uuid))
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the kernel gives no random octets");
    if (!mhsmi_scope_find(x->session->scopes, x->call->endpoint, &x->scope))
        st = fetch_challenge(x, err);
    return st;
}

static mhsm_status exchange_run(struct exchange *x, mhsm_error **err)
{
    mhsm_status st = exchange_prepare(x, err);

    if (st == MHSM_OK)
        st = send_with_token(x, NULL, err);
    if (st == MHSM_OK && x->response.status == 401)
        st = answer_challenge(x, err);
    if (st == MHSM_OK && x->response.status / 100 != 2)
        st = mhsmi_service_error(&x->response, x->call, err);
    return st;
}

static mhsm_status take_answer(struct exchange *x, struct json_object **answer,
                               mhsm_error **err)
{
    struct json_object *json = NULL;
    const struct mhsmi_buf *body = &x->response.body;

    if (answer == NULL)
        return MHSM_OK;
    if (body->size != 0) {
        json = mhsmi_json_parse(body->data, body->size);
        if (json == NULL) {
            mhsm_status st =
                mhsmi_error(err, MHSM_ERR_PROTOCOL,
                            "cannot %s: the answer (%zu octets) is not JSON",
                            x->call->what, body->size);

            mhsmi_error_set_service(
                err, x->response.status, "",
                x->response.request_id != NULL ? x->response.request_id : "");
            return st;
        }
    }
    *answer = json;
    return MHSM_OK;
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
    struct exchange x;
    mhsm_status st;

    there.endpoint = endpoint;
    exchange_init(&x, session, &there, deadline_ms, retries);
    st = exchange_run(&x, err);
    if (st == MHSM_OK)
        st = take_answer(&x, answer, err);
    exchange_clear(&x);
    if (st == MHSM_OK && call->served != NULL)
        *call->served = endpoint;
    return st;
}

static int may_move(const struct mhsmi_session *session,
                    const struct mhsmi_call *call)
{
    return mhsmi_failover_is_for(session->failover, call->endpoint) &&
           call->url == NULL && call->retry == MHSMI_RETRY_REPEATABLE &&
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
        st = call->vet(call->vetted, endpoint, err);
        if (st != MHSM_OK)
            return st;
        mhsmi_failover_learn(failover, call->key);
    }
    return call_at(session, call, endpoint, deadline_ms, retries, answer, err);
}

/* One of two HSMs, then the other: the first try has half of the time. */
static mhsm_status call_movable(struct mhsmi_session *session,
                                const struct mhsmi_call *call, int64_t limit_ms,
                                struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_route route = mhsmi_failover_route(session->failover);
    int64_t now = mhsmi_clock_ms(), share_ms = limit_ms / 2;
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
    st = call_at_either(session, call, route.then, now + limit_ms, -1, answer,
                        err);
    if (st == MHSM_OK)
        mhsmi_failover_served(session->failover, route.then,
                              mhsm_error_message(first));
    else
        mhsmi_error_prefix(err, "%s; and the other HSM",
                           mhsm_error_message(first));
    mhsm_error_free(&first);
    return st;
}

mhsm_status mhsmi_session_call(struct mhsmi_session *session,
                               const struct mhsmi_call *call,
                               struct json_object **answer, mhsm_error **err)
{
    int64_t limit_ms = mhsm_config_get_long(session->config, "timeout");
    mhsm_error *failure = NULL;
    mhsm_status st;

    if (may_move(session, call))
        st = call_movable(session, call, limit_ms, answer, &failure);
    else
        st = call_at(session, call, call->endpoint,
                     mhsmi_clock_deadline(limit_ms), -1, answer, &failure);
    if (st != MHSM_OK)
        pass_failure(failure, err);
    return st;
}

mhsm_status mhsmi_session_token(struct mhsmi_session *session,
                                const struct mhsmi_call *call,
                                struct mhsmi_buf *token, mhsm_error **err)
{
    int64_t deadline_ms =
        mhsmi_clock_deadline(mhsm_config_get_long(session->config, "timeout"));
    struct mhsmi_token_request request;
    struct exchange x;
    mhsm_status st;

    exchange_init(&x, session, call, deadline_ms, -1);
    st = exchange_prepare(&x, err);
    if (st == MHSM_OK) {
        request = (struct mhsmi_token_request){x.scope.tenant, x.scope.resource,
                                               NULL, deadline_ms};
        st = mhsmi_token_cache_get(session->tokens, &request, token, err);
    }
    exchange_clear(&x);
    return st;
}
