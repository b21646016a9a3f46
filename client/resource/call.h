/* SPDX-License-Identifier: MIT
 *
 * What the calls of this room have in common: where the management plane is,
 * and the paths of HSMs there.
 */
#ifndef MHSM_CLIENT_RESOURCE_CALL_H
#define MHSM_CLIENT_RESOURCE_CALL_H

#include "auth/pages.h"
#include "auth/session.h"
#include "mhsm/resource.h"

#define MHSMI_PLANE_PROVIDER "Microsoft.KeyVault/"

enum { MHSMI_PLANE_PATH_MAX = 1024 };

/* The management plane of a client, and whom a call is about. */
struct mhsmi_plane {
    mhsm_client *client;
    struct mhsmi_service service;
    char *endpoint;
    const char *subscription;
    const char *group; /* NULL: of the subscription as a whole */
    const char *name;  /* NULL: of no HSM */
    char *found;       /* owns `group` when it had to be looked for */
};

/* Checks `place`, of which that much is wanted; to be cleared in any case.
 * MHSM_ERR_ARGUMENT for what no resource can be called, MHSM_ERR_CONFIG when
 * there is no subscription. */
enum mhsmi_plane_need {
    MHSMI_NEED_SUBSCRIPTION = 0, /* name and group are not looked at */
    MHSMI_NEED_LIST = 1,         /* a group, if there is one */
    MHSMI_NEED_NAME = 2,         /* the group is not looked at */
    MHSMI_NEED_HSM = 3,          /* the group is found when it is not given */
    MHSMI_NEED_GROUP = 4         /* all of it */
};
MHSM_NODISCARD mhsm_status mhsmi_plane_open(struct mhsmi_plane *plane,
                                            mhsm_client *client,
                                            const mhsm_hsm_place *place,
                                            enum mhsmi_plane_need need,
                                            mhsm_error **err);
void mhsmi_plane_clear(struct mhsmi_plane *plane);

struct mhsmi_plane_call {
    const char *method;
    const char *tail;   /* behind the HSM's path: "/regions", or NULL */
    const char *doing;  /* "delete the HSM" */
    const char *action; /* "managedHSMs/delete" */
    struct json_object *body;
    struct mhsmi_follow *follow; /* may be NULL */
    int64_t *retry_after_ms;     /* may be NULL */
};

/* A call about the HSM of the plane.  GETs are repeated, all others sent
 * once. */
MHSM_NODISCARD mhsm_status mhsmi_plane_call(struct mhsmi_plane *plane,
                                            const struct mhsmi_plane_call *call,
                                            struct json_object **answer,
                                            mhsm_error **err);
/* The same at a path below the subscription: "/providers/...". */
MHSM_NODISCARD mhsm_status
mhsmi_plane_call_at(struct mhsmi_plane *plane, const char *path,
                    const struct mhsmi_plane_call *call,
                    struct json_object **answer, mhsm_error **err);

/* Letters, digits and inner hyphens, 3 to 24 of them. */
int mhsmi_hsm_name_check(const char *name);
/* A location or region: letters and digits. */
int mhsmi_location_check(const char *name);
/* One segment of a path: what needs no escape. */
int mhsmi_segment_check(const char *text, size_t max);
/* From "/subscriptions/S/resourceGroups/G/...", the part behind `label`, to be
 * freed; NULL when it is not there or memory is out. */
char *mhsmi_id_part(const char *id, const char *label);

/* Takes `json`. */
MHSM_NODISCARD mhsm_status mhsmi_hsm_new(struct json_object *json,
                                         mhsm_hsm **hsm, mhsm_error **err);
struct json_object *mhsmi_hsm_json(const mhsm_hsm *hsm);
/* What accepted work leads to: NULL in *operation when it is done.  Takes what
 * is in `follow`. */
MHSM_NODISCARD mhsm_status mhsmi_operation_new(const struct mhsmi_plane *plane,
                                               const char *doing, int is_gone,
                                               struct mhsmi_follow *follow,
                                               struct json_object *answer,
                                               mhsm_operation **operation,
                                               mhsm_error **err);
/* The members of a body for `settings`: of a PUT (`hsm` NULL) or of a PATCH of
 * that HSM. */
MHSM_NODISCARD mhsm_status
mhsmi_settings_write(const mhsm_hsm_settings *settings, const mhsm_hsm *hsm,
                     struct json_object **body, mhsm_error **err);
/* Whether a PATCH of them has to know what is there. */
int mhsmi_settings_need_hsm(const mhsm_hsm_settings *settings);

#endif
