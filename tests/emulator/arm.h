/* SPDX-License-Identifier: MIT
 *
 * The management plane: a port of its own, in the manner of Azure Resource
 * Manager. One call at a time: each handler has the fleet for itself.
 */
#ifndef EMU_ARM_H
#define EMU_ARM_H

#include "fleet.h"
#include "reply.h"
#include "request.h"

struct emu_arm {
    struct emu_request *rq;
    struct emu_cloud *cloud;
    struct emu_fleet *fleet;
    /* Of the path; NULL where it has none. */
    const char *group;
    const char *name;
    const char *location;
    const char *child; /* a private endpoint connection, an operation */
    struct json_object *body;
};

#define EMU_ARM_HANDLER(name)                                                  \
    void name(struct emu_arm *call, struct emu_reply *r)

EMU_ARM_HANDLER(emu_arm_hsm_put);
EMU_ARM_HANDLER(emu_arm_hsm_patch);
EMU_ARM_HANDLER(emu_arm_hsm_show);
EMU_ARM_HANDLER(emu_arm_hsm_delete);
EMU_ARM_HANDLER(emu_arm_hsm_list);
EMU_ARM_HANDLER(emu_arm_regions);
EMU_ARM_HANDLER(emu_arm_name);
EMU_ARM_HANDLER(emu_arm_deleted_list);
EMU_ARM_HANDLER(emu_arm_deleted_show);
EMU_ARM_HANDLER(emu_arm_purge);
EMU_ARM_HANDLER(emu_arm_result);
EMU_ARM_HANDLER(emu_arm_status);
EMU_ARM_HANDLER(emu_arm_links);
EMU_ARM_HANDLER(emu_arm_endpoint_list);
EMU_ARM_HANDLER(emu_arm_endpoint_show);
EMU_ARM_HANDLER(emu_arm_endpoint_put);
EMU_ARM_HANDLER(emu_arm_endpoint_delete);
EMU_ARM_HANDLER(emu_arm_group_list);
EMU_ARM_HANDLER(emu_arm_group_show);
EMU_ARM_HANDLER(emu_arm_group_put);
EMU_ARM_HANDLER(emu_arm_group_delete);

/* The handler of the port. */
void emu_arm(struct emu_request *rq, struct emu_reply *r);
/* Names for the fault plan: NULL behind the last. */
const char *emu_arm_route(size_t i);
int emu_arm_known(const char *name);

/* The base of an HSM's id, without the HSM. */
void emu_arm_id(const struct emu_cloud *cloud, const char *group, char *out,
                size_t size);
/* {"value": list}; takes it. */
void emu_arm_list(struct emu_reply *r, struct json_object *list);

#endif
