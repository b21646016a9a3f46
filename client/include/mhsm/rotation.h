/* SPDX-License-Identifier: MIT
 *
 * Rotation policies: when a key gets its next version by itself, and when the
 * versions that come of it expire (REST reference, KeyRotationPolicy).  A
 * Managed HSM rotates only keys that have one, on demand too.
 *
 * Times are ISO 8601 durations as the service takes them: years, months, weeks
 * and days ("P18M", "P1Y6M", "P90D"), not less than 28 days; a Key Vault also
 * rotates after 7.
 */
#ifndef MHSM_ROTATION_H
#define MHSM_ROTATION_H

#include <stdint.h>

#include <mhsm/client.h>
#include <mhsm/uri.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_rotation_policy mhsm_rotation_policy;

/* What to set; all NULL: no policy, which removes the one there is.  Start from
 * MHSM_ROTATION_SPEC_INIT. */
typedef struct mhsm_rotation_spec {
    /* When to rotate: one of these two, or none. */
    const char *after_create;  /* so long after a version was made */
    const char *before_expiry; /* so long before it expires */
    const char *expiry;        /* the life of a version; NULL: no end */
} mhsm_rotation_spec;

#define MHSM_ROTATION_SPEC_INIT                                                \
    {                                                                          \
        NULL, NULL, NULL                                                       \
    }

/* One GET.  A key that has no policy has an empty one.  Needs
 * keys/read/action. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_rotation_policy_get(mhsm_client *client, const mhsm_uri *uri,
                         mhsm_rotation_policy **policy, mhsm_error **err);
/* Replaces the policy; `policy` (may be NULL) gets the new one.
 * MHSM_ERR_ARGUMENT for a duration that the service does not take.  Sent once.
 * Needs keys/write/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_rotation_policy_set(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_rotation_spec *spec,
    mhsm_rotation_policy **policy, mhsm_error **err);
MHSM_API void mhsm_rotation_policy_free(mhsm_rotation_policy *policy);

/* All borrow from the policy; NULL and 0 for what it does not say. */
MHSM_API const char *
mhsm_rotation_policy_after_create(const mhsm_rotation_policy *policy);
MHSM_API const char *
mhsm_rotation_policy_before_expiry(const mhsm_rotation_policy *policy);
MHSM_API const char *
mhsm_rotation_policy_expiry(const mhsm_rotation_policy *policy);
/* Unix seconds. */
MHSM_API int64_t
mhsm_rotation_policy_created(const mhsm_rotation_policy *policy);
MHSM_API int64_t
mhsm_rotation_policy_updated(const mhsm_rotation_policy *policy);
/* The whole answer as JSON. */
MHSM_API const char *
mhsm_rotation_policy_json(const mhsm_rotation_policy *policy);

#ifdef __cplusplus
}
#endif
#endif
