/* SPDX-License-Identifier: MIT
 *
 * The token service of Cloud Shell: a form, the Metadata header, and tokens of
 * the one user whose shell it is.
 */
#include "identity.h"

#include <stdlib.h>
#include <string.h>

/* The body as the query of a URI; the caller frees. */
static int read_form(const struct emu_request *rq, struct emu_uri *form)
{
    char *text = malloc(rq->body.len + 3);
    int ok;

    if (text == NULL)
        return 0;
    memcpy(text, "/?", 2);
    if (rq->body.len != 0)
        memcpy(text + 2, rq->body.data, rq->body.len);
    text[rq->body.len + 2] = '\0';
    ok = emu_uri_parse(form, text);
    free(text);
    return ok;
}

void emu_cloud_shell(struct emu_request *rq, struct emu_reply *r)
{
    static const struct emu_identity_name none[] = {{NULL, EMU_BY_CLIENT}};
    struct emu_uri form = {0};
    struct emu_principal p;
    const char *resource;

    if (rq->metadata == NULL || strcmp(rq->metadata, "true") != 0) {
        emu_identity_refuse_nested(r, 400, "BadRequest",
                                   "The Metadata header is missing");
        return;
    }
    if (!read_form(rq, &form)) {
        emu_identity_refuse_nested(r, 400, "BadRequest", "The body is no form");
        return;
    }
    resource = emu_identity_resource(r, emu_uri_parameter(&form, "resource"));
    if (resource != NULL && form.parameter_count != 1) {
        emu_identity_refuse_nested(r, 400, "BadRequest",
                                   "Only the resource may be named");
        resource = NULL;
    }
    if (resource != NULL && emu_identity_find(rq, r, none, &p))
        emu_identity_issue(rq, r, resource, &p, EMU_EXPIRY_TEXT);
    emu_uri_free(&form);
}
