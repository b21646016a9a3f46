/* SPDX-License-Identifier: MIT
 *
 * Private endpoint connections. An endpoint is made by the network, not here:
 * it asks for its connection (over the control port), and the HSM's owner
 * approves or rejects that.
 */
#include "endpoint.h"

#include "operation.h"
#include "resource_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LIST "privateEndpointConnections"

static struct json_object *list_of(const struct emu_resource *resource)
{
    return emu_json_member(emu_json_member(resource->document, "properties"),
                           LIST);
}

/* Its place in the list; the list's length when it is not there. */
static size_t index_of(struct json_object *list, const char *name)
{
    size_t i, count = 0;

    if (json_object_is_type(list, json_type_array))
        count = json_object_array_length(list);
    for (i = 0; i < count; i++) {
        if (strcasecmp(
                emu_json_string(json_object_array_get_idx(list, i), "name"),
                name) == 0)
            break;
    }
    return i;
}

/* The connection that the path names, inside the resource; NULL, with the
 * refusal written and the resource freed, when it is not there. */
static struct json_object *find(struct emu_arm *call, struct emu_reply *r,
                                struct emu_resource *resource)
{
    struct json_object *list, *one;

    if (!emu_resource_live(call, r, resource))
        return NULL;
    list = list_of(resource);
    one = list == NULL
              ? NULL
              : json_object_array_get_idx(list, index_of(list, call->child));
    if (one != NULL)
        return one;
    emu_resource_free(resource);
    emu_reply_error(r, 404, "PrivateEndpointConnectionNotFound",
                    "The private endpoint connection '%.80s' was not found.",
                    call->child);
    return NULL;
}

static int store(struct emu_fleet *f, struct emu_store *s,
                 const struct emu_resource *resource)
{
    struct emu_hsm *hsm = emu_fleet_find(f, resource->name);

    if (!emu_resource_save(s, resource))
        return 0;
    if (hsm != NULL)
        emu_resource_apply(hsm, resource);
    return 1;
}

void emu_arm_links(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;
    struct json_object *o;
    char text[1024], base[320];

    if (!emu_resource_live(call, r, &resource))
        return;
    emu_arm_id(call->cloud, resource.group, base, sizeof(base));
    snprintf(text, sizeof(text),
             "{\"value\":[{\"id\":\"%s/%s/privateLinkResources/managedhsm\","
             "\"name\":\"managedhsm\",\"type\":\"Microsoft.KeyVault/"
             "managedHSMs/privateLinkResources\",\"properties\":{"
             "\"groupId\":\"managedhsm\",\"requiredMembers\":[\"default\"],"
             "\"requiredZoneNames\":[\"privatelink.managedhsm.azure.net\"]}}]}",
             base, resource.name);
    o = emu_json_parse(text, strlen(text));
    emu_resource_free(&resource);
    emu_reply_json(r, 200, o);
}

void emu_arm_endpoint_list(struct emu_arm *call, struct emu_reply *r)
{
    struct json_object *list = json_object_new_array(), *kept;
    struct emu_resource resource;
    size_t i;

    if (!emu_resource_live(call, r, &resource)) {
        json_object_put(list);
        return;
    }
    kept = list_of(&resource);
    for (i = 0; kept != NULL && i < json_object_array_length(kept); i++)
        json_object_array_add(
            list, emu_resource_endpoint(call, &resource,
                                        json_object_array_get_idx(kept, i)));
    emu_resource_free(&resource);
    emu_arm_list(r, list);
}

void emu_arm_endpoint_show(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;
    struct json_object *one = find(call, r, &resource);

    if (one == NULL)
        return;
    emu_reply_json(r, 200, emu_resource_endpoint(call, &resource, one));
    emu_resource_free(&resource);
}

/* What the owner has decided; 0, with the refusal written, when it is no
 * decision. */
static int decide(struct emu_arm *call, struct emu_reply *r,
                  struct json_object *one)
{
    struct json_object *state =
        emu_json_member(emu_json_member(call->body, "properties"),
                        "privateLinkServiceConnectionState");
    const char *status = emu_json_string(state, "status");
    const char *description = emu_json_string(state, "description");

    if (status == NULL ||
        (strcmp(status, "Approved") != 0 && strcmp(status, "Rejected") != 0)) {
        emu_reply_error(r, 400, "BadRequest",
                        "The status of a private endpoint connection is "
                        "Approved or Rejected.");
        return 0;
    }
    if (strcmp(emu_json_string(one, "status"), "Rejected") == 0 &&
        strcmp(status, "Approved") == 0) {
        emu_reply_error(r, 409, "Conflict",
                        "A rejected private endpoint connection cannot be "
                        "approved any more.");
        return 0;
    }
    if (description != NULL && strlen(description) > 140) {
        emu_reply_error(r, 400, "BadRequest", "The description is too long.");
        return 0;
    }
    if (emu_json_add_string(one, "status", status) &&
        emu_json_add_string(one, "description",
                            description == NULL ? "" : description))
        return 1;
    emu_reply_failed(r);
    return 0;
}

void emu_arm_endpoint_put(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;
    struct json_object *one = find(call, r, &resource);

    if (one == NULL)
        return;
    if (decide(call, r, one)) {
        if (store(call->fleet, call->cloud->store, &resource))
            emu_reply_json(r, 200, emu_resource_endpoint(call, &resource, one));
        else
            emu_reply_failed(r);
    }
    emu_resource_free(&resource);
}

void emu_arm_endpoint_delete(struct emu_arm *call, struct emu_reply *r)
{
    struct emu_resource resource;
    struct json_object *list, *shown = NULL;
    size_t i;

    if (!emu_resource_live(call, r, &resource))
        return;
    list = list_of(&resource);
    i = index_of(list, call->child);
    if (list == NULL || i == json_object_array_length(list)) {
        emu_reply_empty(r, 204);
    } else {
        shown = emu_resource_endpoint(call, &resource,
                                      json_object_array_get_idx(list, i));
        json_object_array_del_idx(list, i, 1);
        if (store(call->fleet, call->cloud->store, &resource)) {
            emu_reply_json(r, 200, shown);
        } else {
            json_object_put(shown);
            emu_reply_failed(r);
        }
    }
    emu_resource_free(&resource);
}

static int add(struct emu_resource *resource, const char *name,
               const char *address)
{
    struct json_object *o = json_object_new_object();
    struct json_object *list = list_of(resource);

    if (list == NULL)
        (void)emu_json_add(emu_json_member(resource->document, "properties"),
                           LIST, json_object_new_array());
    list = list_of(resource);
    if (list != NULL && emu_json_add_string(o, "name", name) &&
        emu_json_add_string(o, "address", address) &&
        emu_json_add_string(o, "status", "Pending") &&
        json_object_array_add(list, o) == 0)
        return 1;
    json_object_put(o);
    return 0;
}

const char *emu_endpoint_request(struct emu_fleet *f, struct emu_store *s,
                                 struct json_object *body)
{
    const char *hsm = emu_json_string(body, "hsm");
    const char *name = emu_json_string(body, "name");
    const char *address = emu_json_string(body, "address");
    const char *reason = NULL;
    struct emu_resource resource;
    struct in_addr parsed;
    struct json_object *list;

    if (name == NULL || *name == '\0' || strlen(name) > 80 ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789-_.") != strlen(name))
        return "name is no short name";
    if (address == NULL || inet_pton(AF_INET, address, &parsed) != 1)
        return "address is no IPv4 address";
    if (hsm == NULL || emu_resource_find(s, hsm, &resource) != 1)
        return "hsm is not the name of an HSM";
    list = list_of(&resource);
    if (list != NULL && (json_object_array_length(list) == EMU_ENDPOINTS_MAX ||
                         index_of(list, name) < json_object_array_length(list)))
        reason = "the name is taken, or there are too many";
    else if (!add(&resource, name, address) || !store(f, s, &resource))
        reason = "the state could not be written";
    emu_resource_free(&resource);
    return reason;
}
