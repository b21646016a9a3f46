/* SPDX-License-Identifier: MIT
 *
 * mhsm hsm activation: what the management plane says, and what the HSM itself
 * answers.
 */
#include <string.h>

#include "base/json.h"
#include "cli/hsm.h"
#include "cli/out.h"

static const struct cli_column columns[] = {{"Name", 0},    {"URI", 0},
                                            {"State", 0},   {"Activation", 0},
                                            {"Message", 0}, {"HSM answers", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* A client of that HSM.  What a management plane of one's own shows is as much
 * to be believed as an endpoint that was given; Azure's has to show a host of
 * Azure's. */
static mhsm_status connect_to(struct cli *cli, const char *endpoint,
                              mhsm_client **client, mhsm_uri **uri,
                              mhsm_error **err)
{
    mhsm_status st = MHSM_OK;

    if (mhsm_config_get(cli->config, "management-endpoint") != NULL)
        st = mhsm_config_set(cli->config, "endpoint", endpoint,
                             MHSM_ORIGIN_COMMAND_LINE, err);
    if (st == MHSM_OK)
        st = mhsm_client_new(cli->config, client, err);
    if (st == MHSM_OK)
        st = mhsm_uri_new(*client, endpoint, NULL, NULL, uri, err);
    return st;
}

/* What local RBAC refuses is refused by an HSM that serves; what the firewall
 * refuses tells nothing. */
static int is_denied(const mhsm_error *said)
{
    return mhsm_error_status(said) == MHSM_ERR_FORBIDDEN &&
           strstr(mhsm_error_code(said), "ForbiddenByFirewall") == NULL &&
           strstr(mhsm_error_code(said), "ForbiddenByConnection") == NULL;
}

/* Asks the HSM for something: in words, for people. */
static mhsm_status ask(struct cli *cli, const char *endpoint, char **answer,
                       int *active, mhsm_error **err)
{
    mhsm_client *client = NULL;
    mhsm_login *login = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st = connect_to(cli, endpoint, &client, &uri, err);

    *active = 0;
    if (st == MHSM_OK)
        st = mhsm_login_test(client, uri, &login, err);
    if (st == MHSM_OK) {
        const mhsm_error *said = mhsm_login_error(login);

        *active = said == NULL || is_denied(said);
        *answer =
            mhsmi_strdup(said == NULL ? "it serves keys"
                         : *active    ? "it serves keys, to others than this "
                                        "identity"
                                      : mhsm_error_message(said));
        if (*answer == NULL)
            st = mhsmi_error_memory(err);
    }
    mhsm_login_free(login);
    mhsm_uri_free(uri);
    mhsm_client_free(client);
    return st;
}

static mhsm_status print(const struct cli *cli, const mhsm_hsm_info *info,
                         const char *answer, mhsm_error **err)
{
    static const char *const names[COLUMNS] = {
        "name", "uri", "state", "activationStatus", "message", "hsmAnswer"};
    const char *cells[COLUMNS] = {info->name,
                                  info->uri,
                                  info->state,
                                  info->activation,
                                  info->activation_message,
                                  answer};
    struct json_object *object;
    mhsm_status st;
    size_t i;
    int ok;

    if (cli->output != CLI_JSON)
        return cli_record(cli->output, columns, COLUMNS, cells, err);
    object = json_object_new_object();
    for (i = 0, ok = object != NULL; ok && i < COLUMNS; i++)
        ok = mhsmi_json_add_string(object, names[i],
                                   cells[i] != NULL ? cells[i] : "");
    st = ok ? cli_print_object(object, err) : mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

mhsm_status cli_hsm_activation(struct cli *cli, mhsm_error **err)
{
    const mhsm_hsm_info *info;
    mhsm_hsm_place place;
    char *answer = NULL;
    mhsm_hsm *hsm = NULL;
    int active = 0;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK ||
        (st = mhsm_hsm_get(cli->client, &place, &hsm, err)) != MHSM_OK)
        goto out;
    info = mhsm_hsm_get_info(hsm);
    st = ask(cli, info->uri, &answer, &active, err);
    if (st == MHSM_OK)
        st = print(cli, info, answer, err);
    if (st == MHSM_OK && !active) {
        cli->exit = CLI_EXIT_OTHER;
        if (strcmp(info->activation, "NotActivated") == 0 &&
            cli->output == CLI_TABLE)
            fputs("mhsm: next: `mhsm security-domain keygen` for each holder, "
                  "then `mhsm security-domain download`\n",
                  stderr);
    }

out:
    mhsmi_free(answer);
    mhsm_hsm_free(hsm);
    return st;
}
