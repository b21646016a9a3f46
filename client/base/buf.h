/* SPDX-License-Identifier: MIT
 *
 * A growable byte buffer with a hard maximum, wiped on every reallocation and
 * on free, so that it may hold secrets.  Always NUL-terminated past its end.
 *
 * Functions that can fail return 1, or 0 when the maximum would be passed or
 * memory is out; the buffer is then unchanged.
 */
#ifndef MHSM_CLIENT_BASE_BUF_H
#define MHSM_CLIENT_BASE_BUF_H

#include <stddef.h>

#include <mhsm/export.h>

struct mhsmi_buf {
    unsigned char *data; /* NULL while empty and never grown */
    size_t size, capacity, max;
};

/* No allocation yet; `max` excludes the terminating NUL. */
void mhsmi_buf_init(struct mhsmi_buf *buf, size_t max);
/* Wipe and free the content; the buffer is empty and usable again. */
void mhsmi_buf_clear(struct mhsmi_buf *buf);
/* Room for `size` more octets and the NUL, so that appending them cannot fail;
 * the content is unchanged. */
MHSM_NODISCARD int mhsmi_buf_reserve(struct mhsmi_buf *buf, size_t size);
MHSM_NODISCARD int mhsmi_buf_append(struct mhsmi_buf *buf, const void *data,
                                    size_t size);
MHSM_NODISCARD int mhsmi_buf_puts(struct mhsmi_buf *buf, const char *text);
/* Several texts, the last followed by NULL: all of them or none. */
MHSM_NODISCARD int mhsmi_buf_join(struct mhsmi_buf *buf, ...)
    __attribute__((sentinel));
MHSM_NODISCARD int mhsmi_buf_printf(struct mhsmi_buf *buf, const char *format,
                                    ...) __attribute__((format(printf, 2, 3)));
/* The content as a string, "" while empty. */
const char *mhsmi_buf_text(const struct mhsmi_buf *buf);
/* The content, NULL while empty; `size` may be NULL. */
const unsigned char *mhsmi_buf_octets(const struct mhsmi_buf *buf,
                                      size_t *size);
/* Hand the content over to the caller (mhsmi_free / mhsmi_free_secret); NULL
 * when the buffer never grew.  `size` may be NULL. */
unsigned char *mhsmi_buf_take(struct mhsmi_buf *buf, size_t *size);

/* Allocation of the library, in one place so that a test can make the n-th
 * one fail.  mhsmi_alloc zero-fills. */
void *mhsmi_alloc(size_t size);
char *mhsmi_strdup(const char *text);
char *mhsmi_strndup(const char *text, size_t size);
char *mhsmi_asprintf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void mhsmi_free(void *data);
/* Wipe, then free. */
void mhsmi_free_secret(void *data, size_t size);
void mhsmi_free_secret_text(char *text);

#endif
