/* SPDX-License-Identifier: MIT
 *
 * base64url, strict and without tables: keys and plaintexts pass through here,
 * so no memory access may depend on their value.
 */
#include "base/base64url.h"

#include <stdint.h>

#include <openssl/crypto.h>

/* 24 ones when low <= c <= high, else 0; the operands are octets. */
static unsigned int in_range(unsigned int c, unsigned int low,
                             unsigned int high)
{
    return ((low - 1 - c) & (c - high - 1)) >> 8;
}

/* 24 ones when value > last, else 0. */
static unsigned int is_after(unsigned int value, unsigned int last)
{
    return (last - value) >> 8;
}

/* What each block of characters is ahead of the one before it. */
static unsigned char to_char(unsigned int value)
{
    unsigned int c = value + 'A';

    c += is_after(value, 25) & ('a' - 'A' - 26);
    c -= is_after(value, 51) & ('a' - '0' + 26);
    c -= is_after(value, 61) & ('0' - '-' + 10);
    c += is_after(value, 62) & ('_' - '-' - 1);
    return (unsigned char)c;
}

/* 0 to 63, or all ones for any other character. */
static unsigned int to_value(unsigned int c)
{
    unsigned int more = (in_range(c, 'A', 'Z') & (c - 'A' + 1)) |
                        (in_range(c, 'a', 'z') & (c - 'a' + 27)) |
                        (in_range(c, '0', '9') & (c - '0' + 53)) |
                        (in_range(c, '-', '-') & 63) |
                        (in_range(c, '_', '_') & 64);

    return more - 1;
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

/* Up to four characters as 24 bits; *bad gets a bit for a wrong one. */
static unsigned int read_group(const char *text, size_t count,
                               unsigned int *bad)
{
    unsigned int group = 0, value;
    size_t i;

    for (i = 0; i < count; i++) {
        value = to_value((unsigned char)text[i]);
        *bad |= value & ~63U;
        group |= (value & 63) << (18 - 6 * i);
    }
    return group;
}

int mhsmi_base64url_decode(struct mhsmi_buf *out, const char *text, size_t size)
{
    size_t length, i, tail = size % 4;
    unsigned int bad = 0, group;
    unsigned char *to;

    if (tail == 1)
        return 0;
    length = size / 4 * 3 + (tail == 0 ? 0 : tail - 1);
    if (!mhsmi_buf_reserve(out, length))
        return 0;
    to = out->data + out->size;
    for (i = 0; i + 4 <= size; i += 4) {
        group = read_group(text + i, 4, &bad);
        *to++ = (unsigned char)(group >> 16);
        *to++ = (unsigned char)(group >> 8);
        *to++ = (unsigned char)group;
    }
    /* What is left of the last character's bits must be zero. */
    if (tail != 0) {
        group = read_group(text + i, tail, &bad);
        *to++ = (unsigned char)(group >> 16);
        if (tail == 3)
            *to++ = (unsigned char)(group >> 8);
        bad |= tail == 3 ? group & 0xff : group & 0xffff;
    }
    if (bad != 0) {
        OPENSSL_cleanse(out->data + out->size, length);
        return 0;
    }
    *to = 0;
    out->size += length;
    return 1;
}
