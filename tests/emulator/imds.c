/* SPDX-License-Identifier: MIT
 *
 * The instance metadata service: tokens of the one managed identity, for
 * whoever asks on loopback with the Metadata header and without a proxy.
 */
#include "imds.h"

#include "misbehave.h"
#include "principals.h"
#include "token.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_LIFETIME 86399

static const char identity_resource[] =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/local/"
    "providers/Microsoft.ManagedIdentity/userAssignedIdentities/local";

static void refuse(struct emu_reply *r, unsigned status, const char *error,
                   const char *description)
{
    struct json_object *o = json_object_new_object();

    emu_json_add_string(o, "error", error);
    emu_json_add_string(o, "error_description", description);
    emu_reply_json(r, status, o);
}

/* An identity may be named in one of three ways, and must then be ours. */
static int identity_named(struct emu_request *rq, const struct emu_principal *p)
{
    const struct {
        const char *name;
        const char *value;
    } ways[] = {{"client_id", p->client_id},
                {"object_id", p->oid},
                {"msi_res_id", identity_resource},
                {"mi_res_id", identity_resource}};
    size_t i;

    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const char *asked = emu_uri_parameter(&rq->uri, ways[i].name);

        if (asked != NULL && strcasecmp(asked, ways[i].value) != 0)
            return 0;
    }
    return 1;
}

static int add_number(struct json_object *o, const char *name, int64_t value)
{
    char text[32];

    /* This service writes its numbers as text. */
    snprintf(text, sizeof(text), "%lld", (long long)value);
    return emu_json_add_string(o, name, text);
}

static void issue(struct emu_request *rq, struct emu_reply *r,
                  const char *resource, const struct emu_principal *p)
{
    struct emu_token_claims claims = {resource, p->oid, p->client_id,
                                      TOKEN_LIFETIME};
    char *token = emu_token_issue(rq->hsm, &claims);
    struct json_object *o = json_object_new_object();
    int64_t now = emu_now();

    if (token == NULL || !emu_json_add_string(o, "access_token", token) ||
        !emu_json_add_string(o, "client_id", p->client_id) ||
        !add_number(o, "expires_in", TOKEN_LIFETIME) ||
        !add_number(o, "ext_expires_in", TOKEN_LIFETIME) ||
        !add_number(o, "expires_on", now + TOKEN_LIFETIME) ||
        !add_number(o, "not_before", now) ||
        !emu_json_add_string(o, "resource", resource) ||
        !emu_json_add_string(o, "token_type", "Bearer")) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
    emu_text_free(token);
}

static void answer(struct emu_request *rq, struct emu_reply *r)
{
    const char *version = emu_uri_parameter(&rq->uri, "api-version");
    const char *resource = emu_uri_parameter(&rq->uri, "resource");
    struct emu_principal p;

    if (rq->metadata == NULL || strcmp(rq->metadata, "true") != 0 ||
        rq->forwarded != NULL) {
        refuse(r, 400, "invalid_request",
               "The Metadata header is missing or a proxy was on the way");
    } else if (version == NULL || strcmp(version, "2018-02-01") < 0) {
        refuse(r, 400, "bad_request_102", "The api-version is missing or old");
    } else if (resource == NULL || strlen(resource) > 255 ||
               strncmp(resource, "https://", 8) != 0) {
        refuse(r, 400, "invalid_resource", "The resource is no URL");
    } else if (emu_principals_by_oid(rq->hsm->store, rq->hsm->identity_oid,
                                     &p) != 1) {
        emu_reply_failed(r);
    } else if (!identity_named(rq, &p)) {
        refuse(r, 400, "invalid_request", "Identity not found");
    } else {
        issue(rq, r, resource, &p);
    }
}

static int path_is_token(const struct emu_uri *uri)
{
    static const char *const path[] = {"metadata", "identity", "oauth2",
                                       "token"};
    size_t i;

    for (i = 0; i < 4; i++) {
        if (uri->segment_count != 4 || strcmp(uri->segments[i], path[i]) != 0)
            return 0;
    }
    return 1;
}

void emu_imds(struct emu_request *rq, struct emu_reply *r)
{
    int cut = 0;

    if (rq->problem != 0) {
        emu_reply_problem(r, rq->problem);
        return;
    }
    if (strcmp(rq->method, "GET") != 0 || !path_is_token(&rq->uri)) {
        refuse(r, 404, "not_found", "There is no such resource");
        return;
    }
    emu_stats_count(rq->hsm->stats, EMU_IMDS);
    emu_stats_route(rq->hsm->stats, "GET", "/metadata/identity/oauth2/token");
    if (!emu_fault_apply(rq, r, "imds", &cut))
        answer(rq, r);
    if (cut)
        r->wire = EMU_WIRE_CUT;
}
