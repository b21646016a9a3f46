/* SPDX-License-Identifier: MIT
 *
 * The gate in front of the handlers. Its order is the service's: token, then
 * route, api-version and role, and only then the body. Nothing about a key
 * may be told to a caller that has not passed it.
 */
#include "service.h"

#include "domain.h"
#include "handlers.h"
#include "jobs.h"
#include "keybundle.h"
#include "misbehave.h"
#include "rbac.h"
#include "rotation.h"
#include "router.h"
#include "token.h"
#include "vault.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The version of the request, or 0 with the refusal written. Status polls and
 * nothing else may come without one. */
static int api_version(struct emu_request *rq, struct emu_reply *r)
{
    const char *text = emu_uri_parameter(&rq->uri, "api-version");

    if (text == NULL && (rq->route->handler == emu_backup_pending ||
                         rq->route->handler == emu_restore_pending))
        return 1;
    if (text == NULL) {
        emu_reply_error(r, 400, "BadParameter",
                        "The request URI lacks the api-version parameter");
        return 0;
    }
    rq->api = emu_version_rank(text);
    if (rq->api == 0 || rq->api < emu_version_rank(rq->route->since)) {
        emu_reply_error(r, 400, "BadParameter",
                        "The api-version of the request is not supported");
        return 0;
    }
    return 1;
}

/* Before it has a security domain an HSM does nothing but get one. */
static int activated(struct emu_request *rq, struct emu_reply *r)
{
    int active;

    if (emu_is_vault(rq) || strncmp(rq->route->action, "securitydomain/",
                                    strlen("securitydomain/")) == 0)
        return 1;
    active = emu_domain_active(rq->hsm->store);
    if (active == 0)
        emu_reply_refuse(r, (unsigned)rq->hsm->options->not_activated,
                         "Forbidden", "NotActivated",
                         "The HSM is not activated: its security domain has "
                         "to be downloaded or uploaded");
    else if (active < 0)
        emu_reply_failed(r);
    return active == 1;
}

static void gate(struct emu_request *rq, struct emu_reply *r, int *cut)
{
    /* Its name would not be there. */
    if (!emu_network_ready(&rq->hsm->network)) {
        r->wire = EMU_WIRE_RESET;
        return;
    }
    if (!emu_token_verify(rq->hsm, rq->authorization,
                          rq->hsm->options->resource, rq->oid)) {
        emu_challenge(rq, r);
        return;
    }
    if (!emu_network_admits(&rq->hsm->network, rq->peer, r))
        return;
    if (rq->problem != 0) {
        emu_reply_problem(r, rq->problem);
        return;
    }
    if (rq->route == NULL || rq->route->kind == EMU_ROUTE_AUTHORITY ||
        (emu_is_vault(rq) && !emu_vault_has(rq->route))) {
        emu_reply_error(r, 404, "NotFound", "There is no such resource");
        return;
    }
    emu_faults_sleep(rq->hsm->faults, emu_faults_latency(rq->hsm->faults));
    if (emu_fault_apply(rq, r, rq->route->name, cut))
        return;
    if (rq->scope_name != NULL && !emu_key_name_valid(rq->scope_name)) {
        emu_reply_bad(r, "The scope is malformed");
        return;
    }
    /* While all there is is being replaced, only that can be looked at. */
    if (emu_jobs_restoring(rq->hsm->jobs) &&
        rq->route->handler != emu_restore_pending) {
        emu_reply_error(r, 503, "ServiceUnavailable",
                        "The HSM is being restored");
        return;
    }
    emu_rotation_run(rq->hsm);
    if (api_version(rq, r) && activated(rq, r) && emu_rbac_allows(rq, r))
        rq->route->handler(rq, r);
}

static void standard_headers(struct emu_request *rq, struct emu_reply *r,
                             const struct timespec *start)
{
    static const char *const fixed[][2] = {
        {"cache-control", "no-cache"},
        {"content-security-policy", "default-src 'self'"},
        {"strict-transport-security", "max-age=31536000; includeSubDomains"},
        {"x-content-type-options", "nosniff"},
        {"x-frame-options", "SAMEORIGIN"},
    };
    struct timespec now;
    char latency[32];
    size_t i;

    for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        emu_reply_header(r, fixed[i][0], fixed[i][1]);

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(latency, sizeof(latency), "%ld",
             (long)(now.tv_sec - start->tv_sec) * 1000 +
                 (now.tv_nsec - start->tv_nsec) / 1000000);
    emu_reply_header(r, "x-ms-request-id", r->id);
    emu_reply_header(r, "x-ms-server-latency", latency);
    if (strcmp(rq->method, "GET") == 0)
        emu_reply_header(r, "x-ms-build-version", "1.0.20250101-1-emulator");
    if (r->status < 400) {
        emu_reply_header(r, "x-ms-keyvault-region", "local");
        emu_reply_header(r, "x-ms-keyvault-network-info",
                         "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;");
    }
}

void emu_service(struct emu_request *rq, struct emu_reply *r)
{
    struct timespec start;
    int cut = 0;

    clock_gettime(CLOCK_MONOTONIC, &start);
    r->brief = emu_is_vault(rq);
    if (rq->problem == 0 && emu_router_find(rq))
        emu_stats_route(rq->hsm->stats, rq->route->method,
                        strcmp(rq->route->name, "token") == 0
                            ? "/token"
                            : rq->route->pattern);
    if (rq->route != NULL && rq->route->kind == EMU_ROUTE_AUTHORITY &&
        emu_hsm_is_first(rq->hsm)) {
        if (!emu_fault_apply(rq, r, rq->route->name, &cut))
            rq->route->handler(rq, r);
    } else {
        gate(rq, r, &cut);
        standard_headers(rq, r, &start);
    }
    if (cut)
        r->wire = EMU_WIRE_CUT;
}
