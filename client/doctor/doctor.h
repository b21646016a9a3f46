/* SPDX-License-Identifier: MIT
 *
 * The diagnosis of `mhsm doctor`: the way to an HSM walked step by step, each
 * step saying what it saw, what that means and what to do next.  It works when
 * everything is broken, takes half a minute at most, and changes nothing: it
 * sends reads only.
 *
 * One diagnosis at a time, on one thread.
 */
#ifndef MHSM_CLIENT_DOCTOR_DOCTOR_H
#define MHSM_CLIENT_DOCTOR_DOCTOR_H

#include "base/json.h"
#include "mhsm/config.h"

struct doctor_request {
    const mhsm_config *config;       /* as far as it could be read */
    const mhsm_error *configuration; /* why not further; NULL: all is read */
    const char *file; /* where options of a file came from, in words, or NULL */
    const char *key;  /* its name, well-formed; NULL: none in particular */
    /* Called after each step with its part of the report; may be NULL. */
    void (*done)(void *data, struct json_object *step);
    void *data;
};

/* The report, for the caller to put:
 * {"version", ..., "result", "steps": [{"step", "title", "result",
 *  "milliseconds", "findings": [{"mark", "saw", "means", "next"}],
 *  "facts": {...}}]}
 * Marks and results are "ok", "warn", "fail" and "skipped".  It holds no
 * secret.  The only error is MHSM_ERR_MEMORY. */
MHSM_NODISCARD mhsm_status doctor_run(const struct doctor_request *request,
                                      struct json_object **report,
                                      mhsm_error **err);

#endif
