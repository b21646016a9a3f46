/* SPDX-License-Identifier: MIT
 *
 * The port of the metadata services without TLS.  Each has a path of its own;
 * their faults carry the services' names.
 */
#include "identity.h"

#include "misbehave.h"

#include <string.h>

static const struct {
    const char *method, *path, *fault;
    void (*handler)(struct emu_request *rq, struct emu_reply *r);
} services[] = {
    {"GET", "/metadata/identity/oauth2/token", "imds", emu_imds},
    {"GET", "/msi/token", "app-service", emu_app_service},
    {"POST", "/oauth2/token", "cloud-shell", emu_cloud_shell},
    {"GET", "/arc/token", "arc", emu_arc},
};

static int path_is(const struct emu_uri *uri, const char *path)
{
    size_t i, size;

    for (i = 0; i < uri->segment_count; i++) {
        size = strlen(uri->segments[i]);
        if (path[0] != '/' || strncmp(path + 1, uri->segments[i], size) != 0)
            return 0;
        path += size + 1;
    }
    return path[0] == '\0';
}

void emu_metadata(struct emu_request *rq, struct emu_reply *r)
{
    size_t i;
    int cut = 0;

    if (rq->problem != 0) {
        emu_reply_problem(r, rq->problem);
        return;
    }
    for (i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        if (strcmp(rq->method, services[i].method) != 0 ||
            !path_is(&rq->uri, services[i].path))
            continue;
        if (services[i].handler == emu_imds)
            emu_stats_count(rq->hsm->stats, EMU_IMDS);
        emu_stats_route(rq->hsm->stats, services[i].method, services[i].path);
        if (!emu_fault_apply(rq, r, services[i].fault, &cut))
            services[i].handler(rq, r);
        if (cut)
            r->wire = EMU_WIRE_CUT;
        return;
    }
    emu_identity_refuse(r, 404, "not_found", "There is no such resource");
}
