/* SPDX-License-Identifier: MIT
 *
 * Waiting in slices, so that the line lives and a signal is seen at once.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "cli/progress.h"
#include "cli/text.h"

enum {
    SLICE_MS = 250,
    STEP_MS = 500,
    STEP_MAX_MS = 8000,
    STATE_MAX = 4096,
    LINE_MAX_SIZE = 8192,
    BAR = 20,
    COLUMNS_DEFAULT = 80
};

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

void cli_progress_begin(struct cli_progress *progress, const char *doing,
                        int64_t expected_ms, int64_t limit_ms)
{
    const char *term = mhsmi_config_variable("TERM");
    struct sigaction action;

    memset(progress, 0, sizeof(*progress));
    progress->doing = doing;
    progress->started = mhsmi_clock_ms();
    progress->deadline = mhsmi_clock_deadline(limit_ms);
    progress->expected_ms = expected_ms;
    progress->terminal =
        isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
    mhsmi_buf_init(&progress->state, STATE_MAX);
    caught = 0;
    memset(&action, 0, sizeof(action));
    action.sa_handler = catch_signal;
    /* The second Ctrl-C ends the command even when a request hangs. */
    action.sa_flags = (int)SA_RESETHAND;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &progress->interrupt);
    (void)sigaction(SIGTERM, &action, &progress->terminate);
}

static int put_minutes(struct mhsmi_buf *line, int64_t ms)
{
    return mhsmi_buf_printf(line, "%d:%02d", (int)(ms / 60000),
                            (int)(ms / 1000 % 60));
}

/* What was expected is not a promise: the bar stops short of its end. */
static int put_bar(struct mhsmi_buf *line, int64_t gone, int64_t expected)
{
    int i, full = gone >= expected ? BAR - 1 : (int)(gone * BAR / expected);
    int ok = mhsmi_buf_puts(line, " [");

    for (i = 0; ok && i < BAR; i++)
        ok = mhsmi_buf_puts(line, i < full ? "#" : ".");
    return ok && mhsmi_buf_puts(line, "]");
}

static void draw(const struct cli_progress *progress)
{
    int64_t gone = mhsmi_clock_ms() - progress->started;
    struct mhsmi_buf line, time;
    size_t width = cli_text_columns(STDERR_FILENO), tail, used = 0, fit;

    if (width == 0) /* a terminal that does not say */
        width = COLUMNS_DEFAULT;
    mhsmi_buf_init(&line, LINE_MAX_SIZE);
    mhsmi_buf_init(&time, LINE_MAX_SIZE);
    if (mhsmi_buf_puts(&time, "  ") && put_minutes(&time, gone) &&
        (progress->expected_ms == 0 ||
         (mhsmi_buf_puts(&time, " of about ") &&
          put_minutes(&time, progress->expected_ms) &&
          put_bar(&time, gone, progress->expected_ms))) &&
        cli_text_escape(&line, progress->doing, CLI_ESCAPE_SHOW) &&
        (progress->state.size == 0 ||
         (mhsmi_buf_puts(&line, ": ") &&
          cli_text_escape(&line, mhsmi_buf_text(&progress->state),
                          CLI_ESCAPE_SHOW)))) {
        tail = cli_text_width(mhsmi_buf_text(&time)) + 1;
        fit = cli_text_fit(mhsmi_buf_text(&line),
                           width > tail ? width - tail : 0, &used);
        fprintf(stderr, "\r%.*s%s\033[K", (int)fit, mhsmi_buf_text(&line),
                mhsmi_buf_text(&time));
        fflush(stderr);
    }
    mhsmi_buf_clear(&line);
    mhsmi_buf_clear(&time);
}

void cli_progress_tell(struct cli_progress *progress, const char *state)
{
    if (state == NULL)
        state = "";
    if (progress->terminal ||
        (progress->tries > 0 &&
         strcmp(state, mhsmi_buf_text(&progress->state)) == 0)) {
        /* Nothing to write, or all of it below. */
    } else {
        fputs("mhsm: ", stderr);
        cli_text_print(stderr, progress->doing);
        fputs(state[0] != '\0' ? ": " : "", stderr);
        cli_text_print(stderr, state);
        fputc('\n', stderr);
    }
    mhsmi_buf_clear(&progress->state);
    if (!mhsmi_buf_puts(&progress->state, state))
        mhsmi_buf_clear(&progress->state); /* too long to be shown */
    if (progress->terminal)
        draw(progress);
}

void cli_progress_step(struct cli_progress *progress, const char *state)
{
    if (progress->terminal)
        cli_progress_tell(progress, state);
}

int cli_progress_interrupted(void)
{
    return caught != 0;
}

static int64_t next_step(const struct cli_progress *progress)
{
    int64_t step = STEP_MS;
    int i;

    for (i = 0; i < progress->tries && step < STEP_MAX_MS; i++)
        step *= 2;
    return step;
}

enum cli_progress_next cli_progress_wait(struct cli_progress *progress,
                                         int64_t retry_after_ms)
{
    const struct timespec slice = {0, SLICE_MS * 1000000L};
    int64_t now = mhsmi_clock_ms(), until;

    if (now >= progress->deadline)
        return CLI_PROGRESS_LATE;
    until = now + (retry_after_ms > 0 ? retry_after_ms : next_step(progress));
    if (until > progress->deadline)
        until = progress->deadline;
    progress->tries++;
    while (!caught && mhsmi_clock_ms() < until) {
        if (progress->terminal)
            draw(progress);
        (void)nanosleep(&slice, NULL);
    }
    return caught ? CLI_PROGRESS_INTERRUPTED : CLI_PROGRESS_ASK;
}

void cli_progress_end(struct cli_progress *progress, struct cli *cli)
{
    if (progress->terminal)
        fputs("\r\033[K", stderr);
    (void)sigaction(SIGINT, &progress->interrupt, NULL);
    (void)sigaction(SIGTERM, &progress->terminate, NULL);
    mhsmi_buf_clear(&progress->state);
    if (caught)
        cli->caught = caught;
}
