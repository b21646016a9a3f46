/* SPDX-License-Identifier: MIT
 *
 * One share on its way from a holder to who combines.  What is sealed has a
 * fixed form, so that there is nothing to parse: the magic, the digest of the
 * security domain, the digest of the holder's certificate, the share.
 */
#include <string.h>

#include <openssl/err.h>

#include "base/base64url.h"
#include "base/result.h"
#include "domain/opening.h"

enum {
    magic_size = 4,
    domain_at = magic_size,
    holder_at = domain_at + MHSMI_THUMBPRINT_SIZE,
    share_at = holder_at + MHSMI_THUMBPRINT_SIZE,
    payload_size = share_at + MHSMI_SHARE_SIZE
};

static const unsigned char magic[magic_size] = {'M', 'H', 'S', '1'};

static mhsm_status make_payload(const mhsm_security_domain *domain,
                                OSSL_LIB_CTX *lib, const mhsm_wrapping_key *key,
                                struct mhsmi_secret **payload, mhsm_error **err)
{
    struct mhsmi_secret *share = NULL, *made = NULL;
    size_t index = 0;
    mhsm_status st = mhsmi_share_open(domain, lib, key, &index, &share, err);

    if (st != MHSM_OK)
        return st;
    made = mhsmi_secret_new(payload_size);
    if (made == NULL) {
        st = mhsmi_error_memory(err);
    } else {
        memcpy(made->data, magic, magic_size);
        memcpy(made->data + holder_at, key->certificate->digest,
               MHSMI_THUMBPRINT_SIZE);
        memcpy(made->data + share_at, share->data, MHSMI_SHARE_SIZE);
        st = mhsmi_domain_digest(domain, lib, made->data + domain_at, err);
    }
    mhsmi_secret_free(share);
    if (st == MHSM_OK)
        *payload = made;
    else
        mhsmi_secret_free(made);
    return st;
}

static mhsm_status seal(const mhsm_security_domain *domain, OSSL_LIB_CTX *lib,
                        const mhsm_wrapping_key *key,
                        const mhsm_wrapping_certificate *combiner,
                        struct mhsmi_buf *out, mhsm_error **err)
{
    EVP_PKEY *pkey = mhsmi_wrapping_public_key(combiner, lib);
    struct mhsmi_secret *payload = NULL;
    mhsm_status st = make_payload(domain, lib, key, &payload, err);

    if (st == MHSM_OK)
        st = mhsmi_jwe_wrap(lib, pkey, MHSMI_DOMAIN_ENC, combiner->thumbprint,
                            payload->data, payload->size, out, err);
    if (st == MHSM_OK && !mhsmi_buf_puts(out, "\n"))
        st = mhsmi_error_memory(err);
    mhsmi_secret_free(payload);
    EVP_PKEY_free(pkey);
    return st;
}

mhsm_status mhsm_domain_share_open(const mhsm_security_domain *domain,
                                   const mhsm_wrapping_key *key,
                                   const mhsm_wrapping_certificate *combiner,
                                   mhsm_result **share, mhsm_error **err)
{
    struct mhsmi_private_context context = {NULL, NULL};
    mhsm_result *made = mhsmi_result_new(MHSMI_JWE_MAX);
    mhsm_status st;

    if (made == NULL)
        return mhsmi_error_memory(err);
    (void)ERR_set_mark();
    st = mhsmi_private_context_open(&context, err);
    if (st == MHSM_OK)
        st = seal(domain, context.lib, key, combiner, &made->data, err);
    mhsmi_private_context_close(&context);
    (void)ERR_pop_to_mark();
    if (st == MHSM_OK)
        *share = made;
    else
        mhsm_result_free(made);
    return st;
}

static mhsm_status find_holder(const mhsm_security_domain *domain,
                               const unsigned char *digest, size_t *index,
                               mhsm_error **err)
{
    const struct mhsmi_holder *holder;
    struct mhsmi_buf text;
    int ok;

    mhsmi_buf_init(&text, MHSMI_THUMBPRINT_TEXT);
    ok = mhsmi_base64url_encode(&text, digest, MHSMI_THUMBPRINT_SIZE);
    holder = mhsmi_domain_find_holder(domain, mhsmi_buf_text(&text));
    mhsmi_buf_clear(&text);
    if (!ok)
        return mhsmi_error_memory(err);
    if (holder == NULL)
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "its holder is none of the security domain");
    *index = (size_t)(holder - domain->holders);
    return MHSM_OK;
}

static mhsm_status take_payload(mhsm_domain_opening *opening,
                                const struct mhsmi_secret *payload,
                                mhsm_error **err)
{
    unsigned char digest[MHSMI_THUMBPRINT_SIZE];
    struct mhsmi_share share = {payload->data + share_at, MHSMI_SHARE_SIZE};
    struct mhsmi_secret *taken;
    size_t index = 0;
    unsigned int x;
    mhsm_status st;

    if (payload->size != payload_size ||
        memcmp(payload->data, magic, magic_size) != 0)
        return mhsmi_error(err, MHSM_ERR_DAMAGED, "it holds no share");
    st =
        mhsmi_domain_digest(opening->domain, opening->context.lib, digest, err);
    if (st != MHSM_OK)
        return st;
    if (memcmp(digest, payload->data + domain_at, sizeof(digest)) != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "it is of another security domain file");
    if ((st = find_holder(opening->domain, payload->data + holder_at, &index,
                          err)) != MHSM_OK ||
        (st = mhsmi_share_check(&share, &x, err)) != MHSM_OK)
        return st;
    taken = mhsmi_secret_new(MHSMI_SHARE_SIZE);
    if (taken == NULL)
        return mhsmi_error_memory(err);
    memcpy(taken->data, share.data, MHSMI_SHARE_SIZE);
    st = mhsmi_opening_take(opening, index, taken, err);
    if (st != MHSM_OK)
        mhsmi_secret_free(taken);
    return st;
}

static mhsm_status unseal(mhsm_domain_opening *opening, const char *text,
                          size_t size, const mhsm_wrapping_key *key,
                          mhsm_error **err)
{
    const char *thumbprint = key->certificate->thumbprint;
    struct mhsmi_secret *payload = NULL;
    struct mhsmi_jwe jwe;
    mhsm_status st = mhsmi_jwe_parse(&jwe, text, size, err);

    if (st == MHSM_OK && (jwe.kid == NULL || strcmp(jwe.kid, thumbprint) != 0))
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "it is sealed for another key than that of %s: its "
                         "kid is %.60s, not %s",
                         key->certificate->subject,
                         jwe.kid != NULL ? jwe.kid : "missing", thumbprint);
    if (st == MHSM_OK)
        st = mhsmi_wrapping_key_open(key, opening->context.lib, &jwe, &payload,
                                     err);
    if (st == MHSM_OK)
        st = take_payload(opening, payload, err);
    mhsmi_secret_free(payload);
    mhsmi_jwe_clear(&jwe);
    return st;
}

mhsm_status mhsm_domain_opening_add_share(mhsm_domain_opening *opening,
                                          const unsigned char *share,
                                          size_t size,
                                          const mhsm_wrapping_key *key,
                                          mhsm_error **err)
{
    mhsm_status st;

    while (size != 0 && (share[size - 1] == '\n' || share[size - 1] == '\r'))
        size--;
    (void)ERR_set_mark();
    st = unseal(opening, (const char *)share, size, key, err);
    (void)ERR_pop_to_mark();
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "the sealed share");
    return st;
}
