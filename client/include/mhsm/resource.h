/* SPDX-License-Identifier: MIT
 *
 * The management plane (Azure Resource Manager, provider Microsoft.KeyVault,
 * resource type managedHSMs): making HSMs, changing, deleting, recovering and
 * purging them, their regions and private endpoint connections.
 *
 * Who may do that is a matter of Azure RBAC, not of the HSM's local RBAC: the
 * built-in role is "Managed HSM contributor".  Tokens are for the management
 * plane of the cloud; endpoint and version are the options management-endpoint
 * and management-api-version.
 *
 * Writes are sent once.  What takes minutes is accepted and goes on by itself:
 * such a function gives an mhsm_operation to look after it, or NULL when all
 * is done already.  Losing the operation loses nothing: mhsm_hsm_get() tells
 * the state.
 *
 * All of it is thread-safe, as the client is, but an object is not to be used
 * by two threads at once.
 */
#ifndef MHSM_RESOURCE_H
#define MHSM_RESOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <mhsm/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which HSM. */
typedef struct mhsm_hsm_place {
    const char *subscription; /* NULL: the option subscription-id */
    const char *group;        /* the resource group; NULL: whichever has it,
                                 which costs a listing.  To make an HSM it is
                                 required. */
    const char *name;         /* 3 to 24 letters, digits and hyphens */
} mhsm_hsm_place;

/* An HSM as the management plane shows it. */
typedef struct mhsm_hsm mhsm_hsm;

/* Borrowed from the HSM; text is "" where the service says nothing. */
typedef struct mhsm_hsm_info {
    const char *id; /* "/subscriptions/.../managedHSMs/NAME" */
    const char *name, *group, *subscription, *location;
    const char *sku; /* "Standard_B1" */
    const char *uri; /* where its keys are, without a final slash */
    const char *tenant;
    const char *state;   /* "Succeeded", "Provisioning", "Updating", ... */
    const char *message; /* the service's words about it */
    /* "Active", "NotActivated", "Unknown", "Failed"; "" with old versions. */
    const char *activation, *activation_message;
    const char *public_access;  /* "Enabled" or "Disabled" */
    const char *bypass;         /* "AzureServices" or "None" */
    const char *default_action; /* "Allow" or "Deny" */
    int purge_protection;       /* whether it is on */
    int retention_days;         /* 0: not said */
    /* Of a deleted one, as the service writes them. */
    const char *deletion_date, *purge_date;
    const char *json; /* all of it */
} mhsm_hsm_info;

MHSM_API const mhsm_hsm_info *mhsm_hsm_get_info(const mhsm_hsm *hsm);
MHSM_API void mhsm_hsm_free(mhsm_hsm *hsm);

/* What an HSM has several of. */
typedef enum mhsm_hsm_items {
    MHSM_HSM_ADMINISTRATORS = 0, /* object ids, as they were at its making */
    MHSM_HSM_IP_RULES = 1,       /* "203.0.113.0/24" */
    MHSM_HSM_NETWORK_RULES = 2,  /* ids of subnets */
    MHSM_HSM_IDENTITIES = 3,     /* ids of user-assigned identities */
    MHSM_HSM_REGIONS = 4,        /* names; none when it has but the one */
    MHSM_HSM_TAGS = 5            /* "NAME=VALUE" */
} mhsm_hsm_items;

/* NULL past the last.  Borrowed from the HSM. */
MHSM_API const char *mhsm_hsm_item_at(const mhsm_hsm *hsm, mhsm_hsm_items list,
                                      size_t index);

/* Whether its state is one that passes by itself. */
MHSM_API int mhsm_hsm_is_busy(const mhsm_hsm *hsm);

/* MHSM_ERR_NOT_FOUND: there is none of that name, or it is deleted. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_get(mhsm_client *client,
                                                 const mhsm_hsm_place *place,
                                                 mhsm_hsm **hsm,
                                                 mhsm_error **err);
/* One that is deleted, wherever it was. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_get_deleted(mhsm_client *client, const mhsm_hsm_place *place,
                     mhsm_hsm **hsm, mhsm_error **err);

/* The HSMs of a group (place->group), of the subscription, or its deleted
 * ones; place->name is not looked at.  No request yet. */
typedef struct mhsm_hsm_list mhsm_hsm_list;

MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_list_new(mhsm_client *client, const mhsm_hsm_place *place, int deleted,
                  mhsm_hsm_list **list, mhsm_error **err);
/* The next, to be freed by the caller, or *hsm = NULL at the end. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_list_next(mhsm_hsm_list *list,
                                                       mhsm_hsm **hsm,
                                                       mhsm_error **err);
MHSM_API void mhsm_hsm_list_free(mhsm_hsm_list *list);

/* What an HSM is to be like.  NULL, 0 and NULL lists leave a thing as it is,
 * or to the service when the HSM is made. */
typedef struct mhsm_hsm_settings {
    /* At its making only. */
    const char *location;              /* required */
    const char *sku;                   /* NULL: "Standard_B1" */
    const char *const *administrators; /* object ids; at least one */
    size_t administrator_count;
    int retention_days; /* 7 to 90 */
    /* Later as well. */
    int purge_protection;       /* 1: turn it on, for good */
    const char *public_access;  /* "Enabled" or "Disabled" */
    const char *bypass;         /* "AzureServices" or "None" */
    const char *default_action; /* "Allow" or "Deny" */
    /* The whole of each list, in place of the one before; a list that is not
     * NULL with a count of 0 empties it. */
    const char *const *ip_rules;
    size_t ip_rule_count;
    const char *const *network_rules;
    size_t network_rule_count;
    const char *const *identities;
    size_t identity_count;
    const char *const *tags; /* "NAME=VALUE" */
    size_t tag_count;
} mhsm_hsm_settings;

typedef struct mhsm_operation mhsm_operation;

MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_create(mhsm_client *client, const mhsm_hsm_place *place,
                const mhsm_hsm_settings *settings, mhsm_operation **operation,
                mhsm_error **err);
/* The object id of whoever the client's tokens are of, as the management plane
 * sees it; to be freed with mhsm_hsm_text_free(). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_self(mhsm_client *client,
                                                  char **object_id,
                                                  mhsm_error **err);
MHSM_API void mhsm_hsm_text_free(char *text);
/* Reads the HSM first where the service wants a thing whole. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_update(mhsm_client *client, const mhsm_hsm_place *place,
                const mhsm_hsm_settings *settings, mhsm_operation **operation,
                mhsm_error **err);
/* Soft: it can be recovered until its retention time is over, and costs what
 * it did. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_delete(mhsm_client *client,
                                                    const mhsm_hsm_place *place,
                                                    mhsm_operation **operation,
                                                    mhsm_error **err);
/* To where it was; what it held is there again. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_recover(mhsm_client *client, const mhsm_hsm_place *place,
                 mhsm_operation **operation, mhsm_error **err);
/* For good, of a deleted one: with all keys. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_purge(mhsm_client *client,
                                                   const mhsm_hsm_place *place,
                                                   mhsm_operation **operation,
                                                   mhsm_error **err);

/* One region beside the first.  Adding one that is there already, and removing
 * one that is not, gives no operation. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_add_region(
    mhsm_client *client, const mhsm_hsm_place *place, const char *region,
    mhsm_operation **operation, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_remove_region(
    mhsm_client *client, const mhsm_hsm_place *place, const char *region,
    mhsm_operation **operation, mhsm_error **err);

/* Whether an HSM may be made under that name. */
typedef struct mhsm_name_check mhsm_name_check;

MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_check_name(mhsm_client *client, const mhsm_hsm_place *place,
                    mhsm_name_check **check, mhsm_error **err);
MHSM_API int mhsm_name_check_available(const mhsm_name_check *check);
/* "AccountNameInvalid" or "AlreadyExists", and why in words; "" when it is
 * available.  Borrowed from the check. */
MHSM_API const char *mhsm_name_check_reason(const mhsm_name_check *check);
MHSM_API const char *mhsm_name_check_message(const mhsm_name_check *check);
MHSM_API const char *mhsm_name_check_json(const mhsm_name_check *check);
MHSM_API void mhsm_name_check_free(mhsm_name_check *check);

/* Regions and private endpoint connections of an HSM, as rows. */
typedef struct mhsm_hsm_rows mhsm_hsm_rows;

typedef struct mhsm_hsm_row {
    const char *name;
    /* Of a region: "Succeeded", "Provisioning", ... Of a connection: "Pending",
     * "Approved", "Rejected" or "Disconnected". */
    const char *state;
    int primary;             /* a region */
    const char *description; /* a connection: what was said about it */
    const char *endpoint;    /* a connection: the id of the private endpoint */
    const char *json;
} mhsm_hsm_row;

MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_get_regions(mhsm_client *client, const mhsm_hsm_place *place,
                     mhsm_hsm_rows **rows, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_hsm_get_endpoints(mhsm_client *client, const mhsm_hsm_place *place,
                       mhsm_hsm_rows **rows, mhsm_error **err);
/* NULL past the last.  Borrowed from the rows. */
MHSM_API const mhsm_hsm_row *mhsm_hsm_rows_at(const mhsm_hsm_rows *rows,
                                              size_t index);
MHSM_API void mhsm_hsm_rows_free(mhsm_hsm_rows *rows);

/* Let a private endpoint in, or refuse it; `description` may be NULL. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_decide_endpoint(
    mhsm_client *client, const mhsm_hsm_place *place, const char *connection,
    int approve, const char *description, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_hsm_delete_endpoint(
    mhsm_client *client, const mhsm_hsm_place *place, const char *connection,
    mhsm_operation **operation, mhsm_error **err);

typedef enum mhsm_operation_state {
    MHSM_OPERATION_IN_PROGRESS = 0,
    MHSM_OPERATION_DONE = 1
} mhsm_operation_state;

/* One look.  MHSM_ERR_SERVICE and the service's words when it has failed; any
 * other error says nothing of the operation, which may be asked for again.
 * `retry_after_ms` gets what the service asks to wait before the next look, 0
 * when it says nothing. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_operation_poll(
    mhsm_client *client, mhsm_operation *operation, mhsm_operation_state *state,
    int64_t *retry_after_ms, mhsm_error **err);
/* Whether mhsm_operation_poll() has seen it fail. */
MHSM_API int mhsm_operation_failed(const mhsm_operation *operation);
/* The service's last word on how far it is: "Provisioning: Allocating
 * hardware"; "" when it has said none. */
MHSM_API const char *mhsm_operation_text(const mhsm_operation *operation);
MHSM_API void mhsm_operation_free(mhsm_operation *operation);

#ifdef __cplusplus
}
#endif
#endif
