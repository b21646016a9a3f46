/* SPDX-License-Identifier: MIT
 *
 * Backup and restore of the whole HSM, as requests: what is wrong with one is
 * told at once, what is wrong with the storage is told by the job. They are
 * another component of the service, with another form of error.
 */
#include "handlers.h"
#include "jobs.h"
#include "keybundle.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URI_MAX   2000
#define TOKEN_MAX 4000

static void component_headers(struct emu_reply *r)
{
    emu_reply_header(r, "server", "Kestrel");
    emu_reply_header(r, "api-supported-versions", "20180927, 20211111");
}

static void refuse(struct emu_reply *r, unsigned status, const char *code,
                   const char *message)
{
    struct json_object *o = json_object_new_object();
    struct json_object *error = json_object_new_object();

    if (!emu_json_add(o, "error", error) ||
        !emu_json_add_string(error, "code", code) ||
        !emu_json_add_string(error, "message", message) ||
        json_object_object_add(error, "innererror", NULL) != 0) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, status, o);
}

static const char *check_container(const char *uri)
{
    const char *path;
    size_t len = uri == NULL ? 0 : strlen(uri);

    if (len == 0)
        return "The storageResourceUri is missing";
    if (strncmp(uri, "https://", 8) != 0 || len > URI_MAX ||
        strpbrk(uri, "?#@ \"\\<>%\t\r\n") != NULL)
        return "The storageResourceUri is malformed";
    path = strchr(uri + 8, '/');
    if (path == NULL || path[1] == '\0')
        return "The storageResourceUri names no container";
    return NULL;
}

static const char *check_token(const char *sas)
{
    if (strlen(sas) > TOKEN_MAX || strpbrk(sas, " #\"\\<>\t\r\n") != NULL)
        return "The customer provided SAS token is malformed";
    if (strncmp(sas, "se=", 3) != 0 && strstr(sas, "&se=") == NULL)
        return "The customer provided SAS token is malformed. The SAS token "
               "does not contain the expiry field";
    return NULL;
}

/* The name of a folder: one segment that leads nowhere else. */
static const char *check_folder(const char *folder)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (folder == NULL || *folder == '\0' ||
        strlen(folder) >= sizeof(((struct emu_job *)NULL)->folder) ||
        strspn(folder, letters) != strlen(folder) || folder[0] == '.')
        return "The folder to restore is missing or malformed";
    return NULL;
}

/* What a request says of the storage into the job: NULL, or what is wrong. */
static const char *take_storage(struct emu_request *rq, struct json_object *o,
                                struct emu_job *job)
{
    const char *uri = emu_json_string(o, "storageResourceUri");
    const char *token = emu_json_string(o, "token");
    const char *wrong = check_container(uri);
    int identity = 0;
    size_t len;

    if (wrong != NULL)
        return wrong;
    if (emu_json_bool(o, "useManagedIdentity", &identity) < 0)
        return "useManagedIdentity is no boolean";
    if (identity && rq->api < emu_version_rank("7.5-preview.1"))
        return "This api-version has no managed identity";
    if (token != NULL && *token == '?')
        token++;
    if (token != NULL && *token == '\0')
        token = NULL;
    if (identity == (token != NULL))
        return "Either a SAS token or the managed identity is needed";
    if (token != NULL && (wrong = check_token(token)) != NULL)
        return wrong;
    len = strlen(uri);
    while (uri[len - 1] == '/')
        len--;
    job->container = strndup(uri, len);
    job->sas = token == NULL ? NULL : strdup(token);
    return job->container == NULL || (token != NULL && job->sas == NULL)
               ? "The request is too large"
               : NULL;
}

/* The HSM's own name: the first label of how it is called. */
static void take_name(struct emu_request *rq, struct emu_job *job)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t len = strspn(rq->host, letters);

    if (len == 0 || len >= sizeof(job->hsm_name))
        snprintf(job->hsm_name, sizeof(job->hsm_name), "local");
    else
        snprintf(job->hsm_name, sizeof(job->hsm_name), "%.*s", (int)len,
                 rq->host);
}

/* Takes the job and answers for it. */
static void start(struct emu_request *rq, struct emu_reply *r,
                  struct emu_job *job, const char *family)
{
    struct json_object *status = NULL;
    char url[512], seconds[24];
    int64_t wait = rq->hsm->options->job_retry_after;

    snprintf(url, sizeof(url), "https://%s/%s/%s/pending", rq->host, family,
             job->id);
    take_name(rq, job);
    switch (emu_jobs_start(rq->hsm->jobs, job, &status)) {
    case 1:
        emu_reply_json(r, 202, status);
        emu_reply_header(r, "Azure-AsyncOperation", url);
        snprintf(seconds, sizeof(seconds), "%lld", (long long)wait);
        if (wait != 0)
            emu_reply_header(r, "Retry-After", seconds);
        break;
    case 0:
        refuse(r, 409, "Conflict",
               strcmp(family, "backup") == 0
                   ? "Another backup operation is in progress"
                   : "Another restore operation is in progress");
        break;
    default:
        emu_reply_failed(r);
    }
}

static void backup(struct emu_request *rq, struct emu_reply *r,
                   enum emu_job_kind kind)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    struct emu_job *job = emu_job_new(rq->hsm, kind);
    const char *wrong =
        job == NULL ? "The request is too large" : take_storage(rq, body, job);

    component_headers(r);
    if (wrong == NULL) {
        start(rq, r, job, "backup");
    } else {
        refuse(r, 400, "BadRequest", wrong);
        emu_job_free(job);
    }
    json_object_put(body);
}

void emu_backup_start(struct emu_request *rq, struct emu_reply *r)
{
    backup(rq, r, EMU_JOB_BACKUP);
}

void emu_backup_precheck(struct emu_request *rq, struct emu_reply *r)
{
    backup(rq, r, EMU_JOB_PREBACKUP);
}

/* What there is must have been backed up lately, before it is replaced. */
static const char *check_recent(struct emu_request *rq)
{
    int64_t window = rq->hsm->options->restore_window, last = 0;
    struct emu_bytes kept = {NULL, 0};

    if (emu_store_get(rq->hsm->store, "backup_last", &kept) == 1)
        last = strtoll((const char *)kept.data, NULL, 10);
    emu_bytes_free(&kept);
    if (rq->hsm->options->no_restore_window || last + window * 60 >= emu_now())
        return NULL;
    return "A recent backup of this HSM is needed before it can be restored";
}

static void restore(struct emu_request *rq, struct emu_reply *r,
                    enum emu_job_kind kind, const char *folder_member)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    const char *folder = emu_json_string(body, folder_member);
    struct emu_job *job = emu_job_new(rq->hsm, kind);
    const char *wrong = job == NULL ? "The request is too large" : NULL;

    component_headers(r);
    if (wrong == NULL)
        wrong =
            take_storage(rq, emu_json_member(body, "sasTokenParameters"), job);
    if (wrong == NULL)
        wrong = check_folder(folder);
    if (wrong == NULL && kind != EMU_JOB_KEY_RESTORE)
        wrong = check_recent(rq);
    if (wrong == NULL) {
        snprintf(job->folder, sizeof(job->folder), "%s", folder);
        if (kind == EMU_JOB_KEY_RESTORE)
            snprintf(job->key, sizeof(job->key), "%s", rq->name);
        start(rq, r, job, "restore");
    } else {
        refuse(r, 400, "BadRequest", wrong);
        emu_job_free(job);
    }
    json_object_put(body);
}

void emu_restore_start(struct emu_request *rq, struct emu_reply *r)
{
    restore(rq, r, EMU_JOB_RESTORE, "folderToRestore");
}

void emu_restore_precheck(struct emu_request *rq, struct emu_reply *r)
{
    restore(rq, r, EMU_JOB_PRERESTORE, "folderToRestore");
}

void emu_restore_of_key(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_version v;
    int found;

    if (!emu_key_name_ok(rq, r))
        return;
    found = emu_keystore_find(rq->hsm->store, rq->name, NULL, &v);
    if (found == 1)
        emu_version_free(&v);
    if (found == 1) {
        component_headers(r);
        refuse(r, 409, "Conflict", "The name of the key is in use");
    } else if (found == 0) {
        restore(rq, r, EMU_JOB_KEY_RESTORE, "folder");
    } else {
        emu_reply_failed(r);
    }
}

static void pending(struct emu_request *rq, struct emu_reply *r, int backup_job)
{
    struct json_object *status = NULL;
    int found = emu_jobs_status(rq->hsm->store, rq->name, backup_job, &status);

    component_headers(r);
    if (found == 1)
        emu_reply_json(r, 200, status);
    else if (found == 0)
        refuse(r, 404, "NotFound", "There is no such job");
    else
        emu_reply_failed(r);
}

void emu_backup_pending(struct emu_request *rq, struct emu_reply *r)
{
    pending(rq, r, 1);
}

void emu_restore_pending(struct emu_request *rq, struct emu_reply *r)
{
    pending(rq, r, 0);
}
