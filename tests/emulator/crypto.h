/* SPDX-License-Identifier: MIT
 *
 * The algorithms of the key operations, one table.
 */
#ifndef EMU_CRYPTO_H
#define EMU_CRYPTO_H

#include "keystore.h"

struct emu_alg;

/* One operation: what came in, what goes out. */
struct emu_crypto {
    const struct emu_version *key;
    const struct emu_alg *alg;
    unsigned op;
    struct emu_bytes value;
    struct emu_bytes digest;
    struct emu_bytes iv;
    struct emu_bytes aad;
    struct emu_bytes tag;
    struct emu_bytes context; /* ML-DSA */
    struct emu_bytes mu;      /* ML-DSA: in place of message and context */
    struct emu_bytes result;
    int verified;
};

/* NULL when done, else what was wrong with the request. */
typedef const char *emu_alg_run(struct emu_crypto *c);

struct emu_alg {
    const char *name;
    enum emu_kty kty;
    unsigned ops;
    const char *detail; /* the curve, the parameter set, or OpenSSL's cipher */
    const char *md;
    int64_t bits; /* of an oct key; 0: any */
    int padding;  /* RSA */
    const char *since;
    emu_alg_run *run;
};

const struct emu_alg *emu_alg_find(const char *name);

emu_alg_run emu_rsa_signature;
emu_alg_run emu_rsa_cipher;
emu_alg_run emu_ec_signature;
emu_alg_run emu_akp_signature;
emu_alg_run emu_oct_mac;
emu_alg_run emu_oct_gcm;
emu_alg_run emu_oct_cbc;
emu_alg_run emu_oct_wrap;

/* The answer when OpenSSL itself fails on good input. */
extern const char emu_crypto_failed[];

#endif
