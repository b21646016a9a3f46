/* SPDX-License-Identifier: MIT
 *
 * mhsm security-domain status, wait: how far the HSM is with a download or an
 * upload, whoever began it.
 */
#include <string.h>

#include "base/json.h"
#include "cli/domain_job.h"
#include "cli/out.h"

static const struct cli_column columns[] = {
    {"Operation", 0}, {"State", 0}, {"Details", CLI_COLUMN_SHRINK}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const struct {
    const char *name;
    mhsm_domain_operation operation;
} operations[] = {{"download", MHSM_DOMAIN_DOWNLOAD},
                  {"upload", MHSM_DOMAIN_UPLOAD}};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static mhsm_status add_row(struct cli_list *list, const char *const *cells,
                           mhsm_error **err)
{
    static const char *const names[COLUMNS] = {"operation", "status",
                                               "statusDetails"};
    struct json_object *object = json_object_new_object();
    int ok = object != NULL;
    mhsm_status st;
    size_t i;

    for (i = 0; ok && i < COLUMNS; i++)
        ok = cells[i] == NULL ||
             mhsmi_json_add_string(object, names[i], cells[i]);
    st = ok ? cli_list_add(list, cells, json_object_to_json_string(object), err)
            : mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

/* An HSM that refuses to tell of an operation has none. */
static int is_none(mhsm_status st)
{
    return st == MHSM_ERR_NOT_FOUND || st == MHSM_ERR_CONFLICT ||
           st == MHSM_ERR_REJECTED;
}

static mhsm_status look(struct cli *cli, const mhsm_uri *uri, size_t index,
                        struct cli_list *list, mhsm_error **err)
{
    static const char *const words[] = {"InProgress", "Success", "Failed"};
    mhsm_domain_state state = MHSM_DOMAIN_IN_PROGRESS;
    const char *cells[COLUMNS] = {operations[index].name, "None", NULL};
    mhsm_result *details = NULL;
    mhsm_error *none = NULL;
    mhsm_status st = mhsm_security_domain_state(
        cli->client, uri, operations[index].operation, &state, &details, &none);

    if (st == MHSM_OK) {
        cells[1] = words[state];
        cells[2] = (const char *)mhsm_result_data(details, NULL);
    } else if (is_none(st)) {
        cells[2] = mhsm_error_message(none);
    } else {
        *err = none;
        return st;
    }
    st = add_row(list, cells, err);
    mhsm_error_free(&none);
    mhsm_result_free(details);
    return st;
}

mhsm_status cli_domain_status(struct cli *cli, mhsm_error **err)
{
    struct cli_list *list = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t i;

    if ((st = cli_connect(cli, err)) == MHSM_OK &&
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) == MHSM_OK)
        st = cli_list_new(cli->output, columns, COLUMNS, &list, err);
    for (i = 0; st == MHSM_OK && i < OPERATIONS; i++)
        st = look(cli, uri, i, list, err);
    if (st == MHSM_OK)
        cli_list_end(list);
    cli_list_free(list);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_domain_wait(struct cli *cli, mhsm_error **err)
{
    const char *name = cli->values[CLI_OPERATION];
    struct cli_domain_job job = {MHSM_DOMAIN_UPLOAD, NULL, NULL};
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t i;

    for (i = 0; name != NULL && i < OPERATIONS; i++)
        if (strcmp(name, operations[i].name) == 0)
            job.operation = operations[i].operation;
    if ((st = cli_connect(cli, err)) == MHSM_OK &&
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) == MHSM_OK) {
        job.uri = uri;
        st = cli_domain_job_await(cli, &job, err);
    }
    mhsm_uri_free(uri);
    return st;
}
