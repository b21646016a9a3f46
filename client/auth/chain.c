/* SPDX-License-Identifier: MIT
 *
 * The chain (`credential = automatic`): the first member that is configured
 * speaks for the program.  When that one fails the chain stops, because
 * another member would be another identity with other rights; the error lists
 * what became of each.
 */
#include "auth/chain.h"

#include <string.h>

enum { members_max = 8, text_max = 4096 };

struct chain {
    struct mhsmi_credential base;
    struct mhsmi_credential *members[members_max];
    size_t count; /* members that are configured, in order */
};

static void chain_free(struct mhsmi_credential *credential)
{
    struct chain *chain = (struct chain *)credential;
    size_t i;

    for (i = 0; i < chain->count; i++)
        mhsmi_credential_free(chain->members[i]);
    mhsmi_free(chain);
}

static int chain_configured(const mhsm_config *config)
{
    (void)config;
    return 1;
}

static mhsm_status chain_create(const mhsm_config *config,
                                struct mhsmi_credential **credential,
                                mhsm_error **err)
{
    struct chain *chain = mhsmi_alloc(sizeof(*chain));
    const struct mhsmi_credential_type *type;
    mhsm_status st = MHSM_OK;
    size_t i;

    if (chain == NULL)
        return mhsmi_error_memory(err);
    chain->base.type = &mhsmi_credential_chain;
    for (i = 0; (type = mhsmi_credential_type_at(i)) != NULL; i++) {
        if (!type->chained || !type->configured(config) ||
            chain->count == members_max)
            continue;
        st = type->create(config, &chain->members[chain->count], err);
        if (st != MHSM_OK) {
            chain_free(&chain->base);
            return st;
        }
        chain->count++;
    }
    *credential = &chain->base;
    return MHSM_OK;
}

static const struct mhsmi_credential *
find_member(const struct chain *chain, const struct mhsmi_credential_type *type)
{
    size_t i;

    for (i = 0; i < chain->count; i++) {
        if (chain->members[i]->type == type)
            return chain->members[i];
    }
    return NULL;
}

/* One error out of every member's story; its status is the failure's. */
static mhsm_status explain(const struct chain *chain,
                           const struct mhsmi_credential *tried,
                           mhsm_error *failure, mhsm_error **err)
{
    const struct mhsmi_credential_type *type;
    struct mhsmi_buf text;
    mhsm_status st;
    int after = 0, ok = 1;
    size_t i;

    mhsmi_buf_init(&text, text_max);
    for (i = 0; (type = mhsmi_credential_type_at(i)) != NULL; i++) {
        const struct mhsmi_credential *member = find_member(chain, type);

        if (!type->chained)
            continue;
        if (member != NULL && member == tried) {
            ok = ok &&
                 mhsmi_buf_printf(&text, "; %s", mhsm_error_message(failure));
            after = 1;
        } else {
            ok =
                ok && mhsmi_buf_printf(&text, "; %s credential: %s", type->name,
                                       member == NULL ? "not configured"
                                       : after        ? "not tried"
                                                      : "unavailable");
        }
    }
    if (!ok)
        mhsmi_buf_clear(&text);
    st = mhsmi_error(
        err, failure != NULL ? mhsm_error_status(failure) : MHSM_ERR_CREDENTIAL,
        "no access token%s", mhsmi_buf_text(&text));
    if (mhsm_error_hint(failure)[0] != '\0')
        mhsmi_error_set_hint(err, "%s", mhsm_error_hint(failure));
    else
        mhsmi_error_set_hint(err, "set tenant-id, client-id and client-secret, "
                                  "or choose with the option credential");
    mhsmi_error_set_service(err, mhsm_error_http_status(failure),
                            mhsm_error_code(failure),
                            mhsm_error_request_id(failure));
    mhsmi_buf_clear(&text);
    return st;
}

static mhsm_status chain_acquire(struct mhsmi_credential *credential,
                                 const struct mhsmi_token_request *request,
                                 struct mhsmi_token *token,
                                 struct mhsmi_counters *counters,
                                 mhsm_error **err)
{
    struct chain *chain = (struct chain *)credential;
    struct mhsmi_credential *first;
    mhsm_error *failure = NULL;
    mhsm_status st;

    if (chain->count == 0)
        return explain(chain, NULL, NULL, err);
    first = chain->members[0];
    st = first->type->acquire(first, request, token, counters, &failure);
    if (st != MHSM_OK)
        st = explain(chain, first, failure, err);
    mhsm_error_free(&failure);
    return st;
}

int mhsmi_credential_needs_tenant(const struct mhsmi_credential *credential)
{
    const struct chain *chain = (const struct chain *)credential;

    if (credential->type != &mhsmi_credential_chain)
        return credential->type->needs_tenant;
    return chain->count != 0 && chain->members[0]->type->needs_tenant;
}

const struct mhsmi_credential_type mhsmi_credential_chain = {
    .name = "automatic",
    .help = "a client secret when one is configured, else the managed identity",
    .configured = chain_configured,
    .create = chain_create,
    .acquire = chain_acquire,
    .free = chain_free,
};
