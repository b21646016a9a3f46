/* SPDX-License-Identifier: MIT
 *
 * An inventory inside the library.
 */
#ifndef MHSM_CLIENT_RECOVERY_INVENTORY_H
#define MHSM_CLIENT_RECOVERY_INVENTORY_H

#include <openssl/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "mhsm/inventory.h"

enum { MHSMI_WITNESS_SIZE = 32, MHSMI_WITNESS_WRAPPED_MAX = 64 };

/* Octets that the key wrapped; `wrapped` is empty where there are none. */
struct mhsmi_witness {
    const char *algorithm; /* static */
    struct mhsmi_buf wrapped;
    unsigned char sha256[32];
};

struct mhsmi_inventory_item {
    mhsm_key *key;
    struct mhsmi_witness witness;
};

struct mhsm_inventory {
    char *endpoint;
    int64_t taken;
    struct mhsmi_inventory_item *items;
    size_t count, capacity;
};

MHSM_NODISCARD mhsm_status mhsmi_inventory_new(const char *endpoint,
                                               int64_t taken,
                                               mhsm_inventory **inventory,
                                               mhsm_error **err);
/* Takes the key over in any case; the item's witness is empty. */
MHSM_NODISCARD mhsm_status
mhsmi_inventory_add(mhsm_inventory *inventory, mhsm_key *key,
                    struct mhsmi_inventory_item **item, mhsm_error **err);
/* In the order that the public header promises. */
void mhsmi_inventory_sort(mhsm_inventory *inventory);

/* The key wrap algorithm that suits an oct key. */
const char *mhsmi_witness_algorithm(const mhsm_key *key);
/* Make one, with the random generator and the digest of `lib`.  What the
 * service or the key's own rules refuse leaves `witness` empty, with MHSM_OK. */
MHSM_NODISCARD mhsm_status mhsmi_witness_make(mhsm_client *client,
                                              OSSL_LIB_CTX *lib,
                                              const mhsm_key *key,
                                              struct mhsmi_witness *witness,
                                              mhsm_error **err);
/* Whether `key` unwraps it to what it was. */
MHSM_NODISCARD mhsm_status mhsmi_witness_ask(
    const struct mhsmi_witness *witness, mhsm_client *client, OSSL_LIB_CTX *lib,
    const mhsm_key *key, int *same, mhsm_error **err);
/* The key may be used for all of `operations` now; else *why says why not. */
int mhsmi_key_usable(const mhsm_key *key, unsigned int operations,
                     const char **why);
/* A status that says of the key that it cannot be used so, and nothing of the
 * HSM. */
int mhsmi_key_refused(mhsm_status st);

#endif
