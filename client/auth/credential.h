/* SPDX-License-Identifier: MIT
 *
 * A way to obtain an access token.  One file a credential, each behind this
 * vtable; the chain and the token cache see nothing else.
 *
 * A credential is immutable after creation and its acquire() may be called by
 * one thread at a time (the token cache sees to that).
 */
#ifndef MHSM_CLIENT_AUTH_CREDENTIAL_H
#define MHSM_CLIENT_AUTH_CREDENTIAL_H

#include "base/buf.h"
#include "base/error.h"
#include "http/engine.h"
#include "mhsm/config.h"

/* What is asked for. */
struct mhsmi_token_request {
    const char *tenant;   /* from configuration or challenge; NULL: unknown */
    const char *resource; /* "https://managedhsm.azure.net", no final slash */
    const char *claims;   /* decoded claims challenge (JSON), NULL: none */
    int64_t deadline_ms;
};

struct mhsmi_token {
    struct mhsmi_buf text; /* wiped by mhsmi_token_clear */
    int64_t expires;       /* Unix seconds; 0: unknown */
    int64_t refresh;       /* Unix seconds at which to renew ahead; 0: none */
    int unavailable; /* there is none because there is no such credential here:
                        a chain goes on to the next */
};

void mhsmi_token_init(struct mhsmi_token *token);
void mhsmi_token_clear(struct mhsmi_token *token);

struct mhsmi_credential;

struct mhsmi_credential_type {
    const char *name; /* "client-secret": value of the option `credential` */
    const char *help;
    /* 1 when the configuration or environment holds what it needs: decides
     * whether a chain tries it. No I/O. */
    int (*configured)(const mhsm_config *config);
    /* `config` outlives the credential. */
    mhsm_status (*create)(const mhsm_config *config,
                          struct mhsmi_credential **credential,
                          mhsm_error **err);
    mhsm_status (*acquire)(struct mhsmi_credential *credential,
                           const struct mhsmi_token_request *request,
                           struct mhsmi_token *token,
                           struct mhsmi_counters *counters, mhsm_error **err);
    void (*free)(struct mhsmi_credential *credential);
    /* Which of its kinds it is, "App Service"; NULL: there is one kind. */
    const char *(*kind)(const struct mhsmi_credential *credential);
    int chained; /* tried by `credential = automatic`, in table order */
    int needs_tenant;
};

/* First member of each credential's own struct. */
struct mhsmi_credential {
    const struct mhsmi_credential_type *type;
};

extern const struct mhsmi_credential_type mhsmi_client_secret;
extern const struct mhsmi_credential_type mhsmi_client_certificate;
extern const struct mhsmi_credential_type mhsmi_workload_identity;
extern const struct mhsmi_credential_type mhsmi_managed_identity;
extern const struct mhsmi_credential_type mhsmi_azure_cli;
extern const struct mhsmi_credential_type mhsmi_static_token;
/* Not in the table of choices: tries those above in order. */
extern const struct mhsmi_credential_type mhsmi_credential_chain;

/* The one that the option `credential` selects. */
MHSM_NODISCARD mhsm_status
mhsmi_credential_new(const mhsm_config *config,
                     struct mhsmi_credential **credential, mhsm_error **err);
void mhsmi_credential_free(struct mhsmi_credential *credential);

#endif
