/* SPDX-License-Identifier: MIT
 *
 * What an HSM is to be like, as the body of a request.  Of a PATCH only what
 * changes is sent; but network rules and identities are one thing each to the
 * service, so what stays of them is sent again.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "resource/call.h"

enum { list_max = 50, text_max = 1024, tag_max = 512 };

static mhsm_status check_choice(const char *name, const char *value,
                                const char *first, const char *second,
                                mhsm_error **err)
{
    if (value == NULL || strcmp(value, first) == 0 ||
        strcmp(value, second) == 0)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s is %s or %s, not \"%.80s\"",
                       name, first, second, value);
}

/* An IPv4 address, or a range as ADDRESS/BITS. */
static int is_range(const char *text)
{
    size_t size = strcspn(text, "/");
    char address[INET_ADDRSTRLEN], *end = NULL;
    struct in_addr parsed;
    long bits = 32;

    if (size == 0 || size >= sizeof(address))
        return 0;
    memcpy(address, text, size);
    address[size] = '\0';
    if (text[size] == '/') {
        if (text[size + 1] < '0' || text[size + 1] > '9')
            return 0;
        bits = strtol(text + size + 1, &end, 10);
        if (*end != '\0')
            return 0;
    }
    return bits <= 32 && inet_pton(AF_INET, address, &parsed) == 1;
}

static int is_resource(const char *text)
{
    return text[0] == '/' && strlen(text) <= text_max;
}

static int is_object_id(const char *text)
{
    return strlen(text) == 36 && strspn(text, "0123456789abcdefABCDEF-") == 36;
}

static int is_tag(const char *text)
{
    const char *end = strchr(text, '=');

    return end != NULL && end != text && (size_t)(end - text) <= tag_max &&
           strlen(end + 1) <= tag_max;
}

static mhsm_status check_list(const char *what, const char *const *list,
                              size_t count, int (*is_good)(const char *text),
                              mhsm_error **err)
{
    size_t i;

    if (count > list_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "more than %d %ss",
                           (int)list_max, what);
    for (i = 0; i < count; i++) {
        if (!is_good(list[i]))
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "\"%.100s\" is no %s",
                               list[i], what);
    }
    return MHSM_OK;
}

static mhsm_status check(const mhsm_hsm_settings *s, mhsm_error **err)
{
    mhsm_status st;

    if (s->location != NULL && !mhsmi_location_check(s->location))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "\"%.80s\" is no location, such as westeurope",
                           s->location);
    if (s->retention_days != 0 &&
        (s->retention_days < 7 || s->retention_days > 90))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a deleted HSM is kept for 7 to 90 days, not %d",
                           s->retention_days);
    st = check_choice("public access", s->public_access, "Enabled", "Disabled",
                      err);
    if (st == MHSM_OK)
        st = check_choice("bypass", s->bypass, "AzureServices", "None", err);
    if (st == MHSM_OK)
        st = check_choice("the default action", s->default_action, "Allow",
                          "Deny", err);
    if (st == MHSM_OK)
        st = check_list("IPv4 address or range", s->ip_rules, s->ip_rule_count,
                        is_range, err);
    if (st == MHSM_OK)
        st = check_list("id of a subnet", s->network_rules,
                        s->network_rule_count, is_resource, err);
    if (st == MHSM_OK)
        st = check_list("id of a managed identity", s->identities,
                        s->identity_count, is_resource, err);
    if (st == MHSM_OK)
        st = check_list("object id", s->administrators, s->administrator_count,
                        is_object_id, err);
    if (st == MHSM_OK)
        st = check_list("tag NAME=VALUE", s->tags, s->tag_count, is_tag, err);
    return st;
}

static int has_rules(const mhsm_hsm_settings *s)
{
    return s->bypass != NULL || s->default_action != NULL ||
           s->ip_rules != NULL || s->network_rules != NULL;
}

int mhsmi_settings_need_hsm(const mhsm_hsm_settings *s)
{
    return has_rules(s) || s->identities != NULL;
}

static int add_text(struct json_object *to, const char *name, const char *text)
{
    return text == NULL || mhsmi_json_add_string(to, name, text);
}

/* [{"NAME": TEXT}, ...], or texts alone when `name` is NULL. */
static int add_list(struct json_object *to, const char *member,
                    const char *name, const char *const *list, size_t count)
{
    struct json_object *array = json_object_new_array(), *one;
    size_t i;
    int ok = array != NULL;

    for (i = 0; ok && i < count; i++) {
        one = name != NULL ? json_object_new_object()
                           : json_object_new_string(list[i]);
        ok = one != NULL &&
             (name == NULL || mhsmi_json_add_string(one, name, list[i]));
        if (ok)
            ok = json_object_array_add(array, one) == 0;
        if (!ok)
            json_object_put(one);
    }
    if (ok)
        return mhsmi_json_add(to, member, array);
    json_object_put(array);
    return 0;
}

static int keep_member(struct json_object *to, struct json_object *from,
                       const char *name)
{
    struct json_object *value = NULL;

    return from == NULL || !json_object_object_get_ex(from, name, &value) ||
           mhsmi_json_add(to, name, json_object_get(value));
}

static int add_rules(struct json_object *to, const mhsm_hsm_settings *s,
                     struct json_object *before)
{
    struct json_object *acls = json_object_new_object();
    struct json_object *old = mhsmi_json_object(before, "networkAcls");
    int ok = acls != NULL && keep_member(acls, old, "bypass") &&
             keep_member(acls, old, "defaultAction") &&
             keep_member(acls, old, "ipRules") &&
             keep_member(acls, old, "virtualNetworkRules") &&
             add_text(acls, "bypass", s->bypass) &&
             add_text(acls, "defaultAction", s->default_action);

    if (ok && s->ip_rules != NULL)
        ok = add_list(acls, "ipRules", "value", s->ip_rules, s->ip_rule_count);
    if (ok && s->network_rules != NULL)
        ok = add_list(acls, "virtualNetworkRules", "id", s->network_rules,
                      s->network_rule_count);
    if (ok)
        return mhsmi_json_add(to, "networkAcls", acls);
    json_object_put(acls);
    return 0;
}

static int add_properties(struct json_object *to, const mhsm_hsm_settings *s,
                          struct json_object *before)
{
    struct json_object *o = json_object_new_object();
    int ok = o != NULL;

    if (ok && s->administrator_count != 0)
        ok = add_list(o, "initialAdminObjectIds", NULL, s->administrators,
                      s->administrator_count);
    if (ok && s->retention_days != 0)
        ok = mhsmi_json_add(o, "softDeleteRetentionInDays",
                            json_object_new_int(s->retention_days));
    if (ok && s->purge_protection)
        ok = mhsmi_json_add(o, "enablePurgeProtection",
                            json_object_new_boolean(1));
    ok = ok && add_text(o, "publicNetworkAccess", s->public_access);
    if (ok && has_rules(s))
        ok = add_rules(o, s, before);
    if (ok)
        return mhsmi_json_add(to, "properties", o);
    json_object_put(o);
    return 0;
}

/* In a PATCH, one that goes is named with null. */
static int add_identities(struct json_object *to, const mhsm_hsm_settings *s,
                          struct json_object *before)
{
    struct json_object *o = json_object_new_object();
    struct json_object *all = json_object_new_object();
    struct json_object *old = mhsmi_json_object(
        mhsmi_json_object(before, "identity"), "userAssignedIdentities");
    int ok = o != NULL && all != NULL;
    size_t i;

    if (ok && old != NULL && s->identity_count != 0) {
        json_object_object_foreach(old, id, value)
        {
            (void)value;
            ok = ok && json_object_object_add(all, id, NULL) == 0;
        }
    }
    for (i = 0; ok && i < s->identity_count; i++)
        ok = mhsmi_json_add(all, s->identities[i], json_object_new_object());
    ok = ok && mhsmi_json_add_string(
                   o, "type", s->identity_count != 0 ? "UserAssigned" : "None");
    if (ok && s->identity_count != 0)
        ok = mhsmi_json_add(o, "userAssignedIdentities", json_object_get(all));
    json_object_put(all);
    if (ok)
        return mhsmi_json_add(to, "identity", o);
    json_object_put(o);
    return 0;
}

static int add_tags(struct json_object *to, const mhsm_hsm_settings *s)
{
    struct json_object *o = json_object_new_object();
    int ok = o != NULL;
    size_t i;

    for (i = 0; ok && i < s->tag_count; i++) {
        const char *end = strchr(s->tags[i], '=');
        char *name = mhsmi_strndup(s->tags[i], (size_t)(end - s->tags[i]));

        ok = name != NULL && mhsmi_json_add_string(o, name, end + 1);
        mhsmi_free(name);
    }
    if (ok)
        return mhsmi_json_add(to, "tags", o);
    json_object_put(o);
    return 0;
}

/* Only of a new one. */
static int add_making(struct json_object *to, const mhsm_hsm_settings *s)
{
    const char *name = s->sku != NULL ? s->sku : "Standard_B1";
    const char *underscore = strchr(name, '_');
    char family[] = "B";
    struct json_object *sku = json_object_new_object();

    if (underscore != NULL)
        family[0] = underscore[1];
    if (sku != NULL && mhsmi_json_add_string(sku, "name", name) &&
        mhsmi_json_add_string(sku, "family", family) &&
        mhsmi_json_add(to, "sku", json_object_get(sku))) {
        json_object_put(sku);
        return mhsmi_json_add_string(to, "location", s->location);
    }
    json_object_put(sku);
    return 0;
}

mhsm_status mhsmi_settings_write(const mhsm_hsm_settings *settings,
                                 const mhsm_hsm *hsm, struct json_object **body,
                                 mhsm_error **err)
{
    struct json_object *before = hsm != NULL ? mhsmi_hsm_json(hsm) : NULL;
    struct json_object *made;
    mhsm_status st = check(settings, err);
    int ok;

    if (st != MHSM_OK)
        return st;
    made = json_object_new_object();
    ok =
        made != NULL &&
        (settings->location == NULL || add_making(made, settings)) &&
        (settings->identities == NULL ||
         add_identities(made, settings, before)) &&
        (settings->tags == NULL || add_tags(made, settings)) &&
        add_properties(made, settings, mhsmi_json_object(before, "properties"));
    if (ok) {
        *body = made;
        return MHSM_OK;
    }
    json_object_put(made);
    return mhsmi_error_memory(err);
}
