/* SPDX-License-Identifier: MIT
 *
 * Ordinary things: the key objects of before OpenSSL 3, got from keys and put
 * into them, which many programs still do.
 */
#undef OPENSSL_NO_DEPRECATED
#undef OPENSSL_API_COMPAT
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ordinary.h"

#include <string.h>

#include <openssl/dh.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

static void rsa_objects(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name), *again = EVP_PKEY_new();
        RSA *rsa = EVP_PKEY_get1_RSA(key);
        unsigned char digest[32] = {1}, sig[512];
        unsigned int size = 0;

        if (ord_result(o, rsa != NULL, "%s", name) > 0) {
            ord_text(o, "%d %d", RSA_bits(rsa), RSA_check_key(rsa));
            if (ord_result(o,
                           RSA_sign(NID_sha256, digest, sizeof(digest), sig,
                                    &size, rsa),
                           "sign") > 0)
                ord_octets(o, "signature", sig, size);
            ord_result(
                o,
                RSA_verify(NID_sha256, digest, sizeof(digest), sig, size, rsa),
                "verify");
            ord_result(o, EVP_PKEY_set1_RSA(again, rsa), "set");
            ord_result(o, EVP_PKEY_eq(again, key), "eq");
        }
        RSA_free(rsa);
        EVP_PKEY_free(again);
        EVP_PKEY_free(key);
    }
}

static void ec_objects(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name), *again = EVP_PKEY_new();
        EC_KEY *ec = EVP_PKEY_get1_EC_KEY(key), *made;
        unsigned char digest[32] = {1}, sig[512];
        unsigned int size = 0;

        if (ord_result(o, ec != NULL, "%s", name) > 0) {
            ord_text(o, "%d %d", EC_KEY_check_key(ec),
                     EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)));
            ord_good(o, ECDSA_sign(0, digest, sizeof(digest), sig, &size, ec),
                     "sign");
            ord_good(
                o, ECDSA_verify(0, digest, sizeof(digest), sig, (int)size, ec),
                "verify");
            ord_result(o, EVP_PKEY_set1_EC_KEY(again, ec), "set");
            ord_result(o, EVP_PKEY_eq(again, key), "eq");
            made = EC_KEY_new_ex(o->lib, NULL);
            ord_good(o, EC_KEY_set_group(made, EC_KEY_get0_group(ec)), "group");
            ord_good(o, EC_KEY_generate_key(made), "generate");
            ord_good(o, EVP_PKEY_set1_EC_KEY(again, made), "set");
            ord_result(o, EVP_PKEY_parameters_eq(again, key), "parameters");
            ord_result(o, EVP_PKEY_eq(again, key), "eq");
            EC_KEY_free(made);
        }
        EC_KEY_free(ec);
        EVP_PKEY_free(again);
        EVP_PKEY_free(key);
    }
}

static void other_objects(struct ord *o)
{
    const char *name;
    size_t i;

    for (i = 0; (name = ord_key_name(i)) != NULL; i++) {
        EVP_PKEY *key = ord_key(o, name);
        DSA *dsa = EVP_PKEY_get1_DSA(key);
        DH *dh = EVP_PKEY_get1_DH(key);

        ord_text(o, "%s %d %d", name, dsa != NULL, dh != NULL);
        DSA_free(dsa);
        DH_free(dh);
        EVP_PKEY_free(key);
    }
}

const struct ord_case ord_legacy_cases[] = {
    {"RSA objects", rsa_objects},
    {"EC objects", ec_objects},
    {"DSA and DH objects", other_objects},
    {NULL, NULL},
};
