/* SPDX-License-Identifier: MIT
 *
 * Keys with certificates outside the HSM, made while the test runs, and files
 * of them: what applications prove themselves by.  Made by OpenSSL's default
 * provider alone; a step that fails ends the program.
 */
#ifndef MHSM_TESTS_CLIENT_PAIRS_H
#define MHSM_TESTS_CLIENT_PAIRS_H

#include "harness.h"

struct tp_pair {
    EVP_PKEY *key;
    X509 *certificate;
};

/* A key and a certificate for `name` with it; `issuer` NULL: self-signed. */
struct tp_pair tp_rsa(const char *name, int bits, const struct tp_pair *issuer);
struct tp_pair tp_ec(const char *name);
void tp_free(struct tp_pair *pair);

/* PEM texts, joined in the order given, to be freed by free(); NULL arguments
 * are left out. */
char *tp_key_pem(const struct tp_pair *pair, const char *password);
char *tp_certificate_pem(const struct tp_pair *pair);
char *tp_public_pem(const struct tp_pair *pair);

/* Write a file of the state directory and return its path, which stays good
 * until the next call. */
const char *tp_write(const char *name, const void *data, size_t size);
/* The same for texts, freed then; ended by NULL. */
const char *tp_write_texts(const char *name, ...);
/* PKCS#12 with one further certificate (NULL: none). */
const char *tp_write_pkcs12(const char *name, const struct tp_pair *pair,
                            const struct tp_pair *further,
                            const char *password);

/* A JWT with these claims (a JSON text), signed with RS256. */
char *tp_jwt(const struct tp_pair *pair, const char *claims);

#endif
