/* SPDX-License-Identifier: MIT
 *
 * The firewall. Loopback has a whole network of addresses, so a test can come
 * from any of them: from 127.0.0.9, say, for which there is a private endpoint.
 */
#include "network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void emu_network_init(struct emu_network *n)
{
    memset(n, 0, sizeof(*n));
    pthread_mutex_init(&n->lock, NULL);
    n->is_public = 1;
    n->by_default = 1;
}

void emu_network_clear(struct emu_network *n)
{
    pthread_mutex_destroy(&n->lock);
}

int emu_network_rule(const char *text, struct emu_rule *out)
{
    char address[INET_ADDRSTRLEN];
    const char *slash = text == NULL ? NULL : strchr(text, '/');
    size_t len = text == NULL    ? 0
                 : slash == NULL ? strlen(text)
                                 : (size_t)(slash - text);
    struct in_addr parsed;
    char *end = NULL;
    long bits = 32;

    if (len == 0 || len >= sizeof(address))
        return 0;
    memcpy(address, text, len);
    address[len] = '\0';
    if (slash != NULL) {
        if (slash[1] < '0' || slash[1] > '9')
            return 0;
        bits = strtol(slash + 1, &end, 10);
        if (*end != '\0' || bits > 32)
            return 0;
    }
    if (inet_pton(AF_INET, address, &parsed) != 1)
        return 0;
    out->mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
    out->address = ntohl(parsed.s_addr) & out->mask;
    return 1;
}

static void set_rules(struct emu_network *n, struct json_object *acls)
{
    struct json_object *list = emu_json_member(acls, "ipRules");
    size_t i, count = 0;

    if (json_object_is_type(list, json_type_array))
        count = json_object_array_length(list);
    n->rule_count = 0;
    for (i = 0; i < count && n->rule_count < EMU_RULES_MAX; i++) {
        if (emu_network_rule(
                emu_json_string(json_object_array_get_idx(list, i), "value"),
                &n->rules[n->rule_count]))
            n->rule_count++;
    }
}

/* Those that are approved. */
static void set_endpoints(struct emu_network *n, struct json_object *list)
{
    size_t i, count = 0;

    if (json_object_is_type(list, json_type_array))
        count = json_object_array_length(list);
    n->endpoint_count = 0;
    for (i = 0; i < count && n->endpoint_count < EMU_ENDPOINTS_MAX; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const char *status = emu_json_string(one, "status");
        const char *address = emu_json_string(one, "address");

        if (status != NULL && address != NULL &&
            strcmp(status, "Approved") == 0)
            snprintf(n->endpoints[n->endpoint_count++], EMU_ADDRESS_SIZE, "%s",
                     address);
    }
}

static int says(struct json_object *o, const char *name, const char *word)
{
    const char *text = emu_json_string(o, name);

    return text != NULL && strcmp(text, word) == 0;
}

void emu_network_set(struct emu_network *n, struct json_object *properties,
                     int64_t ready)
{
    struct json_object *acls = emu_json_member(properties, "networkAcls");

    pthread_mutex_lock(&n->lock);
    n->ready = ready;
    n->is_public = !says(properties, "publicNetworkAccess", "Disabled");
    n->by_default = !says(acls, "defaultAction", "Deny");
    set_rules(n, acls);
    set_endpoints(n, emu_json_member(properties, "privateEndpointConnections"));
    pthread_mutex_unlock(&n->lock);
}

void emu_network_set_identity(struct emu_network *n, const char *oid)
{
    pthread_mutex_lock(&n->lock);
    snprintf(n->identity, sizeof(n->identity), "%s", oid);
    pthread_mutex_unlock(&n->lock);
}

void emu_network_identity(struct emu_network *n, char oid[EMU_GUID_SIZE])
{
    pthread_mutex_lock(&n->lock);
    memcpy(oid, n->identity, EMU_GUID_SIZE);
    pthread_mutex_unlock(&n->lock);
}

int emu_network_ready(struct emu_network *n)
{
    int ready;

    pthread_mutex_lock(&n->lock);
    ready = n->ready == 0 || emu_now_ms() >= n->ready;
    pthread_mutex_unlock(&n->lock);
    return ready;
}

enum verdict { ADMITTED, NOT_PUBLIC, NO_RULE };

static enum verdict judge(const struct emu_network *n, const char *peer)
{
    struct emu_rule caller;
    size_t i;

    if (n->is_public && n->by_default)
        return ADMITTED;
    for (i = 0; i < n->endpoint_count; i++) {
        if (strcmp(n->endpoints[i], peer) == 0)
            return ADMITTED;
    }
    if (!n->is_public)
        return NOT_PUBLIC;
    if (!emu_network_rule(peer, &caller))
        return NO_RULE;
    for (i = 0; i < n->rule_count; i++) {
        if ((caller.address & n->rules[i].mask) == n->rules[i].address)
            return ADMITTED;
    }
    return NO_RULE;
}

int emu_network_admits(struct emu_network *n, const char *peer,
                       struct emu_reply *r)
{
    enum verdict verdict;

    pthread_mutex_lock(&n->lock);
    verdict = judge(n, peer);
    pthread_mutex_unlock(&n->lock);
    if (verdict == NOT_PUBLIC)
        emu_reply_refuse(r, 403, "Forbidden", "ForbiddenByConnection",
                         "Public network access is disabled and request is not "
                         "from a trusted service nor via an approved private "
                         "link.");
    else if (verdict == NO_RULE)
        emu_reply_refuse(r, 403, "Forbidden", "ForbiddenByFirewall",
                         "Client address (%s) is not authorized and caller is "
                         "not a trusted service.",
                         peer);
    return verdict == ADMITTED;
}
