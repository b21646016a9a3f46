/* SPDX-License-Identifier: MIT
 *
 * Parses WWW-Authenticate headers.  The header comes from whoever answered:
 * every part is bounded and checked against its character set.
 */
#include "auth/challenge.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/base64url.h"
#include "base/json.h"
#include "base/url.h"

enum { header_max = 8192, claims_max = 4096 };

struct cursor {
    const char *p;
};

static int is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip(struct cursor *cursor)
{
    while (*cursor->p == ' ' || *cursor->p == '\t' || *cursor->p == ',')
        cursor->p++;
}

/* `value` gets the text of a quoted string or of a bare word: 0 when the
 * quotes do not match. */
static int read_value(struct cursor *cursor, struct mhsmi_buf *value)
{
    const char *p = cursor->p;

    mhsmi_buf_clear(value);
    if (*p != '"') {
        size_t size = strcspn(p, " \t,\"");

        cursor->p = p + size;
        return size == 0 || mhsmi_buf_append(value, p, size);
    }
    for (p++; *p != '"'; p++) {
        if (*p == '\\')
            p++;
        if (*p == '\0' || !mhsmi_buf_append(value, p, 1))
            return 0;
    }
    cursor->p = p + 1;
    return 1;
}

static int is_tenant(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') ||
              (text[i] >= 'a' && text[i] <= 'z') ||
              (text[i] >= 'A' && text[i] <= 'Z') || text[i] == '-' ||
              text[i] == '.'))
            return 0;
    }
    return size != 0 && size <= 255 && text[0] != '.';
}

static int replace(char **text, const char *with, size_t size)
{
    char *copy = mhsmi_strndup(with, size);

    if (copy == NULL)
        return 0;
    mhsmi_free(*text);
    *text = copy;
    return 1;
}

/* The first segment of the path is the tenant. */
static int take_authorization(struct mhsmi_challenge *challenge,
                              const char *value)
{
    struct mhsmi_url url;
    size_t size;
    int ok;

    if (!mhsmi_url_parse(&url, value))
        return 0;
    size = url.path[0] == '/' ? strcspn(url.path + 1, "/") : 0;
    ok = size != 0 && is_tenant(url.path + 1, size) &&
         replace(&challenge->tenant, url.path + 1, size);
    mhsmi_url_clear(&url);
    return ok;
}

static int take_tenant(struct mhsmi_challenge *challenge, const char *value)
{
    return is_tenant(value, strlen(value)) &&
           replace(&challenge->tenant, value, strlen(value));
}

static int take_resource(struct mhsmi_challenge *challenge, const char *value)
{
    static const char suffix[] = "/.default";
    size_t size = strlen(value), tail = sizeof(suffix) - 1;
    struct mhsmi_url url;
    int ok;

    if (size > tail && strcmp(value + size - tail, suffix) == 0)
        size -= tail;
    while (size != 0 && value[size - 1] == '/')
        size--;
    if (size == 0 || !replace(&challenge->resource, value, size))
        return 0;
    ok = mhsmi_url_parse(&url, challenge->resource);
    if (!ok)
        return 0;
    ok = strcmp(url.scheme, "https") == 0 && url.path[0] == '\0' &&
         url.query == NULL;
    mhsmi_url_clear(&url);
    return ok;
}

/* base64 or base64url, padded or not, of JSON. */
static int take_claims(struct mhsmi_challenge *challenge, const char *value)
{
    struct mhsmi_buf decoded;
    struct json_object *json = NULL;
    size_t i, size = strlen(value);
    char *text = NULL;
    int ok = 0;

    mhsmi_buf_init(&decoded, claims_max);
    while (size != 0 && value[size - 1] == '=')
        size--;
    text = mhsmi_strndup(value, size);
    if (text == NULL)
        goto out;
    for (i = 0; i < size; i++) {
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
    if (!mhsmi_base64url_decode(&decoded, text, size))
        goto out;
    json = mhsmi_json_parse(decoded.data, decoded.size);
    ok = json_object_is_type(json, json_type_object) &&
         replace(&challenge->claims, mhsmi_buf_text(&decoded), decoded.size);
out:
    json_object_put(json);
    mhsmi_free(text);
    mhsmi_buf_clear(&decoded);
    return ok;
}

static int take_error(struct mhsmi_challenge *challenge, const char *value)
{
    size_t i, size = strlen(value);

    for (i = 0; i < size; i++) {
        if (value[i] < ' ' || value[i] > '~')
            return 0;
    }
    return size <= 80 && replace(&challenge->error, value, size);
}

static const struct {
    const char *name;
    int (*take)(struct mhsmi_challenge *challenge, const char *value);
} parameters[] = {
    {"authorization", take_authorization},
    {"authorization_uri", take_authorization},
    {"authorization_url", take_authorization},
    {"resource", take_resource},
    {"scope", take_resource},
    {"tenantId", take_tenant},
    {"tenant_id", take_tenant},
    {"claims", take_claims},
    {"error", take_error},
};

static int take(struct mhsmi_challenge *challenge, const char *name,
                size_t size, const char *value)
{
    size_t i;

    for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (strlen(parameters[i].name) != size ||
            OPENSSL_strncasecmp(parameters[i].name, name, size) != 0)
            continue;
        /* A scope beside the resource says the same less clearly. */
        if (strcmp(parameters[i].name, "scope") == 0 &&
            challenge->resource != NULL)
            return 1;
        return parameters[i].take(challenge, value);
    }
    return 1;
}

int mhsmi_challenge_parse(struct mhsmi_challenge *challenge, const char *header)
{
    struct cursor cursor = {header};
    struct mhsmi_buf value;
    const char *word;
    size_t size;
    int bearer = 0, found = 0, ok = 0;

    memset(challenge, 0, sizeof(*challenge));
    if (header == NULL || strnlen(header, header_max + 1) > header_max)
        return 0;
    mhsmi_buf_init(&value, header_max);
    for (skip(&cursor); *cursor.p != '\0'; skip(&cursor)) {
        word = cursor.p;
        while (is_token_char(*cursor.p))
            cursor.p++;
        size = (size_t)(cursor.p - word);
        if (size == 0)
            goto out;
        if (*cursor.p != '=') {
            /* A word alone names the scheme of the next challenge. */
            if (found && bearer)
                break;
            bearer = size == 6 && OPENSSL_strncasecmp(word, "Bearer", 6) == 0;
            found = found || bearer;
            continue;
        }
        cursor.p++;
        if (!read_value(&cursor, &value) ||
            (bearer && !take(challenge, word, size, mhsmi_buf_text(&value))))
            goto out;
    }
    ok = found;
out:
    mhsmi_buf_clear(&value);
    return ok;
}

void mhsmi_challenge_clear(struct mhsmi_challenge *challenge)
{
    mhsmi_free(challenge->tenant);
    mhsmi_free(challenge->resource);
    mhsmi_free(challenge->claims);
    mhsmi_free(challenge->error);
    memset(challenge, 0, sizeof(*challenge));
}

int mhsmi_challenge_covers(const char *resource, const char *endpoint)
{
    struct mhsmi_url parent, child;
    size_t host, suffix;
    int ok;

    if (!mhsmi_url_parse(&parent, resource))
        return 0;
    if (!mhsmi_url_parse(&child, endpoint)) {
        mhsmi_url_clear(&parent);
        return 0;
    }
    host = strlen(child.host);
    suffix = strlen(parent.host);
    /* The dot keeps evilmanagedhsm.azure.net out. */
    ok = strcmp(parent.scheme, "https") == 0 &&
         strcmp(child.scheme, "https") == 0 && host > suffix + 1 &&
         child.host[host - suffix - 1] == '.' &&
         strcmp(child.host + host - suffix, parent.host) == 0;
    mhsmi_url_clear(&parent);
    mhsmi_url_clear(&child);
    return ok;
}
