/* SPDX-License-Identifier: MIT
 *
 * What keys an HSM has, down to the public key of each version, on record: so
 * that after a disaster another HSM can be held against it.  No secret is in
 * it.
 *
 * A symmetric key has no public part.  Its record may hold a witness: random
 * octets wrapped by the key, and their SHA-256.  Whatever unwraps them to the
 * same octets is the same key.
 *
 * An inventory is immutable and may be read by several threads.
 */
#ifndef MHSM_INVENTORY_H
#define MHSM_INVENTORY_H

#include <stddef.h>
#include <stdint.h>

#include <mhsm/key.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mhsm_inventory mhsm_inventory;

/* How far it is; 0 ends the work with MHSM_ERR_TIMEOUT. */
typedef int (*mhsm_inventory_progress)(void *arg, size_t versions,
                                       const char *name);

/* All versions of all live keys of the HSM that `uri` names: a request a page
 * of names, one a key and one a version, and, with `witnesses`, one a symmetric
 * key that may wrap and unwrap (where that is refused there is no witness).
 * `progress` may be NULL.  Needs keys/read/action, and keys/wrap/action for
 * witnesses. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_inventory_take(mhsm_client *client, const mhsm_uri *uri, int witnesses,
                    mhsm_inventory_progress progress, void *arg,
                    mhsm_inventory **inventory, mhsm_error **err);

/* The same from what mhsm_inventory_encode() made, at most
 * MHSM_INVENTORY_SIZE_MAX octets.  MHSM_ERR_DAMAGED names the part that is
 * wrong. */
#define MHSM_INVENTORY_SIZE_MAX ((size_t)64 * 1024 * 1024)
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_inventory_decode(const unsigned char *data, size_t size,
                      mhsm_inventory **inventory, mhsm_error **err);
/* JSON text. */
MHSM_API MHSM_NODISCARD mhsm_status mhsm_inventory_encode(
    const mhsm_inventory *inventory, mhsm_result **text, mhsm_error **err);
MHSM_API void mhsm_inventory_free(mhsm_inventory *inventory);

/* "https://HOST[:PORT]" and Unix seconds. */
MHSM_API const char *mhsm_inventory_endpoint(const mhsm_inventory *inventory);
MHSM_API int64_t mhsm_inventory_taken(const mhsm_inventory *inventory);
/* Versions, sorted by name and then by creation. */
MHSM_API size_t mhsm_inventory_count(const mhsm_inventory *inventory);
/* Borrowed; `index` < count. */
MHSM_API const mhsm_key *mhsm_inventory_key(const mhsm_inventory *inventory,
                                            size_t index);

/* What was found of one version in the HSM that is held against it. */
typedef enum mhsm_proof {
    MHSM_PROOF_WORKS = 0,   /* used there, and right under the recorded key */
    MHSM_PROOF_SAME = 1,    /* the same public key, which was not used: why */
    MHSM_PROOF_PRESENT = 2, /* symmetric, and nothing to tell by: why */
    MHSM_PROOF_MISSING = 3,
    MHSM_PROOF_DIFFERENT = 4, /* another key under this name and version */
    MHSM_PROOF_WRONG = 5      /* what it made is not right under that key */
} mhsm_proof;

enum { MHSM_PROOF_COUNT = 6 };

/* "works", "same", ...: static. */
MHSM_API const char *mhsm_proof_name(mhsm_proof proof);

typedef struct mhsm_proof_row {
    const char *name, *version; /* borrowed for the call */
    mhsm_proof proof;
    const char *reason; /* "" when there is none to give */
} mhsm_proof_row;

/* 0 ends the work with MHSM_ERR_TIMEOUT. */
typedef int (*mhsm_proof_tell)(void *arg, const mhsm_proof_row *row);

/* Hold the HSM that `uri` names against the inventory: every version is got,
 * its public key compared, and the key used once: a random digest is signed
 * there and verified here under the recorded public key; else a random text is
 * encrypted here under that and decrypted there; a witness is unwrapped there.
 * Counts by outcome into `counts`.  MHSM_OK when all could be looked at,
 * whatever was found.  Needs keys/read/action and keys/sign/action,
 * keys/decrypt/action, keys/unwrap/action: without one of those a key is only
 * compared. */
MHSM_API MHSM_NODISCARD mhsm_status
mhsm_inventory_prove(const mhsm_inventory *inventory, mhsm_client *client,
                     const mhsm_uri *uri, mhsm_proof_tell tell, void *arg,
                     size_t counts[MHSM_PROOF_COUNT], mhsm_error **err);

#ifdef __cplusplus
}
#endif
#endif
