/* SPDX-License-Identifier: MIT
 *
 * Clients, URIs and keys for the programs of this folder.  Uses libmhsm by its
 * public headers alone; a step of preparation that fails ends the program.
 */
#ifndef MHSM_TESTS_CLIENT_SUPPORT_H
#define MHSM_TESTS_CLIENT_SUPPORT_H

#include <mhsm/mhsm.h>

#include "harness.h"

/* A client of the environment's configuration, with further options as
 * "NAME=VALUE" (NULL: none). */
mhsm_client *tc_open(const char *const *options);
#define TC_OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
mhsm_uri *tc_uri(const mhsm_client *client, const char *text);
/* The key at a URI. */
mhsm_key *tc_key(mhsm_client *client, const char *text);
/* Whether the key at a URI can be got; and whether a new client of these
 * options could. */
mhsm_status tc_get_by(mhsm_client *client, const char *text, mhsm_error **err);
mhsm_status tc_get(const char *text, const char *const *options,
                   mhsm_error **err);
/* Create one and return it. */
mhsm_key *tc_create(mhsm_client *client, const char *name, mhsm_key_type type,
                    unsigned int bits, mhsm_curve curve);

/* Create an EC key by a client of its own: what the others will get. */
void tc_prepare(const char *name);

/* Status of the last call, told with the error's text when it is another. */
#define TC_STATUS(call, expected)                                              \
    tc_status(__FILE__, __LINE__, #call, (call), (expected), &err)
void tc_status(const char *file, unsigned int line, const char *call,
               mhsm_status status, mhsm_status expected, mhsm_error **err);
/* The error has the status, and message, hint or code hold `part`; frees it. */
#define TC_ERROR(call, expected, part)                                         \
    tc_error(__FILE__, __LINE__, #call, (call), (expected), (part), &err)
void tc_error(const char *file, unsigned int line, const char *call,
              mhsm_status status, mhsm_status expected, const char *part,
              mhsm_error **err);

#endif
