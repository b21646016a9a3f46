/* SPDX-License-Identifier: MIT
 *
 * Attributes, operations, tags and release policies as people type them.
 */
#include <string.h>

#include "cli/file.h"
#include "cli/members.h"

enum { POLICY_MAX = 65536 };

void cli_members_init(struct cli_members *members)
{
    static const mhsm_key_change unchanged = MHSM_KEY_CHANGE_INIT;

    memset(members, 0, sizeof(*members));
    members->change = unchanged;
    mhsmi_buf_init(&members->policy_text, POLICY_MAX);
}

void cli_members_clear(struct cli_members *members)
{
    mhsmi_buf_clear(&members->policy_text);
}

/* "sign,verify" to a mask. */
static mhsm_status parse_operations(const char *text, unsigned int *mask,
                                    mhsm_error **err)
{
    const char *at = text;
    unsigned int all = 0, bit;

    for (;;) {
        size_t size = strcspn(at, ",");
        char *name = mhsmi_strndup(at, size);

        if (name == NULL)
            return mhsmi_error_memory(err);
        bit = mhsm_operation_find(name);
        mhsmi_free(name);
        if (bit == 0)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--ops: %.*s is not an operation", (int)size,
                               at);
        all |= bit;
        if (at[size] == 0)
            break;
        at += size + 1;
    }
    *mask = all;
    return MHSM_OK;
}

static mhsm_status check_tags(const char *const *tags, size_t count,
                              mhsm_error **err)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const char *equals = strchr(tags[i], '=');

        if (equals == NULL || equals == tags[i])
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--tags %s: it is NAME=VALUE", tags[i]);
        if (equals - tags[i] > 256 || strlen(equals + 1) > 256)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "--tags: a name or value is longer than 256");
    }
    return MHSM_OK;
}

static mhsm_status read_times(const struct cli *cli, mhsm_key_change *change,
                              mhsm_error **err)
{
    const char *nbf = cli->values[CLI_NOT_BEFORE];
    const char *exp = cli->values[CLI_EXPIRES];
    mhsm_status st = MHSM_OK;

    if (nbf != NULL)
        st = cli_parse_time("--not-before", nbf, &change->not_before, err);
    if (st == MHSM_OK && exp != NULL)
        st = cli_parse_time("--expires", exp, &change->expires, err);
    if (st == MHSM_OK && nbf != NULL && exp != NULL &&
        change->expires <= change->not_before)
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "--expires is not after --not-before");
    return st;
}

static mhsm_status read_tags(const struct cli *cli, struct cli_members *members,
                             mhsm_error **err)
{
    mhsm_key_change *change = &members->change;

    change->tag_count = cli_repeats(cli, CLI_TAGS, members->tags);
    change->tags = members->tags;
    if (cli->values[CLI_NO_TAGS] != NULL && change->tag_count != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--tags and --no-tags contradict each other");
    change->replace_tags =
        change->tag_count != 0 || cli->values[CLI_NO_TAGS] != NULL;
    return check_tags(members->tags, change->tag_count, err);
}

static mhsm_status read_policy(const struct cli *cli,
                               struct cli_members *members, mhsm_error **err)
{
    const char *path = cli->values[CLI_POLICY];
    mhsm_status st;

    if (path == NULL)
        return cli->values[CLI_IMMUTABLE] == NULL
                   ? MHSM_OK
                   : mhsmi_error(err, MHSM_ERR_ARGUMENT,
                                 "--immutable is about --release-policy");
    st = cli_file_slurp(path, &members->policy_text, err);
    if (st != MHSM_OK)
        return st;
    members->policy.text = mhsmi_buf_text(&members->policy_text);
    members->policy.size = members->policy_text.size;
    members->policy.immutable = cli->values[CLI_IMMUTABLE] != NULL;
    members->change.policy = &members->policy;
    return MHSM_OK;
}

mhsm_status cli_members_read(const struct cli *cli, struct cli_members *members,
                             mhsm_error **err)
{
    const char *ops = cli->values[CLI_OPS];
    const char *enabled = cli->values[CLI_ENABLED];
    mhsm_key_change *change = &members->change;
    mhsm_status st = MHSM_OK;

    if (ops != NULL)
        st = parse_operations(ops, &change->operations, err);
    if (st == MHSM_OK)
        st = read_times(cli, change, err);
    if (st == MHSM_OK)
        st = read_tags(cli, members, err);
    if (st == MHSM_OK)
        st = read_policy(cli, members, err);
    if (cli->values[CLI_DISABLED] != NULL)
        change->enabled = 0;
    if (enabled != NULL)
        change->enabled = strcmp(enabled, "yes") == 0;
    members->exportable = cli->values[CLI_EXPORTABLE] != NULL;
    return st;
}

void cli_members_apply(const struct cli_members *members, mhsm_key_spec *spec)
{
    const mhsm_key_change *change = &members->change;

    spec->operations = change->operations;
    spec->disabled = change->enabled == 0;
    spec->exportable = members->exportable;
    spec->not_before = change->not_before;
    spec->expires = change->expires;
    spec->tags = change->tags;
    spec->tag_count = change->tag_count;
    spec->policy = change->policy;
}
