/* SPDX-License-Identifier: MIT
 *
 * Cleaning of text that came from a peer, so that it can neither break a log
 * line in two nor drive a terminal.  It must never lengthen the text.
 */
#include "base/text.h"

#include <string.h>

#include <openssl/crypto.h>

size_t mhsmi_text_character(const char *text, uint32_t *code)
{
    static const struct {
        unsigned char mask, lead;
        size_t size;
        uint32_t least;
    } forms[] = {
        {0x80, 0x00, 1, 0},
        {0xe0, 0xc0, 2, 0x80},
        {0xf0, 0xe0, 3, 0x800},
        {0xf8, 0xf0, 4, 0x10000},
    };
    const unsigned char *p = (const unsigned char *)text;
    size_t i, j;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if ((p[0] & forms[i].mask) != forms[i].lead)
            continue;
        *code = p[0] & (unsigned char)~forms[i].mask;
        /* The final NUL stops this: it continues nothing. */
        for (j = 1; j < forms[i].size; j++) {
            if ((p[j] & 0xc0) != 0x80)
                return 0;
            *code = *code << 6 | (p[j] & 0x3fU);
        }
        if (*code < forms[i].least || *code > 0x10ffff ||
            (*code >= 0xd800 && *code <= 0xdfff))
            return 0;
        return forms[i].size;
    }
    return 0;
}

static int is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 ||
           code == 0x2029;
}

int mhsmi_text_is_utf8(const char *text)
{
    uint32_t code;
    size_t size;

    for (; *text != '\0'; text += size) {
        size = mhsmi_text_character(text, &code);
        if (size == 0)
            return 0;
    }
    return 1;
}

void mhsmi_text_clean(char *text, size_t max)
{
    size_t i = 0;

    while (text[i] != 0) {
        uint32_t code = 0;
        size_t size = mhsmi_text_character(text + i, &code);

        if (i + (size == 0 ? 1 : size) > max) {
            text[i] = 0;
            break;
        }
        if (size == 0) {
            text[i++] = '?';
        } else {
            if (is_control(code))
                memset(text + i, ' ', size);
            i += size;
        }
    }
}

const char *mhsmi_text_find(const char *text, const char *part)
{
    size_t size = strlen(part);

    for (; text != NULL && *text != 0; text++)
        if (OPENSSL_strncasecmp(text, part, size) == 0)
            return text;
    return NULL;
}
