/* SPDX-License-Identifier: MIT
 *
 * The key object behind every EVP_PKEY of this provider.  Either a key of the
 * HSM: `hsm` says where it is, and `pkey` is its public part; or a software
 * key, wholly in `pkey`, possibly public only, possibly parameters only.
 *
 * Reference-counted.  Keys of the HSM never change; a software key changes
 * only by set_params, which OpenSSL's users call before they share it.
 */
#ifndef MP_KEY_H
#define MP_KEY_H

#include <openssl/evp.h>
#include <openssl/proverr.h>

#include "err.h"
#include "prov.h"

#define MP_REJECT_SECRET_SIZE 32

/* What AES keys of the HSM are called, so that no cipher's name is taken, and
 * octets of the largest key that they wrap. */
#define MP_AES          "MHSM-AES"
#define MP_AES_WRAP_MAX 1024

struct mp_key {
    atomic_int references;
    struct mp_prov *prov;
    mhsm_key_type type;
    const char *name; /* of the type, as OpenSSL has it: static */
    mhsm_key *hsm;    /* NULL: a software key */
    EVP_PKEY *pkey;   /* in the private library context; NULL: empty, or AES */
    int has_public;
    int has_private;
    /* Key of the pseudo-random messages of implicit rejection; only with
     * pkcs1-decryption. */
    unsigned char reject_secret[MP_REJECT_SECRET_SIZE];
};

/* OpenSSL's type of RSA keys for PSS signatures alone. */
#define MP_RSA_PSS "RSA-PSS"

/* An empty key; NULL when out of memory, with no error raised. */
struct mp_key *mp_key_new(struct mp_prov *prov, mhsm_key_type type);
/* The same for a type that OpenSSL knows by several names, one for each set of
 * parameters. */
struct mp_key *mp_key_new_named(struct mp_prov *prov, mhsm_key_type type,
                                const char *name);
/* A key of the HSM; takes the reference to `hsm`, also on failure, which
 * raises one error. */
struct mp_key *mp_key_wrap(struct mp_prov *prov, mhsm_key *hsm);
/* The key of the HSM at a URI, by one request; NULL with one error raised. */
struct mp_key *mp_key_get(struct mp_prov *prov, const char *text);
/* The public part as a software key of its own; raises one error. */
struct mp_key *mp_key_public_copy(const struct mp_key *key);
struct mp_key *mp_key_up_ref(struct mp_key *key);
void mp_key_free(struct mp_key *key);

/* Octets of the largest signature or ciphertext; 0 for an empty key. */
size_t mp_key_size(const struct mp_key *key);
int mp_key_is_pss(const struct mp_key *key);
/* Begin work in the private library context.  When it fails, the entries are
 * the default provider's own for a software key, because programs know them,
 * and one of ours for a key of the HSM. */
void mp_key_mark_set(const struct mp_key *key, struct mp_mark *mark);
/* The reason of an entry of ours: for a software key, the one that the default
 * provider has, in `defaults`. */
uint32_t mp_key_reason(const struct mp_key *key, uint32_t reason, int defaults);
/* The digest to sign with when the user names none; NULL: messages are signed
 * whole. */
const char *mp_key_default_digest(const struct mp_key *key);
/* Is there a key (NULL: there is none) with the part that signs, or the one
 * that verifies?  1, or 0 with one error. */
int mp_key_may_begin(const struct mp_prov *prov, const struct mp_key *key,
                     int signing);
/* 1, or 0 with one error that names key_ops. */
int mp_key_require(const struct mp_key *key, unsigned int operations,
                   const char *what);
/* "sign,verify" into `text`. */
void mp_key_ops_text(unsigned int operations, char *text, size_t size);

#endif
