/* SPDX-License-Identifier: MIT
 *
 * Results on standard output: a table that fits the terminal, JSON, or
 * tab-separated values.  All text is escaped on its way (text.h).
 */
#ifndef MHSM_CLIENT_CLI_OUT_H
#define MHSM_CLIENT_CLI_OUT_H

#include "base/error.h"
#include "cli/cli.h"

struct json_object;

enum { CLI_COLUMNS_MAX = 16 };

enum {
    CLI_COLUMN_SHRINK = 1 << 0,  /* gives way on a narrow terminal */
    CLI_COLUMN_NO_TABLE = 1 << 1 /* in tsv and records only */
};

struct cli_column {
    const char *title;
    unsigned int flags;
};

/* Rows of a list.  A table is written in blocks, each row kept until the
 * block's widths are known, so that a list of any length needs little. */
struct cli_list;

MHSM_NODISCARD mhsm_status cli_list_new(enum cli_output output,
                                        const struct cli_column *columns,
                                        size_t column_count,
                                        struct cli_list **list,
                                        mhsm_error **err);
/* `cells`: one a column, NULL when absent; `json` is the item as JSON. */
MHSM_NODISCARD mhsm_status cli_list_add(struct cli_list *list,
                                        const char *const *cells,
                                        const char *json, mhsm_error **err);
/* Write what is left and the end. */
void cli_list_end(struct cli_list *list);
void cli_list_free(struct cli_list *list);

/* One thing: "Title: value" lines, or one line of tsv.  Absent cells are left
 * out of the table. */
MHSM_NODISCARD mhsm_status cli_record(enum cli_output output,
                                      const struct cli_column *columns,
                                      size_t column_count,
                                      const char *const *cells,
                                      mhsm_error **err);
/* JSON text, laid out. */
MHSM_NODISCARD mhsm_status cli_print_json(const char *json, mhsm_error **err);
MHSM_NODISCARD mhsm_status cli_print_object(struct json_object *object,
                                            mhsm_error **err);

/* Flush and close standard output; tells what a full disk or a closed pipe
 * kept back.  To be called once, last. */
MHSM_NODISCARD mhsm_status cli_finish_output(mhsm_error **err);

/* "2026-01-31T12:00:00Z" into `text`; NULL when `seconds` is 0. */
enum { CLI_TIME_SIZE = 32 };
const char *cli_time_text(int64_t seconds, char *text);

#endif
