/* SPDX-License-Identifier: MIT
 *
 * Whether a name is free: names of HSMs are unique in all of Azure.
 */
#include "base/error.h"
#include "resource/call.h"

struct mhsm_name_check {
    struct json_object *answer;
    int available;
};

void mhsm_name_check_free(mhsm_name_check *check)
{
    if (check == NULL)
        return;
    json_object_put(check->answer);
    mhsmi_free(check);
}

int mhsm_name_check_available(const mhsm_name_check *check)
{
    return check->available;
}

static const char *text_of(const mhsm_name_check *check, const char *name)
{
    const char *text = mhsmi_json_string(check->answer, name);

    return text != NULL ? text : "";
}

const char *mhsm_name_check_reason(const mhsm_name_check *check)
{
    return text_of(check, "reason");
}

const char *mhsm_name_check_message(const mhsm_name_check *check)
{
    return text_of(check, "message");
}

const char *mhsm_name_check_json(const mhsm_name_check *check)
{
    const char *text = json_object_to_json_string_ext(
        check->answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

    return text != NULL ? text : "{}";
}

/* Takes `answer`. */
static mhsm_status take(struct json_object *answer, mhsm_name_check **check,
                        mhsm_error **err)
{
    mhsm_name_check *made = mhsmi_alloc(sizeof(*made));

    if (made == NULL) {
        json_object_put(answer);
        return mhsmi_error_memory(err);
    }
    made->answer = answer;
    made->available = mhsmi_json_bool(answer, "nameAvailable", -1);
    if (made->available < 0) {
        mhsm_name_check_free(made);
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the answer does not say whether the name is "
                           "available");
    }
    *check = made;
    return MHSM_OK;
}

/* The name is the service's to judge: all of its rules are not ours. */
mhsm_status mhsm_hsm_check_name(mhsm_client *client,
                                const mhsm_hsm_place *place,
                                mhsm_name_check **check, mhsm_error **err)
{
    struct mhsmi_plane_call post = {.method = "POST",
                                    .doing = "check the name of an HSM",
                                    .action = "checkMhsmNameAvailability/read"};
    struct json_object *answer = NULL;
    struct mhsmi_plane plane;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_SUBSCRIPTION, err);

    if (st == MHSM_OK && place->name == NULL)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT, "a name is needed");
    if (st == MHSM_OK) {
        post.body = json_object_new_object();
        if (post.body == NULL ||
            !mhsmi_json_add_string(post.body, "name", place->name))
            st = mhsmi_error_memory(err);
    }
    if (st == MHSM_OK)
        st = mhsmi_plane_call_at(&plane,
                                 "/providers/" MHSMI_PLANE_PROVIDER
                                 "checkMhsmNameAvailability",
                                 &post, &answer, err);
    if (st == MHSM_OK)
        st = take(answer, check, err);
    json_object_put(post.body);
    mhsmi_plane_clear(&plane);
    return st;
}
