/* SPDX-License-Identifier: MIT
 *
 * What the programs of this folder share: a local HSM of their own, keys in
 * it, library contexts with the module in every place of the provider list,
 * and checks of OpenSSL's error queue.  Sees the module through OpenSSL's
 * public interface alone, and must never include a header of the project: the
 * tests would then share its mistakes.
 *
 * A step of preparation that fails ends the program with a message (th_die);
 * what a test is about is left to its own assertions.
 */
#ifndef MHSM_TESTS_HARNESS_H
#define MHSM_TESTS_HARNESS_H

#include <stddef.h>

#include <CUnit/CUnit.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* Program ---------------------------------------------------------------- */

/* Start the HSM, run the tests (ended by CU_TEST_INFO_NULL), end the HSM.
 * Returns the exit code: 0 when every assertion held and the HSM ended well. */
int th_main(const char *suite, const CU_TestInfo *tests);
/* The two ends of th_main, for a program that is no suite. */
void th_begin(void);
void th_end(void);
void th_die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
void th_sleep_ms(long ms);
long th_now_ms(void);

/* Processes --------------------------------------------------------------- */

struct th_end {
    int code;   /* of exit; -1: none */
    int signal; /* that ended it; -1: none */
    long ms;    /* how long it lived */
};

/* Start this program again, with the name of a scenario as its argument and
 * the present environment; killed after a minute. */
struct th_end th_again(const char *scenario);
/* Threads of this process that are the module's. */
int th_io_threads(void);
/* Descriptors that this process has open. */
int th_descriptors(void);

/* The HSM ---------------------------------------------------------------- */

/* End it with no warning (kill -9); start it again on the same state. */
void th_emulator_kill(void);
void th_emulator_start(void);
pid_t th_emulator_pid(void);
/* Put the variables of its environment file back, as after the start. */
void th_environment_reset(void);
/* "localhost:PORT" of the service. */
const char *th_host(void);
/* Its state directory. */
const char *th_state(void);

struct th_stats {
    long connections, requests, tokens, imds;
};

struct th_stats th_stats(void);
/* How often a route such as "POST /keys/{name}/{version}/sign" was hit. */
long th_route(const char *route);
/* How many requests went to routes that contain "/keys". */
long th_key_requests(void);
void th_reset(void);
void th_latency(int ms);
/* One fault: the members of the JSON object, without its braces. */
void th_fault(const char *members, ...) __attribute__((format(printf, 1, 2)));

/* Its keys and principals ------------------------------------------------- */

/* A call of the service as administrator, by the api-version of the
 * environment, or 7.6; the caller puts the answer (NULL when it is no JSON).
 * `body` NULL: none. */
struct json_object *th_service(const char *method, const char *path,
                               const char *body, long *status);
/* The administrator's access token, got outside the module. */
const char *th_token(void);
/* `version` (33 octets, may be NULL) gets the new version. */
void th_key_create(const char *name, const char *body, char *version);
void th_rsa_create(const char *name, int bits, char *version);
void th_ec_create(const char *name, const char *curve, char *version);
/* Change attributes or operations: a PATCH body. */
void th_key_update(const char *name, const char *body);

struct th_principal {
    char id[64], secret[256], oid[64];
};

/* `role` NULL: no role at all. */
void th_principal_new(const char *name, const char *role, const char *scope,
                      struct th_principal *principal);
/* What contexts opened from now on use.  th_environment_reset undoes it, but
 * not before their first request: the secret is read then. */
void th_principal_use(const struct th_principal *principal);

/* Register what proves a principal beside its secret, in the form that the
 * emulator's help tells; takes `proof`. */
void th_prove(const char *client_id, struct json_object *proof);

/* OpenSSL ----------------------------------------------------------------- */

enum th_order {
    TH_LAST,     /* default, mhsm */
    TH_FIRST,    /* mhsm, default */
    TH_PREFERRED /* default, mhsm, and default properties "?provider=mhsm" */
};

struct th_context {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *providers[2];
};

/* Reads the environment now: later changes do not reach the context.  The
 * program ends when a provider does not load or leaves an error behind. */
void th_context_open(struct th_context *context, enum th_order order);
void th_context_close(struct th_context *context);
/* One in each place of the list, by the numbers of enum th_order. */
void th_contexts_open(struct th_context contexts[3]);
void th_contexts_close(struct th_context contexts[3]);
const char *th_order_name(enum th_order order);
/* A context with the default provider alone: the judge of all outcomes. */
OSSL_LIB_CTX *th_plain(void);
/* th_main does it; for programs that run without. */
void th_plain_close(void);

/* The first private key at a URI, or NULL with the error queue as it is. */
EVP_PKEY *th_open(OSSL_LIB_CTX *lib, const char *uri);
/* The first object of type `expect` (OSSL_STORE_INFO_*). */
EVP_PKEY *th_open_as(OSSL_LIB_CTX *lib, const char *uri, int expect);
/* As th_open; the program ends when that fails or leaves an error behind. */
EVP_PKEY *th_must_open(OSSL_LIB_CTX *lib, const char *uri);
/* The public part as a key of the default provider. */
EVP_PKEY *th_public(EVP_PKEY *key);
/* The public key that the service tells, by n,e, x,y or pub, in th_plain(). */
EVP_PKEY *th_public_from_service(const char *name);

struct th_scheme {
    const char *digest;
    int padding; /* RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING; 0: leave it */
};

/* One-shot signature; freed by OPENSSL_free.  NULL on failure. */
unsigned char *th_sign(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                       const struct th_scheme *scheme, const char *text,
                       size_t *size);
/* 1 valid, else not; `key` from whatever provider, its own operation.  PSS
 * must have a salt of exactly the digest's length. */
int th_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, const struct th_scheme *scheme,
              const char *text, const unsigned char *signature, size_t size);
/* Sign with `key` and verify in th_plain(): 1 or 0. */
int th_sign_and_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                       const struct th_scheme *scheme, const char *text);
/* EVP_PKEY_sign on a digest made elsewhere; a scheme with no digest names
 * none.  1, with *size set, or 0. */
int th_sign_digest(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                   const struct th_scheme *scheme, const unsigned char *digest,
                   size_t digest_size, unsigned char *signature, size_t *size);
/* The scheme that suits a key's type: RSA with PKCS#1 and SHA-256, or ECDSA
 * with the digest of the curve's size. */
struct th_scheme th_scheme_of(EVP_PKEY *key);

/* Messages that the key's algorithm takes whole (ML-DSA): parameters, and what
 * goes in. */
struct th_way {
    OSSL_PARAM params[5];
    const unsigned char *data;
    size_t size;
};

/* Without parameters. */
struct th_way th_way_of(const void *data, size_t size);
/* Freed by OPENSSL_free; NULL on failure. */
unsigned char *th_sign_message(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                               const struct th_way *way, size_t *size);
int th_verify_message(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                      const struct th_way *way, const unsigned char *sig,
                      size_t size);
/* In pieces of `piece` octets; only with OpenSSL 3.4 and later. */
int th_sign_in_pieces(OSSL_LIB_CTX *lib, EVP_PKEY *key,
                      const struct th_way *way, size_t piece,
                      unsigned char *sig, size_t *size);

/* Error queue: these also empty it.  For the main thread alone. */
#define TH_QUIET()                                                             \
    th_queue_quiet(__FILE__, __LINE__) /* no entry at all is left */
#define TH_ONE_ERROR(...)                                                      \
    th_queue_one(__FILE__, __LINE__, (const char *const[]){__VA_ARGS__, NULL})

void th_queue_quiet(const char *file, unsigned int line);
/* Exactly one entry of the module's, whose text holds each of `parts`
 * (whatever the case) and no control character; entries of libcrypto itself
 * may be around it. */
void th_queue_one(const char *file, unsigned int line,
                  const char *const *parts);

/* Assertion that tells a name when it fails, for tests driven by tables. */
#define TH_TRUE(condition, ...)                                                \
    th_true((condition) ? 1 : 0, #condition, __FILE__, __LINE__, __VA_ARGS__)
void th_true(int holds, const char *condition, const char *file,
             unsigned int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* TLS --------------------------------------------------------------------- */

/* A certificate for localhost with the public part of `key`, signed by
 * `signer` (self-signed when they are the same key), in `lib`. */
X509 *th_certificate(OSSL_LIB_CTX *lib, EVP_PKEY *key, EVP_PKEY *signer,
                     const struct th_scheme *scheme);

struct th_tls {
    OSSL_LIB_CTX *server_lib, *client_lib;
    EVP_PKEY *key;
    X509 *certificate;
    int version;          /* TLS1_2_VERSION or TLS1_3_VERSION */
    const char *groups;   /* NULL: the library's own */
    const char *ciphers;  /* TLS 1.2, NULL: the library's own */
    const char *sigalgs;  /* that the client offers; NULL: the library's own */
    EVP_PKEY *client_key; /* NULL: the server asks for no certificate */
    X509 *client_certificate;
};

/* A handshake over memory, a message each way, and the client's check of the
 * certificate.  1, or 0 with the error queue as it is. */
int th_handshake(const struct th_tls *tls);

#endif
