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
EMU_HANDLER(emu_authority_proxied);
EMU_HANDLER(emu_authority_configuration);
EMU_HANDLER(emu_authority_keys);
EMU_HANDLER(emu_management_clouds);
EMU_HANDLER(emu_management_subscriptions);
EMU_HANDLER(emu_management_principals);
EMU_HANDLER(emu_management_names);
EMU_HANDLER(emu_key_create);
EMU_HANDLER(emu_key_import);
EMU_HANDLER(emu_key_show);
EMU_HANDLER(emu_key_update);
EMU_HANDLER(emu_key_delete);
EMU_HANDLER(emu_key_list);
EMU_HANDLER(emu_key_versions);
EMU_HANDLER(emu_key_backup);
EMU_HANDLER(emu_key_restore);
EMU_HANDLER(emu_key_rotate);
EMU_HANDLER(emu_key_operation);
EMU_HANDLER(emu_key_release);
EMU_HANDLER(emu_key_attestation);
EMU_HANDLER(emu_policy_show);
EMU_HANDLER(emu_policy_update);
EMU_HANDLER(emu_deleted_list);
EMU_HANDLER(emu_deleted_show);
EMU_HANDLER(emu_deleted_recover);
EMU_HANDLER(emu_deleted_purge);
EMU_HANDLER(emu_rng);
EMU_HANDLER(emu_domain_download);
EMU_HANDLER(emu_domain_exchange);
EMU_HANDLER(emu_domain_upload);
EMU_HANDLER(emu_domain_pending);
EMU_HANDLER(emu_backup_start);
EMU_HANDLER(emu_backup_precheck);
EMU_HANDLER(emu_backup_pending);
EMU_HANDLER(emu_restore_start);
EMU_HANDLER(emu_restore_precheck);
EMU_HANDLER(emu_restore_pending);
EMU_HANDLER(emu_restore_of_key);
EMU_HANDLER(emu_setting_list);
EMU_HANDLER(emu_setting_show);
EMU_HANDLER(emu_setting_update);
EMU_HANDLER(emu_definition_list);
EMU_HANDLER(emu_definition_show);
EMU_HANDLER(emu_definition_put);
EMU_HANDLER(emu_definition_delete);
EMU_HANDLER(emu_assignment_list);
EMU_HANDLER(emu_assignment_show);
EMU_HANDLER(emu_assignment_put);
EMU_HANDLER(emu_assignment_delete);

#endif
