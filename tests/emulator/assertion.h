/* SPDX-License-Identifier: MIT
 *
 * Client assertions: the other way for an application to prove itself.
 */
#ifndef EMU_ASSERTION_H
#define EMU_ASSERTION_H

#include "principals.h"
#include "refusals.h"
#include "request.h"

#define EMU_ASSERTION_TYPE                                                     \
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* Whether the assertion proves the principal to the endpoint of the request:
 * one that it signed itself, or one of an issuer that it trusts. */
enum emu_refusal emu_assertion_check(struct emu_request *rq,
                                     const struct emu_principal *p,
                                     const char *assertion);

#endif
