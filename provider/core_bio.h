/* SPDX-License-Identifier: MIT
 *
 * The core's BIOs as BIOs of this side, for decoders and encoders.  A
 * provider is given its input and output as opaque objects that only the
 * core's own functions may touch; libcrypto's public functions want a BIO.
 */
#ifndef MP_CORE_BIO_H
#define MP_CORE_BIO_H

#include <openssl/bio.h>

#include "prov.h"

struct mp_core_bio {
    const struct mp_prov *prov;
    OSSL_CORE_BIO *core;
    const char *watched; /* NULL, or the begin of a line to look out for */
    int seen;            /* such a line has been read */
    BIO_METHOD *method;
    BIO *bio;
};

/* `core` is borrowed.  1, or 0 when out of memory, with no error raised. */
int mp_core_bio_open(struct mp_core_bio *self, const struct mp_prov *prov,
                     OSSL_CORE_BIO *core);
void mp_core_bio_close(struct mp_core_bio *self);
/* As many octets as there are, at most `size`. */
size_t mp_core_bio_read(const struct mp_prov *prov, OSSL_CORE_BIO *core,
                        void *data, size_t size);

#endif
