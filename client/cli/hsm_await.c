/* SPDX-License-Identifier: MIT
 *
 * Waiting for work of the management plane.  The work does not need anybody who
 * waits: whatever ends the waiting, it goes on.
 */
#include <string.h>

#include "cli/hsm.h"
#include "cli/progress.h"

enum { WAIT_DEFAULT_S = 3600, WAIT_MAX_S = 86400, TEXT_MAX = 1024 };

mhsm_status cli_hsm_place(const struct cli *cli, mhsm_hsm_place *place,
                          mhsm_error **err)
{
    const char *name = cli->values[CLI_NAME];

    if (name == NULL)
        name = cli->values[CLI_HSM];
    if (name == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "which HSM? give --name");
    if (cli->values[CLI_NAME] != NULL && cli->values[CLI_HSM] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--name and --hsm are the same here: give one");
    *place = (mhsm_hsm_place){NULL, cli->values[CLI_GROUP], name};
    return MHSM_OK;
}

/* What the HSM says of itself where the operation says nothing. */
static void tell(struct cli *cli, struct cli_progress *progress,
                 const struct cli_hsm_work *work, const mhsm_hsm_place *place,
                 const mhsm_operation *operation)
{
    const char *text = mhsm_operation_text(operation);
    struct mhsmi_buf line;
    mhsm_hsm *hsm = NULL;

    if (text[0] != '\0' || work->is_gone ||
        mhsm_hsm_get(cli->client, place, &hsm, NULL) != MHSM_OK) {
        cli_progress_tell(progress, text);
        return;
    }
    mhsmi_buf_init(&line, TEXT_MAX);
    if (mhsmi_buf_printf(&line, "%.100s%s%.800s", mhsm_hsm_get_info(hsm)->state,
                         mhsm_hsm_get_info(hsm)->message[0] != '\0' ? ": " : "",
                         mhsm_hsm_get_info(hsm)->message))
        cli_progress_tell(progress, mhsmi_buf_text(&line));
    mhsmi_buf_clear(&line);
    mhsm_hsm_free(hsm);
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

mhsm_status cli_hsm_await(struct cli *cli, const struct cli_hsm_work *work,
                          const mhsm_hsm_place *place,
                          mhsm_operation *operation, mhsm_error **err)
{
    mhsm_operation_state state = MHSM_OPERATION_IN_PROGRESS;
    enum cli_progress_next next = CLI_PROGRESS_ASK;
    struct cli_progress progress;
    int64_t limit_ms, wait_ms = 0;
    mhsm_status st = limit(cli, &limit_ms, err);

    if (st != MHSM_OK || operation == NULL || cli->values[CLI_NO_WAIT] != NULL)
        return st;
    cli_progress_begin(&progress, work->doing, work->expected_ms, limit_ms);
    do {
        st = mhsm_operation_poll(cli->client, operation, &state, &wait_ms, err);
        if (st != MHSM_OK || state == MHSM_OPERATION_DONE)
            break;
        tell(cli, &progress, work, place, operation);
        next = cli_progress_wait(&progress, wait_ms);
    } while (next == CLI_PROGRESS_ASK);
    cli_progress_end(&progress, cli);
    if (st == MHSM_OK && next != CLI_PROGRESS_ASK)
        st = mhsmi_error(
            err, MHSM_ERR_TIMEOUT, "%s%s has no end yet",
            next == CLI_PROGRESS_LATE ? "" : "interrupted: ", work->doing);
    if (st != MHSM_OK && !mhsm_operation_failed(operation))
        mhsmi_error_set_hint(err,
                             "it was accepted and goes on: `mhsm hsm wait "
                             "--name %s` waits for its end; it must not be "
                             "sent again",
                             place->name);
    return st;
}
