/* SPDX-License-Identifier: MIT
 *
 * The middle part of a JWT.  The token is a secret: its decoded text is wiped
 * like the token itself, and only the claims named here are kept.
 */
#include "auth/claims.h"

#include <stddef.h>
#include <string.h>

#include "base/base64url.h"
#include "base/json.h"
#include "base/text.h"

enum { payload_max = 32768, claim_max = 200 };

static const struct {
    const char *name;
    size_t member;
} texts[] = {
    {"oid", offsetof(struct mhsmi_claims, object_id)},
    {"appid", offsetof(struct mhsmi_claims, application)},
    {"azp", offsetof(struct mhsmi_claims, application)},
    {"tid", offsetof(struct mhsmi_claims, tenant)},
    {"aud", offsetof(struct mhsmi_claims, audience)},
    {"iss", offsetof(struct mhsmi_claims, issuer)},
};

static char **text_at(struct mhsmi_claims *claims, size_t row)
{
    return (char **)(void *)((char *)claims + texts[row].member);
}

/* The first row of a member that the token has wins. */
static int take(struct mhsmi_claims *claims, struct json_object *payload)
{
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *value = mhsmi_json_string(payload, texts[i].name);
        char **text = text_at(claims, i);

        if (value == NULL || *text != NULL)
            continue;
        *text = mhsmi_strdup(value);
        if (*text == NULL)
            return 0;
        mhsmi_text_clean(*text, claim_max);
    }
    claims->issued = mhsmi_json_int(payload, "iat", 0);
    claims->not_before = mhsmi_json_int(payload, "nbf", 0);
    claims->expires = mhsmi_json_int(payload, "exp", 0);
    return 1;
}

int mhsmi_claims_read(struct mhsmi_claims *claims, const char *jwt)
{
    const char *from = strchr(jwt, '.'), *to;
    struct json_object *payload;
    struct mhsmi_buf json;
    int ok = 0;

    *claims = (struct mhsmi_claims){0};
    to = from != NULL ? strchr(from + 1, '.') : NULL;
    if (to == NULL)
        return 0;
    mhsmi_buf_init(&json, payload_max);
    if (mhsmi_base64url_decode(&json, from + 1, (size_t)(to - from - 1))) {
        payload = mhsmi_json_parse(json.data, json.size);
        ok = json_object_is_type(payload, json_type_object) &&
             take(claims, payload);
        mhsmi_json_wipe(payload);
    }
    mhsmi_buf_clear(&json);
    return ok;
}

void mhsmi_claims_clear(struct mhsmi_claims *claims)
{
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        mhsmi_free(*text_at(claims, i));
        *text_at(claims, i) = NULL;
    }
    *claims = (struct mhsmi_claims){0};
}
