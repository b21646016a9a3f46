/* SPDX-License-Identifier: MIT
 *
 * mhsm role check: may this principal do that, and by what?
 */
#include <string.h>

#include "base/json.h"
#include "cli/out.h"
#include "cli/role.h"

enum { TEXT_MAX = 64 * 1024 };

static const struct cli_column columns[] = {
    {"Principal", 0}, {"Data action", 0}, {"Scope", 0},
    {"Granted", 0},   {"By", 0},          {"Not seen", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int join_grants(const mhsm_role_verdict *verdict, struct mhsmi_buf *text)
{
    const mhsm_role_assignment *one;
    size_t i;
    int ok = 1;

    for (i = 0; ok && (one = mhsm_role_verdict_assignment(verdict, i)) != NULL;
         i++)
        ok = mhsmi_buf_printf(
            text, "%s%s at %s (assignment %s)", i != 0 ? "; " : "",
            mhsm_role_verdict_role(verdict, i), mhsm_role_assignment_scope(one),
            mhsm_role_assignment_id(one));
    return ok;
}

/* What may grant it for all that was seen: nobody who has it elsewhere needs to
 * hear of that. */
static int join_hidden(const mhsm_role_verdict *verdict, struct mhsmi_buf *text)
{
    const char *scope;
    size_t i;
    int ok = mhsm_role_verdict_assignment(verdict, 0) != NULL ||
             mhsmi_buf_puts(text, "what groups of the principal have");

    for (i = 0; ok && (scope = mhsm_role_verdict_hidden(verdict, i)) != NULL;
         i++)
        ok = mhsmi_buf_printf(text, "%s%s%s", text->size != 0 ? ", " : "",
                              i == 0 ? "assignments at " : "", scope);
    return ok;
}

/* What may not be seen may grant it. */
static const char *granted_text(const mhsm_role_verdict *verdict)
{
    if (mhsm_role_verdict_assignment(verdict, 0) != NULL)
        return "yes";
    return mhsm_role_verdict_hidden(verdict, 0) != NULL ? "not known" : "no";
}

static int add_item(struct json_object *list, struct json_object *item)
{
    if (item != NULL && json_object_array_add(list, item) == 0)
        return 1;
    json_object_put(item);
    return 0;
}

static int add_grants(struct json_object *list,
                      const mhsm_role_verdict *verdict)
{
    const mhsm_role_assignment *one;
    struct json_object *item;
    size_t i;

    for (i = 0; (one = mhsm_role_verdict_assignment(verdict, i)) != NULL; i++) {
        item = json_object_new_object();
        if (!mhsmi_json_add_string(item, "assignment",
                                   mhsm_role_assignment_id(one)) ||
            !mhsmi_json_add_string(item, "role",
                                   mhsm_role_verdict_role(verdict, i)) ||
            !mhsmi_json_add_string(item, "roleDefinition",
                                   mhsm_role_assignment_role(one)) ||
            !mhsmi_json_add_string(item, "scope",
                                   mhsm_role_assignment_scope(one))) {
            json_object_put(item);
            return 0;
        }
        if (!add_item(list, item))
            return 0;
    }
    return 1;
}

static int add_hidden(struct json_object *list,
                      const mhsm_role_verdict *verdict)
{
    const char *scope;
    size_t i;

    for (i = 0; (scope = mhsm_role_verdict_hidden(verdict, i)) != NULL; i++) {
        if (!add_item(list, json_object_new_string(scope)))
            return 0;
    }
    return 1;
}

static mhsm_status print_json(const mhsm_role_verdict *verdict,
                              const char *scope, mhsm_error **err)
{
    struct json_object *object = json_object_new_object();
    struct json_object *grants = json_object_new_array();
    struct json_object *hidden = json_object_new_array();
    int granted = mhsm_role_verdict_assignment(verdict, 0) != NULL;
    mhsm_status st;

    if (mhsmi_json_add_string(object, "principal",
                              mhsm_role_verdict_principal(verdict)) &&
        mhsmi_json_add_string(object, "dataAction",
                              mhsm_role_verdict_action(verdict)) &&
        mhsmi_json_add_string(object, "scope", scope) &&
        mhsmi_json_add(object, "granted", json_object_new_boolean(granted)) &&
        mhsmi_json_add(object, "grants", json_object_get(grants)) &&
        add_grants(grants, verdict) &&
        mhsmi_json_add(object, "notSeen", json_object_get(hidden)) &&
        add_hidden(hidden, verdict) &&
        mhsmi_json_add(object, "groupsSeen", json_object_new_boolean(0)))
        st = cli_print_object(object, err);
    else
        st = mhsmi_error_memory(err);
    json_object_put(grants);
    json_object_put(hidden);
    json_object_put(object);
    return st;
}

static mhsm_status print(const struct cli *cli,
                         const mhsm_role_verdict *verdict, const char *scope,
                         mhsm_error **err)
{
    struct mhsmi_buf grants, hidden;
    mhsm_status st;

    if (cli->output == CLI_JSON)
        return print_json(verdict, scope, err);
    mhsmi_buf_init(&grants, TEXT_MAX);
    mhsmi_buf_init(&hidden, TEXT_MAX);
    if (join_grants(verdict, &grants) && join_hidden(verdict, &hidden)) {
        const char *cells[COLUMNS] = {
            mhsm_role_verdict_principal(verdict),
            cli_short_action(mhsm_role_verdict_action(verdict)),
            scope,
            granted_text(verdict),
            grants.size != 0 ? mhsmi_buf_text(&grants) : NULL,
            hidden.size != 0 ? mhsmi_buf_text(&hidden) : NULL};

        st = cli_record(cli->output, columns, COLUMNS, cells, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&grants);
    mhsmi_buf_clear(&hidden);
    return st;
}

mhsm_status cli_role_check(struct cli *cli, mhsm_error **err)
{
    const char *name = cli->values[CLI_NAME], *scope = cli_scope(cli);
    mhsm_role_verdict *verdict = NULL;
    mhsm_uri *uri = NULL;
    char *made = NULL;
    mhsm_status st;

    if (name != NULL && cli->values[CLI_SCOPE] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--key NAME is --scope /keys/NAME: give one");
    if (name != NULL) {
        scope = made = mhsmi_asprintf("/keys/%s", name);
        if (made == NULL)
            return mhsmi_error_memory(err);
    }
    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_role_check(cli->client, uri, scope, cli->values[CLI_ACTION],
                              cli->values[CLI_ASSIGNEE], &verdict, err)) !=
            MHSM_OK)
        goto out;
    st = print(cli, verdict, scope, err);
    if (mhsm_role_verdict_assignment(verdict, 0) == NULL)
        cli->exit = CLI_EXIT_REFUSED;

out:
    mhsm_role_verdict_free(verdict);
    mhsm_uri_free(uri);
    mhsmi_free(made);
    return st;
}
