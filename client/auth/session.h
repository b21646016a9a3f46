/* SPDX-License-Identifier: MIT
 *
 * A session with HSMs: sends requests with a bearer token, answers 401
 * challenges, retries, and turns the service's errors into mhsm_error.
 * Knows tokens and the service's error JSON; knows no keys.
 */
#ifndef MHSM_CLIENT_AUTH_SESSION_H
#define MHSM_CLIENT_AUTH_SESSION_H

#include "auth/credential.h"
#include "base/json.h"
#include "http/retry.h"
#include "mhsm/client.h"

struct mhsmi_session;

/* `config` outlives the session. No I/O. */
MHSM_NODISCARD mhsm_status mhsmi_session_new(const mhsm_config *config,
                                             struct mhsmi_session **session,
                                             mhsm_error **err);
void mhsmi_session_free(struct mhsmi_session *session);
struct mhsmi_counters *mhsmi_session_counters(struct mhsmi_session *session);
/* How it gets its tokens; not to be looked at during a call. */
const struct mhsmi_credential *
mhsmi_session_credential(const struct mhsmi_session *session);

/* The session of a client; every room above auth reaches it by this. */
struct mhsmi_session *mhsmi_client_session(mhsm_client *client);

/* A service beside the HSMs that takes tokens of the same credential. Its
 * certificate comes from the same roots as the authority's. */
struct mhsmi_service {
    const char *name;     /* for messages: "Azure Resource Manager" */
    const char *resource; /* what tokens for it are for */
    const char *api_version;
};

/* Where the service says that its work is to be asked for; NULL: nowhere. */
struct mhsmi_follow {
    int status; /* of the answer */
    char *location;
    char *operation; /* Azure-AsyncOperation */
};

void mhsmi_follow_clear(struct mhsmi_follow *follow);

struct mhsmi_call {
    const struct mhsmi_service *service; /* NULL: an HSM */
    const char *method;
    const char *endpoint; /* "https://HOST[:PORT]" already checked */
    const char *path;     /* "/keys/NAME", characters already safe */
    const char *query;    /* added after api-version, or NULL */
    const char *url;      /* whole URL in place of the three above (nextLink);
                             must have the endpoint's origin; api-version is
                             added when absent */
    struct json_object *body;     /* NULL: none; borrowed */
    const struct mhsmi_buf *text; /* the body as it is sent, in place of it */
    /* Of a private operation: before the second HSM of the configuration gets
     * it, `vet` has to find its key there (asking at `endpoint`, once a key).
     * NULL with a `key`: there is nothing to look at. Without a `key` only GETs
     * may move. */
    const char *key;
    mhsm_status (*vet)(const void *vetted, const char *endpoint,
                       int64_t deadline_ms, mhsm_error **err);
    const void *vetted;
    const char **served; /* NULL, or gets the endpoint that answered */
    int stays;           /* even a GET is for this HSM alone */
    enum mhsmi_retry_class retry;
    int64_t deadline_ms; /* monotonic; 0: the option "timeout" from now */
    struct mhsmi_follow *follow; /* NULL, or filled on 2xx; to be cleared */
    /* NULL, or gets the milliseconds that an answer of 2xx asks to wait before
     * the next look, 0 when it asks for none. */
    int64_t *retry_after_ms;
    const char *what; /* for messages: "sign with key NAME" */
    /* For the 403 hint: "Microsoft.KeyVault/managedHsm/keys/sign/action" and
     * the built-in role that has it. NULL: taken from the service's text. */
    const char *action;
    const char *role;
};

/* 2xx: *answer gets the JSON (NULL when there is no body); the caller wipes or
 * puts it. Everything else is an error, mapped by service_error.c.
 * `answer` may be NULL. */
MHSM_NODISCARD mhsm_status mhsmi_session_call(struct mhsmi_session *session,
                                              const struct mhsmi_call *call,
                                              struct json_object **answer,
                                              mhsm_error **err);
/* Append the token that `call` would carry to its endpoint. */
MHSM_NODISCARD mhsm_status mhsmi_session_token(struct mhsmi_session *session,
                                               const struct mhsmi_call *call,
                                               struct mhsmi_buf *token,
                                               mhsm_error **err);
/* Append a token of the same credential and tenant for another resource, such
 * as "https://storage.azure.com". */
MHSM_NODISCARD mhsm_status mhsmi_session_resource_token(
    struct mhsmi_session *session, const struct mhsmi_call *call,
    const char *resource, struct mhsmi_buf *token, mhsm_error **err);

#endif
