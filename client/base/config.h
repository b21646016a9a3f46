/* SPDX-License-Identifier: MIT
 *
 * What the library itself needs of options and configurations, beyond the
 * public mhsm/config.h.
 */
#ifndef MHSM_CLIENT_BASE_CONFIG_H
#define MHSM_CLIENT_BASE_CONFIG_H

#include "base/buf.h"
#include "mhsm/config.h"

#define MHSMI_SECRET_MAX 65536

/* The row's number in the table, or -1. */
int mhsmi_option_index(const char *name);
size_t mhsmi_option_count(void);
/* NULL when `value` is well-formed for the option; else what is accepted, a
 * phrase that completes "is not ..." (static). */
const char *mhsmi_option_check(const mhsm_option *option, const char *value);
/* A checked value as a number: BOOLEAN 0 or 1, DURATION in milliseconds. */
long mhsmi_option_number(const mhsm_option *option, const char *value);

/* A deep copy; NULL when out of memory. */
mhsm_config *mhsmi_config_copy(const mhsm_config *config);
/* The value in force was given by somebody; for a SECRET, the reference names
 * something that is there as far as can be told without I/O. */
int mhsmi_config_is_set(const mhsm_config *config, const char *name);
/* Where the value came from, in words: "MHSM_TIMEOUT", "openssl.cnf", ... */
const char *mhsmi_config_source(const mhsm_config *config, const char *name);
/* Resolve a SECRET and append it to `out`, without its trailing newline.
 * MHSM_ERR_CONFIG names the option and never the content. */
MHSM_NODISCARD mhsm_status mhsmi_config_secret(const mhsm_config *config,
                                               const char *name,
                                               struct mhsmi_buf *out,
                                               mhsm_error **err);
/* The same of a reference that came another way; messages name `name`. */
MHSM_NODISCARD mhsm_status mhsmi_secret_read(const char *name,
                                             const char *reference,
                                             struct mhsmi_buf *out,
                                             mhsm_error **err);
/* An environment variable, or NULL when unset, empty, or not to be trusted
 * because the program is privileged. */
const char *mhsmi_config_variable(const char *name);

#endif
