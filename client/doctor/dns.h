/* SPDX-License-Identifier: MIT
 *
 * Asking for a name twice, in a bounded time: the DNS servers themselves, for
 * the aliases on the way; and the system, whose answer is what programs use and
 * may come from /etc/hosts.
 */
#ifndef MHSM_CLIENT_DOCTOR_DNS_H
#define MHSM_CLIENT_DOCTOR_DNS_H

#include "doctor/step.h"

enum { DOCTOR_ALIASES = 8, DOCTOR_SERVERS = 3, DOCTOR_NAME_SIZE = 256 };

struct doctor_dns {
    /* The DNS servers. */
    int rcode; /* of the answer; -1: there was none */
    int has_address;
    char aliases[DOCTOR_ALIASES][DOCTOR_NAME_SIZE]; /* CNAMEs in order */
    size_t alias_count;
    char servers[DOCTOR_SERVERS][64];
    size_t server_count;
    /* The system. */
    struct doctor_address addresses[DOCTOR_ADDRESSES];
    size_t address_count;
    int failure; /* of getaddrinfo, an EAI_*; 0: none */
};

/* 1, or 0 when there is no answer after `ms`, or no memory or thread; then
 * `dns` tells the servers and no more. */
MHSM_NODISCARD int doctor_dns_ask(struct doctor_dns *dns, const char *host,
                                  int port, int ms);

#endif
