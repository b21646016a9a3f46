/* SPDX-License-Identifier: MIT
 *
 * mhsm inventory take, prove.
 */
#include <string.h>

#include "base/json.h"
#include "cli/file.h"
#include "cli/out.h"
#include "cli/progress.h"

static const struct cli_column taken_columns[] = {
    {"HSM", 0}, {"Taken", 0}, {"Keys", 0}, {"Versions", 0}, {"File", 0}};

enum { TAKEN_COLUMNS = sizeof(taken_columns) / sizeof(taken_columns[0]) };

static int went_on(void *arg, size_t versions, const char *name)
{
    struct cli_progress *progress = arg;
    struct mhsmi_buf state;

    mhsmi_buf_init(&state, 256);
    if (mhsmi_buf_printf(&state, "%zu versions so far, %s", versions, name))
        cli_progress_step(progress, mhsmi_buf_text(&state));
    mhsmi_buf_clear(&state);
    return !cli_progress_interrupted();
}

static size_t count_names(const mhsm_inventory *inventory)
{
    size_t i, names = 0;

    for (i = 0; i < mhsm_inventory_count(inventory); i++)
        if (i == 0 ||
            strcmp(mhsm_key_name(mhsm_inventory_key(inventory, i)),
                   mhsm_key_name(mhsm_inventory_key(inventory, i - 1))) != 0)
            names++;
    return names;
}

static mhsm_status print_taken(const struct cli *cli,
                               const mhsm_inventory *inventory,
                               mhsm_error **err)
{
    size_t versions = mhsm_inventory_count(inventory);
    char taken[CLI_TIME_SIZE], count[2][24];
    const char *cells[TAKEN_COLUMNS];
    struct json_object *object;
    mhsm_status st;

    (void)snprintf(count[0], sizeof(count[0]), "%zu", count_names(inventory));
    (void)snprintf(count[1], sizeof(count[1]), "%zu", versions);
    cells[0] = mhsm_inventory_endpoint(inventory);
    cells[1] = cli_time_text(mhsm_inventory_taken(inventory), taken);
    cells[2] = count[0];
    cells[3] = count[1];
    cells[4] = cli->values[CLI_OUT];
    if (cli->output != CLI_JSON)
        return cli_record(cli->output, taken_columns, TAKEN_COLUMNS, cells,
                          err);
    object = json_object_new_object();
    st = object != NULL && mhsmi_json_add_string(object, "hsm", cells[0]) &&
                 mhsmi_json_add(
                     object, "taken",
                     json_object_new_int64(mhsm_inventory_taken(inventory))) &&
                 mhsmi_json_add(
                     object, "keys",
                     json_object_new_int64((int64_t)count_names(inventory))) &&
                 mhsmi_json_add(object, "versions",
                                json_object_new_int64((int64_t)versions)) &&
                 mhsmi_json_add_string(object, "file", cells[4])
             ? cli_print_object(object, err)
             : mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

mhsm_status cli_inventory_take(struct cli *cli, mhsm_error **err)
{
    mhsm_inventory *inventory = NULL;
    struct cli_progress progress;
    mhsm_result *text = NULL;
    const unsigned char *data;
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t size;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK)
        goto out;
    cli_progress_begin(&progress, "taking the inventory", 0, INT64_MAX);
    st = mhsm_inventory_take(cli->client, uri,
                             cli->values[CLI_NO_WITNESSES] == NULL, went_on,
                             &progress, &inventory, err);
    cli_progress_end(&progress, cli);
    if (st != MHSM_OK ||
        (st = mhsm_inventory_encode(inventory, &text, err)) != MHSM_OK)
        goto out;
    data = mhsm_result_data(text, &size);
    if ((st = cli_file_write(cli->values[CLI_OUT], CLI_FILE_SECRET, data, size,
                             err)) == MHSM_OK)
        st = print_taken(cli, inventory, err);

out:
    mhsm_result_free(text);
    mhsm_inventory_free(inventory);
    mhsm_uri_free(uri);
    return st;
}

static const struct cli_column proof_columns[] = {
    {"Name", CLI_COLUMN_SHRINK},
    {"Version", 0},
    {"Proof", 0},
    {"Reason", CLI_COLUMN_SHRINK}};

enum { PROOF_COLUMNS = sizeof(proof_columns) / sizeof(proof_columns[0]) };

struct proving {
    const struct cli *cli;
    struct cli_list *list;
    struct cli_progress progress;
    mhsm_status st;
    mhsm_error *err;
};

static mhsm_status add_row(struct proving *proving, const mhsm_proof_row *row,
                           mhsm_error **err)
{
    static const char *const names[PROOF_COLUMNS] = {"name", "version", "proof",
                                                     "reason"};
    const char *cells[PROOF_COLUMNS] = {
        row->name, row->version, mhsm_proof_name(row->proof),
        row->reason[0] != '\0' ? row->reason : NULL};
    struct json_object *object = json_object_new_object();
    mhsm_status st;
    int ok = object != NULL, i;

    for (i = 0; ok && i < PROOF_COLUMNS; i++)
        ok = mhsmi_json_add_string(object, names[i],
                                   cells[i] != NULL ? cells[i] : "");
    st = ok ? cli_list_add(proving->list, cells,
                           json_object_to_json_string(object), err)
            : mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

static int found(void *arg, const mhsm_proof_row *row)
{
    struct proving *proving = arg;

    proving->st = add_row(proving, row, &proving->err);
    cli_progress_step(&proving->progress, row->name);
    return proving->st == MHSM_OK && !cli_progress_interrupted();
}

static mhsm_status read_inventory(const char *path, mhsm_inventory **inventory,
                                  mhsm_error **err)
{
    struct mhsmi_buf text;
    mhsm_status st;

    mhsmi_buf_init(&text, MHSM_INVENTORY_SIZE_MAX);
    st = cli_file_slurp(path, &text, err);
    if (st == MHSM_OK)
        st = mhsm_inventory_decode((const unsigned char *)mhsmi_buf_text(&text),
                                   text.size, inventory, err);
    if (st == MHSM_ERR_DAMAGED)
        mhsmi_error_prefix(err, "%s", path != NULL ? path : "standard input");
    mhsmi_buf_clear(&text);
    return st;
}

mhsm_status cli_inventory_prove(struct cli *cli, mhsm_error **err)
{
    struct proving proving = {.cli = cli};
    mhsm_inventory *inventory = NULL;
    size_t counts[MHSM_PROOF_COUNT];
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = read_inventory(cli->operand, &inventory, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = cli_list_new(cli->output, proof_columns, PROOF_COLUMNS,
                           &proving.list, err)) != MHSM_OK)
        goto out;
    cli_progress_begin(&proving.progress, "looking at every key", 0, INT64_MAX);
    st = mhsm_inventory_prove(inventory, cli->client, uri, found, &proving,
                              counts, err);
    cli_progress_end(&proving.progress, cli);
    if (proving.st != MHSM_OK) {
        mhsm_error_free(err);
        *err = proving.err;
        proving.err = NULL;
        st = proving.st;
    }
    if (st != MHSM_OK)
        goto out;
    cli_list_end(proving.list);
    if (counts[MHSM_PROOF_MISSING] + counts[MHSM_PROOF_DIFFERENT] +
            counts[MHSM_PROOF_WRONG] >
        0)
        cli->exit = CLI_EXIT_OTHER;

out:
    mhsm_error_free(&proving.err);
    cli_list_free(proving.list);
    mhsm_inventory_free(inventory);
    mhsm_uri_free(uri);
    return st;
}
