/* SPDX-License-Identifier: MIT
 *
 * RSA keys for PSS alone: how they are restricted, what callers ask of them,
 * and how far those get.
 */
#ifndef MHSM_TESTS_PSS_H
#define MHSM_TESTS_PSS_H

#include "harness.h"

/* How a key is restricted, as the generator is told; salt -1: not told. */
struct pss_limits {
    const char *name, *digest, *mgf1;
    int salt;
};

/* The first HSM_LIMITS are those that the HSM's keys can have; the one at PLAIN
 * is of an RSA key that is for everything. */
enum { HSM_LIMITS = 3, PLAIN = 6, LIMITS = 7 };
extern const struct pss_limits pss_limits[LIMITS];

/* What a caller asks for; NULL and KEEP: nothing. */
struct pss_settings {
    const char *digest, *mgf1;
    int padding, salt;
};

enum { KEEP = -100, SETTINGS = 18 };
extern const struct pss_settings pss_settings[SETTINGS];

/* 1 when each setting is taken. */
int pss_apply(EVP_PKEY_CTX *ctx, const struct pss_settings *set);
/* The stage at which signing a message of the tests' ends: 0 at its begin, 1 at
 * a setting, 2 at the signature, 3 with one; `signature` may be NULL. */
int pss_sign(OSSL_LIB_CTX *lib, EVP_PKEY *key, const struct pss_settings *set,
             unsigned char *signature, size_t *size);
int pss_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, const struct pss_settings *set,
               const unsigned char *signature, size_t size);
int pss_same_spki(EVP_PKEY *a, EVP_PKEY *b);
/* TLS of both versions, with a key that is for SHA-256 alone. */
void pss_handshakes(OSSL_LIB_CTX *server, OSSL_LIB_CTX *client, EVP_PKEY *key,
                    const char *what);

#endif
