/* SPDX-License-Identifier: MIT
 *
 * What the service tells of a job.  The body's status decides, never the HTTP
 * code: a job that failed is told with 200.
 */
#include "backup/job.h"

#include <string.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/text.h"
#include "base/waiter.h"

enum {
    id_max = 64,
    short_max = 128,
    text_max = 1024,
    path_max = 128,
    step_ms = 500,
    step_max_ms = 8000,
    retry_max_ms = 60000
};

#define ACTION "Microsoft.KeyVault/managedHsm/"

struct mhsm_job {
    mhsm_job_kind kind;
    mhsm_job_state state;
    char id[id_max + 1];
    char status[short_max + 1];
    char details[text_max + 1];
    char code[short_max + 1];
    char message[text_max + 1];
    char folder[short_max + 1];
    int64_t started, ended, retry_after_ms;
    struct json_object *answer;
};

void mhsm_job_free(mhsm_job *job)
{
    if (job == NULL)
        return;
    json_object_put(job->answer);
    mhsmi_free(job);
}

mhsm_job_kind mhsm_job_get_kind(const mhsm_job *job)
{
    return job->kind;
}

mhsm_job_state mhsm_job_get_state(const mhsm_job *job)
{
    return job->state;
}

const char *mhsm_job_id(const mhsm_job *job)
{
    return job->id;
}

const char *mhsm_job_status(const mhsm_job *job)
{
    return job->status;
}

const char *mhsm_job_details(const mhsm_job *job)
{
    return job->details;
}

const char *mhsm_job_error_code(const mhsm_job *job)
{
    return job->code;
}

const char *mhsm_job_error_message(const mhsm_job *job)
{
    return job->message;
}

const char *mhsm_job_folder(const mhsm_job *job)
{
    return job->folder;
}

int64_t mhsm_job_started(const mhsm_job *job)
{
    return job->started;
}

int64_t mhsm_job_ended(const mhsm_job *job)
{
    return job->ended;
}

int64_t mhsm_job_retry_after(const mhsm_job *job)
{
    return job->retry_after_ms;
}

const char *mhsm_job_json(const mhsm_job *job)
{
    return json_object_to_json_string_ext(
        job->answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* --- What is told ------------------------------------------------------- */

static void take_text(struct json_object *from, const char *name, char *out,
                      size_t max)
{
    const char *text = mhsmi_json_string(from, name);
    size_t size = text != NULL ? strlen(text) : 0;

    /* Cut here as well, so that cleaning sees no more than there is room. */
    if (size > max)
        size = max;
    if (size != 0)
        memcpy(out, text, size);
    out[size] = '\0';
    mhsmi_text_clean(out, max);
}

/* As a part of a path: what the service calls a job is 32 digits. */
static int is_id(const char *text)
{
    size_t size = strspn(text, "0123456789abcdefABCDEF-");

    return size != 0 && size <= id_max && text[size] == '\0';
}

static mhsm_status take_state(mhsm_job *job, mhsm_error **err)
{
    static const struct {
        const char *word;
        mhsm_job_state state;
    } rows[] = {
        {"InProgress", MHSM_JOB_IN_PROGRESS},
        {"Succeeded", MHSM_JOB_SUCCEEDED},
        {"Failed", MHSM_JOB_FAILED},
        {"Canceled", MHSM_JOB_CANCELED},
    };
    size_t i;

    take_text(job->answer, "status", job->status, short_max);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].word, job->status) == 0) {
            job->state = rows[i].state;
            return MHSM_OK;
        }
    }
    return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                       "the HSM tells a status of its job that is not known: "
                       "%.40s",
                       job->status[0] != '\0' ? job->status : "none");
}

/* The last segment of the URL, which is all that a restore wants. */
static mhsm_status take_folder(mhsm_job *job, mhsm_error **err)
{
    const char *url =
        mhsmi_json_string(job->answer, "azureStorageBlobContainerUri");
    const char *slash = url != NULL ? strrchr(url, '/') : NULL;
    size_t size = slash != NULL ? strlen(slash + 1) : 0;

    if (url == NULL || url[0] == '\0')
        return MHSM_OK;
    if (size == 0 || size > short_max)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the HSM tells a place of its backup that is no URL "
                           "of a folder");
    memcpy(job->folder, slash + 1, size + 1);
    mhsmi_text_clean(job->folder, short_max);
    return mhsmi_json_add_string(job->answer, "folder", job->folder)
               ? MHSM_OK
               : mhsmi_error_memory(err);
}

static mhsm_status read_job(mhsm_job *job, mhsm_error **err)
{
    struct json_object *error = mhsmi_json_object(job->answer, "error");
    const char *id = mhsmi_json_string(job->answer, "jobId");
    mhsm_status st = take_state(job, err);

    if (st != MHSM_OK)
        return st;
    if (id == NULL || !is_id(id))
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the HSM's answer does not name its job");
    take_text(job->answer, "jobId", job->id, id_max);
    take_text(job->answer, "statusDetails", job->details, text_max);
    take_text(error, "code", job->code, short_max);
    take_text(error, "message", job->message, text_max);
    job->started = mhsmi_json_int(job->answer, "startTime", 0);
    job->ended = mhsmi_json_int(job->answer, "endTime", 0);
    return take_folder(job, err);
}

static mhsm_status require_hsm(const mhsm_client *client, const mhsm_uri *uri,
                               mhsm_error **err)
{
    const char *endpoint = mhsm_uri_endpoint(uri);

    if (!mhsmi_endpoint_is_vault(mhsm_client_config(client), endpoint))
        return MHSM_OK;
    (void)mhsmi_error(err, MHSM_ERR_UNSUPPORTED,
                      "%s is a Key Vault: it cannot be backed up as a whole",
                      endpoint);
    mhsmi_error_set_hint(err, "back up its keys one by one");
    return MHSM_ERR_UNSUPPORTED;
}

mhsm_status mhsmi_job_call(mhsm_client *client, const mhsm_uri *uri,
                           mhsm_job_kind kind, const struct mhsmi_call *call,
                           mhsm_job **job, mhsm_error **err)
{
    struct mhsmi_call there = *call;
    mhsm_status st = require_hsm(client, uri, err);
    mhsm_job *made;

    if (st != MHSM_OK)
        return st;
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->kind = kind;
    there.endpoint = mhsm_uri_endpoint(uri);
    there.retry_after_ms = &made->retry_after_ms;
    st = mhsmi_session_call(mhsmi_client_session(client), &there, &made->answer,
                            err);
    if (st == MHSM_OK)
        st = read_job(made, err);
    if (made->retry_after_ms > retry_max_ms)
        made->retry_after_ms = retry_max_ms;
    if (st == MHSM_OK)
        *job = made;
    else
        mhsm_job_free(made);
    return st;
}

mhsm_status mhsm_job_look(mhsm_client *client, const mhsm_uri *uri,
                          mhsm_job_kind kind, const char *id, mhsm_job **job,
                          mhsm_error **err)
{
    static const struct {
        const char *family, *what, *action;
    } kinds[] = {
        [MHSM_JOB_BACKUP] = {"backup", "look at the backup",
                             ACTION "backup/status/action"},
        [MHSM_JOB_RESTORE] = {"restore", "look at the restore",
                              ACTION "restore/status/action"},
    };
    struct mhsmi_call call = {0};
    struct mhsmi_buf path;
    mhsm_status st;

    if (client == NULL || uri == NULL || job == NULL || id == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a look at a job needs a client, an HSM and an id");
    if (!is_id(id))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%.80s is no id of a job: 32 hexadecimal digits",
                           id);
    mhsmi_buf_init(&path, path_max);
    if (mhsmi_buf_printf(&path, "/%s/%s/pending", kinds[kind].family, id)) {
        call.method = "GET";
        call.path = mhsmi_buf_text(&path);
        call.what = kinds[kind].what;
        call.action = kinds[kind].action;
        st = mhsmi_job_call(client, uri, kind, &call, job, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&path);
    return st;
}

mhsm_status mhsm_job_wait(mhsm_client *client, const mhsm_uri *uri,
                          mhsm_job_kind kind, const char *id,
                          int64_t timeout_ms, mhsm_job **job, mhsm_error **err)
{
    int64_t deadline_ms = mhsmi_clock_deadline(timeout_ms), next;
    int64_t step = step_ms;
    mhsm_job *seen = NULL;
    mhsm_status st;

    while ((st = mhsm_job_look(client, uri, kind, id, &seen, err)) == MHSM_OK &&
           seen != NULL && seen->state == MHSM_JOB_IN_PROGRESS) {
        next = seen->retry_after_ms != 0 ? seen->retry_after_ms : step;
        mhsm_job_free(seen);
        seen = NULL;
        next += mhsmi_clock_ms();
        if (next > deadline_ms)
            return mhsmi_error(err, MHSM_ERR_TIMEOUT,
                               "the job %.64s is still under way in the HSM",
                               id);
        mhsmi_waiter_sleep(next);
        step = step * 2 > step_max_ms ? step_max_ms : step * 2;
    }
    if (st == MHSM_OK)
        *job = seen;
    return st;
}
