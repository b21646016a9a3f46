/* SPDX-License-Identifier: MIT
 *
 * Asking again and again, ever more rarely.  Only reads are repeated here, and
 * only "not yet" is waited through: any other answer ends the wait.
 */
#include <string.h>

#include "base/clock.h"
#include "base/waiter.h"
#include "cli/wait.h"

enum { SECONDS_MAX = 3600, STEP_MS = 500, STEP_MAX_MS = 8000 };

mhsm_status cli_wait_begin(const struct cli *cli, struct cli_wait *wait,
                           mhsm_error **err)
{
    const char *text = cli->values[CLI_WAIT];
    unsigned long seconds = 0;
    mhsm_status st;

    memset(wait, 0, sizeof(*wait));
    if (text == NULL)
        return MHSM_OK;
    st = cli_parse_number("--wait", text, 1, SECONDS_MAX, &seconds, err);
    if (st == MHSM_OK)
        wait->deadline = mhsmi_clock_deadline((int64_t)seconds * 1000);
    return st;
}

int cli_wait_more(struct cli_wait *wait)
{
    int64_t now = mhsmi_clock_ms(), step = STEP_MS;
    int i;

    if (wait->deadline == 0 || now >= wait->deadline)
        return 0;
    for (i = 0; i < wait->tries && step < STEP_MAX_MS; i++)
        step *= 2;
    wait->tries++;
    if (step > wait->deadline - now)
        step = wait->deadline - now;
    mhsmi_waiter_sleep(now + step);
    return 1;
}

/* One look: *done tells whether it is so. */
static mhsm_status look(struct cli *cli, const mhsm_uri *uri,
                        enum cli_wait_for state, int *done, mhsm_error **err)
{
    mhsm_key *key = NULL;
    mhsm_status st = state == CLI_WAIT_LIVE
                         ? mhsm_key_get(cli->client, uri, &key, err)
                         : mhsm_key_get_deleted(cli->client, uri, &key, err);

    mhsm_key_free(key);
    *done = state == CLI_WAIT_PURGED ? st == MHSM_ERR_NOT_FOUND : st == MHSM_OK;
    if (st == MHSM_ERR_NOT_FOUND || st == MHSM_ERR_CONFLICT) {
        mhsm_error_free(err);
        st = MHSM_OK;
    }
    return st;
}

mhsm_status cli_wait_until(struct cli *cli, struct cli_wait *wait,
                           const mhsm_uri *uri, enum cli_wait_for state,
                           mhsm_error **err)
{
    mhsm_error *failure = NULL;
    mhsm_status st;
    int done = 0;

    if (wait->deadline == 0 || state == CLI_WAIT_NOTHING)
        return MHSM_OK;
    wait->tries = 0;
    do {
        st = look(cli, uri, state, &done, &failure);
        if (st != MHSM_OK) {
            mhsmi_error_prefix(&failure, "it was accepted, but not waited for");
            *err = failure;
            return st;
        }
    } while (!done && cli_wait_more(wait));
    if (done)
        return MHSM_OK;
    (void)mhsmi_error(err, MHSM_ERR_TIMEOUT,
                      "it was accepted, but %s is not so far within %s seconds",
                      mhsm_uri_text(uri), cli->values[CLI_WAIT]);
    mhsmi_error_set_hint(err, "look again later; it must not be sent again");
    return MHSM_ERR_TIMEOUT;
}
