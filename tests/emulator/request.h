/* SPDX-License-Identifier: MIT
 *
 * One request as the handlers see it. Everything in it is borrowed from the
 * server and lives until the answer is queued.
 */
#ifndef EMU_REQUEST_H
#define EMU_REQUEST_H

#include "bytes.h"
#include "hsm.h"
#include "uri.h"

struct emu_route;

struct emu_request {
    struct emu_hsm *hsm;
    const char *method;
    const char *host;
    const char *authorization;
    const char *metadata;
    const char *forwarded;
    char peer[EMU_ADDRESS_SIZE]; /* the address that it comes from */
    const char *identity_header; /* X-IDENTITY-HEADER */
    const char *secret;
    const char *content_type;
    struct emu_uri uri;
    struct emu_bytes body;
    /* 0, or the status to refuse with once the caller is known. */
    unsigned problem;
    /* Set by the fault plan: numbers of the answer as text. */
    int strings;
    /* Set by the fault plan: what is begun is to fail later. */
    int doomed;
    /* Set by the router. */
    const struct emu_route *route;
    const char *name;
    const char *version;
    const char *scope_name;
    const char *guid;
    int api;
    /* Set once the token is known to be good. */
    char oid[EMU_GUID_SIZE];
};

#endif
