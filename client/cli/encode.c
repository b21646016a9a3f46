/* SPDX-License-Identifier: MIT
 *
 * base64, base64url and hexadecimal.  Copies of what may be a secret are wiped.
 */
#include <string.h>

#include <openssl/evp.h>

#include "base/base64url.h"
#include "cli/encode.h"

enum cli_format cli_format_find(const char *name, enum cli_format fallback)
{
    static const struct {
        const char *name;
        enum cli_format format;
    } rows[] = {
        {"auto", CLI_FORMAT_AUTO}, {"raw", CLI_FORMAT_RAW},
        {"der", CLI_FORMAT_DER},   {"base64", CLI_FORMAT_BASE64},
        {"hex", CLI_FORMAT_HEX},   {"base64url", CLI_FORMAT_BASE64URL},
        {"json", CLI_FORMAT_JSON},
    };
    size_t i;

    for (i = 0; name != NULL && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].format;
    return fallback;
}

static int encode_base64(struct mhsmi_buf *out, const unsigned char *data,
                         size_t size)
{
    unsigned char group[5];
    size_t i;

    for (i = 0; i < size; i += 3) {
        int take = size - i < 3 ? (int)(size - i) : 3;

        if (EVP_EncodeBlock(group, data + i, take) != 4 ||
            !mhsmi_buf_append(out, group, 4))
            return 0;
    }
    OPENSSL_cleanse(group, sizeof(group));
    return 1;
}

static int encode_hex(struct mhsmi_buf *out, const unsigned char *data,
                      size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < size; i++) {
        char pair[2] = {digits[data[i] >> 4], digits[data[i] & 15]};

        if (!mhsmi_buf_append(out, pair, sizeof(pair)))
            return 0;
    }
    return 1;
}

int cli_encode(struct mhsmi_buf *out, enum cli_format format,
               const unsigned char *data, size_t size)
{
    switch (format) {
    case CLI_FORMAT_BASE64:
        return encode_base64(out, data, size) && mhsmi_buf_puts(out, "\n");
    case CLI_FORMAT_BASE64URL:
        return mhsmi_base64url_encode(out, data, size) &&
               mhsmi_buf_puts(out, "\n");
    case CLI_FORMAT_HEX:
        return encode_hex(out, data, size) && mhsmi_buf_puts(out, "\n");
    case CLI_FORMAT_AUTO:
    case CLI_FORMAT_RAW:
    case CLI_FORMAT_DER:
    case CLI_FORMAT_JSON:
        break;
    }
    return mhsmi_buf_append(out, data, size);
}

static int decode_hex(struct mhsmi_buf *out, const unsigned char *text,
                      size_t size)
{
    size_t i;

    if (size % 2 != 0)
        return 0;
    for (i = 0; i < size; i += 2) {
        int high = OPENSSL_hexchar2int(text[i]);
        int low = OPENSSL_hexchar2int(text[i + 1]);
        unsigned char octet;

        if (high < 0 || low < 0)
            return 0;
        octet = (unsigned char)(high << 4 | low);
        if (!mhsmi_buf_append(out, &octet, 1))
            return 0;
    }
    return 1;
}

/* By way of base64url, whose decoder is strict. */
static int decode_base64(struct mhsmi_buf *out, unsigned char *text,
                         size_t size)
{
    size_t i, length = size;

    if (size % 4 != 0)
        return 0;
    while (length > 0 && size - length < 2 && text[length - 1] == '=')
        length--;
    for (i = 0; i < length; i++) {
        if (text[i] == '-' || text[i] == '_')
            return 0;
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    return mhsmi_base64url_decode(out, (const char *)text, length);
}

mhsm_status cli_decode(struct mhsmi_buf *out, enum cli_format format,
                       const void *data, size_t size, const char *what,
                       mhsm_error **err)
{
    const unsigned char *at = data;
    unsigned char *packed;
    size_t i, length = 0;
    int ok;

    if (format != CLI_FORMAT_BASE64 && format != CLI_FORMAT_BASE64URL &&
        format != CLI_FORMAT_HEX)
        return mhsmi_buf_append(out, data, size) ? MHSM_OK
                                                 : mhsmi_error_memory(err);
    packed = mhsmi_alloc(size + 1);
    if (packed == NULL)
        return mhsmi_error_memory(err);
    for (i = 0; i < size; i++)
        if (strchr(" \t\r\n", at[i]) == NULL || at[i] == 0)
            packed[length++] = at[i];
    ok = format == CLI_FORMAT_HEX ? decode_hex(out, packed, length)
         : format == CLI_FORMAT_BASE64
             ? decode_base64(out, packed, length)
             : mhsmi_base64url_decode(out, (const char *)packed, length);
    mhsmi_free_secret(packed, size + 1);
    if (!ok)
        return mhsmi_error(err, MHSM_ERR_DAMAGED, "%s is not valid %s", what,
                           format == CLI_FORMAT_HEX      ? "hexadecimal"
                           : format == CLI_FORMAT_BASE64 ? "base64"
                                                         : "base64url");
    return MHSM_OK;
}
