/* SPDX-License-Identifier: MIT
 *
 * What PKCS#1 v1.5 decryption gives when the padding was wrong: not an error,
 * but a message that nobody can tell from a real one, and the same one each
 * time (implicit rejection), so that the answer is no padding oracle.
 */
#ifndef MP_PKCS1_REJECT_H
#define MP_PKCS1_REJECT_H

#include <stddef.h>

#include "key.h"

/* All ones when a == b, else 0; without a branch. */
unsigned char mp_ct_equal(size_t a, size_t b);
/* to[i] = mask ? yes[i] : no[i], without a branch. */
void mp_ct_select(unsigned char mask, unsigned char *to,
                  const unsigned char *yes, const unsigned char *no,
                  size_t size);
size_t mp_ct_select_size(unsigned char mask, size_t yes, size_t no);

/* The substitute for `ciphertext`: `size` octets are written, of which the
 * first *length are the message.  Raises one error. */
int mp_reject_message(const struct mp_key *key, const unsigned char *ciphertext,
                      size_t size, unsigned char *message, size_t *length);

#endif
