/* SPDX-License-Identifier: MIT
 *
 * Key versions on the wire: bundles, list items, and the members that create,
 * import and update share.
 */
#ifndef EMU_KEYBUNDLE_H
#define EMU_KEYBUNDLE_H

#include "keystore.h"
#include "reply.h"
#include "request.h"

int emu_key_name_valid(const char *name);
/* 1..127 of 0-9 a-z A-Z - ; otherwise the refusal is written. */
int emu_key_name_ok(const struct emu_request *rq, struct emu_reply *r);
/* The live version that the request names; otherwise the refusal is written. */
int emu_key_find(struct emu_request *rq, struct emu_reply *r,
                 struct emu_version *v);
/* Whether the name is free of a deleted key; otherwise 409 is written. */
int emu_key_name_free(struct emu_request *rq, struct emu_reply *r);

/* The bundle, for a deleted key with three more members; NULL on failure. */
struct json_object *emu_keybundle_json(const struct emu_request *rq,
                                       const struct emu_version *v);
/* The same as the answer. */
void emu_keybundle_reply(struct emu_request *rq, struct emu_reply *r,
                         const struct emu_version *v);
/* A list item, its kid with the version or without; NULL on failure. */
struct json_object *emu_keybundle_item(const struct emu_request *rq,
                                       const struct emu_version *v,
                                       int with_version);
int emu_key_url(const struct emu_request *rq, const struct emu_version *v,
                int with_version, char *out, size_t size);

/* Stores v, whose material is set, as the newest version of its name, with
 * the checks of the name and of the number of versions. 1 when committed;
 * otherwise the refusal is written. */
int emu_key_store_new(struct emu_request *rq, struct emu_reply *r,
                      struct emu_version *v);

/* The operations' names; 0 when none is known by that name. */
unsigned emu_op_parse(const char *name);
const char *emu_op_name(unsigned op);

/* Takes attributes, key_ops, tags and release_policy from the body into v.
 * 1, or the refusal is written. */
int emu_attributes_take(struct emu_reply *r, struct json_object *body,
                        struct json_object *ops, struct emu_version *v);
/* What an operation list means when it is left out. */
unsigned emu_ops_default(enum emu_kty kty);
/* Whether exportable and release policy go together. */
int emu_exportable_ok(struct emu_reply *r, const struct emu_version *v);

#endif
