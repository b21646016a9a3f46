/* SPDX-License-Identifier: MIT
 *
 * The holders of the security domain among the vectors, and others made at run
 * time.
 */
#ifndef MHSM_TESTS_UNIT_HOLDERS_H
#define MHSM_TESTS_UNIT_HOLDERS_H

#include "mhsm/security_domain.h"
#include "vectors.h"

enum { VECTOR_HOLDERS = 3 };

static inline mhsm_wrapping_certificate *certificate_of(const char *name)
{
    mhsm_wrapping_certificate *certificate = NULL;
    struct mhsmi_buf pem;

    vector_read(&pem, name);
    CHECK(mhsm_wrapping_certificate_decode(pem.data, pem.size, &certificate,
                                           NULL) == MHSM_OK);
    CHECK_FATAL(certificate != NULL);
    mhsmi_buf_clear(&pem);
    return certificate;
}

static inline mhsm_wrapping_key *
key_of(const char *name, const mhsm_wrapping_certificate *certificate)
{
    mhsm_wrapping_key *key = NULL;
    struct mhsmi_buf der;

    vector_read(&der, name);
    CHECK(mhsm_wrapping_key_decode(der.data, der.size, NULL, certificate, &key,
                                   NULL) == MHSM_OK);
    CHECK_FATAL(key != NULL);
    mhsmi_buf_clear(&der);
    return key;
}

/* The i-th holder of sd_3of2. */
static inline mhsm_wrapping_key *vector_holder(int i)
{
    mhsm_wrapping_certificate *certificate;
    mhsm_wrapping_key *key;
    char name[64];

    (void)snprintf(name, sizeof(name), "sd_3of2/cert_%d.cer", i);
    certificate = certificate_of(name);
    (void)snprintf(name, sizeof(name), "sd_3of2/cert_%d.key.der", i);
    key = key_of(name, certificate);
    mhsm_wrapping_certificate_free(certificate);
    return key;
}

static inline mhsm_wrapping_key *new_holder(const char *name)
{
    mhsm_result *pem = NULL, *certified = NULL;
    mhsm_wrapping_certificate *certificate = NULL;
    mhsm_wrapping_key *key = NULL;
    const unsigned char *data;
    size_t size;

    CHECK_FATAL(mhsm_wrapping_key_generate(name, 2048, 30, NULL, &pem,
                                           &certified, NULL) == MHSM_OK);
    data = mhsm_result_data(certified, &size);
    CHECK_FATAL(mhsm_wrapping_certificate_decode(data, size, &certificate,
                                                 NULL) == MHSM_OK);
    data = mhsm_result_data(pem, &size);
    CHECK_FATAL(mhsm_wrapping_key_decode(data, size, NULL, certificate, &key,
                                         NULL) == MHSM_OK);
    mhsm_wrapping_certificate_free(certificate);
    mhsm_result_free(certified);
    mhsm_result_free(pem);
    return key;
}

static inline mhsm_security_domain *domain_of(const char *name)
{
    mhsm_security_domain *domain = NULL;
    struct mhsmi_buf text;

    vector_read(&text, name);
    CHECK(mhsm_security_domain_decode(text.data, text.size, &domain, NULL) ==
          MHSM_OK);
    CHECK_FATAL(domain != NULL);
    mhsmi_buf_clear(&text);
    return domain;
}

static inline mhsm_domain_opening *
opening_of(const mhsm_security_domain *domain)
{
    mhsm_domain_opening *opening = NULL;

    CHECK_FATAL(mhsm_domain_opening_new(domain, &opening, NULL) == MHSM_OK);
    return opening;
}

/* The error is of that status and says that; it is freed. */
static inline void check_error(mhsm_error **err, mhsm_status status,
                               const char *text)
{
    CHECK(mhsm_error_status(*err) == status);
    if (strstr(mhsm_error_text(*err), text) == NULL)
        (void)fprintf(stderr, "not \"%s\": %s\n", text, mhsm_error_text(*err));
    CHECK(strstr(mhsm_error_text(*err), text) != NULL);
    mhsm_error_free(err);
}

#endif
