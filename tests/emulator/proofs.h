/* SPDX-License-Identifier: MIT
 *
 * What proves a principal beside a secret, as JSON objects:
 *
 *   {"certificate": PEM}                       that certificate
 *   {"authority": PEM, "subject": CN}          any that it issued to that name
 *   {"issuer": URL, "subject": TEXT,           tokens of another authority,
 *    "audience": TEXT, "key": PEM}             whose public key this is
 */
#ifndef EMU_PROOFS_H
#define EMU_PROOFS_H

#include "store.h"

#include <json-c/json.h>
#include <openssl/x509.h>

/* NULL when it is stored, else what is wrong. */
const char *emu_proofs_add(struct emu_store *s, const char *oid,
                           struct json_object *proof);
/* All of a principal, as an array; NULL on failure. */
struct json_object *emu_proofs_list(struct emu_store *s, const char *oid);

/* The members as OpenSSL's objects; NULL when absent or malformed. */
X509 *emu_proof_certificate(struct json_object *proof, const char *name);
EVP_PKEY *emu_proof_key(struct json_object *proof);

#endif
