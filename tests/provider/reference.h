/* SPDX-License-Identifier: MIT
 *
 * Key references in the tests of this folder: one as the module writes it, and
 * what it must be read as.
 */
#ifndef MHSM_TESTS_REFERENCE_H
#define MHSM_TESTS_REFERENCE_H

#include "harness.h"

#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define REFERENCE_LABEL "MHSM KEY REFERENCE"

enum { PATH_ROOM = 512 };

struct reference {
    const char *name;
    char version[33], *pem;
    unsigned char *der;
    long der_size;
    EVP_PKEY *known; /* the public key, as the service tells it */
};

/* A context in each place of the list, and references of three keys that are
 * made in the HSM: RSA, P-256 and P-521.  References_prepare makes them all. */
extern struct th_context contexts[3];
extern struct reference references[3];
void references_prepare(void);
void references_end(void);

/* By way of a context that is open; the key exists. */
void reference_make(struct reference *reference, OSSL_LIB_CTX *lib);
void reference_free(struct reference *reference);
/* The key is the one, whole, and costs nothing until it is used, in `lib` (NULL:
 * not at all).  Frees it. */
void reference_judge(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                     const struct reference *reference, long before,
                     const char *what);
/* All requests so far. */
long requests(void);

EVP_PKEY *read_pem(OSSL_LIB_CTX *lib, const char *text);
/* `path` has PATH_ROOM octets. */
void write_file(char *path, const void *data, size_t size);
char *join(const char *a, const char *b);
/* A software key in PEM, made now. */
char *foreign_pem(const char *type, const char *group);

#endif
