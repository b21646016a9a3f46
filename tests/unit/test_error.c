/* SPDX-License-Identifier: MIT
 *
 * The error object: texts, completion, cleaning, NULL everywhere.
 */
#include "base/error.h"

#include <string.h>

#include "base/text.h"
#include "check.h"

static void test_null(void)
{
    mhsm_error *none = NULL;

    CHECK(mhsm_error_status(NULL) == MHSM_OK);
    CHECK(mhsm_error_http_status(NULL) == 0);
    CHECK_TEXT(mhsm_error_message(NULL), "");
    CHECK_TEXT(mhsm_error_hint(NULL), "");
    CHECK_TEXT(mhsm_error_code(NULL), "");
    CHECK_TEXT(mhsm_error_request_id(NULL), "");
    CHECK_TEXT(mhsm_error_text(NULL), "");
    mhsm_error_free(NULL);
    mhsm_error_free(&none);
    CHECK(mhsmi_error(NULL, MHSM_ERR_URI, "x") == MHSM_ERR_URI);
    CHECK(mhsmi_error_memory(NULL) == MHSM_ERR_MEMORY);
    mhsmi_error_set_hint(NULL, "x");
    mhsmi_error_set_hint(&none, "x");
    mhsmi_error_set_service(&none, 500, "a", "b");
    mhsmi_error_prefix(&none, "x");
    CHECK(none == NULL);
}

static void test_text(void)
{
    mhsm_error *err = NULL;

    CHECK(mhsmi_error(&err, MHSM_ERR_NOT_FOUND, "no key %s", "k1") ==
          MHSM_ERR_NOT_FOUND);
    CHECK_TEXT(mhsm_error_text(err), "no key k1");
    mhsmi_error_set_service(&err, 404, "KeyNotFound", "id-1");
    CHECK_TEXT(mhsm_error_text(err),
               "no key k1 (HTTP 404 KeyNotFound, request id id-1)");
    mhsmi_error_set_hint(&err, "create %s", "it");
    mhsmi_error_prefix(&err, "sign with key %s", "k1");
    CHECK_TEXT(mhsm_error_text(err),
               "sign with key k1: no key k1 (HTTP 404 "
               "KeyNotFound, request id id-1); create it");
    CHECK_TEXT(mhsm_error_message(err), "sign with key k1: no key k1");
    CHECK_TEXT(mhsm_error_hint(err), "create it");
    CHECK_TEXT(mhsm_error_code(err), "KeyNotFound");
    CHECK_TEXT(mhsm_error_request_id(err), "id-1");
    CHECK(mhsm_error_http_status(err) == 404);
    CHECK(mhsm_error_status(err) == MHSM_ERR_NOT_FOUND);

    mhsmi_error_set_service(&err, 500, NULL, NULL);
    mhsmi_error_set_hint(&err, "%s", "");
    CHECK_TEXT(mhsm_error_text(err), "sign with key k1: no key k1 (HTTP 500)");
    mhsmi_error_set_service(&err, 0, NULL, "id-2");
    CHECK_TEXT(mhsm_error_text(err),
               "sign with key k1: no key k1 (request id id-2)");
    mhsmi_error_set_service(&err, 0, "C", "id-2");
    CHECK_TEXT(mhsm_error_text(err),
               "sign with key k1: no key k1 (C, request id id-2)");

    /* A second error takes the place of the first, built from its text. */
    CHECK(mhsmi_error(&err, MHSM_ERR_URI, "%s!", mhsm_error_message(err)) ==
          MHSM_ERR_URI);
    CHECK_TEXT(mhsm_error_text(err), "sign with key k1: no key k1!");
    mhsm_error_free(&err);
    CHECK(err == NULL);
}

static void test_memory(void)
{
    mhsm_error *err = NULL;

    CHECK(mhsmi_error_memory(&err) == MHSM_ERR_MEMORY);
    CHECK(mhsm_error_status(err) == MHSM_ERR_MEMORY);
    mhsmi_error_set_hint(&err, "x");
    mhsmi_error_set_service(&err, 1, "x", "y");
    mhsmi_error_prefix(&err, "x");
    CHECK_TEXT(mhsm_error_text(err), "out of memory");
    mhsm_error_free(&err);
    CHECK(err == NULL);
}

static void test_clean(void)
{
    char long_text[5000];
    mhsm_error *err = NULL;

    CHECK(mhsmi_error(&err, MHSM_ERR_SERVICE, "%s", "a\r\nb\x1b[2J\x7f c\td") ==
          MHSM_ERR_SERVICE);
    CHECK_TEXT(mhsm_error_message(err), "a  b [2J  c d");
    mhsmi_error_set_service(&err, 400, "x\ny", "\xff\xc0\x80z");
    CHECK_TEXT(mhsm_error_code(err), "x y");
    CHECK_TEXT(mhsm_error_request_id(err), "???z");
    memset(long_text, 'm', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = 0;
    mhsmi_error_prefix(&err, "%s", long_text);
    CHECK(strlen(mhsm_error_message(err)) <= 2048);
    mhsmi_error_set_service(&err, 400, long_text, long_text);
    CHECK(strlen(mhsm_error_code(err)) == 2048);
    mhsm_error_free(&err);
}

static void clean(const char *from, size_t max, const char *to)
{
    char text[64] = "";

    memcpy(text, from, strlen(from) + 1);
    mhsmi_text_clean(text, max);
    CHECK_TEXT(text, to);
}

static void test_utf8(void)
{
    CHECK(mhsmi_text_is_utf8(""));
    CHECK(mhsmi_text_is_utf8("a\x1b \xc3\xbc\xe2\x82\xac\xf0\x9f\x94\x91"));
    CHECK(!mhsmi_text_is_utf8("caf\xe9"));
    CHECK(!mhsmi_text_is_utf8("\xe2\x82"));
    CHECK(!mhsmi_text_is_utf8("a\xc0\xaf"));
    clean("gr\xc3\xbc\xc3\x9f", 60, "gr\xc3\xbc\xc3\x9f");
    clean("\xe2\x82\xac\xf0\x9f\x94\x91", 60, "\xe2\x82\xac\xf0\x9f\x94\x91");
    clean("\xe2\x82\xac\xf0\x9f\x94\x91", 6, "\xe2\x82\xac"); /* cut whole */
    clean("a\xc2\x9b"
          "31m",
          60, "a  31m"); /* C1 control */
    clean("a\xe2\x80\xa8"
          "b",
          60, "a   b");                         /* line separator */
    clean("\xed\xa0\x80", 60, "???");           /* surrogate */
    clean("\xc1\x81\xe0\x80\x80", 60, "?????"); /* overlong */
    clean("\xf5\x80\x80\x80", 60, "????");      /* above U+10FFFF */
    clean("x\xe2\x82", 60, "x??");              /* cut off */
    clean("abc", 0, "");
}

static void test_names(void)
{
    int i, j, different = 1;

    for (i = MHSM_OK; i <= MHSM_ERR_INTERNAL; i++) {
        CHECK(*mhsm_status_name((mhsm_status)i) != 0);
        CHECK(strcmp(mhsm_status_name((mhsm_status)i), "unknown") != 0);
        for (j = 0; j < i; j++)
            different = different && strcmp(mhsm_status_name((mhsm_status)i),
                                            mhsm_status_name((mhsm_status)j));
    }
    CHECK(different);
    CHECK_TEXT(mhsm_status_name((mhsm_status)999), "unknown");
    CHECK_TEXT(mhsm_status_name(MHSM_ERR_NOT_FOUND), "not-found");
}

int main(void)
{
    static const struct check checks[] = {
        {"null", test_null},   {"text", test_text}, {"memory", test_memory},
        {"clean", test_clean}, {"utf8", test_utf8}, {"names", test_names},
        {NULL, NULL},
    };

    return check_main("error", checks);
}
