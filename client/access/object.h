/* SPDX-License-Identifier: MIT
 *
 * Definitions and assignments as what they have in common: an object of the
 * service's answer that texts borrow from, got one by one or from a list.
 */
#ifndef MHSM_CLIENT_ACCESS_OBJECT_H
#define MHSM_CLIENT_ACCESS_OBJECT_H

#include "access/call.h"

/* The first member of each of them. */
struct mhsmi_object {
    struct json_object *answer;
    const char *json;
};

/* Makes an object of what the service sent; MHSM_ERR_PROTOCOL when it is
 * none. */
typedef mhsm_status mhsmi_object_reader(struct json_object *answer,
                                        void **object, mhsm_error **err);

/* `size` octets, zeroed behind the first member, which gets a reference to
 * `answer`; NULL when out of memory. */
void *mhsmi_object_new(struct json_object *answer, size_t size);
void mhsmi_object_free(void *object);

/* One call as mhsmi_access_call(), and what it answers with.  Takes `body`;
 * `object` may be NULL. */
MHSM_NODISCARD mhsm_status mhsmi_object_call(
    mhsm_client *client, const mhsm_uri *uri, const char *scope, const char *id,
    const struct mhsmi_access_call *call, struct json_object *body,
    mhsmi_object_reader *reader, void **object, mhsm_error **err);

MHSM_NODISCARD mhsm_status
mhsmi_role_list_open(mhsm_client *client, const mhsm_uri *uri,
                     const char *scope, const struct mhsmi_access_call *call,
                     mhsm_role_list **list, mhsm_error **err);
/* *object NULL at the end. */
MHSM_NODISCARD mhsm_status mhsmi_role_list_next(mhsm_role_list *list,
                                                mhsmi_object_reader *reader,
                                                void **object,
                                                mhsm_error **err);

#endif
