/* SPDX-License-Identifier: MIT
 *
 * Sealed text: compact JWEs with A256CBC-HS512, and a direct key or one that is
 * encrypted for somebody.
 */
#ifndef EMU_SEAL_H
#define EMU_SEAL_H

#include "bytes.h"

#include <openssl/types.h>

#define EMU_SEAL_KEY 64

/* key is EMU_SEAL_KEY bytes, kid plain text for the header. NULL on failure;
 * the caller frees. */
char *emu_seal(const unsigned char *key, const char *kid,
               const struct emu_bytes *plain);
/* The same under a new key, which is encrypted for an RSA key with
 * RSA-OAEP-256. */
char *emu_seal_for(EVP_PKEY *key, const char *kid,
                   const struct emu_bytes *plain);
/* 1 when the text is whole, unchanged and sealed under the key. */
int emu_unseal(const unsigned char *key, const char *kid, const char *text,
               struct emu_bytes *plain);
/* The same of what was sealed for the RSA key, with whatever kid. */
int emu_unseal_by(EVP_PKEY *key, const char *text, struct emu_bytes *plain);

#endif
