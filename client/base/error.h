/* SPDX-License-Identifier: MIT
 *
 * How libmhsm makes an mhsm_error.  Each maker returns the status it stored, so
 * that a failing function reads `st = mhsmi_error(err, ...); goto out;`.
 */
#ifndef MHSM_CLIENT_BASE_ERROR_H
#define MHSM_CLIENT_BASE_ERROR_H

#include <mhsm/error.h>

#define MHSMI_PRINTF(index, first) __attribute__((format(printf, index, first)))

/* Store a new error (when err is not NULL) and return `status`.  Control
 * characters in the text become spaces. */
mhsm_status mhsmi_error(mhsm_error **err, mhsm_status status,
                        const char *format, ...) MHSMI_PRINTF(3, 4);
/* Out of memory: a static object, so that it cannot itself fail. */
mhsm_status mhsmi_error_memory(mhsm_error **err);

/* Complete a stored error; no-ops when err or *err is NULL. */
void mhsmi_error_set_hint(mhsm_error **err, const char *format, ...)
    MHSMI_PRINTF(2, 3);
void mhsmi_error_set_service(mhsm_error **err, int http_status,
                             const char *code, const char *request_id);
/* "PREFIX: old message". */
void mhsmi_error_prefix(mhsm_error **err, const char *format, ...)
    MHSMI_PRINTF(2, 3);

#endif
