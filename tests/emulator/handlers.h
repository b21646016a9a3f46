/* SPDX-License-Identifier: MIT
 *
 * The handlers that the route table names. Each is called with the token
 * verified, the role checked and the api-version known; each must fill the
 * answer.
 */
#ifndef EMU_HANDLERS_H
#define EMU_HANDLERS_H

#include "reply.h"
#include "request.h"

#define EMU_HANDLER(name) void name(struct emu_request *rq, struct emu_reply *r)

EMU_HANDLER(emu_authority_token);
EMU_HANDLER(emu_authority_configuration);
EMU_HANDLER(emu_authority_keys);
EMU_HANDLER(emu_key_create);
EMU_HANDLER(emu_key_show);
EMU_HANDLER(emu_key_list);
EMU_HANDLER(emu_key_operation);
EMU_HANDLER(emu_rng);

#endif
