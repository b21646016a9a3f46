/* SPDX-License-Identifier: MIT
 *
 * SQLite: opening, schema, statements with bound values. SQL text is constant
 * everywhere; a value never becomes part of it.
 */
#include "store.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct emu_store {
    sqlite3 *db;
    pthread_mutex_t lock;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta("
    " name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS principals("
    " oid TEXT PRIMARY KEY, client_id TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL, secret TEXT) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS proofs("
    " oid TEXT NOT NULL, proof TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS assertions("
    " oid TEXT NOT NULL, jti TEXT NOT NULL, signature TEXT NOT NULL,"
    " PRIMARY KEY(oid, jti)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS definitions("
    " name TEXT PRIMARY KEY, properties TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS assignments("
    " name TEXT PRIMARY KEY, role TEXT NOT NULL, principal TEXT NOT NULL,"
    " scope TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS assignments_principal"
    " ON assignments(principal);"
    "CREATE TABLE IF NOT EXISTS keys("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " deleted INTEGER NOT NULL DEFAULT 0, purge INTEGER NOT NULL DEFAULT 0,"
    " policy TEXT);"
    "CREATE TABLE IF NOT EXISTS versions("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " key INTEGER NOT NULL REFERENCES keys(id) ON DELETE CASCADE,"
    " version TEXT NOT NULL UNIQUE, kty INTEGER NOT NULL, crv TEXT,"
    " bits INTEGER NOT NULL, material BLOB NOT NULL, public TEXT NOT NULL,"
    " ops INTEGER NOT NULL, enabled INTEGER NOT NULL,"
    " exportable INTEGER NOT NULL, nbf INTEGER NOT NULL, exp INTEGER NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, tags TEXT,"
    " release_policy TEXT, software INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX IF NOT EXISTS versions_key ON versions(key, seq);"
    "CREATE TABLE IF NOT EXISTS domain("
    " seq INTEGER PRIMARY KEY, tag TEXT NOT NULL UNIQUE, datum BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS jobs("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " backup INTEGER NOT NULL, status TEXT NOT NULL, started INTEGER NOT NULL,"
    " ended INTEGER, code TEXT, message TEXT, folder TEXT);"
    "CREATE TABLE IF NOT EXISTS settings("
    " name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    /* The management plane's, in the first HSM's state. */
    "CREATE TABLE IF NOT EXISTS contributors("
    " oid TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS identities("
    " id TEXT PRIMARY KEY COLLATE NOCASE, oid TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS resource_groups("
    " name TEXT PRIMARY KEY COLLATE NOCASE, location TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS resources("
    " name TEXT PRIMARY KEY COLLATE NOCASE, grp TEXT NOT NULL,"
    " location TEXT NOT NULL, document TEXT NOT NULL, port INTEGER NOT NULL,"
    " created INTEGER NOT NULL, deleted INTEGER NOT NULL,"
    " operation TEXT NOT NULL, work INTEGER NOT NULL, until INTEGER NOT NULL,"
    " failure TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS operations("
    " id TEXT PRIMARY KEY, name TEXT NOT NULL, work INTEGER NOT NULL,"
    " until INTEGER NOT NULL, failure TEXT NOT NULL,"
    " created INTEGER NOT NULL) WITHOUT ROWID;";

static int execute(struct emu_store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Folders of before there were Key Vaults lack a column. */
static int upgrade(struct emu_store *s)
{
    sqlite3_stmt *row = emu_store_query(
        s, "SELECT 1 FROM pragma_table_info('versions') WHERE name='software'",
        "");
    int step = row == NULL ? SQLITE_ERROR : sqlite3_step(row);

    sqlite3_finalize(row);
    if (step == SQLITE_DONE)
        return execute(s, "ALTER TABLE versions ADD COLUMN"
                          " software INTEGER NOT NULL DEFAULT 0");
    return step == SQLITE_ROW;
}

int emu_store_open(struct emu_store **out, const char *path)
{
    struct emu_store *s = calloc(1, sizeof(*s));
    pthread_mutexattr_t recursive;

    if (s == NULL)
        return 0;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    if (sqlite3_open_v2(path == NULL ? ":memory:" : path, &s->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                            SQLITE_OPEN_FULLMUTEX,
                        NULL) != SQLITE_OK ||
        (path != NULL && chmod(path, 0600) != 0) ||
        !execute(s, "PRAGMA journal_mode=WAL") ||
        !execute(s, "PRAGMA synchronous=FULL") ||
        !execute(s, "PRAGMA foreign_keys=ON") ||
        !execute(s, "PRAGMA secure_delete=ON") || !execute(s, schema) ||
        !upgrade(s)) {
        emu_store_free(s);
        return 0;
    }
    *out = s;
    return 1;
}

void emu_store_free(struct emu_store *s)
{
    if (s == NULL)
        return;
    sqlite3_close_v2(s->db);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void emu_store_lock(struct emu_store *s)
{
    pthread_mutex_lock(&s->lock);
}

void emu_store_unlock(struct emu_store *s)
{
    pthread_mutex_unlock(&s->lock);
}

int emu_store_begin(struct emu_store *s)
{
    emu_store_lock(s);
    if (execute(s, "BEGIN IMMEDIATE"))
        return 1;
    emu_store_unlock(s);
    return 0;
}

int emu_store_end(struct emu_store *s, int ok)
{
    ok = ok && execute(s, "COMMIT");
    if (!ok)
        execute(s, "ROLLBACK");
    emu_store_unlock(s);
    return ok;
}

/* A va_list inside a structure can be passed on by address everywhere. */
struct values {
    va_list list;
};

static int bind_one(sqlite3_stmt *row, int at, char type, struct values *v)
{
    const struct emu_bytes *b;

    switch (type) {
    case 't':
        return sqlite3_bind_text(row, at, va_arg(v->list, const char *), -1,
                                 SQLITE_TRANSIENT);
    case 'i':
        return sqlite3_bind_int64(row, at, va_arg(v->list, int64_t));
    case 'b':
        b = va_arg(v->list, const struct emu_bytes *);
        return sqlite3_bind_blob64(row, at, b->data, b->len, SQLITE_TRANSIENT);
    default:
        return SQLITE_MISUSE;
    }
}

static sqlite3_stmt *prepare(struct emu_store *s, const char *sql,
                             const char *types, struct values *v)
{
    sqlite3_stmt *row = NULL;
    int i;

    if (sqlite3_prepare_v2(s->db, sql, -1, &row, NULL) != SQLITE_OK)
        return NULL;
    for (i = 0; types[i] != '\0'; i++) {
        if (bind_one(row, i + 1, types[i], v) != SQLITE_OK) {
            sqlite3_finalize(row);
            return NULL;
        }
    }
    return row;
}

sqlite3_stmt *emu_store_query(struct emu_store *s, const char *sql,
                              const char *types, ...)
{
    sqlite3_stmt *row;
    struct values v;

    va_start(v.list, types);
    row = prepare(s, sql, types, &v);
    va_end(v.list);
    return row;
}

int emu_store_run(struct emu_store *s, const char *sql, const char *types, ...)
{
    sqlite3_stmt *row;
    struct values v;
    int changed = -1;

    emu_store_lock(s);
    va_start(v.list, types);
    row = prepare(s, sql, types, &v);
    va_end(v.list);
    if (row != NULL && sqlite3_step(row) == SQLITE_DONE)
        changed = sqlite3_changes(s->db);
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return changed;
}

char *emu_store_text(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);

    return text == NULL ? NULL : strdup((const char *)text);
}

int emu_store_bytes(sqlite3_stmt *row, int column, struct emu_bytes *out)
{
    const void *data = sqlite3_column_blob(row, column);
    int len = sqlite3_column_bytes(row, column);

    return emu_bytes_set(out, data, (size_t)len);
}

int emu_store_get(struct emu_store *s, const char *name, struct emu_bytes *out)
{
    sqlite3_stmt *row;
    int found = -1, step;

    emu_store_lock(s);
    row = emu_store_query(s, "SELECT value FROM meta WHERE name=?1", "t", name);
    if (row != NULL) {
        step = sqlite3_step(row);
        if (step == SQLITE_ROW)
            found = emu_store_bytes(row, 0, out) ? 1 : -1;
        else if (step == SQLITE_DONE)
            found = 0;
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}

int emu_store_set(struct emu_store *s, const char *name, const void *data,
                  size_t len)
{
    struct emu_bytes value = {NULL, 0};
    int ok = emu_bytes_set(&value, data, len) &&
             emu_store_run(s, "INSERT OR REPLACE INTO meta VALUES(?1,?2)", "tb",
                           name, &value) == 1;

    emu_bytes_free(&value);
    return ok;
}
