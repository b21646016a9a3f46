/* SPDX-License-Identifier: MIT
 *
 * The bounded buffer: limits, growth, unchanged content after a failure.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

static void test_empty(void)
{
    struct mhsmi_buf buf;
    size_t size = 7;

    mhsmi_buf_init(&buf, 10);
    CHECK_TEXT(mhsmi_buf_text(&buf), "");
    CHECK(mhsmi_buf_take(&buf, &size) == NULL);
    CHECK(size == 0);
    CHECK(mhsmi_buf_append(&buf, NULL, 0) == 1);
    CHECK_TEXT(mhsmi_buf_text(&buf), "");
    mhsmi_buf_clear(&buf);
    mhsmi_buf_clear(&buf);
}

static void test_maximum(void)
{
    struct mhsmi_buf buf;

    mhsmi_buf_init(&buf, 5);
    CHECK(mhsmi_buf_puts(&buf, "abc") == 1);
    CHECK(mhsmi_buf_puts(&buf, "def") == 0);
    CHECK(mhsmi_buf_printf(&buf, "%d", 123) == 0);
    CHECK_TEXT(mhsmi_buf_text(&buf), "abc");
    CHECK(mhsmi_buf_printf(&buf, "%d", 12) == 1);
    CHECK_TEXT(mhsmi_buf_text(&buf), "abc12");
    CHECK(mhsmi_buf_append(&buf, "", 0) == 1);
    CHECK(mhsmi_buf_append(&buf, "x", 1) == 0);
    CHECK(mhsmi_buf_reserve(&buf, SIZE_MAX) == 0);
    CHECK(buf.size == 5 && buf.data[5] == 0);
    mhsmi_buf_clear(&buf);
    CHECK(buf.size == 0 && buf.max == 5);

    mhsmi_buf_init(&buf, 0);
    CHECK(mhsmi_buf_append(&buf, "x", 1) == 0);
    CHECK(mhsmi_buf_append(&buf, "", 0) == 1);
    mhsmi_buf_clear(&buf);
    mhsmi_buf_init(&buf, SIZE_MAX);
    CHECK(mhsmi_buf_append(&buf, "x", 1) == 0);
    mhsmi_buf_init(&buf, SIZE_MAX - 1);
    CHECK(mhsmi_buf_reserve(&buf, SIZE_MAX - 1) == 0);
    CHECK(mhsmi_buf_append(&buf, "x", 1) == 1);
    mhsmi_buf_clear(&buf);
}

static void test_growth(void)
{
    struct mhsmi_buf buf;
    unsigned char *data;
    size_t i, size;
    int whole = 1;

    mhsmi_buf_init(&buf, 100000);
    for (i = 0; i < 100000; i++) {
        unsigned char octet = (unsigned char)(i * 7);

        CHECK_FATAL(mhsmi_buf_append(&buf, &octet, 1) == 1);
    }
    CHECK(buf.size == 100000);
    CHECK(mhsmi_buf_append(&buf, "x", 1) == 0);
    data = mhsmi_buf_take(&buf, &size);
    CHECK_FATAL(data != NULL && size == 100000);
    for (i = 0; i < size; i++)
        whole = whole && data[i] == (unsigned char)(i * 7);
    CHECK(whole);
    CHECK(data[size] == 0);
    CHECK(buf.data == NULL && buf.size == 0);
    mhsmi_free_secret(data, size);
}

static void test_reserve(void)
{
    struct mhsmi_buf buf;
    unsigned char *before;

    mhsmi_buf_init(&buf, 1000);
    CHECK(mhsmi_buf_puts(&buf, "head") == 1);
    CHECK(mhsmi_buf_reserve(&buf, 996) == 1);
    CHECK(mhsmi_buf_reserve(&buf, 997) == 0);
    before = buf.data;
    while (buf.size < 1000)
        CHECK_FATAL(mhsmi_buf_append(&buf, "y", 1) == 1);
    CHECK(buf.data == before);
    CHECK(memcmp(buf.data, "heady", 5) == 0);
    mhsmi_buf_clear(&buf);
}

static void test_texts(void)
{
    char *text = mhsmi_strdup("one");

    CHECK_TEXT(text, "one");
    mhsmi_free(text);
    text = mhsmi_strndup("abcdef", 3);
    CHECK_TEXT(text, "abc");
    mhsmi_free_secret_text(text);
    text = mhsmi_strndup("ab\0cd", 5);
    CHECK_TEXT(text, "ab");
    mhsmi_free(text);
    text = mhsmi_asprintf("%s-%d-%200s", "x", 7, "end");
    CHECK_FATAL(text != NULL);
    CHECK(strlen(text) == 204);
    mhsmi_free(text);
    text = mhsmi_asprintf("%s", "");
    CHECK_TEXT(text, "");
    mhsmi_free(text);
    text = mhsmi_alloc(0);
    CHECK(text != NULL);
    mhsmi_free(text);
    mhsmi_free(NULL);
    mhsmi_free_secret(NULL, 5);
    mhsmi_free_secret_text(NULL);
}

int main(void)
{
    static const struct check checks[] = {
        {"empty", test_empty},   {"maximum", test_maximum},
        {"growth", test_growth}, {"reserve", test_reserve},
        {"texts", test_texts},   {NULL, NULL},
    };

    return check_main("buf", checks);
}
