/* SPDX-License-Identifier: MIT
 *
 * Whether a principal's assignments grant a data action: those at the scope
 * itself and, where they may be seen, those at the wider ones, which hold there
 * too.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "access/role.h"
#include "auth/claims.h"
#include "base/error.h"

enum { grants_max = 256, scopes_max = 3, token_max = 32768, known_max = 64 };

struct mhsm_role_verdict {
    char *principal, *action;
    struct {
        mhsm_role_assignment *assignment;
        char *role;
    } grants[grants_max];
    size_t grant_count;
    const char *hidden[scopes_max]; /* static */
    size_t hidden_count;
};

/* One check under way, with the definitions that it has seen. */
struct check {
    mhsm_client *client;
    const mhsm_uri *uri;
    const char *scope; /* the one that was asked about */
    struct mhsm_role_verdict *verdict;
    mhsm_role_definition *known[known_max];
    size_t known_count;
};

/* The next wider scope; NULL above "/". */
static const char *widen(const char *scope)
{
    if (strcmp(scope, "/") == 0)
        return NULL;
    return strcmp(scope, "/keys") == 0 ? "/" : "/keys";
}

/* Who this is: what the token says of itself is good enough to ask about. */
static mhsm_status own_principal(mhsm_client *client, const mhsm_uri *uri,
                                 char **principal, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    struct mhsmi_claims claims;
    struct mhsmi_buf token;
    mhsm_status st;

    memset(&claims, 0, sizeof(claims));
    mhsmi_buf_init(&token, token_max);
    call.method = "GET";
    call.endpoint = mhsm_uri_endpoint(uri);
    call.path = "/keys";
    call.what = "find out who this is";
    st = mhsmi_session_token(mhsmi_client_session(client), &call, &token, err);
    if (st == MHSM_OK &&
        (!mhsmi_claims_read(&claims, mhsmi_buf_text(&token)) ||
         claims.object_id == NULL || !mhsmi_guid_check(claims.object_id)))
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "the access token does not say whose it is: name the "
                         "principal");
    if (st == MHSM_OK && (*principal = mhsmi_strdup(claims.object_id)) == NULL)
        st = mhsmi_error_memory(err);
    mhsmi_claims_clear(&claims);
    mhsmi_buf_clear(&token);
    return st;
}

/* At the scope that was asked about: definitions are the same everywhere. */
static mhsm_status find_definition(struct check *check, const char *guid,
                                   const mhsm_role_definition **definition,
                                   mhsm_error **err)
{
    mhsm_role_definition *made = NULL;
    mhsm_status st;
    size_t i;

    for (i = 0; i < check->known_count; i++) {
        *definition = check->known[i];
        if (OPENSSL_strcasecmp(check->known[i]->id, guid) == 0)
            return MHSM_OK;
    }
    if (check->known_count == known_max)
        return mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                           "the principal has more than %d roles",
                           (int)known_max);
    st = mhsm_role_definition_get(check->client, check->uri, check->scope, guid,
                                  &made, err);
    if (st == MHSM_OK) {
        check->known[check->known_count++] = made;
        *definition = made;
    }
    return st;
}

/* Takes the assignment. */
static mhsm_status look_at(struct check *check,
                           mhsm_role_assignment *assignment, mhsm_error **err)
{
    struct mhsm_role_verdict *verdict = check->verdict;
    const mhsm_role_definition *definition = NULL;
    mhsm_status st = MHSM_OK;
    char *role;

    if (OPENSSL_strcasecmp(assignment->principal, verdict->principal) == 0)
        st = find_definition(check, assignment->role, &definition, err);
    if (st != MHSM_OK || definition == NULL ||
        !mhsm_role_definition_grants(definition, verdict->action) ||
        verdict->grant_count == grants_max) {
        mhsm_role_assignment_free(assignment);
        return st;
    }
    role = mhsmi_strdup(definition->name);
    if (role == NULL) {
        mhsm_role_assignment_free(assignment);
        return mhsmi_error_memory(err);
    }
    verdict->grants[verdict->grant_count].assignment = assignment;
    verdict->grants[verdict->grant_count++].role = role;
    return MHSM_OK;
}

static mhsm_status look_through(struct check *check, const char *scope,
                                mhsm_error **err)
{
    mhsm_role_assignment *one = NULL;
    mhsm_role_list *list = NULL;
    mhsm_status st =
        mhsm_role_assignments(check->client, check->uri, scope, &list, err);

    while (st == MHSM_OK) {
        st = mhsm_role_list_assignment(list, &one, err);
        if (st != MHSM_OK || one == NULL)
            break;
        st = look_at(check, one, err);
    }
    mhsm_role_list_free(list);
    return st;
}

static mhsm_status look_everywhere(struct check *check, mhsm_error **err)
{
    struct mhsm_role_verdict *verdict = check->verdict;
    mhsm_status st = look_through(check, check->scope, err);
    const char *scope = check->scope;

    while (st == MHSM_OK && (scope = widen(scope)) != NULL) {
        mhsm_error *refusal = NULL;

        st = look_through(check, scope, &refusal);
        if (st == MHSM_ERR_FORBIDDEN) {
            verdict->hidden[verdict->hidden_count++] = scope;
            mhsm_error_free(&refusal);
            st = MHSM_OK;
        } else if (err != NULL) {
            *err = refusal;
        } else {
            mhsm_error_free(&refusal);
        }
    }
    return st;
}

static mhsm_status prepare(mhsm_client *client, const mhsm_uri *uri,
                           const char *action, const char *principal,
                           struct mhsm_role_verdict *verdict, mhsm_error **err)
{
    size_t prefix = strlen(MHSMI_ACTION_PREFIX);

    verdict->action =
        OPENSSL_strncasecmp(action, MHSMI_ACTION_PREFIX, prefix) == 0
            ? mhsmi_strdup(action)
            : mhsmi_asprintf(MHSMI_ACTION_PREFIX "%s", action);
    if (verdict->action == NULL)
        return mhsmi_error_memory(err);
    if (principal == NULL)
        return own_principal(client, uri, &verdict->principal, err);
    verdict->principal = mhsmi_strdup(principal);
    return verdict->principal != NULL ? MHSM_OK : mhsmi_error_memory(err);
}

mhsm_status mhsm_role_check(mhsm_client *client, const mhsm_uri *uri,
                            const char *scope, const char *action,
                            const char *principal, mhsm_role_verdict **verdict,
                            mhsm_error **err)
{
    struct check check = {.client = client, .uri = uri, .scope = scope};
    mhsm_status st;
    size_t i;

    if (client == NULL || uri == NULL || scope == NULL || action == NULL ||
        action[0] == '\0')
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a check needs a client, a URI, a scope and a data "
                           "action");
    if (principal != NULL && !mhsmi_guid_check(principal))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the principal %.80s is not an object id (a GUID)",
                           principal);
    check.verdict = mhsmi_alloc(sizeof(*check.verdict));
    if (check.verdict == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_access_require_hsm(client, uri, "local RBAC", err);
    if (st == MHSM_OK)
        st = prepare(client, uri, action, principal, check.verdict, err);
    if (st == MHSM_OK)
        st = look_everywhere(&check, err);
    for (i = 0; i < check.known_count; i++)
        mhsm_role_definition_free(check.known[i]);
    if (st == MHSM_OK)
        *verdict = check.verdict;
    else
        mhsm_role_verdict_free(check.verdict);
    return st;
}

void mhsm_role_verdict_free(mhsm_role_verdict *verdict)
{
    size_t i;

    if (verdict == NULL)
        return;
    for (i = 0; i < verdict->grant_count; i++) {
        mhsm_role_assignment_free(verdict->grants[i].assignment);
        mhsmi_free(verdict->grants[i].role);
    }
    mhsmi_free(verdict->principal);
    mhsmi_free(verdict->action);
    mhsmi_free(verdict);
}

const char *mhsm_role_verdict_principal(const mhsm_role_verdict *verdict)
{
    return verdict->principal;
}

const char *mhsm_role_verdict_action(const mhsm_role_verdict *verdict)
{
    return verdict->action;
}

const mhsm_role_assignment *
mhsm_role_verdict_assignment(const mhsm_role_verdict *verdict, size_t index)
{
    return index < verdict->grant_count ? verdict->grants[index].assignment
                                        : NULL;
}

const char *mhsm_role_verdict_role(const mhsm_role_verdict *verdict,
                                   size_t index)
{
    return index < verdict->grant_count ? verdict->grants[index].role : NULL;
}

const char *mhsm_role_verdict_hidden(const mhsm_role_verdict *verdict,
                                     size_t index)
{
    return index < verdict->hidden_count ? verdict->hidden[index] : NULL;
}
