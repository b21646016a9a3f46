/* SPDX-License-Identifier: MIT
 *
 * An opening inside the library: shares, and the master key that they give.
 */
#ifndef MHSM_CLIENT_DOMAIN_OPENING_H
#define MHSM_CLIENT_DOMAIN_OPENING_H

#include "domain/domain.h"

struct mhsm_domain_opening {
    const mhsm_security_domain *domain;
    struct mhsmi_private_context context;
    struct mhsmi_secret *shares[MHSMI_SHARES_MAX]; /* by holder; or NULL */
    struct mhsmi_secret *master;                   /* NULL: not yet combined */
};

/* Open the share of the key's certificate; *index gets the holder. */
MHSM_NODISCARD mhsm_status mhsmi_share_open(const mhsm_security_domain *domain,
                                            OSSL_LIB_CTX *lib,
                                            const mhsm_wrapping_key *key,
                                            size_t *index,
                                            struct mhsmi_secret **share,
                                            mhsm_error **err);
/* Takes the share, if there is none of that holder. */
MHSM_NODISCARD mhsm_status mhsmi_opening_take(mhsm_domain_opening *opening,
                                              size_t index,
                                              struct mhsmi_secret *share,
                                              mhsm_error **err);
/* Combine the shares, unless that is done. */
MHSM_NODISCARD mhsm_status mhsmi_opening_combine(mhsm_domain_opening *opening,
                                                 mhsm_error **err);
/* The key of a datum under a master key: MHSMI_CEK_MAX octets. */
MHSM_NODISCARD mhsm_status mhsmi_opening_derive(
    OSSL_LIB_CTX *lib, const struct mhsmi_secret *master, const char *tag,
    struct mhsmi_secret **cek, mhsm_error **err);
/* Decrypt one datum; the shares must be combined. */
MHSM_NODISCARD mhsm_status
mhsmi_opening_datum(const mhsm_domain_opening *opening, size_t index,
                    struct mhsmi_secret **data, mhsm_error **err);

#endif
