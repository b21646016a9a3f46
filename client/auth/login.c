/* SPDX-License-Identifier: MIT
 *
 * The trial of a login, in a session of its own, so that it starts from
 * nothing and disturbs nobody.
 */
#include "mhsm/login.h"

#include "auth/chain.h"
#include "auth/claims.h"
#include "auth/session.h"

enum { credentials_max = 8, token_max = 32768 };

struct mhsm_login {
    struct {
        char *name, *story;
    } credentials[credentials_max];
    size_t count, used;
    struct mhsmi_claims claims;
    mhsm_error *error;
};

static int take_stories(struct mhsm_login *login,
                        const struct mhsmi_credential *credential)
{
    struct mhsmi_story story;
    size_t i;

    for (i = 0; i < credentials_max && mhsmi_chain_story(credential, i, &story);
         i++) {
        login->credentials[i].name = mhsmi_strdup(story.name);
        login->credentials[i].story = mhsmi_strdup(story.text);
        login->count = i + 1;
        if (story.used)
            login->used = i;
        if (login->credentials[i].name == NULL ||
            login->credentials[i].story == NULL)
            return 0;
    }
    return 1;
}

/* Any token is a token: what does not say whose it is is none the worse. */
static mhsm_status take_token(struct mhsm_login *login,
                              struct mhsmi_session *session,
                              const struct mhsmi_call *call, mhsm_error **err)
{
    struct mhsmi_buf token;
    mhsm_status st;

    mhsmi_buf_init(&token, token_max);
    st = mhsmi_session_token(session, call, &token, err);
    if (st == MHSM_OK &&
        !mhsmi_claims_read(&login->claims, mhsmi_buf_text(&token)))
        mhsmi_claims_clear(&login->claims);
    mhsmi_buf_clear(&token);
    if (st == MHSM_OK &&
        !take_stories(login, mhsmi_session_credential(session)))
        st = mhsmi_error_memory(err);
    return st;
}

mhsm_status mhsm_login_test(mhsm_client *client, const mhsm_uri *uri,
                            mhsm_login **login, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    struct mhsmi_session *session = NULL;
    struct mhsm_login *made;
    mhsm_status st;

    if (client == NULL || uri == NULL || login == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a login needs a client and a URI");
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    call.method = "GET";
    call.endpoint = mhsm_uri_endpoint(uri);
    call.path = "/keys";
    call.query = "maxresults=1";
    call.retry = MHSMI_RETRY_REPEATABLE;
    call.what = "log in";
    call.action = "Microsoft.KeyVault/managedHsm/keys/read/action";
    st = mhsmi_session_new(mhsm_client_config(client), &session, err);
    if (st == MHSM_OK)
        st = take_token(made, session, &call, err);
    if (st == MHSM_OK) {
        if (mhsmi_session_call(session, &call, NULL, &made->error) == MHSM_OK)
            mhsm_error_free(&made->error);
        *login = made;
    } else {
        mhsm_login_free(made);
    }
    mhsmi_session_free(session);
    return st;
}

void mhsm_login_free(mhsm_login *login)
{
    size_t i;

    if (login == NULL)
        return;
    for (i = 0; i < login->count; i++) {
        mhsmi_free(login->credentials[i].name);
        mhsmi_free(login->credentials[i].story);
    }
    mhsmi_claims_clear(&login->claims);
    mhsm_error_free(&login->error);
    mhsmi_free(login);
}

const char *mhsm_login_name(const mhsm_login *login, size_t index)
{
    return index < login->count ? login->credentials[index].name : NULL;
}

const char *mhsm_login_story(const mhsm_login *login, size_t index)
{
    return index < login->count ? login->credentials[index].story : NULL;
}

size_t mhsm_login_used(const mhsm_login *login)
{
    return login->used;
}

const char *mhsm_login_tenant(const mhsm_login *login)
{
    return login->claims.tenant;
}

const char *mhsm_login_object_id(const mhsm_login *login)
{
    return login->claims.object_id;
}

const char *mhsm_login_application(const mhsm_login *login)
{
    return login->claims.application;
}

const char *mhsm_login_audience(const mhsm_login *login)
{
    return login->claims.audience;
}

int64_t mhsm_login_expires(const mhsm_login *login)
{
    return login->claims.expires;
}

const mhsm_error *mhsm_login_error(const mhsm_login *login)
{
    return login->error;
}
