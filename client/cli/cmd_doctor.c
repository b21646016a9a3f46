/* SPDX-License-Identifier: MIT
 *
 * mhsm doctor: the diagnosis, printed as it goes on.  Findings are no failure
 * of the command: they end in exit status 1 with nothing on standard error.
 */
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/text.h"
#include "doctor/doctor.h"

enum { TEXT_COLUMN = 9, NEXT_COLUMN = 15, TEXT_MAX = 16384 };

static const struct {
    const char *mark, *colour;
} marks[] = {{"ok", "\033[32m"}, {"warn", "\033[33m"}, {"fail", "\033[31m"}};

struct printing {
    const struct cli *cli;
    int colours;
};

static void print_mark(const struct printing *printing, const char *mark)
{
    const char *colour = "";
    size_t i;

    for (i = 0; printing->colours && i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strcmp(marks[i].mark, mark) == 0)
            colour = marks[i].colour;
    fprintf(stdout, "%s%-*s%s", colour, TEXT_COLUMN, mark,
            *colour != '\0' ? "\033[0m" : "");
}

/* Escaped, and broken into lines. */
static void print_text(const char *text, size_t column)
{
    struct mhsmi_buf escaped;

    mhsmi_buf_init(&escaped, TEXT_MAX);
    /* What does not fit is left out. */
    (void)!cli_text_escape(&escaped, text, CLI_ESCAPE_SHOW);
    cli_fold(stdout, mhsmi_buf_text(&escaped), column, column);
    mhsmi_buf_clear(&escaped);
}

static void print_finding(const struct printing *printing,
                          struct json_object *finding)
{
    static const char *const more[] = {"means", "next"};
    size_t i;

    print_mark(printing, mhsmi_json_string(finding, "mark"));
    print_text(mhsmi_json_string(finding, "saw"), TEXT_COLUMN);
    for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        const char *text = mhsmi_json_string(finding, more[i]);

        if (text == NULL || *text == '\0')
            continue;
        fprintf(stdout, "%*s%-*s", TEXT_COLUMN, "", NEXT_COLUMN - TEXT_COLUMN,
                more[i]);
        print_text(text, NEXT_COLUMN);
    }
}

static void print_row(struct json_object *step, struct json_object *finding)
{
    const char *const cells[] = {
        mhsmi_json_string(step, "step"), mhsmi_json_string(finding, "mark"),
        mhsmi_json_string(finding, "saw"), mhsmi_json_string(finding, "means"),
        mhsmi_json_string(finding, "next")};
    static const struct cli_column columns[] = {
        {"Step", 0}, {"Mark", 0}, {"Saw", 0}, {"Means", 0}, {"Next", 0}};

    /* Without memory for a line of it the whole fails in doctor_run(). */
    (void)!cli_record(CLI_TSV, columns, sizeof(columns) / sizeof(columns[0]),
                      cells, NULL);
}

static void print_step(void *data, struct json_object *step)
{
    const struct printing *printing = data;
    struct json_object *findings = mhsmi_json_array(step, "findings");
    size_t i, count = json_object_array_length(findings);

    if (printing->cli->output == CLI_JSON)
        return;
    if (printing->cli->output == CLI_TABLE)
        fprintf(stdout, "%s\n", mhsmi_json_string(step, "title"));
    for (i = 0; i < count; i++) {
        struct json_object *finding = json_object_array_get_idx(findings, i);

        if (printing->cli->output == CLI_TSV)
            print_row(step, finding);
        else
            print_finding(printing, finding);
    }
    fflush(stdout);
}

static int is_name(const char *name)
{
    size_t size = strlen(name);

    return size >= 1 && size <= 127 &&
           strspn(name, "0123456789-abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == size;
}

/* To a terminal, and only where nobody has said no. */
static int wants_colours(void)
{
    const char *terminal = mhsmi_config_variable("TERM");

    return isatty(STDOUT_FILENO) && mhsmi_config_variable("NO_COLOR") == NULL &&
           terminal != NULL && strcmp(terminal, "dumb") != 0;
}

static mhsm_status print_end(const struct cli *cli, struct json_object *report,
                             mhsm_error **err)
{
    const char *result = mhsmi_json_string(report, "result");

    if (cli->output == CLI_JSON)
        return cli_print_object(report, err);
    if (cli->output == CLI_TABLE)
        fprintf(stdout, "%s\n",
                strcmp(result, "ok") == 0 ? "Everything is as it should be."
                                          : "There are findings: see warn and "
                                            "fail above, the first one first.");
    return MHSM_OK;
}

mhsm_status cli_doctor(struct cli *cli, mhsm_error **err)
{
    struct printing printing = {cli, wants_colours()};
    struct doctor_request request = {.done = print_step, .data = &printing};
    struct json_object *report = NULL;
    mhsm_error *broken = NULL;
    char *file = NULL;
    mhsm_status st;

    request.key = cli->values[CLI_NAME];
    if (request.key != NULL && !is_name(request.key))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--key %s: the name of a key is of letters, digits "
                           "and '-'",
                           request.key);
    /* A configuration that cannot be read is the first finding. */
    st = cli_configure(cli, &broken);
    if (st != MHSM_OK && (cli->config == NULL || st == MHSM_ERR_ARGUMENT)) {
        *err = broken;
        return st;
    }
    if (cli->file != NULL)
        file = mhsmi_asprintf("%s [%s]", cli->file, cli->section);
    request.config = cli->config;
    request.configuration = broken;
    request.file = file;
    st = doctor_run(&request, &report, err);
    if (st == MHSM_OK)
        st = print_end(cli, report, err);
    if (st == MHSM_OK && strcmp(mhsmi_json_string(report, "result"), "ok") != 0)
        cli->exit = CLI_EXIT_OTHER;
    json_object_put(report);
    mhsmi_free(file);
    mhsm_error_free(&broken);
    return st;
}
