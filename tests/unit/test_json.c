/* SPDX-License-Identifier: MIT
 *
 * JSON: what is refused, typed reads, and wiping.
 */
#include "base/json.h"

#include <stdint.h>
#include <string.h>

#include "check.h"

static struct json_object *parse(const char *text)
{
    return mhsmi_json_parse(text, strlen(text));
}

static void test_refusals(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "{}x",
        "{} {}",
        "{\"a\":1,}",
        "[1,]",
        "{'a':1}",
        "nul",
        "NaN",
        "[NaN]",
        "[Infinity]",
        "[-Infinity]",
        "{\"a\" 1}",
        "/* c */{}",
        "{}// c",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\xc1\x88\"}",
        "{\"a\":\"\xe0\x80\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "\"\xc3\xa9",
        "\"\xc3\xa9\xc3",
        "\"a",
        "[01]",
        "{\"a\":\"x\ny\"}",
        "truex",
        "[1 2]",
        "{a:1}",
        "[\"\\x\"]",
    };
    char deep[128] = "";
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct json_object *value = parse(bad[i]);

        if (value != NULL)
            (void)fprintf(stderr, "accepted: %s\n", bad[i]);
        CHECK(value == NULL);
        json_object_put(value);
    }
    CHECK(mhsmi_json_parse("{}\0", 3) == NULL);
    CHECK(mhsmi_json_parse("{\"a\":\"\0\"}", 9) == NULL);
    memset(deep, '[', 40);
    memset(deep + 40, ']', 40);
    CHECK(parse(deep) == NULL);
}

static void test_accepted(void)
{
    static const char *const good[] = {
        "{}",
        " {} \r\n\t",
        "[]",
        "1",
        "-1.5e3",
        "\"x\"",
        "true",
        "[null]",
        "{\"a\":\"/ N I ' \\\" \\\\\"}",
        "{\"a\":[1,{\"b\":null}]}",
        "[\"\\u00e9\\ud83d\\udd11\"]",
    };
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct json_object *value = parse(good[i]);

        if (value == NULL)
            (void)fprintf(stderr, "refused: %s\n", good[i]);
        CHECK(value != NULL);
        json_object_put(value);
    }
    {
        /* Not NUL-terminated: reads no further than it was told. */
        char text[4] = {'1', '2', '3', '4'};
        struct json_object *value = mhsmi_json_parse(text, 3);

        CHECK(json_object_get_int(value) == 123);
        json_object_put(value);
    }
}

static void test_reads(void)
{
    struct json_object *o = parse(
        "{\"s\":\"text\",\"z\":\"a\\u0000b\",\"n\":42,\"d\":1.5,\"t\":true,"
        "\"digits\":\"3599\",\"minus\":\"-5\",\"junk\":\"12x\",\"space\":\" "
        "1\","
        "\"far\":\"99999999999999999999\",\"o\":{\"x\":1},\"a\":[1,2],"
        "\"null\":null,\"b64\":\"Zm9v\",\"bad64\":\"Zm9=\",\"empty\":\"\"}");
    struct mhsmi_buf buf;

    CHECK_FATAL(o != NULL);
    CHECK_TEXT(mhsmi_json_string(o, "s"), "text");
    CHECK(mhsmi_json_string(o, "z") == NULL);
    CHECK(mhsmi_json_string(o, "n") == NULL);
    CHECK(mhsmi_json_string(o, "null") == NULL);
    CHECK(mhsmi_json_string(o, "absent") == NULL);
    CHECK(mhsmi_json_string(NULL, "s") == NULL);
    CHECK(mhsmi_json_int(o, "n", -1) == 42);
    CHECK(mhsmi_json_int(o, "digits", -1) == 3599);
    CHECK(mhsmi_json_int(o, "minus", 0) == -5);
    CHECK(mhsmi_json_int(o, "junk", -1) == -1);
    CHECK(mhsmi_json_int(o, "space", -1) == -1);
    CHECK(mhsmi_json_int(o, "far", -1) == -1);
    CHECK(mhsmi_json_int(o, "empty", -1) == -1);
    CHECK(mhsmi_json_int(o, "d", -1) == -1);
    CHECK(mhsmi_json_int(o, "t", -1) == -1);
    CHECK(mhsmi_json_bool(o, "t", 0) == 1);
    CHECK(mhsmi_json_bool(o, "n", 7) == 7);
    CHECK(mhsmi_json_int(mhsmi_json_object(o, "o"), "x", 0) == 1);
    CHECK(mhsmi_json_object(o, "a") == NULL);
    CHECK(json_object_array_length(mhsmi_json_array(o, "a")) == 2);
    CHECK(mhsmi_json_array(o, "o") == NULL);
    CHECK(mhsmi_json_object(mhsmi_json_array(o, "a"), "x") == NULL);

    mhsmi_buf_init(&buf, 100);
    CHECK(mhsmi_json_octets(o, "b64", &buf) == 1);
    CHECK_TEXT(mhsmi_buf_text(&buf), "foo");
    CHECK(mhsmi_json_octets(o, "bad64", &buf) == 0);
    CHECK(mhsmi_json_octets(o, "n", &buf) == 0);
    CHECK(mhsmi_json_octets(o, "absent", &buf) == 0);
    CHECK(mhsmi_json_octets(o, "empty", &buf) == 1);
    CHECK(buf.size == 3);
    mhsmi_buf_clear(&buf);
    json_object_put(o);
}

static void test_adds(void)
{
    struct json_object *o = json_object_new_object();
    struct json_object *list = json_object_new_array();

    CHECK(mhsmi_json_add_string(o, "s", "v\"") == 1);
    CHECK(mhsmi_json_add_octets(o, "b", "\xff\xff", 2) == 1);
    CHECK(mhsmi_json_add_octets(o, "e", NULL, 0) == 1);
    CHECK(mhsmi_json_add(o, "n", json_object_new_int(5)) == 1);
    CHECK(mhsmi_json_add(o, "none", NULL) == 0);
    CHECK(mhsmi_json_add(list, "x", json_object_new_int(5)) == 0);
    CHECK(mhsmi_json_add(NULL, "x", json_object_new_int(5)) == 0);
    CHECK_TEXT(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
               "{\"s\":\"v\\\"\",\"b\":\"__8\",\"e\":\"\",\"n\":5}");
    json_object_put(list);
    json_object_put(o);
}

static void test_wipe(void)
{
    struct json_object *o = parse(
        "{\"k\":\"secret-one\",\"l\":[{\"d\":\"secret-two, long enough to "
        "live in a block of its own, outside of the object\"},null,3]}");
    struct json_object *first, *second;

    CHECK_FATAL(o != NULL);
    CHECK_FATAL(json_object_object_get_ex(o, "k", &first));
    second = json_object_array_get_idx(mhsmi_json_array(o, "l"), 0);
    CHECK_FATAL(json_object_object_get_ex(second, "d", &second));
    json_object_get(first);
    json_object_get(second);
    mhsmi_json_wipe(o);
    CHECK_TEXT(json_object_get_string(first), "");
    CHECK_TEXT(json_object_get_string(second), "");
    CHECK(json_object_get_string(second)[5] == 0);
    json_object_put(first);
    json_object_put(second);
    mhsmi_json_wipe(NULL);
}

int main(void)
{
    static const struct check checks[] = {
        {"refusals", test_refusals}, {"accepted", test_accepted},
        {"reads", test_reads},       {"adds", test_adds},
        {"wipe", test_wipe},         {NULL, NULL},
    };

    return check_main("json", checks);
}
