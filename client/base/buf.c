/* SPDX-License-Identifier: MIT
 *
 * The bounded buffer and the text makers on top of it.  It must never leave a
 * copy of its content behind in freed memory, nor grow past its maximum.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { first_capacity = 64, first_text = 255 };

void mhsmi_buf_init(struct mhsmi_buf *buf, size_t max)
{
    *buf = (struct mhsmi_buf){.max = max};
}

void mhsmi_buf_clear(struct mhsmi_buf *buf)
{
    mhsmi_free_secret(buf->data, buf->capacity);
    mhsmi_buf_init(buf, buf->max);
}

int mhsmi_buf_reserve(struct mhsmi_buf *buf, size_t size)
{
    unsigned char *grown;
    size_t needed, capacity;

    /* One octet more than the content, for the terminating NUL. */
    if (buf->max == SIZE_MAX || size > buf->max - buf->size)
        return 0;
    needed = buf->size + size + 1;
    if (needed <= buf->capacity)
        return 1;

    capacity = buf->capacity > SIZE_MAX / 2 ? needed : buf->capacity * 2;
    if (capacity < first_capacity)
        capacity = first_capacity;
    if (capacity > buf->max + 1)
        capacity = buf->max + 1;
    if (capacity < needed)
        capacity = needed;
    grown = mhsmi_alloc(capacity);
    if (grown == NULL)
        return 0;
    if (buf->size != 0)
        memcpy(grown, buf->data, buf->size);
    mhsmi_free_secret(buf->data, buf->capacity);
    buf->data = grown;
    buf->capacity = capacity;
    return 1;
}

int mhsmi_buf_append(struct mhsmi_buf *buf, const void *data, size_t size)
{
    if (!mhsmi_buf_reserve(buf, size))
        return 0;
    if (size != 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = 0;
    return 1;
}

int mhsmi_buf_puts(struct mhsmi_buf *buf, const char *text)
{
    return mhsmi_buf_append(buf, text, strlen(text));
}

int mhsmi_buf_join(struct mhsmi_buf *buf, ...)
{
    const char *text;
    size_t size = 0;
    va_list args;
    int ok;

    va_start(args, buf);
    while ((text = va_arg(args, const char *)) != NULL)
        size += strlen(text);
    va_end(args);
    ok = mhsmi_buf_reserve(buf, size);
    va_start(args, buf);
    while (ok && (text = va_arg(args, const char *)) != NULL)
        ok = mhsmi_buf_puts(buf, text);
    va_end(args);
    return ok;
}

/* Format at the end of the buffer; on failure the old end is restored. */
__attribute__((format(printf, 2, 0))) static int
buf_vprintf(struct mhsmi_buf *buf, const char *format, va_list args)
{
    va_list again;
    size_t room;
    int length;

    /* Most texts fit at the first attempt. */
    if (buf->capacity == 0 && buf->max >= first_text &&
        !mhsmi_buf_reserve(buf, first_text))
        return 0;
    room = buf->capacity - buf->size;
    va_copy(again, args);
    length = vsnprintf(room == 0 ? NULL : (char *)buf->data + buf->size, room,
                       format, again);
    va_end(again);
    if (length >= 0 && (size_t)length >= room) {
        if (room != 0)
            buf->data[buf->size] = 0;
        if (!mhsmi_buf_reserve(buf, (size_t)length))
            return 0;
        length = vsnprintf((char *)buf->data + buf->size, (size_t)length + 1,
                           format, args);
    }
    if (length < 0) {
        if (buf->data != NULL)
            buf->data[buf->size] = 0;
        return 0;
    }
    buf->size += (size_t)length;
    return 1;
}

int mhsmi_buf_printf(struct mhsmi_buf *buf, const char *format, ...)
{
    va_list args;
    int ok;

    va_start(args, format);
    ok = buf_vprintf(buf, format, args);
    va_end(args);
    return ok;
}

const char *mhsmi_buf_text(const struct mhsmi_buf *buf)
{
    return buf->data == NULL ? "" : (const char *)buf->data;
}

const unsigned char *mhsmi_buf_octets(const struct mhsmi_buf *buf, size_t *size)
{
    if (size != NULL)
        *size = buf->size;
    return buf->size != 0 ? buf->data : NULL;
}

unsigned char *mhsmi_buf_take(struct mhsmi_buf *buf, size_t *size)
{
    unsigned char *data = buf->data;

    if (size != NULL)
        *size = buf->size;
    mhsmi_buf_init(buf, buf->max);
    return data;
}

char *mhsmi_strndup(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    char *copy = length == SIZE_MAX ? NULL : mhsmi_alloc(length + 1);

    if (copy != NULL && length != 0)
        memcpy(copy, text, length);
    return copy;
}

char *mhsmi_strdup(const char *text)
{
    return mhsmi_strndup(text, strlen(text));
}

char *mhsmi_asprintf(const char *format, ...)
{
    struct mhsmi_buf buf;
    va_list args;
    int ok;

    mhsmi_buf_init(&buf, SIZE_MAX - 1);
    va_start(args, format);
    ok = buf_vprintf(&buf, format, args);
    va_end(args);
    if (!ok) {
        mhsmi_buf_clear(&buf);
        return NULL;
    }
    return (char *)mhsmi_buf_take(&buf, NULL);
}

void mhsmi_free_secret(void *data, size_t size)
{
    if (data != NULL)
        explicit_bzero(data, size);
    mhsmi_free(data);
}

void mhsmi_free_secret_text(char *text)
{
    if (text != NULL)
        mhsmi_free_secret(text, strlen(text));
}
