/* SPDX-License-Identifier: MIT
 *
 * Between the files of the harness only.
 */
#ifndef MHSM_TESTS_HARNESS_INTERNAL_H
#define MHSM_TESTS_HARNESS_INTERNAL_H

#include <json-c/json.h>
#include <openssl/err.h>

struct th_call {
    const char *method, *url;
    const char *body;   /* NULL: none */
    const char *form;   /* its content type is a form, not JSON */
    const char *bearer; /* NULL: no token */
};

/* One request outside the module; the caller puts the answer, which is NULL
 * when it is no JSON.  The program ends when there is no answer. */
struct json_object *th_http(const struct th_call *call, long *status);
/* POST to the control port; the caller puts *answer (may be NULL). */
void th_control(const char *path, const char *body,
                struct json_object **answer);
void th_service_cleanup(void);

#endif
