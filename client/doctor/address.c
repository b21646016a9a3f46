/* SPDX-License-Identifier: MIT
 *
 * Two tables: which address is of which kind, and what the kinds of a name's
 * addresses, with and without a privatelink alias, mean for the user.
 */
#include "doctor/address.h"

#include <netinet/in.h>
#include <string.h>

static const struct {
    unsigned char first[4];
    unsigned int bits;
    unsigned int kind;
} blocks4[] = {
    {{0, 0, 0, 0}, 8, DOCTOR_NOWHERE},
    {{10, 0, 0, 0}, 8, DOCTOR_PRIVATE},
    {{100, 64, 0, 0}, 10, DOCTOR_PRIVATE},
    {{127, 0, 0, 0}, 8, DOCTOR_LOOPBACK},
    {{169, 254, 0, 0}, 16, DOCTOR_LINK_LOCAL},
    {{172, 16, 0, 0}, 12, DOCTOR_PRIVATE},
    {{192, 0, 2, 0}, 24, DOCTOR_NOWHERE},
    {{192, 168, 0, 0}, 16, DOCTOR_PRIVATE},
    {{198, 51, 100, 0}, 24, DOCTOR_NOWHERE},
    {{203, 0, 113, 0}, 24, DOCTOR_NOWHERE},
    {{224, 0, 0, 0}, 3, DOCTOR_NOWHERE},
};

/* Their first 32 bits are enough. */
static const struct {
    unsigned char first[4];
    unsigned int bits;
    unsigned int kind;
} blocks6[] = {
    {{0xfc, 0, 0, 0}, 7, DOCTOR_PRIVATE},
    {{0xfe, 0x80, 0, 0}, 10, DOCTOR_LINK_LOCAL},
    {{0xff, 0, 0, 0}, 8, DOCTOR_NOWHERE},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, DOCTOR_NOWHERE},
};

static int begins(const unsigned char *octets, const unsigned char *first,
                  unsigned int bits)
{
    unsigned int whole = bits / 8, rest = bits % 8;
    unsigned int mask = rest == 0 ? 0 : 0xffu << (8 - rest) & 0xffu;

    return memcmp(octets, first, whole) == 0 &&
           (rest == 0 || (octets[whole] & mask) == (first[whole] & mask));
}

static unsigned int kind4(const unsigned char *octets)
{
    size_t i;

    for (i = 0; i < sizeof(blocks4) / sizeof(blocks4[0]); i++)
        if (begins(octets, blocks4[i].first, blocks4[i].bits))
            return blocks4[i].kind;
    return DOCTOR_PUBLIC;
}

static unsigned int kind6(const struct in6_addr *address)
{
    size_t i;

    if (IN6_IS_ADDR_LOOPBACK(address))
        return DOCTOR_LOOPBACK;
    if (IN6_IS_ADDR_UNSPECIFIED(address))
        return DOCTOR_NOWHERE;
    if (IN6_IS_ADDR_V4MAPPED(address))
        return kind4(address->s6_addr + 12);
    for (i = 0; i < sizeof(blocks6) / sizeof(blocks6[0]); i++)
        if (begins(address->s6_addr, blocks6[i].first, blocks6[i].bits))
            return blocks6[i].kind;
    return DOCTOR_PUBLIC;
}

unsigned int doctor_address_kind(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        return kind4((const unsigned char *)&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        return kind6(&v6.sin6_addr);
    }
    return DOCTOR_NOWHERE;
}

const char *doctor_kind_name(unsigned int kind)
{
    static const struct {
        unsigned int kind;
        const char *name;
    } names[] = {
        {DOCTOR_PUBLIC, "public"},
        {DOCTOR_PRIVATE, "private"},
        {DOCTOR_LOOPBACK, "loopback"},
        {DOCTOR_LINK_LOCAL, "link-local"},
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].kind == kind)
            return names[i].name;
    return "not routable";
}

enum { NO = 0, YES = 1, EITHER = 2 };

#define LINK_ZONE                                                              \
    "link the private DNS zone privatelink.managedhsm.azure.net to this "      \
    "network, or have its DNS server forward that zone to 168.63.129.16 of a " \
    "network where it is linked"

/* The first row that fits. `only`: all addresses are of these kinds; 0: of
 * any. */
static const struct {
    enum doctor_outcome outcome;
    unsigned int only;
    int privatelink, azure;
    struct doctor_meaning meaning;
} meanings[] = {
    {DOCTOR_NAME_FOUND,
     DOCTOR_PUBLIC,
     NO,
     EITHER,
     {DOCTOR_OK, "the public endpoint; DNS shows no private endpoint", NULL}},
    {DOCTOR_NAME_FOUND,
     DOCTOR_PRIVATE,
     YES,
     EITHER,
     {DOCTOR_OK, "the private endpoint, by way of the private DNS zone", NULL}},
    {DOCTOR_NAME_FOUND,
     DOCTOR_PUBLIC,
     YES,
     EITHER,
     {DOCTOR_WARN,
      "the HSM has a private endpoint, but from here its name leads to the "
      "public one, which the HSM refuses once public access is off",
      LINK_ZONE}},
    {DOCTOR_NAME_FOUND,
     DOCTOR_PRIVATE,
     NO,
     YES,
     {DOCTOR_OK,
      "a private address that no privatelink zone gave: a hosts file or a DNS "
      "server of your own says so, and must be changed by hand when the "
      "private endpoint is made anew",
      NULL}},
    {DOCTOR_NAME_FOUND,
     DOCTOR_LOOPBACK,
     EITHER,
     YES,
     {DOCTOR_WARN,
      "the HSM's name leads to this machine itself: to a tunnel, an emulator "
      "or a filter",
      "unless a tunnel is meant, look for the name in /etc/hosts and ask who "
      "runs the DNS server"}},
    {DOCTOR_NAME_FOUND,
     DOCTOR_LOOPBACK,
     EITHER,
     NO,
     {DOCTOR_OK, "this machine itself: a local HSM or a tunnel", NULL}},
    {DOCTOR_NAME_FOUND,
     DOCTOR_PRIVATE,
     EITHER,
     EITHER,
     {DOCTOR_OK, "an address of the local network", NULL}},
    {DOCTOR_NAME_FOUND,
     DOCTOR_PUBLIC | DOCTOR_PRIVATE,
     EITHER,
     EITHER,
     {DOCTOR_WARN,
      "public and private addresses for one name: some connections will go "
      "the wrong way",
      "give the name in one place only, and let it be the private DNS zone"}},
    {DOCTOR_NAME_FOUND,
     0,
     EITHER,
     EITHER,
     {DOCTOR_FAIL,
      "an address at which no HSM can be: a DNS filter answers so to block a "
      "name",
      "ask who runs the DNS server to let the HSM's name pass"}},
    {DOCTOR_NAME_NONE,
     0,
     YES,
     EITHER,
     {DOCTOR_FAIL,
      "the private DNS zone answers, and has no record of this HSM",
      "add the HSM's private endpoint to the zone (a DNS zone group on the "
      "private endpoint does so), or unlink the zone from this network if "
      "the public endpoint is meant"}},
    {DOCTOR_NAME_NONE,
     0,
     NO,
     YES,
     {DOCTOR_FAIL,
      "there is no HSM of this name, or it was deleted, or the DNS server "
      "here does not look names up outside",
      "compare the name with `az keyvault list --resource-type hsm`; a "
      "deleted HSM shows with `az keyvault list-deleted`"}},
    {DOCTOR_NAME_NONE,
     0,
     EITHER,
     EITHER,
     {DOCTOR_FAIL, "the DNS server knows no such name",
      "check the option endpoint"}},
    {DOCTOR_NAME_EMPTY,
     0,
     YES,
     EITHER,
     {DOCTOR_FAIL,
      "the private DNS zone answers, and its record of this HSM has no "
      "address",
      "add an A record with the private endpoint's address to the zone"}},
    {DOCTOR_NAME_EMPTY,
     0,
     EITHER,
     EITHER,
     {DOCTOR_FAIL, "the name is there and has no address",
      "check the option endpoint, and the zone that the name is in"}},
    {DOCTOR_NAME_SILENT,
     0,
     EITHER,
     EITHER,
     {DOCTOR_FAIL,
      "no DNS server gave an answer: it is not reached, or it refuses",
      "check the nameserver lines of /etc/resolv.conf, and that port 53 "
      "passes the firewall"}},
};

const struct doctor_meaning *doctor_name_meaning(const struct doctor_name *name)
{
    size_t i, last = sizeof(meanings) / sizeof(meanings[0]) - 1;

    for (i = 0; i < last; i++) {
        if (meanings[i].outcome == name->outcome &&
            (meanings[i].only == 0 || (name->kinds & ~meanings[i].only) == 0) &&
            (meanings[i].privatelink == EITHER ||
             meanings[i].privatelink == name->privatelink) &&
            (meanings[i].azure == EITHER || meanings[i].azure == name->azure))
            break;
    }
    return &meanings[i].meaning;
}
