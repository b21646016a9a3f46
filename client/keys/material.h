/* SPDX-License-Identifier: MIT
 *
 * Private material inside the library: an EVP_PKEY of a context of its own, or
 * the octets of a symmetric key.
 */
#ifndef MHSM_CLIENT_KEYS_MATERIAL_H
#define MHSM_CLIENT_KEYS_MATERIAL_H

#include <openssl/evp.h>

#include "base/json.h"
#include "base/private_context.h"
#include "mhsm/import.h"

struct mhsm_material {
    struct mhsmi_private_context context;
    mhsm_key_type type;
    mhsm_curve curve;
    unsigned int operations; /* what a JWK says of itself; 0: nothing */
    EVP_PKEY *pkey;          /* RSA and EC */
    struct mhsmi_buf octets; /* oct */
};

/* What begins like a JSON object is taken for nothing else. */
int mhsmi_material_is_json(const unsigned char *data, size_t size);
/* The EVP_PKEY of a JWK of type RSA or EC (crv known to be `curve`), private
 * or, with `is_public`, its public part; NULL when it does not hold
 * together. */
EVP_PKEY *mhsmi_material_from_jwk(struct mhsmi_private_context *context,
                                  struct json_object *jwk, mhsm_key_type type,
                                  const mhsm_curve_info *curve, int is_public);
/* Add the members of the private JWK to `jwk`; 1, or 0 when out of memory. */
MHSM_NODISCARD int mhsmi_material_to_jwk(const mhsm_material *material,
                                         struct json_object *jwk);

#endif
