/* SPDX-License-Identifier: MIT
 *
 * The settings of the service: one is known, a boolean held as text.
 */
#include "handlers.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *type;
    const char *initial;
} settings[] = {
    {"AllowKeyManagementOperationsThroughARM", "boolean", "false"},
};

#define COUNT (sizeof(settings) / sizeof(settings[0]))

static char *value_of(struct emu_store *s, size_t i)
{
    sqlite3_stmt *row;
    char *text = NULL;

    emu_store_lock(s);
    row = emu_store_query(s, "SELECT value FROM settings WHERE name=?1", "t",
                          settings[i].name);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        text = emu_store_text(row, 0);
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return text == NULL ? strdup(settings[i].initial) : text;
}

static struct json_object *describe(struct emu_store *s, size_t i)
{
    struct json_object *o = json_object_new_object();
    char *value = value_of(s, i);
    int ok = value != NULL && emu_json_add_string(o, "value", value) &&
             emu_json_add_string(o, "name", settings[i].name) &&
             emu_json_add_string(o, "type", settings[i].type);

    free(value);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

/* COUNT, with the refusal written, when there is no such setting. */
static size_t find(struct emu_request *rq, struct emu_reply *r)
{
    size_t i;

    for (i = 0; i < COUNT; i++) {
        if (strcmp(settings[i].name, rq->name) == 0)
            return i;
    }
    emu_reply_error(r, 404, "SettingNotFound", "Requested setting not found");
    return COUNT;
}

void emu_setting_list(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o = json_object_new_object();
    struct json_object *list = json_object_new_array();
    size_t i;
    int ok = list != NULL;

    for (i = 0; ok && i < COUNT; i++)
        ok = json_object_array_add(list, describe(rq->hsm->store, i)) == 0;
    if (!emu_json_add(o, "settings", list) || !ok) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

void emu_setting_show(struct emu_request *rq, struct emu_reply *r)
{
    size_t i = find(rq, r);

    if (i < COUNT)
        emu_reply_json(r, 200, describe(rq->hsm->store, i));
}

void emu_setting_update(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body;
    const char *value;
    size_t i = find(rq, r);

    if (i == COUNT)
        return;
    body = emu_json_parse(rq->body.data, rq->body.len);
    value = emu_json_string(body, "value");
    if (value == NULL ||
        (strcmp(value, "true") != 0 && strcmp(value, "false") != 0))
        emu_reply_bad(r, "value must be the text true or false");
    else if (emu_store_run(rq->hsm->store,
                           "INSERT OR REPLACE INTO settings VALUES(?1,?2)",
                           "tt", settings[i].name, value) != 1)
        emu_reply_failed(r);
    else
        emu_reply_json(r, 200, describe(rq->hsm->store, i));
    json_object_put(body);
}
