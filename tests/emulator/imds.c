/* SPDX-License-Identifier: MIT
 *
 * The instance metadata service: tokens of the one managed identity, for
 * whoever asks on loopback with the Metadata header and without a proxy.
 */
#include "identity.h"

#include <string.h>

static const struct emu_identity_name names[] = {
    {"client_id", EMU_BY_CLIENT},    {"object_id", EMU_BY_OBJECT},
    {"msi_res_id", EMU_BY_RESOURCE}, {"mi_res_id", EMU_BY_RESOURCE},
    {NULL, EMU_BY_CLIENT},
};

void emu_imds(struct emu_request *rq, struct emu_reply *r)
{
    const char *version = emu_uri_parameter(&rq->uri, "api-version");
    const char *resource;
    struct emu_principal p;

    if (rq->metadata == NULL || strcmp(rq->metadata, "true") != 0 ||
        rq->forwarded != NULL) {
        emu_identity_refuse(
            r, 400, "invalid_request",
            "The Metadata header is missing or a proxy was on the way");
        return;
    }
    if (version == NULL || strcmp(version, "2018-02-01") < 0) {
        emu_identity_refuse(r, 400, "bad_request_102",
                            "The api-version is missing or old");
        return;
    }
    resource =
        emu_identity_resource(r, emu_uri_parameter(&rq->uri, "resource"));
    if (resource != NULL && emu_identity_find(rq, r, names, &p))
        emu_identity_issue(rq, r, resource, &p, EMU_EXPIRY_TEXT);
}
