/* SPDX-License-Identifier: MIT
 *
 * Parsing of request targets. The path is split before it is decoded, so an
 * encoded slash never makes a new segment; no decoded text ever holds a NUL.
 */
#include "uri.h"

#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    int value;

    if (at == NULL)
        return -1;
    value = (int)(at - digits);
    return value > 15 ? value - 6 : value;
}

int emu_uri_decode(char *text, int plus)
{
    char *out = text;

    while (*text != '\0') {
        if (*text == '%') {
            int high = digit(text[1]);
            int low = high < 0 ? -1 : digit(text[2]);

            if (low < 0 || (high == 0 && low == 0))
                return 0;
            *out++ = (char)(high << 4 | low);
            text += 3;
        } else if (*text == '+' && plus) {
            *out++ = ' ';
            text++;
        } else {
            *out++ = *text++;
        }
    }
    *out = '\0';
    return 1;
}

static int add_segment(struct emu_uri *uri, char *text)
{
    if (uri->segment_count == EMU_SEGMENTS_MAX || !emu_uri_decode(text, 0))
        return 0;
    uri->segments[uri->segment_count++] = text;
    return 1;
}

static int split_path(struct emu_uri *uri, char *path)
{
    char *slash;

    while (*path == '/')
        path++;
    while ((slash = strchr(path, '/')) != NULL) {
        *slash = '\0';
        if (!add_segment(uri, path))
            return 0;
        path = slash + 1;
    }
    return *path == '\0' || add_segment(uri, path);
}

static int split_query(struct emu_uri *uri, char *query)
{
    while (query != NULL && *query != '\0') {
        char *next = strchr(query, '&');
        char *value;

        if (next != NULL)
            *next++ = '\0';
        value = strchr(query, '=');
        if (value != NULL)
            *value++ = '\0';
        else
            value = query + strlen(query);
        if (uri->parameter_count == EMU_PARAMETERS_MAX ||
            !emu_uri_decode(query, 1) || !emu_uri_decode(value, 1))
            return 0;
        uri->names[uri->parameter_count] = query;
        uri->values[uri->parameter_count++] = value;
        query = next;
    }
    return 1;
}

int emu_uri_parse(struct emu_uri *uri, const char *target)
{
    char *query;

    memset(uri, 0, sizeof(*uri));
    if (target == NULL || target[0] != '/')
        return 0;
    uri->text = strdup(target);
    if (uri->text == NULL)
        return 0;
    query = strchr(uri->text, '?');
    if (query != NULL)
        *query++ = '\0';
    if (split_path(uri, uri->text) && split_query(uri, query))
        return 1;
    emu_uri_free(uri);
    return 0;
}

const char *emu_uri_parameter(const struct emu_uri *uri, const char *name)
{
    size_t i;

    for (i = 0; i < uri->parameter_count; i++) {
        if (strcmp(uri->names[i], name) == 0)
            return uri->values[i];
    }
    return NULL;
}

void emu_uri_free(struct emu_uri *uri)
{
    free(uri->text);
    memset(uri, 0, sizeof(*uri));
}
