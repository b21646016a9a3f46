/* SPDX-License-Identifier: MIT
 *
 * From where an HSM can be reached: its network rules, its private endpoints,
 * and whether it is there at all.
 */
#ifndef EMU_NETWORK_H
#define EMU_NETWORK_H

#include "bytes.h"
#include "reply.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdint.h>

#define EMU_RULES_MAX     10
#define EMU_ENDPOINTS_MAX 16
#define EMU_ADDRESS_SIZE  46

struct emu_network {
    pthread_mutex_t lock;
    int64_t ready; /* milliseconds: from when it can be reached */
    int is_public, by_default;
    struct emu_rule {
        uint32_t address, mask;
    } rules[EMU_RULES_MAX];
    size_t rule_count;
    char endpoints[EMU_ENDPOINTS_MAX][EMU_ADDRESS_SIZE];
    size_t endpoint_count;
    char identity[EMU_GUID_SIZE]; /* as whom it goes to others; empty: nobody */
};

void emu_network_init(struct emu_network *n);
void emu_network_clear(struct emu_network *n);
/* The properties of the HSM as the management plane has them. */
void emu_network_set(struct emu_network *n, struct json_object *properties,
                     int64_t ready);
/* The object id of the managed identity that it has; empty: none. */
void emu_network_set_identity(struct emu_network *n, const char *oid);
void emu_network_identity(struct emu_network *n, char oid[EMU_GUID_SIZE]);
/* Whether there is an HSM now. */
int emu_network_ready(struct emu_network *n);
/* Whether that caller is let in; else the refusal is written. */
int emu_network_admits(struct emu_network *n, const char *peer,
                       struct emu_reply *r);
/* An IPv4 address or a range of them; 0 when it is none. */
int emu_network_rule(const char *text, struct emu_rule *out);

#endif
