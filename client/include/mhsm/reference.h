/* SPDX-License-Identifier: MIT
 *
 * Key references: a small DER structure that stands for a key of the HSM in
 * files, written as PEM with a label of its own.  It holds where the key is,
 * its exact version, its public part and what it may be used for, so that a
 * program can load the key without a request.  It holds no secret.
 *
 *   KeyReference ::= SEQUENCE {
 *     format    VisibleString ("mhsm key reference v1"),
 *     uri       UTF8String,            -- canonical, with the version
 *     publicKey SubjectPublicKeyInfo OPTIONAL,    -- absent for oct keys
 *     kty       [0] EXPLICIT UTF8String,          -- "RSA-HSM"
 *     keyOps    [1] EXPLICIT SEQUENCE OF UTF8String OPTIONAL,
 *     keySize   [2] EXPLICIT INTEGER OPTIONAL }   -- bits, oct keys only
 */
#ifndef MHSM_REFERENCE_H
#define MHSM_REFERENCE_H

#include <stddef.h>

#include <mhsm/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As in "-----BEGIN MHSM KEY REFERENCE-----". */
#define MHSM_REFERENCE_LABEL "MHSM KEY REFERENCE"
/* Larger ones are refused. */
#define MHSM_REFERENCE_MAX 16384
/* This many octets tell whether more of them are wanted. */
#define MHSM_REFERENCE_PROBE 32

/* No I/O.  Errors: MHSM_ERR_UNSUPPORTED, MHSM_ERR_MEMORY.  The caller frees
 * with mhsm_reference_free(). */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_reference_encode(const mhsm_key *key,
                                                          unsigned char **der,
                                                          size_t *size,
                                                          mhsm_error **err);
MHSM_API void mhsm_reference_free(unsigned char *der);
/* No I/O.  Takes exactly one reference, in DER, whose host would be allowed
 * in a key URI; anything else is MHSM_ERR_DAMAGED, MHSM_ERR_URI or
 * MHSM_ERR_UNSUPPORTED.  The key is as mhsm_key_get() makes it, but for the
 * attributes, which a reference does not hold: it counts as enabled. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_reference_decode(mhsm_client *client, const unsigned char *der,
                      size_t size, mhsm_key **key, mhsm_error **err);
/* Are these the first octets of a key reference, of whatever version?  Its
 * whole size in octets, or 0. */
MHSM_API size_t mhsm_reference_probe(const unsigned char *start, size_t size);

#ifdef __cplusplus
}
#endif
#endif
