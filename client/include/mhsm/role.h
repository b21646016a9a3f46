/* SPDX-License-Identifier: MIT
 *
 * Local RBAC: who may do what in one Managed HSM (REST reference, role
 * definitions and role assignments).  Azure Key Vaults have none of it.
 *
 * A scope is "/", "/keys" or "/keys/NAME".  Every call is made at the scope
 * that it is given and at no wider one, so that somebody who administers one
 * key can work.  Definitions are the same at each scope; assignments are listed
 * at just the scope where they were made.
 *
 * Roles go by GUID or by name ("Managed HSM Crypto User", any case), principals
 * by their object id.  Data actions are written in full
 * ("Microsoft.KeyVault/managedHsm/keys/sign/action") or without the prefix
 * ("keys/sign/action").
 *
 * Objects are immutable; `uri` names the HSM, whatever key it may name.
 */
#ifndef MHSM_ROLE_H
#define MHSM_ROLE_H

#include <stddef.h>

#include <mhsm/client.h>
#include <mhsm/uri.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_role_definition mhsm_role_definition;
typedef struct mhsm_role_assignment mhsm_role_assignment;

MHSM_API void mhsm_role_definition_free(mhsm_role_definition *definition);
/* All borrow from the definition; never NULL. */
MHSM_API const char *
mhsm_role_definition_id(const mhsm_role_definition *definition); /* GUID */
MHSM_API const char *
mhsm_role_definition_name(const mhsm_role_definition *definition);
MHSM_API const char *
mhsm_role_definition_description(const mhsm_role_definition *definition);
MHSM_API int
mhsm_role_definition_is_builtin(const mhsm_role_definition *definition);
MHSM_API const char *
mhsm_role_definition_json(const mhsm_role_definition *definition);
/* The data actions it grants, and those it takes out of them again (`except`),
 * in full; NULL past the last. */
MHSM_API const char *
mhsm_role_definition_action(const mhsm_role_definition *definition, int except,
                            size_t index);
/* 1 when it grants the data action, wildcards included. */
MHSM_API int mhsm_role_definition_grants(const mhsm_role_definition *definition,
                                         const char *action);

MHSM_API void mhsm_role_assignment_free(mhsm_role_assignment *assignment);
/* All borrow from the assignment; never NULL. */
MHSM_API const char *
mhsm_role_assignment_id(const mhsm_role_assignment *assignment); /* GUID */
MHSM_API const char *
mhsm_role_assignment_role(const mhsm_role_assignment *assignment); /* GUID */
MHSM_API const char *
mhsm_role_assignment_principal(const mhsm_role_assignment *assignment);
MHSM_API const char *
mhsm_role_assignment_scope(const mhsm_role_assignment *assignment);
MHSM_API const char *
mhsm_role_assignment_json(const mhsm_role_assignment *assignment);

/* Listing, a page at a time; one thread at a time. */
typedef struct mhsm_role_list mhsm_role_list;

/* No request yet.  Need roleDefinitions/read/action and
 * roleAssignments/read/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_definitions(mhsm_client *client,
                                                          const mhsm_uri *uri,
                                                          const char *scope,
                                                          mhsm_role_list **list,
                                                          mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_assignments(mhsm_client *client,
                                                          const mhsm_uri *uri,
                                                          const char *scope,
                                                          mhsm_role_list **list,
                                                          mhsm_error **err);
/* The next one, the caller's to free, or NULL at the end. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_list_definition(
    mhsm_role_list *list, mhsm_role_definition **definition, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_list_assignment(
    mhsm_role_list *list, mhsm_role_assignment **assignment, mhsm_error **err);
MHSM_API void mhsm_role_list_free(mhsm_role_list *list);

/* One definition.  A built-in role's name costs no listing.
 * MHSM_ERR_NOT_FOUND; MHSM_ERR_ARGUMENT when several have the name. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_definition_get(
    mhsm_client *client, const mhsm_uri *uri, const char *scope,
    const char *role, mhsm_role_definition **definition, mhsm_error **err);

/* The name of the built-in role with that GUID, static; NULL when none that is
 * known here has it.  No I/O. */
MHSM_API const char *mhsm_role_builtin_name(const char *guid);

/* A custom role.  Start from MHSM_ROLE_SPEC_INIT. */
typedef struct mhsm_role_spec {
    const char *id;   /* GUID; NULL: a new one */
    const char *name; /* 1 to 512 octets; not that of a built-in role */
    const char *description;
    const char *const *actions; /* granted; `*` at an end stands for anything */
    size_t action_count;
    const char *const *exceptions;
    size_t exception_count;
} mhsm_role_spec;

#define MHSM_ROLE_SPEC_INIT                                                    \
    {                                                                          \
        NULL, NULL, NULL, NULL, 0, NULL, 0                                     \
    }

/* Sent once; `definition` may be NULL.  Needs roleDefinitions/write/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_definition_create(
    mhsm_client *client, const mhsm_uri *uri, const char *scope,
    const mhsm_role_spec *spec, mhsm_role_definition **definition,
    mhsm_error **err);
/* The same of a role that is there: what is NULL in `spec` stays as it is;
 * spec->id is not looked at. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_definition_update(
    mhsm_client *client, const mhsm_uri *uri, const char *scope,
    const mhsm_role_definition *old, const mhsm_role_spec *spec,
    mhsm_role_definition **definition, mhsm_error **err);
/* Needs roleDefinitions/delete/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_definition_delete(
    mhsm_client *client, const mhsm_uri *uri, const char *scope,
    const char *role, mhsm_error **err);

/* By GUID. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_assignment_get(
    mhsm_client *client, const mhsm_uri *uri, const char *scope, const char *id,
    mhsm_role_assignment **assignment, mhsm_error **err);
/* Sent once; `id` NULL: a new GUID; `assignment` may be NULL.  Needs
 * roleAssignments/write/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_assignment_create(
    mhsm_client *client, const mhsm_uri *uri, const char *scope, const char *id,
    const char *role, const char *principal, mhsm_role_assignment **assignment,
    mhsm_error **err);
/* Needs roleAssignments/delete/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_role_assignment_delete(
    mhsm_client *client, const mhsm_uri *uri, const char *scope, const char *id,
    mhsm_error **err);

/* Whether the assignments of a principal (NULL: of the client's own) grant a
 * data action at a scope.  Assignments at wider scopes count too; where this
 * identity may not list them, that is told.  What comes to the principal
 * through groups is not seen. */
typedef struct mhsm_role_verdict mhsm_role_verdict;

MHSM_API MHSM_NODISCARD mhsm_status
mhsm_role_check(mhsm_client *client, const mhsm_uri *uri, const char *scope,
                const char *action, const char *principal,
                mhsm_role_verdict **verdict, mhsm_error **err);
MHSM_API void mhsm_role_verdict_free(mhsm_role_verdict *verdict);
/* All borrow from the verdict. */
MHSM_API const char *
mhsm_role_verdict_principal(const mhsm_role_verdict *verdict);
MHSM_API const char *mhsm_role_verdict_action(const mhsm_role_verdict *verdict);
/* The assignments that grant it and the names of their roles; NULL past the
 * last.  None: it is not granted, as far as can be seen. */
MHSM_API const mhsm_role_assignment *
mhsm_role_verdict_assignment(const mhsm_role_verdict *verdict, size_t index);
MHSM_API const char *mhsm_role_verdict_role(const mhsm_role_verdict *verdict,
                                            size_t index);
/* The wider scopes whose assignments may not be listed; NULL past the last. */
MHSM_API const char *mhsm_role_verdict_hidden(const mhsm_role_verdict *verdict,
                                              size_t index);

#ifdef __cplusplus
}
#endif
#endif
