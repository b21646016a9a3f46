/* SPDX-License-Identifier: MIT
 *
 * Signatures over messages that are not hashed by the caller, as ML-DSA's are:
 * whole, and in pieces where OpenSSL has an interface for that.
 */
#include "harness.h"

#include <stdio.h>

#include <openssl/params.h>

struct th_way th_way_of(const void *data, size_t size)
{
    struct th_way way;

    way.params[0] = OSSL_PARAM_construct_end();
    way.data = data;
    way.size = size;
    return way;
}

unsigned char *th_sign_message(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                               const struct th_way *way, size_t *size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char *made = NULL;

    if (EVP_DigestSignInit_ex(ctx, NULL, NULL, lib, NULL, key, way->params) ==
            1 &&
        EVP_DigestSign(ctx, NULL, size, way->data, way->size) == 1)
        made = OPENSSL_malloc(*size);
    if (made != NULL &&
        EVP_DigestSign(ctx, made, size, way->data, way->size) != 1) {
        OPENSSL_free(made);
        made = NULL;
    }
    EVP_MD_CTX_free(ctx);
    return made;
}

int th_verify_message(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                      const struct th_way *way, const unsigned char *sig,
                      size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int good = EVP_DigestVerifyInit_ex(ctx, NULL, NULL, lib, NULL, key,
                                       way->params) == 1 &&
               EVP_DigestVerify(ctx, sig, size, way->data, way->size) == 1;

    EVP_MD_CTX_free(ctx);
    return good;
}

#ifdef EVP_PKEY_OP_SIGNMSG
int th_sign_in_pieces(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                      const struct th_way *way, size_t piece,
                      unsigned char *sig, size_t *size)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);
    char properties[64];
    EVP_SIGNATURE *method;
    size_t at;
    int good;

    /* Who fetches a method by itself must take the key's own provider's. */
    snprintf(properties, sizeof(properties), "provider=%s",
             OSSL_PROVIDER_get0_name(provider));
    method = EVP_SIGNATURE_fetch(lib, EVP_PKEY_get0_type_name(key), properties);
    good = method != NULL &&
           EVP_PKEY_sign_message_init(ctx, method, way->params) == 1;
    for (at = 0; good && at < way->size; at += piece)
        good = EVP_PKEY_sign_message_update(
                   ctx, way->data + at,
                   way->size - at < piece ? way->size - at : piece) == 1;
    good = good && EVP_PKEY_sign_message_final(ctx, sig, size) == 1;
    EVP_SIGNATURE_free(method);
    EVP_PKEY_CTX_free(ctx);
    return good;
}
#endif
