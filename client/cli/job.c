/* SPDX-License-Identifier: MIT
 *
 * The HSM goes on whatever happens here, so whatever ends the waiting says how
 * to take it up again.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/job.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "cli/text.h"

/* An HSM of few keys takes ten seconds; nobody says more. */
enum {
    WAIT_DEFAULT_S = 24 * 3600,
    WAIT_MAX_S = 7 * 24 * 3600,
    EXPECTED_MS = 10 * 1000,
    BLIND_MS = 300 * 1000,
    STATE_MAX = 2048
};

static const struct cli_column columns[] = {
    {"Job", 0},   {"Status", 0}, {"Details", 0}, {"Started", 0},
    {"Ended", 0}, {"Folder", 0}, {"Error", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* Of the commands that look at it. */
static const char *const nouns[] = {
    [MHSM_JOB_BACKUP] = "backup",
    [MHSM_JOB_RESTORE] = "restore",
};

static const char *told(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static mhsm_status print(const struct cli *cli, const mhsm_job *job,
                         mhsm_error **err)
{
    char started[CLI_TIME_SIZE], ended[CLI_TIME_SIZE];
    const char *cells[COLUMNS];

    if (cli->output == CLI_JSON)
        return cli_print_json(mhsm_job_json(job), err);
    cells[0] = mhsm_job_id(job);
    cells[1] = mhsm_job_status(job);
    cells[2] = told(mhsm_job_details(job));
    cells[3] = cli_time_text(mhsm_job_started(job), started);
    cells[4] = cli_time_text(mhsm_job_ended(job), ended);
    cells[5] = told(mhsm_job_folder(job));
    cells[6] = told(mhsm_job_error_code(job));
    return cli_record(cli->output, columns, COLUMNS, cells, err);
}

static mhsm_status seconds_of(const struct cli *cli, enum cli_option_id id,
                              const char *name, unsigned long fallback,
                              int64_t *ms, mhsm_error **err)
{
    unsigned long seconds = fallback;
    mhsm_status st = MHSM_OK;

    if (cli->values[id] != NULL)
        st = cli_parse_number(name, cli->values[id], 1, WAIT_MAX_S, &seconds,
                              err);
    *ms = (int64_t)seconds * 1000;
    return st;
}

/* --- Starting ----------------------------------------------------------- */

/* Refused because another job runs, and not because of what is asked for. */
static int is_busy(mhsm_status st, const mhsm_error *err)
{
    return st == MHSM_ERR_CONFLICT &&
           strstr(mhsm_error_message(err), "in progress") != NULL;
}

static void explain_busy(const struct cli_job *job, mhsm_error **err)
{
    mhsmi_error_set_hint(
        err,
        "one backup or restore at a time runs in an HSM, and "
        "this one was first, whoever started it: try again "
        "later, or give --wait-busy SECONDS%s",
        job->kind == MHSM_JOB_RESTORE ? "; nothing was restored" : "");
}

static mhsm_status start(const struct cli_job *job, mhsm_job **started,
                         mhsm_error **err)
{
    enum cli_progress_next next = CLI_PROGRESS_ASK;
    struct cli_progress progress;
    mhsm_error *failure = NULL;
    int64_t limit_ms = 0;
    mhsm_status st =
        seconds_of(job->cli, CLI_WAIT_BUSY, "--wait-busy", 0, &limit_ms, err);

    if (st != MHSM_OK)
        return st;
    st = job->start(job, started, &failure);
    if (is_busy(st, failure) && limit_ms != 0) {
        cli_progress_begin(&progress, "waiting for another job of the HSM", 0,
                           limit_ms);
        while (is_busy(st, failure)) {
            cli_progress_tell(&progress, "in progress");
            next = cli_progress_wait(&progress, 0);
            if (next != CLI_PROGRESS_ASK)
                break;
            mhsm_error_free(&failure);
            st = job->start(job, started, &failure);
        }
        cli_progress_end(&progress, job->cli);
    }
    if (is_busy(st, failure))
        explain_busy(job, &failure);
    if (st != MHSM_OK)
        *err = failure;
    return st;
}

/* --- Waiting ------------------------------------------------------------ */

/* What passes by itself does not end the waiting, unless it lasts. */
static int may_pass(mhsm_status st)
{
    switch ((int)st) {
    case MHSM_ERR_THROTTLED:
    case MHSM_ERR_SERVICE:
    case MHSM_ERR_RESOLVE:
    case MHSM_ERR_CONNECT:
    case MHSM_ERR_TIMEOUT:
    case MHSM_ERR_TRANSPORT:
        return 1;
    default:
        return 0;
    }
}

static void tell(struct cli_progress *progress, const mhsm_job *job)
{
    struct mhsmi_buf state;
    const char *details = mhsm_job_details(job);

    mhsmi_buf_init(&state, STATE_MAX);
    if (mhsmi_buf_printf(&state, "%s, job %s%s%s", mhsm_job_status(job),
                         mhsm_job_id(job), details[0] != '\0' ? ": " : "",
                         details))
        cli_progress_tell(progress, mhsmi_buf_text(&state));
    mhsmi_buf_clear(&state);
}

/* Not the service's own words, which differ each time. */
static void tell_blind(struct cli_progress *progress, mhsm_status st)
{
    struct mhsmi_buf state;

    mhsmi_buf_init(&state, STATE_MAX);
    if (mhsmi_buf_printf(&state, "it cannot be looked at now (%s)",
                         mhsm_status_name(st)))
        cli_progress_tell(progress, mhsmi_buf_text(&state));
    mhsmi_buf_clear(&state);
}

/* Looks until the end: *seen is the last that was told, and stays with an
 * error. */
static mhsm_status look(const struct cli_job *job, const char *id,
                        struct cli_progress *progress, mhsm_job **seen,
                        enum cli_progress_next *next, mhsm_error **err)
{
    int64_t blind_since = 0;
    mhsm_error *failure = NULL;
    mhsm_job *one = *seen;
    mhsm_status st = MHSM_OK;

    *next = CLI_PROGRESS_ASK;
    for (;;) {
        if (one == NULL)
            st = mhsm_job_look(job->cli->client, job->uri, job->kind, id, &one,
                               &failure);
        if (st == MHSM_OK) {
            if (one != *seen)
                mhsm_job_free(*seen);
            *seen = one;
            one = NULL;
            blind_since = 0;
            if (mhsm_job_get_state(*seen) != MHSM_JOB_IN_PROGRESS)
                return MHSM_OK;
            tell(progress, *seen);
        } else {
            if (blind_since == 0)
                blind_since = mhsmi_clock_ms();
            if (!may_pass(st) || mhsmi_clock_ms() - blind_since > BLIND_MS)
                break;
            tell_blind(progress, st);
            mhsm_error_free(&failure);
            st = MHSM_OK;
        }
        *next = cli_progress_wait(
            progress, *seen != NULL ? mhsm_job_retry_after(*seen) : 0);
        if (*next != CLI_PROGRESS_ASK)
            return MHSM_OK;
    }
    *err = failure;
    return st;
}

/* `seen` NULL: nothing is known of it yet; taken. */
static mhsm_status await(const struct cli_job *job, const char *id,
                         mhsm_job *seen, mhsm_error **err)
{
    enum cli_progress_next next = CLI_PROGRESS_ASK;
    struct cli_progress progress;
    int64_t limit_ms = 0;
    mhsm_status st = seconds_of(job->cli, CLI_WAIT, "--wait", WAIT_DEFAULT_S,
                                &limit_ms, err);

    if (st == MHSM_OK) {
        cli_progress_begin(&progress, job->doing, EXPECTED_MS, limit_ms);
        st = look(job, id, &progress, &seen, &next, err);
        cli_progress_end(&progress, job->cli);
        if (st == MHSM_OK && next != CLI_PROGRESS_ASK)
            st = mhsmi_error(err, MHSM_ERR_TIMEOUT,
                             "%s: the job %s goes on in the HSM",
                             next == CLI_PROGRESS_LATE ? "not waited any longer"
                                                       : "interrupted",
                             id);
        if (st != MHSM_OK)
            mhsmi_error_set_hint(err, "to take it up again: mhsm %s wait %s",
                                 nouns[job->kind], id);
    }
    if (st == MHSM_OK)
        st = print(job->cli, seen, err);
    if (st == MHSM_OK)
        st = mhsm_job_check(seen, err);
    mhsm_job_free(seen);
    return st;
}

mhsm_status cli_job_run(const struct cli_job *job, mhsm_error **err)
{
    char id[128];
    mhsm_job *started = NULL;
    mhsm_status st = start(job, &started, err);

    if (st != MHSM_OK)
        return st;
    (void)snprintf(id, sizeof(id), "%s", mhsm_job_id(started));
    if (job->cli->values[CLI_NO_WAIT] == NULL)
        return await(job, id, started, err);
    st = print(job->cli, started, err);
    mhsm_job_free(started);
    return st;
}

/* --- Looking at one by its id ------------------------------------------- */

static mhsm_status open_job(struct cli *cli, mhsm_job_kind kind,
                            struct cli_job *job, mhsm_uri **uri,
                            mhsm_error **err)
{
    static const char *const doing[] = {
        [MHSM_JOB_BACKUP] = "backing up the HSM",
        [MHSM_JOB_RESTORE] = "restoring",
    };
    mhsm_status st = cli_connect(cli, err);

    if (st == MHSM_OK)
        st = cli_target(cli, CLI_TARGET_HSM, uri, err);
    job->cli = cli;
    job->uri = *uri;
    job->kind = kind;
    job->doing = doing[kind];
    return st;
}

mhsm_status cli_job_show(struct cli *cli, mhsm_job_kind kind, mhsm_error **err)
{
    struct cli_job job = {0};
    mhsm_job *seen = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st = open_job(cli, kind, &job, &uri, err);

    if (st == MHSM_OK)
        st = mhsm_job_look(cli->client, uri, kind, cli->operand, &seen, err);
    if (st == MHSM_OK)
        st = print(cli, seen, err);
    if (st == MHSM_OK && mhsm_job_get_state(seen) != MHSM_JOB_IN_PROGRESS)
        st = mhsm_job_check(seen, err);
    mhsm_job_free(seen);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_job_await(struct cli *cli, mhsm_job_kind kind, mhsm_error **err)
{
    struct cli_job job = {0};
    mhsm_uri *uri = NULL;
    mhsm_status st = open_job(cli, kind, &job, &uri, err);

    if (st == MHSM_OK)
        st = await(&job, cli->operand, NULL, err);
    mhsm_uri_free(uri);
    return st;
}
