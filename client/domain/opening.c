/* SPDX-License-Identifier: MIT
 *
 * From the keys of a quorum to the master key and what is under it.
 */
#include "domain/opening.h"

#include <openssl/err.h>

#include "domain/kdf.h"

mhsm_status mhsm_domain_opening_new(const mhsm_security_domain *domain,
                                    mhsm_domain_opening **opening,
                                    mhsm_error **err)
{
    mhsm_domain_opening *made;
    mhsm_status st;

    if (domain == NULL || opening == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is no security domain to open");
    made = mhsmi_alloc(sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->domain = domain;
    (void)ERR_set_mark();
    st = mhsmi_private_context_open(&made->context, err);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *opening = made;
    else
        mhsm_domain_opening_free(made);
    return st;
}

void mhsm_domain_opening_free(mhsm_domain_opening *opening)
{
    size_t i;

    if (opening == NULL)
        return;
    for (i = 0; i < MHSMI_SHARES_MAX; i++)
        mhsmi_secret_free(opening->shares[i]);
    mhsmi_secret_free(opening->master);
    mhsmi_private_context_close(&opening->context);
    mhsmi_free(opening);
}

int mhsm_domain_opening_has(const mhsm_domain_opening *opening, size_t holder)
{
    return opening->shares[holder] != NULL;
}

size_t mhsm_domain_opening_count(const mhsm_domain_opening *opening)
{
    size_t count = 0, i;

    for (i = 0; i < MHSMI_SHARES_MAX; i++)
        count += opening->shares[i] != NULL;
    return count;
}

/* The holder of a key, as people know him. */
static void name_holder(const mhsm_wrapping_certificate *certificate,
                        size_t index, mhsm_error **err)
{
    mhsmi_error_prefix(err, "SharedKeys.enc_shares[%zu] (holder %s, %s)", index,
                       certificate->subject, certificate->thumbprint);
}

static mhsm_status no_holder(const mhsm_wrapping_certificate *certificate,
                             mhsm_error **err)
{
    mhsm_status st = mhsmi_error(
        err, MHSM_ERR_ARGUMENT,
        "no share in the security domain is for the certificate of %s (%s)",
        certificate->subject, certificate->thumbprint);

    mhsmi_error_set_hint(err, "inspect tells whose certificates it takes");
    return st;
}

static mhsm_status check_share(const struct mhsmi_secret *secret,
                               mhsm_error **err)
{
    const struct mhsmi_share share = {secret->data, secret->size};
    unsigned int x;

    if (secret->size != MHSMI_SHARE_SIZE)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "the share has %zu octets, not %d", secret->size,
                           (int)MHSMI_SHARE_SIZE);
    return mhsmi_share_check(&share, &x, err);
}

mhsm_status mhsmi_share_open(const mhsm_security_domain *domain,
                             OSSL_LIB_CTX *lib, const mhsm_wrapping_key *key,
                             size_t *index, struct mhsmi_secret **share,
                             mhsm_error **err)
{
    const mhsm_wrapping_certificate *certificate = key->certificate;
    const struct mhsmi_holder *holder =
        mhsmi_domain_find_holder(domain, certificate->thumbprint);
    struct mhsmi_secret *opened = NULL;
    mhsm_status st;

    if (holder == NULL)
        return no_holder(certificate, err);
    *index = (size_t)(holder - domain->holders);
    if (holder->damage != NULL)
        return mhsmi_error(err, mhsm_error_status(holder->damage), "%s (%s)",
                           mhsm_error_message(holder->damage),
                           certificate->subject);
    st = mhsmi_wrapping_key_open(key, lib, &holder->jwe, &opened, err);
    if (st == MHSM_OK)
        st = check_share(opened, err);
    if (st == MHSM_OK) {
        *share = opened;
        return MHSM_OK;
    }
    mhsmi_secret_free(opened);
    name_holder(certificate, *index, err);
    return st;
}

mhsm_status mhsmi_opening_take(mhsm_domain_opening *opening, size_t index,
                               struct mhsmi_secret *share, mhsm_error **err)
{
    if (opening->shares[index] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the share of the holder %s is given twice",
                           opening->domain->holders[index].thumbprint);
    opening->shares[index] = share;
    mhsmi_secret_free(opening->master);
    opening->master = NULL;
    return MHSM_OK;
}

mhsm_status mhsm_domain_opening_add_key(mhsm_domain_opening *opening,
                                        const mhsm_wrapping_key *key,
                                        mhsm_error **err)
{
    struct mhsmi_secret *share = NULL;
    size_t index = 0;
    mhsm_status st;

    (void)ERR_set_mark();
    st = mhsmi_share_open(opening->domain, opening->context.lib, key, &index,
                          &share, err);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK) {
        st = mhsmi_opening_take(opening, index, share, err);
        if (st != MHSM_OK)
            mhsmi_secret_free(share);
    }
    return st;
}

mhsm_status mhsmi_opening_combine(mhsm_domain_opening *opening,
                                  mhsm_error **err)
{
    struct mhsmi_share shares[MHSMI_SHARES_MAX];
    unsigned int count = 0, quorum = opening->domain->quorum;
    struct mhsmi_secret *master;
    mhsm_status st;
    size_t i;

    if (opening->master != NULL)
        return MHSM_OK;
    for (i = 0; i < MHSMI_SHARES_MAX; i++) {
        if (opening->shares[i] == NULL)
            continue;
        shares[count].data = opening->shares[i]->data;
        shares[count++].size = opening->shares[i]->size;
    }
    if (count < quorum)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%u of the holders are there, but the quorum is %u",
                           count, quorum);
    master = mhsmi_secret_new(MHSMI_MASTER_SIZE);
    if (master == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_shamir_combine(shares, count, quorum, master->data, err);
    if (st == MHSM_OK) {
        opening->master = master;
    } else {
        mhsmi_secret_free(master);
        mhsmi_error_set_hint(err, "try other holders: at least one of the "
                                  "shares was changed");
    }
    return st;
}

mhsm_status mhsmi_opening_derive(OSSL_LIB_CTX *lib,
                                 const struct mhsmi_secret *master,
                                 const char *tag, struct mhsmi_secret **cek,
                                 mhsm_error **err)
{
    struct mhsmi_secret *made = mhsmi_secret_new(MHSMI_CEK_MAX);
    mhsm_status st;

    if (made == NULL) {
        (void)mhsmi_error_memory(err);
        return MHSM_ERR_MEMORY;
    }
    st = mhsmi_kdf_sp800_108(lib, master->data, master->size, tag, "",
                             made->data, made->size, err);
    if (st == MHSM_OK)
        *cek = made;
    else
        mhsmi_secret_free(made);
    return st;
}

mhsm_status mhsmi_opening_datum(const mhsm_domain_opening *opening,
                                size_t index, struct mhsmi_secret **data,
                                mhsm_error **err)
{
    const struct mhsmi_datum *datum = &opening->domain->data[index];
    OSSL_LIB_CTX *lib = opening->context.lib;
    struct mhsmi_secret *cek = NULL;
    mhsm_status st =
        mhsmi_opening_derive(lib, opening->master, datum->tag, &cek, err);

    if (st == MHSM_OK)
        st = mhsmi_jwe_open(&datum->jwe, lib, cek->data, data, err);
    mhsmi_secret_free(cek);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "EncData.data[%zu] (%s)", index, datum->tag);
    return st;
}

mhsm_status mhsm_domain_opening_verify(mhsm_domain_opening *opening,
                                       mhsm_error **err)
{
    mhsm_status st;
    size_t i;

    (void)ERR_set_mark();
    st = mhsmi_opening_combine(opening, err);
    for (i = 0; st == MHSM_OK && i < opening->domain->data_count; i++) {
        struct mhsmi_secret *data = NULL;

        st = mhsmi_opening_datum(opening, i, &data, err);
        mhsmi_secret_free(data);
    }
    (void)ERR_pop_to_mark();
    return st;
}
