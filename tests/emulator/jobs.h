/* SPDX-License-Identifier: MIT
 *
 * Long-running jobs: backups and restores. One at a time; what became of the
 * last ones is kept with the state.
 */
#ifndef EMU_JOBS_H
#define EMU_JOBS_H

#include "hsm.h"
#include "keystore.h"
#include "storage.h"

#include <json-c/json.h>

#define EMU_JOB_ID_SIZE 33

enum emu_job_kind {
    EMU_JOB_BACKUP,
    EMU_JOB_PREBACKUP,
    EMU_JOB_RESTORE,
    EMU_JOB_PRERESTORE,
    EMU_JOB_KEY_RESTORE
};

struct emu_job {
    struct emu_hsm *hsm;
    enum emu_job_kind kind;
    char id[EMU_JOB_ID_SIZE];
    char hsm_name[64];
    char key[EMU_NAME_SIZE]; /* of a selective restore */
    char folder[128];
    char *container;
    char *sas; /* NULL: the HSM's managed identity */
};

struct emu_job *emu_job_new(struct emu_hsm *hsm, enum emu_job_kind kind);
void emu_job_free(struct emu_job *job);

struct emu_jobs;

/* What an emulator that was killed left running has failed. */
struct emu_jobs *emu_jobs_new(struct emu_store *s);
/* Waits for the job that runs. */
void emu_jobs_free(struct emu_jobs *jobs);

/* Takes the job: 1 started, 0 another one runs, -1 failed. The status that
 * its answer tells is in *status, for the caller to put. */
int emu_jobs_start(struct emu_jobs *jobs, struct emu_job *job,
                   struct json_object **status);
/* 1 found, 0 no such job among backups (or else restores), -1 failed. */
int emu_jobs_status(struct emu_store *s, const char *id, int backup,
                    struct json_object **status);
/* Whether all there is is being replaced just now. */
int emu_jobs_restoring(struct emu_jobs *jobs);

/* What the jobs do: 1, or 0 with the failure written. A backup leaves its
 * folder in the job. */
int emu_backup_run(struct emu_job *job, const struct emu_storage *storage,
                   struct emu_storage_failure *failure);
int emu_backup_check(struct emu_job *job, const struct emu_storage *storage,
                     struct emu_storage_failure *failure);
int emu_restore_run(struct emu_job *job, const struct emu_storage *storage,
                    struct emu_storage_failure *failure);
int emu_restore_check(struct emu_job *job, const struct emu_storage *storage,
                      struct emu_storage_failure *failure);
int emu_restore_key(struct emu_job *job, const struct emu_storage *storage,
                    struct emu_storage_failure *failure);

#endif
