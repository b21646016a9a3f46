/* SPDX-License-Identifier: MIT
 *
 * The chain (`credential = automatic`): the first member that is there speaks
 * for the program, and from its first token on no other is asked.  One that is
 * there and fails ends the search, because another one would be another
 * identity with other rights; the error lists what became of each.
 */
#include "auth/chain.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/log.h"

enum { members_max = 8, text_max = 8192 };

struct member {
    const struct mhsmi_credential_type *type;
    struct mhsmi_credential *credential; /* NULL: not tried */
    const char *why_not;                 /* then */
    mhsm_error *failure;                 /* of the last search */
};

struct chain {
    struct mhsmi_credential base;
    struct member members[members_max];
    size_t count;
    struct member *used; /* NULL: none has given a token yet */
};

/* What Azure's own clients call the members; people's credentials are theirs
 * who sit at the machine, and no server's. */
static const struct {
    const char *type, *azure;
    int developer;
} names[] = {
    {"client-secret", "EnvironmentCredential", 0},
    {"client-certificate", "EnvironmentCredential", 0},
    {"workload-identity", "WorkloadIdentityCredential", 0},
    {"managed-identity", "ManagedIdentityCredential", 0},
    {"azure-cli", "AzureCliCredential", 1},
};

static size_t name_of(const struct mhsmi_credential_type *type)
{
    size_t i = 0, last = sizeof(names) / sizeof(names[0]) - 1;

    while (i < last && strcmp(names[i].type, type->name) != 0)
        i++;
    return i;
}

/* The option says `name`, whatever its case and the white space around. */
static int says(const mhsm_config *config, const char *name)
{
    const char *value = mhsm_config_get(config, "token-credentials");
    size_t size;

    if (value == NULL)
        return 0;
    value += strspn(value, " \t");
    size = strcspn(value, " \t");
    return strlen(name) == size && OPENSSL_strncasecmp(value, name, size) == 0;
}

int mhsmi_chain_is_used(const mhsm_config *config)
{
    return strcmp(mhsm_config_get(config, "credential"), "automatic") == 0;
}

int mhsmi_chain_is_alone(const mhsm_config *config,
                         const struct mhsmi_credential_type *type)
{
    return mhsmi_chain_is_used(config) &&
           says(config, names[name_of(type)].azure);
}

/* Why a member is not tried; NULL: it is. */
static const char *why_not(const mhsm_config *config,
                           const struct mhsmi_credential_type *type)
{
    size_t name = name_of(type);
    int any = mhsm_config_get(config, "token-credentials") == NULL;

    if (!any && !says(config, names[name].azure) &&
        !says(config, names[name].developer ? "dev" : "prod"))
        return "not among token-credentials";
    if (names[name].developer &&
        !mhsm_config_get_boolean(config, "developer-credentials"))
        return any ? "only by choice"
                   : "only by choice: set credential to it, or "
                     "developer-credentials to yes";
    return type->configured(config) ? NULL : "not configured";
}

static void chain_free(struct mhsmi_credential *credential)
{
    struct chain *chain = (struct chain *)credential;
    size_t i;

    for (i = 0; i < chain->count; i++) {
        mhsmi_credential_free(chain->members[i].credential);
        mhsm_error_free(&chain->members[i].failure);
    }
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
        struct member *member = &chain->members[chain->count];

        if (!type->chained || chain->count == members_max)
            continue;
        member->type = type;
        member->why_not = why_not(config, type);
        if (member->why_not == NULL)
            st = type->create(config, &member->credential, err);
        if (st != MHSM_OK) {
            chain_free(&chain->base);
            return st;
        }
        chain->count++;
    }
    *credential = &chain->base;
    return MHSM_OK;
}

static const char *story_of(const struct member *member)
{
    if (member->why_not != NULL)
        return member->why_not;
    return member->failure != NULL ? mhsm_error_message(member->failure)
                                   : "not tried";
}

/* One error out of every member's story; its status and its hint are those of
 * the failure that ended the search. */
static mhsm_status explain(const struct chain *chain, const struct member *last,
                           mhsm_error **err)
{
    const mhsm_error *failure = last != NULL ? last->failure : NULL;
    struct mhsmi_buf text;
    mhsm_status st;
    int ok = 1;
    size_t i;

    mhsmi_buf_init(&text, text_max);
    for (i = 0; ok && i < chain->count; i++) {
        const struct member *member = &chain->members[i];

        ok = member->failure != NULL
                 ? mhsmi_buf_printf(&text, "; %s", story_of(member))
                 : mhsmi_buf_printf(&text, "; %s credential: %s",
                                    member->type->name, story_of(member));
    }
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

static mhsm_status try_member(struct member *member,
                              const struct mhsmi_token_request *request,
                              struct mhsmi_token *token,
                              struct mhsmi_counters *counters)
{
    mhsm_error_free(&member->failure);
    token->unavailable = 0;
    return member->type->acquire(member->credential, request, token, counters,
                                 &member->failure);
}

static mhsm_status chain_acquire(struct mhsmi_credential *credential,
                                 const struct mhsmi_token_request *request,
                                 struct mhsmi_token *token,
                                 struct mhsmi_counters *counters,
                                 mhsm_error **err)
{
    struct chain *chain = (struct chain *)credential;
    struct member *member = chain->used, *last = member;
    size_t i;

    if (member != NULL) {
        if (try_member(member, request, token, counters) == MHSM_OK)
            return MHSM_OK;
        return explain(chain, member, err);
    }
    for (i = 0; i < chain->count; i++)
        mhsm_error_free(&chain->members[i].failure);
    for (i = 0; i < chain->count; i++) {
        member = &chain->members[i];
        if (member->credential == NULL)
            continue;
        last = member;
        if (try_member(member, request, token, counters) == MHSM_OK) {
            chain->used = member;
            mhsmi_log(MHSMI_LOG_INFO, "tokens come from the %s credential",
                      member->type->name);
            return MHSM_OK;
        }
        if (!token->unavailable)
            break;
    }
    return explain(chain, last, err);
}

/* Only members that need none are passed over, and what follows them needs
 * none either: so the first decides. */
int mhsmi_credential_needs_tenant(const struct mhsmi_credential *credential)
{
    const struct chain *chain = (const struct chain *)credential;
    size_t i;

    if (credential->type != &mhsmi_credential_chain)
        return credential->type->needs_tenant;
    for (i = 0; i < chain->count; i++) {
        if (chain->members[i].credential != NULL)
            return chain->members[i].type->needs_tenant;
    }
    return 0;
}

static const char *kind_of(const struct mhsmi_credential *credential)
{
    return credential->type->kind != NULL ? credential->type->kind(credential)
                                          : "";
}

int mhsmi_chain_story(const struct mhsmi_credential *credential, size_t index,
                      struct mhsmi_story *story)
{
    const struct chain *chain = (const struct chain *)credential;

    if (credential->type != &mhsmi_credential_chain) {
        *story = (struct mhsmi_story){credential->type->name,
                                      kind_of(credential), 1};
        return index == 0;
    }
    if (index >= chain->count)
        return 0;
    story->used = chain->used == &chain->members[index];
    story->name = chain->members[index].type->name;
    story->text = story->used ? kind_of(chain->members[index].credential)
                              : story_of(&chain->members[index]);
    return 1;
}

const struct mhsmi_credential_type mhsmi_credential_chain = {
    .name = "automatic",
    .help = "the first that is configured, in the order of this list",
    .configured = chain_configured,
    .create = chain_create,
    .acquire = chain_acquire,
    .free = chain_free,
};
