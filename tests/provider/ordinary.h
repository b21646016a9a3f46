/* SPDX-License-Identifier: MIT
 *
 * Ordinary things that programs do with keys of their own, family by family.
 * A case does some of them in one library context and writes down what came
 * out: octets where they are fixed, properties where chance has a part.  The
 * same case run beside the module must write the same.  Must never touch a key
 * of the HSM: these are the things that the module has no business with.
 */
#ifndef MHSM_TESTS_ORDINARY_H
#define MHSM_TESTS_ORDINARY_H

#include "harness.h"

/* One case in one run. */
struct ord {
    OSSL_LIB_CTX *lib; /* NULL: the process's own */
    BIO *out;          /* the transcript */
    const char *name;
    int bad; /* something failed that works everywhere */
};

struct ord_case {
    const char *name;
    void (*run)(struct ord *o);
};

/* The families, each ended by a NULL name. */
extern const struct ord_case ord_make_cases[], ord_data_cases[],
    ord_file_cases[], ord_codec_cases[], ord_sign_cases[],
    ord_certificate_cases[], ord_secret_cases[], ord_tls_cases[],
    ord_message_cases[], ord_legacy_cases[];

/* Run all cases in `lib`, a transcript each into `folder`; 1 when nothing
 * failed that works everywhere. */
int ord_run(OSSL_LIB_CTX *lib, const char *folder);
/* Compare the transcripts of two runs: how many cases differ.  Adds to the
 * numbers of cases and of octets compared. */
int ord_compare(const char *folder, const char *other, long *cases,
                long *octets);

/* Transcript ---------------------------------------------------------------
 * Each of these also writes down and empties the error queue. */

#define ORD_FORMAT(at) __attribute__((format(printf, at, at + 1)))

void ord_text(struct ord *o, const char *format, ...) ORD_FORMAT(2);
void ord_octets(struct ord *o, const char *what, const void *data, size_t size);
/* What a BIO in memory holds. */
void ord_memory(struct ord *o, const char *what, BIO *memory);
/* An outcome, whatever it is; returns it. */
int ord_result(struct ord *o, int result, const char *format, ...)
    ORD_FORMAT(3);
/* The same where chance chooses the error: only whether there was one. */
int ord_chance(struct ord *o, int result, const char *format, ...)
    ORD_FORMAT(3);
/* An outcome that is positive everywhere, and an object that is there
 * everywhere; 1 when it is. */
int ord_good(struct ord *o, int result, const char *format, ...) ORD_FORMAT(3);
/* What was read (NULL: nothing) is the same key as `key`, whatever comes of it;
 * frees it. */
void ord_same(struct ord *o, const char *what, EVP_PKEY *read, EVP_PKEY *key);
/* Set options of a context, "name:value ...": 1 when all were taken. */
int ord_options(struct ord *o, EVP_PKEY_CTX *ctx, const char *options);
/* The names of a parameter list, without the module's own, in order. */
void ord_names(struct ord *o, const char *what, const OSSL_PARAM *params);

/* Its names and values, likewise. */
void ord_params(struct ord *o, const char *what, const OSSL_PARAM *params);

/* Input keys ---------------------------------------------------------------
 * Made once by the default provider and the same in all runs. */

struct ord_recipe {
    const char *name, *type;
    const char *options;    /* "name:value ...", NULL: none */
    const char *parameters; /* the same, for parameters made first */
};

/* Ended by a NULL name. */
extern const struct ord_recipe ord_recipes[];

/* A new key by a recipe, NULL with the error queue as it is. */
EVP_PKEY *ord_generate(OSSL_LIB_CTX *lib, const struct ord_recipe *recipe);
/* Make the folder for all runs and the keys in it. */
void ord_keys_make(const char *folder);
/* Use that folder. */
void ord_keys_use(const char *folder);
/* The names of the input keys, of which newer OpenSSL has more; NULL at the
 * end. */
const char *ord_key_name(size_t number);
/* An input key read in the run's context, and its public half alone.  The
 * program ends when there is none. */
EVP_PKEY *ord_key(struct ord *o, const char *name);
EVP_PKEY *ord_public(struct ord *o, const char *name);
/* Whether there is such an input. */
int ord_has(const char *name);
/* Its PKCS#8, freed by OPENSSL_free. */
unsigned char *ord_key_octets(const char *name, long *size);
/* A path for a file that the case makes and removes. */
const char *ord_scratch(void);

/* Certificates -------------------------------------------------------------*/

/* A certificate of `subject` for `key` signed by `issuer`'s key; the same each
 * time but for the signature.  `extensions`: "name=value" lines, NULL ends. */
struct ord_request {
    const char *subject;
    long serial;
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    const char *digest;
    const char *const *extensions;
};
X509 *ord_certificate(struct ord *o, const struct ord_request *request);
/* A self-signed one with an input key; both are freed by the caller. */
X509 *ord_self_signed(struct ord *o, const char *name, EVP_PKEY **key);
/* The digest for signatures of a key: NULL where the key has its own. */
const char *ord_digest_of(EVP_PKEY *key);

#endif
