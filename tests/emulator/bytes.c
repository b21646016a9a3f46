/* SPDX-License-Identifier: MIT
 *
 * Byte strings and their textual forms. Nothing here may read past the length
 * it was given or leave a copy of a key in freed memory.
 */
#include "bytes.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void emu_bytes_free(struct emu_bytes *b)
{
    if (b->data != NULL)
        OPENSSL_cleanse(b->data, b->len);
    free(b->data);
    b->data = NULL;
    b->len = 0;
}

int emu_bytes_reserve(struct emu_bytes *b, size_t len)
{
    /* One spare byte: an empty string is a pointer too, and text ends in 0. */
    unsigned char *data = calloc(1, len + 1);

    if (data == NULL)
        return 0;
    emu_bytes_free(b);
    b->data = data;
    b->len = len;
    return 1;
}

int emu_bytes_set(struct emu_bytes *b, const void *data, size_t len)
{
    struct emu_bytes fresh = {NULL, 0};

    if (!emu_bytes_reserve(&fresh, len))
        return 0;
    if (len != 0)
        memcpy(fresh.data, data, len);
    emu_bytes_free(b);
    *b = fresh;
    return 1;
}

int emu_bytes_append(struct emu_bytes *b, const void *data, size_t len)
{
    struct emu_bytes fresh = {NULL, 0};

    if (len > SIZE_MAX - b->len - 1 || !emu_bytes_reserve(&fresh, b->len + len))
        return 0;
    if (b->len != 0)
        memcpy(fresh.data, b->data, b->len);
    if (len != 0)
        memcpy(fresh.data + b->len, data, len);
    emu_bytes_free(b);
    *b = fresh;
    return 1;
}

char *emu_base64_encode(const void *data, size_t len)
{
    char *text = len > INT_MAX / 2 ? NULL : malloc((len + 2) / 3 * 4 + 1);

    if (text != NULL)
        EVP_EncodeBlock((unsigned char *)text, data, (int)len);
    return text;
}

char *emu_base64url_encode(const void *data, size_t len)
{
    const unsigned char *in = data;
    char *text = malloc(len / 3 * 4 + 5);
    char *at = text;
    size_t i;

    if (text == NULL)
        return NULL;
    for (i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;

        if (left > 1)
            group |= (uint32_t)in[i + 1] << 8;
        if (left > 2)
            group |= in[i + 2];
        *at++ = alphabet[group >> 18];
        *at++ = alphabet[group >> 12 & 63];
        if (left > 1)
            *at++ = alphabet[group >> 6 & 63];
        if (left > 2)
            *at++ = alphabet[group & 63];
    }
    *at = '\0';
    return text;
}

static int sextet(char c)
{
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);

    return at == NULL ? -1 : (int)(at - alphabet);
}

int emu_base64url_decode(const char *text, size_t max, struct emu_bytes *out)
{
    struct emu_bytes b = {NULL, 0};
    size_t len = strlen(text), size, i, at = 0;
    uint32_t bits = 0;
    unsigned held = 0;

    size = len / 4 * 3 + (len % 4 == 0 ? 0 : len % 4 - 1);
    if (len % 4 == 1 || size > max || !emu_bytes_reserve(&b, size))
        return 0;
    for (i = 0; i < len; i++) {
        int value = sextet(text[i]);

        if (value < 0)
            goto bad;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            b.data[at++] = (unsigned char)(bits >> held);
        }
    }
    /* Two texts must not mean the same bytes. */
    if ((bits & ((1U << held) - 1)) != 0)
        goto bad;
    emu_bytes_free(out);
    *out = b;
    return 1;
bad:
    emu_bytes_free(&b);
    return 0;
}

void emu_hex_encode(const unsigned char *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < len; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    *out = '\0';
}

int emu_guid_new(char out[EMU_GUID_SIZE])
{
    unsigned char raw[16];
    char hex[33];
    size_t i, at = 0;

    if (RAND_bytes(raw, sizeof(raw)) != 1)
        return 0;
    raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x40);
    raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
    emu_hex_encode(raw, sizeof(raw), hex);
    for (i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            out[at++] = '-';
        out[at++] = hex[i];
    }
    out[at] = '\0';
    return 1;
}

int emu_guid_valid(const char *text)
{
    size_t i;

    if (strlen(text) != EMU_GUID_SIZE - 1)
        return 0;
    for (i = 0; i < EMU_GUID_SIZE - 1; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-')
                return 0;
        } else if (strchr("0123456789abcdefABCDEF", text[i]) == NULL) {
            return 0;
        }
    }
    return 1;
}

int emu_guid_lower(const char *text, char out[EMU_GUID_SIZE])
{
    static const char upper[] = "ABCDEF", lower[] = "abcdef";
    const char *at;
    size_t i;

    if (text == NULL || !emu_guid_valid(text))
        return 0;
    for (i = 0; i < EMU_GUID_SIZE - 1; i++) {
        at = strchr(upper, text[i]);
        out[i] = text[i];
        if (at != NULL)
            out[i] = lower[at - upper];
    }
    out[i] = '\0';
    return 1;
}

void emu_text_free(char *text)
{
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

static _Atomic int64_t ahead;

int64_t emu_now(void)
{
    return (int64_t)time(NULL) + ahead;
}

int64_t emu_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec + ahead) * 1000 + now.tv_nsec / 1000000;
}

void emu_clock_advance(int64_t seconds)
{
    ahead += seconds;
}
