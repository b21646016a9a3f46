/* SPDX-License-Identifier: MIT
 *
 * Looking after accepted work, by what the service offers for it: the
 * operation's own status (Azure-AsyncOperation), else the answer to come
 * (Location), else the state of the HSM itself.  Never away from the host that
 * accepted it.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"
#include "resource/call.h"

enum { link_max = 8000, text_max = 1024 };

enum way { BY_STATUS, BY_LOCATION, BY_HSM };

struct mhsm_operation {
    enum way way;
    char *link;
    char *subscription, *group, *name;
    char *what;  /* "delete HSM NAME" */
    int is_gone; /* done when there is no such HSM any more */
    int failed;
    struct mhsmi_buf text;
};

void mhsm_operation_free(mhsm_operation *operation)
{
    if (operation == NULL)
        return;
    mhsmi_free(operation->link);
    mhsmi_free(operation->subscription);
    mhsmi_free(operation->group);
    mhsmi_free(operation->name);
    mhsmi_free(operation->what);
    mhsmi_buf_clear(&operation->text);
    mhsmi_free(operation);
}

int mhsm_operation_failed(const mhsm_operation *operation)
{
    return operation->failed;
}

const char *mhsm_operation_text(const mhsm_operation *operation)
{
    return mhsmi_buf_text(&operation->text);
}

/* What is told may lack memory for it: then nothing is told. */
static void tell(mhsm_operation *operation, const char *state,
                 const char *message)
{
    mhsmi_buf_clear(&operation->text);
    if (!mhsmi_buf_printf(&operation->text, "%.100s%s%.800s", state,
                          message != NULL ? ": " : "",
                          message != NULL ? message : ""))
        mhsmi_buf_clear(&operation->text);
}

/* The state of the HSM as the answer has it: 1 when it has come to its end. */
static int tell_state(mhsm_operation *operation, struct json_object *answer)
{
    struct json_object *from = mhsmi_json_object(answer, "properties");
    const char *state = mhsmi_json_string(from, "provisioningState");
    const char *message = mhsmi_json_string(from, "statusMessage");
    static const char *const ends[] = {"Succeeded", "Failed", "Canceled",
                                       "Activated", "SecurityDomainRestore"};
    size_t i;

    if (state == NULL)
        return 1;
    tell(operation, state, message);
    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (OPENSSL_strcasecmp(state, ends[i]) == 0)
            return 1;
    }
    return 0;
}

static mhsm_status take_link(mhsm_operation *made, struct mhsmi_follow *follow,
                             mhsm_error **err)
{
    made->way = follow->operation != NULL  ? BY_STATUS
                : follow->location != NULL ? BY_LOCATION
                                           : BY_HSM;
    if (made->way == BY_HSM)
        return MHSM_OK;
    made->link = made->way == BY_STATUS ? follow->operation : follow->location;
    if (made->way == BY_STATUS)
        follow->operation = NULL;
    else
        follow->location = NULL;
    return strlen(made->link) <= link_max
               ? MHSM_OK
               : mhsmi_error(err, MHSM_ERR_PROTOCOL,
                             "the link to the operation is too long");
}

mhsm_status mhsmi_operation_new(const struct mhsmi_plane *plane,
                                const char *doing, int is_gone,
                                struct mhsmi_follow *follow,
                                struct json_object *answer,
                                mhsm_operation **operation, mhsm_error **err)
{
    mhsm_operation *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st;

    if (made == NULL)
        return mhsmi_error_memory(err);
    mhsmi_buf_init(&made->text, text_max);
    made->is_gone = is_gone;
    made->subscription = mhsmi_strdup(plane->subscription);
    made->group = mhsmi_strdup(plane->group != NULL ? plane->group : "");
    made->name = mhsmi_strdup(plane->name);
    made->what = mhsmi_asprintf("%s %s", doing, plane->name);
    st = made->subscription != NULL && made->group != NULL &&
                 made->name != NULL && made->what != NULL
             ? take_link(made, follow, err)
             : mhsmi_error_memory(err);
    if (st != MHSM_OK) {
        mhsm_operation_free(made);
        return st;
    }
    /* 202 goes on in any case; otherwise the HSM says whether it is done, and
     * of one that is gone there is nothing more to say. */
    if (follow->status != 202 && (is_gone || tell_state(made, answer))) {
        mhsm_operation_free(made);
        made = NULL;
    } else if (follow->status == 202) {
        (void)tell_state(made, answer);
    }
    *operation = made;
    return MHSM_OK;
}

static mhsm_status fail(mhsm_operation *operation, struct json_object *from,
                        mhsm_error **err)
{
    struct json_object *error = mhsmi_json_object(from, "error");
    const char *message = mhsmi_json_string(error, "message");
    const char *code = mhsmi_json_string(error, "code");

    operation->failed = 1;
    if (message == NULL)
        message = mhsmi_json_string(mhsmi_json_object(from, "properties"),
                                    "statusMessage");
    (void)mhsmi_error(err, MHSM_ERR_SERVICE, "cannot %s: %.600s",
                      operation->what,
                      message != NULL ? message : "the operation has failed");
    mhsmi_error_set_service(err, 0, code != NULL ? code : "", "");
    return MHSM_ERR_SERVICE;
}

static mhsm_status read_status(mhsm_operation *operation,
                               struct json_object *answer,
                               mhsm_operation_state *state, mhsm_error **err)
{
    const char *status = mhsmi_json_string(answer, "status");

    if (status == NULL)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the operation's answer has no status");
    if (OPENSSL_strcasecmp(status, "Failed") == 0 ||
        OPENSSL_strcasecmp(status, "Canceled") == 0)
        return fail(operation, answer, err);
    *state = OPENSSL_strcasecmp(status, "Succeeded") == 0
                 ? MHSM_OPERATION_DONE
                 : MHSM_OPERATION_IN_PROGRESS;
    tell(operation, status, NULL);
    return MHSM_OK;
}

/* Another 202 may have another place to ask at. */
static mhsm_status read_location(mhsm_operation *operation,
                                 struct mhsmi_follow *follow,
                                 struct json_object *answer,
                                 mhsm_operation_state *state, mhsm_error **err)
{
    *state = MHSM_OPERATION_IN_PROGRESS;
    if (follow->status == 202) {
        if (follow->location != NULL) {
            if (strlen(follow->location) > link_max)
                return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                                   "the link to the operation is too long");
            mhsmi_free(operation->link);
            operation->link = follow->location;
            follow->location = NULL;
        }
        return MHSM_OK;
    }
    if (operation->is_gone || tell_state(operation, answer))
        *state = MHSM_OPERATION_DONE;
    if (OPENSSL_strncasecmp(mhsmi_buf_text(&operation->text), "Failed", 6) == 0)
        return fail(operation, answer, err);
    return MHSM_OK;
}

static mhsm_status ask_hsm(mhsm_client *client, mhsm_operation *operation,
                           mhsm_operation_state *state, mhsm_error **err)
{
    mhsm_hsm_place place = {operation->subscription, operation->group,
                            operation->name};
    mhsm_error *failure = NULL;
    mhsm_hsm *hsm = NULL;
    mhsm_status st = operation->group[0] == '\0'
                         ? mhsm_hsm_get_deleted(client, &place, &hsm, &failure)
                         : mhsm_hsm_get(client, &place, &hsm, &failure);

    if (st == MHSM_ERR_NOT_FOUND && operation->is_gone) {
        mhsm_error_free(&failure);
        *state = MHSM_OPERATION_DONE;
        return MHSM_OK;
    }
    if (st != MHSM_OK) {
        if (err != NULL)
            *err = failure;
        else
            mhsm_error_free(&failure);
        return st;
    }
    *state = tell_state(operation, mhsmi_hsm_json(hsm)) && !operation->is_gone
                 ? MHSM_OPERATION_DONE
                 : MHSM_OPERATION_IN_PROGRESS;
    if (strcmp(mhsm_hsm_get_info(hsm)->state, "Failed") == 0)
        st = fail(operation, mhsmi_hsm_json(hsm), err);
    mhsm_hsm_free(hsm);
    return st;
}

/* The link is tried as a read: it changes nothing. */
static mhsm_status ask_link(mhsm_client *client, mhsm_operation *operation,
                            mhsm_operation_state *state,
                            int64_t *retry_after_ms, mhsm_error **err)
{
    mhsm_hsm_place place = {operation->subscription, NULL, operation->name};
    struct mhsmi_follow follow = {0};
    struct json_object *answer = NULL;
    struct mhsmi_plane plane;
    struct mhsmi_call call = {.method = "GET"};
    mhsm_status st =
        mhsmi_plane_open(&plane, client, &place, MHSMI_NEED_NAME, err);

    if (st == MHSM_OK) {
        call.service = &plane.service;
        call.endpoint = plane.endpoint;
        call.url = operation->link;
        call.retry = MHSMI_RETRY_REPEATABLE;
        call.what = operation->what;
        call.follow = &follow;
        call.retry_after_ms = retry_after_ms;
        st = mhsmi_session_call(mhsmi_client_session(client), &call, &answer,
                                err);
    }
    if (st == MHSM_OK)
        st = operation->way == BY_STATUS
                 ? read_status(operation, answer, state, err)
                 : read_location(operation, &follow, answer, state, err);
    mhsmi_follow_clear(&follow);
    json_object_put(answer);
    mhsmi_plane_clear(&plane);
    return st;
}

mhsm_status mhsm_operation_poll(mhsm_client *client, mhsm_operation *operation,
                                mhsm_operation_state *state,
                                int64_t *retry_after_ms, mhsm_error **err)
{
    int64_t wait_ms = 0;
    mhsm_status st;

    if (client == NULL || operation == NULL || state == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a look needs a client and an operation");
    st = operation->way == BY_HSM
             ? ask_hsm(client, operation, state, err)
             : ask_link(client, operation, state, &wait_ms, err);
    if (st == MHSM_OK && retry_after_ms != NULL)
        *retry_after_ms = wait_ms;
    return st;
}
