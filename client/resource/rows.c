/* SPDX-License-Identifier: MIT
 *
 * Regions and private endpoint connections: short lists, each got whole.
 */
#include <string.h>

#include "base/error.h"
#include "resource/call.h"

enum { rows_max = 256, connection_max = 100, description_max = 140 };

struct mhsm_hsm_rows {
    struct json_object *answer; /* owns what `rows` point to */
    size_t count;
    mhsm_hsm_row rows[rows_max];
};

void mhsm_hsm_rows_free(mhsm_hsm_rows *rows)
{
    if (rows == NULL)
        return;
    json_object_put(rows->answer);
    mhsmi_free(rows);
}

const mhsm_hsm_row *mhsm_hsm_rows_at(const mhsm_hsm_rows *rows, size_t index)
{
    return index < rows->count ? &rows->rows[index] : NULL;
}

static const char *text_of(struct json_object *from, const char *name)
{
    const char *text = mhsmi_json_string(from, name);

    return text != NULL ? text : "";
}

static void read_region(struct json_object *from, mhsm_hsm_row *row)
{
    row->name = text_of(from, "name");
    row->state = text_of(from, "provisioningState");
    row->primary = mhsmi_json_bool(from, "isPrimary", 0);
    row->description = row->endpoint = "";
}

static void read_endpoint(struct json_object *from, mhsm_hsm_row *row)
{
    struct json_object *inside = mhsmi_json_object(from, "properties");
    struct json_object *state =
        mhsmi_json_object(inside, "privateLinkServiceConnectionState");

    row->name = text_of(from, "name");
    row->state = text_of(state, "status");
    row->description = text_of(state, "description");
    row->endpoint = text_of(mhsmi_json_object(inside, "privateEndpoint"), "id");
}

/* Takes `answer`. */
static mhsm_status read_rows(struct json_object *answer,
                             void (*read)(struct json_object *from,
                                          mhsm_hsm_row *row),
                             mhsm_hsm_rows **rows, mhsm_error **err)
{
    struct json_object *list = mhsmi_json_array(answer, "value"), *one;
    size_t i, count = list != NULL ? json_object_array_length(list) : 0;
    mhsm_hsm_rows *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st = MHSM_OK;

    if (made == NULL) {
        json_object_put(answer);
        return mhsmi_error_memory(err);
    }
    made->answer = answer;
    if (list == NULL || count > rows_max)
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the answer is no list of at most %d things",
                         (int)rows_max);
    for (i = 0; st == MHSM_OK && i < count; i++) {
        one = json_object_array_get_idx(list, i);
        read(one, &made->rows[i]);
        made->rows[i].json = json_object_to_json_string_ext(
            one, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        if (made->rows[i].name[0] == '\0' || made->rows[i].json == NULL)
            st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                             "the answer lists a thing without a name");
        made->count++;
    }
    if (st == MHSM_OK)
        *rows = made;
    else
        mhsm_hsm_rows_free(made);
    return st;
}

static mhsm_status get(mhsm_client *client, const mhsm_hsm_place *place,
                       const struct mhsmi_plane_call *call,
                       void (*read)(struct json_object *from,
                                    mhsm_hsm_row *row),
                       mhsm_hsm_rows **rows, mhsm_error **err)
{
    struct json_object *answer = NULL;
    struct mhsmi_plane plane;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_HSM, err);

    if (st == MHSM_OK)
        st = mhsmi_plane_call(&plane, call, &answer, err);
    if (st == MHSM_OK)
        st = read_rows(answer, read, rows, err);
    mhsmi_plane_clear(&plane);
    return st;
}

mhsm_status mhsm_hsm_get_regions(mhsm_client *client,
                                 const mhsm_hsm_place *place,
                                 mhsm_hsm_rows **rows, mhsm_error **err)
{
    static const struct mhsmi_plane_call call = {.method = "GET",
                                                 .tail = "/regions",
                                                 .doing =
                                                     "list the regions of HSM",
                                                 .action = "managedHSMs/read"};

    return get(client, place, &call, read_region, rows, err);
}

mhsm_status mhsm_hsm_get_endpoints(mhsm_client *client,
                                   const mhsm_hsm_place *place,
                                   mhsm_hsm_rows **rows, mhsm_error **err)
{
    static const struct mhsmi_plane_call call = {
        .method = "GET",
        .tail = "/privateEndpointConnections",
        .doing = "list the private endpoint connections of HSM",
        .action = "managedHSMs/privateEndpointConnections/read"};

    return get(client, place, &call, read_endpoint, rows, err);
}

/* "/privateEndpointConnections/NAME" into `tail`. */
static mhsm_status connection_path(const char *connection,
                                   struct mhsmi_buf *tail, mhsm_error **err)
{
    if (connection == NULL || !mhsmi_segment_check(connection, connection_max))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "\"%.80s\" is no name of a private endpoint "
                           "connection",
                           connection != NULL ? connection : "");
    return mhsmi_buf_join(tail, "/privateEndpointConnections/", connection,
                          NULL)
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

static int write_decision(struct json_object *connection, int approve,
                          const char *description)
{
    struct json_object *state =
        mhsmi_json_object(mhsmi_json_object(connection, "properties"),
                          "privateLinkServiceConnectionState");

    return mhsmi_json_add_string(state, "status",
                                 approve ? "Approved" : "Rejected") &&
           mhsmi_json_add_string(state, "description",
                                 description != NULL ? description : "");
}

/* What there is of it goes back with the decision in it. */
mhsm_status mhsm_hsm_decide_endpoint(mhsm_client *client,
                                     const mhsm_hsm_place *place,
                                     const char *connection, int approve,
                                     const char *description, mhsm_error **err)
{
    struct mhsmi_plane_call call = {
        .method = "GET",
        .doing = approve ? "approve a private endpoint connection of HSM"
                         : "reject a private endpoint connection of HSM",
        .action = "managedHSMs/privateEndpointConnections/write"};
    struct json_object *body = NULL;
    struct mhsmi_plane plane;
    struct mhsmi_buf tail;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_HSM, err);

    mhsmi_buf_init(&tail, MHSMI_PLANE_PATH_MAX);
    if (st == MHSM_OK && description != NULL &&
        strlen(description) > description_max)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "a description has at most %d octets",
                         (int)description_max);
    if (st == MHSM_OK)
        st = connection_path(connection, &tail, err);
    if (st == MHSM_OK) {
        call.tail = mhsmi_buf_text(&tail);
        st = mhsmi_plane_call(&plane, &call, &body, err);
    }
    if (st == MHSM_OK &&
        mhsmi_json_object(mhsmi_json_object(body, "properties"),
                          "privateLinkServiceConnectionState") == NULL)
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the private endpoint connection %s has no state",
                         connection);
    if (st == MHSM_OK && !write_decision(body, approve, description))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK) {
        call.method = "PUT";
        call.body = body;
        st = mhsmi_plane_call(&plane, &call, NULL, err);
    }
    json_object_put(body);
    mhsmi_buf_clear(&tail);
    mhsmi_plane_clear(&plane);
    return st;
}

mhsm_status mhsm_hsm_delete_endpoint(mhsm_client *client,
                                     const mhsm_hsm_place *place,
                                     const char *connection,
                                     mhsm_operation **operation,
                                     mhsm_error **err)
{
    struct mhsmi_follow follow = {0};
    struct mhsmi_plane_call call = {
        .method = "DELETE",
        .doing = "delete a private endpoint connection of HSM",
        .action = "managedHSMs/privateEndpointConnections/delete",
        .follow = &follow};
    struct mhsmi_plane plane;
    struct mhsmi_buf tail;
    mhsm_status st =
        mhsmi_plane_open(&plane, client, place, MHSMI_NEED_HSM, err);

    mhsmi_buf_init(&tail, MHSMI_PLANE_PATH_MAX);
    if (st == MHSM_OK)
        st = connection_path(connection, &tail, err);
    if (st == MHSM_OK) {
        call.tail = mhsmi_buf_text(&tail);
        st = mhsmi_plane_call(&plane, &call, NULL, err);
    }
    if (st == MHSM_OK && follow.location == NULL && follow.operation == NULL)
        *operation = NULL;
    else if (st == MHSM_OK)
        st = mhsmi_operation_new(&plane, call.doing, 1, &follow, NULL,
                                 operation, err);
    mhsmi_follow_clear(&follow);
    mhsmi_buf_clear(&tail);
    mhsmi_plane_clear(&plane);
    return st;
}
