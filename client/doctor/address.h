/* SPDX-License-Identifier: MIT
 *
 * What a name's addresses tell about the way to an HSM: to its public endpoint,
 * to a private endpoint, or astray.  Pure: looks nothing up.
 */
#ifndef MHSM_CLIENT_DOCTOR_ADDRESS_H
#define MHSM_CLIENT_DOCTOR_ADDRESS_H

#include <sys/socket.h>

#include "doctor/step.h"

/* Kinds of addresses; bits. */
enum {
    DOCTOR_PUBLIC = 1 << 0,
    DOCTOR_PRIVATE =
        1 << 1, /* 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 */
    DOCTOR_LOOPBACK = 1 << 2,
    DOCTOR_LINK_LOCAL = 1 << 3,
    DOCTOR_NOWHERE = 1 << 4 /* 0.0.0.0/8, ::, multicast, documentation */
};

unsigned int doctor_address_kind(const struct sockaddr *address);
/* "a private address"; of exactly one kind. */
const char *doctor_kind_name(unsigned int kind);

enum doctor_outcome {
    DOCTOR_NAME_FOUND = 0, /* there are addresses */
    DOCTOR_NAME_NONE = 1,  /* no such name */
    DOCTOR_NAME_EMPTY = 2, /* the name is there and has no address */
    DOCTOR_NAME_SILENT = 3 /* no name server gave an answer */
};

struct doctor_name {
    enum doctor_outcome outcome;
    unsigned int kinds; /* of all addresses */
    int privatelink;    /* an alias of it is in a privatelink zone */
    int azure;          /* the name is one that Azure hands out */
};

struct doctor_meaning {
    enum doctor_mark mark;
    const char *means, *next; /* NULL: nothing to add */
};

/* Never NULL; static. */
const struct doctor_meaning *
doctor_name_meaning(const struct doctor_name *name);

#endif
