/* SPDX-License-Identifier: MIT
 *
 * Secure key release: the private key goes to an environment whose attestation
 * meets the key's policy, under a key of that environment, in a statement
 * signed by the HSM. Outside its time a key is released all the same.
 */
#include "attestation.h"
#include "byok.h"
#include "certificate.h"
#include "handlers.h"
#include "jwt.h"
#include "keybundle.h"
#include "policy.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_MAX 512

/* What was asked for. */
struct release {
    const char *enc;
    const EVP_MD *md;
    const char *nonce;
    struct json_object *claims;
    EVP_PKEY *to;
};

static const EVP_MD *wrapping(const char *enc)
{
    static const struct {
        const char *name;
        const EVP_MD *(*md)(void);
    } table[] = {
        {"CKM_RSA_AES_KEY_WRAP", EVP_sha1},
        {"RSA_AES_KEY_WRAP_256", EVP_sha256},
        {"RSA_AES_KEY_WRAP_384", EVP_sha384},
    };
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, enc) == 0)
            return table[i].md();
    }
    return NULL;
}

/* The first RSA key that the environment says is its own. */
static EVP_PKEY *recipient(struct json_object *claims)
{
    struct json_object *tee = emu_json_member(claims, "x-ms-isolation-tee");
    struct json_object *runtime = emu_json_member(claims, "x-ms-runtime");
    struct json_object *list;
    EVP_PKEY *key = NULL;
    size_t i;

    if (runtime == NULL)
        runtime = emu_json_member(tee, "x-ms-runtime");
    list = emu_json_member(runtime, "keys");
    if (!json_object_is_type(list, json_type_array))
        return NULL;
    for (i = 0; key == NULL && i < json_object_array_length(list); i++)
        key = emu_material_jwk_rsa(json_object_array_get_idx(list, i));
    return key;
}

static int take_body(struct emu_request *rq, struct emu_reply *r,
                     struct json_object *body, struct release *out)
{
    const char *target = emu_json_string(body, "target");

    out->enc = emu_json_string(body, "enc");
    out->nonce = emu_json_string(body, "nonce");
    if (emu_json_member(body, "enc") == NULL)
        out->enc = "CKM_RSA_AES_KEY_WRAP";
    out->md = out->enc == NULL ? NULL : wrapping(out->enc);
    if (target == NULL) {
        emu_reply_bad(r, "The target attestation is missing");
    } else if (out->md == NULL) {
        emu_reply_bad(r, "enc is not supported");
    } else if (emu_json_member(body, "nonce") != NULL &&
               (out->nonce == NULL || strlen(out->nonce) > NONCE_MAX)) {
        emu_reply_bad(r, "nonce must be a short text");
    } else if ((out->claims = emu_attestation_verify(rq->hsm, target)) ==
               NULL) {
        emu_reply_bad(r, "Target environment attestation statement cannot be "
                         "verified");
    } else if ((out->to = recipient(out->claims)) == NULL) {
        emu_reply_bad(r, "Target environment attestation statement has no key");
    } else {
        return 1;
    }
    return 0;
}

static int permitted(struct emu_reply *r, const struct emu_version *v,
                     struct json_object *claims)
{
    struct json_object *policy =
        v->release_policy == NULL
            ? NULL
            : emu_json_parse(v->release_policy, strlen(v->release_policy));
    const char *wrong = emu_policy_check(policy, claims);

    json_object_put(policy);
    if (wrong == NULL)
        return 1;
    emu_reply_refuse(r, 403, "Forbidden", "KeyReleasePolicyNotMet", "%s",
                     wrong);
    return 0;
}

/* The blob as it would be brought in again, in base64url. */
static char *key_hsm(const struct release *how, const struct emu_version *v,
                     const char *kid)
{
    struct json_object *o = json_object_new_object();
    struct json_object *header = json_object_new_object();
    struct emu_bytes sealed = {NULL, 0};
    char *text = NULL, *encoded = NULL;

    if (emu_json_add_string(header, "kid", kid) &&
        emu_json_add_string(header, "alg", "dir") &&
        emu_json_add_string(header, "enc", how->enc) &&
        emu_json_add(o, "header", json_object_get(header)) &&
        emu_json_add_string(o, "schema_version", "1.0.0") &&
        emu_byok_seal(how->to, how->md, &v->material, &sealed) &&
        emu_json_add_bytes(o, "ciphertext", sealed.data, sealed.len))
        text = emu_json_text(o);
    if (text != NULL)
        encoded = emu_base64url_encode(text, strlen(text));
    free(text);
    json_object_put(header);
    json_object_put(o);
    emu_bytes_free(&sealed);
    return encoded;
}

static struct json_object *statement(struct emu_request *rq,
                                     const struct release *how,
                                     const struct emu_version *v)
{
    struct json_object *o = json_object_new_object();
    struct json_object *asked = json_object_new_object();
    struct json_object *answer = json_object_new_object();
    struct json_object *bundle = emu_keybundle_json(rq, v);
    char url[512], *blob = NULL;
    int ok =
        bundle != NULL && emu_key_url(rq, v, 1, url, sizeof(url)) &&
        (blob = key_hsm(how, v, url)) != NULL &&
        emu_json_add_string(emu_json_member(bundle, "key"), "key_hsm", blob) &&
        emu_json_add_string(asked, "api-version",
                            emu_uri_parameter(&rq->uri, "api-version")) &&
        emu_json_add_string(asked, "enc", how->enc) &&
        emu_json_add_string(asked, "kid", url) &&
        (how->nonce == NULL || emu_json_add_string(asked, "nonce", how->nonce));

    ok = emu_json_add(answer, "key", bundle) && ok;
    ok = emu_json_add(o, "request", asked) && ok;
    ok = emu_json_add(o, "response", answer) && ok;
    free(blob);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

/* The signer's certificate, in the form of x5c: base64 with padding. */
static struct json_object *signer(EVP_PKEY *key)
{
    X509 *cert = emu_certificate_of(key, "Local Managed HSM key release",
                                    EMU_CERTIFICATE_DAYS, 0);
    struct json_object *list = json_object_new_array();
    char *text = cert == NULL ? NULL : emu_certificate_x5c(cert);

    if (text != NULL)
        json_object_array_add(list, json_object_new_string(text));
    free(text);
    X509_free(cert);
    return list;
}

static void release(struct emu_request *rq, struct emu_reply *r,
                    const struct release *how, const struct emu_version *v)
{
    EVP_PKEY *key = emu_cloud_key(rq->hsm->store, "release_key");
    struct json_object *header = json_object_new_object(), *o = NULL;
    char *value = NULL;

    if (key != NULL && emu_json_add_string(header, "alg", "RS256") &&
        emu_json_add_string(header, "typ", "JWT") &&
        emu_json_add(header, "x5c", signer(key)))
        value =
            emu_jwt_sign(json_object_get(header), statement(rq, how, v), key);
    if (value != NULL) {
        o = json_object_new_object();
        emu_json_add_string(o, "value", value);
    }
    emu_reply_json(r, 200, o);
    emu_text_free(value);
    json_object_put(header);
    EVP_PKEY_free(key);
}

void emu_key_release(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body = NULL;
    struct release how;
    struct emu_version v;

    if (!emu_key_find(rq, r, &v))
        return;
    memset(&how, 0, sizeof(how));
    body = emu_json_parse(rq->body.data, rq->body.len);
    if (!v.enabled)
        emu_reply_refuse(r, 403, "Forbidden", "KeyDisabled",
                         "Operation \"release\" is not allowed on a disabled "
                         "key");
    else if (!v.exportable)
        emu_reply_refuse(r, 403, "Forbidden", "KeyOperationForbidden",
                         "Operation \"release\" is not permitted on this key");
    else if (body == NULL)
        emu_reply_bad(r, "The request body is no JSON object");
    else if (take_body(rq, r, body, &how) && permitted(r, &v, how.claims))
        release(rq, r, &how, &v);
    EVP_PKEY_free(how.to);
    json_object_put(how.claims);
    json_object_put(body);
    emu_version_free(&v);
}
