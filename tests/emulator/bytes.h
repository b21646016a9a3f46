/* SPDX-License-Identifier: MIT
 *
 * Byte strings and their textual forms: base64url, hexadecimal, GUIDs. A byte
 * string may hold key material, so freeing one always wipes it.
 */
#ifndef EMU_BYTES_H
#define EMU_BYTES_H

#include <stddef.h>
#include <stdint.h>

#define EMU_GUID_SIZE 37

struct emu_bytes {
    unsigned char *data;
    size_t len;
};

/* Copies; what *b held before is wiped. 1 on success, 0 when memory fails. */
int emu_bytes_set(struct emu_bytes *b, const void *data, size_t len);
int emu_bytes_append(struct emu_bytes *b, const void *data, size_t len);
/* Takes a buffer of len zero bytes. */
int emu_bytes_reserve(struct emu_bytes *b, size_t len);
void emu_bytes_free(struct emu_bytes *b);

/* Unpadded base64url; the caller frees. NULL when memory fails. */
char *emu_base64url_encode(const void *data, size_t len);
/* The common alphabet, with padding; the caller frees. */
char *emu_base64_encode(const void *data, size_t len);
/* Strict: no padding, no foreign character, no stray bits, at most max bytes.
 * 1 on success; *out is written only then. */
int emu_base64url_decode(const char *text, size_t max, struct emu_bytes *out);

/* Writes 2*len characters and a terminator. */
void emu_hex_encode(const unsigned char *data, size_t len, char *out);
int emu_guid_new(char out[EMU_GUID_SIZE]);
int emu_guid_valid(const char *text);
/* A lower-case copy; 0 when text is NULL or no GUID. */
int emu_guid_lower(const char *text, char out[EMU_GUID_SIZE]);

/* Wipes, then frees; NULL is fine. */
void emu_text_free(char *text);
/* Seconds since the epoch, by the clock that tests may advance. */
int64_t emu_now(void);
int64_t emu_now_ms(void);
void emu_clock_advance(int64_t seconds);

#endif
