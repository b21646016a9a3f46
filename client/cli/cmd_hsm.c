/* SPDX-License-Identifier: MIT
 *
 * mhsm hsm show, list, list-deleted, wait, check-name.
 */
#include <string.h>

#include "cli/hsm.h"
#include "cli/out.h"
#include "cli/progress.h"

enum { JOINED_MAX = 8192, WAIT_DEFAULT_S = 3600, WAIT_MAX_S = 86400 };

static const struct cli_column columns[] = {{"Name", 0},
                                            {"Resource group", 0},
                                            {"Location", 0},
                                            {"URI", 0},
                                            {"State", 0},
                                            {"Message", 0},
                                            {"Activation", 0},
                                            {"SKU", 0},
                                            {"Public access", 0},
                                            {"Default action", 0},
                                            {"Bypass", 0},
                                            {"Retention days", 0},
                                            {"Purge protection", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* Behind the columns, one each: lists, joined by commas. */
static const struct {
    struct cli_column column;
    mhsm_hsm_items items;
} several[] = {
    {{"IP rules", 0}, MHSM_HSM_IP_RULES},
    {{"Identities", 0}, MHSM_HSM_IDENTITIES},
    {{"Regions", 0}, MHSM_HSM_REGIONS},
};

enum { SEVERAL = sizeof(several) / sizeof(several[0]) };

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static int join(const mhsm_hsm *hsm, mhsm_hsm_items items,
                struct mhsmi_buf *out)
{
    const char *text;
    size_t i;

    for (i = 0; (text = mhsm_hsm_item_at(hsm, items, i)) != NULL; i++) {
        if (!mhsmi_buf_join(out, i != 0 ? "," : "", text, NULL))
            return 0;
    }
    return 1;
}

mhsm_status cli_hsm_print(const struct cli *cli, const mhsm_hsm *hsm,
                          mhsm_error **err)
{
    const mhsm_hsm_info *info = mhsm_hsm_get_info(hsm);
    struct cli_column all[COLUMNS + SEVERAL];
    const char *cells[COLUMNS + SEVERAL] = {info->name,
                                            info->group,
                                            or_null(info->location),
                                            or_null(info->uri),
                                            or_null(info->state),
                                            or_null(info->message),
                                            or_null(info->activation),
                                            or_null(info->sku),
                                            or_null(info->public_access),
                                            or_null(info->default_action),
                                            or_null(info->bypass),
                                            NULL,
                                            info->purge_protection ? "yes"
                                                                   : "no"};
    struct mhsmi_buf joined[SEVERAL];
    char days[16];
    mhsm_status st = MHSM_OK;
    size_t i;

    if (cli->output == CLI_JSON)
        return cli_print_json(info->json, err);
    if (info->retention_days != 0) {
        (void)snprintf(days, sizeof(days), "%d", info->retention_days);
        cells[COLUMNS - 2] = days;
    }
    memcpy(all, columns, sizeof(columns));
    for (i = 0; i < SEVERAL; i++) {
        mhsmi_buf_init(&joined[i], JOINED_MAX);
        if (!join(hsm, several[i].items, &joined[i]))
            st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                             "the HSM has more than can be shown");
        all[COLUMNS + i] = several[i].column;
        cells[COLUMNS + i] = or_null(mhsmi_buf_text(&joined[i]));
        if (st != MHSM_OK)
            break;
    }
    if (st == MHSM_OK)
        st = cli_record(cli->output, all, COLUMNS + SEVERAL, cells, err);
    while (i-- > 0)
        mhsmi_buf_clear(&joined[i]);
    return st;
}

mhsm_status cli_hsm_show(struct cli *cli, mhsm_error **err)
{
    mhsm_hsm_place place;
    mhsm_hsm *hsm = NULL;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) == MHSM_OK &&
        (st = cli_connect(cli, err)) == MHSM_OK &&
        (st = mhsm_hsm_get(cli->client, &place, &hsm, err)) == MHSM_OK)
        st = cli_hsm_print(cli, hsm, err);
    mhsm_hsm_free(hsm);
    return st;
}

static const struct cli_column list_columns[] = {
    {"Name", 0},  {"Resource group", 0}, {"Location", 0},
    {"State", 0}, {"Activation", 0},     {"URI", CLI_COLUMN_SHRINK}};

static const struct cli_column deleted_columns[] = {
    {"Name", 0},       {"Resource group", 0}, {"Location", 0},
    {"Deleted at", 0}, {"Purged at", 0},      {"Purge protection", 0}};

enum { LIST_COLUMNS = sizeof(list_columns) / sizeof(list_columns[0]) };

static mhsm_status add(struct cli_list *out, const mhsm_hsm *hsm, int deleted,
                       mhsm_error **err)
{
    const mhsm_hsm_info *info = mhsm_hsm_get_info(hsm);
    const char *cells[LIST_COLUMNS] = {info->name, info->group,
                                       or_null(info->location)};

    cells[3] = or_null(deleted ? info->deletion_date : info->state);
    cells[4] = or_null(deleted ? info->purge_date : info->activation);
    cells[5] =
        deleted ? (info->purge_protection ? "yes" : "no") : or_null(info->uri);
    return cli_list_add(out, cells, info->json, err);
}

static mhsm_status list(struct cli *cli, int deleted, mhsm_error **err)
{
    mhsm_hsm_place place = {NULL, cli->values[CLI_GROUP], NULL};
    struct cli_list *out = NULL;
    mhsm_hsm_list *all = NULL;
    mhsm_hsm *hsm = NULL;
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = mhsm_hsm_list_new(cli->client, &place, deleted, &all, err)) !=
            MHSM_OK ||
        (st =
             cli_list_new(cli->output, deleted ? deleted_columns : list_columns,
                          LIST_COLUMNS, &out, err)) != MHSM_OK)
        goto out;
    while ((st = mhsm_hsm_list_next(all, &hsm, err)) == MHSM_OK &&
           hsm != NULL) {
        st = add(out, hsm, deleted, err);
        mhsm_hsm_free(hsm);
        hsm = NULL;
        if (st != MHSM_OK)
            goto out;
    }
    if (st == MHSM_OK)
        cli_list_end(out);

out:
    cli_list_free(out);
    mhsm_hsm_list_free(all);
    return st;
}

mhsm_status cli_hsm_list(struct cli *cli, mhsm_error **err)
{
    return list(cli, 0, err);
}

mhsm_status cli_hsm_list_deleted(struct cli *cli, mhsm_error **err)
{
    return list(cli, 1, err);
}

/* The HSM when it has come to rest; NULL when it has gone while it was waited
 * for. */
static mhsm_status await_rest(struct cli *cli, const mhsm_hsm_place *place,
                              int64_t limit_ms, mhsm_hsm **hsm,
                              mhsm_error **err)
{
    enum cli_progress_next next = CLI_PROGRESS_ASK;
    struct cli_progress progress;
    mhsm_error *failure = NULL;
    mhsm_hsm *seen = NULL;
    mhsm_status st = MHSM_OK;

    cli_progress_begin(&progress, "waiting for the HSM", 0, limit_ms);
    do {
        int before = seen != NULL;

        mhsm_hsm_free(seen);
        seen = NULL;
        st = mhsm_hsm_get(cli->client, place, &seen, &failure);
        if (st == MHSM_ERR_NOT_FOUND && before) {
            mhsm_error_free(&failure);
            st = MHSM_OK;
        }
        if (st != MHSM_OK || seen == NULL || !mhsm_hsm_is_busy(seen))
            break;
        cli_progress_tell(&progress, mhsm_hsm_get_info(seen)->message);
        next = cli_progress_wait(&progress, 0);
    } while (next == CLI_PROGRESS_ASK);
    cli_progress_end(&progress, cli);
    if (st == MHSM_OK && next != CLI_PROGRESS_ASK)
        st = mhsmi_error(&failure, MHSM_ERR_TIMEOUT, "%sHSM %s is still %s",
                         next == CLI_PROGRESS_LATE ? "" : "interrupted: ",
                         place->name, mhsm_hsm_get_info(seen)->state);
    if (st == MHSM_OK) {
        *hsm = seen;
        return st;
    }
    mhsm_hsm_free(seen);
    *err = failure;
    return st;
}

mhsm_status cli_hsm_wait(struct cli *cli, mhsm_error **err)
{
    unsigned long seconds = WAIT_DEFAULT_S;
    mhsm_hsm_place place;
    mhsm_hsm *hsm = NULL;
    mhsm_status st = cli_hsm_place(cli, &place, err);

    if (st == MHSM_OK && cli->values[CLI_WAIT] != NULL)
        st = cli_parse_number("--wait", cli->values[CLI_WAIT], 1, WAIT_MAX_S,
                              &seconds, err);
    if (st == MHSM_OK)
        st = cli_connect(cli, err);
    if (st == MHSM_OK)
        st = await_rest(cli, &place, (int64_t)seconds * 1000, &hsm, err);
    if (st == MHSM_OK && hsm != NULL)
        st = cli_hsm_print(cli, hsm, err);
    if (st == MHSM_OK && hsm != NULL &&
        strcmp(mhsm_hsm_get_info(hsm)->state, "Failed") == 0)
        st = mhsmi_error(err, MHSM_ERR_SERVICE,
                         "the last work on HSM %s has failed: %s", place.name,
                         mhsm_hsm_get_info(hsm)->message);
    mhsm_hsm_free(hsm);
    return st;
}

mhsm_status cli_hsm_check_name(struct cli *cli, mhsm_error **err)
{
    static const struct cli_column name_columns[] = {
        {"Name", 0}, {"Available", 0}, {"Reason", 0}, {"Message", 0}};
    const char *cells[4] = {0};
    mhsm_name_check *check = NULL;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = mhsm_hsm_check_name(cli->client, &place, &check, err)) != MHSM_OK)
        return st;
    cells[0] = place.name;
    cells[1] = mhsm_name_check_available(check) ? "yes" : "no";
    cells[2] = or_null(mhsm_name_check_reason(check));
    cells[3] = or_null(mhsm_name_check_message(check));
    st = cli->output == CLI_JSON
             ? cli_print_json(mhsm_name_check_json(check), err)
             : cli_record(cli->output, name_columns, 4, cells, err);
    if (!mhsm_name_check_available(check))
        cli->exit = CLI_EXIT_OTHER;
    mhsm_name_check_free(check);
    return st;
}
