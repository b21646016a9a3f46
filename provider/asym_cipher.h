/* SPDX-License-Identifier: MIT
 *
 * An encryption or decryption with RSA.  Encryption is the default provider's,
 * locally; decryption is the HSM's when the key is.
 */
#ifndef MP_ASYM_CIPHER_H
#define MP_ASYM_CIPHER_H

#include <openssl/evp.h>

#include "key.h"
#include "params.h"

enum mp_cipher_operation {
    MP_CIPHER_NONE = 0,
    MP_CIPHER_ENCRYPT = 1,
    MP_CIPHER_DECRYPT = 2
};

/* What set_ctx_params changes, all of it or nothing. */
struct mp_cipher_settings {
    int pad;
    EVP_MD *oaep; /* NULL: SHA-1, as everywhere */
    EVP_MD *mgf1; /* NULL: as oaep */
    unsigned char *label;
    size_t label_size;
    unsigned int client_version, negotiated_version; /* TLS padding */
    unsigned int implicit_rejection;
    char properties[MP_PROPQ_SIZE], mgf1_properties[MP_PROPQ_SIZE];
};

struct mp_cipher {
    struct mp_prov *prov;
    struct mp_key *key;
    enum mp_cipher_operation operation;
    struct mp_cipher_settings set;
};

/* libssl's buffer for an RSA key exchange. */
#define MP_PREMASTER_SIZE 48

/* asym_cipher_params.c */
extern const OSSL_PARAM mp_cipher_settable[];
extern const OSSL_PARAM mp_cipher_gettable[];
extern const struct mp_setter mp_cipher_setters[];
extern const struct mp_getter mp_cipher_getters[];

/* asym_cipher_remote.c.  Raise one error. */
/* Can the HSM decrypt with the settings at hand? */
int mp_cipher_remote_check(const struct mp_cipher *ctx);
int mp_cipher_remote_decrypt(struct mp_cipher *ctx, unsigned char *out,
                             size_t *outlen, const unsigned char *in,
                             size_t inlen);

#endif
