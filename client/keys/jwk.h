/* SPDX-License-Identifier: MIT
 *
 * The key object, and how it is made from the service's KeyBundle.
 */
#ifndef MHSM_CLIENT_KEYS_JWK_H
#define MHSM_CLIENT_KEYS_JWK_H

#include "base/json.h"
#include "keys/uri.h"
#include "mhsm/key.h"

/* Immutable once made, but for the count. */
struct mhsm_key {
    int references;
    char *endpoint, *name, *version;
    char *id, *uri, *json;
    mhsm_key_type type;
    mhsm_curve curve;
    unsigned int bits;
    unsigned int operations;
    int enabled;
    int64_t created, updated, not_before, expires;
    const mhsm_parameter_set *set; /* AKP only */
    const char *pss; /* static, see mhsm_key_pss(); only by references */
    struct mhsmi_buf n, e, x, y, pub; /* empty where the type has none */
};

/* Make a key of a KeyBundle or DeletedKeyBundle that `endpoint` sent; it is a
 * key of that endpoint, by whichever of the HSM's names its kid goes.
 * MHSM_ERR_PROTOCOL when it is malformed or its kid is of no HSM;
 * MHSM_ERR_UNSUPPORTED for key types, curves and algorithms that are not
 * known. */
MHSM_NODISCARD mhsm_status mhsmi_jwk_parse(const char *endpoint,
                                           struct json_object *bundle,
                                           mhsm_key **key, mhsm_error **err);
/* The key of a second HSM stands for that of the first: give it the endpoint
 * and names of that one. */
MHSM_NODISCARD mhsm_status mhsmi_jwk_move(mhsm_key *key, const char *endpoint,
                                          mhsm_error **err);
/* The answer is about the key that was asked for: the name in any case, the
 * version when `version` is not NULL. */
MHSM_NODISCARD mhsm_status mhsmi_jwk_is(const mhsm_key *key, const char *name,
                                        const char *version, mhsm_error **err);

/* Mask of the member "key_ops"; 0 when it is absent. */
unsigned int mhsmi_jwk_operations(struct json_object *jwk);

/* The dates of an `attributes` object; 0 where absent. */
struct mhsmi_attributes {
    int enabled;
    int64_t created, updated, not_before, expires;
};
struct mhsmi_attributes mhsmi_attributes_read(struct json_object *attributes);

#endif
