/* SPDX-License-Identifier: MIT
 *
 * base64url: RFC 4648 vectors, every octet, and everything that strictness
 * refuses.
 */
#include "base/base64url.h"

#include <string.h>

#include <openssl/evp.h>

#include "check.h"

static void test_vectors(void)
{
    static const struct {
        const char *plain, *coded;
    } vectors[] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
    };
    size_t i;

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct mhsmi_buf buf;

        mhsmi_buf_init(&buf, 100);
        CHECK(mhsmi_base64url_encode(&buf, vectors[i].plain,
                                     strlen(vectors[i].plain)) == 1);
        CHECK_TEXT(mhsmi_buf_text(&buf), vectors[i].coded);
        mhsmi_buf_clear(&buf);
        CHECK(mhsmi_base64url_decode(&buf, vectors[i].coded,
                                     strlen(vectors[i].coded)) == 1);
        CHECK_TEXT(mhsmi_buf_text(&buf), vectors[i].plain);
        mhsmi_buf_clear(&buf);
    }
}

/* Against OpenSSL's base64, for all sizes around a group. */
static void test_all_octets(void)
{
    unsigned char data[256], expected[400];
    size_t size, i;

    for (i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(255 - i);
    for (size = 0; size <= sizeof(data); size++) {
        struct mhsmi_buf coded, plain;

        mhsmi_buf_init(&coded, 400);
        mhsmi_buf_init(&plain, 400);
        CHECK_FATAL(mhsmi_base64url_encode(&coded, data, size) == 1);
        CHECK(EVP_EncodeBlock(expected, data, (int)size) >= 0);
        for (i = 0; expected[i] != 0 && expected[i] != '='; i++)
            expected[i] = expected[i] == '+'   ? '-'
                          : expected[i] == '/' ? '_'
                                               : expected[i];
        expected[i] = 0;
        CHECK_TEXT(mhsmi_buf_text(&coded), (char *)expected);
        CHECK(mhsmi_base64url_decode(&plain, (char *)coded.data, coded.size) ==
              1);
        CHECK(plain.size == size &&
              (size == 0 || memcmp(plain.data, data, size) == 0));
        mhsmi_buf_clear(&coded);
        mhsmi_buf_clear(&plain);
    }
}

static void refuse(const char *text, size_t size)
{
    struct mhsmi_buf buf;

    mhsmi_buf_init(&buf, 100);
    CHECK_FATAL(mhsmi_buf_puts(&buf, "kept") == 1);
    CHECK(mhsmi_base64url_decode(&buf, text, size) == 0);
    CHECK(buf.size == 4);
    CHECK_TEXT(mhsmi_buf_text(&buf), "kept");
    mhsmi_buf_clear(&buf);
}

static void test_refusals(void)
{
    static const char *const bad[] = {
        "Z",   "Zg==", "Zg=",  "Zm8=", "Zm9v=", "Zm9vZ",  "Zm 9", "Zm9v\n",
        " Zg", "Zm+v", "Zm/v", "Zh",   "Zm9",   "Zm9vYh", "A!AA", "+\xc3\xa9+",
    };
    char text[5] = "AAAA";
    struct mhsmi_buf buf;
    size_t i;
    int c, accepted = 0;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuse(bad[i], strlen(bad[i]));
    refuse("AA\0A", 4);

    mhsmi_buf_init(&buf, 3);
    for (c = 0; c < 256; c++) {
        text[1] = (char)c;
        accepted += mhsmi_base64url_decode(&buf, text, 4);
        mhsmi_buf_clear(&buf);
    }
    CHECK(accepted == 64);
}

static void test_bounds(void)
{
    struct mhsmi_buf buf;

    mhsmi_buf_init(&buf, 7);
    CHECK(mhsmi_base64url_encode(&buf, "foobar", 6) == 0);
    CHECK(buf.size == 0);
    CHECK(mhsmi_base64url_encode(&buf, "fooba", 5) == 1);
    CHECK(mhsmi_base64url_decode(&buf, "Zg", 2) == 0);
    CHECK_TEXT(mhsmi_buf_text(&buf), "Zm9vYmE");
    CHECK(mhsmi_base64url_encode(&buf, "", (size_t)-1) == 0);
    mhsmi_buf_clear(&buf);
}

int main(void)
{
    static const struct check checks[] = {
        {"vectors", test_vectors},
        {"all octets", test_all_octets},
        {"refusals", test_refusals},
        {"bounds", test_bounds},
        {NULL, NULL},
    };

    return check_main("base64url", checks);
}
