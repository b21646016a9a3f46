/* SPDX-License-Identifier: MIT
 *
 * Clients of the scripted server, and the rows that most scripts share: a
 * token, and one EC key named k.
 */
#ifndef MHSM_TESTS_CLIENT_SCRIPTED_CLIENT_H
#define MHSM_TESTS_CLIENT_SCRIPTED_CLIENT_H

#include "scripted.h"
#include "support.h"

#define TS_V1           "00000000000000000000000000000001"
#define TS_V2           "00000000000000000000000000000002"
#define TS_SIGN_ROUTE   "POST /keys/k/" TS_V1 "/sign"
#define TS_VERIFY_ROUTE "POST /keys/k/" TS_V1 "/verify"
#define TS_TOKEN_ROUTE  "POST /t-1/oauth2/v2.0/token"
#define TS_TOKEN                                                               \
    {                                                                          \
        TS_TOKEN_ROUTE, NULL, -1, 0, 200, NULL, NULL,                          \
            "{\"access_token\":\"tok\",\"expires_in\":3600}"                   \
    }
#define TS_END                                                                 \
    {                                                                          \
        NULL, NULL, 0, 0, 0, NULL, NULL, NULL                                  \
    }

/* A coordinate, a signature, a key, and the answer that tells the key. */
#define TS_X "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"
#define TS_SIG                                                                 \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAA"     \
    "AAAAAAAAAAAAAAAAAQ"
#define TS_KEY(id)                                                             \
    "{\"key\":{\"kid\":\"" id "\",\"kty\":\"EC-HSM\",\"crv\":\"P-256\","       \
    "\"x\":\"" TS_X "\",\"y\":\"" TS_X "\"}}"
#define TS_GET_KEY                                                             \
    {                                                                          \
        "GET /keys/k", NULL, 1, 0, 200, NULL, NULL, TS_KEY("$E/keys/k/" TS_V1) \
    }

/* Start the server; the environment then holds a client id and a secret, and
 * no tenant.  End it, and put the environment back. */
void ts_begin(void);
void ts_finish(void);
/* A client of it, with no retries; further options as for tc_open(). */
mhsm_client *ts_open(const char *const *options);
/* The same that knows tenant and resource and so needs no challenge. */
mhsm_client *ts_open_plain(const char *option);

#endif
