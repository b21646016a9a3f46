/* SPDX-License-Identifier: MIT
 *
 * How far the HSM has come with its security domain. An operation is under way
 * until it was asked for once, or some seconds have passed: so every client
 * sees it under way, and one that never asks gets its HSM all the same.
 */
#include "domain.h"
#include "handlers.h"

#include <stdio.h>
#include <string.h>

#define SECONDS 5

static const char state_name[] = "domain_state";
static const char active_name[] = "domain_active";

static const struct {
    const char *status;
    const char *details;
    enum emu_domain_state next;
} states[] = {
    [EMU_DOMAIN_CONFIRMING] = {"InProgress",
                               "The Security Domain is being confirmed.",
                               EMU_DOMAIN_DONE},
    [EMU_DOMAIN_RESTORING] = {"InProgress",
                              "The Security Domain is being restored.",
                              EMU_DOMAIN_DONE},
    [EMU_DOMAIN_FAILING] = {"InProgress",
                            "The Security Domain is being processed.",
                            EMU_DOMAIN_FAILED},
    [EMU_DOMAIN_DONE] = {"Success", "The resource is active.", EMU_DOMAIN_DONE},
    [EMU_DOMAIN_FAILED] = {"Failed",
                           "The Security Domain could not be processed.",
                           EMU_DOMAIN_FAILED},
};

struct progress {
    int64_t state;
    int64_t until;
};

int emu_domain_activate(struct emu_store *s)
{
    return emu_store_set(s, active_name, "1", 1);
}

int emu_domain_begin(struct emu_store *s, enum emu_domain_state state)
{
    const struct progress now = {state, emu_now() + SECONDS};

    return (state != EMU_DOMAIN_DONE || emu_domain_activate(s)) &&
           emu_store_set(s, state_name, &now, sizeof(now));
}

/* The state by now; 0 on failure. Under the lock. */
static int settle(struct emu_store *s, enum emu_domain_state *state)
{
    struct emu_bytes kept = {NULL, 0};
    struct progress now = {EMU_DOMAIN_IDLE, 0};
    int found = emu_store_get(s, state_name, &kept);
    int ok = found == 0 || (found == 1 && kept.len == sizeof(now));

    if (ok && found == 1)
        memcpy(&now, kept.data, sizeof(now));
    emu_bytes_free(&kept);
    if (!ok || now.state < 0 || now.state > EMU_DOMAIN_FAILED)
        return 0;
    *state = (enum emu_domain_state)now.state;
    if (*state == EMU_DOMAIN_IDLE || states[*state].next == *state ||
        emu_now() < now.until)
        return 1;
    *state = states[*state].next;
    return emu_domain_begin(s, *state);
}

int emu_domain_active(struct emu_store *s)
{
    struct emu_bytes kept = {NULL, 0};
    enum emu_domain_state state = EMU_DOMAIN_IDLE;
    int found;

    emu_store_lock(s);
    found = emu_store_get(s, active_name, &kept);
    if (found == 0)
        found = !settle(s, &state) ? -1 : state == EMU_DOMAIN_DONE;
    emu_store_unlock(s);
    emu_bytes_free(&kept);
    return found;
}

struct json_object *emu_domain_status(enum emu_domain_state state)
{
    struct json_object *o = json_object_new_object();

    if (emu_json_add_string(o, "status", states[state].status) &&
        emu_json_add_string(o, "status_details", states[state].details))
        return o;
    json_object_put(o);
    return NULL;
}

static void retry_after(const struct emu_request *rq, struct emu_reply *r)
{
    char seconds[24];

    snprintf(seconds, sizeof(seconds), "%lld",
             (long long)rq->hsm->options->domain_retry_after);
    emu_reply_header(r, "Retry-After", seconds);
}

void emu_domain_follow(const struct emu_request *rq, struct emu_reply *r,
                       const char *operation)
{
    char url[512];

    snprintf(url, sizeof(url),
             "https://%s/securitydomain/%s/pending?api-version=%s", rq->host,
             operation, emu_uri_parameter(&rq->uri, "api-version"));
    emu_reply_header(r, "Azure-AsyncOperation", url);
    retry_after(rq, r);
}

void emu_domain_pending(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_store *s = rq->hsm->store;
    enum emu_domain_state state = EMU_DOMAIN_IDLE;
    int active, ok;

    emu_store_lock(s);
    active = emu_domain_active(s);
    ok = active >= 0 && settle(s, &state);
    if (ok && state != EMU_DOMAIN_IDLE && states[state].next != state)
        ok = emu_domain_begin(s, states[state].next);
    emu_store_unlock(s);
    if (active == 1 && state == EMU_DOMAIN_IDLE)
        state = EMU_DOMAIN_DONE;
    if (!ok)
        emu_reply_failed(r);
    else if (state == EMU_DOMAIN_IDLE)
        emu_reply_error(r, 404, "NotFound",
                        "No security domain operation is pending");
    else
        emu_reply_json(r, 200, emu_domain_status(state));
    if (ok && states[state].next != state)
        retry_after(rq, r);
}
