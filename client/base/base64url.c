/* SPDX-License-Identifier: MIT
 *
 * base64url, strict and without tables: keys and plaintexts pass through here,
 * so no memory access may depend on their value.
 */
#include "base/base64url.h"

#include <limits.h>
#include <stdint.h>

#include <openssl/crypto.h>

/* All ones when low <= c <= high, else 0; the operands are below 2^16. */
static unsigned int in_range(unsigned int c, unsigned int low,
                             unsigned int high)
{
    return (((low - 1 - c) & (c - high - 1)) >> 31) * UINT_MAX;
}

static unsigned char to_char(unsigned int value)
{
    unsigned int c = (in_range(value, 0, 25) & (value + 'A')) |
                     (in_range(value, 26, 51) & (value - 26 + 'a')) |
                     (in_range(value, 52, 61) & (value - 52 + '0')) |
                     (in_range(value, 62, 62) & '-') |
                     (in_range(value, 63, 63) & '_');

    return (unsigned char)c;
}

/* 0 to 63, or a value with bits above 0xff for any other character. */
static unsigned int to_value(unsigned int c)
{
    unsigned int upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z');
    unsigned int digit = in_range(c, '0', '9'), minus = in_range(c, '-', '-');
    unsigned int under = in_range(c, '_', '_');

    return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
           (digit & (c - '0' + 52)) | (minus & 62) | (under & 63) |
           (~(upper | lower | digit | minus | under) & 0x100);
}

int mhsmi_base64url_encode(struct mhsmi_buf *out, const void *data, size_t size)
{
    const unsigned char *in = data;
    unsigned char *to;
    size_t length, i;

    if (size > SIZE_MAX / 4 * 3 - 3)
        return 0;
    length = size / 3 * 4 + (size % 3 == 0 ? 0 : size % 3 + 1);
    if (!mhsmi_buf_reserve(out, length))
        return 0;
    to = out->data + out->size;
    for (i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned int group = (unsigned int)in[i] << 16;

        if (left > 1)
            group |= (unsigned int)in[i + 1] << 8;
        if (left > 2)
            group |= in[i + 2];
        *to++ = to_char(group >> 18);
        *to++ = to_char(group >> 12 & 63);
        if (left > 1)
            *to++ = to_char(group >> 6 & 63);
        if (left > 2)
            *to++ = to_char(group & 63);
    }
    *to = 0;
    out->size += length;
    return 1;
}

int mhsmi_base64url_decode(struct mhsmi_buf *out, const char *text, size_t size)
{
    size_t length, i, j, tail = size % 4;
    unsigned int bad = 0;
    unsigned char *to;

    if (tail == 1)
        return 0;
    length = size / 4 * 3 + (tail == 0 ? 0 : tail - 1);
    if (!mhsmi_buf_reserve(out, length))
        return 0;
    to = out->data + out->size;
    for (i = 0; i < size; i += 4) {
        size_t chars = size - i < 4 ? size - i : 4;
        unsigned int group = 0;

        for (j = 0; j < 4; j++) {
            unsigned int value =
                j < chars ? to_value((unsigned char)text[i + j]) : 0;

            bad |= value & 0x100;
            group = group << 6 | (value & 63);
        }
        *to++ = (unsigned char)(group >> 16);
        if (chars > 2)
            *to++ = (unsigned char)(group >> 8);
        else
            bad |= group & 0xffff;
        if (chars > 3)
            *to++ = (unsigned char)group;
        else
            bad |= group & 0xff;
    }
    if (bad != 0) {
        OPENSSL_cleanse(out->data + out->size, length);
        return 0;
    }
    *to = 0;
    out->size += length;
    return 1;
}
