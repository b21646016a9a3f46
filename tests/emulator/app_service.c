/* SPDX-License-Identifier: MIT
 *
 * The token service beside an App Service or Functions program, and beside a
 * job of Azure Machine Learning: the interfaces of 2019 and of 2017, each with
 * a secret in a header and its own names for identities.  With that of 2017 an
 * App Service tells dates and Machine Learning, which always names an identity,
 * seconds.
 */
#include "identity.h"

#include <string.h>

static const struct interface {
    const char *version;
    size_t header; /* where the secret comes in */
    enum emu_expiry expiry;
    const struct emu_identity_name *names;
} interfaces[] = {
    {"2019-08-01", offsetof(struct emu_request, identity_header),
     EMU_EXPIRY_EPOCH,
     (const struct emu_identity_name[]){{"client_id", EMU_BY_CLIENT},
                                        {"principal_id", EMU_BY_OBJECT},
                                        {"object_id", EMU_BY_OBJECT},
                                        {"mi_res_id", EMU_BY_RESOURCE},
                                        {NULL, EMU_BY_CLIENT}}},
    {"2017-09-01", offsetof(struct emu_request, secret), EMU_EXPIRY_DATE,
     (const struct emu_identity_name[]){{"clientid", EMU_BY_CLIENT},
                                        {NULL, EMU_BY_CLIENT}}},
};

static const struct interface *find_interface(const char *version)
{
    size_t i;

    for (i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        if (version != NULL && strcmp(version, interfaces[i].version) == 0)
            return &interfaces[i];
    }
    return NULL;
}

void emu_app_service(struct emu_request *rq, struct emu_reply *r)
{
    const struct interface *found =
        find_interface(emu_uri_parameter(&rq->uri, "api-version"));
    const char *resource, *sent = NULL;
    struct emu_principal p;

    if (found == NULL) {
        emu_identity_refuse_nested(r, 400, "BadRequest",
                                   "The api-version is missing or unknown");
        return;
    }
    memcpy(&sent, (const char *)rq + found->header, sizeof(sent));
    if (!emu_identity_known(rq, sent)) {
        emu_identity_refuse_nested(r, 401, "Unauthorized",
                                   "The secret in the header is wrong");
        return;
    }
    resource =
        emu_identity_resource(r, emu_uri_parameter(&rq->uri, "resource"));
    if (resource != NULL && emu_identity_find(rq, r, found->names, &p))
        emu_identity_issue(rq, r, resource, &p,
                           emu_uri_parameter(&rq->uri, "clientid") != NULL
                               ? EMU_EXPIRY_TEXT
                               : found->expiry);
}
