/* SPDX-License-Identifier: MIT
 *
 * HSMs as the management plane shows them.
 */
#include "resource_text.h"

#include "domain.h"
#include "identities.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int add_date(struct json_object *o, const char *name, int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm parts;
    char text[32];

    if (gmtime_r(&when, &parts) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return 0;
    return emu_json_add_string(o, name, text);
}

static int add_copy(struct json_object *o, struct json_object *from,
                    const char *name)
{
    struct json_object *member = emu_json_member(from, name);

    return member == NULL || emu_json_add(o, name, json_object_get(member));
}

static const struct {
    const char *state, *message;
} works[] = {
    [EMU_WORK_NONE] = {"Succeeded",
                       "The Managed HSM is provisioned and ready to use."},
    [EMU_WORK_CREATE] = {"Provisioning", "Allocating hardware"},
    [EMU_WORK_UPDATE] = {"Updating", "Applying the change"},
    [EMU_WORK_DELETE] = {"Deleting", "Resource deletion is in progress"},
    [EMU_WORK_RECOVER] = {"Provisioning", "Resource recovery is in progress"},
    [EMU_WORK_PURGE] = {"Deleting", "Resource purge is in progress"},
};

/* Its exchange key has been asked for, and no domain uploaded yet. */
static int is_recovering(struct emu_arm *call,
                         const struct emu_resource *resource)
{
    struct emu_hsm *hsm = emu_fleet_find(call->fleet, resource->name);
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    int found = hsm != NULL && emu_domain_active(hsm->store) == 0 &&
                emu_domain_exchange_get(hsm->store, &key, &cert) == 1;

    EVP_PKEY_free(key);
    X509_free(cert);
    return found;
}

static int add_state(struct json_object *o, struct emu_arm *call,
                     const struct emu_resource *resource)
{
    enum emu_work work =
        emu_resource_busy(resource) ? resource->work : EMU_WORK_NONE;

    if (work == EMU_WORK_NONE && resource->failure[0] != '\0')
        return emu_json_add_string(o, "provisioningState", "Failed") &&
               emu_json_add_string(o, "statusMessage", resource->failure);
    if (work == EMU_WORK_NONE && is_recovering(call, resource))
        return emu_json_add_string(o, "provisioningState",
                                   "SecurityDomainRestore") &&
               emu_json_add_string(o, "statusMessage",
                                   "The security domain is to be uploaded.");
    return emu_json_add_string(o, "provisioningState", works[work].state) &&
           emu_json_add_string(o, "statusMessage", works[work].message);
}

static int add_activation(struct json_object *o, struct emu_arm *call,
                          const struct emu_resource *resource)
{
    struct emu_hsm *hsm = emu_fleet_find(call->fleet, resource->name);
    struct json_object *domain = json_object_new_object();
    const char *status = "Unknown", *message = "The HSM is not running.";

    if (hsm != NULL && emu_network_ready(&hsm->network)) {
        int active = emu_domain_active(hsm->store) == 1;

        status = active ? "Active" : "NotActivated";
        message = active
                      ? "Your HSM has been activated and can be used for "
                        "cryptographic operations."
                      : "Your HSM has been provisioned, but cannot be used for "
                        "cryptographic operations until it is activated.";
    }
    if (emu_json_add_string(domain, "activationStatus", status) &&
        emu_json_add_string(domain, "activationStatusMessage", message))
        return emu_json_add(o, "securityDomainProperties", domain);
    json_object_put(domain);
    return 0;
}

static int add_region(struct json_object *list, const char *name,
                      const char *state, int primary)
{
    struct json_object *o = json_object_new_object();

    if (emu_json_add_string(o, "name", name) &&
        emu_json_add_string(o, "provisioningState", state) &&
        emu_json_add(o, "isPrimary", json_object_new_boolean(primary)) &&
        json_object_array_add(list, o) == 0)
        return 1;
    json_object_put(o);
    return 0;
}

struct json_object *emu_resource_regions(const struct emu_resource *resource)
{
    struct json_object *other = emu_json_member(
        emu_json_member(resource->document, "properties"), "extension");
    struct json_object *list = json_object_new_array();
    const char *phase = emu_json_string(other, "phase");

    if (other == NULL)
        return list;
    if (!emu_resource_busy(resource) && strcmp(phase, "Succeeded") != 0)
        phase = "Failed";
    if (add_region(list, resource->location, "Succeeded", 1) &&
        add_region(list, emu_json_string(other, "name"), phase, 0))
        return list;
    json_object_put(list);
    return NULL;
}

static struct json_object *link_state(struct json_object *kept)
{
    struct json_object *o = json_object_new_object();
    const char *description = emu_json_string(kept, "description");

    if (emu_json_add_string(o, "status", emu_json_string(kept, "status")) &&
        emu_json_add_string(o, "actionsRequired", "None") &&
        emu_json_add_string(o, "description",
                            description == NULL ? "" : description))
        return o;
    json_object_put(o);
    return NULL;
}

static struct json_object *endpoint_properties(struct emu_arm *call,
                                               struct json_object *kept)
{
    struct json_object *o = json_object_new_object();
    struct json_object *endpoint = json_object_new_object();
    char id[320];

    snprintf(id, sizeof(id),
             "/subscriptions/%s/resourceGroups/network/providers/"
             "Microsoft.Network/privateEndpoints/%s",
             call->cloud->tenant, emu_json_string(kept, "name"));
    if (emu_json_add_string(endpoint, "id", id) &&
        emu_json_add(o, "privateEndpoint", json_object_get(endpoint)) &&
        emu_json_add(o, "privateLinkServiceConnectionState",
                     link_state(kept)) &&
        emu_json_add_string(o, "provisioningState", "Succeeded")) {
        json_object_put(endpoint);
        return o;
    }
    json_object_put(endpoint);
    json_object_put(o);
    return NULL;
}

struct json_object *emu_resource_endpoint(struct emu_arm *call,
                                          const struct emu_resource *resource,
                                          struct json_object *kept)
{
    struct json_object *o = json_object_new_object();
    char base[320], id[512];

    emu_arm_id(call->cloud, resource->group, base, sizeof(base));
    snprintf(id, sizeof(id), "%s/%s/privateEndpointConnections/%s", base,
             resource->name, emu_json_string(kept, "name"));
    if (emu_json_add_string(o, "id", id) &&
        emu_json_add_string(o, "name", emu_json_string(kept, "name")) &&
        emu_json_add_string(
            o, "type",
            "Microsoft.KeyVault/managedHSMs/privateEndpointConnections") &&
        emu_json_add(o, "properties", endpoint_properties(call, kept)))
        return o;
    json_object_put(o);
    return NULL;
}

static int add_regions(struct json_object *o,
                       const struct emu_resource *resource)
{
    struct json_object *list = emu_resource_regions(resource);

    if (list != NULL && json_object_array_length(list) == 0) {
        json_object_put(list);
        return 1;
    }
    return emu_json_add(o, "regions", list);
}

/* An empty list is not shown. */
static int add_endpoints(struct json_object *o, struct emu_arm *call,
                         const struct emu_resource *resource,
                         struct json_object *kept)
{
    struct json_object *from =
        emu_json_member(kept, "privateEndpointConnections");
    struct json_object *list = json_object_new_array();
    size_t i, count = 0;

    if (json_object_is_type(from, json_type_array))
        count = json_object_array_length(from);
    for (i = 0; i < count; i++) {
        struct json_object *one = emu_resource_endpoint(
            call, resource, json_object_array_get_idx(from, i));

        /* Here it is an item: of id and properties. */
        json_object_object_del(one, "name");
        json_object_object_del(one, "type");
        json_object_array_add(list, one);
    }
    if (count != 0)
        return emu_json_add(o, "privateEndpointConnections", list);
    json_object_put(list);
    return 1;
}

static struct json_object *properties(struct emu_arm *call,
                                      const struct emu_resource *resource)
{
    static const char *const copied[] = {"tenantId",
                                         "initialAdminObjectIds",
                                         "enablePurgeProtection",
                                         "softDeleteRetentionInDays",
                                         "networkAcls",
                                         "publicNetworkAccess"};
    struct json_object *kept =
        emu_json_member(resource->document, "properties");
    struct json_object *o = json_object_new_object();
    char uri[64];
    size_t i;
    int ok;

    snprintf(uri, sizeof(uri), "https://localhost:%lld/",
             (long long)resource->port);
    ok = emu_json_add_string(o, "hsmUri", uri) &&
         emu_json_add(o, "enableSoftDelete", json_object_new_boolean(1)) &&
         add_state(o, call, resource) && add_activation(o, call, resource) &&
         add_regions(o, resource) && add_endpoints(o, call, resource, kept);
    for (i = 0; ok && i < sizeof(copied) / sizeof(copied[0]); i++)
        ok = add_copy(o, kept, copied[i]);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

static int add_names(struct json_object *o, const struct emu_cloud *cloud,
                     const struct emu_resource *resource)
{
    char base[320], id[400];

    emu_arm_id(cloud, resource->group, base, sizeof(base));
    snprintf(id, sizeof(id), "%s/%s", base, resource->name);
    return emu_json_add_string(o, "id", id) &&
           emu_json_add_string(o, "name", resource->name);
}

struct json_object *emu_resource_json(struct emu_arm *call,
                                      const struct emu_resource *resource)
{
    struct json_object *o = json_object_new_object();
    struct json_object *identity = NULL;

    if (emu_json_member(resource->document, "identity") != NULL)
        identity = emu_identities_json(
            call->cloud, emu_json_member(resource->document, "identity"));
    if (add_names(o, call->cloud, resource) &&
        emu_json_add_string(o, "type", "Microsoft.KeyVault/managedHSMs") &&
        emu_json_add_string(o, "location", resource->location) &&
        add_copy(o, resource->document, "sku") &&
        add_copy(o, resource->document, "tags") &&
        (identity == NULL ||
         emu_json_add(o, "identity", json_object_get(identity))) &&
        emu_json_add(o, "properties", properties(call, resource))) {
        json_object_put(identity);
        return o;
    }
    json_object_put(identity);
    json_object_put(o);
    return NULL;
}

static struct json_object *
deleted_properties(struct emu_arm *call, const struct emu_resource *resource)
{
    struct json_object *o = json_object_new_object();
    char base[320], id[400];

    emu_arm_id(call->cloud, resource->group, base, sizeof(base));
    snprintf(id, sizeof(id), "%s/%s", base, resource->name);
    if (emu_json_add_string(o, "mhsmId", id) &&
        emu_json_add_string(o, "location", resource->location) &&
        add_date(o, "deletionDate", resource->deleted) &&
        add_date(o, "scheduledPurgeDate", emu_resource_purge_date(resource)) &&
        emu_json_add(o, "purgeProtectionEnabled",
                     json_object_new_boolean(emu_resource_flag(
                         resource, "enablePurgeProtection"))) &&
        add_copy(o, resource->document, "tags"))
        return o;
    json_object_put(o);
    return NULL;
}

struct json_object *
emu_resource_deleted_json(struct emu_arm *call,
                          const struct emu_resource *resource)
{
    struct json_object *o = json_object_new_object();
    char id[320];

    snprintf(id, sizeof(id),
             "/subscriptions/%s/providers/Microsoft.KeyVault/locations/%s/"
             "deletedManagedHSMs/%s",
             call->cloud->tenant, resource->location, resource->name);
    if (emu_json_add_string(o, "id", id) &&
        emu_json_add_string(o, "name", resource->name) &&
        emu_json_add_string(o, "type",
                            "Microsoft.KeyVault/deletedManagedHSMs") &&
        emu_json_add(o, "properties", deleted_properties(call, resource)))
        return o;
    json_object_put(o);
    return NULL;
}
