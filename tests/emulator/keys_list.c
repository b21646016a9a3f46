/* SPDX-License-Identifier: MIT
 *
 * Lists of keys, of versions and of deleted keys, page by page. A page never
 * holds more than 25 items, and no item shows a public key.
 */
#include "handlers.h"
#include "keybundle.h"
#include "vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX 25

struct page {
    const char *sql; /* of ?1 the last item seen, ?2 the limit, ?3 the name */
    const char *path;
    int with_version;
    int64_t limit;
    struct emu_bytes after; /* text: the last item of the page before */
};

static int take_limit(struct emu_request *rq, struct emu_reply *r,
                      struct page *p)
{
    const char *text = emu_uri_parameter(&rq->uri, "maxresults");
    char *end = NULL;

    p->limit = PAGE_MAX;
    if (text == NULL)
        return 1;
    p->limit = strtol(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && p->limit >= 1 &&
        p->limit <= PAGE_MAX)
        return 1;
    emu_reply_bad(r, "maxresults must be a number from 1 to %d", PAGE_MAX);
    return 0;
}

/* Opaque to clients, and sealed with nothing: a forged one only moves the
 * start of a list that its sender may read anyway. */
static int take_token(struct emu_request *rq, struct emu_reply *r,
                      struct page *p)
{
    const char *text = emu_uri_parameter(&rq->uri, "$skiptoken");

    if (text == NULL)
        return emu_bytes_set(&p->after, "", 0);
    if (emu_base64url_decode(text, EMU_NAME_SIZE, &p->after) &&
        memchr(p->after.data, '\0', p->after.len) == NULL)
        return 1;
    emu_reply_bad(r, "The skiptoken is malformed");
    return 0;
}

static int add_next(struct emu_request *rq, struct json_object *o,
                    const struct page *p, const char *last)
{
    char url[1024];
    char *token = emu_base64url_encode(last, strlen(last));
    /* A Managed HSM leaves it out: its clients put it back. */
    const char *version =
        emu_is_vault(rq) ? emu_uri_parameter(&rq->uri, "api-version") : NULL;
    int ok = 0;

    if (token != NULL) {
        snprintf(url, sizeof(url),
                 "https://%s%s?%s%s%smaxresults=%lld&$skiptoken=%s", rq->host,
                 p->path, version == NULL ? "" : "api-version=",
                 version == NULL ? "" : version, version == NULL ? "" : "&",
                 (long long)p->limit, token);
        ok = emu_json_add_string(o, "nextLink", url);
    }
    free(token);
    return ok;
}

static int fill(struct emu_request *rq, const struct page *p, sqlite3_stmt *row,
                struct json_object *o)
{
    struct json_object *list = json_object_new_array(), *item;
    char last[EMU_NAME_SIZE] = "";
    struct emu_version v;
    int64_t count = 0;
    int step, ok = list != NULL;

    while (ok && (step = sqlite3_step(row)) != SQLITE_DONE) {
        /* One row more than asked for tells that there is a next page. */
        if (step == SQLITE_ROW && count == p->limit) {
            ok = add_next(rq, o, p, last);
            break;
        }
        ok = step == SQLITE_ROW && emu_keystore_read(row, &v);
        if (!ok)
            break;
        count++;
        snprintf(last, sizeof(last), "%s",
                 p->with_version ? v.version : v.name);
        item = emu_keybundle_item(rq, &v, p->with_version);
        ok = item != NULL && json_object_array_add(list, item) == 0;
        if (!ok)
            json_object_put(item);
        emu_version_free(&v);
    }
    return emu_json_add(o, "value", list) && ok;
}

static void answer(struct emu_request *rq, struct emu_reply *r, struct page *p)
{
    struct json_object *o = json_object_new_object();
    sqlite3_stmt *row = NULL;
    int ok = 0;

    if (!take_limit(rq, r, p) || !take_token(rq, r, p)) {
        json_object_put(o);
        goto out;
    }
    emu_store_lock(rq->hsm->store);
    row = emu_store_query(rq->hsm->store, p->sql, "tit",
                          (const char *)p->after.data, p->limit + 1,
                          rq->name == NULL ? "" : rq->name);
    ok = row != NULL && fill(rq, p, row, o);
    sqlite3_finalize(row);
    emu_store_unlock(rq->hsm->store);
    if (!ok) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
out:
    emu_bytes_free(&p->after);
}

#define SELECT                                                                 \
    "SELECT " EMU_VERSION_COLUMNS " FROM keys k JOIN versions v ON v.key=k.id"
#define LATEST " AND v.seq=(SELECT max(seq) FROM versions WHERE key=k.id)"

static const char live[] = SELECT LATEST
    " WHERE k.deleted=0 AND k.name>?1 AND ?3='' ORDER BY k.name LIMIT ?2";
static const char deleted[] = SELECT LATEST
    " WHERE k.deleted<>0 AND k.name>?1 AND ?3='' ORDER BY k.name LIMIT ?2";
static const char versions[] =
    SELECT " WHERE k.deleted=0 AND v.version>?1 AND k.name=?3"
           " ORDER BY v.version LIMIT ?2";

void emu_key_list(struct emu_request *rq, struct emu_reply *r)
{
    struct page p = {live, "/keys", 0, 0, {NULL, 0}};

    answer(rq, r, &p);
}

void emu_deleted_list(struct emu_request *rq, struct emu_reply *r)
{
    struct page p = {deleted, "/deletedkeys", 0, 0, {NULL, 0}};

    emu_keystore_sweep(rq->hsm->store);
    answer(rq, r, &p);
}

void emu_key_versions(struct emu_request *rq, struct emu_reply *r)
{
    struct page p = {versions, NULL, 1, 0, {NULL, 0}};
    struct emu_version v;
    char path[EMU_NAME_SIZE + 32];

    if (!emu_key_find(rq, r, &v))
        return;
    emu_version_free(&v);
    snprintf(path, sizeof(path), "/keys/%s/versions", rq->name);
    p.path = path;
    answer(rq, r, &p);
}
