/* SPDX-License-Identifier: MIT
 *
 * The built-in roles and what each may do. Constant: requests can neither
 * change nor remove them.
 */
#include "rbac.h"

#include <string.h>
#include <strings.h>

#define ROLE_READS "roleAssignments/read/action", "roleDefinitions/read/action"
#define ROLE_WRITES                                                            \
    "roleAssignments/write/action", "roleAssignments/delete/action",           \
        "roleDefinitions/write/action", "roleDefinitions/delete/action"

static const char *const administrator[] = {ROLE_READS,
                                            ROLE_WRITES,
                                            "securitydomain/download/action",
                                            "securitydomain/download/read",
                                            "securitydomain/upload/action",
                                            "securitydomain/upload/read",
                                            "securitydomain/transferkey/read",
                                            "backup/start/action",
                                            "backup/status/action",
                                            "restore/start/action",
                                            "restore/status/action",
                                            "settings/read/action",
                                            "settings/write/action",
                                            NULL};
static const char *const officer[] = {ROLE_READS,
                                      ROLE_WRITES,
                                      "keys/deletedKeys/read/action",
                                      "keys/deletedKeys/delete",
                                      "keys/deletedKeys/recover/action",
                                      "keys/export/action",
                                      NULL};
static const char *const user[] = {ROLE_READS,
                                   "keys/read/action",
                                   "keys/write/action",
                                   "keys/delete",
                                   "keys/create",
                                   "keys/rotate/action",
                                   "keys/import/action",
                                   "keys/release/action",
                                   "keys/backup/action",
                                   "keys/restore/action",
                                   "keys/encrypt/action",
                                   "keys/decrypt/action",
                                   "keys/wrap/action",
                                   "keys/unwrap/action",
                                   "keys/sign/action",
                                   "keys/verify/action",
                                   "keys/derive/action",
                                   "rng/action",
                                   NULL};
static const char *const policy[] = {ROLE_READS, ROLE_WRITES, NULL};
static const char *const auditor[] = {ROLE_READS, "keys/read/action",
                                      "keys/deletedKeys/read/action", NULL};
static const char *const encryption[] = {"keys/read/action", "keys/wrap/action",
                                         "keys/unwrap/action", NULL};
static const char *const release[] = {"keys/release/action", NULL};
static const char *const backup[] = {
    "backup/start/action", "backup/status/action", "keys/backup/action", NULL};
static const char *const restore[] = {"restore/start/action",
                                      "restore/status/action",
                                      "keys/restore/action", NULL};

static const struct emu_role roles[] = {
    {"Managed HSM Administrator", "a290e904-7015-4bba-90c8-60543313cdb4",
     "Security domain, full backup and restore, roles and settings",
     administrator},
    {"Managed HSM Crypto Officer", "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
     "Roles, purge and recovery of deleted keys, export", officer},
    {"Managed HSM Crypto User", "21dbd100-6940-42c2-9190-5d6cb909625b",
     "Everything about keys except purge and recovery", user},
    {"Managed HSM Policy Administrator", "4bd23610-cdcf-4971-bdee-bdc562cc28e4",
     "Roles", policy},
    {"Managed HSM Crypto Auditor", "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
     "Reads keys, deleted keys and roles", auditor},
    {"Managed HSM Crypto Service Encryption User",
     "33413926-3206-4cdd-b39a-83574fe37a17", "Reads, wraps and unwraps",
     encryption},
    {"Managed HSM Crypto Service Release User",
     "21dbd100-6940-42c2-9190-5d6cb909625c", "Releases keys", release},
    {"Managed HSM Backup", "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8",
     "Backs up keys, one or all", backup},
    {"Managed HSM Restore", "6efe6056-5259-49d2-8b3d-d3d73544b20b",
     "Restores keys, one or all", restore},
};

#define COUNT (sizeof(roles) / sizeof(roles[0]))

const struct emu_role *emu_role_at(size_t i)
{
    return i < COUNT ? &roles[i] : NULL;
}

const struct emu_role *emu_role_by_guid(const char *guid)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (strcasecmp(roles[i].guid, guid) == 0)
            return &roles[i];
    }
    return NULL;
}

const struct emu_role *emu_role_by_name(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    }
    return NULL;
}
