/* SPDX-License-Identifier: MIT
 *
 * mhsm key release, attestation: statements of the HSM, saved as they come.
 */
#include "base/buf.h"
#include "base/config.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/out.h"

enum { TOKEN_MAX = 64 * 1024, JSON_MAX = 1024 * 1024 };

static mhsm_status print_statement(const struct cli *cli,
                                   const mhsm_result *statement,
                                   mhsm_error **err)
{
    struct json_object *object;
    struct mhsmi_buf text;
    mhsm_status st;
    size_t size;
    const unsigned char *data = mhsm_result_data(statement, &size);

    if (cli->values[CLI_OUT] != NULL)
        return cli_file_write(cli->values[CLI_OUT], 1, data, size, err);
    mhsmi_buf_init(&text, JSON_MAX);
    if (!mhsmi_buf_append(&text, data, size)) {
        st = mhsmi_error_memory(err);
    } else if (cli->output == CLI_JSON) {
        object = json_object_new_object();
        st = mhsmi_json_add_string(object, "value", mhsmi_buf_text(&text))
                 ? cli_print_object(object, err)
                 : mhsmi_error_memory(err);
        mhsmi_json_wipe(object);
    } else {
        st = mhsmi_buf_puts(&text, "\n")
                 ? cli_file_write(NULL, 0, text.data, text.size, err)
                 : mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&text);
    return st;
}

mhsm_status cli_key_release(struct cli *cli, mhsm_error **err)
{
    mhsm_release_request request = MHSM_RELEASE_REQUEST_INIT;
    mhsm_result *statement = NULL;
    struct mhsmi_buf token;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    mhsmi_buf_init(&token, TOKEN_MAX);
    if ((st = mhsmi_secret_read("--attestation", cli->values[CLI_ATTESTATION],
                                &token, err)) != MHSM_OK)
        goto out;
    request.attestation = mhsmi_buf_text(&token);
    request.nonce = cli->values[CLI_NONCE];
    request.wrapping = cli->values[CLI_WRAPPING];
    if ((st = cli_open(cli, CLI_TARGET_KEY, &uri, err)) != MHSM_OK ||
        (st = mhsm_key_release(cli->client, uri, &request, &statement, err)) !=
            MHSM_OK)
        goto out;
    st = print_statement(cli, statement, err);

out:
    mhsm_result_free(statement);
    mhsmi_buf_clear(&token);
    mhsm_uri_free(uri);
    return st;
}

/* To a file as the service wrote it, for programs that check it. */
static mhsm_status save(const char *path, const char *json, mhsm_error **err)
{
    struct mhsmi_buf text;
    mhsm_status st;

    mhsmi_buf_init(&text, JSON_MAX);
    st = mhsmi_buf_printf(&text, "%s\n", json)
             ? cli_file_write(path, 0, text.data, text.size, err)
             : mhsmi_error_memory(err);
    mhsmi_buf_clear(&text);
    return st;
}

mhsm_status cli_key_attestation(struct cli *cli, mhsm_error **err)
{
    const char *path = cli->values[CLI_OUT];
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_KEY, &uri, err)) != MHSM_OK ||
        (st = mhsm_key_attestation(cli->client, uri, &key, err)) != MHSM_OK)
        goto out;
    st = path != NULL ? save(path, mhsm_key_json(key), err)
                      : cli_print_json(mhsm_key_json(key), err);

out:
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}
