/* SPDX-License-Identifier: MIT
 *
 * The account that the Azure CLI is signed in to.  `az` is started without a
 * shell, by a path that the user does not share with others, and never from a
 * program that has more rights than its user.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "auth/child.h"
#include "auth/token_response.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "base/text.h"

enum {
    limit_ms = 10000,
    out_max = 65536,
    err_max = 8192,
    shown_max = 250,
    arguments_max = 16,
    not_found = 127 /* what a shell says of a program that is not there */
};

static const char who[] = "azure-cli credential";
static const char token_chars[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";

struct azure_cli {
    struct mhsmi_credential base;
    const mhsm_config *config;
};

/* Whether it is installed tells only the attempt. */
static int cli_configured(const mhsm_config *config)
{
    (void)config;
    return 1;
}

static void cli_free(struct mhsmi_credential *credential)
{
    mhsmi_free(credential);
}

static mhsm_status cli_create(const mhsm_config *config,
                              struct mhsmi_credential **credential,
                              mhsm_error **err)
{
    struct azure_cli *self = mhsmi_alloc(sizeof(*self));

    if (self == NULL)
        return mhsmi_error_memory(err);
    self->base.type = &mhsmi_azure_cli;
    self->config = config;
    *credential = &self->base;
    return MHSM_OK;
}

static int is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           access(path, X_OK) == 0;
}

/* A folder in which everybody may put a program is no place to look for one;
 * neither is wherever the host happens to be. */
static int is_place(const char *folder)
{
    struct stat status;

    return folder[0] == '/' && stat(folder, &status) == 0 &&
           S_ISDIR(status.st_mode) && (status.st_mode & S_IWOTH) == 0;
}

/* The first of PATH; NULL when there is none.  The caller frees. */
static char *find_in_path(void)
{
    const char *rest = mhsmi_config_variable("PATH");
    char *folder, *path;
    size_t size;
    int found;

    for (; rest != NULL && *rest != '\0'; rest += size + (rest[size] == ':')) {
        size = strcspn(rest, ":");
        folder = mhsmi_strndup(rest, size);
        path = folder != NULL ? mhsmi_asprintf("%s/az", folder) : NULL;
        found = path != NULL && is_place(folder) && is_program(path);
        mhsmi_free(folder);
        if (found)
            return path;
        mhsmi_free(path);
    }
    return NULL;
}

static mhsm_status find_program(const mhsm_config *config, char **path,
                                struct mhsmi_token *token, mhsm_error **err)
{
    const char *told = mhsm_config_get(config, "azure-cli-path");
    mhsm_status st;

    if (getauxval(AT_SECURE) != 0)
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: a program with more rights than its user "
                           "starts no other program",
                           who);
    *path = told == NULL       ? find_in_path()
            : is_program(told) ? mhsmi_strdup(told)
                               : NULL;
    if (*path != NULL)
        return MHSM_OK;
    token->unavailable = 1;
    st = told == NULL
             ? mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: the Azure CLI is not installed", who)
             : mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: %s is no program that can be run", who, told);
    mhsmi_error_set_hint(err, "install it where PATH leads, or name it with "
                              "azure-cli-path");
    return st;
}

/* Nothing that could be taken for an option, or for anything but its name. */
static int is_safe(const char *text, const char *more)
{
    size_t i;

    if (text[0] == '-')
        return 0;
    for (i = 0; text[i] != '\0'; i++) {
        if (strchr(token_chars, text[i]) == NULL &&
            strchr(more, text[i]) == NULL)
            return 0;
    }
    return i != 0;
}

static mhsm_status run(struct azure_cli *self, const char *path,
                       const char *scope,
                       const struct mhsmi_token_request *request,
                       struct mhsmi_child *child, mhsm_error **err)
{
    /* Its report of use is a program that outlives it. */
    static const char *const more[] = {"AZURE_CORE_NO_COLOR=true",
                                       "AZURE_CORE_COLLECT_TELEMETRY=no", NULL};
    const char *arguments[arguments_max] = {
        "az",      "account", "get-access-token", "--output", "json",
        "--scope", scope};
    const char *subscription =
        mhsm_config_get(self->config, "azure-cli-subscription");
    int64_t limit = mhsmi_clock_deadline(limit_ms);
    size_t count = 7;
    int error = 0;

    if (!is_safe(scope, ":/") ||
        (request->tenant != NULL && !is_safe(request->tenant, "")))
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "%s: resource or tenant-id is malformed", who);
    if (request->tenant != NULL) {
        arguments[count++] = "--tenant";
        arguments[count++] = request->tenant;
    }
    if (subscription != NULL) {
        arguments[count++] = "--subscription";
        arguments[count++] = subscription;
    }
    if (limit > request->deadline_ms)
        limit = request->deadline_ms;
    if (mhsmi_child_run(child, path, arguments, more, limit, &error) == MHSM_OK)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_CREDENTIAL, "%s: cannot start %s: %s", who,
                       path, strerror(error));
}

/* In place: what looks like a token, wherever it is. */
static void mask(char *text)
{
    char *at = text;
    size_t size;

    while ((at = strstr(at, "eyJ")) != NULL) {
        size = strspn(at, token_chars);
        memset(at, '*', size);
        at += size;
    }
    at = text;
    while ((at = strstr(at, "accessToken\"")) != NULL) {
        at += strlen("accessToken\"");
        at += strspn(at, " \t\r\n:");
        if (*at == '"')
            memset(at + 1, '*', strcspn(at + 1, "\""));
    }
}

/* What `az` says when it fails; `unavailable`: nobody is signed in to it. */
static const struct {
    const char *text;
    int unavailable;
    const char *message, *hint;
} stories[] = {
    /* A question of consent or of further proof, for which it tells the whole
     * command. */
    {"az login --", 0, NULL, NULL},
    {"az login", 1, "nobody is signed in to the Azure CLI", "run `az login`"},
    {"az account set", 1, "the Azure CLI has no subscription selected",
     "run `az account set --subscription NAME`"},
    {"az: not found", 1, "the Azure CLI is not installed",
     "install it where PATH leads, or name it with azure-cli-path"},
    {"az: command not found", 1, "the Azure CLI is not installed",
     "install it where PATH leads, or name it with azure-cli-path"},
};

static mhsm_status show(struct mhsmi_child *child, mhsm_error **err)
{
    const char *text = mhsmi_buf_text(&child->err);

    text += strspn(text, " \t\r\n");
    if (*text == '\0')
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: az ended with status %d and said nothing", who,
                           child->code);
    return mhsmi_error(err, MHSM_ERR_CREDENTIAL, "%s: az says: %.*s", who,
                       (int)shown_max, text);
}

static mhsm_status failed(struct mhsmi_child *child, struct mhsmi_token *token,
                          mhsm_error **err)
{
    const size_t count = sizeof(stories) / sizeof(stories[0]);
    const char *text = mhsmi_buf_text(&child->err);
    mhsm_status st;
    size_t i = 0;

    if (child->err.size != 0)
        mask((char *)child->err.data);
    while (i < count && mhsmi_text_find(text, stories[i].text) == NULL)
        i++;
    if (i == count && child->code == not_found)
        i = count - 1;
    if (i == count || stories[i].message == NULL)
        return show(child, err);
    token->unavailable = stories[i].unavailable;
    st = mhsmi_error(err, MHSM_ERR_CREDENTIAL, "%s: %s", who,
                     stories[i].message);
    mhsmi_error_set_hint(err, "%s", stories[i].hint);
    return st;
}

/* "2026-01-31 10:00:00.000000", by the clock on the wall of this machine. */
static int64_t local_time(const char *text)
{
    struct tm tm = {0};

    if (strptime(text, "%Y-%m-%d %H:%M:%S", &tm) == NULL)
        return 0;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm);
}

/* Later versions tell the second; earlier ones only local time, and Cloud
 * Shell's a date with its zone. */
static int64_t find_expiry(struct json_object *answer, const char *text)
{
    int64_t at = mhsmi_json_int(answer, "expires_on", 0);
    const char *date = mhsmi_json_string(answer, "expiresOn");

    if (at <= 0 && date != NULL)
        at = strchr(date, 'T') != NULL ? mhsmi_token_date(date)
                                       : local_time(date);
    return at > 0 ? at : mhsmi_token_expiry(text);
}

static mhsm_status take(struct mhsmi_child *child, struct mhsmi_token *token,
                        mhsm_error **err)
{
    struct json_object *answer =
        mhsmi_json_parse(child->out.data, child->out.size);
    const char *text = mhsmi_json_string(answer, "accessToken");
    mhsm_status st = MHSM_OK;

    if (child->code > 0 || (text == NULL && child->out.size == 0)) {
        st = failed(child, token, err);
    } else if (text == NULL || !mhsmi_token_check(text)) {
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                         "%s: the %zu octets that az wrote hold no token", who,
                         child->out.size);
    } else if (!mhsmi_buf_puts(&token->text, text)) {
        st = mhsmi_error_memory(err);
    } else {
        token->expires = find_expiry(answer, text);
        if (token->expires != 0 && token->expires <= mhsmi_clock_unix()) {
            mhsmi_token_clear(token);
            st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                             "%s: az gave a token that has expired", who);
        }
    }
    mhsmi_json_wipe(answer);
    return st;
}

static mhsm_status obtain(struct azure_cli *self, const char *path,
                          const struct mhsmi_token_request *request,
                          struct mhsmi_token *token, mhsm_error **err)
{
    char *scope = mhsmi_asprintf("%s/.default", request->resource);
    struct mhsmi_child child;
    mhsm_status st;

    mhsmi_buf_init(&child.out, out_max);
    mhsmi_buf_init(&child.err, err_max);
    st = scope == NULL ? mhsmi_error_memory(err)
                       : run(self, path, scope, request, &child, err);
    if (st == MHSM_OK && child.code == MHSMI_CHILD_LATE)
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                         "%s: az took too long and was ended", who);
    else if (st == MHSM_OK)
        st = take(&child, token, err);
    mhsmi_buf_clear(&child.out);
    mhsmi_buf_clear(&child.err);
    mhsmi_free(scope);
    return st;
}

static mhsm_status cli_acquire(struct mhsmi_credential *credential,
                               const struct mhsmi_token_request *request,
                               struct mhsmi_token *token,
                               struct mhsmi_counters *counters,
                               mhsm_error **err)
{
    struct azure_cli *self = (struct azure_cli *)credential;
    char *path = NULL;
    mhsm_status st;

    (void)counters;
    if (request->claims != NULL) {
        st =
            mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                        "%s: the HSM demands a token with further claims", who);
        mhsmi_error_set_hint(err,
                             "run `az logout`, then `az login --scope "
                             "%s/.default`",
                             request->resource);
        return st;
    }
    st = find_program(self->config, &path, token, err);
    if (st == MHSM_OK)
        st = obtain(self, path, request, token, err);
    mhsmi_free(path);
    return st;
}

const struct mhsmi_credential_type mhsmi_azure_cli = {
    .name = "azure-cli",
    .help = "the account that the Azure CLI is signed in to",
    .configured = cli_configured,
    .create = cli_create,
    .acquire = cli_acquire,
    .free = cli_free,
    .chained = 1,
    .needs_tenant = 0,
};
