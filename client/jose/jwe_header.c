/* SPDX-License-Identifier: MIT
 *
 * The protected header.  What it is written as is part of what is
 * authenticated, so the form is fixed: alg, enc, kid, no spaces, ASCII.
 */
#include <string.h>

#include "base/base64url.h"
#include "base/json.h"
#include "jose/jwe.h"

static const char *const algs[] = {
    [MHSMI_JWE_DIR] = "dir",
    [MHSMI_JWE_RSA_OAEP_256] = "RSA-OAEP-256",
};

static mhsm_status damaged(const char *name, const char *value,
                           mhsm_error **err)
{
    if (value == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED, "its header has no %s", name);
    return mhsmi_error(err, MHSM_ERR_DAMAGED,
                       "its header has an %s that is not known: %.40s", name,
                       value);
}

static mhsm_status read_members(struct mhsmi_jwe *jwe,
                                struct json_object *header, mhsm_error **err)
{
    /* What would change the meaning of the rest. */
    static const char *const refused[] = {"crit", "zip", "b64"};
    const char *alg = mhsmi_json_string(header, "alg");
    const char *enc = mhsmi_json_string(header, "enc");
    const char *kid = mhsmi_json_string(header, "kid");
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (json_object_object_get_ex(header, refused[i], NULL))
            return mhsmi_error(err, MHSM_ERR_DAMAGED,
                               "its header has the member %s", refused[i]);
    for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
        if (alg != NULL && strcmp(alg, algs[i]) == 0)
            break;
    if (i == sizeof(algs) / sizeof(algs[0]))
        return damaged("alg", alg, err);
    jwe->alg = (enum mhsmi_jwe_alg)i;
    jwe->content = enc != NULL ? mhsmi_content_find(enc) : NULL;
    if (jwe->content == NULL)
        return damaged("enc", enc, err);
    if (kid != NULL && (jwe->kid = mhsmi_strdup(kid)) == NULL)
        return mhsmi_error_memory(err);
    return MHSM_OK;
}

mhsm_status mhsmi_jwe_header_read(struct mhsmi_jwe *jwe,
                                  const unsigned char *text, size_t size,
                                  mhsm_error **err)
{
    struct json_object *header = mhsmi_json_parse(text, size);
    mhsm_status st = json_object_is_type(header, json_type_object)
                         ? read_members(jwe, header, err)
                         : mhsmi_error(err, MHSM_ERR_DAMAGED,
                                       "its header is no JSON object");

    json_object_put(header);
    return st;
}

int mhsmi_jwe_header_write(struct mhsmi_buf *out, enum mhsmi_jwe_alg alg,
                           const char *enc, const char *kid)
{
    struct mhsmi_buf text;
    int ok;

    mhsmi_buf_init(&text, MHSMI_JWE_HEADER_MAX);
    ok = mhsmi_buf_printf(&text,
                          "{\"alg\":\"%s\",\"enc\":\"%s\",\"kid\":", algs[alg],
                          enc) &&
         mhsmi_json_quote(&text, kid) && mhsmi_buf_puts(&text, "}") &&
         mhsmi_base64url_encode(out, text.data, text.size);
    mhsmi_buf_clear(&text);
    return ok;
}
