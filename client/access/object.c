/* SPDX-License-Identifier: MIT
 *
 * What the service answers about roles, one object or a list of them.
 */
#include "access/object.h"

#include "base/error.h"

struct mhsm_role_list {
    struct mhsmi_pages *pages;
};

void *mhsmi_object_new(struct json_object *answer, size_t size)
{
    struct mhsmi_object *made = mhsmi_alloc(size);

    if (made == NULL)
        return NULL;
    made->json = json_object_to_json_string_ext(
        answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (made->json == NULL) {
        mhsmi_free(made);
        return NULL;
    }
    made->answer = json_object_get(answer);
    return made;
}

void mhsmi_object_free(void *object)
{
    if (object == NULL)
        return;
    json_object_put(((struct mhsmi_object *)object)->answer);
    mhsmi_free(object);
}

mhsm_status mhsmi_object_call(mhsm_client *client, const mhsm_uri *uri,
                              const char *scope, const char *id,
                              const struct mhsmi_access_call *call,
                              struct json_object *body,
                              mhsmi_object_reader *reader, void **object,
                              mhsm_error **err)
{
    struct json_object *answer = NULL;
    void *made = NULL;
    mhsm_status st =
        mhsmi_access_call(client, uri, scope, id, call, body, &answer, err);

    if (st == MHSM_OK)
        st = reader(answer, &made, err);
    json_object_put(body);
    json_object_put(answer);
    if (st == MHSM_OK && object != NULL)
        *object = made;
    else
        mhsmi_object_free(made);
    return st;
}

mhsm_status mhsmi_role_list_open(mhsm_client *client, const mhsm_uri *uri,
                                 const char *scope,
                                 const struct mhsmi_access_call *call,
                                 mhsm_role_list **list, mhsm_error **err)
{
    mhsm_role_list *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st;

    if (made == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_access_list(client, uri, scope, call, &made->pages, err);
    if (st == MHSM_OK)
        *list = made;
    else
        mhsm_role_list_free(made);
    return st;
}

mhsm_status mhsmi_role_list_next(mhsm_role_list *list,
                                 mhsmi_object_reader *reader, void **object,
                                 mhsm_error **err)
{
    struct json_object *item = NULL;
    mhsm_status st;

    if (list == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no listing");
    st = mhsmi_pages_next(list->pages, &item, err);
    if (st == MHSM_OK && item == NULL)
        *object = NULL;
    else if (st == MHSM_OK)
        st = reader(item, object, err);
    return st;
}

void mhsm_role_list_free(mhsm_role_list *list)
{
    if (list == NULL)
        return;
    mhsmi_pages_free(list->pages);
    mhsmi_free(list);
}
