/* SPDX-License-Identifier: MIT
 *
 * The client-credentials grant (RFC 6749 section 4.4) as Microsoft Entra and
 * AD FS speak it: what all credentials of an application have in common.  They
 * differ in what they prove it by.
 */
#ifndef MHSM_CLIENT_AUTH_ENTRA_H
#define MHSM_CLIENT_AUTH_ENTRA_H

#include "auth/credential.h"

/* First member of such a credential's own struct. */
struct mhsmi_entra {
    struct mhsmi_credential base;
    const mhsm_config *config;
    char *who; /* "client-secret credential", for messages */
    char *user_agent;
    struct mhsmi_transport transport;
    const char *authority; /* URL that the tenant's path is added to; NULL: the
                              one of the resource's cloud */
    const char *host;      /* for the Host header; NULL: the authority's */
};

/* What a proof is made for; valid during the call. */
struct mhsmi_entra_proof {
    const char *tenant;
    const char *url; /* the token endpoint */
    struct mhsmi_buf *form;
};

/* Append the fields that prove the application. */
typedef mhsm_status mhsmi_entra_prove(struct mhsmi_entra *entra,
                                      const struct mhsmi_entra_proof *proof,
                                      mhsm_error **err);

/* A credential of `size` octets, zero-filled but for its struct mhsmi_entra;
 * freed by mhsmi_entra_free. */
MHSM_NODISCARD mhsm_status mhsmi_entra_new(
    const mhsm_config *config, const struct mhsmi_credential_type *type,
    size_t size, struct mhsmi_credential **credential, mhsm_error **err);
void mhsmi_entra_free(struct mhsmi_credential *credential);

/* Ask for a token.  `request->tenant` NULL and an unset client-id are errors
 * that say what to set. */
MHSM_NODISCARD mhsm_status mhsmi_entra_acquire(
    struct mhsmi_entra *entra, mhsmi_entra_prove *prove,
    const struct mhsmi_token_request *request, struct mhsmi_token *token,
    struct mhsmi_counters *counters, mhsm_error **err);

/* Append "&name=value", the value encoded and `suffix` with it: 1 or 0. */
MHSM_NODISCARD int mhsmi_entra_field(struct mhsmi_buf *form, const char *name,
                                     const char *value, const char *suffix);
/* Append a client assertion (RFC 7523 section 2.2): 1 or 0. */
MHSM_NODISCARD int mhsmi_entra_assertion(struct mhsmi_buf *form,
                                         const char *assertion);
/* AD FS has one tenant, of that name, and an older endpoint. */
int mhsmi_entra_is_adfs(const char *tenant);
/* The error of an option that the credential cannot do without. */
mhsm_status mhsmi_entra_missing(const struct mhsmi_entra *entra,
                                const char *option, const char *variable,
                                mhsm_error **err);

#endif
