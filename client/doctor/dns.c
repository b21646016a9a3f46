/* SPDX-License-Identifier: MIT
 *
 * The C library cannot be told when to stop looking a name up, so a thread
 * does it that may be left behind: it shares nothing with its caller but a
 * block that the last of the two frees.
 */
#include "doctor/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"

enum { answer_max = 8192, try_s = 2 };

struct lookup {
    atomic_int owners;
    sem_t done;
    char host[DOCTOR_NAME_SIZE];
    char port[8];
    struct doctor_dns dns;
};

static void lookup_drop(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->owners, 1) != 1)
        return;
    (void)sem_destroy(&lookup->done);
    mhsmi_free(lookup);
}

static int has_alias(const struct doctor_dns *dns, const char *name)
{
    size_t i;

    for (i = 0; i < dns->alias_count; i++)
        if (OPENSSL_strcasecmp(dns->aliases[i], name) == 0)
            return 1;
    return 0;
}

static void read_answer(struct doctor_dns *dns, const unsigned char *octets,
                        int size)
{
    char name[DOCTOR_NAME_SIZE] = "";
    ns_msg message;
    ns_rr record;
    int i;

    if (ns_initparse(octets, size, &message) != 0)
        return;
    dns->rcode = (int)ns_msg_getflag(message, ns_f_rcode);
    for (i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) != 0)
            return;
        if (ns_rr_type(record) == ns_t_a || ns_rr_type(record) == ns_t_aaaa)
            dns->has_address = 1;
        if (ns_rr_type(record) == ns_t_cname &&
            dns->alias_count < DOCTOR_ALIASES &&
            ns_name_uncompress(octets, octets + size, ns_rr_rdata(record), name,
                               sizeof(name)) >= 0 &&
            !has_alias(dns, name))
            memcpy(dns->aliases[dns->alias_count++], name, sizeof(name));
    }
}

static void note_servers(struct doctor_dns *dns)
{
    struct __res_state state;
    int i;

    memset(&state, 0, sizeof(state));
    if (res_ninit(&state) != 0)
        return;
    for (i = 0; i < state.nscount && i < DOCTOR_SERVERS; i++) {
        const struct sockaddr_in *v4 = &state.nsaddr_list[i];
        const struct sockaddr_in6 *v6 = state._u._ext.nsaddrs[i];
        const void *octets = v4->sin_family == AF_INET
                                 ? (const void *)&v4->sin_addr
                                 : (v6 != NULL ? &v6->sin6_addr : NULL);
        int family = v4->sin_family == AF_INET ? AF_INET : AF_INET6;

        if (octets != NULL &&
            inet_ntop(family, octets, dns->servers[dns->server_count],
                      sizeof(dns->servers[0])) != NULL)
            dns->server_count++;
    }
    res_nclose(&state);
}

/* The name as it stands: no search list, or another name would be judged. */
static void ask_servers(struct doctor_dns *dns, const char *host)
{
    static const int types[] = {ns_t_a, ns_t_aaaa};
    unsigned char question[1024], answer[answer_max];
    struct __res_state state;
    int size;
    size_t i;

    memset(&state, 0, sizeof(state));
    dns->rcode = -1;
    if (res_ninit(&state) != 0)
        return;
    state.retrans = try_s;
    state.retry = 1;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size = res_nmkquery(&state, ns_o_query, host, ns_c_in, types[i], NULL,
                            0, NULL, question, sizeof(question));
        if (size > 0)
            size = res_nsend(&state, question, size, answer, sizeof(answer));
        if (size > (int)sizeof(answer))
            size = (int)sizeof(answer);
        if (size > 0)
            read_answer(dns, answer, size);
    }
    res_nclose(&state);
}

static void ask_system(struct lookup *lookup)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL, *at;
    struct doctor_dns *dns = &lookup->dns;

    dns->failure = getaddrinfo(lookup->host, lookup->port, &hints, &list);
    if (dns->failure != 0)
        return;
    for (at = list; at != NULL && dns->address_count < DOCTOR_ADDRESSES;
         at = at->ai_next) {
        struct doctor_address *address = &dns->addresses[dns->address_count];

        if (at->ai_addrlen > sizeof(address->address))
            continue;
        memcpy(&address->address, at->ai_addr, at->ai_addrlen);
        address->size = at->ai_addrlen;
        dns->address_count++;
    }
    freeaddrinfo(list);
}

static void *work(void *data)
{
    struct lookup *lookup = data;

    ask_servers(&lookup->dns, lookup->host);
    ask_system(lookup);
    (void)sem_post(&lookup->done);
    lookup_drop(lookup);
    return NULL;
}

static struct lookup *lookup_new(const char *host, int port)
{
    struct lookup *lookup;
    size_t size = strlen(host);

    if (size >= DOCTOR_NAME_SIZE)
        return NULL;
    lookup = mhsmi_alloc(sizeof(*lookup));
    if (lookup == NULL)
        return NULL;
    memcpy(lookup->host, host, size + 1);
    (void)snprintf(lookup->port, sizeof(lookup->port), "%d", port);
    atomic_init(&lookup->owners, 1);
    (void)sem_init(&lookup->done, 0, 0);
    return lookup;
}

static int wait_for(struct lookup *lookup, int ms)
{
    struct timespec until = mhsmi_clock_timespec(mhsmi_clock_deadline(ms));
    int result;

    do
        result = sem_clockwait(&lookup->done, CLOCK_MONOTONIC, &until);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

int doctor_dns_ask(struct doctor_dns *dns, const char *host, int port, int ms)
{
    struct lookup *lookup = lookup_new(host, port);
    pthread_t thread;
    int done = 0;

    *dns = (struct doctor_dns){.rcode = -1};
    if (lookup == NULL)
        return 0;
    atomic_store(&lookup->owners, 2);
    if (pthread_create(&thread, NULL, work, lookup) == 0) {
        (void)pthread_detach(thread);
        done = wait_for(lookup, ms);
    } else {
        atomic_store(&lookup->owners, 1);
    }
    if (done)
        *dns = lookup->dns;
    note_servers(dns);
    lookup_drop(lookup);
    return done;
}
