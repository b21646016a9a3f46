/* SPDX-License-Identifier: MIT
 *
 * Method and path to handler, by one table. An earlier row wins, so literal
 * segments stand before placeholders.
 */
#include "router.h"

#include "handlers.h"

#include <string.h>

#define SERVICE(method, pattern, name, scope, action, since, handler)          \
    {                                                                          \
        method, pattern, name, EMU_ROUTE_SERVICE, scope, action, since,        \
            handler                                                            \
    }
#define AUTHORITY(method, pattern, name, handler)                              \
    {                                                                          \
        method, pattern, name, EMU_ROUTE_AUTHORITY, EMU_SCOPE_NONE, NULL,      \
            "7.0", handler                                                     \
    }
#define OPERATION(name, action)                                                \
    SERVICE("POST", "/keys/{name}/{version}/" name, name, EMU_SCOPE_KEY,       \
            "keys/" action "/action", "7.0", emu_key_operation)

#define ROLE_PATH(scope, kind) scope "/providers/Microsoft.Authorization/" kind
#define ROLE_ROUTES(scope, kind, handler)                                      \
    SERVICE("GET", ROLE_PATH(scope, kind), kind, EMU_SCOPE_ROLE,               \
            kind "/read/action", "7.2-preview", handler##_list),               \
        SERVICE("GET", ROLE_PATH(scope, kind) "/{guid}", kind, EMU_SCOPE_ROLE, \
                kind "/read/action", "7.2-preview", handler##_show),           \
        SERVICE("PUT", ROLE_PATH(scope, kind) "/{guid}", kind, EMU_SCOPE_ROLE, \
                kind "/write/action", "7.2-preview", handler##_put),           \
        SERVICE("DELETE", ROLE_PATH(scope, kind) "/{guid}", kind,              \
                EMU_SCOPE_ROLE, kind "/delete/action", "7.2-preview",          \
                handler##_delete)

static const struct emu_route routes[] = {
#include "routes.inc"
};

static const char **placeholder(struct emu_request *rq, const char *pattern)
{
    static const struct {
        const char *text;
        size_t offset;
    } table[] = {
        {"{name}", offsetof(struct emu_request, name)},
        {"{version}", offsetof(struct emu_request, version)},
        {"{tenant}", offsetof(struct emu_request, name)},
        {"{scope}", offsetof(struct emu_request, scope_name)},
        {"{guid}", offsetof(struct emu_request, guid)},
        {"{job}", offsetof(struct emu_request, name)},
        {"{setting}", offsetof(struct emu_request, name)},
    };
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strncmp(pattern, table[i].text, strlen(table[i].text)) == 0)
            return (const char **)(void *)((char *)rq + table[i].offset);
    }
    return NULL;
}

static int segment_matches(struct emu_request *rq, const char *pattern,
                           size_t len, const char *segment)
{
    const char **slot = placeholder(rq, pattern);

    if (slot != NULL) {
        *slot = segment;
        return 1;
    }
    return strlen(segment) == len && strncmp(pattern, segment, len) == 0;
}

static int matches(struct emu_request *rq, const struct emu_route *route)
{
    const char *at = route->pattern;
    size_t i;

    rq->name = rq->version = rq->scope_name = rq->guid = NULL;
    for (i = 0; *at == '/'; i++) {
        size_t len = strcspn(++at, "/");

        if (i == rq->uri.segment_count ||
            !segment_matches(rq, at, len, rq->uri.segments[i]))
            return 0;
        at += len;
    }
    return i == rq->uri.segment_count;
}

int emu_router_find(struct emu_request *rq)
{
    size_t i;

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].method, rq->method) == 0 &&
            matches(rq, &routes[i])) {
            rq->route = &routes[i];
            /* An empty version segment means the latest version. */
            if (rq->version != NULL && *rq->version == '\0')
                rq->version = NULL;
            return 1;
        }
    }
    return 0;
}

const struct emu_route *emu_router_at(size_t i)
{
    return i < sizeof(routes) / sizeof(routes[0]) ? &routes[i] : NULL;
}

int emu_router_known(const char *name)
{
    const struct emu_route *route;
    size_t i;

    for (i = 0; (route = emu_router_at(i)) != NULL; i++) {
        if (strcmp(route->name, name) == 0)
            return 1;
    }
    return 0;
}
