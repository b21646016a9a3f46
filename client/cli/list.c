/* SPDX-License-Identifier: MIT
 *
 * Lists: aligned columns for people, one line a row otherwise.  Rows are
 * written as they come (a table in blocks of BLOCK_ROWS), so memory stays
 * bounded however many keys an HSM has.
 */
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "cli/out.h"
#include "cli/text.h"

enum { BLOCK_ROWS = 500, GAP = 2, NARROWEST = 8, LINE_MAX_SIZE = 1024 * 1024 };

struct cli_list {
    enum cli_output output;
    const struct cli_column *columns;
    size_t column_count;
    char **cells; /* BLOCK_ROWS rows of column_count, escaped */
    size_t row_count;
    size_t total; /* rows written before this block */
};

mhsm_status cli_list_new(enum cli_output output,
                         const struct cli_column *columns, size_t column_count,
                         struct cli_list **list, mhsm_error **err)
{
    struct cli_list *made = mhsmi_alloc(sizeof(*made));

    if (made == NULL)
        return mhsmi_error_memory(err);
    made->output = output;
    made->columns = columns;
    made->column_count = column_count;
    if (output == CLI_TABLE) {
        made->cells =
            mhsmi_alloc(BLOCK_ROWS * column_count * sizeof(*made->cells));
        if (made->cells == NULL) {
            mhsmi_free(made);
            return mhsmi_error_memory(err);
        }
    }
    *list = made;
    return MHSM_OK;
}

static void drop_rows(struct cli_list *list)
{
    size_t i;

    for (i = 0; i < list->row_count * list->column_count; i++) {
        mhsmi_free(list->cells[i]);
        list->cells[i] = NULL;
    }
    list->total += list->row_count;
    list->row_count = 0;
}

void cli_list_free(struct cli_list *list)
{
    if (list == NULL)
        return;
    drop_rows(list);
    mhsmi_free(list->cells);
    mhsmi_free(list);
}

/* At a terminal that can, unless NO_COLOR is set to anything. */
static int is_colourful(void)
{
    const char *term = mhsmi_config_variable("TERM");

    return isatty(STDOUT_FILENO) && mhsmi_config_variable("NO_COLOR") == NULL &&
           term != NULL && strcmp(term, "dumb") != 0;
}

/* The width of each column, 0 for one that tables leave out. */
static void measure(const struct cli_list *list, size_t *widths)
{
    size_t limit = cli_text_columns(STDOUT_FILENO), total = 0, i, row;

    for (i = 0; i < list->column_count; i++) {
        widths[i] = 0;
        if (list->columns[i].flags & CLI_COLUMN_NO_TABLE)
            continue;
        widths[i] = strlen(list->columns[i].title);
        for (row = 0; row < list->row_count; row++) {
            size_t width =
                cli_text_width(list->cells[row * list->column_count + i]);

            if (width > widths[i])
                widths[i] = width;
        }
        total += widths[i] + GAP;
    }
    total -= GAP;
    for (i = 0; limit != 0 && total > limit && i < list->column_count; i++) {
        size_t spare;

        if (!(list->columns[i].flags & CLI_COLUMN_SHRINK) ||
            widths[i] <= NARROWEST)
            continue;
        spare = widths[i] - NARROWEST;
        if (spare > total - limit)
            spare = total - limit;
        widths[i] -= spare;
        total -= spare;
    }
}

static void put_cell(const char *text, size_t width, int last)
{
    size_t used = cli_text_width(text);

    if (used > width) {
        size_t size = cli_text_fit(text, width - 1, &used);

        fprintf(stdout, "%.*s\xe2\x80\xa6", (int)size, text);
        used++;
    } else {
        fputs(text, stdout);
    }
    if (!last)
        fprintf(stdout, "%*s", (int)(width > used ? width - used : 0) + GAP,
                "");
}

static void put_titles(const struct cli_list *list, const size_t *widths,
                       size_t last)
{
    int bold = is_colourful();
    size_t i;

    fputs(bold ? "\x1b[1m" : "", stdout);
    for (i = 0; i <= last; i++)
        if (widths[i] != 0)
            put_cell(list->columns[i].title, widths[i], i == last);
    fputs(bold ? "\x1b[0m\n" : "\n", stdout);
}

static void put_block(struct cli_list *list)
{
    size_t widths[CLI_COLUMNS_MAX] = {0}, i, row, last = 0;

    measure(list, widths);
    for (i = 0; i < list->column_count; i++)
        if (widths[i] != 0)
            last = i;
    if (list->total == 0)
        put_titles(list, widths, last);
    for (row = 0; row < list->row_count; row++) {
        for (i = 0; i <= last; i++)
            if (widths[i] != 0)
                put_cell(list->cells[row * list->column_count + i], widths[i],
                         i == last);
        fputc('\n', stdout);
    }
    drop_rows(list);
}

static int add_table(struct cli_list *list, const char *const *cells)
{
    struct mhsmi_buf text;
    size_t i;
    int ok = 1;

    for (i = 0; ok && i < list->column_count; i++) {
        char **cell = &list->cells[list->row_count * list->column_count + i];

        mhsmi_buf_init(&text, LINE_MAX_SIZE);
        ok = cli_text_escape(&text, cells[i] != NULL ? cells[i] : "-",
                             CLI_ESCAPE_SHOW) &&
             (*cell = mhsmi_strdup(mhsmi_buf_text(&text))) != NULL;
        mhsmi_buf_clear(&text);
    }
    list->row_count++; /* so that a part of a row is freed too */
    if (ok && list->row_count == BLOCK_ROWS)
        put_block(list);
    return ok;
}

static int add_json(struct cli_list *list, const char *json)
{
    struct json_object *object = mhsmi_json_parse(json, strlen(json));
    const char *text = object != NULL
                           ? json_object_to_json_string_ext(
                                 object, JSON_C_TO_STRING_SPACED |
                                             JSON_C_TO_STRING_NOSLASHESCAPE)
                           : NULL;
    struct mhsmi_buf line;
    int ok;

    mhsmi_buf_init(&line, LINE_MAX_SIZE);
    ok = text != NULL && cli_text_escape(&line, text, CLI_ESCAPE_JSON);
    if (ok)
        fprintf(stdout, "%s%s", list->total++ == 0 ? "[\n  " : ",\n  ",
                mhsmi_buf_text(&line));
    mhsmi_buf_clear(&line);
    json_object_put(object);
    return ok;
}

mhsm_status cli_list_add(struct cli_list *list, const char *const *cells,
                         const char *json, mhsm_error **err)
{
    if (list->output == CLI_TSV)
        return cli_record(CLI_TSV, list->columns, list->column_count, cells,
                          err);
    if (list->output == CLI_JSON ? !add_json(list, json)
                                 : !add_table(list, cells))
        return mhsmi_error_memory(err);
    return MHSM_OK;
}

void cli_list_end(struct cli_list *list)
{
    if (list->output == CLI_JSON)
        fputs(list->total == 0 ? "[]\n" : "\n]\n", stdout);
    else if (list->output == CLI_TABLE &&
             (list->row_count > 0 || list->total == 0))
        put_block(list);
}
