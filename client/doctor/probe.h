/* SPDX-License-Identifier: MIT
 *
 * One GET without a token, by the same libcurl and the same options as every
 * request of the library, and all that can be seen of it: where it went, what
 * TLS agreed on, which certificates came, when, and the answer.
 */
#ifndef MHSM_CLIENT_DOCTOR_PROBE_H
#define MHSM_CLIENT_DOCTOR_PROBE_H

#include <openssl/x509.h>

#include "base/error.h"
#include "http/engine.h"

struct doctor_probe {
    mhsm_status status; /* MHSM_OK: there is an answer */
    mhsm_error *error;  /* else what was in the way */
    struct mhsmi_response response;
    char *date;                            /* the answer's Date; NULL: none */
    char *address;                         /* where it went; NULL: nowhere */
    const char *http;                      /* "HTTP/1.1"; static */
    int64_t connect_us, tls_us, answer_us; /* since the start; 0: not reached */

    /* Of the last handshake. */
    int shaken;              /* it succeeded */
    char *protocol, *cipher; /* "TLSv1.3" */
    char *group;             /* of the key agreement; NULL: not known */
    STACK_OF(X509) * chain;  /* as sent, the server's first; NULL: none */
    int verify_error;        /* X509_V_OK or the first X509_V_ERR_* */
};

/* Fill `probe`; MHSM_ERR_MEMORY and the like when nothing could be tried. */
MHSM_NODISCARD mhsm_status doctor_probe_run(
    struct doctor_probe *probe, const struct mhsmi_transport *transport,
    const char *url, int64_t deadline_ms, mhsm_error **err);
void doctor_probe_clear(struct doctor_probe *probe);

#endif
