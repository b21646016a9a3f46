/* SPDX-License-Identifier: MIT
 *
 * Keys on their way in, under a key-exchange key, and out, under another's.
 */
#ifndef EMU_BYOK_H
#define EMU_BYOK_H

#include "hsm.h"

#include <json-c/json.h>
#include <openssl/evp.h>

/* Opens the key_hsm member of a JWK. NULL on success and the plain bytes in
 * *out, else what is wrong. */
const char *emu_byok_open(struct emu_hsm *hsm, const char *key_hsm,
                          struct emu_bytes *out);
/* The ciphertext of such a blob for the owner of `to`, with OAEP by md. 1 on
 * success. */
int emu_byok_seal(EVP_PKEY *to, const EVP_MD *md, const struct emu_bytes *plain,
                  struct emu_bytes *out);

#endif
