/* SPDX-License-Identifier: MIT
 *
 * Writing the file and the restore blob, octet for octet as those do whose
 * files they are: the service without spaces, the Azure CLI with Python's.
 */
#include "domain/domain.h"

#include <openssl/evp.h>

#include "base/json.h"

struct style {
    const char *comma, *colon;
};

static const struct style compact = {",", ":"}, spaced = {", ", ": "};

static int member(struct mhsmi_buf *out, const struct style *style,
                  const char *name)
{
    return mhsmi_json_quote(out, name) && mhsmi_buf_puts(out, style->colon);
}

static int text_member(struct mhsmi_buf *out, const struct style *style,
                       const char *name, const char *value)
{
    return member(out, style, name) && mhsmi_json_quote(out, value);
}

/* An object of two strings. */
static int pair(struct mhsmi_buf *out, const struct style *style,
                const char *first, const char *first_value, const char *second,
                const char *second_value)
{
    return mhsmi_buf_puts(out, "{") &&
           text_member(out, style, first, first_value) &&
           mhsmi_buf_puts(out, style->comma) &&
           text_member(out, style, second, second_value) &&
           mhsmi_buf_puts(out, "}");
}

static int write_holder(struct mhsmi_buf *out, const struct style *style,
                        const struct mhsmi_holder *holder)
{
    return pair(out, style, "enc_key", holder->text != NULL ? holder->text : "",
                "x5t_256", holder->thumbprint);
}

static int write_data(struct mhsmi_buf *out, const struct style *style,
                      const mhsm_security_domain *domain)
{
    int ok = mhsmi_buf_puts(out, "{") && member(out, style, "EncData") &&
             mhsmi_buf_puts(out, "{") && member(out, style, "data");
    size_t i;

    for (i = 0; ok && i < domain->data_count; i++)
        ok = mhsmi_buf_puts(out, i == 0 ? "[" : style->comma) &&
             pair(out, style, "compact_jwe", domain->data[i].text, "tag",
                  domain->data[i].tag);
    return ok && mhsmi_buf_puts(out, "]") &&
           mhsmi_buf_puts(out, style->comma) &&
           text_member(out, style, "kdf", "sp108_kdf") &&
           mhsmi_buf_puts(out, "}") && mhsmi_buf_puts(out, style->comma);
}

int mhsmi_domain_write(const mhsm_security_domain *domain,
                       struct mhsmi_buf *out)
{
    int ok = write_data(out, &compact, domain) &&
             mhsmi_buf_puts(out, "\"SharedKeys\":{\"enc_shares\":");
    size_t i;

    for (i = 0; ok && i < domain->holder_count; i++)
        ok = mhsmi_buf_puts(out, i == 0 ? "[" : ",") &&
             write_holder(out, &compact, &domain->holders[i]);
    return ok && mhsmi_buf_printf(out,
                                  "],\"key_algorithm\":\"shamir_share\","
                                  "\"required\":%u},\"version\":%u}",
                                  domain->quorum, domain->version);
}

int mhsmi_domain_write_restore_blob(const mhsm_security_domain *domain,
                                    struct mhsmi_buf *out)
{
    return write_data(out, &spaced, domain) &&
           member(out, &spaced, "WrappedKey") &&
           write_holder(out, &spaced, &domain->holders[0]) &&
           mhsmi_buf_puts(out, "}");
}

mhsm_status mhsmi_domain_digest(const mhsm_security_domain *domain,
                                OSSL_LIB_CTX *lib,
                                unsigned char digest[MHSMI_THUMBPRINT_SIZE],
                                mhsm_error **err)
{
    struct mhsmi_buf text;
    int ok;

    mhsmi_buf_init(&text, MHSM_DOMAIN_SIZE_MAX);
    ok = mhsmi_domain_write(domain, &text) &&
         EVP_Q_digest(lib, "SHA256", NULL, text.data, text.size, digest,
                      NULL) == 1;
    mhsmi_buf_clear(&text);
    return ok ? MHSM_OK : mhsmi_error_memory(err);
}
