/* SPDX-License-Identifier: MIT
 *
 * Backup and restore of one key with all its versions, all or nothing.
 */
#include "handlers.h"
#include "key_blob.h"
#include "keybundle.h"

#include <stdlib.h>
#include <string.h>

void emu_key_backup(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_store *s = rq->hsm->store;
    struct json_object *result = NULL;
    struct emu_version v;
    char *sealed;

    if (!emu_key_find(rq, r, &v))
        return;
    emu_version_free(&v);
    sealed = emu_key_blob_seal(s, emu_key_blob_make(s, rq->name));
    if (sealed != NULL) {
        result = json_object_new_object();
        if (!emu_json_add_bytes(result, "value", sealed, strlen(sealed))) {
            json_object_put(result);
            result = NULL;
        }
    }
    emu_reply_json(r, 200, result);
    free(sealed);
}

/* The object that a blob holds, or NULL. */
static struct json_object *open_blob(struct emu_request *rq)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    const char *value = emu_json_string(body, "value");
    struct emu_bytes text = {NULL, 0};
    struct json_object *o = NULL;

    if (value != NULL && emu_base64url_decode(value, EMU_KEY_BLOB_MAX, &text) &&
        memchr(text.data, '\0', text.len) == NULL)
        o = emu_key_blob_open(rq->hsm->store, (const char *)text.data);
    json_object_put(body);
    emu_bytes_free(&text);
    return o;
}

void emu_key_restore(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o = open_blob(rq);
    const char *name = emu_json_string(o, "name");
    struct emu_version v;
    int found, ok = 0;

    emu_version_init(&v);
    if (name == NULL) {
        emu_reply_bad(
            r, "The backup blob is malformed or of another security domain");
        goto out;
    }
    if (!emu_store_begin(rq->hsm->store)) {
        emu_reply_failed(r);
        goto out;
    }
    emu_keystore_sweep(rq->hsm->store);
    found = emu_keystore_find(rq->hsm->store, name, NULL, &v);
    if (found == 0)
        ok = emu_key_blob_store(rq->hsm->store, o, &v);
    if (found == 1)
        emu_reply_error(r, 409, "Conflict", "The name %s is in use", name);
    if (emu_store_end(rq->hsm->store, ok))
        emu_keybundle_reply(rq, r, &v);
    else if (found != 1)
        emu_reply_failed(r);
out:
    json_object_put(o);
    emu_version_free(&v);
}
