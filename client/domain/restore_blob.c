/* SPDX-License-Identifier: MIT
 *
 * The restore blob: all data under a master key of the moment, and that one for
 * the exchange key.  Random octets are drawn in the Azure CLI's order: the
 * master key, the IVs of the data, then what the exchange key takes.
 */
#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/result.h"
#include "domain/opening.h"

static mhsm_status rewrap_datum(const mhsm_domain_opening *opening,
                                size_t index, const struct mhsmi_secret *master,
                                mhsm_security_domain *blob, mhsm_error **err)
{
    const char *tag = opening->domain->data[index].tag;
    OSSL_LIB_CTX *lib = opening->context.lib;
    struct mhsmi_secret *data = NULL, *cek = NULL;
    struct mhsmi_buf text;
    mhsm_status st;

    mhsmi_buf_init(&text, MHSMI_JWE_MAX);
    if ((st = mhsmi_opening_datum(opening, index, &data, err)) == MHSM_OK &&
        (st = mhsmi_opening_derive(lib, master, tag, &cek, err)) == MHSM_OK)
        st = mhsmi_jwe_seal(lib, MHSMI_DOMAIN_ENC, tag, cek->data, data->data,
                            data->size, &text, err);
    if (st == MHSM_OK &&
        !mhsmi_domain_add_datum(blob, tag, mhsmi_buf_text(&text)))
        st = mhsmi_error_memory(err);
    mhsmi_secret_free(data);
    mhsmi_secret_free(cek);
    mhsmi_buf_clear(&text);
    return st;
}

static mhsm_status wrap_master(OSSL_LIB_CTX *lib,
                               const struct mhsmi_secret *master,
                               const mhsm_wrapping_certificate *exchange,
                               mhsm_security_domain *blob, mhsm_error **err)
{
    EVP_PKEY *pkey = mhsmi_wrapping_public_key(exchange, lib);
    struct mhsmi_buf text;
    mhsm_status st;

    mhsmi_buf_init(&text, MHSMI_JWE_MAX);
    st = mhsmi_jwe_wrap(lib, pkey, MHSMI_DOMAIN_ENC, MHSMI_DOMAIN_KID,
                        master->data, master->size, &text, err);
    if (st == MHSM_OK && !mhsmi_domain_add_holder(blob, exchange->thumbprint,
                                                  mhsmi_buf_text(&text)))
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&text);
    EVP_PKEY_free(pkey);
    return st;
}

static mhsm_status fill(mhsm_domain_opening *opening,
                        const mhsm_wrapping_certificate *exchange,
                        mhsm_security_domain *blob, mhsm_error **err)
{
    struct mhsmi_secret *master = mhsmi_secret_new(MHSMI_MASTER_SIZE);
    OSSL_LIB_CTX *lib = opening->context.lib;
    mhsm_status st;
    size_t i;

    if (master == NULL) {
        (void)mhsmi_error_memory(err);
        return MHSM_ERR_MEMORY;
    }
    st = mhsmi_opening_combine(opening, err);
    if (st == MHSM_OK &&
        RAND_priv_bytes_ex(lib, master->data, master->size, 0) != 1)
        st = mhsmi_error(err, MHSM_ERR_INTERNAL,
                         "OpenSSL gives no random numbers");
    for (i = 0; st == MHSM_OK && i < opening->domain->data_count; i++)
        st = rewrap_datum(opening, i, master, blob, err);
    if (st == MHSM_OK)
        st = wrap_master(lib, master, exchange, blob, err);
    mhsmi_secret_free(master);
    return st;
}

mhsm_status
mhsm_domain_opening_restore_blob(mhsm_domain_opening *opening,
                                 const mhsm_wrapping_certificate *exchange,
                                 mhsm_result **blob, mhsm_error **err)
{
    mhsm_result *made = mhsmi_result_new(MHSM_DOMAIN_SIZE_MAX);
    mhsm_security_domain *domain = mhsmi_domain_new();
    mhsm_status st;

    if (made == NULL || domain == NULL) {
        st = mhsmi_error_memory(err);
    } else {
        (void)ERR_set_mark();
        st = fill(opening, exchange, domain, err);
        (void)ERR_pop_to_mark();
    }
    if (st == MHSM_OK && !mhsmi_domain_write_restore_blob(domain, &made->data))
        st = mhsmi_error_memory(err);
    mhsm_security_domain_free(domain);
    if (st == MHSM_OK)
        *blob = made;
    else
        mhsm_result_free(made);
    return st;
}

mhsm_status
mhsm_domain_restore_blob_check(const unsigned char *blob, size_t size,
                               const mhsm_wrapping_certificate *exchange,
                               mhsm_error **err)
{
    mhsm_security_domain *domain = NULL;
    mhsm_status st = mhsmi_domain_read_restore_blob(blob, size, &domain, err);

    if (st == MHSM_OK &&
        mhsmi_domain_find_holder(domain, exchange->thumbprint) == NULL) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "the restore blob is for another exchange key: %s, "
                         "not %s",
                         domain->holders[0].thumbprint, exchange->thumbprint);
        mhsmi_error_set_hint(err, "make it anew with restore-blob for this "
                                  "exchange key");
    }
    mhsm_security_domain_free(domain);
    return st;
}
