/* SPDX-License-Identifier: MIT
 *
 * mhsm hsm create, update, delete, recover, purge.
 */
#include <string.h>

#include "cli/hsm.h"

#define MINUTES (60 * INT64_C(1000))

enum { SIZE = CLI_TAGS_MAX };

/* The options, as the library takes them; borrows from the command line. */
struct wanted {
    mhsm_hsm_settings settings;
    const char *administrators[SIZE], *ip_rules[SIZE], *network_rules[SIZE],
        *identities[SIZE], *tags[SIZE];
};

/* A list that is given, or emptied by a flag of its own. */
static mhsm_status take_list(const struct cli *cli, enum cli_option_id id,
                             enum cli_option_id none, const char **values,
                             const char *const **list, size_t *count,
                             mhsm_error **err)
{
    *count = cli_repeats(cli, id, values);
    if (*count != 0 && cli->values[none] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a list cannot be given and emptied at once");
    *list = *count != 0 || cli->values[none] != NULL ? values : NULL;
    return MHSM_OK;
}

static mhsm_status read_wanted(const struct cli *cli, struct wanted *wanted,
                               mhsm_error **err)
{
    mhsm_hsm_settings *s = &wanted->settings;
    unsigned long days = 0;
    mhsm_status st = MHSM_OK;

    memset(wanted, 0, sizeof(*wanted));
    s->location = cli->values[CLI_LOCATION];
    s->sku = cli->values[CLI_SKU];
    s->administrators = wanted->administrators;
    s->administrator_count =
        cli_repeats(cli, CLI_ADMINISTRATOR, wanted->administrators);
    s->purge_protection = cli->values[CLI_PURGE_PROTECTION] != NULL;
    s->public_access = cli->values[CLI_PUBLIC_ACCESS];
    s->bypass = cli->values[CLI_BYPASS];
    s->default_action = cli->values[CLI_DEFAULT_ACTION];
    if (cli->values[CLI_RETENTION] != NULL)
        st = cli_parse_number("--retention-days", cli->values[CLI_RETENTION], 7,
                              90, &days, err);
    s->retention_days = (int)days;
    if (st == MHSM_OK)
        st = take_list(cli, CLI_IP_RULE, CLI_NO_IP_RULES, wanted->ip_rules,
                       &s->ip_rules, &s->ip_rule_count, err);
    if (st == MHSM_OK)
        st = take_list(cli, CLI_NETWORK_RULE, CLI_NO_NETWORK_RULES,
                       wanted->network_rules, &s->network_rules,
                       &s->network_rule_count, err);
    if (st == MHSM_OK)
        st = take_list(cli, CLI_IDENTITY, CLI_NO_IDENTITIES, wanted->identities,
                       &s->identities, &s->identity_count, err);
    if (st == MHSM_OK)
        st = take_list(cli, CLI_TAGS, CLI_NO_TAGS, wanted->tags, &s->tags,
                       &s->tag_count, err);
    return st;
}

/* Wait, and show what has come of it. */
static mhsm_status finish(struct cli *cli, const struct cli_hsm_work *work,
                          const mhsm_hsm_place *place,
                          mhsm_operation *operation, mhsm_error **err)
{
    mhsm_hsm *hsm = NULL;
    mhsm_status st = cli_hsm_await(cli, work, place, operation, err);

    if (st == MHSM_OK && !work->is_gone) {
        st = mhsm_hsm_get(cli->client, place, &hsm, err);
        if (st == MHSM_OK)
            st = cli_hsm_print(cli, hsm, err);
    }
    mhsm_hsm_free(hsm);
    return st;
}

mhsm_status cli_hsm_create(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"making the HSM", 20 * MINUTES, 0};
    mhsm_operation *operation = NULL;
    char *self = NULL;
    struct wanted wanted;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = read_wanted(cli, &wanted, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK)
        return st;
    /* Whoever makes it administers it, when nobody else is said. */
    if (wanted.settings.administrator_count == 0) {
        st = mhsm_hsm_self(cli->client, &self, err);
        wanted.administrators[0] = self;
        wanted.settings.administrator_count = 1;
    }
    if (st == MHSM_OK)
        st = mhsm_hsm_create(cli->client, &place, &wanted.settings, &operation,
                             err);
    if (st == MHSM_OK)
        st = finish(cli, &work, &place, operation, err);
    mhsm_operation_free(operation);
    mhsm_hsm_text_free(self);
    return st;
}

mhsm_status cli_hsm_update(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"changing the HSM", 0, 0};
    mhsm_operation *operation = NULL;
    const mhsm_hsm_settings *s;
    struct wanted wanted;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = read_wanted(cli, &wanted, err)) != MHSM_OK)
        return st;
    s = &wanted.settings;
    if (!s->purge_protection && s->public_access == NULL && s->bypass == NULL &&
        s->default_action == NULL && s->ip_rules == NULL &&
        s->network_rules == NULL && s->identities == NULL && s->tags == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "nothing to change: give an option that says what");
    if (s->purge_protection)
        st = cli_confirm(cli,
                         "Purge protection cannot be turned off again. Turn it "
                         "on for HSM",
                         place.name, err);
    if (st == MHSM_OK)
        st = cli_connect(cli, err);
    if (st == MHSM_OK)
        st = mhsm_hsm_update(cli->client, &place, s, &operation, err);
    if (st == MHSM_OK)
        st = finish(cli, &work, &place, operation, err);
    mhsm_operation_free(operation);
    return st;
}

/* What destroys, or brings back, one that exists. */
static mhsm_status
act(struct cli *cli, const struct cli_hsm_work *work, const char *question,
    mhsm_status (*action)(mhsm_client *client, const mhsm_hsm_place *place,
                          mhsm_operation **operation, mhsm_error **err),
    mhsm_error **err)
{
    mhsm_operation *operation = NULL;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (question != NULL &&
         (st = cli_confirm(cli, question, place.name, err)) != MHSM_OK) ||
        (st = cli_connect(cli, err)) != MHSM_OK)
        return st;
    st = action(cli->client, &place, &operation, err);
    if (st == MHSM_OK)
        st = finish(cli, work, &place, operation, err);
    mhsm_operation_free(operation);
    return st;
}

mhsm_status cli_hsm_delete(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"deleting the HSM", 0, 1};

    return act(cli, &work,
               "Delete (it costs what it did until it is purged) "
               "the HSM",
               mhsm_hsm_delete, err);
}

mhsm_status cli_hsm_recover(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"recovering the HSM", 0, 0};

    return act(cli, &work, NULL, mhsm_hsm_recover, err);
}

mhsm_status cli_hsm_purge(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"purging the HSM", 0, 1};

    return act(cli, &work, "Destroy for good, with all its keys, the HSM",
               mhsm_hsm_purge, err);
}
