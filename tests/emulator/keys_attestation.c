/* SPDX-License-Identifier: MIT
 *
 * Key attestation: what the HSM says of a key, signed. The blobs of the real
 * service are the vendor's binary; these are a text with the facts and behind
 * it an RSA signature, by a key whose certificate comes along.
 */
#include "certificate.h"
#include "handlers.h"
#include "keybundle.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define FACTS_MAX ((size_t)65536)

/* The certificate in PEM, and that in base64. */
static char *certificate_text(EVP_PKEY *key)
{
    X509 *cert = emu_certificate_of(key, "Local Managed HSM attestation",
                                    EMU_CERTIFICATE_DAYS, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL, *text = NULL;
    long len = 0;

    if (cert != NULL && bio != NULL && PEM_write_bio_X509(bio, cert) == 1)
        len = BIO_get_mem_data(bio, &pem);
    if (len > 0)
        text = emu_base64_encode(pem, (size_t)len);
    BIO_free(bio);
    X509_free(cert);
    return text;
}

static int sign(EVP_PKEY *key, struct emu_bytes *facts)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[256];
    size_t len = sizeof(signature);
    int ok =
        ctx != NULL &&
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(ctx, signature, &len, facts->data, facts->len) == 1 &&
        emu_bytes_append(facts, signature, len);

    EVP_MD_CTX_free(ctx);
    return ok;
}

/* One blob as a member of the attestation. */
static int add_blob(struct json_object *o, const char *name, const char *part,
                    EVP_PKEY *key, struct json_object *bundle)
{
    struct json_object *facts = json_object_new_object();
    struct emu_bytes blob = {NULL, 0};
    char *text = NULL;
    int ok = 0;

    if (emu_json_add_string(facts, "part", part) &&
        emu_json_add(facts, "key",
                     json_object_get(emu_json_member(bundle, "key"))) &&
        emu_json_add(facts, "attributes",
                     json_object_get(emu_json_member(bundle, "attributes"))))
        text = emu_json_text(facts);
    if (text != NULL && strlen(text) < FACTS_MAX &&
        emu_bytes_append(&blob, text, strlen(text)) && sign(key, &blob))
        ok = emu_json_add_bytes(o, name, blob.data, blob.len);
    free(text);
    emu_bytes_free(&blob);
    json_object_put(facts);
    return ok;
}

static struct json_object *attestation(struct emu_request *rq,
                                       struct json_object *bundle, int oct)
{
    EVP_PKEY *key = emu_cloud_key(rq->hsm->store, "key_attestation_key");
    struct json_object *o = json_object_new_object();
    char *pem = key == NULL ? NULL : certificate_text(key);
    int ok =
        pem != NULL && emu_json_add_string(o, "certificatePemFile", pem) &&
        emu_json_add_string(o, "version", "EMULATOR-1") &&
        add_blob(o, "privateKeyAttestation", "private", key, bundle) &&
        (oct || add_blob(o, "publicKeyAttestation", "public", key, bundle));

    free(pem);
    EVP_PKEY_free(key);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

void emu_key_attestation(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *bundle, *statement;
    struct emu_version v;

    if (!emu_key_find(rq, r, &v))
        return;
    bundle = emu_keybundle_json(rq, &v);
    statement =
        bundle == NULL ? NULL : attestation(rq, bundle, v.kty == EMU_OCT);
    if (bundle == NULL || statement == NULL ||
        !emu_json_add(emu_json_member(bundle, "attributes"), "attestation",
                      statement)) {
        json_object_put(bundle);
        bundle = NULL;
    }
    emu_reply_json(r, 200, bundle);
    emu_version_free(&v);
}
