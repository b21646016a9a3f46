/* SPDX-License-Identifier: MIT
 *
 * Encoding a key: what is asked for, and the two who can answer.
 */
#ifndef MP_ENCODER_H
#define MP_ENCODER_H

#include "core_bio.h"
#include "key.h"
#include "params.h"

struct mp_encoder;

/* What libcrypto asks for by choosing a table of ours. */
struct mp_encoder_kind {
    const char *output;    /* "pem", "der", "text" */
    const char *structure; /* NULL: whatever */
    /* The private key of the HSM in that form; raises one error.  NULL: the
     * form is for public keys. */
    int (*encode)(struct mp_encoder *ctx, const struct mp_key *key, BIO *out);
};

struct mp_encoder {
    struct mp_prov *prov;
    const struct mp_encoder_kind *kind;
    char cipher[MP_PROPQ_SIZE], properties[MP_PROPQ_SIZE];
    int has_cipher, save_parameters; /* the latter -1: not said */
};

/* encoder_reference.c: keys of the HSM. */
int mp_encoder_reference_pem(struct mp_encoder *ctx, const struct mp_key *key,
                             BIO *out);
int mp_encoder_reference_der(struct mp_encoder *ctx, const struct mp_key *key,
                             BIO *out);
int mp_encoder_text(struct mp_encoder *ctx, const struct mp_key *key, BIO *out);
int mp_encoder_refuse(struct mp_encoder *ctx, const struct mp_key *key,
                      BIO *out);

#endif
