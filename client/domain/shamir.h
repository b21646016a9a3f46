/* SPDX-License-Identifier: MIT
 *
 * Shamir's secret sharing as the security domain has it: over GF(257), each
 * octet of the secret by a polynomial of its own.  A share is a sequence of
 * little-endian 16-bit words, one an octet: x in the upper seven bits, the same
 * in all of them and not 0, and the value 0 to 256 in the lower nine.
 *
 * No branch and no memory access depends on a secret.
 */
#ifndef MHSM_CLIENT_DOMAIN_SHAMIR_H
#define MHSM_CLIENT_DOMAIN_SHAMIR_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/error.h"

enum { MHSMI_SHARES_MAX = 126, MHSMI_SHARE_WORD = 2 };

struct mhsmi_share {
    const unsigned char *data;
    size_t size; /* octets: MHSMI_SHARE_WORD for each of the secret */
};

/* MHSM_OK when it is well formed; *x gets its place. */
MHSM_NODISCARD mhsm_status mhsmi_share_check(const struct mhsmi_share *share,
                                             unsigned int *x, mhsm_error **err);

/* Shares 1 to `count` of the `size` octets at `secret`, any `quorum` (2 to
 * `count`) of which give it back; `shares` has room for `count` times
 * MHSMI_SHARE_WORD * `size` octets. */
MHSM_NODISCARD mhsm_status mhsmi_shamir_split(OSSL_LIB_CTX *lib,
                                              const unsigned char *secret,
                                              size_t size, unsigned int quorum,
                                              unsigned int count,
                                              unsigned char *shares,
                                              mhsm_error **err);

/* The secret, shares[0].size / MHSMI_SHARE_WORD octets, from the first `quorum`
 * of `count` shares; the others have to agree with them.  MHSM_ERR_DAMAGED
 * when one is malformed, two are the same or they do not belong together. */
MHSM_NODISCARD mhsm_status mhsmi_shamir_combine(
    const struct mhsmi_share *shares, unsigned int count, unsigned int quorum,
    unsigned char *secret, mhsm_error **err);

#endif
