/* SPDX-License-Identifier: MIT
 *
 * Long work in the HSM, told on stderr while it is waited for: at a terminal
 * one line that lives (state, time gone, time expected), elsewhere one line a
 * change.  Ctrl-C ends the waiting, never the work.
 */
#ifndef MHSM_CLIENT_CLI_PROGRESS_H
#define MHSM_CLIENT_CLI_PROGRESS_H

#include <signal.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/cli.h"

struct cli_progress {
    const char *doing; /* "activating the HSM" */
    int64_t started, deadline;
    int64_t expected_ms; /* 0: nobody knows */
    int terminal, tries;
    struct mhsmi_buf state; /* as told last */
    struct sigaction interrupt, terminate;
};

enum cli_progress_next {
    CLI_PROGRESS_ASK = 0,  /* look at the state again */
    CLI_PROGRESS_LATE = 1, /* the limit has passed */
    CLI_PROGRESS_INTERRUPTED = 2
};

/* From now on SIGINT and SIGTERM end the waiting: cli_progress_end() always
 * follows.  One at a time.  `doing` must live as long. */
void cli_progress_begin(struct cli_progress *progress, const char *doing,
                        int64_t expected_ms, int64_t limit_ms);
/* What the service says of it now; NULL or "" when it says nothing. */
void cli_progress_tell(struct cli_progress *progress, const char *state);
/* For work of many small steps: shown at a terminal only. */
void cli_progress_step(struct cli_progress *progress, const char *state);
/* Whether a signal has asked for the end since cli_progress_begin(). */
int cli_progress_interrupted(void);
/* Until it is time to ask again: after `retry_after_ms`, or, when that is 0,
 * after a time that grows from half a second to eight. */
enum cli_progress_next cli_progress_wait(struct cli_progress *progress,
                                         int64_t retry_after_ms);
/* Clears the line and gives the signals back.  An interruption is noted in
 * `cli`: main ends by that signal once it has reported. */
void cli_progress_end(struct cli_progress *progress, struct cli *cli);

#endif
