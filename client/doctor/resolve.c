/* SPDX-License-Identifier: MIT
 *
 * Step: name resolution.  Where a proxy leads to the HSM the proxy looks the
 * HSM's name up, and what this machine knows of it is only of interest.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "base/endpoint.h"
#include "doctor/address.h"
#include "doctor/dns.h"

enum { no_such_name = 3, limit_ms = 7000 };

static const char privatelink[] = ".privatelink.";

static void address_text(const struct doctor_address *address, char *text,
                         size_t size)
{
    if (getnameinfo((const struct sockaddr *)&address->address, address->size,
                    text, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
        text[0] = '\0';
}

/* Say the addresses, as facts and in one line; returns their kinds. */
static unsigned int tell_addresses(struct doctor *doctor,
                                   struct mhsmi_buf *line)
{
    struct json_object *list = json_object_new_array();
    unsigned int kinds = 0, kind;
    char text[128];
    size_t i;

    for (i = 0; i < doctor->address_count; i++) {
        const struct sockaddr *address =
            (const struct sockaddr *)&doctor->addresses[i].address;

        kind = doctor_address_kind(address);
        kinds |= kind;
        address_text(&doctor->addresses[i], text, sizeof(text));
        doctor_append(doctor, list, text);
        if (!mhsmi_buf_printf(line, "%s%s (%s)", i == 0 ? "" : ", ", text,
                              doctor_kind_name(kind)))
            doctor->out_of_memory = 1;
    }
    doctor_fact_json(doctor, "addresses", list);
    return kinds;
}

/* The aliases and the servers, before anything is judged. */
static int tell_dns(struct doctor *doctor, const struct doctor_dns *dns)
{
    struct json_object *aliases = json_object_new_array();
    struct json_object *servers = json_object_new_array();
    int linked = 0;
    size_t i;

    for (i = 0; i < dns->server_count; i++)
        doctor_append(doctor, servers, dns->servers[i]);
    for (i = 0; i < dns->alias_count; i++) {
        doctor_append(doctor, aliases, dns->aliases[i]);
        linked |= strstr(dns->aliases[i], privatelink) != NULL;
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "%s is another name of %s",
                   i == 0 ? doctor->url.host : dns->aliases[i - 1],
                   dns->aliases[i]);
    }
    doctor_fact_json(doctor, "aliases", aliases);
    doctor_fact_json(doctor, "servers", servers);
    return linked;
}

static enum doctor_outcome outcome_of(const struct doctor_dns *dns, int asked)
{
    if (dns->address_count != 0)
        return DOCTOR_NAME_FOUND;
    if (!asked || dns->rcode < 0 ||
        (dns->rcode != 0 && dns->rcode != no_such_name))
        return DOCTOR_NAME_SILENT;
    return dns->rcode == no_such_name ? DOCTOR_NAME_NONE : DOCTOR_NAME_EMPTY;
}

static const char *const outcome_words[] = {
    [DOCTOR_NAME_FOUND] = "is found",
    [DOCTOR_NAME_NONE] = "does not exist",
    [DOCTOR_NAME_EMPTY] = "has no address",
    [DOCTOR_NAME_SILENT] = "could not be looked up"};

static void judge(struct doctor *doctor, const struct doctor_name *name,
                  const char *addresses)
{
    const struct doctor_meaning *meaning = doctor_name_meaning(name);
    enum doctor_mark mark = meaning->mark;

    if (doctor->proxy != NULL && mark == DOCTOR_FAIL) {
        doctor_say(
            doctor, DOCTOR_OK, "the proxy looks the name up, not this machine",
            NULL, "%s %s here", doctor->url.host, outcome_words[name->outcome]);
        return;
    }
    if (name->outcome == DOCTOR_NAME_FOUND)
        doctor_say(doctor, mark, meaning->means, meaning->next, "%s is %s",
                   doctor->url.host, addresses);
    else
        doctor_say(doctor, mark, meaning->means, meaning->next, "%s %s",
                   doctor->url.host, outcome_words[name->outcome]);
}

void doctor_resolve(struct doctor *doctor)
{
    const char *host = doctor->url.host;
    struct doctor_name name = {0};
    struct doctor_dns dns;
    struct mhsmi_buf line;
    char bare[DOCTOR_NAME_SIZE] = "";
    size_t skip = host[0] == '[' ? 1 : 0, size = strlen(host);
    int asked;

    if (size >= sizeof(bare)) {
        doctor_say(doctor, DOCTOR_FAIL, NULL, "check the option endpoint",
                   "the host's name is too long");
        return;
    }
    memcpy(bare, host + skip, size - 2 * skip);
    mhsmi_buf_init(&line, 2048);
    asked = doctor_dns_ask(&dns, bare,
                           doctor->url.port != 0 ? doctor->url.port : 443,
                           doctor_left(doctor, limit_ms));
    memcpy(doctor->addresses, dns.addresses, sizeof(dns.addresses));
    doctor->address_count = dns.address_count;
    name.privatelink = tell_dns(doctor, &dns);
    name.kinds = tell_addresses(doctor, &line);
    name.azure = mhsmi_endpoint_resource(host) != NULL;
    name.outcome = outcome_of(&dns, asked);
    if (dns.address_count != 0 && !dns.has_address && skip == 0 &&
        (host[strspn(host, "0123456789.")] != '\0'))
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "the addresses come from /etc/hosts or another source of "
                   "this machine, not from DNS");
    judge(doctor, &name, mhsmi_buf_text(&line));
    if (dns.address_count != 0 || doctor->proxy != NULL)
        doctor->has |= DOCTOR_HAS_ADDRESS;
    mhsmi_buf_clear(&line);
}
