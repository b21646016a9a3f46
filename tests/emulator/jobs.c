/* SPDX-License-Identifier: MIT
 *
 * A thread a job. Start and end are under one lock; looking at a job is not.
 */
#include "jobs.h"

#include "json.h"
#include "token.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORAGE_RESOURCE "https://storage.azure.com"
#define TOKEN_LIFETIME   3600
#define KEPT             "100"

struct emu_jobs {
    pthread_mutex_t lock;
    pthread_t thread;
    int started; /* a thread is to be joined */
    int running;
    int restoring;
};

static const struct {
    int (*run)(struct emu_job *, const struct emu_storage *,
               struct emu_storage_failure *);
    int backup;
} kinds[] = {
    [EMU_JOB_BACKUP] = {emu_backup_run, 1},
    [EMU_JOB_PREBACKUP] = {emu_backup_check, 1},
    [EMU_JOB_RESTORE] = {emu_restore_run, 0},
    [EMU_JOB_PRERESTORE] = {emu_restore_check, 0},
    [EMU_JOB_KEY_RESTORE] = {emu_restore_key, 0},
};

struct emu_job *emu_job_new(struct emu_hsm *hsm, enum emu_job_kind kind)
{
    struct emu_job *job = calloc(1, sizeof(*job));
    unsigned char raw[16];

    if (job == NULL || RAND_bytes(raw, sizeof(raw)) != 1) {
        free(job);
        return NULL;
    }
    job->hsm = hsm;
    job->kind = kind;
    emu_hex_encode(raw, sizeof(raw), job->id);
    return job;
}

void emu_job_free(struct emu_job *job)
{
    if (job == NULL)
        return;
    free(job->container);
    emu_text_free(job->sas);
    free(job);
}

struct emu_jobs *emu_jobs_new(struct emu_store *s)
{
    struct emu_jobs *jobs = calloc(1, sizeof(*jobs));

    if (jobs == NULL ||
        emu_store_run(
            s,
            "UPDATE jobs SET status='Failed',ended=max(started,?1),code="
            "'InternalServerError',message='The job was interrupted'"
            " WHERE status='InProgress'",
            "i", emu_now()) < 0) {
        free(jobs);
        return NULL;
    }
    pthread_mutex_init(&jobs->lock, NULL);
    return jobs;
}

void emu_jobs_free(struct emu_jobs *jobs)
{
    if (jobs == NULL)
        return;
    if (jobs->started)
        pthread_join(jobs->thread, NULL);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

int emu_jobs_restoring(struct emu_jobs *jobs)
{
    int restoring;

    pthread_mutex_lock(&jobs->lock);
    restoring = jobs->restoring;
    pthread_mutex_unlock(&jobs->lock);
    return restoring;
}

/* The token of the identity that the HSM has; NULL when it has none. The first
 * one has the host's, unless the management plane has given it another. */
static char *identity_token(struct emu_hsm *hsm)
{
    char oid[EMU_GUID_SIZE] = "";
    struct emu_token_claims claims = {STORAGE_RESOURCE, oid, oid,
                                      TOKEN_LIFETIME};

    emu_network_identity(&hsm->network, oid);
    if (oid[0] == '\0' && emu_hsm_is_first(hsm) && !hsm->options->no_identity)
        memcpy(oid, hsm->cloud->identity_oid, sizeof(oid));
    return oid[0] == '\0' ? NULL : emu_token_issue(hsm, &claims);
}

static int work(struct emu_job *job, struct emu_storage_failure *failure)
{
    struct emu_storage storage = {job->container, job->sas, NULL,
                                  job->hsm->options->storage_ca};
    char *token = NULL;
    int ok = 0;

    if (job->sas == NULL)
        storage.bearer = token = identity_token(job->hsm);
    if (job->sas == NULL && token == NULL) {
        snprintf(failure->code, sizeof(failure->code), "BadRequest");
        snprintf(failure->message, sizeof(failure->message),
                 "The HSM has no user-assigned managed identity");
    } else {
        ok = kinds[job->kind].run(job, &storage, failure);
    }
    emu_text_free(token);
    return ok;
}

static void record(struct emu_job *job, int ok,
                   const struct emu_storage_failure *failure)
{
    char uri[2304] = "";

    if (ok && job->kind == EMU_JOB_BACKUP)
        snprintf(uri, sizeof(uri), "%s/%s", job->container, job->folder);
    emu_store_run(job->hsm->store,
                  "UPDATE jobs SET status=?2,ended=?3,code=?4,message=?5,"
                  "folder=?6 WHERE id=?1",
                  "ttittt", job->id, ok ? "Succeeded" : "Failed", emu_now(),
                  ok ? NULL : failure->code, ok ? NULL : failure->message,
                  uri[0] != '\0' ? uri : NULL);
}

static void *run_job(void *context)
{
    struct emu_storage_failure failure = {"InternalServerError",
                                          "The job failed"};
    struct emu_job *job = context;
    struct emu_jobs *jobs = job->hsm->jobs;
    int ok;

    emu_faults_sleep(job->hsm->faults, job->hsm->options->job_time);
    ok = work(job, &failure);
    /* Who sees the end must be able to start the next one. */
    pthread_mutex_lock(&jobs->lock);
    record(job, ok, &failure);
    jobs->running = jobs->restoring = 0;
    pthread_mutex_unlock(&jobs->lock);
    emu_job_free(job);
    return NULL;
}

static int insert(const struct emu_job *job)
{
    struct emu_store *s = job->hsm->store;

    return emu_store_run(s,
                         "INSERT INTO jobs(id,backup,status,started)"
                         " VALUES(?1,?2,'InProgress',?3)",
                         "tii", job->id, (int64_t)kinds[job->kind].backup,
                         emu_now()) == 1 &&
           emu_store_run(s,
                         "DELETE FROM jobs WHERE seq<=(SELECT max(seq)-" KEPT
                         " FROM jobs)",
                         "") >= 0;
}

/* Under the lock. */
static int launch(struct emu_jobs *jobs, struct emu_job *job,
                  struct json_object **status)
{
    if (jobs->started)
        pthread_join(jobs->thread, NULL);
    jobs->started = 0;
    if (!insert(job) || emu_jobs_status(job->hsm->store, job->id,
                                        kinds[job->kind].backup, status) != 1)
        return -1;
    jobs->running = 1;
    jobs->restoring = job->kind == EMU_JOB_RESTORE;
    if (pthread_create(&jobs->thread, NULL, run_job, job) != 0) {
        jobs->running = jobs->restoring = 0;
        json_object_put(*status);
        *status = NULL;
        return -1;
    }
    jobs->started = 1;
    return 1;
}

int emu_jobs_start(struct emu_jobs *jobs, struct emu_job *job,
                   struct json_object **status)
{
    int result = 0;

    pthread_mutex_lock(&jobs->lock);
    if (!jobs->running)
        result = launch(jobs, job, status);
    pthread_mutex_unlock(&jobs->lock);
    if (result != 1)
        emu_job_free(job);
    return result;
}

static int add_text(struct json_object *o, const char *name, sqlite3_stmt *row,
                    int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    if (text != NULL)
        return emu_json_add_string(o, name, text);
    return json_object_object_add(o, name, NULL) == 0;
}

static int add_error(struct json_object *o, sqlite3_stmt *row)
{
    struct json_object *error;

    if (sqlite3_column_type(row, 2) == SQLITE_NULL)
        return json_object_object_add(o, "error", NULL) == 0;
    error = json_object_new_object();
    return emu_json_add(o, "error", error) && add_text(error, "code", row, 2) &&
           add_text(error, "message", row, 3) &&
           json_object_object_add(error, "innererror", NULL) == 0;
}

static struct json_object *describe(sqlite3_stmt *row, const char *id,
                                    int backup)
{
    struct json_object *o = json_object_new_object();
    int ended = sqlite3_column_type(row, 5) != SQLITE_NULL;

    if (emu_json_add_string(o, "jobId", id) && add_text(o, "status", row, 0) &&
        add_text(o, "statusDetails", row, 1) && add_error(o, row) &&
        emu_json_add_int(o, "startTime", sqlite3_column_int64(row, 4)) &&
        (ended ? emu_json_add_int(o, "endTime", sqlite3_column_int64(row, 5))
               : json_object_object_add(o, "endTime", NULL) == 0) &&
        (!backup || add_text(o, "azureStorageBlobContainerUri", row, 6)))
        return o;
    json_object_put(o);
    return NULL;
}

int emu_jobs_status(struct emu_store *s, const char *id, int backup,
                    struct json_object **status)
{
    sqlite3_stmt *row;
    int found = -1, step;

    emu_store_lock(s);
    row = emu_store_query(s,
                          "SELECT status,message,code,message,started,ended,"
                          "folder FROM jobs WHERE id=?1 AND backup=?2",
                          "ti", id, (int64_t)backup);
    step = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    if (step == SQLITE_ROW) {
        *status = describe(row, id, backup);
        found = *status != NULL ? 1 : -1;
    } else if (step == SQLITE_DONE) {
        found = 0;
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}
