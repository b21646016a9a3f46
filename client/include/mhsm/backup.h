/* SPDX-License-Identifier: MIT
 *
 * Backup and restore of a whole Managed HSM (REST reference, Full Backup, Full
 * Restore, Selective Key Restore), and what lies in the container that the
 * backups go to (Blob Service REST API, List Blobs).
 *
 * The HSM writes and reads the blobs itself, as jobs: what is started goes on
 * by itself, one at a time in an HSM, and its status is asked for by its id.
 * Azure Key Vaults have nothing of it: MHSM_ERR_UNSUPPORTED.
 *
 * Thread-safe but for changes of one object.
 */
#ifndef MHSM_BACKUP_H
#define MHSM_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include <mhsm/client.h>
#include <mhsm/uri.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where backups are.  `container` is a container's https URL,
 * "https://ACCOUNT.blob.core.windows.net/CONTAINER"; its host must be one of
 * Azure's blob stores, or be allowed by the option `allowed-hosts`, because
 * the token goes to it.  `sas` is a SAS token with or without its "?"; NULL:
 * the HSM uses its managed identity, and mhsm_backup_list() this client's
 * credential. */
typedef struct mhsm_storage {
    const char *container;
    const char *sas;
} mhsm_storage;

/* Whether that is usable, as far as it can be told without asking anybody:
 * the URL is one, and the SAS token is whole and has not expired; `expires`
 * (may be NULL) gets its end in Unix seconds, 0 when there is none.  Errors:
 * MHSM_ERR_URI (host not allowed), MHSM_ERR_ARGUMENT, MHSM_ERR_CREDENTIAL
 * (expired). */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_storage_check(const mhsm_client *client, const mhsm_storage *storage,
                   int64_t *expires, mhsm_error **err);

/* Whether a folder of a backup can be called so: one name, no path. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_backup_folder_check(const char *folder,
                                                             mhsm_error **err);

/* --- Jobs --------------------------------------------------------------- */

typedef enum mhsm_job_kind {
    MHSM_JOB_BACKUP = 0, /* and checks of one */
    MHSM_JOB_RESTORE = 1 /* full, selective, and checks of one */
} mhsm_job_kind;

typedef enum mhsm_job_state {
    MHSM_JOB_IN_PROGRESS = 0,
    MHSM_JOB_SUCCEEDED = 1,
    MHSM_JOB_FAILED = 2,
    MHSM_JOB_CANCELED = 3
} mhsm_job_state;

typedef struct mhsm_job mhsm_job;

/* NULL is accepted. */
MHSM_API void mhsm_job_free(mhsm_job *job);
MHSM_API mhsm_job_kind mhsm_job_get_kind(const mhsm_job *job);
MHSM_API mhsm_job_state mhsm_job_get_state(const mhsm_job *job);
/* Texts are borrowed from the job, one line, never NULL ("": not told). */
MHSM_API const char *mhsm_job_id(const mhsm_job *job);
MHSM_API const char *mhsm_job_status(const mhsm_job *job);  /* as told */
MHSM_API const char *mhsm_job_details(const mhsm_job *job); /* statusDetails */
/* Of a job that failed: code and message of its error. */
MHSM_API const char *mhsm_job_error_code(const mhsm_job *job);
MHSM_API const char *mhsm_job_error_message(const mhsm_job *job);
/* Of a backup that is done: the folder in the container, which is what a
 * restore asks for. */
MHSM_API const char *mhsm_job_folder(const mhsm_job *job);
/* Unix seconds; 0: not told. */
MHSM_API int64_t mhsm_job_started(const mhsm_job *job);
MHSM_API int64_t mhsm_job_ended(const mhsm_job *job);
/* Milliseconds after which the service wants to be asked again; 0: it does not
 * say. */
MHSM_API int64_t mhsm_job_retry_after(const mhsm_job *job);
/* What the service told, with the member "folder" added. */
MHSM_API const char *mhsm_job_json(const mhsm_job *job);

/* MHSM_OK when the job has succeeded; else an error that tells why it failed
 * and what to do about it, or MHSM_ERR_TIMEOUT while it is under way. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_job_check(const mhsm_job *job,
                                                   mhsm_error **err);

/* All of these are sent once: after a time-out nobody knows whether the job
 * runs, and starting it again answers MHSM_ERR_CONFLICT while one does.  None
 * waits for the job's end.  `storage` is checked as by mhsm_storage_check().
 * The caller frees the job. */

/* Needs backup/start/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_backup_start(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_storage *storage,
    mhsm_job **job, mhsm_error **err);
/* Whether a backup could be made (api-version 7.6 or later). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_backup_check(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_storage *storage,
    mhsm_job **job, mhsm_error **err);
/* Replaces all keys and role assignments of the HSM by those of the backup in
 * `folder`, which was made under the same security domain.  The HSM must have
 * been backed up itself shortly before.  Needs restore/start/action. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_restore_start(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_storage *storage,
    const char *folder, mhsm_job **job, mhsm_error **err);
MHSM_API MHSM_NODISCARD mhsm_status mhsm_restore_check(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_storage *storage,
    const char *folder, mhsm_job **job, mhsm_error **err);
/* All versions of the one key that `uri` names, which must be there neither
 * live nor soft-deleted. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_restore_key(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_storage *storage,
    const char *folder, mhsm_job **job, mhsm_error **err);

/* How a job is now.  That it failed is no error of this call.  Needs
 * backup/status/action or restore/status/action. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_job_look(mhsm_client *client, const mhsm_uri *uri, mhsm_job_kind kind,
              const char *id, mhsm_job **job, mhsm_error **err);
/* Looks until the job is at its end: MHSM_OK, whatever that is.
 * MHSM_ERR_TIMEOUT when it is not within `timeout_ms`. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_job_wait(
    mhsm_client *client, const mhsm_uri *uri, mhsm_job_kind kind,
    const char *id, int64_t timeout_ms, mhsm_job **job, mhsm_error **err);

/* --- Backups in a container --------------------------------------------- */

/* A folder of a backup, borrowed from the list. */
typedef struct mhsm_backup {
    const char *folder; /* "mhsm-NAME-DIGITS" */
    int64_t modified;   /* Unix seconds of its newest blob; 0: not told */
    uint64_t size;      /* octets of all its blobs */
    size_t blobs;
} mhsm_backup;

typedef struct mhsm_backup_list mhsm_backup_list;

/* Newest first.  Asks the storage account, not the HSM: with the SAS token
 * (rights r and l), else with a token of this client's credential in the HSM's
 * tenant (Storage Blob Data Reader). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_backup_list_get(
    mhsm_client *client, const mhsm_uri *uri, const mhsm_storage *storage,
    mhsm_backup_list **list, mhsm_error **err);
/* NULL past the last. */
MHSM_API const mhsm_backup *mhsm_backup_list_at(const mhsm_backup_list *list,
                                                size_t index);
MHSM_API void mhsm_backup_list_free(mhsm_backup_list *list);

#ifdef __cplusplus
}
#endif
#endif
