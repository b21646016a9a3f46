/* SPDX-License-Identifier: MIT
 *
 * Test vectors: the files below tests/data/security-domain.
 */
#ifndef MHSM_TESTS_UNIT_VECTORS_H
#define MHSM_TESTS_UNIT_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "check.h"

enum { VECTOR_MAX = 1024 * 1024 };

/* The whole file, to be cleared; a file that is not there fails the test. */
static inline void vector_read(struct mhsmi_buf *out, const char *name)
{
    const char *source = getenv("TEST_SOURCE");
    static char block[VECTOR_MAX];
    char path[512];
    size_t size;
    FILE *file;

    mhsmi_buf_init(out, VECTOR_MAX);
    CHECK_FATAL(source != NULL);
    (void)snprintf(path, sizeof(path), "%s/tests/data/security-domain/%s",
                   source, name);
    file = fopen(path, "rb");
    if (file == NULL)
        perror(path);
    CHECK_FATAL(file != NULL);
    size = fread(block, 1, sizeof(block), file);
    fclose(file);
    CHECK_FATAL(mhsmi_buf_append(out, block, size));
}

/* To be put. */
static inline struct json_object *vector_json(const char *name)
{
    struct json_object *object;
    struct mhsmi_buf text;

    vector_read(&text, name);
    object = mhsmi_json_parse(text.data, text.size);
    CHECK_FATAL(object != NULL);
    mhsmi_buf_clear(&text);
    return object;
}

/* Octets of text in hexadecimal; the count. */
static inline size_t from_hex(const char *text, unsigned char *out, size_t max)
{
    size_t size = strlen(text) / 2, i;

    CHECK_FATAL(size <= max);
    for (i = 0; i < size; i++) {
        unsigned int octet = 0;

        CHECK_FATAL(sscanf(text + 2 * i, "%2x", &octet) == 1);
        out[i] = (unsigned char)octet;
    }
    return size;
}

static inline size_t hex_member(struct json_object *object, const char *name,
                                unsigned char *out, size_t max)
{
    const char *text = mhsmi_json_string(object, name);

    CHECK_FATAL(text != NULL);
    return from_hex(text, out, max);
}

#endif
