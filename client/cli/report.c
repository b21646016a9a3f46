/* SPDX-License-Identifier: MIT
 *
 * Failures: to a person on stderr, to a program as JSON on stderr with
 * -o json, and to the shell as an exit status.  Must not lose the request id,
 * without which nobody can look a failure up.
 */
#include <string.h>

#include <json-c/json.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/text.h"

enum { REPORT_MAX = 256 * 1024 };

enum cli_exit cli_exit_of(mhsm_status status)
{
    static const struct {
        mhsm_status status;
        enum cli_exit code;
    } rows[] = {
        {MHSM_OK, CLI_EXIT_DONE},
        {MHSM_ERR_ARGUMENT, CLI_EXIT_USAGE},
        {MHSM_ERR_CONFIG, CLI_EXIT_USAGE},
        {MHSM_ERR_URI, CLI_EXIT_USAGE},
        {MHSM_ERR_UNSUPPORTED, CLI_EXIT_USAGE},
        {MHSM_ERR_NOT_FOUND, CLI_EXIT_NOT_FOUND},
        {MHSM_ERR_CREDENTIAL, CLI_EXIT_REFUSED},
        {MHSM_ERR_UNAUTHORIZED, CLI_EXIT_REFUSED},
        {MHSM_ERR_FORBIDDEN, CLI_EXIT_REFUSED},
        {MHSM_ERR_KEY_DISABLED, CLI_EXIT_REFUSED},
        {MHSM_ERR_KEY_OPERATION, CLI_EXIT_REFUSED},
        {MHSM_ERR_THROTTLED, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_SERVICE, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_NOT_ACTIVATED, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_RESOLVE, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_CONNECT, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_TLS, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_TIMEOUT, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_TRANSPORT, CLI_EXIT_UNREACHABLE},
        {MHSM_ERR_DAMAGED, CLI_EXIT_DAMAGED},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].status == status)
            return rows[i].code;
    return CLI_EXIT_OTHER;
}

static void report_text(const mhsm_error *err)
{
    const struct {
        const char *title, *text;
    } lines[] = {
        {"code", mhsm_error_code(err)},
        {"request id", mhsm_error_request_id(err)},
        {"hint", mhsm_error_hint(err)},
    };
    size_t i;

    fputs("mhsm: ", stderr);
    cli_text_print(stderr, mhsm_error_message(err));
    fputc('\n', stderr);
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (lines[i].text[0] == 0)
            continue;
        fprintf(stderr, "  %s: ", lines[i].title);
        if (i == 0 && mhsm_error_http_status(err) != 0)
            fprintf(stderr, "HTTP %d ", mhsm_error_http_status(err));
        cli_text_print(stderr, lines[i].text);
        fputc('\n', stderr);
    }
}

static int fill(struct json_object *error, const mhsm_error *err)
{
    mhsm_status status = mhsm_error_status(err);

    return mhsmi_json_add_string(error, "status", mhsm_status_name(status)) &&
           mhsmi_json_add(error, "exitStatus",
                          json_object_new_int((int)cli_exit_of(status))) &&
           mhsmi_json_add(error, "httpStatus",
                          json_object_new_int(mhsm_error_http_status(err))) &&
           mhsmi_json_add_string(error, "code", mhsm_error_code(err)) &&
           mhsmi_json_add_string(error, "requestId",
                                 mhsm_error_request_id(err)) &&
           mhsmi_json_add_string(error, "message", mhsm_error_message(err)) &&
           mhsmi_json_add_string(error, "hint", mhsm_error_hint(err));
}

/* 0 when memory is out: then text is better than nothing. */
static int report_json(const mhsm_error *err)
{
    struct json_object *root = json_object_new_object();
    struct json_object *error = json_object_new_object();
    struct mhsmi_buf out;
    const char *text;
    int ok;

    mhsmi_buf_init(&out, REPORT_MAX);
    ok =
        root != NULL && error != NULL && fill(error, err) &&
        mhsmi_json_add(root, "error", json_object_get(error)) &&
        (text = json_object_to_json_string_ext(
             root, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)) !=
            NULL &&
        cli_text_escape(&out, text, CLI_ESCAPE_JSON);
    if (ok)
        fprintf(stderr, "%s\n", mhsmi_buf_text(&out));
    mhsmi_buf_clear(&out);
    json_object_put(error);
    json_object_put(root);
    return ok;
}

void cli_report(const struct cli *cli, const mhsm_error *err)
{
    if (cli->output != CLI_JSON || !report_json(err))
        report_text(err);
}
