/* SPDX-License-Identifier: MIT
 *
 * Records, JSON and the end of standard output.  Nothing reaches stdout but
 * by the functions of this file, list.c and file.c; failures to write are told
 * once, at the end.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cli/out.h"
#include "cli/text.h"

enum { JSON_MAX = 16 * 1024 * 1024 };

const char *cli_time_text(int64_t seconds, char *text)
{
    time_t time = (time_t)seconds;
    struct tm tm;

    if (seconds == 0 || gmtime_r(&time, &tm) == NULL ||
        strftime(text, CLI_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return NULL;
    return text;
}

mhsm_status cli_print_object(struct json_object *object, mhsm_error **err)
{
    struct mhsmi_buf out;
    const char *text = json_object_to_json_string_ext(
        object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                    JSON_C_TO_STRING_NOSLASHESCAPE);
    mhsm_status st = MHSM_OK;

    mhsmi_buf_init(&out, JSON_MAX);
    if (text == NULL || !cli_text_escape(&out, text, CLI_ESCAPE_JSON)) {
        st = mhsmi_error_memory(err);
    } else {
        fputs(mhsmi_buf_text(&out), stdout);
        fputc('\n', stdout);
    }
    mhsmi_buf_clear(&out);
    return st;
}

mhsm_status cli_print_json(const char *json, mhsm_error **err)
{
    struct json_object *object = mhsmi_json_parse(json, strlen(json));
    mhsm_status st;

    if (object == NULL)
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the answer is not JSON any more");
    st = cli_print_object(object, err);
    json_object_put(object);
    return st;
}

static int record_tsv(struct mhsmi_buf *out, size_t column_count,
                      const char *const *cells)
{
    size_t i;

    for (i = 0; i < column_count; i++)
        if ((i > 0 && !mhsmi_buf_puts(out, "\t")) ||
            (cells[i] != NULL &&
             !cli_text_escape(out, cells[i], CLI_ESCAPE_TSV)))
            return 0;
    return mhsmi_buf_puts(out, "\n");
}

static int record_lines(struct mhsmi_buf *out, const struct cli_column *columns,
                        size_t column_count, const char *const *cells)
{
    size_t i, width = 0;

    for (i = 0; i < column_count; i++)
        if (cells[i] != NULL && strlen(columns[i].title) > width)
            width = strlen(columns[i].title);
    for (i = 0; i < column_count; i++) {
        if (cells[i] == NULL)
            continue;
        if (!mhsmi_buf_printf(out, "%s:%*s ", columns[i].title,
                              (int)(width - strlen(columns[i].title)), "") ||
            !cli_text_escape(out, cells[i], CLI_ESCAPE_SHOW) ||
            !mhsmi_buf_puts(out, "\n"))
            return 0;
    }
    return 1;
}

mhsm_status cli_record(enum cli_output output, const struct cli_column *columns,
                       size_t column_count, const char *const *cells,
                       mhsm_error **err)
{
    struct mhsmi_buf out;
    int ok;

    mhsmi_buf_init(&out, JSON_MAX);
    ok = output == CLI_TSV ? record_tsv(&out, column_count, cells)
                           : record_lines(&out, columns, column_count, cells);
    if (ok)
        fputs(mhsmi_buf_text(&out), stdout);
    mhsmi_buf_clear(&out);
    return ok ? MHSM_OK : mhsmi_error_memory(err);
}

mhsm_status cli_finish_output(mhsm_error **err)
{
    int failed = ferror(stdout), error = 0;

    /* A buffered write that failed shows at one of these two. */
    if (fflush(stdout) != 0) {
        failed = 1;
        error = errno;
    }
    if (fclose(stdout) != 0) {
        failed = 1;
        error = error != 0 ? error : errno;
    }
    if (!failed)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_IO, "cannot write standard output: %s",
                       error != 0 ? strerror(error) : "a write failed");
}
