/* SPDX-License-Identifier: MIT
 *
 * The security domain when memory runs out: an error, and nothing leaked.
 */
#include "torture.h"

#include "base/base64url.h"
#include "domain/opening.h"
#include "holders.h"

static mhsm_wrapping_key *keys[VECTOR_HOLDERS];
static mhsm_security_domain *domain;
static struct mhsmi_buf file, pem, der, answer, share;
static const mhsm_wrapping_certificate *certificates[VECTOR_HOLDERS];

static int is_expected(mhsm_status st, mhsm_error **err)
{
    mhsm_error_free(err);
    /* What json-c or OpenSSL cannot say so reads like something damaged. */
    CHECK(st == MHSM_OK || st == MHSM_ERR_MEMORY || st == MHSM_ERR_DAMAGED ||
          st == MHSM_ERR_INTERNAL);
    return st == MHSM_OK;
}

static int decoding(void)
{
    mhsm_security_domain *made = NULL;
    mhsm_error *err = NULL;
    mhsm_status st =
        mhsm_security_domain_decode(file.data, file.size, &made, &err);
    size_t i;

    /* A share that there was no room for is not called damaged. */
    for (i = 0; made != NULL && i < VECTOR_HOLDERS; i++)
        CHECK(mhsm_security_domain_holder_damage(made, i) == NULL ||
              fail_at == 0);
    mhsm_security_domain_free(made);
    return is_expected(st, &err);
}

static int reading_certificate(void)
{
    mhsm_wrapping_certificate *made = NULL;
    mhsm_error *err = NULL;
    mhsm_status st =
        mhsm_wrapping_certificate_decode(pem.data, pem.size, &made, &err);

    mhsm_wrapping_certificate_free(made);
    return is_expected(st, &err);
}

static int reading_key(void)
{
    mhsm_wrapping_key *made = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_wrapping_key_decode(der.data, der.size, NULL,
                                              certificates[0], &made, &err);

    mhsm_wrapping_key_free(made);
    return is_expected(st, &err);
}

static mhsm_status fill(mhsm_domain_opening *opening, mhsm_error **err)
{
    mhsm_status st = mhsm_domain_opening_add_key(opening, keys[0], err);

    return st == MHSM_OK ? mhsm_domain_opening_add_key(opening, keys[1], err)
                         : st;
}

static int restoring(void)
{
    mhsm_domain_opening *opening = NULL;
    mhsm_result *blob = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_domain_opening_new(domain, &opening, &err);

    if (st == MHSM_OK)
        st = fill(opening, &err);
    if (st == MHSM_OK)
        st = mhsm_domain_opening_restore_blob(opening, certificates[2], &blob,
                                              &err);
    mhsm_result_free(blob);
    mhsm_domain_opening_free(opening);
    return is_expected(st, &err);
}

static int rewrapping(void)
{
    mhsm_domain_opening *opening = NULL;
    mhsm_result *made = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_domain_opening_new(domain, &opening, &err);

    if (st == MHSM_OK)
        st = fill(opening, &err);
    if (st == MHSM_OK)
        st = mhsm_domain_opening_rewrap(opening, certificates, VECTOR_HOLDERS,
                                        2, &made, &err);
    mhsm_result_free(made);
    mhsm_domain_opening_free(opening);
    return is_expected(st, &err);
}

static int opening_share(void)
{
    mhsm_result *made = NULL;
    mhsm_error *err = NULL;
    mhsm_status st =
        mhsm_domain_share_open(domain, keys[0], certificates[1], &made, &err);

    mhsm_result_free(made);
    return is_expected(st, &err);
}

static int adding_share(void)
{
    mhsm_domain_opening *opening = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_domain_opening_new(domain, &opening, &err);

    if (st == MHSM_OK)
        st = mhsm_domain_opening_add_share(opening, share.data, share.size,
                                           keys[1], &err);
    mhsm_domain_opening_free(opening);
    return is_expected(st, &err);
}

static int requesting(void)
{
    mhsm_result *made = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_domain_download_request(certificates, VECTOR_HOLDERS,
                                                  2, &made, &err);

    mhsm_result_free(made);
    return is_expected(st, &err);
}

static int exchanging(void)
{
    mhsm_result *made = NULL;
    mhsm_error *err = NULL;
    mhsm_status st =
        mhsm_domain_exchange_certificate(answer.data, answer.size, &made, &err);

    mhsm_result_free(made);
    return is_expected(st, &err);
}

static int generating(void)
{
    mhsm_result *key = NULL, *certificate = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_wrapping_key_generate("a", 2048, 1, NULL, &key,
                                                &certificate, &err);

    mhsm_result_free(key);
    mhsm_result_free(certificate);
    return is_expected(st, &err);
}

static mhsm_status decrypt(void *context, const unsigned char *data,
                           size_t size, unsigned char *out, size_t *out_size,
                           mhsm_error **err)
{
    (void)context, (void)data, (void)size, (void)out, (void)out_size;
    return mhsmi_error_memory(err);
}

static int elsewhere(void)
{
    mhsm_wrapping_key *key = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsm_wrapping_key_remote(certificates[0], decrypt, NULL,
                                              NULL, &key, &err);

    if (st == MHSM_OK) {
        mhsm_domain_opening *opening = NULL;

        if (mhsm_domain_opening_new(domain, &opening, NULL) == MHSM_OK)
            CHECK(mhsm_domain_opening_add_key(opening, key, NULL) ==
                  MHSM_ERR_MEMORY);
        mhsm_domain_opening_free(opening);
    }
    mhsm_wrapping_key_free(key);
    return is_expected(st, &err);
}

static void making(void)
{
    mhsm_result *made = NULL;
    const unsigned char *data;
    size_t size;
    int i;

    domain = domain_of("sd_3of2/sd.json");
    for (i = 0; i < VECTOR_HOLDERS; i++) {
        keys[i] = vector_holder(i);
        certificates[i] = mhsm_wrapping_key_certificate(keys[i]);
    }
    vector_read(&file, "sd_3of2/sd.json");
    vector_read(&pem, "sd_3of2/cert_0.cer");
    vector_read(&der, "sd_3of2/cert_0.key.der");
    vector_read(&answer, "sd_3of2/transfer_key_response.json");
    CHECK_FATAL(mhsm_domain_share_open(domain, keys[0], certificates[1], &made,
                                       NULL) == MHSM_OK);
    data = mhsm_result_data(made, &size);
    mhsmi_buf_init(&share, size);
    CHECK(mhsmi_buf_append(&share, data, size));
    mhsm_result_free(made);
}

static void torturing(void)
{
    torture(decoding);
    torture(reading_certificate);
    torture(reading_key);
    torture(restoring);
    torture(rewrapping);
    torture(opening_share);
    torture(adding_share);
    torture(requesting);
    torture(exchanging);
    torture(generating);
    torture(elsewhere);
}

static void releasing(void)
{
    int i;

    for (i = 0; i < VECTOR_HOLDERS; i++)
        mhsm_wrapping_key_free(keys[i]);
    mhsm_security_domain_free(domain);
    mhsmi_buf_clear(&file);
    mhsmi_buf_clear(&pem);
    mhsmi_buf_clear(&der);
    mhsmi_buf_clear(&answer);
    mhsmi_buf_clear(&share);
    CHECK(live == 0);
}

int main(void)
{
    static const struct check checks[] = {{"making", making},
                                          {"memory that runs out", torturing},
                                          {"releasing", releasing},
                                          {NULL, NULL}};

    return check_main("domain memory", checks);
}
