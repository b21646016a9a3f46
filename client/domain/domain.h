/* SPDX-License-Identifier: MIT
 *
 * The security domain inside the library.
 */
#ifndef MHSM_CLIENT_DOMAIN_DOMAIN_H
#define MHSM_CLIENT_DOMAIN_DOMAIN_H

#include "base/json.h"
#include "domain/shamir.h"
#include "domain/wrapping.h"

enum {
    MHSMI_MASTER_SIZE = 32,
    MHSMI_SHARE_SIZE = MHSMI_MASTER_SIZE * MHSMI_SHARE_WORD,
    MHSMI_DATA_MAX = 64
};

#define MHSMI_DOMAIN_ENC "A256CBC-HS512"
/* The kid of what is encrypted for a key pair, in files of the service. */
#define MHSMI_DOMAIN_KID "not used"

struct mhsmi_datum {
    char *tag;  /* the label of its key */
    char *text; /* the JWE as it stands in the file */
    struct mhsmi_jwe jwe;
};

struct mhsmi_holder {
    char *thumbprint;
    char *text; /* NULL when the file has none */
    struct mhsmi_jwe jwe;
    mhsm_error *damage; /* set: jwe is not to be used */
};

struct mhsm_security_domain {
    unsigned int version, quorum;
    struct mhsmi_datum data[MHSMI_DATA_MAX];
    size_t data_count;
    struct mhsmi_holder holders[MHSMI_SHARES_MAX];
    size_t holder_count;
};

mhsm_security_domain *mhsmi_domain_new(void);
/* Add an entry with copies of the texts (`text` of a holder may be NULL); 1, or
 * 0 when memory is out.  There must be room. */
MHSM_NODISCARD int mhsmi_domain_add_datum(mhsm_security_domain *domain,
                                          const char *tag, const char *text);
MHSM_NODISCARD int mhsmi_domain_add_holder(mhsm_security_domain *domain,
                                           const char *thumbprint,
                                           const char *text);
/* NULL: none. */
const struct mhsmi_holder *
mhsmi_domain_find_holder(const mhsm_security_domain *domain,
                         const char *thumbprint);

/* Append the file as the service writes it; and the restore blob as the Azure
 * CLI does, whose one holder is the exchange key.  1, or 0 when memory is out
 * or it would be over MHSM_DOMAIN_SIZE_MAX. */
MHSM_NODISCARD int mhsmi_domain_write(const mhsm_security_domain *domain,
                                      struct mhsmi_buf *out);
MHSM_NODISCARD int
mhsmi_domain_write_restore_blob(const mhsm_security_domain *domain,
                                struct mhsmi_buf *out);
/* Read such a blob back, as a domain with that one holder. */
MHSM_NODISCARD mhsm_status
mhsmi_domain_read_restore_blob(const unsigned char *data, size_t size,
                               mhsm_security_domain **domain, mhsm_error **err);
/* The exchange key in an answer that was parsed (may be NULL), as
 * mhsm_domain_exchange_certificate() gives it. */
MHSM_NODISCARD mhsm_status mhsmi_domain_exchange_read(
    struct json_object *answer, mhsm_result **pem, mhsm_error **err);
/* SHA-256 of the file in that form. */
MHSM_NODISCARD mhsm_status mhsmi_domain_digest(
    const mhsm_security_domain *domain, OSSL_LIB_CTX *lib,
    unsigned char digest[MHSMI_THUMBPRINT_SIZE], mhsm_error **err);

#endif
