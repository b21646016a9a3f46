/* SPDX-License-Identifier: MIT
 *
 * What an owner may say of an HSM. What is read-only is skipped, as clients send
 * back whole what they have got.
 */
#include "resource_text.h"

#include "identities.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TAGS_MAX       50
#define ADMINS_MAX     25
#define IDENTITIES_MAX 20
#define TEXT_MAX       256

/* What a part of the body has to do with. */
struct reading {
    struct emu_arm *call;
    struct emu_reply *r;
    struct emu_resource *resource;
    struct json_object *kept;  /* the properties of the resource */
    struct json_object *given; /* those of the body, or NULL */
    int fresh, is_patch;
};

static int refuse(const struct reading *x, const char *what)
{
    emu_reply_error(x->r, 400, "BadRequest", "%s", what);
    return 0;
}

static int failed(const struct reading *x, int ok)
{
    if (!ok)
        emu_reply_failed(x->r);
    return ok;
}

static int keep(const struct reading *x, struct json_object *where,
                const char *name, struct json_object *value)
{
    return failed(x, emu_json_add(where, name, json_object_get(value)));
}

static int is_one_of(const char *text, const char *const *words)
{
    size_t i;

    for (i = 0; words[i] != NULL; i++) {
        if (text != NULL && strcasecmp(text, words[i]) == 0)
            return 1;
    }
    return 0;
}

int emu_location_read(const char *text, char out[EMU_LOCATION_SIZE])
{
    size_t len = 0;

    for (; text != NULL && *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (!isalnum((unsigned char)*text) || len == EMU_LOCATION_SIZE - 1)
            return 0;
        out[len++] = (char)tolower((unsigned char)*text);
    }
    out[len] = '\0';
    return len != 0;
}

static int read_location(const struct reading *x)
{
    const char *text = emu_json_string(x->call->body, "location");
    char location[EMU_LOCATION_SIZE];

    if (text == NULL && !x->fresh)
        return 1;
    if (!emu_location_read(text, location))
        return refuse(x, "The location property is required and must name an "
                         "Azure region.");
    if (x->fresh) {
        memcpy(x->resource->location, location, sizeof(location));
        return 1;
    }
    if (strcmp(location, x->resource->location) == 0)
        return 1;
    emu_reply_error(x->r, 409, "InvalidResourceLocation",
                    "The resource '%s' already exists in location '%s' in "
                    "resource group '%s'. A resource with the same name cannot "
                    "be created in location '%s'.",
                    x->resource->name, x->resource->location,
                    x->resource->group, location);
    return 0;
}

static int read_sku(const struct reading *x)
{
    static const char *const families[] = {"B", "C", NULL};
    static const char *const names[] = {"Standard_B1", "Custom_B32",
                                        "Custom_B6",   "Custom_C42",
                                        "Custom_C10",  NULL};
    struct json_object *sku = emu_json_member(x->call->body, "sku");

    if (sku == NULL)
        return !x->fresh ||
               refuse(x, "The sku of the managed HSM is required.");
    if (!is_one_of(emu_json_string(sku, "family"), families) ||
        !is_one_of(emu_json_string(sku, "name"), names))
        return refuse(x, "The sku is not supported: its family is B, and its "
                         "name Standard_B1, Custom_B32, Custom_B6, Custom_C42 "
                         "or Custom_C10.");
    return keep(x, x->resource->document, "sku", sku);
}

static int read_tags(const struct reading *x)
{
    struct json_object *tags = emu_json_member(x->call->body, "tags");
    int ok = 1;

    if (tags == NULL) {
        if (!x->is_patch)
            json_object_object_del(x->resource->document, "tags");
        return 1;
    }
    if (!json_object_is_type(tags, json_type_object) ||
        json_object_object_length(tags) > TAGS_MAX)
        return refuse(x, "The tags are no object of at most 50 members.");
    json_object_object_foreach(tags, name, value)
    {
        ok = ok && *name != '\0' && strlen(name) <= TEXT_MAX * 2 &&
             json_object_is_type(value, json_type_string) &&
             json_object_get_string_len(value) <= TEXT_MAX;
    }
    if (!ok)
        return refuse(x, "A tag is too long or no text.");
    return keep(x, x->resource->document, "tags", tags);
}

static int identities_valid(struct json_object *all)
{
    int ok = json_object_is_type(all, json_type_object) &&
             json_object_object_length(all) > 0 &&
             json_object_object_length(all) <= IDENTITIES_MAX;

    if (ok) {
        json_object_object_foreach(all, id, value)
        {
            (void)value;
            ok = ok && emu_identity_valid(id);
        }
    }
    return ok;
}

/* As a merge patch: the ones before stay, save those that are null now. */
static int merge_identities(const struct reading *x,
                            struct json_object *identity)
{
    struct json_object *given =
        emu_json_member(identity, "userAssignedIdentities");
    struct json_object *before =
        emu_json_member(emu_json_member(x->resource->document, "identity"),
                        "userAssignedIdentities");
    struct json_object *merged = json_object_new_object();
    int ok = merged != NULL;

    if (before != NULL) {
        json_object_object_foreach(before, id, value)
        {
            ok = ok && (json_object_object_get_ex(given, id, NULL) ||
                        emu_json_add(merged, id, json_object_get(value)));
        }
    }
    {
        json_object_object_foreach(given, id, value)
        {
            ok = ok && (value == NULL ||
                        emu_json_add(merged, id, json_object_get(value)));
        }
    }
    return failed(x, emu_json_add(identity, "userAssignedIdentities", merged) &&
                         ok);
}

static int read_identity(const struct reading *x)
{
    static const char *const types[] = {"None", "SystemAssigned",
                                        "UserAssigned",
                                        "SystemAssigned,UserAssigned", NULL};
    struct json_object *identity = emu_json_member(x->call->body, "identity");
    struct json_object *all =
        emu_json_member(identity, "userAssignedIdentities");
    const char *type = emu_json_string(identity, "type");

    if (identity == NULL)
        return 1;
    if (!is_one_of(type, types))
        return refuse(x, "The type of the identity is not supported.");
    if ((strstr(type, "UserAssigned") != NULL) != (all != NULL) ||
        (all != NULL && !identities_valid(all)))
        return refuse(x, "The userAssignedIdentities do not go with the type "
                         "of the identity, or an id is malformed.");
    if (all != NULL && x->is_patch && !merge_identities(x, identity))
        return 0;
    return keep(x, x->resource->document, "identity", identity);
}

static int read_admins(const struct reading *x)
{
    struct json_object *list =
        emu_json_member(x->given, "initialAdminObjectIds");
    size_t i, count = 0;
    int ok = 1;

    if (list == NULL && !x->fresh)
        return 1;
    if (json_object_is_type(list, json_type_array))
        count = json_object_array_length(list);
    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        ok = ok && json_object_is_type(one, json_type_string) &&
             emu_guid_valid(json_object_get_string(one));
    }
    if (!ok || count == 0 || count > ADMINS_MAX)
        return refuse(x, "initialAdminObjectIds is required: the object ids of "
                         "at least one administrator.");
    return !x->fresh || keep(x, x->kept, "initialAdminObjectIds", list);
}

static int read_tenant(const struct reading *x)
{
    const char *tenant = emu_json_string(x->given, "tenantId");

    if (tenant != NULL && strcasecmp(tenant, x->call->cloud->tenant) != 0)
        return refuse(x, "The tenantId is not that of the subscription.");
    return failed(
        x, emu_json_add_string(x->kept, "tenantId", x->call->cloud->tenant));
}

/* The Azure CLI sends the number as text, so that has to be taken. */
static int retention_days(const struct reading *x, int64_t *days)
{
    const char *text = emu_json_string(x->given, "softDeleteRetentionInDays");

    if (text == NULL)
        return emu_json_int(x->given, "softDeleteRetentionInDays", days);
    if (*text == '\0' || strlen(text) > 3 ||
        strspn(text, "0123456789") != strlen(text))
        return -1;
    *days = strtol(text, NULL, 10);
    return 1;
}

static int read_retention(const struct reading *x)
{
    int64_t days = 90, before = 90;
    int soft = 1, found = retention_days(x, &days);

    if (emu_json_bool(x->given, "enableSoftDelete", &soft) < 0 || !soft)
        return refuse(x, "The property \"enableSoftDelete\" cannot be false.");
    if (found < 0 || days < 7 || days > 90)
        return refuse(x, "softDeleteRetentionInDays is a number from 7 to 90.");
    (void)emu_json_int(x->kept, "softDeleteRetentionInDays", &before);
    if (!x->fresh && found == 1 && days != before)
        return refuse(x, "softDeleteRetentionInDays cannot be changed.");
    return !x->fresh ||
           failed(x,
                  emu_json_add_int(x->kept, "softDeleteRetentionInDays", days));
}

static int read_protection(const struct reading *x)
{
    int wanted = 0;
    int found = emu_json_bool(x->given, "enablePurgeProtection", &wanted);

    if (found < 0)
        return refuse(x, "enablePurgeProtection is true or false.");
    if (found == 1 && !wanted &&
        emu_resource_flag(x->resource, "enablePurgeProtection"))
        return refuse(x, "The property \"enablePurgeProtection\" cannot be set "
                         "to false: enabling it cannot be undone.");
    return found == 0 ||
           failed(x, emu_json_add(x->kept, "enablePurgeProtection",
                                  json_object_new_boolean(wanted)));
}

static int read_public(const struct reading *x)
{
    static const char *const words[] = {"Enabled", "Disabled", NULL};
    struct json_object *given =
        emu_json_member(x->given, "publicNetworkAccess");

    if (given == NULL)
        return !x->fresh ||
               failed(x, emu_json_add_string(x->kept, "publicNetworkAccess",
                                             words[0]));
    if (!is_one_of(emu_json_string(x->given, "publicNetworkAccess"), words))
        return refuse(x, "publicNetworkAccess is Enabled or Disabled.");
    return keep(x, x->kept, "publicNetworkAccess", given);
}

static int rules_valid(struct json_object *list)
{
    struct emu_rule rule;
    size_t i;

    if (list == NULL)
        return 1;
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > EMU_RULES_MAX)
        return 0;
    for (i = 0; i < json_object_array_length(list); i++) {
        if (!emu_network_rule(
                emu_json_string(json_object_array_get_idx(list, i), "value"),
                &rule))
            return 0;
    }
    return 1;
}

static int read_acls(const struct reading *x)
{
    static const char *const bypasses[] = {"AzureServices", "None", NULL};
    static const char *const defaults[] = {"Allow", "Deny", NULL};
    struct json_object *acls = emu_json_member(x->given, "networkAcls");
    struct json_object *nets = emu_json_member(acls, "virtualNetworkRules");
    struct json_object *list;

    if (acls == NULL)
        return 1;
    if ((emu_json_member(acls, "bypass") != NULL &&
         !is_one_of(emu_json_string(acls, "bypass"), bypasses)) ||
        (emu_json_member(acls, "defaultAction") != NULL &&
         !is_one_of(emu_json_string(acls, "defaultAction"), defaults)))
        return refuse(x, "networkAcls: bypass is AzureServices or None, "
                         "defaultAction is Allow or Deny.");
    if (!rules_valid(emu_json_member(acls, "ipRules")))
        return refuse(x, "networkAcls: ipRules has at most 10 IPv4 addresses "
                         "or ranges.");
    if (nets != NULL && (!json_object_is_type(nets, json_type_array) ||
                         json_object_array_length(nets) != 0))
        return refuse(x, "networkAcls: virtualNetworkRules are not supported "
                         "by managed HSMs.");
    list = json_object_new_array();
    if (nets == NULL &&
        !failed(x, emu_json_add(acls, "virtualNetworkRules", list)))
        return 0;
    if (nets != NULL)
        json_object_put(list);
    return keep(x, x->kept, "networkAcls", acls);
}

/* The one beside the primary, in `out`; empty for none. 0 for a wrong list. */
static int wanted_region(const struct reading *x, struct json_object *given,
                         char out[EMU_LOCATION_SIZE])
{
    char location[EMU_LOCATION_SIZE];
    size_t i;

    out[0] = '\0';
    if (!json_object_is_type(given, json_type_array))
        return refuse(x, "regions is no list.");
    for (i = 0; i < json_object_array_length(given); i++) {
        if (!emu_location_read(
                emu_json_string(json_object_array_get_idx(given, i), "name"),
                location))
            return refuse(x, "A region is malformed.");
        if (strcmp(location, x->resource->location) == 0)
            continue;
        if (out[0] != '\0')
            return refuse(x, "A managed HSM can be extended to one region.");
        memcpy(out, location, sizeof(location));
    }
    return 1;
}

/* What is kept is the extension: it has a name, and a phase while something is
 * under way. */
static int read_regions(const struct reading *x)
{
    struct json_object *given = emu_json_member(x->given, "regions");
    struct json_object *before = emu_json_member(x->kept, "extension");
    const char *name = emu_json_string(before, "name");
    char wanted[EMU_LOCATION_SIZE];

    if (given == NULL)
        return 1;
    if (!wanted_region(x, given, wanted))
        return 0;
    if (name != NULL && wanted[0] == '\0')
        return failed(x, emu_json_add_string(before, "phase", "Deleting"));
    if (wanted[0] == '\0' || (name != NULL && strcmp(name, wanted) == 0))
        return 1;
    if (name != NULL)
        return refuse(x, "A managed HSM can be extended to one region: the "
                         "other one has to be removed first.");
    if (!failed(x,
                emu_json_add(x->kept, "extension", json_object_new_object())))
        return 0;
    before = emu_json_member(x->kept, "extension");
    return failed(x, emu_json_add_string(before, "name", wanted) &&
                         emu_json_add_string(before, "phase", "Provisioning"));
}

int emu_resource_read(struct emu_arm *call, struct emu_reply *r,
                      struct emu_resource *resource, int fresh, int is_patch)
{
    struct reading x = {call, r, resource, NULL, NULL, fresh, is_patch};

    if (resource->document == NULL)
        resource->document = json_object_new_object();
    if (emu_json_member(resource->document, "properties") == NULL)
        (void)emu_json_add(resource->document, "properties",
                           json_object_new_object());
    x.kept = emu_json_member(resource->document, "properties");
    x.given = emu_json_member(call->body, "properties");
    if (x.kept == NULL)
        return failed(&x, 0);
    return read_location(&x) && read_sku(&x) && read_tags(&x) &&
           read_identity(&x) && read_tenant(&x) && read_admins(&x) &&
           read_retention(&x) && read_protection(&x) && read_public(&x) &&
           read_acls(&x) && read_regions(&x);
}
