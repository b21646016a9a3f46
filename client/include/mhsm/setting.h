/* SPDX-License-Identifier: MIT
 *
 * Settings of a Managed HSM (REST reference, Settings).  Azure Key Vaults have
 * none.
 */
#ifndef MHSM_SETTING_H
#define MHSM_SETTING_H

#include <stddef.h>

#include <mhsm/client.h>
#include <mhsm/uri.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed from the settings. */
typedef struct mhsm_setting {
    const char *name;
    const char *type;  /* "boolean"; "" when the service does not say */
    const char *value; /* text, whatever the type */
    const char *json;
} mhsm_setting;

typedef struct mhsm_settings mhsm_settings;

/* One setting, or all (`name` NULL).  Needs settings/read/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_settings_get(mhsm_client *client,
                                                      const mhsm_uri *uri,
                                                      const char *name,
                                                      mhsm_settings **settings,
                                                      mhsm_error **err);
/* Sent once; `settings` (may be NULL) gets the one that was set.  Needs
 * settings/write/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_settings_set(
    mhsm_client *client, const mhsm_uri *uri, const char *name,
    const char *value, mhsm_settings **settings, mhsm_error **err);
/* NULL past the last. */
MHSM_API const mhsm_setting *mhsm_settings_at(const mhsm_settings *settings,
                                              size_t index);
MHSM_API void mhsm_settings_free(mhsm_settings *settings);

#ifdef __cplusplus
}
#endif
#endif
