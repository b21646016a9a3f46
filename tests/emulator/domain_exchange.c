/* SPDX-License-Identifier: MIT
 *
 * The exchange key of an HSM that is to be recovered. It goes when it has been
 * used: what was made for it can then be opened by nobody.
 */
#include "domain.h"

#include "certificate.h"
#include "handlers.h"
#include "material.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define BITS 4096
#define DAYS 365

static const char key_name[] = "domain_exchange_key";
static const char certificate_name[] = "domain_exchange_certificate";

int emu_domain_exchange_get(struct emu_store *s, EVP_PKEY **key, X509 **cert)
{
    struct emu_bytes der = {NULL, 0}, x509 = {NULL, 0};
    const unsigned char *at;
    int found = emu_store_get(s, key_name, &der);

    *key = NULL;
    *cert = NULL;
    if (found == 1) {
        found = -1;
        if (emu_store_get(s, certificate_name, &x509) == 1) {
            at = x509.data;
            *cert = d2i_X509(NULL, &at, (long)x509.len);
            *key = *cert == NULL ? NULL : emu_material_decode(&der);
        }
        if (*key != NULL)
            found = 1;
    }
    emu_bytes_free(&der);
    emu_bytes_free(&x509);
    return found;
}

int emu_domain_exchange_forget(struct emu_store *s)
{
    return emu_store_run(s, "DELETE FROM meta WHERE name IN (?1, ?2)", "tt",
                         key_name, certificate_name) >= 0;
}

static int keep(struct emu_store *s, EVP_PKEY *key, X509 *cert)
{
    struct emu_bytes der = {NULL, 0};
    unsigned char *x509 = NULL;
    int len = i2d_X509(cert, &x509);
    int ok = len > 0 && emu_material_encode(key, &der) &&
             emu_store_set(s, key_name, der.data, der.len) &&
             emu_store_set(s, certificate_name, x509, (size_t)len);

    OPENSSL_free(x509);
    emu_bytes_free(&der);
    return ok;
}

/* As the service writes it: members sorted, and no alg. */
static char *jwk_of(EVP_PKEY *key, X509 *cert)
{
    static const char *const operations[] = {"wrapKey", "verify", "encrypt"};
    struct emu_bytes der = {NULL, 0};
    struct json_object *jwk = NULL, *list = json_object_new_array();
    struct json_object *chain = json_object_new_array();
    char *x5t = emu_certificate_thumbprint(cert, EVP_sha1());
    char *x5t_256 = emu_certificate_thumbprint(cert, EVP_sha256());
    char *x5c = emu_certificate_x5c(cert), *text = NULL;
    size_t i;
    int ok = x5t != NULL && x5t_256 != NULL && x5c != NULL &&
             emu_material_encode(key, &der) &&
             (jwk = emu_material_public(EMU_RSA, &der)) != NULL &&
             json_object_array_add(chain, json_object_new_string(x5c)) == 0;

    for (i = 0; ok && i < sizeof(operations) / sizeof(operations[0]); i++)
        ok = json_object_array_add(list,
                                   json_object_new_string(operations[i])) == 0;
    ok = ok && emu_json_add(jwk, "key_ops", json_object_get(list)) &&
         emu_json_add(jwk, "x5c", json_object_get(chain)) &&
         emu_json_add_string(jwk, "kid", "not used") &&
         emu_json_add_string(jwk, "kty", "RSA") &&
         emu_json_add_string(jwk, "x5t", x5t) &&
         emu_json_add_string(jwk, "x5t#S256", x5t_256);
    if (ok)
        text = emu_json_text(jwk);
    json_object_put(jwk);
    json_object_put(list);
    json_object_put(chain);
    emu_bytes_free(&der);
    free(x5t);
    free(x5t_256);
    free(x5c);
    return text;
}

/* Making a key takes seconds, and others are not to wait for it: two who ask
 * at once both make one, and get the one that was kept first. */
static int get_or_make(struct emu_store *s, EVP_PKEY **key, X509 **cert)
{
    EVP_PKEY *fresh;
    X509 *own;
    int found = emu_domain_exchange_get(s, key, cert), ok;

    if (found != 0)
        return found == 1;
    fresh = EVP_RSA_gen(BITS);
    own = fresh == NULL ? NULL
                        : emu_certificate_of(fresh, "transfer-key", DAYS, 1);
    ok = own != NULL && emu_store_begin(s);
    if (ok) {
        found = emu_domain_exchange_get(s, key, cert);
        if (found == 0 && keep(s, fresh, own))
            found = emu_domain_exchange_get(s, key, cert);
        ok = emu_store_end(s, found == 1);
    }
    EVP_PKEY_free(fresh);
    X509_free(own);
    return ok;
}

void emu_domain_exchange(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o = json_object_new_object();
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    char *text = NULL;
    int active = emu_domain_active(rq->hsm->store);

    if (active == 1) {
        emu_domain_refuse_active(r);
        json_object_put(o);
        return;
    }
    if (active == 0 && get_or_make(rq->hsm->store, &key, &cert))
        text = jwk_of(key, cert);
    if (text == NULL || !emu_json_add_string(o, "key_format", "jwk") ||
        !emu_json_add_string(o, "transfer_key", text)) {
        json_object_put(o);
        o = NULL;
    }
    free(text);
    EVP_PKEY_free(key);
    X509_free(cert);
    emu_reply_json(r, 200, o);
}
