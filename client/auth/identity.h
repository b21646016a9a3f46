/* SPDX-License-Identifier: MIT
 *
 * Managed identities.  Each kind of host has its own service that hands out
 * their tokens: one file a service, behind the table of managed_identity.c.
 * None of them is ever reached by way of a proxy.
 */
#ifndef MHSM_CLIENT_AUTH_IDENTITY_H
#define MHSM_CLIENT_AUTH_IDENTITY_H

#include "auth/credential.h"
#include "auth/transport.h"

struct mhsmi_identity;

/* What a source's URL calls the three ways to name an identity; NULL: the
 * source cannot be told.  In the order of the options identity-client-id,
 * identity-object-id and identity-resource-id. */
enum { MHSMI_IDENTITY_WAYS = 3 };

struct mhsmi_identity_source {
    const char *name;  /* "App Service", for messages */
    const char *place; /* "this App Service", where an identity is assigned */
    const char *parameters[MHSMI_IDENTITY_WAYS];
    enum mhsmi_retry_class retry;
    /* The environment is that of such a host; no request. */
    int (*present)(const mhsm_config *config);
    mhsm_status (*acquire)(struct mhsmi_identity *self,
                           const struct mhsmi_token_request *request,
                           struct mhsmi_token *token,
                           struct mhsmi_counters *counters, mhsm_error **err);
};

/* In the order in which they are looked for. */
extern const struct mhsmi_identity_source mhsmi_identity_service_fabric;
extern const struct mhsmi_identity_source mhsmi_identity_app_service;
extern const struct mhsmi_identity_source mhsmi_identity_app_service_2017;
extern const struct mhsmi_identity_source mhsmi_identity_cloud_shell;
extern const struct mhsmi_identity_source mhsmi_identity_arc;
extern const struct mhsmi_identity_source mhsmi_identity_imds;

struct mhsmi_identity {
    struct mhsmi_credential base;
    const mhsm_config *config;
    const struct mhsmi_identity_source *source; /* for the life of it */
    char who[64]; /* "managed-identity credential (App Service)" */
    char *user_agent;
    struct mhsmi_transport transport;
    int chained; /* one of several credentials that may be there */
    int probe;   /* ask first whether the service is there at all */
};

enum { MHSMI_IDENTITY_URL_MAX = 8192 };

struct mhsmi_identity_question {
    const char *method, *url;
    const struct mhsmi_header *headers;
    size_t header_count;
    const struct mhsmi_buf *form; /* or NULL */
    int64_t deadline_ms;
};

/* Append the URL that an environment variable holds, and "?" or "&".  What is
 * no URL, or is http to a host that is not near, is a mistake of the
 * configuration (MHSM_ERR_CONFIG), not an absent service. */
MHSM_NODISCARD mhsm_status mhsmi_identity_endpoint(
    const struct mhsmi_identity *self, const char *variable, int https_only,
    struct mhsmi_buf *url, mhsm_error **err);
/* Append "api-version=...&resource=..." and which identity is meant. */
MHSM_NODISCARD mhsm_status
mhsmi_identity_query(const struct mhsmi_identity *self, const char *version,
                     const struct mhsmi_token_request *request,
                     struct mhsmi_buf *url, mhsm_error **err);
/* MHSM_ERR_CONFIG when the options name an identity in a way that the source
 * does not know. */
MHSM_NODISCARD mhsm_status
mhsmi_identity_check(const struct mhsmi_identity *self, mhsm_error **err);
/* The options name one of several identities. */
int mhsmi_identity_is_named(const struct mhsmi_identity *self);
/* "&name=value", escaped: 1, or 0 when memory is out. */
MHSM_NODISCARD int mhsmi_identity_add(struct mhsmi_buf *url, const char *name,
                                      const char *value);

/* One question, with retries: MHSM_OK whatever the status of the answer. */
MHSM_NODISCARD mhsm_status
mhsmi_identity_send(const struct mhsmi_identity *self,
                    const struct mhsmi_identity_question *question,
                    struct mhsmi_response *response,
                    struct mhsmi_counters *counters, mhsm_error **err);
/* The token of an answer, or the error that it is. */
MHSM_NODISCARD mhsm_status mhsmi_identity_take(
    const struct mhsmi_identity *self, const struct mhsmi_response *response,
    struct mhsmi_token *token, mhsm_error **err);
/* Both. */
MHSM_NODISCARD mhsm_status mhsmi_identity_ask(
    const struct mhsmi_identity *self,
    const struct mhsmi_identity_question *question, struct mhsmi_token *token,
    struct mhsmi_counters *counters, mhsm_error **err);

#endif
