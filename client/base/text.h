/* SPDX-License-Identifier: MIT
 *
 * Text from outside: made fit to be shown, as one line of UTF-8, and searched
 * the same way in every locale.
 */
#ifndef MHSM_CLIENT_BASE_TEXT_H
#define MHSM_CLIENT_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Size of the well-formed UTF-8 sequence (RFC 3629: no overlong forms, no
 * surrogates) that a NUL-terminated text begins with, 0 when it begins with
 * none; *code gets the character. */
size_t mhsmi_text_character(const char *text, uint32_t *code);
/* 1 when `text` is such sequences throughout, as JSON needs it. */
int mhsmi_text_is_utf8(const char *text);

/* In place: control characters (C0, DEL, C1, line and paragraph separators)
 * become spaces, octets that are no UTF-8 become "?", and what is longer than
 * `max` octets is cut between characters. */
void mhsmi_text_clean(char *text, size_t max);

/* The first place of `part`, whatever the case of ASCII letters; NULL when
 * there is none or `text` is NULL. */
const char *mhsmi_text_find(const char *text, const char *part);

#endif
