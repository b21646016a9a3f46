/* SPDX-License-Identifier: MIT
 *
 * Statements of the attestation authority: JWTs signed with RS256 by a key
 * that signs nothing else.
 */
#include "attestation.h"

#include "jwt.h"

#define KEY      "attestation_key"
#define LIFETIME 3600

static struct json_object *head(void)
{
    struct json_object *o = json_object_new_object();

    if (emu_json_add_string(o, "alg", "RS256") &&
        emu_json_add_string(o, "typ", "JWT") &&
        emu_json_add_string(o, "jku", EMU_ATTESTATION_ISSUER "/certs"))
        return o;
    json_object_put(o);
    return NULL;
}

char *emu_attestation_issue(struct emu_hsm *hsm, struct json_object *claims)
{
    EVP_PKEY *key = emu_cloud_key(hsm->cloud->store, KEY);
    struct json_object *o = NULL;
    int64_t now = emu_now();
    char *statement = NULL;

    if (key != NULL && json_object_deep_copy(claims, &o, NULL) == 0 &&
        emu_json_add_string(o, "iss", EMU_ATTESTATION_ISSUER) &&
        emu_json_add_int(o, "iat", now) && emu_json_add_int(o, "nbf", now) &&
        emu_json_add_int(o, "exp", now + LIFETIME)) {
        statement = emu_jwt_sign(head(), o, key);
        o = NULL;
    }
    json_object_put(o);
    EVP_PKEY_free(key);
    return statement;
}

struct json_object *emu_attestation_verify(struct emu_hsm *hsm,
                                           const char *statement)
{
    EVP_PKEY *key = emu_cloud_key(hsm->cloud->store, KEY);
    struct json_object *claims = NULL;
    int64_t nbf, exp, now = emu_now();
    struct emu_jwt jwt;

    if (emu_jwt_read(&jwt, statement) && key != NULL &&
        emu_jwt_holds(&jwt, key) &&
        emu_jwt_is(jwt.claims, "iss", EMU_ATTESTATION_ISSUER) &&
        emu_json_int(jwt.claims, "nbf", &nbf) == 1 &&
        emu_json_int(jwt.claims, "exp", &exp) == 1 && now >= nbf && now < exp)
        claims = json_object_get(jwt.claims);
    emu_jwt_free(&jwt);
    EVP_PKEY_free(key);
    return claims;
}
