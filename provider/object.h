/* SPDX-License-Identifier: MIT
 *
 * How loaders and decoders hand a key to libcrypto: by a reference, which our
 * own key management takes, and which another provider's gets exported when
 * the key is a software key.
 */
#ifndef MP_OBJECT_H
#define MP_OBJECT_H

#include <openssl/core.h>

#include "key.h"

/* The callback's result.  The receiver takes a reference of its own. */
int mp_object_give(struct mp_key *key, OSSL_CALLBACK *callback, void *arg);
/* The public part of the software key that `reference` stands for; a quiet 0
 * for a key of the HSM, for which another provider has no use. */
int mp_object_export(const void *reference, size_t size,
                     OSSL_CALLBACK *callback, void *arg);

#endif
