/* SPDX-License-Identifier: MIT
 *
 * Settings: few, each a name and a text.
 */
#include "mhsm/setting.h"

#include <string.h>

#include "access/call.h"
#include "base/error.h"
#include "base/text.h"

enum { settings_max = 256, name_max = 127, path_max = 256, value_max = 1024 };

struct mhsm_settings {
    struct json_object *answer; /* owns what `items` point to */
    mhsm_setting items[settings_max];
    size_t count;
};

static mhsm_status take(mhsm_settings *settings, struct json_object *from,
                        mhsm_error **err)
{
    mhsm_setting *item = &settings->items[settings->count];
    const char *type = mhsmi_json_string(from, "type");

    item->name = mhsmi_json_string(from, "name");
    item->value = mhsmi_json_string(from, "value");
    item->type = type != NULL ? type : "";
    if (item->name == NULL || item->value == NULL)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "a setting is malformed: it has no name or no "
                           "value");
    item->json = json_object_to_json_string_ext(
        from, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (item->json == NULL)
        return mhsmi_error_memory(err);
    settings->count++;
    return MHSM_OK;
}

/* Takes `answer`: one setting, or a list of them. */
static mhsm_status read_settings(struct json_object *answer, int is_list,
                                 mhsm_settings **settings, mhsm_error **err)
{
    struct json_object *list = mhsmi_json_array(answer, "settings");
    size_t i, count = list != NULL ? json_object_array_length(list) : 0;
    mhsm_settings *made = mhsmi_alloc(sizeof(*made));
    mhsm_status st = MHSM_OK;

    if (made == NULL) {
        json_object_put(answer);
        return mhsmi_error_memory(err);
    }
    made->answer = answer;
    if (is_list && (list == NULL || count > settings_max))
        st = mhsmi_error(err, MHSM_ERR_PROTOCOL,
                         "the answer is no list of at most %d settings",
                         (int)settings_max);
    else if (!is_list)
        st = take(made, answer, err);
    for (i = 0; st == MHSM_OK && is_list && i < count; i++)
        st = take(made, json_object_array_get_idx(list, i), err);
    if (st == MHSM_OK && settings != NULL)
        *settings = made;
    else
        mhsm_settings_free(made);
    return st;
}

void mhsm_settings_free(mhsm_settings *settings)
{
    if (settings == NULL)
        return;
    json_object_put(settings->answer);
    mhsmi_free(settings);
}

const mhsm_setting *mhsm_settings_at(const mhsm_settings *settings,
                                     size_t index)
{
    return index < settings->count ? &settings->items[index] : NULL;
}

static mhsm_status check(mhsm_client *client, const mhsm_uri *uri,
                         const char *name, mhsm_error **err)
{
    static const char letters[] = "0123456789-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz";
    size_t size = name != NULL ? strspn(name, letters) : 1;

    if (client == NULL || uri == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a call needs a client and a URI");
    if (size == 0 || size > name_max || (name != NULL && name[size] != '\0') ||
        (name != NULL && name[0] == '.'))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "\"%.80s\" is no name of a setting", name);
    return mhsmi_access_require_hsm(client, uri, "settings", err);
}

/* `name` NULL: of all. */
static mhsm_status call_service(mhsm_client *client, const mhsm_uri *uri,
                                const char *name, struct json_object *body,
                                struct json_object **answer, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    struct mhsmi_buf path, what;
    mhsm_status st;

    mhsmi_buf_init(&path, path_max);
    mhsmi_buf_init(&what, path_max);
    if (mhsmi_buf_printf(&path, "/settings%s%s", name != NULL ? "/" : "",
                         name != NULL ? name : "") &&
        mhsmi_buf_printf(&what, "%s %s", body != NULL ? "set" : "get",
                         name != NULL ? name : "the settings")) {
        call.method = body != NULL ? "PATCH" : "GET";
        call.endpoint = mhsm_uri_endpoint(uri);
        call.path = mhsmi_buf_text(&path);
        call.body = body;
        call.retry = body != NULL ? MHSMI_RETRY_ONCE : MHSMI_RETRY_REPEATABLE;
        call.what = mhsmi_buf_text(&what);
        call.action = body != NULL ? MHSMI_ACTION_PREFIX "settings/write/action"
                                   : MHSMI_ACTION_PREFIX "settings/read/action";
        st = mhsmi_session_call(mhsmi_client_session(client), &call, answer,
                                err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&path);
    mhsmi_buf_clear(&what);
    return st;
}

mhsm_status mhsm_settings_get(mhsm_client *client, const mhsm_uri *uri,
                              const char *name, mhsm_settings **settings,
                              mhsm_error **err)
{
    struct json_object *answer = NULL;
    mhsm_status st = check(client, uri, name, err);

    if (st == MHSM_OK)
        st = call_service(client, uri, name, NULL, &answer, err);
    return st == MHSM_OK ? read_settings(answer, name == NULL, settings, err)
                         : st;
}

mhsm_status mhsm_settings_set(mhsm_client *client, const mhsm_uri *uri,
                              const char *name, const char *value,
                              mhsm_settings **settings, mhsm_error **err)
{
    struct json_object *body, *answer = NULL;
    mhsm_status st = check(client, uri, name != NULL ? name : "", err);

    if (st != MHSM_OK)
        return st;
    if (value == NULL || strlen(value) > value_max ||
        !mhsmi_text_is_utf8(value))
        return mhsmi_error(
            err, MHSM_ERR_ARGUMENT,
            "a setting has a value of at most %d octets of UTF-8",
            (int)value_max);
    body = json_object_new_object();
    if (body == NULL || !mhsmi_json_add_string(body, "value", value))
        st = mhsmi_error_memory(err);
    else
        st = call_service(client, uri, name, body, &answer, err);
    json_object_put(body);
    return st == MHSM_OK ? read_settings(answer, 0, settings, err) : st;
}
