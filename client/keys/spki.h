/* SPDX-License-Identifier: MIT
 *
 * SubjectPublicKeyInfo (RFC 5280), as part of a key reference.  Read into the
 * members of a JWK, so that a public key is checked by the same code wherever
 * it came from.
 */
#ifndef MHSM_CLIENT_KEYS_SPKI_H
#define MHSM_CLIENT_KEYS_SPKI_H

#include <json-c/json.h>
#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include "mhsm/key.h"

struct mhsmi_spki {
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *key;
};

/* The template, for use within another one. */
DECLARE_ASN1_ITEM(mhsmi_spki)

/* The public key of `key`; NULL with MHSM_OK when its type has none. */
MHSM_NODISCARD mhsm_status mhsmi_spki_make(const mhsm_key *key,
                                           struct mhsmi_spki **spki,
                                           mhsm_error **err);
void mhsmi_spki_free(struct mhsmi_spki *spki);
/* Add the members n and e, crv, x and y, or alg and pub, to `jwk`.  MHSM_ERR_DAMAGED when
 * the key is malformed or of another type than `type`; MHSM_ERR_UNSUPPORTED
 * when its algorithm or curve is not known. */
MHSM_NODISCARD mhsm_status mhsmi_spki_read(const struct mhsmi_spki *spki,
                                           mhsm_key_type type,
                                           struct json_object *jwk,
                                           mhsm_error **err);
/* The restriction that a public key read before carries, static, as
 * mhsm_key_pss() tells it. */
const char *mhsmi_spki_pss(const struct mhsmi_spki *spki);

#endif
