/* SPDX-License-Identifier: MIT
 *
 * Step: local RBAC.  What the principal may do is read from its role
 * assignments where it may read those; what cannot be asked without doing it is
 * said to be unknown.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "doctor/step.h"

#define PREFIX "Microsoft.KeyVault/managedHsm/"
#define ROLES  "/providers/Microsoft.Authorization/"

static const struct {
    const char *action, *name;
} actions[] = {
    {PREFIX "keys/read/action", "read"},
    {PREFIX "keys/sign/action", "sign"},
    {PREFIX "keys/verify/action", "verify"},
    {PREFIX "keys/encrypt/action", "encrypt"},
    {PREFIX "keys/decrypt/action", "decrypt"},
    {PREFIX "keys/wrap/action", "wrap"},
    {PREFIX "keys/unwrap/action", "unwrap"},
    {PREFIX "keys/create", "create"},
    {PREFIX "keys/write/action", "update"},
    {PREFIX "keys/delete", "delete"},
};
enum { action_count = sizeof(actions) / sizeof(actions[0]) };

/* What those bits are good for: using a key, by any of these. */
static const char *const uses[] = {"sign", "decrypt", "unwrap"};

static int matches(const char *pattern, const char *action)
{
    size_t star = strcspn(pattern, "*");

    if (pattern[star] == '*')
        return OPENSSL_strncasecmp(pattern, action, star) == 0;
    return OPENSSL_strcasecmp(pattern, action) == 0;
}

static unsigned int bits_of(struct json_object *permission, const char *member)
{
    struct json_object *list = mhsmi_json_array(permission, member);
    size_t i, k, count = list != NULL ? json_object_array_length(list) : 0;
    unsigned int bits = 0;

    for (i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);

        for (k = 0; k < action_count; k++)
            if (json_object_is_type(item, json_type_string) &&
                matches(json_object_get_string(item), actions[k].action))
                bits |= 1u << k;
    }
    return bits;
}

/* A role's actions among those of the table. */
static unsigned int actions_of(struct json_object *role)
{
    struct json_object *list =
        mhsmi_json_array(mhsmi_json_object(role, "properties"), "permissions");
    size_t i, count = list != NULL ? json_object_array_length(list) : 0;
    unsigned int bits = 0;

    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        bits |= bits_of(one, "dataActions") & ~bits_of(one, "notDataActions");
    }
    return bits;
}

/* Ids end in the GUID that is the role's name. */
static struct json_object *find_role(struct json_object *roles, const char *id)
{
    struct json_object *list = mhsmi_json_array(roles, "value");
    size_t i, count = list != NULL ? json_object_array_length(list) : 0;
    const char *slash = strrchr(id, '/');

    for (i = 0; i < count; i++) {
        struct json_object *role = json_object_array_get_idx(list, i);
        const char *name = mhsmi_json_string(role, "name");

        if (name != NULL &&
            OPENSSL_strcasecmp(name, slash != NULL ? slash + 1 : id) == 0)
            return role;
    }
    return NULL;
}

static mhsm_status read_list(struct doctor *doctor, const char *scope,
                             const char *what, struct json_object **list,
                             mhsm_error **err)
{
    struct mhsmi_buf path;
    mhsm_status st;

    mhsmi_buf_init(&path, 512);
    if (mhsmi_buf_printf(&path, "%s" ROLES "%s?api-version=%s", scope, what,
                         mhsm_config_get(doctor->config, "api-version")))
        st = doctor_read(doctor, mhsmi_buf_text(&path), "read the roles", NULL,
                         list, err);
    else
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&path);
    return st;
}

/* Of the principal itself; a group's assignments do not show. */
static unsigned int granted(struct doctor *doctor, const char *scope,
                            struct json_object *assignments,
                            struct json_object *roles,
                            struct json_object *facts)
{
    struct json_object *list = mhsmi_json_array(assignments, "value");
    size_t i, count = list != NULL ? json_object_array_length(list) : 0;
    unsigned int bits = 0;

    for (i = 0; i < count; i++) {
        struct json_object *properties =
            mhsmi_json_object(json_object_array_get_idx(list, i), "properties");
        const char *who = mhsmi_json_string(properties, "principalId");
        const char *id = mhsmi_json_string(properties, "roleDefinitionId");
        const char *at = mhsmi_json_string(properties, "scope"), *name;
        struct json_object *role;

        /* A list may hold more than its own scope's. */
        if (who == NULL || id == NULL || doctor->claims.object_id == NULL ||
            OPENSSL_strcasecmp(who, doctor->claims.object_id) != 0 ||
            (at != NULL && strcmp(at, *scope != '\0' ? scope : "/") != 0))
            continue;
        role = find_role(roles, id);
        name = mhsmi_json_string(mhsmi_json_object(role, "properties"),
                                 "roleName");
        bits |= actions_of(role);
        doctor_append(doctor, facts, name != NULL ? name : id);
        doctor_say(doctor, DOCTOR_OK, NULL, NULL,
                   "it has the role \"%s\" at %s", name != NULL ? name : id,
                   *scope != '\0' ? scope : "/");
    }
    return bits;
}

/* 1, or 0 when the principal may not read assignments. */
static int read_grants(struct doctor *doctor, unsigned int *bits,
                       mhsm_error **err)
{
    struct json_object *roles = NULL, *list = NULL;
    struct json_object *facts = json_object_new_array();
    const char *key = doctor->request->key;
    char *scopes[3] = {mhsmi_strdup(""), mhsmi_strdup("/keys"), NULL};
    size_t i;
    int known = 0;

    if (key != NULL)
        scopes[2] = mhsmi_asprintf("/keys/%s", key);
    if (facts == NULL ||
        read_list(doctor, "", "roleDefinitions", &roles, err) != MHSM_OK)
        goto out;
    for (i = 0; i < 3 && scopes[i] != NULL; i++) {
        if (read_list(doctor, scopes[i], "roleAssignments", &list, NULL) !=
            MHSM_OK)
            continue;
        known = 1;
        *bits |= granted(doctor, scopes[i], list, roles, facts);
        json_object_put(list);
        list = NULL;
    }
    doctor_fact_json(doctor, "roles", json_object_get(facts));
out:
    json_object_put(facts);
    json_object_put(roles);
    for (i = 0; i < 3; i++)
        mhsmi_free(scopes[i]);
    return known;
}

static void tell_grants(struct doctor *doctor, unsigned int bits)
{
    struct json_object *list = json_object_new_array();
    struct mhsmi_buf can;
    size_t i, k;
    int useful = 0;

    mhsmi_buf_init(&can, 512);
    for (i = 0; i < action_count; i++) {
        if ((bits >> i & 1u) == 0)
            continue;
        doctor_append(doctor, list, actions[i].name);
        if (!mhsmi_buf_printf(&can, "%s%s", can.size != 0 ? ", " : "",
                              actions[i].name))
            doctor->out_of_memory = 1;
        for (k = 0; k < sizeof(uses) / sizeof(uses[0]); k++)
            useful |= strcmp(actions[i].name, uses[k]) == 0;
    }
    doctor_fact_json(doctor, "actions", list);
    if (useful)
        doctor_say(doctor, DOCTOR_OK, NULL, NULL, "its roles allow: %s",
                   mhsmi_buf_text(&can));
    else
        doctor_say(doctor, DOCTOR_WARN,
                   "no role of its own lets it sign, decrypt or unwrap; roles "
                   "that it has by way of a group do not show here",
                   "assign it \"Managed HSM Crypto User\", or a role with just "
                   "keys/read/action and keys/sign/action, at /keys/NAME",
                   "its roles allow: %s",
                   can.size != 0 ? mhsmi_buf_text(&can) : "nothing with keys");
    mhsmi_buf_clear(&can);
}

/* The key itself, as far as it matters for using it. */
static void tell_key(struct doctor *doctor)
{
    struct json_object *key = mhsmi_json_object(doctor->served, "key");
    struct json_object *state = mhsmi_json_object(doctor->served, "attributes");
    struct json_object *ops = mhsmi_json_array(key, "key_ops");
    const char *kty = mhsmi_json_string(key, "kty");
    const char *kid = mhsmi_json_string(key, "kid");

    doctor_fact(doctor, "kid", kid);
    if (mhsmi_json_bool(state, "enabled", 1))
        doctor_say(
            doctor, DOCTOR_OK, NULL, NULL,
            "the key is there: %s, operations %s", kty != NULL ? kty : "?",
            ops != NULL
                ? json_object_to_json_string_ext(ops, JSON_C_TO_STRING_PLAIN)
                : "not said");
    else
        doctor_say(doctor, DOCTOR_FAIL, "a disabled key does nothing",
                   "enable it, or use another version",
                   "the key's latest version is disabled");
}

/* What the read that was asked says; 1 when keys/read is granted. */
static int tell_read(struct doctor *doctor)
{
    const char *key = doctor->request->key;

    if (doctor->reply == MHSM_OK) {
        if (key != NULL)
            tell_key(doctor);
        else
            doctor_say(doctor, DOCTOR_OK, NULL, NULL, "it may list the keys");
        return 1;
    }
    if (doctor->reply == MHSM_ERR_FORBIDDEN && key == NULL)
        doctor_say(doctor, DOCTOR_WARN,
                   "it has no role for keys at /, which is as it should be "
                   "where its role is for one key alone",
                   "name that key: mhsm doctor --key NAME", "%s",
                   mhsm_error_message(doctor->refusal));
    else
        doctor_say_error(doctor, DOCTOR_FAIL, doctor->refusal,
                         doctor->reply == MHSM_ERR_NOT_FOUND
                             ? "the HSM has no such key, or it is deleted"
                             : NULL);
    return 0;
}

void doctor_access(struct doctor *doctor)
{
    mhsm_error *err = NULL;
    unsigned int bits = 0;
    char next[200] = "an administrator can: az keyvault role assignment list";
    int may_read = tell_read(doctor);

    if (read_grants(doctor, &bits, &err)) {
        tell_grants(doctor, bits);
    } else {
        if (doctor->claims.object_id != NULL)
            (void)snprintf(next, sizeof(next),
                           "an administrator can: az keyvault role assignment "
                           "list --hsm-name HSM --assignee %.80s",
                           doctor->claims.object_id);
        doctor_say(doctor, DOCTOR_OK,
                   "the HSM tells its roles only to those who may read them, "
                   "and no other action can be asked for without doing it",
                   next,
                   "%s; sign, decrypt, unwrap and the others are not "
                   "known",
                   may_read ? "it may read keys" : "it may not read roles");
    }
    mhsm_error_free(&err);
}
