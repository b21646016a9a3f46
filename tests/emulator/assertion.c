/* SPDX-License-Identifier: MIT
 *
 * Verification of client assertions. One with the thumbprint of a certificate
 * is the application's own; any other is of a federated issuer. Nothing in the
 * claims counts before the signature holds, but who is asked for.
 */
#include "assertion.h"

#include "certificate.h"
#include "jwt.h"
#include "proofs.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIFE_MAX 600
#define SKEW     5
#define CHAIN    8

static const struct thumbprint {
    const char *name;
    const EVP_MD *(*digest)(void);
} thumbprints[] = {{"x5t#S256", EVP_sha256}, {"x5t", EVP_sha1}};

/* The one that the header has; NULL when it has none. */
static const struct thumbprint *find_thumbprint(struct json_object *header)
{
    size_t i;

    for (i = 0; i < sizeof(thumbprints) / sizeof(thumbprints[0]); i++) {
        if (emu_json_string(header, thumbprints[i].name) != NULL)
            return &thumbprints[i];
    }
    return NULL;
}

/* MSAL for Python pads it, against RFC 7515, and is understood. */
static int thumbprint_is(struct json_object *header, X509 *certificate)
{
    const struct thumbprint *kind = find_thumbprint(header);
    const char *given = emu_json_string(header, kind->name);
    char *text = emu_certificate_thumbprint(certificate, kind->digest());
    size_t size = text == NULL ? 0 : strlen(text);
    int ok = text != NULL && strncmp(given, text, size) == 0 &&
             (given[size] == '\0' || strcmp(given + size, "=") == 0);
    emu_text_free(text);
    return ok;
}

static int signed_by(const struct emu_jwt *jwt, X509 *certificate)
{
    return certificate != NULL && thumbprint_is(jwt->header, certificate) &&
           emu_jwt_holds(jwt, X509_get0_pubkey(certificate));
}

/* A certificate of x5c, which is ordinary base64 without line breaks. */
static X509 *read_x5c(struct json_object *one)
{
    const char *text = json_object_get_string(one);
    size_t len = text == NULL ? 0 : strlen(text);
    unsigned char *der = len == 0 || len % 4 != 0 ? NULL : malloc(len);
    const unsigned char *at = der;
    X509 *certificate = NULL;
    int size;

    if (der != NULL && strcspn(text, " \r\n-_") == len) {
        size = EVP_DecodeBlock(der, (const unsigned char *)text, (int)len);
        certificate = size < 0 ? NULL : d2i_X509(NULL, &at, size);
    }
    free(der);
    return certificate;
}

/* The certificates of the header, each issued by the next; NULL when there
 * are none or they are anything else. */
static STACK_OF(X509) * read_chain(struct json_object *header)
{
    struct json_object *list = emu_json_member(header, "x5c");
    STACK_OF(X509) *chain = sk_X509_new_null();
    size_t i, count = json_object_is_type(list, json_type_array)
                          ? json_object_array_length(list)
                          : 0;
    int ok = chain != NULL && count != 0 && count <= CHAIN;

    for (i = 0; ok && i < count; i++) {
        X509 *one = read_x5c(json_object_array_get_idx(list, i));

        ok = one != NULL && sk_X509_push(chain, one) > 0 &&
             (i == 0 ||
              X509_check_issued(one, sk_X509_value(chain, (int)i - 1)) ==
                  X509_V_OK);
    }
    if (ok)
        return chain;
    sk_X509_pop_free(chain, X509_free);
    return NULL;
}

static int issued(STACK_OF(X509) * chain, X509 *authority)
{
    X509_STORE *trusted = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int ok = trusted != NULL && ctx != NULL && authority != NULL &&
             X509_STORE_add_cert(trusted, authority) == 1 &&
             X509_STORE_CTX_init(ctx, trusted, sk_X509_value(chain, 0),
                                 chain) == 1 &&
             X509_verify_cert(ctx) == 1;

    X509_STORE_CTX_free(ctx);
    X509_STORE_free(trusted);
    return ok;
}

static int name_is(X509 *certificate, const char *name)
{
    char text[256];

    return name != NULL &&
           X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                                     NID_commonName, text, sizeof(text)) > 0 &&
           strcmp(text, name) == 0;
}

/* Whether one proof of the principal is what signed. */
static int proves(const struct emu_jwt *jwt, STACK_OF(X509) * chain,
                  struct json_object *proof)
{
    X509 *known = emu_proof_certificate(proof, "certificate");
    X509 *authority = emu_proof_certificate(proof, "authority");
    int ok = signed_by(jwt, known);

    if (chain != NULL && authority != NULL)
        ok = signed_by(jwt, sk_X509_value(chain, 0)) &&
             name_is(sk_X509_value(chain, 0),
                     emu_json_string(proof, "subject")) &&
             issued(chain, authority);
    X509_free(known);
    X509_free(authority);
    return ok;
}

static enum emu_refusal check_signature(struct emu_request *rq,
                                        const struct emu_principal *p,
                                        const struct emu_jwt *jwt)
{
    struct json_object *proofs = emu_proofs_list(rq->hsm->cloud->store, p->oid);
    STACK_OF(X509) *chain = read_chain(jwt->header);
    size_t i, count = proofs == NULL ? 0 : json_object_array_length(proofs);
    int named = chain != NULL, ok = 0;

    for (i = 0; i < count && !ok; i++)
        ok = proves(jwt, chain, json_object_array_get_idx(proofs, i));
    if (emu_json_member(jwt->header, "x5c") != NULL && chain == NULL)
        ok = 0;
    sk_X509_pop_free(chain, X509_free);
    json_object_put(proofs);
    if (ok)
        return EMU_REFUSED_NOT;
    return named ? EMU_REFUSED_NAME : EMU_REFUSED_SIGNATURE;
}

static enum emu_refusal check_time(struct json_object *claims, int64_t life)
{
    int64_t nbf = 0, exp, now = emu_now();

    /* MSAL for Python leaves nbf out, and has fractions of seconds. */
    if (emu_jwt_time(claims, "nbf", &nbf) < 0 ||
        emu_jwt_time(claims, "exp", &exp) != 1 || nbf > now + SKEW ||
        exp <= now || exp > now + life + SKEW)
        return EMU_REFUSED_TIME;
    return EMU_REFUSED_NOT;
}

/* A repeated request brings the same assertion again, and may; another
 * assertion needs a jti of its own. */
static enum emu_refusal check_replay(struct emu_request *rq,
                                     const struct emu_principal *p,
                                     const struct emu_jwt *jwt)
{
    const char *jti = emu_json_string(jwt->claims, "jti");
    char *text = emu_base64url_encode(jwt->signature.data, jwt->signature.len);
    sqlite3_stmt *row = NULL;
    int ok = 0;

    if (jti != NULL && *jti != '\0' && text != NULL &&
        emu_store_run(rq->hsm->cloud->store,
                      "INSERT OR IGNORE INTO assertions VALUES(?1,?2,?3)",
                      "ttt", p->oid, jti, text) >= 0) {
        emu_store_lock(rq->hsm->cloud->store);
        row = emu_store_query(rq->hsm->cloud->store,
                              "SELECT 1 FROM assertions WHERE oid=?1 AND "
                              "jti=?2 AND signature=?3",
                              "ttt", p->oid, jti, text);
        ok = row != NULL && sqlite3_step(row) == SQLITE_ROW;
        sqlite3_finalize(row);
        emu_store_unlock(rq->hsm->cloud->store);
    }
    emu_text_free(text);
    return ok ? EMU_REFUSED_NOT : EMU_REFUSED_REPLAY;
}

/* AD FS knows the old algorithm and thumbprint only; Entra wants the new
 * algorithm with the new thumbprint. */
static int algorithm_fits(struct emu_request *rq, struct json_object *header)
{
    int fresh = emu_json_string(header, "x5t#S256") != NULL;

    if (strcmp(rq->name, "adfs") == 0)
        return !fresh && emu_jwt_is(header, "alg", "RS256");
    return fresh || emu_jwt_is(header, "alg", "RS256");
}

static enum emu_refusal check_own(struct emu_request *rq,
                                  const struct emu_principal *p,
                                  const struct emu_jwt *jwt)
{
    int adfs = strcmp(rq->name, "adfs") == 0;
    enum emu_refusal why;
    char audience[512];

    if (!algorithm_fits(rq, jwt->header))
        return EMU_REFUSED_ALGORITHM;
    if (!emu_jwt_is(jwt->claims, "iss", p->client_id) ||
        !emu_jwt_is(jwt->claims, "sub", p->client_id))
        return EMU_REFUSED_APPLICATION;
    why = check_signature(rq, p, jwt);
    if (why != EMU_REFUSED_NOT)
        return why;
    snprintf(audience, sizeof(audience), "https://%s/%s/oauth2/%s", rq->host,
             rq->name, adfs ? "token" : "v2.0/token");
    if (!emu_jwt_is(jwt->claims, "aud", audience))
        return EMU_REFUSED_AUDIENCE;
    why = check_time(jwt->claims, LIFE_MAX);
    return why != EMU_REFUSED_NOT ? why : check_replay(rq, p, jwt);
}

/* How far a federated proof fits: the refusal tells the first that does not. */
static enum emu_refusal check_issuer(const struct emu_jwt *jwt,
                                     struct json_object *proof)
{
    const char *issuer = emu_json_string(proof, "issuer");
    const char *subject = emu_json_string(proof, "subject");
    const char *audience = emu_json_string(proof, "audience");
    EVP_PKEY *key;
    int ok;

    if (issuer == NULL || !emu_jwt_is(jwt->claims, "iss", issuer) ||
        audience == NULL || !emu_jwt_is(jwt->claims, "aud", audience))
        return EMU_REFUSED_FEDERATION;
    if (subject == NULL || !emu_jwt_is(jwt->claims, "sub", subject))
        return EMU_REFUSED_SUBJECT;
    key = emu_proof_key(proof);
    ok = key != NULL && emu_jwt_holds(jwt, key);
    EVP_PKEY_free(key);
    return ok ? check_time(jwt->claims, 24 * 3600) : EMU_REFUSED_SIGNATURE;
}

static enum emu_refusal check_federated(struct emu_request *rq,
                                        const struct emu_principal *p,
                                        const struct emu_jwt *jwt)
{
    struct json_object *proofs = emu_proofs_list(rq->hsm->cloud->store, p->oid);
    size_t i, count = proofs == NULL ? 0 : json_object_array_length(proofs);
    enum emu_refusal why = EMU_REFUSED_FEDERATION, one;

    for (i = 0; i < count && why != EMU_REFUSED_NOT; i++) {
        one = check_issuer(jwt, json_object_array_get_idx(proofs, i));
        if (one != EMU_REFUSED_FEDERATION)
            why = one;
    }
    json_object_put(proofs);
    return why;
}

enum emu_refusal emu_assertion_check(struct emu_request *rq,
                                     const struct emu_principal *p,
                                     const char *assertion)
{
    struct emu_jwt jwt;
    enum emu_refusal why = EMU_REFUSED_ASSERTION;

    if (emu_jwt_read(&jwt, assertion))
        why = find_thumbprint(jwt.header) != NULL
                  ? check_own(rq, p, &jwt)
                  : check_federated(rq, p, &jwt);
    emu_jwt_free(&jwt);
    return why;
}
