/* SPDX-License-Identifier: MIT
 *
 * An HSM of the management plane as JSON, out and in.
 */
#ifndef EMU_RESOURCE_TEXT_H
#define EMU_RESOURCE_TEXT_H

#include "arm.h"
#include "resource.h"

/* The live one that the path names, to be freed; 0, with the refusal written,
 * when there is none. */
int emu_resource_live(struct emu_arm *call, struct emu_reply *r,
                      struct emu_resource *out);
/* As the management plane shows it; NULL on failure. */
struct json_object *emu_resource_json(struct emu_arm *call,
                                      const struct emu_resource *resource);
/* The same of one that is deleted. */
struct json_object *
emu_resource_deleted_json(struct emu_arm *call,
                          const struct emu_resource *resource);
/* Its regions: none, or the primary and the one that it is extended to. */
struct json_object *emu_resource_regions(const struct emu_resource *resource);
/* A private endpoint connection of it, as it is kept. */
struct json_object *emu_resource_endpoint(struct emu_arm *call,
                                          const struct emu_resource *resource,
                                          struct json_object *kept);

/* Checks the body of a PUT (is_patch 0) or PATCH and takes it over into the
 * resource; `fresh` for one that is being made. 0, with the refusal written,
 * when something is wrong: then the resource is not to be stored. */
int emu_resource_read(struct emu_arm *call, struct emu_reply *r,
                      struct emu_resource *resource, int fresh, int is_patch);
/* The location without spaces, in lower case; 0 when it is none. */
int emu_location_read(const char *text, char out[EMU_LOCATION_SIZE]);

#endif
