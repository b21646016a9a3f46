/* SPDX-License-Identifier: MIT
 *
 * Request bodies: what is written is the JSON that was built, whatever the
 * strings hold.
 */
#include <string.h>

#include "auth/body.h"
#include "check.h"

static void round_trip(void)
{
    static const char *const texts[] = {
        "{}",
        "{\"a\":1,\"b\":true,\"c\":null,\"d\":\"x\",\"e\":[],\"f\":{}}",
        "[1,-2,9223372036854775807,[\"\",false]]",
        "\"quote \\\" back \\\\ tab \\t nul-less \\u0001 \xc3\xa9 / end\"",
        "{\"odd \\\" name\":\"v\"}",
        "7",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_object *in = mhsmi_json_parse(texts[i], strlen(texts[i]));
        struct json_object *out;
        struct mhsmi_buf text;

        CHECK_FATAL(in != NULL);
        mhsmi_buf_init(&text, MHSMI_BODY_MAX);
        CHECK(mhsmi_body_write(&text, in));
        out = mhsmi_json_parse(text.data, text.size);
        CHECK_FATAL(out != NULL);
        CHECK(json_object_equal(in, out));
        json_object_put(in);
        json_object_put(out);
        mhsmi_buf_clear(&text);
    }
}

static void refusals(void)
{
    struct json_object *value = json_object_new_double(1.5);
    struct mhsmi_buf text;

    mhsmi_buf_init(&text, 8);
    CHECK(!mhsmi_body_write(&text, value));
    json_object_put(value);
    value = json_object_new_string("longer than the buffer");
    CHECK(!mhsmi_body_write(&text, value));
    json_object_put(value);
    mhsmi_buf_clear(&text);
    CHECK(mhsmi_body_write(&text, NULL));
    CHECK_TEXT(mhsmi_buf_text(&text), "null");
    mhsmi_buf_clear(&text);
}

int main(void)
{
    static const struct check checks[] = {
        {"round_trip", round_trip},
        {"refusals", refusals},
        {NULL, NULL},
    };

    return check_main("body", checks);
}
