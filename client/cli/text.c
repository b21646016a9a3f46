/* SPDX-License-Identifier: MIT
 *
 * UTF-8 for a terminal: decode strictly, escape what a terminal would obey,
 * measure what is left.  Must never pass on a byte that it did not understand.
 */
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/config.h"
#include "base/text.h"
#include "cli/text.h"

/* No single text here comes near it: the largest is a whole JSON answer. */
enum { TEXT_MAX = 16 * 1024 * 1024 };

void cli_text_init(void)
{
    if (setlocale(LC_CTYPE, "") == NULL ||
        strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
}

/* The code point at `at` and its length; 0xfffd of length 1 for an octet that
 * begins none. */
static uint32_t decode(const unsigned char *at, size_t *length)
{
    uint32_t code = 0;

    *length = mhsmi_text_character((const char *)at, &code);
    if (*length != 0)
        return code;
    *length = 1;
    return 0xfffd;
}

/* Characters that move the cursor or turn the text around. */
static int is_unsafe(uint32_t code)
{
    static const uint32_t ranges[][2] = {
        {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c},
        {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };
    size_t i;

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return 1;
    return 0;
}

static int escape_json(struct mhsmi_buf *out, uint32_t code)
{
    /* What json-c wrote between its strings. */
    if (code == '\n')
        return mhsmi_buf_puts(out, "\n");
    if (code > 0xffff)
        return mhsmi_buf_printf(out, "\\u%04x\\u%04x",
                                (unsigned int)(0xd7c0 + (code >> 10)),
                                (unsigned int)(0xdc00 | (code & 0x3ff)));
    return mhsmi_buf_printf(out, "\\u%04x", (unsigned int)code);
}

static int escape_plain(struct mhsmi_buf *out, uint32_t code,
                        enum cli_escape escape)
{
    if (escape == CLI_ESCAPE_TSV && code == '\t')
        return mhsmi_buf_puts(out, "\\t");
    if (escape == CLI_ESCAPE_TSV && code == '\n')
        return mhsmi_buf_puts(out, "\\n");
    if (code < 0x100)
        return mhsmi_buf_printf(out, "\\x%02x", (unsigned int)code);
    return mhsmi_buf_printf(out, "\\u{%x}", (unsigned int)code);
}

int cli_text_escape(struct mhsmi_buf *out, const char *text,
                    enum cli_escape escape)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length;
    int ok = 1;

    for (; ok && *at != 0; at += length) {
        uint32_t code = decode(at, &length);

        if (is_unsafe(code))
            ok = escape == CLI_ESCAPE_JSON ? escape_json(out, code)
                                           : escape_plain(out, code, escape);
        else if (code == '\\' && escape == CLI_ESCAPE_TSV)
            ok = mhsmi_buf_puts(out, "\\\\");
        else if (code == 0xfffd)
            ok = mhsmi_buf_puts(out, "\xef\xbf\xbd");
        else
            ok = mhsmi_buf_append(out, at, length);
    }
    return ok;
}

static size_t cells(uint32_t code)
{
    int width = wcwidth((wchar_t)code);

    return width < 0 ? 1 : (size_t)width;
}

size_t cli_text_width(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t width = 0, length;

    for (; *at != 0; at += length)
        width += cells(decode(at, &length));
    return width;
}

size_t cli_text_fit(const char *text, size_t width, size_t *used)
{
    const unsigned char *start = (const unsigned char *)text, *at = start;
    size_t length;

    for (*used = 0; *at != 0; at += length) {
        size_t taken = cells(decode(at, &length));

        if (*used + taken > width)
            break;
        *used += taken;
    }
    return (size_t)(at - start);
}

void cli_text_print(FILE *stream, const char *text)
{
    struct mhsmi_buf out;

    mhsmi_buf_init(&out, TEXT_MAX);
    /* What did not fit is left out: this is for messages. */
    (void)!cli_text_escape(&out, text, CLI_ESCAPE_SHOW);
    fputs(mhsmi_buf_text(&out), stream);
    mhsmi_buf_clear(&out);
}

size_t cli_text_columns(int fd)
{
    const char *columns = mhsmi_config_variable("COLUMNS");
    size_t width = 0, i;
    struct winsize size;

    if (!isatty(fd))
        return 0;
    for (i = 0;
         columns != NULL && i < 5 && columns[i] >= '0' && columns[i] <= '9';
         i++)
        width = width * 10 + (size_t)(columns[i] - '0');
    if (width != 0 && columns[i] == 0)
        return width;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
