/* SPDX-License-Identifier: MIT
 *
 * The token service of a Service Fabric node: on https, with a certificate
 * that nobody has signed and that programs know by its thumbprint.
 */
#include "identity.h"

#include "misbehave.h"

#include <string.h>

static void answer(struct emu_request *rq, struct emu_reply *r)
{
    /* The application's manifest says which identity it is. */
    static const struct emu_identity_name none[] = {{NULL, EMU_BY_CLIENT}};
    const char *version = emu_uri_parameter(&rq->uri, "api-version");
    const char *resource;
    struct emu_principal p;

    if (!emu_identity_known(rq, rq->secret)) {
        emu_identity_refuse_nested(r, 401, "ManagedIdentityNotFound",
                                   "The secret in the header is wrong");
        return;
    }
    if (version == NULL || strcmp(version, "2019-07-01-preview") != 0) {
        emu_identity_refuse_nested(r, 400, "InvalidApiVersion",
                                   "The api-version is missing or unknown");
        return;
    }
    resource =
        emu_identity_resource(r, emu_uri_parameter(&rq->uri, "resource"));
    if (resource != NULL && emu_identity_find(rq, r, none, &p))
        emu_identity_issue(rq, r, resource, &p, EMU_EXPIRY_EPOCH);
}

void emu_service_fabric(struct emu_request *rq, struct emu_reply *r)
{
    int cut = 0;

    if (rq->problem != 0) {
        emu_reply_problem(r, rq->problem);
        return;
    }
    emu_stats_route(rq->hsm->stats, "GET", "/service-fabric");
    if (!emu_fault_apply(rq, r, "service-fabric", &cut))
        answer(rq, r);
    if (cut)
        r->wire = EMU_WIRE_CUT;
}
