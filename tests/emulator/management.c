/* SPDX-License-Identifier: MIT
 *
 * As much of the management plane and of Microsoft Graph as a client asks on
 * its way to the HSM: what the cloud consists of, which subscriptions there
 * are, and the names of principals. Tokens for it are told apart from the
 * HSM's by their audience.
 */
#include "management.h"

#include "handlers.h"
#include "principals.h"
#include "token.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define IDS_MAX 1000

static int add_url(struct json_object *o, const char *name,
                   const struct emu_request *rq, const char *tail)
{
    char url[320];

    snprintf(url, sizeof(url), "https://%s%s", rq->host, tail);
    return emu_json_add_string(o, name, url);
}

static struct json_object *authentication(const struct emu_request *rq)
{
    struct json_object *o = json_object_new_object();
    struct json_object *audiences = json_object_new_array();
    char url[320];

    snprintf(url, sizeof(url), "https://%s/", rq->host);
    json_object_array_add(audiences, json_object_new_string(url));
    if (emu_json_add(o, "audiences", audiences) &&
        add_url(o, "loginEndpoint", rq, "") &&
        emu_json_add_string(o, "identityProvider", "AAD") &&
        emu_json_add_string(o, "tenant", rq->hsm->cloud->tenant))
        return o;
    json_object_put(o);
    return NULL;
}

/* Names of HSMs go in front of the suffix, as at the real service. */
static struct json_object *suffixes(const struct emu_request *rq)
{
    struct json_object *o = json_object_new_object();
    char suffix[320];

    snprintf(suffix, sizeof(suffix), ".localhost%s",
             rq->host + strcspn(rq->host, ":"));
    if (emu_json_add_string(o, "mhsmDns", suffix) &&
        emu_json_add_string(o, "keyVaultDns", suffix) &&
        emu_json_add_string(o, "storage", "localhost"))
        return o;
    json_object_put(o);
    return NULL;
}

void emu_management_clouds(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o = json_object_new_object();

    if (!emu_json_add_string(o, "name", "LocalManagedHsm") ||
        !add_url(o, "resourceManager", rq, "") ||
        !add_url(o, "graph", rq, "/") ||
        !add_url(o, "graphAudience", rq, "/") ||
        !add_url(o, "microsoftGraphResourceId", rq, "/") ||
        !emu_json_add(o, "authentication", authentication(rq)) ||
        !emu_json_add(o, "suffixes", suffixes(rq))) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

/* Clients write the audience with a slash or without. */
int emu_management_caller(struct emu_request *rq, struct emu_reply *r)
{
    static const char *const azure[] = {"https://management.azure.com",
                                        "https://management.core.windows.net"};
    char audience[320], challenge[512];
    size_t i;

    for (i = 0; i < 6; i++) {
        snprintf(audience, sizeof(audience), "%s%s%s", i < 2 ? "https://" : "",
                 i < 2 ? rq->host : azure[i / 2 - 1], i % 2 == 0 ? "" : "/");
        if (emu_token_verify(rq->hsm, rq->authorization, audience, rq->oid))
            return 1;
    }
    snprintf(challenge, sizeof(challenge),
             "Bearer authorization_uri=\"https://localhost:%lld/%s\", "
             "error=\"invalid_token\", error_description=\"A token for the "
             "management plane is needed\"",
             (long long)rq->hsm->cloud->authority_port, rq->hsm->cloud->tenant);
    emu_reply_error(r, 401, "AuthenticationFailed",
                    "A token for this host is needed");
    emu_reply_header(r, "www-authenticate", challenge);
    return 0;
}

int emu_management_contributor(struct emu_store *s, const char *oid)
{
    sqlite3_stmt *row;
    int found;

    emu_store_lock(s);
    row =
        emu_store_query(s, "SELECT 1 FROM contributors WHERE oid=?1", "t", oid);
    found = row != NULL && sqlite3_step(row) == SQLITE_ROW;
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}

int emu_management_contribute(struct emu_store *s, const char *oid)
{
    return emu_store_run(s, "INSERT OR REPLACE INTO contributors VALUES(?1)",
                         "t", oid) == 1;
}

static void answer_list(struct emu_reply *r, struct json_object *list)
{
    struct json_object *o = json_object_new_object();

    if (!emu_json_add(o, "value", list)) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

static struct json_object *subscription(const struct emu_request *rq)
{
    struct json_object *o = json_object_new_object();
    char id[64];

    /* One tenant has one subscription here: they share the number. */
    snprintf(id, sizeof(id), "/subscriptions/%s", rq->hsm->cloud->tenant);
    if (emu_json_add_string(o, "id", id) &&
        emu_json_add_string(o, "subscriptionId", rq->hsm->cloud->tenant) &&
        emu_json_add_string(o, "tenantId", rq->hsm->cloud->tenant) &&
        emu_json_add_string(o, "displayName", "Local") &&
        emu_json_add_string(o, "state", "Enabled") &&
        emu_json_add_string(o, "authorizationSource", "RoleBased") &&
        emu_json_add(o, "managedByTenants", json_object_new_array()) &&
        emu_json_add(o, "subscriptionPolicies",
                     json_tokener_parse("{\"quotaId\":\"Internal_2014-09-01\","
                                        "\"spendingLimit\":\"Off\"}")))
        return o;
    json_object_put(o);
    return NULL;
}

void emu_management_subscriptions(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *list, *one;

    if (!emu_management_caller(rq, r))
        return;
    list = json_object_new_array();
    one = subscription(rq);
    if (one != NULL && json_object_array_add(list, one) != 0)
        json_object_put(one);
    answer_list(r, list);
}

/* Graph's description of a principal. */
static struct json_object *describe(const struct emu_principal *p)
{
    struct json_object *o = json_object_new_object();
    struct json_object *names = json_object_new_array();

    json_object_array_add(names, json_object_new_string(p->client_id));
    if (emu_json_add(o, "servicePrincipalNames", names) &&
        emu_json_add_string(o, "@odata.type",
                            "#microsoft.graph.servicePrincipal") &&
        emu_json_add_string(o, "id", p->oid) &&
        emu_json_add_string(o, "appId", p->client_id) &&
        emu_json_add_string(o, "displayName", p->client_id))
        return o;
    json_object_put(o);
    return NULL;
}

/* Adds the principal that is found by that text, if there is one. */
static void add_principal(struct json_object *list, struct emu_store *s,
                          int (*find)(struct emu_store *, const char *,
                                      struct emu_principal *),
                          const char *text)
{
    struct json_object *one = NULL;
    struct emu_principal p;

    if (find(s, text, &p) == 1)
        one = describe(&p);
    OPENSSL_cleanse(&p, sizeof(p));
    if (one != NULL && json_object_array_add(list, one) != 0)
        json_object_put(one);
}

/* The name that a filter is about, in out; 0 when it is another filter. */
static int filter_name(const char *filter, char *out)
{
    static const char head[] = "servicePrincipalNames/any(c:c eq '";
    const size_t before = sizeof(head) - 1, len = EMU_GUID_SIZE - 1;

    if (filter == NULL || strncmp(filter, head, before) != 0 ||
        strlen(filter) != before + len + 2 ||
        strcmp(filter + before + len, "')") != 0)
        return 0;
    memcpy(out, filter + before, len);
    out[len] = '\0';
    return emu_guid_valid(out);
}

void emu_management_names(struct emu_request *rq, struct emu_reply *r)
{
    char name[EMU_GUID_SIZE];
    struct json_object *list;

    if (!emu_management_caller(rq, r))
        return;
    if (!filter_name(emu_uri_parameter(&rq->uri, "$filter"), name)) {
        emu_reply_error(r, 400, "Request_UnsupportedQuery",
                        "The filter must be about servicePrincipalNames");
        return;
    }
    list = json_object_new_array();
    add_principal(list, rq->hsm->cloud->store, emu_principals_by_client, name);
    answer_list(r, list);
}

void emu_management_principals(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body, *ids, *list;
    size_t i;

    if (!emu_management_caller(rq, r))
        return;
    body = emu_json_parse(rq->body.data, rq->body.len);
    ids = emu_json_member(body, "ids");
    if (!json_object_is_type(ids, json_type_array) ||
        json_object_array_length(ids) > IDS_MAX) {
        emu_reply_error(r, 400, "Request_BadRequest", "ids is no short list");
        json_object_put(body);
        return;
    }
    list = json_object_new_array();
    for (i = 0; i < json_object_array_length(ids); i++) {
        struct json_object *id = json_object_array_get_idx(ids, i);

        if (json_object_is_type(id, json_type_string))
            add_principal(list, rq->hsm->cloud->store, emu_principals_by_oid,
                          json_object_get_string(id));
    }
    answer_list(r, list);
    json_object_put(body);
}
