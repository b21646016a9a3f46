/* SPDX-License-Identifier: MIT
 *
 * mhsm login test: whose token is used, how it was got, and what the HSM says
 * to it.  Never shows the token.
 */
#include <json-c/json.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/out.h"

enum { OTHERS_MAX = 8192 };

static const struct cli_column columns[] = {
    {"HSM", 0},       {"Credential", 0},       {"Kind", 0},     {"Tenant", 0},
    {"Object id", 0}, {"Application id", 0},   {"Audience", 0}, {"Expires", 0},
    {"Answer", 0},    {"Other credentials", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int is_accepted(const mhsm_error *error)
{
    return error == NULL || mhsm_error_status(error) == MHSM_ERR_FORBIDDEN;
}

static const char *answer_text(const mhsm_error *error)
{
    if (error == NULL)
        return "the token is accepted";
    return is_accepted(error) ? "the token is accepted, but its principal has "
                                "no role that lists keys"
           : mhsm_error_status(error) == MHSM_ERR_UNAUTHORIZED
               ? "the token is refused"
               : "the HSM did not say";
}

/* "client-secret: not configured; azure-cli: not tried" */
static int list_others(const mhsm_login *login, struct mhsmi_buf *text)
{
    const char *name;
    size_t i;
    int ok = 1;

    for (i = 0; ok && (name = mhsm_login_name(login, i)) != NULL; i++) {
        if (i != mhsm_login_used(login))
            ok = mhsmi_buf_printf(text, "%s%s: %s", text->size != 0 ? "; " : "",
                                  name, mhsm_login_story(login, i));
    }
    return ok;
}

static int add_text(struct json_object *object, const char *name,
                    const char *value)
{
    return value == NULL || mhsmi_json_add_string(object, name, value);
}

static struct json_object *credentials_json(const mhsm_login *login)
{
    struct json_object *list = json_object_new_array(), *one;
    const char *name;
    size_t i;
    int ok = list != NULL;

    for (i = 0; ok && (name = mhsm_login_name(login, i)) != NULL; i++) {
        one = json_object_new_object();
        ok = one != NULL && mhsmi_json_add_string(one, "name", name) &&
             mhsmi_json_add_string(one, "story", mhsm_login_story(login, i)) &&
             mhsmi_json_add(
                 one, "used",
                 json_object_new_boolean(i == mhsm_login_used(login))) &&
             json_object_array_add(list, one) == 0;
        if (!ok)
            json_object_put(one);
    }
    if (ok)
        return list;
    json_object_put(list);
    return NULL;
}

static mhsm_status print_json(const char *hsm, const mhsm_login *login,
                              mhsm_error **err)
{
    const mhsm_error *error = mhsm_login_error(login);
    struct json_object *object = json_object_new_object();
    char expires[CLI_TIME_SIZE];
    mhsm_status st;

    if (object != NULL && mhsmi_json_add_string(object, "hsm", hsm) &&
        mhsmi_json_add_string(object, "credential",
                              mhsm_login_name(login, mhsm_login_used(login))) &&
        mhsmi_json_add(object, "credentials", credentials_json(login)) &&
        add_text(object, "tenant", mhsm_login_tenant(login)) &&
        add_text(object, "objectId", mhsm_login_object_id(login)) &&
        add_text(object, "applicationId", mhsm_login_application(login)) &&
        add_text(object, "audience", mhsm_login_audience(login)) &&
        add_text(object, "expires",
                 cli_time_text(mhsm_login_expires(login), expires)) &&
        mhsmi_json_add(object, "accepted",
                       json_object_new_boolean(is_accepted(error))) &&
        mhsmi_json_add(object, "listsKeys",
                       json_object_new_boolean(error == NULL)) &&
        mhsmi_json_add_string(object, "answer", answer_text(error)))
        st = cli_print_object(object, err);
    else
        st = mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

static mhsm_status print_record(const struct cli *cli, const char *hsm,
                                const mhsm_login *login, mhsm_error **err)
{
    size_t used = mhsm_login_used(login);
    const char *kind = mhsm_login_story(login, used);
    char expires[CLI_TIME_SIZE];
    struct mhsmi_buf others;
    const char *cells[COLUMNS];
    mhsm_status st;

    mhsmi_buf_init(&others, OTHERS_MAX);
    if (!list_others(login, &others))
        mhsmi_buf_clear(&others);
    cells[0] = hsm;
    cells[1] = mhsm_login_name(login, used);
    cells[2] = kind[0] != '\0' ? kind : NULL;
    cells[3] = mhsm_login_tenant(login);
    cells[4] = mhsm_login_object_id(login);
    cells[5] = mhsm_login_application(login);
    cells[6] = mhsm_login_audience(login);
    cells[7] = cli_time_text(mhsm_login_expires(login), expires);
    cells[8] = answer_text(mhsm_login_error(login));
    cells[9] = others.size != 0 ? mhsmi_buf_text(&others) : NULL;
    st = cli_record(cli->output, columns, COLUMNS, cells, err);
    mhsmi_buf_clear(&others);
    return st;
}

/* The HSM's own words, as they come with every other command. */
static mhsm_status repeat(const mhsm_error *error, mhsm_error **err)
{
    mhsm_status st = mhsmi_error(err, mhsm_error_status(error), "%s",
                                 mhsm_error_message(error));

    if (mhsm_error_hint(error)[0] != '\0')
        mhsmi_error_set_hint(err, "%s", mhsm_error_hint(error));
    mhsmi_error_set_service(err, mhsm_error_http_status(error),
                            mhsm_error_code(error),
                            mhsm_error_request_id(error));
    return st;
}

mhsm_status cli_login_test(struct cli *cli, mhsm_error **err)
{
    mhsm_login *login = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_login_test(cli->client, uri, &login, err)) != MHSM_OK)
        goto out;
    st = cli->output == CLI_JSON
             ? print_json(mhsm_uri_endpoint(uri), login, err)
             : print_record(cli, mhsm_uri_endpoint(uri), login, err);
    if (st == MHSM_OK && !is_accepted(mhsm_login_error(login)))
        st = repeat(mhsm_login_error(login), err);
out:
    mhsm_login_free(login);
    mhsm_uri_free(uri);
    return st;
}
