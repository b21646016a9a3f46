/* SPDX-License-Identifier: MIT
 *
 * Step: TCP, to every address at once: those that hang must not use up the
 * time of the others.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "doctor/address.h"
#include "doctor/dns.h"

enum { limit_ms = 3000, lookup_ms = 4000, pending = -1 };

struct attempt {
    int fd;
    int error; /* an errno, 0: connected, `pending` */
    int64_t ms;
};

static const struct {
    int error;
    const char *saw, *means, *next;
} failures[] = {
    {pending, "no answer",
     "packets are dropped on the way: a firewall or network security group, or "
     "a private endpoint whose network this machine is not connected to",
     "allow outgoing TCP to this address and port; a private endpoint is "
     "reached from its own network, a peered one, or by VPN"},
    {ECONNREFUSED, "refused",
     "a machine answers there, and nothing listens on this port",
     "check the address and the port, and the tunnel or proxy if one is meant "
     "to listen"},
    {ENETUNREACH, "no route", "this machine has no route to the address",
     "connect the network (VPN, peering), or check its routes"},
    {EHOSTUNREACH, "no route",
     "a router on the way has no route to the address",
     "connect the network (VPN, peering), or check its routes"},
    {0, "failed", NULL, NULL},
};

static void start(struct attempt *attempt, const struct doctor_address *to)
{
    attempt->error = pending;
    attempt->fd = socket(to->address.ss_family,
                         SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (attempt->fd < 0) {
        attempt->error = errno;
        return;
    }
    if (connect(attempt->fd, (const struct sockaddr *)&to->address, to->size) ==
        0)
        attempt->error = 0;
    else if (errno != EINPROGRESS)
        attempt->error = errno;
}

static void finish(struct attempt *attempt, int64_t began)
{
    socklen_t size = sizeof(attempt->error);

    if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &attempt->error, &size) !=
        0)
        attempt->error = errno;
    attempt->ms = mhsmi_clock_ms() - began;
}

static void run(struct attempt *attempts, size_t count, int ms)
{
    struct pollfd polls[DOCTOR_ADDRESSES];
    int64_t began = mhsmi_clock_ms(), left;
    size_t i, waiting;

    for (;;) {
        left = began + ms - mhsmi_clock_ms();
        for (i = waiting = 0; i < count; i++) {
            polls[i] = (struct pollfd){
                attempts[i].error == pending ? attempts[i].fd : -1, POLLOUT, 0};
            waiting += attempts[i].error == pending;
        }
        if (waiting == 0 || left <= 0)
            return;
        if (poll(polls, (nfds_t)count, (int)left) < 0 && errno != EINTR)
            return;
        for (i = 0; i < count; i++)
            if (polls[i].fd >= 0 && polls[i].revents != 0)
                finish(&attempts[i], began);
    }
}

static void tell_failure(struct doctor *doctor, enum doctor_mark mark,
                         const char *where, int error)
{
    size_t i, last = sizeof(failures) / sizeof(failures[0]) - 1;

    for (i = 0; i < last && failures[i].error != error; i++)
        continue;
    doctor_say(doctor, mark, failures[i].means, failures[i].next, "%s: %s%s%s",
               where, failures[i].saw, i == last ? ": " : "",
               i == last ? strerror(error) : "");
}

static int connected(const struct attempt *attempts, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (attempts[i].error == 0)
            return 1;
    return 0;
}

/* Programs go on to the next address: at once when there is no route, else
 * they lose time. */
static enum doctor_mark weight(int error, int some)
{
    if (!some)
        return DOCTOR_FAIL;
    return error == ENETUNREACH ? DOCTOR_OK : DOCTOR_WARN;
}

static void tell(struct doctor *doctor, const struct attempt *attempts,
                 const struct doctor_address *addresses, size_t count)
{
    struct json_object *list = json_object_new_array();
    int some = connected(attempts, count);
    char host[128], port[16], where[192];
    size_t i;

    for (i = 0; i < count; i++) {
        if (getnameinfo((const struct sockaddr *)&addresses[i].address,
                        addresses[i].size, host, sizeof(host), port,
                        sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
            continue;
        (void)snprintf(where, sizeof(where), "%s port %s%s", host, port,
                       doctor->proxy != NULL ? " (the proxy)" : "");
        if (attempts[i].error != 0) {
            tell_failure(doctor, weight(attempts[i].error, some), where,
                         attempts[i].error);
            continue;
        }
        doctor_append(doctor, list, host);
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "%s: connected in %lld ms",
                   where, (long long)attempts[i].ms);
    }
    doctor_fact_json(doctor, "connected", list);
    if (some)
        doctor->has |= DOCTOR_HAS_CONNECTION;
}

/* Of the proxy; 0 when it has none. */
static size_t proxy_addresses(struct doctor *doctor, struct doctor_dns *dns)
{
    const char *colon = strrchr(doctor->proxy, ':');
    size_t size = (size_t)(colon - doctor->proxy), skip;
    char host[DOCTOR_NAME_SIZE] = "";
    int port = 0;

    skip = doctor->proxy[0] == '[' ? 1 : 0;
    if (size < sizeof(host))
        memcpy(host, doctor->proxy + skip, size - 2 * skip);
    for (colon++; *colon != '\0'; colon++)
        port = port * 10 + (*colon - '0');
    if (doctor_dns_ask(dns, host, port, doctor_left(doctor, lookup_ms)) &&
        dns->address_count != 0)
        return dns->address_count;
    doctor_say(doctor, DOCTOR_FAIL,
               "the way to the HSM is a proxy whose name has no address",
               "correct the option proxy or the variable https_proxy, or add "
               "the HSM's host to no-proxy",
               "the proxy %s is not found", host);
    return 0;
}

void doctor_connect(struct doctor *doctor)
{
    const struct doctor_address *addresses = doctor->addresses;
    struct attempt attempts[DOCTOR_ADDRESSES] = {{0}};
    size_t i, count = doctor->address_count;
    struct doctor_dns dns;

    if (doctor->proxy != NULL) {
        count = proxy_addresses(doctor, &dns);
        addresses = dns.addresses;
    }
    for (i = 0; i < count; i++)
        start(&attempts[i], &addresses[i]);
    run(attempts, count, doctor_left(doctor, limit_ms));
    tell(doctor, attempts, addresses, count);
    for (i = 0; i < count; i++)
        if (attempts[i].fd >= 0)
            (void)close(attempts[i].fd);
}
