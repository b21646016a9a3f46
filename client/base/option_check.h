/* SPDX-License-Identifier: MIT
 *
 * What the values of options may look like: 1 when the value is well-formed.
 * No I/O; whether what a value names exists is found out by whoever uses it.
 */
#ifndef MHSM_CLIENT_BASE_OPTION_CHECK_H
#define MHSM_CLIENT_BASE_OPTION_CHECK_H

#include <stddef.h>

typedef int mhsmi_check(const char *value);

mhsmi_check mhsmi_check_endpoint, mhsmi_check_version, mhsmi_check_hosts,
    mhsmi_check_token, mhsmi_check_authority, mhsmi_check_resource,
    mhsmi_check_imds, mhsmi_check_proxy, mhsmi_check_text,
    mhsmi_check_operations, mhsmi_check_credentials, mhsmi_check_program,
    mhsmi_check_subscription, mhsmi_check_pem;

/* Letters, digits and `extra`, not empty, at most `max` characters. */
int mhsmi_check_charset(const char *value, const char *extra, size_t max);

#endif
