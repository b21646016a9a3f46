/* SPDX-License-Identifier: MIT
 *
 * The provider's context: one for each library context that loads the module.
 * Immutable after OSSL_provider_init, but for the lazily made private library
 * context, and so shared by all threads without a lock.
 */
#ifndef MP_PROV_H
#define MP_PROV_H

#include <stdatomic.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

#include <mhsm/mhsm.h>

#define MP_PROPERTIES "provider=mhsm"

/* What a key of the HSM says about itself beside OpenSSL's own parameters. */
#define MP_PKEY_PARAM_URI     "mhsm-uri"     /* utf8: canonical, with version */
#define MP_PKEY_PARAM_KEY_ID  "mhsm-key-id"  /* utf8: the service's kid */
#define MP_PKEY_PARAM_VERSION "mhsm-version" /* utf8 */
#define MP_PKEY_PARAM_KTY     "mhsm-kty"     /* utf8: "RSA-HSM", "EC-HSM" */
#define MP_PKEY_PARAM_KEY_OPS "mhsm-key-ops" /* utf8: "sign,verify" */

struct mp_local;
struct mp_algorithms;
struct mp_cache;

struct mp_prov {
    const OSSL_CORE_HANDLE *handle;
    OSSL_FUNC_core_get_params_fn *get_params;
    OSSL_FUNC_core_new_error_fn *new_error;
    OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
    OSSL_FUNC_core_vset_error_fn *vset_error;
    OSSL_FUNC_BIO_read_ex_fn *bio_read_ex;
    OSSL_FUNC_BIO_write_ex_fn *bio_write_ex;
    OSSL_FUNC_BIO_gets_fn *bio_gets;
    OSSL_FUNC_BIO_ctrl_fn *bio_ctrl;
    OSSL_FUNC_provider_register_child_cb_fn *subscribe;
    OSSL_FUNC_provider_deregister_child_cb_fn *unsubscribe;
    OSSL_FUNC_provider_name_fn *provider_name;
    mhsm_client *client; /* NULL when `failure` says why */
    char *failure;
    int pkcs1_decryption;             /* option of that name */
    _Atomic(struct mp_local *) local; /* see local.h; NULL until first used */
    struct mp_algorithms *algorithms; /* with assume-fips; else NULL */
    struct mp_cache *cache;           /* with key-cache-ttl; else NULL */
};

/* options.c: read the options and make the client, or say why not; 1, or 0 when
 * the provider must not load, with one error raised. */
int mp_prov_configure(struct mp_prov *prov);
/* The text of an option in force; NULL when it is unset. */
const char *mp_prov_option(const struct mp_prov *prov, const char *name);
/* 1 or 0; `otherwise` when the options are wrong. */
int mp_prov_says(const struct mp_prov *prov, const char *name, int otherwise);
/* One value of our section of openssl.cnf; NULL when there is none. */
const char *mp_prov_section_value(const struct mp_prov *prov, const char *name);

/* section.c: NULL, or what is wrong with a name in our section of openssl.cnf,
 * to be freed with OPENSSL_free. */
char *mp_section_complaint(const struct mp_prov *prov);

/* algorithms.c */
OSSL_FUNC_provider_query_operation_fn mp_provider_query_operation;
/* Offer everything with fips=yes; 0 when out of memory. */
int mp_algorithms_assume_fips(struct mp_prov *prov);
void mp_algorithms_free(struct mp_prov *prov);
/* tls.c */
OSSL_FUNC_provider_get_capabilities_fn mp_provider_get_capabilities;

#endif
