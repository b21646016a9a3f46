/* SPDX-License-Identifier: MIT
 *
 * Following the HSM.  Only reads are sent: whatever ends this, the HSM goes on.
 */
#include "cli/domain_job.h"

#include "base/json.h"
#include "cli/out.h"
#include "cli/progress.h"

/* Activation has been seen to take so long. */
enum { WAIT_DEFAULT_S = 1800, WAIT_MAX_S = 86400, EXPECTED_MS = 8 * 60 * 1000 };

static const struct cli_column columns[] = {
    {"State", 0}, {"Details", 0}, {"File", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const struct {
    const char *doing, *late, *hint, *failed;
} operations[] = {
    {"activating the HSM", "the HSM is not active yet",
     "the HSM goes on: mhsm security-domain wait --operation download tells "
     "when it is active",
     "the HSM did not take the security domain"},
    {"restoring the security domain", "the HSM is not restored yet",
     "the HSM goes on: mhsm security-domain wait tells when it is restored; "
     "do not upload again before",
     "the HSM did not restore the security domain"},
};

static const char *text_of(const mhsm_result *details)
{
    const char *text =
        details != NULL ? (const char *)mhsm_result_data(details, NULL) : NULL;

    return text != NULL ? text : "";
}

static mhsm_status print(const struct cli *cli, const char *const *cells,
                         mhsm_error **err)
{
    static const char *const names[COLUMNS] = {"status", "statusDetails",
                                               "file"};
    struct json_object *object;
    mhsm_status st;
    size_t i;
    int ok;

    if (cli->output != CLI_JSON)
        return cli_record(cli->output, columns, COLUMNS, cells, err);
    object = json_object_new_object();
    for (i = 0, ok = object != NULL; ok && i < COLUMNS; i++)
        ok = cells[i] == NULL ||
             mhsmi_json_add_string(object, names[i], cells[i]);
    st = ok ? cli_print_object(object, err) : mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

mhsm_status cli_domain_job_end(struct cli *cli,
                               const struct cli_domain_job *job,
                               mhsm_domain_state state,
                               const mhsm_result *details, mhsm_error **err)
{
    static const char *const words[] = {"InProgress", "Success", "Failed"};
    const char *const cells[COLUMNS] = {words[state], text_of(details),
                                        job->file};
    mhsm_status st = print(cli, cells, err);

    if (st == MHSM_OK && state == MHSM_DOMAIN_FAILED)
        st = mhsmi_error(err, MHSM_ERR_SERVICE, "%s: %s",
                         operations[job->operation].failed, text_of(details));
    return st;
}

static mhsm_status limit(const struct cli *cli, int64_t *ms, mhsm_error **err)
{
    unsigned long seconds = WAIT_DEFAULT_S;
    mhsm_status st = MHSM_OK;

    if (cli->values[CLI_WAIT] != NULL)
        st = cli_parse_number("--wait", cli->values[CLI_WAIT], 1, WAIT_MAX_S,
                              &seconds, err);
    *ms = (int64_t)seconds * 1000;
    return st;
}

/* Ask until there is an end: *state and *details. */
static mhsm_status follow(struct cli *cli, const struct cli_domain_job *job,
                          struct cli_progress *progress,
                          mhsm_domain_state *state, mhsm_result **details,
                          mhsm_error **err)
{
    enum cli_progress_next next = CLI_PROGRESS_ASK;
    mhsm_status st = MHSM_OK;

    while (next == CLI_PROGRESS_ASK) {
        mhsm_result_free(*details);
        *details = NULL;
        st = mhsm_security_domain_state(cli->client, job->uri, job->operation,
                                        state, details, err);
        if (st != MHSM_OK || *state != MHSM_DOMAIN_IN_PROGRESS)
            return st;
        cli_progress_tell(progress, text_of(*details));
        next = cli_progress_wait(progress, 0);
    }
    return mhsmi_error(err, MHSM_ERR_TIMEOUT, "%s%s: %s",
                       next == CLI_PROGRESS_LATE ? "" : "interrupted: ",
                       operations[job->operation].late, text_of(*details));
}

mhsm_status cli_domain_job_await(struct cli *cli,
                                 const struct cli_domain_job *job,
                                 mhsm_error **err)
{
    mhsm_domain_state state = MHSM_DOMAIN_IN_PROGRESS;
    mhsm_result *details = NULL;
    struct cli_progress progress;
    int64_t limit_ms;
    mhsm_status st = limit(cli, &limit_ms, err);

    if (st != MHSM_OK)
        return st;
    cli_progress_begin(&progress, operations[job->operation].doing, EXPECTED_MS,
                       limit_ms);
    st = follow(cli, job, &progress, &state, &details, err);
    cli_progress_end(&progress, cli);
    if (st == MHSM_OK)
        st = cli_domain_job_end(cli, job, state, details, err);
    else if (st != MHSM_ERR_NOT_FOUND && *mhsm_error_hint(*err) == '\0')
        mhsmi_error_set_hint(err, "%s", operations[job->operation].hint);
    mhsm_result_free(details);
    return st;
}
