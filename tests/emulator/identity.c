/* SPDX-License-Identifier: MIT
 *
 * What the services of managed identities share: whose tokens they are, and
 * the forms of their answers.
 */
#include "identity.h"

#include "token.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TOKEN_LIFETIME 86399

static const char identity_resource[] =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/local/"
    "providers/Microsoft.ManagedIdentity/userAssignedIdentities/local";

void emu_identity_refuse(struct emu_reply *r, unsigned status,
                         const char *error, const char *description)
{
    struct json_object *o = json_object_new_object();

    emu_json_add_string(o, "error", error);
    emu_json_add_string(o, "error_description", description);
    emu_reply_json(r, status, o);
}

void emu_identity_refuse_nested(struct emu_reply *r, unsigned status,
                                const char *code, const char *message)
{
    struct json_object *o = json_object_new_object();
    struct json_object *error = json_object_new_object();

    emu_json_add_string(error, "code", code);
    emu_json_add_string(error, "message", message);
    emu_json_add_string(error, "correlationId", r->id);
    emu_json_add(o, "error", error);
    emu_reply_json(r, status, o);
}

int emu_identity_find(struct emu_request *rq, struct emu_reply *r,
                      const struct emu_identity_name *names,
                      struct emu_principal *p)
{
    if (emu_principals_by_oid(rq->hsm->cloud->store,
                              rq->hsm->cloud->identity_oid, p) != 1) {
        emu_reply_failed(r);
        return 0;
    }
    for (; names->parameter != NULL; names++) {
        const char *asked = emu_uri_parameter(&rq->uri, names->parameter);
        const char *ours = names->way == EMU_BY_CLIENT   ? p->client_id
                           : names->way == EMU_BY_OBJECT ? p->oid
                                                         : identity_resource;

        if (asked == NULL || strcasecmp(asked, ours) == 0)
            continue;
        emu_identity_refuse(r, 400, "invalid_request", "Identity not found");
        return 0;
    }
    return 1;
}

const char *emu_identity_resource(struct emu_reply *r, const char *resource)
{
    if (resource != NULL && strlen(resource) <= 255 &&
        strncmp(resource, "https://", 8) == 0)
        return resource;
    emu_identity_refuse(r, 400, "invalid_resource", "The resource is no URL");
    return NULL;
}

int emu_identity_known(const struct emu_request *rq, const char *sent)
{
    return sent != NULL && strlen(sent) == EMU_GUID_SIZE - 1 &&
           CRYPTO_memcmp(sent, rq->hsm->cloud->identity_header,
                         EMU_GUID_SIZE - 1) == 0;
}

static int add_number(struct json_object *o, const char *name, int64_t value)
{
    char text[32];

    /* These services write their numbers as text. */
    snprintf(text, sizeof(text), "%lld", (long long)value);
    return emu_json_add_string(o, name, text);
}

static int add_expiry(struct json_object *o, enum emu_expiry expiry)
{
    int64_t end = emu_now() + TOKEN_LIFETIME;
    time_t at = (time_t)end;
    char text[64];
    struct tm tm;

    if (expiry == EMU_EXPIRY_EPOCH)
        return emu_json_add_int(o, "expires_on", end);
    if (expiry == EMU_EXPIRY_DATE) {
        gmtime_r(&at, &tm);
        strftime(text, sizeof(text), "%m/%d/%Y %I:%M:%S %p +00:00", &tm);
        return emu_json_add_string(o, "expires_on", text);
    }
    return add_number(o, "expires_in", TOKEN_LIFETIME) &&
           add_number(o, "ext_expires_in", TOKEN_LIFETIME) &&
           add_number(o, "expires_on", end) &&
           add_number(o, "not_before", end - TOKEN_LIFETIME);
}

void emu_identity_issue(struct emu_request *rq, struct emu_reply *r,
                        const char *resource, const struct emu_principal *p,
                        enum emu_expiry expiry)
{
    struct emu_token_claims claims = {resource, p->oid, p->client_id,
                                      TOKEN_LIFETIME};
    char *token = emu_token_issue(rq->hsm, &claims);
    struct json_object *o = json_object_new_object();

    if (token == NULL || !emu_json_add_string(o, "access_token", token) ||
        !emu_json_add_string(o, "client_id", p->client_id) ||
        !add_expiry(o, expiry) ||
        !emu_json_add_string(o, "resource", resource) ||
        !emu_json_add_string(o, "token_type", "Bearer")) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
    emu_text_free(token);
}
