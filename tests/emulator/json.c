/* SPDX-License-Identifier: MIT
 *
 * Strict JSON in, sorted JSON out. No other file may hand request text to the
 * JSON parser, so depth and length stay bounded in one place.
 */
#include "json.h"

#include "bytes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 24

/* Strict; except that json-c 0.18 would then refuse all text that is not ASCII
 * (json-c #892). */
static int parser_flags(const unsigned char *text, size_t len)
{
    if ((json_c_version_num() >> 8) == 18)
        for (size_t i = 0; i < len; i++)
            if (text[i] > 0x7f)
                return JSON_TOKENER_VALIDATE_UTF8;
    return JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8;
}

struct json_object *emu_json_parse(const void *text, size_t len)
{
    struct json_tokener *parser = NULL;
    struct json_object *o = NULL;

    if (len == 0 || len > INT_MAX || memchr(text, '\0', len) != NULL)
        return NULL;
    parser = json_tokener_new_ex(MAX_DEPTH);
    if (parser == NULL)
        return NULL;
    json_tokener_set_flags(parser, parser_flags(text, len));
    o = json_tokener_parse_ex(parser, text, (int)len);
    if (json_tokener_get_error(parser) != json_tokener_success ||
        json_tokener_get_parse_end(parser) != len ||
        !json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        o = NULL;
    }
    json_tokener_free(parser);
    return o;
}

struct json_object *emu_json_member(struct json_object *o, const char *name)
{
    struct json_object *member = NULL;

    if (!json_object_is_type(o, json_type_object) ||
        !json_object_object_get_ex(o, name, &member))
        return NULL;
    return member;
}

const char *emu_json_string(struct json_object *o, const char *name)
{
    struct json_object *member = emu_json_member(o, name);
    const char *text;

    if (!json_object_is_type(member, json_type_string))
        return NULL;
    text = json_object_get_string(member);
    if (strlen(text) != (size_t)json_object_get_string_len(member))
        return NULL;
    return text;
}

int emu_json_int(struct json_object *o, const char *name, int64_t *value)
{
    struct json_object *member = emu_json_member(o, name);

    if (member == NULL)
        return 0;
    if (!json_object_is_type(member, json_type_int))
        return -1;
    *value = json_object_get_int64(member);
    return 1;
}

int emu_json_bool(struct json_object *o, const char *name, int *value)
{
    struct json_object *member = emu_json_member(o, name);

    if (member == NULL)
        return 0;
    if (!json_object_is_type(member, json_type_boolean))
        return -1;
    *value = json_object_get_boolean(member) ? 1 : 0;
    return 1;
}

int emu_json_add(struct json_object *o, const char *name,
                 struct json_object *taken)
{
    if (o == NULL || taken == NULL ||
        json_object_object_add(o, name, taken) != 0) {
        json_object_put(taken);
        return 0;
    }
    return 1;
}

int emu_json_add_string(struct json_object *o, const char *name,
                        const char *value)
{
    return emu_json_add(o, name, json_object_new_string(value));
}

int emu_json_add_int(struct json_object *o, const char *name, int64_t value)
{
    return emu_json_add(o, name, json_object_new_int64(value));
}

int emu_json_add_bytes(struct json_object *o, const char *name,
                       const void *data, size_t len)
{
    char *text = emu_base64url_encode(data, len);
    int ok = text != NULL && emu_json_add_string(o, name, text);

    emu_text_free(text);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static struct json_object *sorted(struct json_object *o);

static struct json_object *sorted_object(struct json_object *o)
{
    size_t count = (size_t)json_object_object_length(o), i = 0;
    struct json_object *copy = json_object_new_object();
    const char **names = calloc(count + 1, sizeof(*names));

    if (copy == NULL || names == NULL)
        goto out;
    json_object_object_foreach(o, name, value)
    {
        (void)value;
        names[i++] = name;
    }
    qsort(names, count, sizeof(*names), by_name);
    for (i = 0; i < count; i++)
        json_object_object_add(copy, names[i],
                               sorted(json_object_object_get(o, names[i])));
out:
    free(names);
    return copy;
}

/* Depth is bounded: what is sorted was parsed above or built by us. */
static struct json_object *sorted(struct json_object *o)
{
    struct json_object *copy;
    size_t i, count;

    if (json_object_is_type(o, json_type_object))
        return sorted_object(o);
    if (!json_object_is_type(o, json_type_array))
        return json_object_get(o);
    copy = json_object_new_array();
    count = json_object_array_length(o);
    for (i = 0; copy != NULL && i < count; i++)
        json_object_array_add(copy, sorted(json_object_array_get_idx(o, i)));
    return copy;
}

char *emu_json_text(struct json_object *o)
{
    struct json_object *copy = sorted(o);
    const char *text = NULL;
    char *result = NULL;

    if (copy != NULL)
        text = json_object_to_json_string_ext(
            copy, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text != NULL)
        result = strdup(text);
    json_object_put(copy);
    return result;
}
