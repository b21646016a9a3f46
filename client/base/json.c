/* SPDX-License-Identifier: MIT
 *
 * json-c behind limits.  It must never accept more than one value, nor hand
 * out a string that C code would read shorter than it is.
 */
#include "base/json.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/printbuf.h>
#include <openssl/crypto.h>

#include "base/base64url.h"
#include "base/text.h"

enum { depth_max = 32 };

static int is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* json-c reads comments and values that JSON does not have (NaN, Infinity)
 * even when strict; outside of strings only these can hold the characters.
 * *octets gets all bits of the text. */
static int is_plain_json(const unsigned char *text, size_t size,
                         unsigned char *octets)
{
    unsigned char all = 0;
    int in_string = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        unsigned char c = text[i];

        all |= c;
        if (in_string) {
            if (c < 0x20)
                return 0;
            if (c == '\\' && ++i < size)
                all |= text[i];
            else if (c == '"')
                in_string = 0;
        } else if (c == '"') {
            in_string = 1;
        } else if (c == '/' || c == 'N' || c == 'I' || c == '\'') {
            return 0;
        }
    }
    *octets = all;
    return 1;
}

/* json-c's own look lets overlong forms and surrogates pass. */
static int is_utf8(const char *text, size_t size)
{
    size_t i = 0, length;
    uint32_t code;

    /* Behind a last octet of ASCII no sequence reads on. */
    if ((unsigned char)text[size - 1] > 0x7f)
        return 0;
    while (i < size && (length = mhsmi_text_character(text + i, &code)) != 0)
        i += length;
    return i == size;
}

/* ASCII is UTF-8 without a look. json-c 0.18 calls every octet over 0x7f a
 * control character when strict (json-c #892); there, such a text is parsed
 * without that flag. */
static int strictness(unsigned char octets)
{
    enum { release_0_18 = 0x1200 };

    if (octets <= 0x7f)
        return JSON_TOKENER_STRICT;
    if ((json_c_version_num() & ~0xff) == release_0_18)
        return JSON_TOKENER_VALIDATE_UTF8;
    return JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8;
}

/* One is kept, by no thread in particular. */
static _Atomic(struct json_tokener *) spare;
enum { spare_size_max = 4096 };

static struct json_tokener *take_tokener(void)
{
    struct json_tokener *tokener = atomic_exchange(&spare, NULL);

    return tokener != NULL ? tokener : json_tokener_new_ex(depth_max);
}

/* After a failure it may hold more than a reset takes away. */
static void put_tokener(struct json_tokener *tokener, int failed)
{
    struct json_tokener *none = NULL;
    int size = tokener->pb != NULL ? tokener->pb->size : 0;

    /* json-c keeps the last token, perhaps a secret, in its scratch buffer. */
    if (size != 0 && tokener->pb->buf != NULL)
        explicit_bzero(tokener->pb->buf, (size_t)size);
    json_tokener_reset(tokener);
    if (failed || size > spare_size_max ||
        !atomic_compare_exchange_strong(&spare, &none, tokener))
        json_tokener_free(tokener);
}

__attribute__((destructor)) static void free_spare(void)
{
    struct json_tokener *tokener = atomic_exchange(&spare, NULL);

    if (tokener != NULL)
        json_tokener_free(tokener);
}

/* The last octet may be a NUL. */
static struct json_object *parse_text(const char *text, size_t size, int flags)
{
    struct json_tokener *tokener = take_tokener();
    struct json_object *value;

    if (tokener == NULL)
        return NULL;
    json_tokener_set_flags(tokener, flags);
    value = json_tokener_parse_ex(tokener, text, (int)size);
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        json_tokener_get_parse_end(tokener) + (text[size - 1] == 0) < size) {
        json_object_put(value);
        value = NULL;
    }
    put_tokener(tokener, value == NULL);
    return value;
}

struct json_object *mhsmi_json_parse(const void *text, size_t size)
{
    const unsigned char *from = text;
    struct json_object *value;
    unsigned char octets;
    char *copy;

    while (size != 0 && is_space(from[size - 1]))
        size--;
    if (size == 0 || size >= INT_MAX || memchr(from, 0, size) != NULL ||
        !is_plain_json(from, size, &octets) ||
        (octets > 0x7f && !is_utf8(text, size)))
        return NULL;
    if (from[size - 1] == '}' || from[size - 1] == ']')
        return parse_text(text, size, strictness(octets));
    /* The terminating NUL is what tells json-c that a number has ended. */
    copy = mhsmi_alloc(size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, from, size);
    value = parse_text(copy, size + 1, strictness(octets));
    mhsmi_free_secret(copy, size);
    return value;
}

static struct json_object *member(struct json_object *object, const char *name,
                                  enum json_type type)
{
    struct json_object *value = NULL;

    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, type))
        return NULL;
    return value;
}

struct json_object *mhsmi_json_object(struct json_object *object,
                                      const char *name)
{
    return member(object, name, json_type_object);
}

struct json_object *mhsmi_json_array(struct json_object *object,
                                     const char *name)
{
    return member(object, name, json_type_array);
}

const char *mhsmi_json_string(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name, json_type_string);
    const char *text;

    if (value == NULL)
        return NULL;
    text = json_object_get_string(value);
    if (text == NULL ||
        strlen(text) != (size_t)json_object_get_string_len(value))
        return NULL;
    return text;
}

int mhsmi_json_bool(struct json_object *object, const char *name, int fallback)
{
    struct json_object *value = member(object, name, json_type_boolean);

    return value == NULL ? fallback : json_object_get_boolean(value) != 0;
}

int64_t mhsmi_json_int(struct json_object *object, const char *name,
                       int64_t fallback)
{
    struct json_object *value = member(object, name, json_type_int);
    const char *text, *digits;
    char *end = NULL;
    long long number;

    if (value != NULL)
        return json_object_get_int64(value);
    text = mhsmi_json_string(object, name);
    if (text == NULL)
        return fallback;
    digits = *text == '-' ? text + 1 : text;
    if (*digits < '0' || *digits > '9')
        return fallback;
    errno = 0;
    number = strtoll(text, &end, 10);
    return errno != 0 || *end != 0 ? fallback : (int64_t)number;
}

int mhsmi_json_octets(struct json_object *object, const char *name,
                      struct mhsmi_buf *out)
{
    const char *text = mhsmi_json_string(object, name);

    return text != NULL && mhsmi_base64url_decode(out, text, strlen(text));
}

int mhsmi_json_add(struct json_object *object, const char *name,
                   struct json_object *value)
{
    if (value == NULL)
        return 0;
    if (!json_object_is_type(object, json_type_object) ||
        json_object_object_add(object, name, value) != 0) {
        json_object_put(value);
        return 0;
    }
    return 1;
}

int mhsmi_json_add_string(struct json_object *object, const char *name,
                          const char *value)
{
    return mhsmi_json_add(object, name, json_object_new_string(value));
}

int mhsmi_json_add_octets(struct json_object *object, const char *name,
                          const void *data, size_t size)
{
    struct mhsmi_buf text;
    int ok;

    mhsmi_buf_init(&text, INT_MAX - 1);
    ok = mhsmi_base64url_encode(&text, data, size) &&
         mhsmi_json_add(
             object, name,
             json_object_new_string_len(mhsmi_buf_text(&text), (int)text.size));
    mhsmi_buf_clear(&text);
    return ok;
}

/* One character, as most writers of JSON put it. */
static int quote(struct mhsmi_buf *out, uint32_t code)
{
    static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    const char *found =
        code < 0x80 && code != 0 ? strchr(plain, (int)code) : NULL;

    if (found != NULL)
        return mhsmi_buf_printf(out, "\\%c", letters[found - plain]);
    if (code >= 0x20 && code < 0x7f)
        return mhsmi_buf_printf(out, "%c", (int)code);
    if (code > 0xffff)
        return mhsmi_buf_printf(out, "\\u%04x\\u%04x",
                                (unsigned int)(0xd7c0 + (code >> 10)),
                                (unsigned int)(0xdc00 + (code & 0x3ff)));
    return mhsmi_buf_printf(out, "\\u%04x", (unsigned int)code);
}

int mhsmi_json_quote(struct mhsmi_buf *out, const char *text)
{
    int ok = mhsmi_buf_puts(out, "\"");

    while (ok && *text != 0) {
        uint32_t code = 0;
        size_t size = mhsmi_text_character(text, &code);

        ok = size != 0 && quote(out, code);
        text += size;
    }
    return ok && mhsmi_buf_puts(out, "\"");
}

/* json-c lends its own string as const; there is no other way to reach it. */
static void wipe_string(struct json_object *value)
{
    union {
        const char *lent;
        char *own;
    } text;

    text.lent = json_object_get_string(value);
    if (text.lent != NULL)
        OPENSSL_cleanse(text.own, (size_t)json_object_get_string_len(value));
}

static void wipe(struct json_object *value)
{
    size_t i;

    if (json_object_is_type(value, json_type_string)) {
        wipe_string(value);
    } else if (json_object_is_type(value, json_type_array)) {
        for (i = 0; i < json_object_array_length(value); i++)
            wipe(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        struct json_object_iterator at = json_object_iter_begin(value);
        struct json_object_iterator end = json_object_iter_end(value);

        while (!json_object_iter_equal(&at, &end)) {
            wipe(json_object_iter_peek_value(&at));
            json_object_iter_next(&at);
        }
    }
}

void mhsmi_json_wipe(struct json_object *object)
{
    if (object == NULL)
        return;
    wipe(object);
    json_object_put(object);
}
