/* SPDX-License-Identifier: MIT
 *
 * New holders for the same master key.
 */
#include <openssl/err.h>

#include "base/result.h"
#include "domain/opening.h"

static mhsm_status add_holder(OSSL_LIB_CTX *lib,
                              const mhsm_wrapping_certificate *certificate,
                              const unsigned char *share,
                              mhsm_security_domain *made, mhsm_error **err)
{
    EVP_PKEY *pkey = mhsmi_wrapping_public_key(certificate, lib);
    struct mhsmi_buf text;
    mhsm_status st;

    mhsmi_buf_init(&text, MHSMI_JWE_MAX);
    st = mhsmi_jwe_wrap(lib, pkey, MHSMI_DOMAIN_ENC, MHSMI_DOMAIN_KID, share,
                        MHSMI_SHARE_SIZE, &text, err);
    if (st == MHSM_OK && !mhsmi_domain_add_holder(made, certificate->thumbprint,
                                                  mhsmi_buf_text(&text)))
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&text);
    EVP_PKEY_free(pkey);
    return st;
}

static mhsm_status
share_out(const mhsm_domain_opening *opening,
          const mhsm_wrapping_certificate *const *certificates, size_t count,
          unsigned int quorum, mhsm_security_domain *made, mhsm_error **err)
{
    struct mhsmi_secret *shares = mhsmi_secret_new(count * MHSMI_SHARE_SIZE);
    OSSL_LIB_CTX *lib = opening->context.lib;
    mhsm_status st;
    size_t i;

    if (shares == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_shamir_split(lib, opening->master->data, MHSMI_MASTER_SIZE,
                            quorum, (unsigned int)count, shares->data, err);
    for (i = 0; st == MHSM_OK && i < count; i++)
        st = add_holder(lib, certificates[i],
                        shares->data + i * MHSMI_SHARE_SIZE, made, err);
    mhsmi_secret_free(shares);
    return st;
}

static mhsm_status copy_data(const mhsm_security_domain *domain,
                             unsigned int quorum, mhsm_security_domain *made,
                             mhsm_error **err)
{
    size_t i;

    made->version = domain->version;
    made->quorum = quorum;
    for (i = 0; i < domain->data_count; i++)
        if (!mhsmi_domain_add_datum(made, domain->data[i].tag,
                                    domain->data[i].text))
            return mhsmi_error_memory(err);
    return MHSM_OK;
}

mhsm_status
mhsm_domain_opening_rewrap(mhsm_domain_opening *opening,
                           const mhsm_wrapping_certificate *const *certificates,
                           size_t count, unsigned int quorum,
                           mhsm_result **file, mhsm_error **err)
{
    mhsm_security_domain *domain = NULL;
    mhsm_result *made = NULL;
    mhsm_status st = mhsmi_wrapping_check_set(certificates, count, quorum, err);

    /* Nobody wants new holders of what does not open. */
    if (st == MHSM_OK)
        st = mhsm_domain_opening_verify(opening, err);
    if (st != MHSM_OK)
        return st;
    made = mhsmi_result_new(MHSM_DOMAIN_SIZE_MAX);
    domain = mhsmi_domain_new();
    (void)ERR_set_mark();
    if (made == NULL || domain == NULL)
        st = mhsmi_error_memory(err);
    else if ((st = copy_data(opening->domain, quorum, domain, err)) == MHSM_OK)
        st = share_out(opening, certificates, count, quorum, domain, err);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK && !mhsmi_domain_write(domain, &made->data))
        st = mhsmi_error_memory(err);
    mhsm_security_domain_free(domain);
    if (st == MHSM_OK)
        *file = made;
    else
        mhsm_result_free(made);
    return st;
}
