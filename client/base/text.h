/* SPDX-License-Identifier: MIT
 *
 * Text from outside made fit to be shown: one line of UTF-8.
 */
#ifndef MHSM_CLIENT_BASE_TEXT_H
#define MHSM_CLIENT_BASE_TEXT_H

#include <stddef.h>

/* In place: control characters (C0, DEL, C1, line and paragraph separators)
 * become spaces, octets that are no UTF-8 become "?", and what is longer than
 * `max` octets is cut between characters. */
void mhsmi_text_clean(char *text, size_t max);

#endif
