/* SPDX-License-Identifier: MIT
 *
 * The token goes to the endpoint's origin over https and nowhere else; nothing
 * here follows a redirect.
 */
#include "auth/exchange.h"

#include <stdatomic.h>
#include <string.h>

#include "auth/body.h"
#include "auth/call_url.h"
#include "auth/scope.h"
#include "auth/service_error.h"
#include "auth/token_cache.h"
#include "auth/transport.h"
#include "base/clock.h"
#include "base/log.h"

enum { answer_pause_max_ms = 2000 }; /* between two answers to a 401 */
enum { url_max = 8192, answer_max = 1024 * 1024, header_max = 40000 };

static const char scheme[] = "Bearer ";

/* One call under way. */
struct exchange {
    struct mhsmi_parties *parties;
    const struct mhsmi_call *call;
    struct mhsmi_buf url, body;
    struct mhsmi_buf authorization; /* the scheme, then the token */
    char uuid[MHSMI_UUID_SIZE];
    int64_t begun_ms, deadline_ms;
    int claims_answered;
    int retries; /* at most, -1: as configured */
    struct mhsmi_scope scope;
    struct mhsmi_response response;
};

static const char *token_of(const struct exchange *x)
{
    return x->authorization.size < sizeof(scheme)
               ? ""
               : mhsmi_buf_text(&x->authorization) + sizeof(scheme) - 1;
}

static const char *resource_of(const struct exchange *x)
{
    return x->call->service != NULL ? x->call->service->resource : NULL;
}

/* Who answers, for messages. */
static const char *name_of(const struct exchange *x)
{
    return x->call->service != NULL ? x->call->service->name : "the HSM";
}

static struct mhsmi_retry_policy policy_of(const struct exchange *x,
                                           enum mhsmi_retry_class class)
{
    struct mhsmi_retry_policy policy = x->parties->retry;

    policy.class = class;
    return policy;
}

/* Send once more or for the first time; `authorization` NULL: the probe, with
 * neither token nor body. */
static mhsm_status send_request(struct exchange *x, const char *authorization,
                                mhsm_error **err)
{
    const struct mhsmi_buf *body =
        x->call->text != NULL ? x->call->text : &x->body;
    struct mhsmi_header headers[4] = {
        {"Accept", "application/json"},
        {"x-ms-client-request-id", x->uuid},
    };
    enum mhsmi_retry_class class =
        authorization != NULL ? x->call->retry : MHSMI_RETRY_REPEATABLE;
    struct mhsmi_retry_policy policy = policy_of(x, class);
    struct mhsmi_request request = {0};
    mhsm_status st;

    if (x->retries >= 0 && policy.max_retries > x->retries)
        policy.max_retries = x->retries;
    /* Where there is another HSM to go to, this one gets no more patience; and
     * an HSM that serves says nothing of another service. */
    if (x->retries < 0 && x->call->service == NULL)
        policy.served_ms = &x->parties->served_ms;
    request.transport =
        x->call->service == NULL ? &x->parties->transport : &x->parties->beside;
    request.method = x->call->method;
    request.url = mhsmi_buf_text(&x->url);
    request.headers = headers;
    request.header_count = 2;
    request.max_response = answer_max;
    request.deadline_ms = x->deadline_ms;
    request.try_timeout_ms = x->parties->try_timeout_ms;
    /* What is sent once must get the whole time: a time-out would leave
     * nobody knowing whether it was done. */
    if (class == MHSMI_RETRY_ONCE) {
        request.fresh_connection = 1;
        request.try_timeout_ms = x->parties->timeout_ms;
    }
    if (authorization != NULL) {
        headers[request.header_count].name = "Authorization";
        headers[request.header_count++].value = authorization;
        if (body->size != 0) {
            headers[request.header_count].name = "Content-Type";
            headers[request.header_count++].value = "application/json";
            request.body = body->data;
            request.body_size = body->size;
        }
    }
    mhsmi_response_clear(&x->response);
    st = mhsmi_http_send(&request, &policy, &x->response, &x->parties->counters,
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
    mhsm_status st;

    mhsmi_buf_clear(&x->authorization);
    if (!mhsmi_buf_puts(&x->authorization, scheme))
        return mhsmi_error_memory(err);
    st = mhsmi_token_cache_get(x->parties->tokens, &request, &x->authorization,
                               err);
    if (st == MHSM_OK)
        return send_request(x, mhsmi_buf_text(&x->authorization), err);
    mhsmi_error_prefix(err, "cannot %s", x->call->what);
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
                           "%s answers without asking for a token: it is not "
                           "%s",
                           x->call->endpoint, name_of(x));
    if (x->response.status != 401)
        return mhsmi_service_error(&x->response, x->call, err);
    if (mhsmi_challenge_parse(&challenge, x->response.www_authenticate))
        st = mhsmi_scope_learn(x->parties->scopes, x->call->endpoint,
                               resource_of(x), &challenge, &x->scope, err);
    else
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "%s answers 401 without a bearer challenge",
                         x->call->endpoint);
    mhsmi_challenge_clear(&challenge);
    return st;
}

static mhsm_status refused_for_good(const struct exchange *x, mhsm_error **err)
{
    struct mhsmi_challenge challenge = {0};
    mhsm_status st = mhsmi_error(err, MHSM_ERR_UNAUTHORIZED,
                                 "cannot %s: %s refuses the access token",
                                 x->call->what, name_of(x));

    mhsmi_error_set_hint(err,
                         "the token was for %s: check tenant-id, resource and "
                         "this machine's clock",
                         x->scope.resource);
    mhsmi_token_cache_drop(x->parties->tokens, x->scope.tenant,
                           x->scope.resource, token_of(x));
    if (!mhsmi_challenge_parse(&challenge, x->response.www_authenticate))
        mhsmi_challenge_clear(&challenge);
    mhsmi_error_set_service(
        err, 401, challenge.error != NULL ? challenge.error : "",
        x->response.request_id != NULL ? x->response.request_id : "");
    mhsmi_challenge_clear(&challenge);
    return st;
}

/* The token was refused: look at what the HSM asks for and try another one.  A
 * 401 means that nothing was done, so this is right for writes, too. */
static mhsm_status answer_challenge(struct exchange *x, mhsm_error **err)
{
    struct mhsmi_challenge challenge = {0};
    struct mhsmi_scope refused = x->scope;
    mhsm_status st = MHSM_OK;

    /* A claims challenge may name no resource: what is known then stays. */
    if (mhsmi_challenge_parse(&challenge, x->response.www_authenticate) &&
        (challenge.resource != NULL || challenge.tenant != NULL))
        st = mhsmi_scope_learn(x->parties->scopes, x->call->endpoint,
                               resource_of(x), &challenge, &x->scope, err);
    if (st != MHSM_OK)
        goto out;
    mhsmi_token_cache_drop(x->parties->tokens, refused.tenant, refused.resource,
                           token_of(x));
    mhsmi_log(MHSMI_LOG_INFO, "%s: the token is refused, getting another",
              x->call->what);
    x->claims_answered = challenge.claims != NULL;
    st = send_with_token(x, challenge.claims, err);
out:
    mhsmi_challenge_clear(&challenge);
    return st;
}

/* Whether to answer again after so many refusals: the first time at once, for
 * the token may just have been too old; then, as often as other failures are
 * tried again, after a pause; and until the deadline while the HSM serves other
 * calls, for then it is not the credential that it refuses.
 * Claims are answered once. */
static int may_answer(const struct exchange *x, int refusals)
{
    struct mhsmi_retry_policy policy = policy_of(x, x->call->retry);

    if (refusals == 1)
        return 1;
    if (x->claims_answered || policy.max_retries == 0 ||
        (refusals > policy.max_retries &&
         (x->call->service != NULL ||
          atomic_load(&x->parties->served_ms) <= x->begun_ms)))
        return 0;
    policy.max_delay_ms = answer_pause_max_ms;
    return mhsmi_retry_pause(&policy, refusals - 2, x->deadline_ms);
}

static mhsm_status answer_challenges(struct exchange *x, mhsm_error **err)
{
    mhsm_status st = MHSM_OK;
    int refusals;

    for (refusals = 1; st == MHSM_OK && x->response.status == 401; refusals++)
        st = may_answer(x, refusals) ? answer_challenge(x, err)
                                     : refused_for_good(x, err);
    return st;
}

static void exchange_init(struct exchange *x, struct mhsmi_parties *parties,
                          const struct mhsmi_call *call, int64_t deadline_ms,
                          int retries)
{
    *x = (struct exchange){.parties = parties,
                           .call = call,
                           .begun_ms = mhsmi_clock_ms(),
                           .deadline_ms = deadline_ms,
                           .retries = retries};
    mhsmi_buf_init(&x->url, url_max);
    mhsmi_buf_init(&x->body, MHSMI_BODY_MAX);
    mhsmi_buf_init(&x->authorization, header_max);
    mhsmi_response_init(&x->response);
}

static void exchange_clear(struct exchange *x)
{
    mhsmi_response_clear(&x->response);
    mhsmi_buf_clear(&x->authorization);
    mhsmi_buf_clear(&x->body);
    mhsmi_buf_clear(&x->url);
}

/* All that comes before the token. */
static mhsm_status exchange_prepare(struct exchange *x, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_call_url(x->call,
                       x->call->service != NULL ? x->call->service->api_version
                                                : x->parties->api_version,
                       &x->url, err);

    if (st != MHSM_OK)
        return st;
    if (x->call->body != NULL && !mhsmi_body_write(&x->body, x->call->body))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "cannot %s: the request is too large",
                           x->call->what);
    if (!mhsmi_uuid(x->uuid))
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the kernel gives no random octets");
    if (!mhsmi_scope_find(x->parties->scopes, x->call->endpoint, resource_of(x),
                          &x->scope))
        st = fetch_challenge(x, err);
    return st;
}

static mhsm_status exchange_run(struct exchange *x, mhsm_error **err)
{
    mhsm_status st = exchange_prepare(x, err);

    if (st == MHSM_OK)
        st = send_with_token(x, NULL, err);
    if (st == MHSM_OK)
        st = answer_challenges(x, err);
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

/* What the answer says of work that goes on; the response loses it. */
static void take_follow(struct exchange *x)
{
    struct mhsmi_follow *follow = x->call->follow;

    if (follow == NULL)
        return;
    mhsmi_follow_clear(follow);
    follow->status = x->response.status;
    follow->location = x->response.location;
    follow->operation = x->response.async_operation;
    x->response.location = x->response.async_operation = NULL;
}

mhsm_status mhsmi_exchange(struct mhsmi_parties *parties,
                           const struct mhsmi_call *call, int64_t deadline_ms,
                           int retries, struct json_object **answer,
                           mhsm_error **err)
{
    struct exchange x;
    mhsm_status st;

    exchange_init(&x, parties, call, deadline_ms, retries);
    st = exchange_run(&x, err);
    if (st == MHSM_OK)
        st = take_answer(&x, answer, err);
    if (st == MHSM_OK && call->retry_after_ms != NULL) {
        *call->retry_after_ms =
            mhsmi_retry_after(&x.response, mhsmi_clock_unix());
        if (*call->retry_after_ms < 0)
            *call->retry_after_ms = 0;
    }
    if (st == MHSM_OK)
        take_follow(&x);
    exchange_clear(&x);
    return st;
}

mhsm_status mhsmi_exchange_token(struct mhsmi_parties *parties,
                                 const struct mhsmi_call *call,
                                 const char *resource, int64_t deadline_ms,
                                 struct mhsmi_buf *token, mhsm_error **err)
{
    struct mhsmi_token_request request;
    struct exchange x;
    mhsm_status st;

    exchange_init(&x, parties, call, deadline_ms, -1);
    st = exchange_prepare(&x, err);
    if (st == MHSM_OK) {
        request = (struct mhsmi_token_request){
            x.scope.tenant, resource != NULL ? resource : x.scope.resource,
            NULL, deadline_ms};
        st = mhsmi_token_cache_get(parties->tokens, &request, token, err);
    }
    exchange_clear(&x);
    return st;
}
