/* SPDX-License-Identifier: MIT
 *
 * Access tokens. Verification looks at nothing in the claims before the
 * signature holds, and takes one algorithm only.
 */
#include "token.h"

#include "jwt.h"

#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIGNATURE_MAX 1024

static void issuer(const struct emu_hsm *hsm, char *out, size_t size)
{
    snprintf(out, size, "https://sts.windows.net/%s/", hsm->cloud->tenant);
}

static struct json_object *claims(struct emu_hsm *hsm,
                                  const struct emu_token_claims *c)
{
    struct json_object *o = json_object_new_object();
    char iss[96], uti[EMU_GUID_SIZE];
    int64_t now = emu_now();

    issuer(hsm, iss, sizeof(iss));
    if (emu_guid_new(uti) && emu_json_add_string(o, "aud", c->audience) &&
        emu_json_add_string(o, "iss", iss) && emu_json_add_int(o, "iat", now) &&
        emu_json_add_int(o, "nbf", now) &&
        emu_json_add_int(o, "exp", now + c->lifetime) &&
        emu_json_add_string(o, "appid", c->client_id) &&
        emu_json_add_string(o, "appidacr", "1") &&
        emu_json_add_string(o, "idtyp", "app") &&
        emu_json_add_string(o, "oid", c->oid) &&
        emu_json_add_string(o, "sub", c->oid) &&
        emu_json_add_string(o, "tid", hsm->cloud->tenant) &&
        emu_json_add_string(o, "uti", uti) &&
        emu_json_add_string(o, "ver", "1.0"))
        return o;
    json_object_put(o);
    return NULL;
}

static struct json_object *head(struct emu_hsm *hsm)
{
    struct json_object *o = json_object_new_object();

    if (emu_json_add_string(o, "typ", "JWT") &&
        emu_json_add_string(o, "alg", "RS256") &&
        emu_json_add_string(o, "x5t", hsm->cloud->token_kid) &&
        emu_json_add_string(o, "kid", hsm->cloud->token_kid))
        return o;
    json_object_put(o);
    return NULL;
}

char *emu_token_issue(struct emu_hsm *hsm, const struct emu_token_claims *c)
{
    return emu_jwt_sign(head(hsm), claims(hsm, c), hsm->cloud->token_key);
}

static int claims_hold(struct emu_hsm *hsm, struct json_object *o,
                       const char *audience, char *oid)
{
    const char *subject = emu_json_string(o, "oid");
    int64_t nbf, exp, now = emu_now();
    char iss[96];

    issuer(hsm, iss, sizeof(iss));
    if (!emu_jwt_is(o, "iss", iss) ||
        !emu_jwt_is(o, "tid", hsm->cloud->tenant) ||
        !emu_jwt_is(o, "aud", audience) || emu_json_int(o, "nbf", &nbf) != 1 ||
        emu_json_int(o, "exp", &exp) != 1 || now < nbf || now >= exp ||
        subject == NULL || !emu_guid_valid(subject))
        return 0;
    memcpy(oid, subject, EMU_GUID_SIZE);
    return 1;
}

static int verify(struct emu_hsm *hsm, const char *token, const char *audience,
                  char *oid)
{
    struct emu_jwt jwt;
    int ok = emu_jwt_read(&jwt, token) &&
             emu_jwt_is(jwt.header, "alg", "RS256") &&
             emu_jwt_is(jwt.header, "kid", hsm->cloud->token_kid) &&
             emu_jwt_holds(&jwt, hsm->cloud->token_key) &&
             claims_hold(hsm, jwt.claims, audience, oid);

    emu_jwt_free(&jwt);
    return ok;
}

int emu_token_verify(struct emu_hsm *hsm, const char *authorization,
                     const char *audience, char *oid)
{
    return authorization != NULL &&
           strncasecmp(authorization, "Bearer ", 7) == 0 &&
           verify(hsm, authorization + 7, audience, oid);
}

static int add_number(struct json_object *o, const char *name, EVP_PKEY *key,
                      const char *parameter)
{
    unsigned char raw[SIGNATURE_MAX];
    BIGNUM *value = NULL;
    int ok = 0;

    if (EVP_PKEY_get_bn_param(key, parameter, &value) == 1 &&
        BN_num_bytes(value) <= (int)sizeof(raw))
        ok = emu_json_add_bytes(o, name, raw, (size_t)BN_bn2bin(value, raw));
    BN_free(value);
    return ok;
}

struct json_object *emu_token_jwk(struct emu_hsm *hsm)
{
    struct json_object *o = json_object_new_object();

    if (emu_json_add_string(o, "kty", "RSA") &&
        emu_json_add_string(o, "use", "sig") &&
        emu_json_add_string(o, "kid", hsm->cloud->token_kid) &&
        emu_json_add_string(o, "x5t", hsm->cloud->token_kid) &&
        add_number(o, "n", hsm->cloud->token_key, OSSL_PKEY_PARAM_RSA_N) &&
        add_number(o, "e", hsm->cloud->token_key, OSSL_PKEY_PARAM_RSA_E))
        return o;
    json_object_put(o);
    return NULL;
}
