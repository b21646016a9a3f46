/* SPDX-License-Identifier: MIT
 *
 * The token authority, in the shape of Microsoft Entra's (and AD FS's, under
 * the tenant name adfs). It gives a token to a registered principal that
 * proves itself by a secret or an assertion, for any well-formed resource; what
 * the token is good for is the service's business.
 */
#include "assertion.h"
#include "handlers.h"
#include "principals.h"
#include "refusals.h"
#include "router.h"
#include "token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FORM_MAX       65536
#define TOKEN_LIFETIME 3599

/* What a token request holds; the texts live in the parsed form. */
struct grant {
    struct emu_uri form;
    char *basic;
    const char *client;
    const char *secret;
    const char *assertion;
    char resource[256];
};

/* HTTP Basic carries the two as form-encoded text. */
static int read_basic(struct grant *g, const char *header)
{
    size_t len = strlen(header);
    char *colon;
    int size;

    if (len % 4 != 0 || len > 1024)
        return 0;
    g->basic = calloc(1, len + 1);
    if (g->basic == NULL)
        return 0;
    size = EVP_DecodeBlock((unsigned char *)g->basic,
                           (const unsigned char *)header, (int)len);
    if (size < 0 || strlen(g->basic) + 3 < (size_t)size)
        return 0;
    colon = strchr(g->basic, ':');
    if (colon == NULL)
        return 0;
    *colon = '\0';
    if (!emu_uri_decode(g->basic, 1) || !emu_uri_decode(colon + 1, 1))
        return 0;
    g->client = g->basic;
    g->secret = colon + 1;
    return 1;
}

static int read_form(struct emu_request *rq, struct grant *g)
{
    static const char type[] = "application/x-www-form-urlencoded";
    char *target;
    int ok = 0;

    if (rq->body.len == 0 || rq->body.len > FORM_MAX ||
        memchr(rq->body.data, '\0', rq->body.len) != NULL ||
        rq->content_type == NULL ||
        strncasecmp(rq->content_type, type, sizeof(type) - 1) != 0)
        return 0;
    target = malloc(rq->body.len + 3);
    if (target == NULL)
        return 0;
    snprintf(target, rq->body.len + 3, "/?%s", (const char *)rq->body.data);
    ok = emu_uri_parse(&g->form, target);
    emu_text_free(target);
    if (!ok)
        return 0;
    g->client = emu_uri_parameter(&g->form, "client_id");
    g->secret = emu_uri_parameter(&g->form, "client_secret");
    if (emu_uri_parameter(&g->form, "client_assertion_type") != NULL &&
        strcmp(emu_uri_parameter(&g->form, "client_assertion_type"),
               EMU_ASSERTION_TYPE) == 0)
        g->assertion = emu_uri_parameter(&g->form, "client_assertion");
    if (g->secret == NULL && rq->authorization != NULL &&
        strncasecmp(rq->authorization, "Basic ", 6) == 0)
        return read_basic(g, rq->authorization + 6);
    return 1;
}

/* The audience: the scope without /.default, or the resource itself. */
static int read_resource(struct grant *g)
{
    const char *scope = emu_uri_parameter(&g->form, "scope");
    const char *resource = emu_uri_parameter(&g->form, "resource");
    size_t len, tail = strlen("/.default");

    if (scope != NULL) {
        len = strlen(scope);
        if (len <= tail || strcmp(scope + len - tail, "/.default") != 0)
            return 0;
        len -= tail;
        resource = scope;
    } else if (resource != NULL) {
        len = strlen(resource);
    } else {
        return 0;
    }
    if (len == 0 || len >= sizeof(g->resource) ||
        strcspn(resource, " \t\r\n\"\\<>") < len)
        return 0;
    memcpy(g->resource, resource, len);
    g->resource[len] = '\0';
    return strncmp(g->resource, "https://", 8) == 0 ||
           strncmp(g->resource, "api://", 6) == 0 ||
           emu_guid_valid(g->resource);
}

/* As a number, or as some authorities have it. */
static int add_seconds(struct emu_request *rq, struct json_object *o,
                       const char *name)
{
    char text[16];

    if (!rq->strings)
        return emu_json_add_int(o, name, TOKEN_LIFETIME);
    snprintf(text, sizeof(text), "%d", TOKEN_LIFETIME);
    return emu_json_add_string(o, name, text);
}

static void issue(struct emu_request *rq, struct emu_reply *r, struct grant *g,
                  const struct emu_principal *p)
{
    struct emu_token_claims claims = {g->resource, p->oid, p->client_id,
                                      TOKEN_LIFETIME};
    char *token = emu_token_issue(rq->hsm, &claims);
    struct json_object *o = json_object_new_object();

    if (token == NULL || !emu_json_add_string(o, "token_type", "Bearer") ||
        !add_seconds(rq, o, "expires_in") ||
        !add_seconds(rq, o, "ext_expires_in") ||
        !emu_json_add_string(o, "access_token", token)) {
        json_object_put(o);
        emu_reply_failed(r);
    } else {
        emu_reply_json(r, 200, o);
        emu_reply_header(r, "cache-control", "no-store, no-cache");
        emu_stats_count(rq->hsm->stats, EMU_TOKENS);
    }
    emu_text_free(token);
}

static int tenant_known(struct emu_request *rq)
{
    return strcasecmp(rq->name, rq->hsm->cloud->tenant) == 0 ||
           strcmp(rq->name, "adfs") == 0;
}

static int secret_right(const char *given, const struct emu_principal *p)
{
    size_t len = strlen(p->secret);

    return len != 0 && strlen(given) == len &&
           CRYPTO_memcmp(given, p->secret, len) == 0;
}

/* One proof, not two. */
static enum emu_refusal check_proof(struct emu_request *rq,
                                    const struct grant *g,
                                    const struct emu_principal *p)
{
    if (g->assertion != NULL)
        return emu_assertion_check(rq, p, g->assertion);
    return secret_right(g->secret, p) ? EMU_REFUSED_NOT : EMU_REFUSED_SECRET;
}

static enum emu_refusal check(struct emu_request *rq, struct grant *g,
                              struct emu_principal *p)
{
    const char *type;

    if (!tenant_known(rq))
        return EMU_REFUSED_TENANT;
    if (!read_form(rq, g))
        return EMU_REFUSED_FORM;
    type = emu_uri_parameter(&g->form, "grant_type");
    if (type == NULL || g->client == NULL ||
        (g->secret == NULL) == (g->assertion == NULL))
        return EMU_REFUSED_MISSING;
    if (strcmp(type, "client_credentials") != 0)
        return EMU_REFUSED_GRANT;
    if (!read_resource(g))
        return EMU_REFUSED_SCOPE;
    if (emu_principals_by_client(rq->hsm->cloud->store, g->client, p) != 1)
        return EMU_REFUSED_CLIENT;
    return check_proof(rq, g, p);
}

void emu_authority_token(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_principal p;
    struct grant g;
    enum emu_refusal refused;

    memset(&g, 0, sizeof(g));
    memset(&p, 0, sizeof(p));
    refused = check(rq, &g, &p);
    if (refused == EMU_REFUSED_NOT)
        issue(rq, r, &g, &p);
    else
        emu_refuse(r, refused);
    OPENSSL_cleanse(&p, sizeof(p));
    emu_text_free(g.basic);
    emu_uri_free(&g.form);
}

/* The token proxy of a Kubernetes cluster: it is reached by another name than
 * its own, which only the Host header tells. */
void emu_authority_proxied(struct emu_request *rq, struct emu_reply *r)
{
    if (strncmp(rq->host, "127.0.0.1:", 10) == 0)
        emu_authority_token(rq, r);
    else
        emu_refuse(r, EMU_REFUSED_HOST);
}

static int add_url(struct json_object *o, const char *name,
                   struct emu_request *rq, const char *tail)
{
    char url[768];

    snprintf(url, sizeof(url), "https://%s/%s%s", rq->host, rq->name, tail);
    return emu_json_add_string(o, name, url);
}

/* What stands for any tenant: it has a configuration, but no application. */
static int tenant_described(struct emu_request *rq)
{
    static const char *const any[] = {"common", "organizations", "consumers"};
    size_t i;

    for (i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
        if (strcmp(rq->name, any[i]) == 0)
            return 1;
    }
    return tenant_known(rq);
}

void emu_authority_configuration(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o = NULL;
    int adfs = strcmp(rq->name, "adfs") == 0;

    if (!tenant_described(rq)) {
        emu_refuse(r, EMU_REFUSED_TENANT);
        return;
    }
    o = json_object_new_object();
    if (!add_url(o, "token_endpoint", rq,
                 adfs ? "/oauth2/token" : "/oauth2/v2.0/token") ||
        !add_url(o, "authorization_endpoint", rq,
                 adfs ? "/oauth2/authorize" : "/oauth2/v2.0/authorize") ||
        !add_url(o, "jwks_uri", rq,
                 adfs ? "/discovery/keys" : "/discovery/v2.0/keys") ||
        !add_url(o, "issuer", rq, adfs ? "" : "/v2.0") ||
        !emu_json_add(o, "response_types_supported",
                      json_tokener_parse("[\"token\"]")) ||
        !emu_json_add(o, "token_endpoint_auth_methods_supported",
                      json_tokener_parse("[\"client_secret_post\","
                                         "\"private_key_jwt\","
                                         "\"client_secret_basic\"]"))) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

void emu_authority_keys(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o, *list, *key;

    if (!tenant_described(rq)) {
        emu_refuse(r, EMU_REFUSED_TENANT);
        return;
    }
    o = json_object_new_object();
    list = json_object_new_array();
    key = emu_token_jwk(rq->hsm);
    if (list != NULL && key != NULL && json_object_array_add(list, key) == 0) {
        emu_json_add(o, "keys", list);
        emu_reply_json(r, 200, o);
        return;
    }
    json_object_put(key);
    json_object_put(list);
    json_object_put(o);
    emu_reply_failed(r);
}
