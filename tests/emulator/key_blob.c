/* SPDX-License-Identifier: MIT
 *
 * A key as backups hold it. What is sealed opens only in an HSM of the same
 * security domain.
 */
#include "key_blob.h"

#include "domain.h"
#include "json.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_NAME "backup-protection-key"

/* Numbers and texts of a version, by the names they have in a blob. */
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"bits", offsetof(struct emu_version, bits)},
    {"nbf", offsetof(struct emu_version, nbf)},
    {"exp", offsetof(struct emu_version, exp)},
    {"created", offsetof(struct emu_version, created)},
    {"updated", offsetof(struct emu_version, updated)},
    {"software", offsetof(struct emu_version, software)},
};
static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    {"public", offsetof(struct emu_version, public_jwk)},
    {"tags", offsetof(struct emu_version, tags)},
    {"release_policy", offsetof(struct emu_version, release_policy)},
};

static struct json_object *write_version(const struct emu_version *v)
{
    struct json_object *o = json_object_new_object();
    size_t i;
    int ok =
        emu_json_add_string(o, "version", v->version) &&
        emu_json_add_int(o, "kty", v->kty) &&
        emu_json_add_string(o, "crv", v->crv) &&
        emu_json_add_int(o, "ops", v->ops) &&
        emu_json_add_int(o, "enabled", v->enabled) &&
        emu_json_add_int(o, "exportable", v->exportable) &&
        emu_json_add_bytes(o, "material", v->material.data, v->material.len);

    for (i = 0; ok && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        ok = emu_json_add_int(
            o, numbers[i].name,
            *(const int64_t *)(const void *)((const char *)v +
                                             numbers[i].offset));
    for (i = 0; ok && i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *text =
            *(char *const *)(const void *)((const char *)v + texts[i].offset);

        if (text != NULL)
            ok = emu_json_add_string(o, texts[i].name, text);
    }
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

static int read_version(struct json_object *o, struct emu_version *v)
{
    const char *version = emu_json_string(o, "version");
    const char *crv = emu_json_string(o, "crv");
    const char *material = emu_json_string(o, "material");
    int64_t kty = -1, ops = 0, enabled = 0, exportable = 0;
    size_t i;

    if (version == NULL || strlen(version) != EMU_VERSION_SIZE - 1 ||
        crv == NULL || material == NULL || emu_json_int(o, "kty", &kty) != 1 ||
        kty < 0 || kty >= EMU_KTY_COUNT || emu_json_int(o, "ops", &ops) != 1 ||
        emu_json_int(o, "enabled", &enabled) != 1 ||
        emu_json_int(o, "exportable", &exportable) != 1 ||
        !emu_base64url_decode(material, EMU_KEY_BLOB_MAX, &v->material))
        return 0;
    snprintf(v->version, sizeof(v->version), "%s", version);
    snprintf(v->crv, sizeof(v->crv), "%s", crv);
    v->kty = (enum emu_kty)kty;
    v->ops = (unsigned)ops;
    v->enabled = (int)enabled;
    v->exportable = (int)exportable;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (emu_json_int(o, numbers[i].name,
                         (int64_t *)(void *)((char *)v + numbers[i].offset)) <
            0)
            return 0;
    }
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *text = emu_json_string(o, texts[i].name);

        if (text != NULL)
            *(char **)(void *)((char *)v + texts[i].offset) = strdup(text);
    }
    return v->public_jwk != NULL;
}

struct json_object *emu_key_blob_make(struct emu_store *s, const char *name)
{
    static const char sql[] = "SELECT " EMU_VERSION_COLUMNS
                              " FROM keys k JOIN versions v ON v.key=k.id"
                              " WHERE k.name=?1 ORDER BY v.seq";
    struct json_object *o = json_object_new_object();
    struct json_object *list = json_object_new_array(), *one;
    struct emu_version v;
    sqlite3_stmt *row;
    int step = SQLITE_ERROR, ok = list != NULL;

    emu_store_lock(s);
    row = emu_store_query(s, sql, "t", name);
    while (ok && row != NULL && (step = sqlite3_step(row)) == SQLITE_ROW) {
        ok = emu_keystore_read(row, &v);
        if (!ok)
            break;
        one = write_version(&v);
        ok = one != NULL && json_object_array_add(list, one) == 0;
        emu_version_free(&v);
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    ok = ok && step == SQLITE_DONE;
    ok = emu_json_add_string(o, "name", name) && ok;
    ok = emu_json_add(o, "versions", list) && ok;
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

char *emu_key_blob_seal(struct emu_store *s, struct json_object *o)
{
    unsigned char key[EMU_SEAL_KEY];
    struct emu_bytes plain = {NULL, 0};
    char *text = o == NULL ? NULL : emu_json_text(o), *sealed = NULL;

    json_object_put(o);
    if (text != NULL && emu_bytes_set(&plain, text, strlen(text)) &&
        emu_domain_key(s, KEY_NAME, key))
        sealed = emu_seal(key, KEY_NAME, &plain);
    OPENSSL_cleanse(key, sizeof(key));
    emu_text_free(text);
    emu_bytes_free(&plain);
    return sealed;
}

struct json_object *emu_key_blob_open(struct emu_store *s, const char *sealed)
{
    unsigned char key[EMU_SEAL_KEY];
    struct emu_bytes plain = {NULL, 0};
    struct json_object *o = NULL;

    if (emu_domain_key(s, KEY_NAME, key) &&
        emu_unseal(key, KEY_NAME, sealed, &plain))
        o = emu_json_parse(plain.data, plain.len);
    OPENSSL_cleanse(key, sizeof(key));
    emu_bytes_free(&plain);
    return o;
}

int emu_key_blob_store(struct emu_store *s, struct json_object *o,
                       struct emu_version *v)
{
    struct json_object *list = emu_json_member(o, "versions");
    const char *name = emu_json_string(o, "name");
    size_t i, count = 0;

    if (name != NULL && json_object_is_type(list, json_type_array))
        count = json_object_array_length(list);
    for (i = 0; i < count; i++) {
        emu_version_free(v);
        snprintf(v->name, sizeof(v->name), "%s", name);
        if (!read_version(json_object_array_get_idx(list, i), v) ||
            !emu_keystore_add(s, v))
            return 0;
    }
    return count != 0;
}
