/* SPDX-License-Identifier: MIT
 *
 * What the calls of this room have in common: paths, the RBAC action for the
 * error's hint, and answers that are keys.
 */
#ifndef MHSM_CLIENT_KEYS_REQUEST_H
#define MHSM_CLIENT_KEYS_REQUEST_H

#include "auth/session.h"
#include "keys/jwk.h"

struct mhsmi_key_request {
    const char *method;
    const char *collection; /* "keys" or "deletedkeys" */
    const char *verb;       /* appended as "/VERB"; NULL: none */
    const char *doing;      /* "create key": the name is added */
    const char *action;     /* "keys/create/action" */
    int versioned;          /* done to the version that the URI names, if any */
    enum mhsmi_retry_class retry;
};

/* One call about the key that `uri` names.  `body` may be NULL.
 * MHSM_ERR_ARGUMENT when the URI names no key, or a version of one that is
 * dealt with as a whole. */
MHSM_NODISCARD mhsm_status mhsmi_key_request(
    mhsm_client *client, const mhsm_uri *uri,
    const struct mhsmi_key_request *request, struct json_object *body,
    struct json_object **answer, mhsm_error **err);
/* The same, with the answer made into a key that must be the one asked for. */
MHSM_NODISCARD mhsm_status mhsmi_key_request_key(
    mhsm_client *client, const mhsm_uri *uri,
    const struct mhsmi_key_request *request, struct json_object *body,
    mhsm_key **key, mhsm_error **err);

#endif
