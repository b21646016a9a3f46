/* SPDX-License-Identifier: MIT
 *
 * The gate and the routes of the management port. Paths are compared without
 * regard to case, as Azure Resource Manager does. What is no resource (signing
 * in, the clouds, Graph) is answered as at the service port.
 */
#include "arm.h"

#include "management.h"
#include "misbehave.h"
#include "operation.h"
#include "router.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEYVAULT "providers/Microsoft.KeyVault/"
#define SUB      "/subscriptions/{sub}/"
#define GROUPS   SUB "resourceGroups"
#define ONE      GROUPS "/{group}/" KEYVAULT "managedHSMs/{name}"
#define PLACE    SUB KEYVAULT "locations/{location}/"
#define LINK     ONE "/privateEndpointConnections/{child}"

enum { NO_BODY, WITH_BODY };

static const struct route {
    const char *method, *pattern;
    const char *name;   /* for the fault plan */
    const char *action; /* of Azure RBAC */
    int body;
    void (*handler)(struct emu_arm *call, struct emu_reply *r);
} routes[] = {
    {"PUT", ONE, "arm-put", "managedHSMs/write", WITH_BODY, emu_arm_hsm_put},
    {"PATCH", ONE, "arm-patch", "managedHSMs/write", WITH_BODY,
     emu_arm_hsm_patch},
    {"GET", ONE, "arm-show", "managedHSMs/read", NO_BODY, emu_arm_hsm_show},
    {"DELETE", ONE, "arm-delete", "managedHSMs/delete", NO_BODY,
     emu_arm_hsm_delete},
    {"GET", GROUPS "/{group}/" KEYVAULT "managedHSMs", "arm-list",
     "managedHSMs/read", NO_BODY, emu_arm_hsm_list},
    {"GET", SUB KEYVAULT "managedHSMs", "arm-list", "managedHSMs/read", NO_BODY,
     emu_arm_hsm_list},
    {"GET", ONE "/regions", "arm-regions", "managedHSMs/read", NO_BODY,
     emu_arm_regions},
    {"POST", SUB KEYVAULT "checkMhsmNameAvailability", "arm-name",
     "checkMhsmNameAvailability/read", WITH_BODY, emu_arm_name},
    {"GET", SUB KEYVAULT "deletedManagedHSMs", "arm-deleted",
     "deletedManagedHsms/read", NO_BODY, emu_arm_deleted_list},
    {"GET", PLACE "deletedManagedHSMs/{name}", "arm-deleted",
     "locations/deletedManagedHsms/read", NO_BODY, emu_arm_deleted_show},
    {"POST", PLACE "deletedManagedHSMs/{name}/purge", "arm-purge",
     "locations/deletedManagedHsms/purge/action", NO_BODY, emu_arm_purge},
    {"GET", PLACE "managedHsmOperationResults/{child}", "arm-result",
     "locations/managedHsmOperationResults/read", NO_BODY, emu_arm_result},
    {"GET", PLACE "operationStatuses/{child}", "arm-status",
     "locations/operationResults/read", NO_BODY, emu_arm_status},
    {"GET", ONE "/privateLinkResources", "arm-links",
     "managedHSMs/privateLinkResources/read", NO_BODY, emu_arm_links},
    {"GET", ONE "/privateEndpointConnections", "arm-endpoints",
     "managedHSMs/privateEndpointConnections/read", NO_BODY,
     emu_arm_endpoint_list},
    {"GET", LINK, "arm-endpoint", "managedHSMs/privateEndpointConnections/read",
     NO_BODY, emu_arm_endpoint_show},
    {"PUT", LINK, "arm-endpoint-put",
     "managedHSMs/privateEndpointConnections/write", WITH_BODY,
     emu_arm_endpoint_put},
    {"DELETE", LINK, "arm-endpoint-delete",
     "managedHSMs/privateEndpointConnections/delete", NO_BODY,
     emu_arm_endpoint_delete},
    {"GET", GROUPS, "arm-groups", NULL, NO_BODY, emu_arm_group_list},
    {"GET", GROUPS "/{group}", "arm-group", NULL, NO_BODY, emu_arm_group_show},
    {"HEAD", GROUPS "/{group}", "arm-group", NULL, NO_BODY, emu_arm_group_show},
    {"PUT", GROUPS "/{group}", "arm-group-put", NULL, WITH_BODY,
     emu_arm_group_put},
    {"DELETE", GROUPS "/{group}", "arm-group-delete", NULL, NO_BODY,
     emu_arm_group_delete},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

const char *emu_arm_route(size_t i)
{
    return i < ROUTES ? routes[i].name : NULL;
}

int emu_arm_known(const char *name)
{
    size_t i;

    for (i = 0; i < ROUTES; i++) {
        if (strcmp(routes[i].name, name) == 0)
            return 1;
    }
    return 0;
}

void emu_arm_id(const struct emu_cloud *cloud, const char *group, char *out,
                size_t size)
{
    snprintf(out, size,
             "/subscriptions/%s/resourceGroups/%s/" KEYVAULT "managedHSMs",
             cloud->tenant, group);
}

void emu_arm_list(struct emu_reply *r, struct json_object *list)
{
    struct json_object *o = json_object_new_object();

    if (!emu_json_add(o, "value", list)) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

/* Where a segment of the path goes to; NULL when it is a word of its own. */
static const char **slot(struct emu_arm *call, const char **subscription,
                         const char *pattern)
{
    const struct {
        const char *text;
        const char **to;
    } slots[] = {
        {"{sub}", subscription},   {"{group}", &call->group},
        {"{name}", &call->name},   {"{location}", &call->location},
        {"{child}", &call->child},
    };
    size_t i;

    for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        if (strncmp(pattern, slots[i].text, strlen(slots[i].text)) == 0)
            return slots[i].to;
    }
    return NULL;
}

static int matches(struct emu_arm *call, const char **subscription,
                   const char *pattern)
{
    const struct emu_uri *uri = &call->rq->uri;
    size_t i;

    call->group = call->name = call->location = call->child = NULL;
    for (i = 0; *pattern == '/'; i++) {
        size_t len = strcspn(++pattern, "/");
        const char **to = slot(call, subscription, pattern);

        if (i == uri->segment_count || *uri->segments[i] == '\0')
            return 0;
        if (to != NULL)
            *to = uri->segments[i];
        else if (strlen(uri->segments[i]) != len ||
                 strncasecmp(uri->segments[i], pattern, len) != 0)
            return 0;
        pattern += len;
    }
    return i == uri->segment_count;
}

static const struct route *find_route(struct emu_arm *call,
                                      const char **subscription)
{
    size_t i;

    for (i = 0; i < ROUTES; i++) {
        if (strcmp(routes[i].method, call->rq->method) == 0 &&
            matches(call, subscription, routes[i].pattern))
            return &routes[i];
    }
    return NULL;
}

static int api_version(struct emu_request *rq, struct emu_reply *r)
{
    const char *text = emu_uri_parameter(&rq->uri, "api-version");

    if (text == NULL) {
        emu_reply_error(r, 400, "MissingApiVersionParameter",
                        "The api-version query parameter (?api-version=) is "
                        "required for all requests.");
        return 0;
    }
    /* "2026-02-01", perhaps with "-preview" behind it. */
    if (strspn(text, "0123456789-") < 10 || strncmp(text, "2020-", 5) < 0 ||
        strspn(text, "0123456789-abcdefghijklmnopqrstuvwxyz.") !=
            strlen(text)) {
        emu_reply_error(r, 400, "InvalidApiVersionParameter",
                        "The api-version '%.40s' is invalid.", text);
        return 0;
    }
    return 1;
}

/* Whoever made the emulator owns the subscription; others may have been made
 * contributors. */
static int allowed(struct emu_request *rq, struct emu_reply *r,
                   const struct route *route)
{
    const struct emu_cloud *cloud = rq->hsm->cloud;

    if (strcmp(rq->oid, cloud->admin_oid) == 0 ||
        emu_management_contributor(cloud->store, rq->oid))
        return 1;
    emu_reply_error(r, 403, "AuthorizationFailed",
                    "The client with object id '%s' does not have "
                    "authorization to perform action 'Microsoft.%s%s' over "
                    "scope '/subscriptions/%s' or the scope is invalid.",
                    rq->oid,
                    route->action == NULL ? "Resources/subscriptions/"
                                            "resourceGroups"
                                          : "KeyVault/",
                    route->action == NULL ? "" : route->action, cloud->tenant);
    return 0;
}

static int read_body(struct emu_arm *call, struct emu_reply *r,
                     const struct route *route)
{
    if (route->body == NO_BODY)
        return 1;
    call->body = emu_json_parse(call->rq->body.data, call->rq->body.len);
    if (call->body != NULL)
        return 1;
    emu_reply_error(r, 400, "InvalidRequestContent",
                    "The request content is no JSON object.");
    return 0;
}

static void serve(struct emu_arm *call, struct emu_reply *r,
                  const struct route *route, const char *subscription, int *cut)
{
    if (!emu_management_caller(call->rq, r) ||
        emu_fault_apply(call->rq, r, route->name, cut) ||
        !api_version(call->rq, r))
        return;
    if (strcasecmp(subscription, call->cloud->tenant) != 0) {
        emu_reply_error(r, 404, "SubscriptionNotFound",
                        "The subscription '%.80s' could not be found.",
                        subscription);
        return;
    }
    if (!allowed(call->rq, r, route) || !read_body(call, r, route))
        return;
    emu_fleet_lock(call->fleet);
    if (emu_operation_settle(call->fleet))
        route->handler(call, r);
    else
        emu_reply_failed(r);
    emu_fleet_unlock(call->fleet);
}

static void headers(struct emu_reply *r)
{
    emu_reply_header(r, "cache-control", "no-cache");
    emu_reply_header(r, "x-ms-request-id", r->id);
    emu_reply_header(r, "x-ms-correlation-request-id", r->id);
    emu_reply_header(r, "strict-transport-security",
                     "max-age=31536000; includeSubDomains");
}

void emu_arm(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_arm call = {
        .rq = rq, .cloud = rq->hsm->cloud, .fleet = rq->hsm->cloud->fleet};
    const struct route *route = NULL;
    const char *subscription = NULL;
    int cut = 0;

    r->brief = 1;
    if (rq->problem != 0) {
        emu_reply_problem(r, rq->problem);
        return;
    }
    route = find_route(&call, &subscription);
    if (route != NULL)
        emu_stats_route(rq->hsm->stats, route->method, route->pattern);
    if (route == NULL && emu_router_find(rq) &&
        rq->route->kind == EMU_ROUTE_AUTHORITY)
        rq->route->handler(rq, r);
    else if (route == NULL)
        emu_reply_error(r, 404, "InvalidResourceType",
                        "There is no such resource");
    else
        serve(&call, r, route, subscription, &cut);
    headers(r);
    if (cut)
        r->wire = EMU_WIRE_CUT;
    json_object_put(call.body);
}
