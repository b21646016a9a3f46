/* SPDX-License-Identifier: MIT
 *
 * The control port. It serves counters, faults, latency and principals; it
 * never serves keys, which have the service's own routes.
 */
#include "control.h"

#include "attestation.h"
#include "endpoint.h"
#include "management.h"
#include "principals.h"
#include "proofs.h"
#include "rbac.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LATENCY_MAX 600000
#define WORK_MAX    86400000
#define ADVANCE_MAX (INT64_C(3650) * 86400)

static void wrong(struct emu_reply *r, const char *what)
{
    emu_reply_error(r, 400, "BadRequest", "%s", what);
}

static void done(struct emu_reply *r)
{
    emu_reply_json(r, 200, json_object_new_object());
}

static void stats(struct emu_request *rq, struct emu_reply *r,
                  struct json_object *body)
{
    (void)body;
    emu_reply_json(r, 200, emu_stats_json(rq->hsm->stats));
}

static void reset(struct emu_request *rq, struct emu_reply *r,
                  struct json_object *body)
{
    (void)body;
    emu_stats_reset(rq->hsm->stats);
    emu_faults_clear(rq->hsm->faults);
    done(r);
}

static void latency(struct emu_request *rq, struct emu_reply *r,
                    struct json_object *body)
{
    int64_t ms;

    if (emu_json_int(body, "ms", &ms) != 1 || ms < 0 || ms > LATENCY_MAX) {
        wrong(r, "ms is no number from 0 to 600000");
        return;
    }
    emu_faults_set_latency(rq->hsm->faults, ms);
    done(r);
}

/* For what takes days: rotation, expiry, the end of what was deleted. */
static void advance(struct emu_request *rq, struct emu_reply *r,
                    struct json_object *body)
{
    int64_t seconds;

    (void)rq;
    if (emu_json_int(body, "advance", &seconds) != 1 || seconds < 0 ||
        seconds > ADVANCE_MAX) {
        wrong(r, "advance is no number of seconds of at most ten years");
        return;
    }
    emu_clock_advance(seconds);
    done(r);
}

static void faults(struct emu_request *rq, struct emu_reply *r,
                   struct json_object *body)
{
    const char *reason = emu_faults_plan(rq->hsm->faults, body);

    if (reason == NULL)
        done(r);
    else
        wrong(r, reason);
}

static int take_failure(struct json_object *body, char *out)
{
    const char *text = emu_json_string(body, "fail");

    out[0] = '\0';
    if (emu_json_member(body, "fail") == NULL)
        return 1;
    if (text == NULL || strlen(text) >= EMU_FAILURE_SIZE)
        return 0;
    memcpy(out, text, strlen(text) + 1);
    return 1;
}

/* How the management plane works from now on. */
static void work(struct emu_request *rq, struct emu_reply *r,
                 struct json_object *body)
{
    struct emu_cloud *cloud = rq->hsm->cloud;
    char failure[EMU_FAILURE_SIZE];
    int64_t ms = cloud->work_ms;

    if (emu_json_int(body, "ms", &ms) < 0 || ms < 0 || ms > WORK_MAX ||
        !take_failure(body, failure)) {
        wrong(r, "ms is no number of at most a day, or fail no short text");
        return;
    }
    cloud->work_ms = ms;
    memcpy(cloud->work_failure, failure, sizeof(failure));
    done(r);
}

static void add_endpoint(struct emu_request *rq, struct emu_reply *r,
                         struct json_object *body)
{
    const char *reason = emu_endpoint_request(rq->hsm->cloud->fleet,
                                              rq->hsm->cloud->store, body);

    if (reason == NULL)
        done(r);
    else
        wrong(r, reason);
}

static void list_principals(struct emu_request *rq, struct emu_reply *r,
                            struct json_object *body)
{
    struct json_object *list = emu_principals_list(rq->hsm->cloud->store);
    struct json_object *o = json_object_new_object();

    (void)body;
    if (!emu_json_add(o, "principals", list)) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

static int scope_valid(const char *scope)
{
    return strcmp(scope, "/") == 0 || strcmp(scope, "/keys") == 0 ||
           (strncmp(scope, "/keys/", 6) == 0 && scope[6] != '\0' &&
            strlen(scope) < 140);
}

/* A role by its name or GUID, built in or custom. */
static const char *role_guid(struct json_object *o)
{
    const char *text = emu_json_string(o, "role");
    const struct emu_role *role;

    if (text == NULL)
        return NULL;
    role = emu_role_by_name(text);
    if (role != NULL)
        return role->guid;
    return emu_guid_valid(text) ? text : NULL;
}

static const char *assign_roles(struct emu_store *s, struct json_object *list,
                                const char *oid)
{
    size_t i, count;

    if (list == NULL)
        return NULL;
    if (!json_object_is_type(list, json_type_array))
        return "roles is no list";
    count = json_object_array_length(list);
    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const char *guid = role_guid(one);
        const char *scope = emu_json_string(one, "scope");

        if (scope == NULL)
            scope = "/";
        if (guid == NULL || !scope_valid(scope))
            return "a role or scope is unknown";
        if (!emu_rbac_assign(s, oid, guid, scope))
            return "the state could not be written";
    }
    return NULL;
}

static void add_principal(struct emu_request *rq, struct emu_reply *r,
                          struct json_object *body)
{
    struct emu_store *principals = rq->hsm->cloud->store;
    const char *name = emu_json_string(body, "name"), *reason;
    struct json_object *o = NULL;
    struct emu_principal p;
    int contributor = 0;

    if (name == NULL || strlen(name) > 127) {
        wrong(r, "name is no short text");
        return;
    }
    if (!emu_store_begin(principals)) {
        emu_reply_failed(r);
        return;
    }
    reason = "the state could not be written";
    if (emu_principals_add(principals, name, 1, &p))
        reason =
            assign_roles(rq->hsm->store, emu_json_member(body, "roles"), p.oid);
    if (reason == NULL &&
        emu_json_bool(body, "contributor", &contributor) == 1 && contributor &&
        !emu_management_contribute(principals, p.oid))
        reason = "the state could not be written";
    if (!emu_store_end(principals, reason == NULL)) {
        wrong(r, reason == NULL ? "the state could not be written" : reason);
        return;
    }
    o = json_object_new_object();
    emu_json_add_string(o, "client_id", p.client_id);
    emu_json_add_string(o, "client_secret", p.secret);
    emu_json_add_string(o, "oid", p.oid);
    OPENSSL_cleanse(&p, sizeof(p));
    emu_reply_json(r, 200, o);
}

static void add_proof(struct emu_request *rq, struct emu_reply *r,
                      struct json_object *body)
{
    const char *client = emu_json_string(body, "client_id"), *reason;
    struct emu_principal p;

    if (client == NULL ||
        emu_principals_by_client(rq->hsm->cloud->store, client, &p) != 1) {
        wrong(r, "client_id is not that of a principal");
        return;
    }
    reason = emu_proofs_add(rq->hsm->cloud->store, p.oid, body);
    OPENSSL_cleanse(&p, sizeof(p));
    if (reason == NULL)
        done(r);
    else
        wrong(r, reason);
}

static void attest(struct emu_request *rq, struct emu_reply *r,
                   struct json_object *body)
{
    char *statement = emu_attestation_issue(rq->hsm, body);
    struct json_object *o = json_object_new_object();

    if (statement == NULL || !emu_json_add_string(o, "token", statement) ||
        !emu_json_add_string(o, "authority", EMU_ATTESTATION_ISSUER)) {
        json_object_put(o);
        o = NULL;
    }
    emu_text_free(statement);
    emu_reply_json(r, 200, o);
}

static const struct {
    const char *method;
    const char *path;
    int needs_body;
    void (*handler)(struct emu_request *, struct emu_reply *,
                    struct json_object *);
} routes[] = {
    {"GET", "stats", 0, stats},
    {"POST", "reset", 0, reset},
    {"POST", "latency", 1, latency},
    {"POST", "clock", 1, advance},
    {"POST", "faults", 1, faults},
    {"GET", "principals", 0, list_principals},
    {"POST", "principals", 1, add_principal},
    {"POST", "proofs", 1, add_proof},
    {"POST", "work", 1, work},
    {"POST", "private-endpoints", 1, add_endpoint},
    {"POST", "attestations", 1, attest},
};

/* What an HSM has of its own (counters, faults, roles) is the first one's, or
 * that of the one that the parameter hsm names. */
static int choose_hsm(struct emu_request *rq)
{
    const char *name = emu_uri_parameter(&rq->uri, "hsm");

    if (name != NULL)
        rq->hsm = emu_fleet_find(rq->hsm->cloud->fleet, name);
    return rq->hsm != NULL;
}

static void serve(struct emu_request *rq, struct emu_reply *r, size_t route)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);

    if (body == NULL && routes[route].needs_body)
        wrong(r, "the body is no JSON object");
    else if (!choose_hsm(rq))
        wrong(r, "hsm is not the name of an HSM");
    else
        routes[route].handler(rq, r, body);
    json_object_put(body);
}

void emu_control(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_fleet *fleet = rq->hsm->cloud->fleet;
    size_t i;

    if (rq->problem != 0) {
        emu_reply_problem(r, rq->problem);
        return;
    }
    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (rq->uri.segment_count != 1 ||
            strcmp(rq->uri.segments[0], routes[i].path) != 0 ||
            strcmp(rq->method, routes[i].method) != 0)
            continue;
        emu_fleet_lock(fleet);
        serve(rq, r, i);
        emu_fleet_unlock(fleet);
        return;
    }
    emu_reply_error(r, 404, "NotFound", "There is no such resource");
}
