/* SPDX-License-Identifier: MIT
 *
 * Rotation policies.  What a policy says beyond what is known here is kept in
 * its JSON and otherwise left alone.
 */
#include "mhsm/rotation.h"

#include <string.h>

#include "base/endpoint.h"
#include "base/error.h"
#include "keys/duration.h"
#include "keys/request.h"

/* A vault rotates more often, but its versions live as long. */
enum { days_min = 28, vault_days_min = 7 };

static const struct mhsmi_key_request get_request = {
    .method = "GET",
    .collection = "keys",
    .verb = "rotationpolicy",
    .doing = "get the rotation policy of key",
    .action = "keys/read/action",
    .retry = MHSMI_RETRY_REPEATABLE,
};
static const struct mhsmi_key_request set_request = {
    .method = "PUT",
    .collection = "keys",
    .verb = "rotationpolicy",
    .doing = "set the rotation policy of key",
    .action = "keys/write/action",
    .retry = MHSMI_RETRY_ONCE,
};

/* The texts borrow from `answer`. */
struct mhsm_rotation_policy {
    struct json_object *answer;
    const char *after_create, *before_expiry, *expiry;
    int64_t created, updated;
    const char *json;
};

/* The first action that rotates; others (Notify) are Key Vault's. */
static struct json_object *find_trigger(struct json_object *answer)
{
    struct json_object *actions = mhsmi_json_array(answer, "lifetimeActions");
    size_t i, count = actions != NULL ? json_object_array_length(actions) : 0;

    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(actions, i);
        const char *type =
            mhsmi_json_string(mhsmi_json_object(one, "action"), "type");

        if (type != NULL && strcmp(type, "Rotate") == 0)
            return mhsmi_json_object(one, "trigger");
    }
    return NULL;
}

/* Takes `answer`. */
static mhsm_status read_policy(struct json_object *answer,
                               mhsm_rotation_policy **policy, mhsm_error **err)
{
    struct json_object *attributes = mhsmi_json_object(answer, "attributes");
    struct json_object *trigger = find_trigger(answer);
    mhsm_rotation_policy *made = NULL;

    if (!json_object_is_type(answer, json_type_object)) {
        json_object_put(answer);
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the rotation policy is no JSON object");
    }
    made = mhsmi_alloc(sizeof(*made));
    if (made != NULL)
        made->json = json_object_to_json_string_ext(
            answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (made == NULL || made->json == NULL) {
        mhsmi_free(made);
        json_object_put(answer);
        return mhsmi_error_memory(err);
    }
    made->answer = answer;
    made->after_create = mhsmi_json_string(trigger, "timeAfterCreate");
    made->before_expiry = mhsmi_json_string(trigger, "timeBeforeExpiry");
    made->expiry = mhsmi_json_string(attributes, "expiryTime");
    made->created = mhsmi_json_int(attributes, "created", 0);
    made->updated = mhsmi_json_int(attributes, "updated", 0);
    *policy = made;
    return MHSM_OK;
}

mhsm_status mhsm_rotation_policy_get(mhsm_client *client, const mhsm_uri *uri,
                                     mhsm_rotation_policy **policy,
                                     mhsm_error **err)
{
    struct json_object *answer = NULL;
    mhsm_status st;

    if (policy == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nowhere to put the policy");
    st = mhsmi_key_request(client, uri, &get_request, NULL, &answer, err);
    return st == MHSM_OK ? read_policy(answer, policy, err) : st;
}

static mhsm_status check_duration(const char *what, const char *text, int min,
                                  mhsm_error **err)
{
    if (text == NULL || mhsmi_duration_days(text) >= min)
        return MHSM_OK;
    (void)mhsmi_error(err, MHSM_ERR_ARGUMENT,
                      "%s %.40s: it is an ISO 8601 duration of at least %d "
                      "days",
                      what, text, min);
    mhsmi_error_set_hint(err, "such as P90D, P18M, P1Y6M");
    return MHSM_ERR_ARGUMENT;
}

static mhsm_status check_spec(const mhsm_rotation_spec *spec, int is_vault,
                              mhsm_error **err)
{
    int min = is_vault ? vault_days_min : days_min;
    mhsm_status st;

    if (spec == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no policy to set");
    if (spec->after_create != NULL && spec->before_expiry != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a key rotates after its creation or before its "
                           "expiry, not both");
    if (spec->before_expiry != NULL && spec->expiry == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "to rotate before the expiry, a version needs an "
                           "expiry");
    st = check_duration("time after creation", spec->after_create, min, err);
    if (st == MHSM_OK)
        st =
            check_duration("time before expiry", spec->before_expiry, min, err);
    if (st == MHSM_OK)
        st = check_duration("expiry", spec->expiry, days_min, err);
    return st;
}

static int add_action(struct json_object *actions, const char *trigger_name,
                      const char *time)
{
    struct json_object *one, *trigger, *action;
    int ok;

    if (time == NULL)
        return 1;
    one = json_object_new_object();
    trigger = json_object_new_object();
    action = json_object_new_object();
    ok = mhsmi_json_add(one, "trigger", trigger);
    ok = mhsmi_json_add(one, "action", action) && ok;
    if (ok && mhsmi_json_add_string(trigger, trigger_name, time) &&
        mhsmi_json_add_string(action, "type", "Rotate") &&
        json_object_array_add(actions, one) == 0)
        return 1;
    json_object_put(one);
    return 0;
}

static struct json_object *make_body(const mhsm_rotation_spec *spec)
{
    struct json_object *body = json_object_new_object();
    struct json_object *actions = json_object_new_array();
    struct json_object *attributes = json_object_new_object();
    int ok = mhsmi_json_add(body, "lifetimeActions", actions);

    ok = mhsmi_json_add(body, "attributes", attributes) && ok;
    if (ok && add_action(actions, "timeAfterCreate", spec->after_create) &&
        add_action(actions, "timeBeforeExpiry", spec->before_expiry) &&
        (spec->expiry == NULL ||
         mhsmi_json_add_string(attributes, "expiryTime", spec->expiry)))
        return body;
    json_object_put(body);
    return NULL;
}

mhsm_status mhsm_rotation_policy_set(mhsm_client *client, const mhsm_uri *uri,
                                     const mhsm_rotation_spec *spec,
                                     mhsm_rotation_policy **policy,
                                     mhsm_error **err)
{
    struct json_object *body, *answer = NULL;
    mhsm_rotation_policy *made = NULL;
    int is_vault = client != NULL && uri != NULL &&
                   mhsmi_endpoint_is_vault(mhsm_client_config(client),
                                           mhsm_uri_endpoint(uri));
    mhsm_status st = check_spec(spec, is_vault, err);

    if (st != MHSM_OK)
        return st;
    body = make_body(spec);
    if (body == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_key_request(client, uri, &set_request, body, &answer, err);
    json_object_put(body);
    if (st == MHSM_OK)
        st = read_policy(answer, &made, err);
    if (st == MHSM_OK && policy != NULL)
        *policy = made;
    else
        mhsm_rotation_policy_free(made);
    return st;
}

void mhsm_rotation_policy_free(mhsm_rotation_policy *policy)
{
    if (policy == NULL)
        return;
    json_object_put(policy->answer);
    mhsmi_free(policy);
}

const char *
mhsm_rotation_policy_after_create(const mhsm_rotation_policy *policy)
{
    return policy->after_create;
}

const char *
mhsm_rotation_policy_before_expiry(const mhsm_rotation_policy *policy)
{
    return policy->before_expiry;
}

const char *mhsm_rotation_policy_expiry(const mhsm_rotation_policy *policy)
{
    return policy->expiry;
}

int64_t mhsm_rotation_policy_created(const mhsm_rotation_policy *policy)
{
    return policy->created;
}

int64_t mhsm_rotation_policy_updated(const mhsm_rotation_policy *policy)
{
    return policy->updated;
}

const char *mhsm_rotation_policy_json(const mhsm_rotation_policy *policy)
{
    return policy->json;
}
